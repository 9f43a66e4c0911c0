// The slot that a base backup made and left, since Walkback was ended before it could drop it: whether it is there, and dropping it.
import { type Client, DatabaseError } from 'pg'
import type { LeftSlot } from '../../../shared/contracts/baseBackup'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { AppError } from '../../../shared/rpc/appError'
import { readSystemIdentifier } from '../../postgres/serverState'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'
import { dropStatement } from './slotGuard'

type Needs = Pick<Services, 'connections' | 'jobs' | 'archives'>
type MadeSlot = NonNullable<JobSnapshot['outputs'][number]['slot']>

export async function askLeftSlot(services: Needs, jobId: string, signal: AbortSignal): Promise<LeftSlot> {
  const { job, slot } = jobWithSlot(services, jobId)
  const connection = await services.connections.resolve(job.connectionId ?? '')
  return withClient({ connections: services.connections, connection, signal }, (client) =>
    readLeftSlot(services, client, connection, job, slot),
  )
}

/** Throws AppError, and nothing was changed then. */
export async function dropLeftSlot(
  services: Needs,
  jobId: string,
  { confirm, systemIdentifier }: { confirm: string; systemIdentifier: string | null },
  signal: AbortSignal,
): Promise<{ statement: string }> {
  const { job, slot } = jobWithSlot(services, jobId)
  const { name } = slot
  if (confirm !== name) {
    throw new AppError('bad_input', 'The name typed is not the name of the replication slot.', { hint: `Type ${name} exactly.` })
  }
  const connection = await services.connections.resolve(job.connectionId ?? '')
  services.connections.requireWritable(connection.id, 'Dropping a replication slot')
  return withClient({ connections: services.connections, connection, signal }, async (client) => {
    const left = await readLeftSlot(services, client, connection, job, slot)
    if (!left.there || left.systemIdentifier !== systemIdentifier) {
      const why = left.why || 'it was confirmed for another server'
      throw new AppError('conflict', `${name} was not dropped: ${why}.`, { hint: 'Open the job’s page again.' })
    }
    if (left.pid !== null) throw inUse(name, `process ${left.pid} of the server is using it`)
    await client.query('SELECT pg_catalog.pg_drop_replication_slot($1)', [name]).catch((error: unknown) => {
      // Somebody connected in between: object_in_use.
      const used = error instanceof DatabaseError && error.code === '55006'
      throw used ? inUse(name, error.message) : explainSqlError(error, `Dropping the replication slot ${name}`)
    })
    return { statement: left.statement }
  })
}

function inUse(slot: string, why: string): AppError {
  return new AppError('conflict', `${slot} was not dropped: ${why}.`, { hint: 'Stop what uses it, then try again.' })
}

function jobWithSlot({ jobs }: Pick<Needs, 'jobs'>, jobId: string): { job: JobSnapshot; slot: MadeSlot } {
  const job = jobs.get(jobId)
  const slot = job.outputs.find((output) => output.slot !== undefined)?.slot
  if (job.capability !== 'base-backup' || !slot) {
    throw new AppError('bad_input', `"${job.title}" made no replication slot.`, {
      hint: 'Only a base backup with a slot of its own makes one.',
    })
  }
  if (!isEnded(job.state)) {
    throw new AppError('conflict', `"${job.title}" has not ended yet.`, { hint: 'Wait until it has.' })
  }
  if (job.state === 'succeeded' || job.state === 'succeeded_with_warnings') {
    throw new AppError('conflict', `The replication slot ${slot.name} belongs to a backup that is whole.`, {
      hint: `Drop it yourself once nothing needs the WAL after that backup: ${dropStatement(slot.name)}`,
    })
  }
  return { job, slot }
}

const slotSql = `
  SELECT slot_type = 'physical' AND NOT temporary AS kind, active_pid AS pid, restart_lsn::text AS restart,
         greatest(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END,
                                  restart_lsn), 0)::text AS kept
    FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`

interface SlotRow {
  kind: boolean
  pid: number | null
  restart: string | null
  kept: string | null
}

async function readLeftSlot(
  services: Needs,
  client: Client,
  connection: ResolvedConnection,
  job: JobSnapshot,
  slot: MadeSlot,
): Promise<LeftSlot> {
  const { label, settings } = connection
  const systemIdentifier = await readSystemIdentifier(client)
  const [found] = (await client.query<SlotRow>(slotSql, [slot.name])).rows
  const why =
    slot.systemIdentifier !== systemIdentifier
      ? `another server answers at this address: its system identifier is ${systemIdentifier ?? 'not readable'}`
      : found === undefined
        ? 'there is no slot of this name: it was dropped, or never made'
        : found.kind
          ? ownerOf(services, connection, job, slot)
          : 'another kind of slot has this name now'
  const known = why === '' ? found : undefined
  return {
    ...{ server: label, host: settings.host, port: settings.port, systemIdentifier, slot: slot.name, there: why === '', why },
    ...{ pid: known?.pid ?? null, restartLsn: known?.restart ?? null, keptBytes: known?.kept ?? null },
    statement: dropStatement(slot.name),
  }
}

/** To whom a slot of this name belongs now, as far as Walkback knows; '' when to nobody but this job. */
function ownerOf({ archives, jobs }: Needs, connection: ResolvedConnection, job: JobSnapshot, slot: MadeSlot): string {
  const archive = archives
    .list()
    .find(
      ({ stream, ...one }) =>
        stream?.slot === slot.name &&
        (one.systemIdentifier === null ? one.connectionId === connection.id : one.systemIdentifier === slot.systemIdentifier),
    )
  if (archive) return `the WAL archive in ${archive.folder} is streamed through it`
  const later = jobs
    .list()
    .find(
      (other) =>
        other.id !== job.id &&
        other.createdAt > job.createdAt &&
        other.outputs.some((made) => made.slot?.name === slot.name && made.slot.systemIdentifier === slot.systemIdentifier),
    )
  return later ? `it is of a later job, "${later.title}" of ${later.createdAt}` : ''
}
