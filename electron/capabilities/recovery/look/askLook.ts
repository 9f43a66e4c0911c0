// Questions to a recovered cluster: how it stands, a person's own query, and row counts beside the live cluster's.

import path from 'node:path'
import { type ClientBase, DatabaseError } from 'pg'
import type { z } from 'zod'
import type { LookRows, LookStanding, LookTable, lookQuery } from '../../../../shared/contracts/look'
import { AppError } from '../../../../shared/rpc/appError'
import { findPostmaster } from '../../../postgres/localClusterState'
import { explainSqlError } from '../../../postgres/sqlError'
import { withClient } from '../../../postgres/withClient'
import type { RecoveryServices } from '../parts'
import { type LookRecord, readLookRecord, withLook } from './lookRecord'

/** Of one statement, so that a look never holds replay or vacuum up for long. */
const queryMs = 30_000
/** Of one table's count. */
const countMs = 10_000

export async function readStanding(services: RecoveryServices, jobId: string, signal: AbortSignal): Promise<LookStanding> {
  const record = await readLookRecord(services, jobId)
  const { server, dataDirectory, port, wish, archiveId, backup } = record
  const known = { jobId, server, dataDirectory, port, wish, archiveId, backup, name: path.basename(dataDirectory) }
  if (!(await findPostmaster(dataDirectory))) {
    return { ...known, state: 'stopped', replayed: null, databases: [], problem: 'Its server does not run.' }
  }
  try {
    return await withLook(services, record, { signal }, async (client) => ({ ...known, ...(await ask(client)), problem: '' }))
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    return { ...known, state: 'paused', replayed: null, databases: [], problem: error.message }
  }
}

async function ask(client: ClientBase): Promise<Pick<LookStanding, 'state' | 'replayed' | 'databases'>> {
  const { rows } = await client.query<{ recovering: boolean; lsn: string | null; time: string | null; databases: string[] }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS recovering, pg_catalog.pg_last_wal_replay_lsn()::pg_catalog.text AS lsn,
            pg_catalog.to_char(pg_catalog.pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time,
            ARRAY(SELECT datname::pg_catalog.text FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1) AS databases`,
  )
  const row = rows[0]
  if (!row) throw new AppError('internal', 'The recovered cluster did not say how it stands.')
  return {
    state: row.recovering ? 'paused' : 'promoted',
    replayed: row.lsn === null ? null : { lsn: row.lsn, lastTransaction: row.time },
    databases: row.databases,
  }
}

/**
 * The person's own statement, in a transaction that can't write and through a cursor, so that no more rows come than asked
 * for. A superuser's functions could still act from within it (pg_promote, pg_terminate_backend), so it is run as a role
 * that may read everything and do nothing.
 */
export async function runLookQuery(
  services: RecoveryServices,
  { jobId, database, sql, limit }: z.output<typeof lookQuery>,
  signal: AbortSignal,
): Promise<LookRows> {
  const record = await readLookRecord(services, jobId)
  const began = performance.now()
  return withLook(services, record, { database, signal }, async (client) => {
    await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = '${queryMs}ms'`)
    try {
      await becomeReader(client, sql)
      // A named statement goes by the extended protocol, which takes one alone: a COMMIT behind it can't end the transaction.
      await client.query({ text: `DECLARE look NO SCROLL CURSOR FOR ${sql}`, name: 'look' })
      const found = await client.query({ text: `FETCH ${limit + 1} FROM look`, rowMode: 'array', types: asText })
      const rows: (string | null)[][] = found.rows
      return {
        columns: found.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
        rows: rows.slice(0, limit),
        more: rows.length > limit,
        milliseconds: Math.round(performance.now() - began),
      }
    } catch (error) {
      if (error instanceof AppError) throw error
      throw explainSqlError(error, 'The query')
    } finally {
      await client.query('ROLLBACK').catch(() => undefined) // the connection may be gone: then so is the transaction
    }
  })
}

/** pg_read_all_data came with 14. Before, these are refused by their names: a guard against accidents, and no more. */
const acting =
  /\b(pg_promote|pg_wal_replay_\w+|pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile|pg_file_\w+|lo_export)\b/i

async function becomeReader(client: ClientBase, sql: string): Promise<void> {
  const { rows } = await client.query<{ version: number; superuser: boolean; own: string }>(
    `SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version, u.usesuper AS superuser,
            pg_catalog.quote_ident(u.usename) AS own
       FROM pg_catalog.pg_user u WHERE u.usename OPERATOR(pg_catalog.=) SESSION_USER`,
  )
  const { version = 0, superuser = false, own = 'public' } = rows[0] ?? {}
  await client.query(`SET LOCAL search_path = ${own}, public`)
  if (!superuser) return
  const name = acting.exec(sql)?.[1]
  if (version < 140_000 && name !== undefined) {
    throw new AppError('bad_input', `${name} does something to the server: here one only looks.`, {
      hint: 'Promote, take it further or throw it away by what this page offers for it.',
    })
  }
  // That role has no BYPASSRLS: a policy that would hide rows is an error instead of fewer rows.
  if (version >= 140_000) await client.query('SET LOCAL row_security = off; SET LOCAL ROLE pg_read_all_data')
}

/** Values as the server writes them. */
const asText = { getTypeParser: () => (value: string) => value }

export async function compareLook(
  services: RecoveryServices,
  { jobId, database, live }: { jobId: string; database: string; live: string },
  signal: AbortSignal,
): Promise<{ tables: LookTable[]; seconds: number }> {
  const record = await readLookRecord(services, jobId)
  const began = performance.now()
  const connection = await services.connections.resolve(live)
  const [recovered, now] = await Promise.all([
    withLook(services, record, { database, signal }, (client) => countTables(client, signal)),
    withClient({ connections: services.connections, connection, database, signal }, (client) => countTables(client, signal)),
  ])
  const names = [...new Set([...recovered.keys(), ...now.keys()])].toSorted()
  const tables = names.map((name): LookTable => {
    const [schema = '', table = ''] = name.split('\0')
    const [then, today] = [recovered.get(name), now.get(name)]
    return { schema, table, recovered: then ?? null, live: today ?? null, says: verdict(then, today) }
  })
  return { tables, seconds: Math.round((performance.now() - began) / 100) / 10 }
}

/** undefined: it is not there; null: it was not counted. */
function verdict(then: number | null | undefined, today: number | null | undefined): LookTable['says'] {
  if (then === undefined) return 'only live'
  if (today === undefined) return 'only recovered'
  if (then === null || today === null) return 'unknown'
  return today === then ? 'same' : today < then ? 'fewer' : 'more'
}

/** Exact, in one read-only snapshot; null for a table that takes too long. */
async function countTables(client: ClientBase, signal: AbortSignal): Promise<Map<string, number | null>> {
  const counts = new Map<string, number | null>()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    const { rows } = await client.query<{ schema: string; name: string; quoted: string }>(
      `SELECT n.nspname AS schema, c.relname AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2`,
    )
    for (const { schema, name, quoted } of rows) {
      signal.throwIfAborted()
      counts.set(`${schema}\0${name}`, await count(client, quoted))
    }
  } finally {
    await client.query('ROLLBACK').catch(() => undefined) // the connection may be gone: then so is the transaction
  }
  return counts
}

/** Took too long, is locked, is closed to this role, is not populated, or is unlogged, which can't be read in recovery. */
const notCounted = new Set(['57014', '55P03', '42501', '55000', '0A000'])

async function count(client: ClientBase, quoted: string): Promise<number | null> {
  await client.query(`SAVEPOINT one; SET LOCAL statement_timeout = '${countMs}ms'; SET LOCAL lock_timeout = '2s'`)
  try {
    const { rows } = await client.query<{ count: string }>(`SELECT pg_catalog.count(*) AS count FROM ${quoted}`)
    return Number(rows[0]?.count)
  } catch (error) {
    if (error instanceof DatabaseError && notCounted.has(error.code ?? '')) return null
    throw explainSqlError(error, 'Counting rows')
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one').catch(() => undefined) // as above
  }
}

export function requirePaused(standing: LookStanding, record: LookRecord): void {
  if (standing.state === 'paused' && standing.problem === '') return
  const why = standing.state === 'promoted' ? 'was promoted already' : 'does not run'
  throw new AppError('conflict', standing.problem || `The cluster in ${record.dataDirectory} ${why}.`, {
    hint: 'Recover to that moment again.',
  })
}
