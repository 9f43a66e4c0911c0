// The database whose place a restored one took: whether it is still there, and how the person drops it.
import { type Client, DatabaseError } from 'pg'
import type { KeptDatabase } from '../../../shared/contracts/restoreOutcome'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { openServer } from '../../postgres/openServer'
import { readSystemIdentifier } from '../../postgres/serverState'
import { explainSqlError } from '../../postgres/sqlError'
import type { ResolvedConnection, Services } from '../../services'
import { readSessions, sessionWords } from './replaceDatabase'

/** Where something happens, so that nobody destroys on the wrong server. */
export async function serverPlace(client: Client, { label, settings }: ResolvedConnection) {
  const { host, port } = settings
  return { server: label, host, port, systemIdentifier: await readSystemIdentifier(client) }
}

export async function readKept(client: Client, connection: ResolvedConnection, job: JobSnapshot): Promise<KeptDatabase> {
  const kept = keptOf(job)
  const place = await serverPlace(client, connection)
  const { rows } = await client.query<{ oid: string; size: string | null; sessions: number }>(
    `SELECT d.oid::text AS oid, (SELECT count(*)::int FROM pg_stat_activity a WHERE a.datid = d.oid) AS sessions,
            CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid)::text END AS size
     FROM pg_database d WHERE d.datname = $1::text`,
    [kept.database],
  )
  const [found] = rows
  const why =
    kept.systemIdentifier !== place.systemIdentifier
      ? `another server answers at this address: its system identifier is ${place.systemIdentifier ?? 'not readable'}`
      : found === undefined
        ? 'it was dropped or renamed meanwhile'
        : found.oid !== kept.oid
          ? 'another database has this name now'
          : ''
  const known = why === '' ? found : undefined
  const { database } = kept
  return { ...place, database, there: why === '', why, size: known?.size ?? null, sessions: known?.sessions ?? 0 }
}

/** Throws AppError; the database is as it was then. By its OID: never another one that has its name. */
export async function dropKept(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  job: JobSnapshot,
  confirm: { confirm: string; systemIdentifier: string | null },
  signal: AbortSignal,
): Promise<void> {
  const { database } = keptOf(job)
  if (confirm.confirm !== database) {
    throw new AppError('bad_input', 'The name typed is not the name of the database.', {
      hint: `Type ${database} exactly, capital letters and spaces included.`,
    })
  }
  const client = await openServer(services, connection, signal, database)
  try {
    const kept = await readKept(client, connection, job)
    if (!kept.there || kept.systemIdentifier !== confirm.systemIdentifier) {
      const why = kept.why || 'it was confirmed for another server'
      throw new AppError('conflict', `${database} was not dropped: ${why}.`, { hint: 'Open the job’s page again.' })
    }
    const sessions = await readSessions(client, database)
    if (sessions.length > 0) throw inUse(database, `${sessionWords(sessions)} is connected`)
    if (signal.aborted) throw new AppError('cancelled', `Cancelled: ${database} was not dropped.`)
    await client.query(`DROP DATABASE ${quoteIdentifier(database)}`).catch((error: unknown) => {
      const used = error instanceof DatabaseError && error.code === '55006'
      throw used ? inUse(database, error.detail ?? error.message) : explainSqlError(error, `Dropping ${database}`)
    })
  } finally {
    await client.end()
  }
}

function inUse(database: string, why: string): AppError {
  return new AppError('conflict', `${database} was not dropped: it is in use: ${why.replace(/\.$/, '')}.`, {
    hint: 'Close what uses it, then try again. Nothing was changed.',
  })
}

function keptOf(job: JobSnapshot) {
  const kept = job.result?.kept
  if (kept) return kept
  throw new AppError('bad_input', `"${job.title}" kept no old database.`, { hint: 'Only a restore that replaced one keeps it.' })
}
