// recovered.json in the data directory of a recovered cluster: what it is, so that it can be found and asked later on.
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { type LookEvidence, lookEvidence } from '../../../../shared/contracts/look'
import { recoveryDestination } from '../../../../shared/contracts/recovery'
import type { JobSnapshot } from '../../../../shared/jobs/job'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import { recoveryWish } from '../../../../shared/model/recoveryWish'
import { AppError } from '../../../../shared/rpc/appError'
import type { JobContext } from '../../../jobs/jobTypes'
import { withClient } from '../../../postgres/withClient'
import { errorCode } from '../../../process/systemError'
import type { ResolvedConnection } from '../../../services'
import { loginDraft } from '../connectRecovered'
import { own } from '../destination'
import type { RecoveryServices } from '../parts'
import type { RecoveryPlan } from '../planRecovery'
import type { PointRun } from '../point/pointRun'
import type { Reached } from '../point/recoverToPoint'
import { scriptFolder } from '../point/restoreScript'
import type { Pristine } from '../pristine'
import { bound } from './lookWords'

const lookRecord = z.object({
  version: z.literal(1),
  jobId: z.string(),
  server: z.string(),
  dataDirectory: z.string(),
  destination: recoveryDestination,
  port: z.int(),
  login: z.string().nullable(),
  archiveId: z.string(),
  backup: z.string(),
  /** The data directory of the dead cluster whose WAL was salvaged, by its name of now; null for none. */
  salvage: z.string().nullable().default(null),
  systemIdentifier: z.string().nullable(),
  wish: recoveryWish,
  tablespaces: z.record(z.string(), z.string()),
  /** The saved connection that was made for it. */
  connectionId: z.string().nullable().default(null),
  /** Folders with its base files, by place; empty where none are kept. */
  pristine: z.record(z.string(), z.string()).default({}),
  evidence: lookEvidence.nullable().default(null),
})
export type LookRecord = z.infer<typeof lookRecord>

export async function writeLookRecord(
  jobId: string,
  plan: RecoveryPlan,
  point: PointRun,
  reached: Reached & { pristine: Pristine },
): Promise<void> {
  const { backup, data, request, spaces, account } = plan
  const { port, connected, pristine } = reached
  const record: LookRecord = {
    ...{ version: 1, jobId, server: backup.server, dataDirectory: data.final, destination: request.destination, port },
    ...{ login: request.login, archiveId: point.archive.id, backup: backup.path, wish: point.wish },
    systemIdentifier: backup.systemIdentifier,
    salvage: salvagedFrom(plan, point),
    tablespaces: Object.fromEntries(spaces.map(({ name, final }) => [name, final])),
    ...{ connectionId: connected.connectionId, pristine: { ...pristine }, evidence: evidenceOf(point, reached) },
  }
  const file = path.join(data.final, scriptFolder, 'recovered.json')
  await writeFile(file, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true })
  await own(file, account)
}

/** In its place it has another name by now. */
function salvagedFrom({ data, kept }: RecoveryPlan, { salvage }: PointRun): string | null {
  if (salvage === null) return null
  return salvage.dataDirectory === data.final && kept !== null ? kept : salvage.dataDirectory
}

function evidenceOf({ look, wish, plan }: PointRun, { lines, replayedTo, outcome }: Reached): LookEvidence {
  const { transaction } = look
  const ended = transaction && !transaction.aborted && outcome.which === 'after' ? transaction : null
  const last = look.before ?? ended
  return {
    ...{ lines, lsn: replayedTo, timeline: outcome.newTimeline ?? wish.timeline },
    lastCommit: last && { lsn: last.lsn, time: last.time, xid: last.xid },
    ...{ segments: plan.segments, bytes: plan.bytes, at: new Date().toISOString() },
  }
}

/** What a job that deploys or moves a cluster says of its place. */
export const withDestination = z.object({ destination: recoveryDestination })

export function folderOf(destination: z.output<typeof recoveryDestination>): string {
  return destination.kind === 'new' ? destination.folder : destination.dataDirectory
}

/** Throws AppError not_found for a job that recovered to no moment, or whose cluster is gone, or another job's by now. */
export async function readLookRecord(services: RecoveryServices, jobId: string): Promise<LookRecord> {
  const input = withDestination.safeParse(services.jobs.get(jobId).input)
  const gone = new AppError('not_found', 'That cluster is not there any more.', { hint: 'Recover to that moment again.' })
  if (!input.success) throw gone
  const { destination } = input.data
  const folder = folderOf(destination)
  try {
    const record = lookRecord.parse(JSON.parse(await readFile(path.join(folder, scriptFolder, 'recovered.json'), 'utf8')))
    // The folder may be a copy.
    if (record.dataDirectory !== path.resolve(folder)) throw gone
    if (record.jobId !== jobId) {
      throw new AppError('not_found', `Another recovery has ${record.dataDirectory} since, to ${wishWords(record.wish)}.`, {
        hint: 'Look at that one.',
        details: { jobId: record.jobId },
      })
    }
    return record
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') throw gone
    throw error
  }
}

/** The job that works on it at the moment: in its folder, or by the job that recovered it. */
export function workingOn(
  { jobs }: Pick<RecoveryServices, 'jobs'>,
  { jobId, dataDirectory }: Pick<LookRecord, 'jobId' | 'dataDirectory'>,
): JobSnapshot | undefined {
  return jobs.running().find(({ input }) => {
    const place = withDestination.safeParse(input)
    if (place.success && path.resolve(folderOf(place.data.destination)) === dataDirectory) return true
    return withJob.safeParse(input).data?.jobId === jobId
  })
}

const withJob = z.object({ jobId: z.string() })

/** Only what is a folder of its own: a practice or Debian cluster is handled on its own page. */
export function requireOwn(record: Pick<LookRecord, 'destination' | 'dataDirectory'>): void {
  const why = bound(record)
  if (why === '') return
  throw new AppError('bad_input', why, { hint: 'Stop it where it is run, and recover into it again.' })
}

/** `own`: the job that asks. */
export function requireIdle(services: Pick<RecoveryServices, 'jobs'>, record: LookRecord, own = ''): void {
  const working = workingOn(services, record)
  if (!working || working.id === own) return
  throw new AppError('conflict', `The job "${working.title}" works on ${record.dataDirectory}.`, {
    hint: 'Wait until it has ended, or cancel it.',
    details: { jobId: working.id },
  })
}

export function locksOf({ dataDirectory, tablespaces }: Pick<LookRecord, 'dataDirectory' | 'tablespaces'>): string[] {
  return [`data:${dataDirectory}`, ...[dataDirectory, ...Object.values(tablespaces)].map((folder) => `path:${folder}`)]
}

/** The saved connection that was made for it, unless it leads somewhere else by now. */
export function forgetConnection(
  { connections }: Pick<RecoveryServices, 'connections'>,
  { connectionId, port }: LookRecord,
  job: Pick<JobContext, 'log'>,
  why: string,
): string | null {
  const saved = connections.list().find(({ id }) => id === connectionId)
  if (!saved || saved.settings.host !== '127.0.0.1' || saved.settings.port !== port || saved.practice !== null) return null
  connections.remove(saved.id)
  job.log(`The connection ${saved.label} was removed: ${why}.`)
  return saved.label
}

/** Throws AppError for what can't be logged in to. */
export async function lookConnection(services: RecoveryServices, { login, port }: LookRecord): Promise<ResolvedConnection> {
  if (login === null) {
    throw new AppError('bad_input', 'No login for the recovered cluster is known.', {
      hint: 'Recover with a saved connection as login: its user and password are those of the backup.',
    })
  }
  const { draft } = await loginDraft({ hide: () => undefined }, services, login, port)
  return services.connections.resolveDraft(draft)
}

/** In its own database; `work` gets the client. The cluster must be the recovered one. */
export async function withLook<T>(
  services: RecoveryServices,
  record: LookRecord,
  { database, signal }: { database?: string; signal: AbortSignal },
  work: Parameters<typeof withClient<T>>[1],
): Promise<T> {
  const connection = await lookConnection(services, record)
  const asked = { connections: services.connections, connection, signal, ...(database === undefined ? {} : { database }) }
  return withClient(asked, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      'SELECT system_identifier::pg_catalog.text AS id FROM pg_catalog.pg_control_system()',
    )
    if (record.systemIdentifier !== null && rows[0]?.id !== record.systemIdentifier) {
      throw new AppError('conflict', `Another cluster answers on port ${record.port}.`, { hint: 'Something else took the port.' })
    }
    return work(client)
  })
}
