// A recovered cluster taken on: to a later moment, or, its server gone, to the same one again. Nothing is copied for it.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { LookStanding } from '../../../../shared/contracts/look'
import type { JobResult } from '../../../../shared/jobs/job'
import { formatLsn, toLsn } from '../../../../shared/model/lsn'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import { formatWalTime, microOfIso } from '../../../../shared/model/walTime'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { stopCluster } from '../../../postgres/localCluster'
import { findPostmaster, readControlData } from '../../../postgres/localClusterState'
import { ownerOf } from '../../../process/runAs'
import { own, placeAt } from '../destination'
import type { Parts, RecoveryServices } from '../parts'
import { findPrograms, type RecoveryPlan } from '../planRecovery'
import { pointFiles, stageWal } from '../point/pointFiles'
import { describePoint } from '../point/pointResult'
import { archiveAccess, type PointRun, planPointRun, pointSettings } from '../point/pointRun'
import { recoverToPoint } from '../point/recoverToPoint'
import { readBackup } from '../readBackup'
import { addedSettings, keptAutoSettings } from '../settingsText'
import { clusterOf, stopRecovered } from '../startRecovered'
import { controlOf, logFileOf, readStanding, recoveringStates, requirePaused } from './askLook'
import {
  forgetConnection,
  type LookRecord,
  locksOf,
  readLookRecord,
  requireIdle,
  requireOwn,
  writeLookRecord,
} from './lookRecord'
import { startPromoted } from './startPromoted'

const resumeSteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'settings', label: 'Stop, and set the target' },
  { id: 'start', label: 'Start' },
  { id: 'consistent', label: 'Consistent' },
  { id: 'replay', label: 'Replay' },
  { id: 'stop', label: 'Stopped at the target' },
  { id: 'connect', label: 'Connect' },
] as const

/** WAL only runs forward. Refused before anything is stopped. */
export async function startResume(
  services: RecoveryServices,
  parts: Parts,
  { jobId, wish }: { jobId: string; wish: RecoveryWish },
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const record = await readLookRecord(services, jobId)
  requireOwn(record)
  const standing = await readStanding(services, jobId, signal)
  requirePaused(standing, record)
  const plan = await planResume(services, record, wish, signal)
  const refused = notForward(plan.point.to, standing.replayed?.lsn ?? null) ?? holdsAlready(wish, standing)
  if (refused) throw refused
  return resume(services, parts, record, { title: `Take ${record.server} on to ${wishWords(wish)}`, wish })
}

export function notForward(to: bigint, now: string | null): AppError | null {
  if (now === null || to > toLsn(now)) return null
  return new AppError(
    'preflight',
    `That moment is at ${formatLsn(to)}, and ${now} was replayed already: WAL only runs forward.`,
    { hint: 'Start again at the earlier moment instead.' },
  )
}

/** A time up to that of the last transaction in it brings nothing, whatever else is between. */
export function holdsAlready(wish: RecoveryWish, { replayed }: Pick<LookStanding, 'replayed'>): AppError | null {
  const last = replayed?.lastTransaction ?? null
  if (wish.kind !== 'time' || last === null || wish.value > microOfIso(last)) return null
  return new AppError('preflight', `It holds everything up to ${formatWalTime(wish.value)} already.`, {
    hint: 'Choose a later moment.',
  })
}

/** One that waited at its moment waits there again; one that was promoted goes on. */
export async function startAgain(
  services: RecoveryServices,
  parts: Parts,
  { jobId }: { jobId: string },
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const record = await readLookRecord(services, jobId)
  requireOwn(record)
  requireIdle(services, record)
  const { dataDirectory, server } = record
  if (await findPostmaster(dataDirectory)) {
    throw new AppError('conflict', `The server of ${dataDirectory} runs already, on port ${record.port}.`, {
      hint: 'There is nothing to start.',
    })
  }
  const { control } = await controlOf(services, dataDirectory)
  if (!recoveringStates.has(control.state)) return startPromoted(services, record)
  // With shutdown it would go at once again.
  const wish: RecoveryWish = { ...record.wish, action: record.wish.action === 'shutdown' ? 'pause' : record.wish.action }
  // Refused before a job is there where the archive or the backup has gone since.
  await planResume(services, record, wish, signal)
  return resume(services, parts, record, { title: `Start ${server} again at ${wishWords(wish)}`, wish })
}

function resume(
  services: RecoveryServices,
  parts: Parts,
  record: LookRecord,
  { title, wish }: { title: string; wish: RecoveryWish },
): { jobId: string } {
  const { id } = services.jobs.start({
    capability: 'recovery-look',
    title,
    input: { jobId: record.jobId, wish, destination: record.destination },
    connectionId: null,
    serverLabel: record.server,
    steps: resumeSteps,
    onCancel: 'The recovered cluster is stopped, and stays where it is. Source and archive are only read.',
    locks: locksOf(record),
    run: (job) => runResume(services, parts, record, wish, job),
  })
  return { jobId: id }
}

/** The parts of a plan that a start needs, for a data directory that is there. */
async function planResume(
  services: RecoveryServices,
  record: LookRecord,
  wish: RecoveryWish,
  signal: AbortSignal,
): Promise<RecoveryPlan & { point: PointRun }> {
  const { destination, dataDirectory, login, archiveId, salvage, port } = record
  const point = await planPointRun(services, { archiveId, salvage, backup: record.backup, wish }, signal)
  const backup = await readBackup(services, record.backup, signal, true)
  const programs = await findPrograms(services, backup.major)
  if (!programs) throw new AppError('tool_missing', `The server of PostgreSQL ${backup.major} is not on this machine.`)
  const account = await ownerOf(dataDirectory)
  point.access = await archiveAccess(point, account, services.spawn)
  const cluster = { ...programs, dataDirectory, account }
  const { limits } = await readControlData(services.spawn, cluster, signal)
  const request = {
    source: { path: record.backup },
    destination,
    tablespaces: record.tablespaces,
    verify: false,
    login,
    confirm: null,
  }
  return {
    ...{ request, point, limits, backup, target: null, account, accountName: account?.name ?? '', programs },
    data: placeAt('data', dataDirectory),
    spaces: Object.entries(record.tablespaces).map(([oid, folder]) => placeAt(oid, folder)),
    ...{ port, kept: null, chain: null, listing: null, placed: [], danger: null, preflight: [], blocked: '' },
    logFile: logFileOf(dataDirectory),
    settings: {
      ...{ dataDirectory, major: backup.major, kind: 'own', sslOff: false, port },
      socketFolder: dataDirectory.length <= 90 ? dataDirectory : '',
      from: `${backup.server}, taken ${backup.takenAt}`,
      recovery: pointSettings(point, limits),
    },
  }
}

async function runResume(
  services: RecoveryServices,
  parts: Parts,
  record: LookRecord,
  wish: RecoveryWish,
  job: JobContext,
): Promise<JobResult> {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planResume(services, record, wish, job.signal)
  job.endStep('checks', 'done', plan.point.plan.stopsAt)
  job.step('settings')
  let reachedIt = false
  job.onCleanup('the server', async () => {
    if (reachedIt) return
    await stopRecovered(services, plan)
    job.leftover(`${record.dataDirectory}: stopped on the way; it can be started again from its page, or thrown away`)
  })
  await stopCluster(services.spawn, clusterOf(plan), 'fast')
  if (plan.point.access === 'staged') await stageWal(job, plan.point, record.dataDirectory, plan.account)
  await setTarget(plan)
  job.endStep('settings', 'done')
  const reached = await recoverToPoint(job, services, parts, plan, plan.point)
  const { pristine } = record
  await writeLookRecord(job.id, plan, plan.point, { ...reached, pristine })
  reachedIt = true
  if (reached.connected.connectionId !== null) forgetConnection(services, record, job, 'it was named after the former moment')
  return describePoint(plan, plan.point, { ...reached, startedAt, pristine })
}

async function setTarget(plan: RecoveryPlan & { point: PointRun }): Promise<void> {
  const write = async (name: string, text: string) => {
    const file = path.join(plan.data.final, name)
    await writeFile(file, text, { mode: 0o600, flush: true })
    await own(file, plan.account)
  }
  const auto = keptAutoSettings(await readFile(path.join(plan.data.final, 'postgresql.auto.conf'), 'utf8'))
  await write('postgresql.auto.conf', auto.text + addedSettings(plan.settings))
  for (const { path: name, text } of pointFiles(plan.point)) await write(name, text)
}
