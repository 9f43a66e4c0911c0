// What every drill has in common: where its scratch folder lies, how that goes again, and how its result is kept.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { DrillRequest, DrillResult } from '../../../../shared/contracts/drill'
import type { JobResult } from '../../../../shared/jobs/job'
import { type BackupRecord, isPhysical } from '../../../../shared/model/backupRecord'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { addVerification, readRecord } from '../../../library/recordFile'
import { findPortAmong } from '../../../postgres/freePort'
import { stopCluster } from '../../../postgres/localCluster'
import { findPostmaster, type LocalCluster } from '../../../postgres/localClusterState'
import { fromSystemError, messageOf } from '../../../process/systemError'
import type { RecoveryServices } from '../parts'
import { saveDrill } from './drillStore'
import { count } from './proveCluster'
import { noteServer } from './scratchRecord'

export const proofSteps = [
  { id: 'amcheck', label: 'Check structure' },
  { id: 'rows', label: 'Count every row' },
  { id: 'dump', label: 'Dump to nowhere' },
  { id: 'away', label: 'Throw away' },
  { id: 'record', label: 'Record' },
] as const

export const drillOnCancel =
  'The scratch cluster is stopped and removed. The backup and the archive are only read; no result is recorded.'

export interface DrillPlace {
  request: DrillRequest
  record: BackupRecord
  /** The scratch folder; everything of the drill is in it. */
  folder: string
  data: string
  port: number
}

/** Looks at the backup and the place; throws AppError for what stands in the way. Nothing is made yet. */
export async function planPlace(request: DrillRequest, signal: AbortSignal): Promise<DrillPlace> {
  const record = await readRecord(request.backup)
  if (!isPhysical(record) && request.point !== null) {
    throw new AppError('bad_input', 'A dump brings back one moment alone: that at which it began.', {
      hint: 'Drill a base backup to go to another moment.',
    })
  }
  if (!path.isAbsolute(request.place)) {
    throw new AppError('bad_input', `${JSON.stringify(request.place)} is not an absolute path.`, {
      hint: 'Write it from the root on.',
    })
  }
  const there = await stat(request.place).catch((error: unknown) => {
    throw fromSystemError(error, `use the folder ${request.place}`) ?? error
  })
  if (!there.isDirectory()) throw new AppError('bad_input', `${request.place} is no folder.`, { hint: 'Choose a folder.' })
  const folder = path.join(request.place, `drill-${randomBytes(4).toString('hex')}`)
  const data = path.join(folder, 'data')
  if (Buffer.byteLength(data) > 90) {
    throw new AppError('bad_input', `The path ${data} is too long for a socket in it.`, {
      hint: 'Choose a folder with a shorter path.',
    })
  }
  const port = await findPortAmong(54_500, 400)
  signal.throwIfAborted()
  return { request, record, folder, data, port }
}

/** Whatever happens: called once at the good end, and else when the job is cleaned up. */
export function guardScratch(
  job: JobContext,
  services: RecoveryServices,
  { folder, data }: DrillPlace,
  cluster: Omit<LocalCluster, 'dataDirectory'>,
): { throwAway(): Promise<void> } {
  let removed = false
  const left = `${folder}: the scratch cluster of a drill, perhaps with its server running`
  job.output({ partial: null, final: folder, left })
  const stopNoting = noteServer(folder, [data, `${data}.partial`])
  const throwAway = async () => {
    stopNoting()
    if (removed) return
    for (const dataDirectory of [data, `${data}.partial`]) {
      if (await findPostmaster(dataDirectory)) await stopCluster(services.spawn, { ...cluster, dataDirectory }, 'immediate')
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    removed = true
  }
  // Runs after what the recovery itself puts away.
  job.onCleanup('the scratch folder', async () => {
    try {
      await throwAway()
    } catch (error) {
      if (existsSync(folder)) job.leftover(`${left} (${messageOf(error)})`)
      throw error
    }
  })
  return { throwAway }
}

export function emptyResult(job: JobContext, { request, record }: DrillPlace): DrillResult {
  return {
    jobId: job.id,
    backup: request.backup,
    label: record.label || path.basename(request.backup),
    server: record.source.label,
    serverVersion: '',
    systemIdentifier: record.source.systemIdentifier ?? '',
    how: isPhysical(record) ? 'recovered' : 'restored',
    at: new Date().toISOString(),
    ...{ ok: false, problem: '', target: '', stoppedAt: '', phases: [], recoverySeconds: 0 },
    ...{ proved: [], notProved: [], databases: [], tables: [] },
  }
}

/** Into the record of the backup, and among the results that reports are made of. */
export async function recordDrill(services: RecoveryServices, job: JobContext, result: DrillResult): Promise<void> {
  job.step('record')
  saveDrill(services.paths, result)
  const detail = result.ok ? drillSentence(result) : result.problem
  await addVerification(result.backup, { at: result.at, level: 'drill', ok: result.ok, detail })
  job.endStep('record', 'done')
}

function drillSentence({ recoverySeconds, databases, target }: DrillResult): string {
  const sum = (of: (database: DrillResult['databases'][number]) => number) => databases.reduce((all, one) => all + of(one), 0)
  const read = `${count(
    sum(({ rows }) => rows),
    'row',
  )} in ${count(
    sum(({ tables }) => tables),
    'table',
  )} read`
  return `Restored to scratch ${target} in ${recoverySeconds} s; ${read}, ${count(databases.length, 'database')} dumped to nowhere.`
}

export function describeDrill(result: DrillResult): JobResult {
  const lines = (label: string, texts: readonly string[]) =>
    texts.map((value, index) => ({ label: index === 0 ? label : '', value, mono: false }))
  return {
    headline: drillSentence(result),
    facts: [
      { label: result.how === 'restored' ? 'Restore' : 'Recovery', value: `${result.recoverySeconds} s`, mono: false },
      ...(result.stoppedAt === '' ? [] : [{ label: 'Stopped', value: result.stoppedAt, mono: false }]),
      ...lines('Proved', result.proved),
      ...lines('Not proved', result.notProved),
    ],
    backupPath: result.backup,
    database: null,
  }
}
