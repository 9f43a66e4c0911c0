// What becomes of a recovered cluster: on to a later moment, out of recovery, or away with it.
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { formatLsn, toLsn } from '../../../../shared/model/lsn'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { stopCluster } from '../../../postgres/localCluster'
import { findPostmaster, type LocalCluster, readControlData } from '../../../postgres/localClusterState'
import { ownerOf } from '../../../process/runAs'
import { fromSystemError } from '../../../process/systemError'
import { own, placeAt, unfinishPlace } from '../destination'
import type { Parts, RecoveryServices } from '../parts'
import { findPrograms, type RecoveryPlan } from '../planRecovery'
import { pointFiles, stageWal } from '../point/pointFiles'
import { describePoint } from '../point/pointResult'
import { archiveAccess, type PointRun, planPointRun, pointSettings } from '../point/pointRun'
import { recoverToPoint } from '../point/recoverToPoint'
import { readBackup } from '../readBackup'
import { addedSettings, keptAutoSettings } from '../settingsText'
import { clusterOf, stopRecovered } from '../startRecovered'
import { readStanding, requirePaused } from './askLook'
import { folderOf, type LookRecord, readLookRecord, withDestination, withLook, writeLookRecord } from './lookRecord'

const resumeSteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'settings', label: 'Stop, and set the later target' },
  { id: 'start', label: 'Start' },
  { id: 'consistent', label: 'Consistent' },
  { id: 'replay', label: 'Replay' },
  { id: 'stop', label: 'Stopped at the target' },
  { id: 'connect', label: 'Connect' },
] as const

/** Only what is a folder of its own: a practice or Debian cluster is handled on its own page. */
function requireOwn(record: LookRecord): void {
  if (record.destination.kind === 'new') return
  throw new AppError('bad_input', `${record.dataDirectory} is the place of a cluster of this machine.`, {
    hint: 'Stop it where it is run, and recover into it again.',
  })
}

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
  const now = standing.replayed && toLsn(standing.replayed.lsn)
  if (now !== null && plan.point.to <= now) {
    throw new AppError(
      'preflight',
      `That moment is at ${formatLsn(plan.point.to)}, and ${standing.replayed?.lsn} was replayed already: WAL only runs forward.`,
      {
        hint: 'Start again at the earlier moment: the backup is copied anew.',
      },
    )
  }
  const { id } = services.jobs.start({
    capability: 'recovery-look',
    title: `Take ${record.server} on to ${wishWords(wish)}`,
    input: { jobId, wish, destination: record.destination },
    connectionId: null,
    serverLabel: record.server,
    steps: resumeSteps,
    onCancel: 'The recovered cluster is stopped, and stays where it is. Source and archive are only read.',
    locks: [`data:${record.dataDirectory}`, `path:${record.dataDirectory}`],
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
  const { destination, dataDirectory, login, archiveId, port } = record
  const point = await planPointRun(services, { archiveId, backup: record.backup, wish }, signal)
  const backup = await readBackup(record.backup, signal, true)
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
    ...{ port, kept: null, listing: null, placed: [], danger: null, preflight: [], blocked: '' },
    logFile: path.join(dataDirectory, 'log', 'server.log'),
    settings: {
      ...{ dataDirectory, major: backup.major, kind: 'own', sslOff: false, port },
      socketFolder: dataDirectory.length <= 90 ? dataDirectory : '',
      from: `${backup.server}, taken ${backup.takenAt}`,
      recovery: pointSettings(point, limits),
    },
  }
}

async function runResume(services: RecoveryServices, parts: Parts, record: LookRecord, wish: RecoveryWish, job: JobContext) {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planResume(services, record, wish, job.signal)
  job.endStep('checks', 'done', plan.point.plan.stopsAt)
  job.step('settings')
  let reachedIt = false
  job.onCleanup('the server', async () => {
    if (reachedIt) return
    await stopRecovered(services, plan)
    job.leftover(`${record.dataDirectory}: stopped on the way; it can be recovered anew, or thrown away`)
  })
  await stopCluster(services.spawn, clusterOf(plan), 'fast')
  if (plan.point.access === 'staged') await stageWal(job, plan.point, record.dataDirectory, plan.account)
  await setTarget(plan)
  job.endStep('settings', 'done')
  const reached = await recoverToPoint(job, services, parts, plan, plan.point)
  await writeLookRecord(job.id, plan, plan.point, reached.port)
  reachedIt = true
  return describePoint(plan, plan.point, { ...reached, startedAt })
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

/** pg_promote waits for a minute at the most; what counts is that it left recovery. */
export async function promoteLook(services: RecoveryServices, jobId: string, signal: AbortSignal): Promise<{ timeline: number }> {
  const record = await readLookRecord(services, jobId)
  requirePaused(await readStanding(services, jobId, signal), record)
  return withLook(services, record, { signal }, async (client) => {
    await client.query('SELECT pg_catalog.pg_promote(true, 60)')
    for (let tries = 0; tries < 300; tries += 1) {
      const { rows } = await client.query<{ recovering: boolean; timeline: string }>(
        `SELECT pg_catalog.pg_is_in_recovery() AS recovering,
                CASE WHEN pg_catalog.pg_is_in_recovery() THEN '' ELSE pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END AS timeline`,
      )
      if (rows[0]?.recovering === false) return { timeline: Number.parseInt(rows[0].timeline.slice(0, 8), 16) }
      await delay(200, undefined, { signal })
    }
    throw new AppError('postgres', 'The server was asked to leave recovery, and is still in it after a minute.', {
      hint: 'Look at its log.',
    })
  })
}

/** Of a cluster that is still in recovery; any other state says that it lives on its own. Source: dbState in pg_controldata.c. */
const recoveringStates = new Set(['in archive recovery', 'shut down in recovery'])

/**
 * The name is typed. Renamed to an unfinished one first, so that a half-removed one never looks like a cluster. A promoted
 * one is never removed: somebody may work in it.
 */
export async function throwLookAway(
  services: RecoveryServices,
  { jobId, confirm }: { jobId: string; confirm: string },
  signal: AbortSignal,
): Promise<{ removed: string[] }> {
  const record = await readLookRecord(services, jobId)
  requireOwn(record)
  const { dataDirectory } = record
  if (confirm !== path.basename(dataDirectory)) {
    throw new AppError(
      'preflight',
      `Type ${path.basename(dataDirectory)} to throw away the cluster in ${dataDirectory}, port ${record.port}.`,
    )
  }
  if (services.jobs.running().some((job) => usesFolder(job.input, dataDirectory))) {
    throw new AppError('conflict', `A job works on ${dataDirectory}.`, { hint: 'Wait until it has ended, or cancel it.' })
  }
  const account = await ownerOf(dataDirectory)
  const programs = await findPrograms(services, await majorOf(dataDirectory))
  if (!programs) {
    throw new AppError('tool_missing', 'The programs of its PostgreSQL are not on this machine, so it can’t be looked at.', {
      hint: 'Install them, or add their folder in Settings.',
    })
  }
  const logFile = path.join(dataDirectory, 'log', 'server.log')
  const cluster: LocalCluster = { bin: programs.bin, dataDirectory, account, logFile }
  const control = await readControlData(services.spawn, { ...programs, dataDirectory, account }, signal)
  if (record.systemIdentifier !== null && control.systemIdentifier !== record.systemIdentifier) {
    throw new AppError('conflict', `${dataDirectory} holds another cluster now: ${control.systemIdentifier}.`, {
      hint: 'It was not made by this recovery, and is left alone.',
    })
  }
  if (!recoveringStates.has(control.state)) {
    throw new AppError(
      'conflict',
      `The cluster in ${dataDirectory} is on its own now (${control.state}): somebody may work in it.`,
      {
        hint: 'Stop it and remove its folder by hand once nothing in it is needed.',
      },
    )
  }
  const places = [
    placeAt('data', dataDirectory),
    ...Object.entries(record.tablespaces).map(([oid, at]) => placeAt(oid, at)),
  ].filter(({ final }) => existsSync(final))
  const inTheWay = places.find(({ partial }) => existsSync(partial))
  if (inTheWay) {
    throw new AppError('conflict', `${inTheWay.partial} is there: it would be mixed up with what is removed.`, {
      hint: 'Look at it, rename it or remove it, then try again.',
    })
  }
  if (await findPostmaster(dataDirectory)) await stopCluster(services.spawn, cluster, 'fast')
  const removed: string[] = []
  for (const place of places) {
    try {
      await unfinishPlace(place, account)
      await rm(place.partial, { recursive: true })
      removed.push(place.final)
    } catch (error) {
      throw fromSystemError(error, `remove ${place.final}`) ?? error
    }
  }
  return { removed }
}

function usesFolder(input: unknown, dataDirectory: string): boolean {
  const found = withDestination.safeParse(input)
  return found.success && folderOf(found.data.destination) === dataDirectory
}

async function majorOf(dataDirectory: string): Promise<number> {
  return Number((await readFile(path.join(dataDirectory, 'PG_VERSION'), 'utf8')).trim())
}
