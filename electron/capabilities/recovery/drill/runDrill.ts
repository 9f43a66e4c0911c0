// A drill from its request to its end: recover to scratch, prove, throw away, and a dated result in the backup's record.
import { randomBytes } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { DrillRequest, DrillResult } from '../../../../shared/contracts/drill'
import type { JobResult } from '../../../../shared/jobs/job'
import { isPhysical, type PhysicalRecord } from '../../../../shared/model/backupRecord'
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion, majorOf } from '../../../../shared/model/pgVersion'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { addVerification, readRecord } from '../../../library/recordFile'
import { findFreePort } from '../../../postgres/freePort'
import { stopCluster } from '../../../postgres/localCluster'
import { findPostmaster } from '../../../postgres/localClusterState'
import { findAccount } from '../../../process/runAs'
import { fromSystemError, messageOf } from '../../../process/systemError'
import { withCombine } from '../combineInto'
import { own } from '../destination'
import type { Parts, RecoveryServices } from '../parts'
import { findPrograms, planRecovery, type RecoveryRequest, refusal } from '../planRecovery'
import { pointSteps, recoverySteps, runRecovery } from '../runRecovery'
import { saveDrill } from './drillStore'
import { checkWithAmcheck, count, countRows, dumpToNowhere, listDatabases, type Scratch } from './proveCluster'

const proofSteps = [
  { id: 'amcheck', label: 'Check structure' },
  { id: 'rows', label: 'Count every row' },
  { id: 'dump', label: 'Dump to nowhere' },
  { id: 'away', label: 'Throw away' },
  { id: 'record', label: 'Record' },
] as const

export const drillSteps = [...recoverySteps, ...proofSteps]
export const pointDrillSteps = [...pointSteps, ...proofSteps]

export const drillOnCancel =
  'The scratch cluster is stopped and removed. The backup and the archive are only read; no result is recorded.'

export interface DrillPlan {
  request: DrillRequest
  record: PhysicalRecord
  recovery: RecoveryRequest
  /** The scratch folder; everything of the drill is in it. */
  folder: string
  data: string
  port: number
}

/** Looks at backup, place and programs; throws AppError for what stands in the way. */
export async function planDrill(request: DrillRequest, signal: AbortSignal): Promise<DrillPlan> {
  const record = await readRecord(request.backup)
  if (!isPhysical(record)) {
    throw new AppError('bad_input', 'Only base backups and cold backups are drilled so far.', {
      hint: 'A dump is proved by restoring it into a new database.',
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
  const port = await findFreePort(54_500, 400, new Set())
  const recovery: RecoveryRequest = {
    source: { path: request.backup },
    destination: { kind: 'new', folder: data, port },
    ...{ tablespaces: {}, verify: false, login: null, confirm: null },
    drill: { user: request.user },
    ...(request.point
      ? {
          point: {
            archiveId: request.point.archiveId,
            backup: request.backup,
            wish: { ...request.point.wish, action: 'promote' },
          },
        }
      : {}),
  }
  signal.throwIfAborted()
  return { request, record, recovery, folder, data, port }
}

export async function runDrill(
  request: DrillRequest,
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
): Promise<JobResult> {
  const plan = await planDrill(request, job.signal)
  const { record, folder, data } = plan
  const major = majorOf(record.source.serverVersion)
  const phases: DrillResult['phases'] = []
  const programs = await findPrograms(services, major)
  const account = process.getuid?.() === 0 ? await findAccount('postgres') : null
  const result: DrillResult = {
    ...{
      jobId: job.id,
      backup: request.backup,
      label: record.label || path.basename(request.backup),
      server: record.source.label,
    },
    serverVersion: formatPgVersion(programs?.version ?? record.source.serverVersion),
    systemIdentifier: record.source.systemIdentifier ?? '',
    ...{ at: new Date().toISOString(), ok: false, problem: '', phases, recoverySeconds: 0 },
    target: request.point ? wishWords(request.point.wish) : 'as soon as it is consistent',
    ...{ stoppedAt: '', proved: [], notProved: [], databases: [], tables: [] },
  }
  let begun = false
  let removed = false
  const throwAway = async () => {
    if (removed) return
    const cluster = { bin: programs?.bin ?? '', dataDirectory: data, account, logFile: path.join(data, 'log', 'server.log') }
    for (const dataDirectory of [data, `${data}.partial`]) {
      if (await findPostmaster(dataDirectory)) await stopCluster(services.spawn, { ...cluster, dataDirectory }, 'immediate')
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    removed = true
  }
  // Runs after what the recovery itself puts away.
  job.onCleanup('the scratch folder', throwAway)
  try {
    const refused = refusal(await planAt(services, plan, account, job.signal))
    if (refused) throw refused
    begun = true
    await recoverToScratch(job, services, parts, plan, result)
    await prove(timed(job, phases), services, { ...plan, bin: programs?.bin ?? '', major }, result)
    job.step('away')
    await throwAway()
    job.endStep('away', 'done', `${folder} is gone`)
    result.ok = true
  } catch (error) {
    if (job.signal.aborted || !begun) throw error
    result.problem = messageOf(error)
    await finish(services, job, result)
    throw error
  }
  await finish(services, job, result)
  return describe(result)
}

/** The scratch folder is made first, so that the checks see where the data directory will be. */
async function planAt(
  services: RecoveryServices,
  { folder, recovery }: DrillPlan,
  account: Parameters<typeof own>[1],
  signal: AbortSignal,
) {
  try {
    await mkdir(folder, { mode: 0o755 })
    await own(folder, account)
  } catch (error) {
    throw fromSystemError(error, `make the scratch folder ${folder}`) ?? error
  }
  return planRecovery(services, recovery, new Date(), signal)
}

async function recoverToScratch(
  job: JobContext,
  services: RecoveryServices,
  parts: Parts,
  plan: DrillPlan,
  result: DrillResult,
): Promise<void> {
  const began = performance.now()
  // What it leaves unfinished lies in the scratch folder, which goes.
  const inner: JobContext = { ...timed(job, result.phases), leftover: () => undefined, output: () => undefined }
  job.output({ partial: null, final: plan.folder, left: `${plan.folder}: the scratch cluster of a drill` })
  const recovered = await runRecovery({ request: plan.recovery, at: new Date() }, inner, services, parts)
  result.recoverySeconds = round(performance.now() - began)
  const fact = (...labels: string[]) => recovered.facts.find(({ label }) => labels.includes(label))?.value ?? ''
  result.stoppedAt = fact('Stopped', 'Consistent at', 'Consistent') || recovered.headline
  result.proved.push(
    `Recovered ${result.target}: by the server's own log it stopped at ${result.stoppedAt}, and it is the backup's own system.`,
  )
}

async function prove(
  job: JobContext,
  services: RecoveryServices,
  { request, data, port, bin, major }: DrillPlan & Pick<Scratch, 'bin' | 'major'>,
  result: DrillResult,
): Promise<void> {
  const scratch: Scratch = { bin, major, socketFolder: data, port, user: request.user }
  const databases = await listDatabases(services, scratch, job.signal)
  job.step('amcheck')
  const checked = await checkWithAmcheck(job, services, scratch, databases)
  if (checked.proved !== '') result.proved.push(checked.proved)
  if (checked.notProved !== '') result.notProved.push(checked.notProved)
  job.endStep('amcheck', checked.proved === '' ? 'skipped' : 'done', checked.proved || checked.notProved)

  job.step('rows')
  const tables = []
  for (const database of databases) tables.push(...(await countRows(job, services, scratch, database)))
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  result.tables = tables.toSorted((a, b) => b.rows - a.rows).slice(0, 200)
  result.proved.push(`Every row of ${count(tables.length, 'table')} was read and counted: ${count(rows, 'row')}.`)
  job.endStep('rows', 'done', `${count(rows, 'row')} in ${count(tables.length, 'table')}`)

  job.step('dump')
  let bytes = await dumpToNowhere(job, scratch, null)
  for (const name of databases) {
    const dumpedBytes = await dumpToNowhere(job, scratch, name)
    bytes += dumpedBytes
    const own = tables.filter(({ database }) => database === name)
    result.databases.push({ name, tables: own.length, rows: own.reduce((sum, table) => sum + table.rows, 0), dumpedBytes })
  }
  result.proved.push(
    `Roles, tablespaces and ${count(databases.length, 'database')} were dumped to nowhere, ${formatBytes(bytes)}: every value can be read.`,
  )
  result.notProved.push('What the data mean: that they are the right ones, only you can tell.')
  job.endStep('dump', 'done', `${count(databases.length, 'database')}, ${formatBytes(bytes)}`)
}

/** Notes how long each step took. */
function timed(job: JobContext, phases: DrillResult['phases']): JobContext {
  let open: { id: string; since: number } | null = null
  const close = (detail: string) => {
    if (open) phases.push({ name: nameOf(open.id), seconds: round(performance.now() - open.since), detail })
    open = null
  }
  return {
    ...job,
    step(id, beside) {
      close('')
      open = { id, since: performance.now() }
      job.step(id, beside)
    },
    endStep(id, state, detail) {
      if (open?.id === id) {
        if (state !== 'skipped') close(detail ?? '')
        open = null
      }
      job.endStep(id, state, detail)
    },
  }
}

const nameOf = (id: string) =>
  [...pointDrillSteps, ...drillSteps, ...withCombine(recoverySteps, true)].find((step) => step.id === id)?.label ?? id
const round = (ms: number) => Math.round(ms / 100) / 10

async function finish(services: RecoveryServices, job: JobContext, result: DrillResult): Promise<void> {
  job.step('record')
  saveDrill(services.paths, result)
  await addVerification(result.backup, {
    at: result.at,
    level: 'drill',
    ok: result.ok,
    detail: result.ok ? sentence(result) : result.problem,
  })
  job.endStep('record', 'done')
}

function sentence({ recoverySeconds, tables, databases, target }: DrillResult): string {
  const rows = databases.reduce((sum, database) => sum + database.rows, 0)
  return `Restored to scratch ${target} in ${recoverySeconds} s; ${count(rows, 'row')} in ${count(
    Math.max(
      tables.length,
      databases.reduce((sum, one) => sum + one.tables, 0),
    ),
    'table',
  )} read, ${count(databases.length, 'database')} dumped to nowhere.`
}

function describe(result: DrillResult): JobResult {
  return {
    headline: sentence(result),
    facts: [
      { label: 'Recovery', value: `${result.recoverySeconds} s`, mono: false },
      { label: 'Stopped', value: result.stoppedAt, mono: false },
      ...result.proved.map((text, index) => ({ label: index === 0 ? 'Proved' : '', value: text, mono: false })),
      ...result.notProved.map((text, index) => ({ label: index === 0 ? 'Not proved' : '', value: text, mono: false })),
    ],
    backupPath: result.backup,
    database: null,
  }
}
