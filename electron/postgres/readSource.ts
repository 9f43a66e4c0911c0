// What the server says of the database to be dumped: its identity for the record, its tables, and what the role may read.
import type { Client } from 'pg'
import { z } from 'zod'
import type { BackupSource } from '../../shared/model/backupRecord'

export interface SourceTable {
  schema: string
  name: string
  /** pg_class.relkind: r table, p partitioned table, S sequence. */
  kind: 'r' | 'p' | 'S'
  /** Bytes with TOAST, without indexes; an estimate where the table is locked. */
  bytes: number
  /** The role may read it, its schema included. */
  readable: boolean
  /** Row security would hide rows from the role. */
  rowSecurity: boolean
}

export interface DumpSource {
  record: Omit<BackupSource, 'label' | 'host' | 'port'>
  superuser: boolean
  inRecovery: boolean
  /** Connections that are still free for this role; null where it may not know. */
  freeConnections: number | null
  tables: SourceTable[]
}

const databaseRow = z.object({
  facts: z.record(z.string(), z.unknown()),
  encoding: z.string(),
  owner: z.string(),
  version: z.coerce.number().int(),
  superuser: z.boolean(),
  in_recovery: z.boolean(),
  checksums: z.string().nullable(),
  size: z.string(),
})

const tableRow = z.object({
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['r', 'p', 'S']),
  bytes: z.coerce.number(),
  readable: z.boolean(),
  row_security: z.boolean(),
})

// to_jsonb, since the locale columns of pg_database differ between versions: none before 15, daticulocale until 16, datlocale since.
const databaseQuery = `
  SELECT pg_catalog.to_jsonb(d) AS facts,
         pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding,
         pg_catalog.pg_get_userbyid(d.datdba)::text AS owner,
         pg_catalog.current_setting('server_version_num') AS version,
         pg_catalog.current_setting('is_superuser') = 'on' AS superuser,
         pg_catalog.pg_is_in_recovery() AS in_recovery,
         pg_catalog.current_setting('data_checksums', true) AS checksums,
         pg_catalog.pg_database_size(d.oid)::text AS size
    FROM pg_catalog.pg_database d
   WHERE d.datname = pg_catalog.current_database()`

function tablesQuery(size: string): string {
  return `
  SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind AS kind,
         CASE WHEN c.relkind = 'r' THEN ${size} ELSE 0 END AS bytes,
         pg_catalog.has_schema_privilege($1::name, n.oid, 'USAGE')
           AND pg_catalog.has_table_privilege($1::name, c.oid, 'SELECT') AS readable,
         $1::name = current_user AND pg_catalog.row_security_active(c.oid) AS row_security
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                      WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
   ORDER BY 1, 2`
}

const exactSize = 'pg_catalog.pg_table_size(c.oid)'
const estimatedSize = `(c.relpages::bigint + coalesce((SELECT t.relpages FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid), 0))
           * pg_catalog.current_setting('block_size')::bigint`

/**
 * The client is connected to the database. `role` is the one that pg_dump switches to, '' for the client's own; of another
 * one row security can't be told. Throws the driver's errors, 42704 for a role that does not exist.
 */
export async function readSource(client: Client, database: string, role = ''): Promise<DumpSource> {
  const row = databaseRow.parse((await client.query(databaseQuery)).rows[0])
  const text = (key: string): string | null => {
    const value = row.facts[key]
    return typeof value === 'string' ? value : null
  }
  const providers: Record<string, string> = { c: 'libc', i: 'icu', b: 'builtin' }
  return {
    record: {
      database,
      systemIdentifier: await readSystemIdentifier(client),
      serverVersion: row.version,
      dataChecksums: row.checksums === null ? null : row.checksums === 'on',
      encoding: row.encoding,
      localeProvider: providers[text('datlocprovider') ?? 'c'] ?? null,
      collate: text('datcollate'),
      ctype: text('datctype'),
      locale: text('datlocale') ?? text('daticulocale'),
      collationVersion: text('datcollversion'),
      owner: row.owner,
      databaseSize: row.size,
      extensions: await readExtensions(client),
    },
    superuser: row.superuser,
    inRecovery: row.in_recovery,
    freeConnections: await readFreeConnections(client),
    tables: await readTables(client, role),
  }
}

/** Everybody may ask by default; null where that was taken away. */
async function readSystemIdentifier(client: Client): Promise<string | null> {
  const allowed = await client.query<{ ok: boolean }>(
    `SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS ok`,
  )
  if (allowed.rows[0]?.ok !== true) return null
  const { rows } = await client.query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()')
  return rows[0]?.id ?? null
}

async function readExtensions(client: Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; version: string }>(
    `SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY 1`,
  )
  return Object.fromEntries(rows.map(({ name, version }) => [name, version]))
}

async function readFreeConnections(client: Client): Promise<number | null> {
  const { rows } = await client.query<{ free: string | null }>(`
    SELECT (SELECT setting::int FROM pg_catalog.pg_settings WHERE name = 'max_connections')
         - CASE WHEN pg_catalog.current_setting('is_superuser') = 'on' THEN 0
                ELSE (SELECT setting::int FROM pg_catalog.pg_settings WHERE name = 'superuser_reserved_connections') END
         - (SELECT pg_catalog.sum(numbackends) FROM pg_catalog.pg_stat_database)::int AS free`)
  const free = rows[0]?.free
  return free === null || free === undefined ? null : Number(free)
}

/** Sizes need a lock on each table, and a person must not wait for somebody's ALTER TABLE: after 2 s they are estimated. */
async function readTables(client: Client, role: string): Promise<SourceTable[]> {
  const reader = role === '' ? (await client.query<{ role: string }>('SELECT current_user::text AS role')).rows[0]?.role : role
  const read = async (size: string) => z.array(tableRow).parse((await client.query(tablesQuery(size), [reader])).rows)
  const rows = await withLockTimeout(client, () => read(exactSize)).catch((error: unknown) => {
    const lockTimeout = error instanceof Error && 'code' in error && error.code === '55P03'
    if (!lockTimeout) throw error
    return read(estimatedSize)
  })
  return rows.map(({ row_security, ...table }) => ({ ...table, rowSecurity: row_security }))
}

async function withLockTimeout<T>(client: Client, action: () => Promise<T>): Promise<T> {
  await client.query('BEGIN READ ONLY')
  try {
    await client.query(`SET LOCAL lock_timeout = '2s'`)
    return await action()
  } finally {
    await client.query('ROLLBACK')
  }
}
