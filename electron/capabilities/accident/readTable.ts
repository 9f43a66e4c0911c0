// What a server says of a table: its file, those of its partitions, and about how many rows it has.
import { type Client, DatabaseError } from 'pg'
import { z } from 'zod'
import type { AccidentSubject } from '../../../shared/contracts/accident'
import { qualifiedName } from '../../../shared/model/identifier'
import { type Lsn, toLsn } from '../../../shared/model/lsn'
import { type FileKey, fileOfPath } from '../../../shared/model/relationRecords'
import { AppError } from '../../../shared/rpc/appError'
import { readSystemIdentifier } from '../../postgres/serverState'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'

export interface TableFacts {
  /** "sales.orders in shop" */
  words: string
  /** "sales.orders" */
  name: string
  database: string
  databaseOid: number
  /** The table itself, or the partitions that hold rows. */
  leaves: { oid: number; file: FileKey }[]
  partitioned: boolean
  /** Partitions without a file here: foreign tables. */
  elsewhere: number
  rows: number | null
  /** Up to where the server has replayed; null for one that is not in recovery. */
  replayed: Lsn | null
  /** Of the server, where it may be known. */
  timeline: number | null
  systemIdentifier: string | null
}

const tableRow = z.object({
  oid: z.coerce.number(),
  kind: z.string(),
  persistence: z.string(),
  database: z.coerce.number(),
  replayed: z.string().nullable(),
})

const leafRow = z.object({
  oid: z.coerce.number(),
  path: z.string().nullable(),
  pages: z.number(),
  rows: z.number(),
})

const tableSql = `
  SELECT c.oid::text AS oid, c.relkind::text AS kind, c.relpersistence::text AS persistence,
         (SELECT d.oid::text FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS database,
         CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()::text END AS replayed
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2`

/** A table that is no partitioned one is its own only leaf. */
const leavesSql = `
  SELECT c.oid::text AS oid, pg_catalog.pg_relation_filepath(c.oid)::text AS path, c.relpages::int4 AS pages, c.reltuples::float8 AS rows
    FROM pg_catalog.pg_class c
   WHERE c.oid = $1::oid AND c.relkind <> 'p'
      OR c.oid IN (SELECT t.relid::oid FROM pg_catalog.pg_partition_tree($1::oid::pg_catalog.regclass) t WHERE t.isleaf)
   ORDER BY c.oid`

const kindWords: Readonly<Record<string, string>> = {
  v: 'a view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  I: 'an index',
  c: 'a type',
}

type TableSubject = AccidentSubject & { kind: 'table' }

/** Throws AppError not_found for a table that is not there, and bad_input for one whose rows are not in the WAL. */
export async function readTable(
  { connections }: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  { database, schema, name }: TableSubject,
  signal: AbortSignal,
): Promise<TableFacts> {
  const words = `${schema}.${name} in ${database}`
  return withClient({ connections, connection, database, signal }, async (client) => {
    try {
      const { rows } = await client.query(tableSql, [schema, name])
      if (rows[0] === undefined) {
        throw new AppError('not_found', `There is no table ${words} on ${connection.label}.`, {
          hint: 'A table that was dropped is found among the removed tables; or look it up in a cluster that was recovered to before.',
        })
      }
      const table = tableRow.parse(rows[0])
      refuseKind(`${schema}.${name}`, table)
      const found = z.array(leafRow).parse((await client.query(leavesSql, [table.oid])).rows)
      const leaves = found.flatMap(({ oid, path }) => {
        const file = path === null ? undefined : fileOfPath(path)
        return file === undefined ? [] : [{ oid, file }]
      })
      return {
        ...{ words, name: `${schema}.${name}`, database, databaseOid: table.database, leaves },
        partitioned: table.kind === 'p',
        elsewhere: found.length - leaves.length,
        rows: await countRows(client, qualifiedName(schema, name), found),
        replayed: table.replayed === null ? null : toLsn(table.replayed),
        timeline: await readTimeline(client),
        systemIdentifier: await readSystemIdentifier(client),
      }
    } catch (error) {
      signal.throwIfAborted()
      throw explainSqlError(error, `Looking up ${words}`)
    }
  })
}

function refuseKind(name: string, { kind, persistence }: z.infer<typeof tableRow>): void {
  const other = kindWords[kind]
  if (other !== undefined) {
    throw new AppError('bad_input', `${name} is ${other}: it has no rows of its own in the WAL.`, { hint: 'Choose a table.' })
  }
  if (persistence === 'p') return
  const word = persistence === 'u' ? 'an unlogged table' : 'a temporary table'
  throw new AppError('bad_input', `${name} is ${word}: what happens to its rows is not in the WAL.`, {
    hint: 'A recovery brings such a table back empty. Is there a dump of it?',
  })
}

/** A table of more pages is estimated: 160 MB. */
const mostPages = 20_000

/** Counted where that takes a moment, else as the server estimates; null where it does not. */
async function countRows(client: Client, table: string, leaves: readonly z.infer<typeof leafRow>[]): Promise<number | null> {
  const pages = leaves.reduce((sum, leaf) => sum + leaf.pages, 0)
  // -1 (13: 0 without pages) until the first VACUUM or ANALYZE.
  const known = leaves.every(({ rows, pages }) => rows > 0 || (rows === 0 && pages > 0))
  const estimate = known ? Math.round(leaves.reduce((sum, leaf) => sum + leaf.rows, 0)) : null
  if (pages > mostPages) return estimate
  try {
    await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = '3s'; SET LOCAL lock_timeout = '1s'`)
    const { rows } = await client.query<{ count: string }>(`SELECT pg_catalog.count(*)::text AS count FROM ${table}`)
    return Number(rows[0]?.count)
  } catch (error) {
    // It takes too long, is locked, or is not this role's to read.
    if (error instanceof DatabaseError) return estimate
    throw error
  } finally {
    await client.query('ROLLBACK').catch(() => undefined) // the connection may be gone: then so is the transaction
  }
}

async function readTimeline(client: Client): Promise<number | null> {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE') AS may`,
  )
  if (rows[0]?.may !== true) return null
  const found = await client.query<{ timeline: number }>('SELECT timeline_id AS timeline FROM pg_catalog.pg_control_checkpoint()')
  return found.rows[0]?.timeline ?? null
}
