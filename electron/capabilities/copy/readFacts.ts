// What the server says of itself, of the role's rights over its files, and of a table's columns.
import type { Client } from 'pg'
import { z } from 'zod'
import { columnFacts, type copy as copyContract } from '../../../shared/contracts/copy'
import { AppError } from '../../../shared/rpc/appError'

export type TableFacts = z.infer<typeof copyContract.methods.columns.output> & {
  canSelect: boolean
  canInsert: boolean
  canTruncate: boolean
  rowSecurity: boolean
  triggers: boolean
}

const serverRow = z.object({
  version: z.int(),
  encoding: z.string(),
  superuser: z.boolean(),
  readFiles: z.boolean(),
  writeFiles: z.boolean(),
  runPrograms: z.boolean(),
  mayStat: z.boolean(),
  dataDirectory: z.string().nullable(),
  recovery: z.boolean(),
  messages: z.string(),
  role: z.string(),
  pid: z.int(),
})

export type CopyServer = z.infer<typeof serverRow>

const serverSql = `
  SELECT current_setting('server_version_num')::int4 AS version,
         current_setting('server_encoding') AS encoding,
         current_setting('is_superuser') = 'on' AS superuser,
         pg_has_role('pg_read_server_files', 'USAGE') AS "readFiles",
         pg_has_role('pg_write_server_files', 'USAGE') AS "writeFiles",
         pg_has_role('pg_execute_server_program', 'USAGE') AS "runPrograms",
         has_function_privilege('pg_catalog.pg_stat_file(text, bool)', 'EXECUTE') AS "mayStat",
         (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS "dataDirectory",
         pg_is_in_recovery() AS recovery,
         current_setting('lc_messages') AS messages,
         current_user::text AS role,
         pg_backend_pid() AS pid`

/** `client` is a session of ConnectionStore.open: unqualified names are pg_catalog's. */
export async function readCopyServer(client: Client): Promise<CopyServer> {
  const { rows } = await client.query(serverSql)
  return serverRow.parse(rows[0])
}

export async function readSchemas(client: Client): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT nspname::text AS name FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'CREATE') ORDER BY nspname`)
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map(({ name }) => name)
}

/** Encodings that a client may use. Conversions to the database's own decide whether each works there. */
export async function readEncodings(client: Client): Promise<string[]> {
  const { rows } = await client.query(
    "SELECT pg_encoding_to_char(i)::text AS name FROM generate_series(0, 60) AS i WHERE pg_encoding_to_char(i) <> '' ORDER BY 1",
  )
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map(({ name }) => name)
}

/* The names are compared as text: a parameter of type name would be cut to 63 bytes and could match another relation. */

const tableSql = `
  SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table'
                        WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
         CASE WHEN c.reltuples >= 0 AND c.relpages > 0 THEN c.reltuples::float8 END AS "estimatedRows",
         CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid)::text END AS size,
         c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS "hasChildren",
         has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') AS "canSelect",
         has_table_privilege(c.oid, 'INSERT') OR has_any_column_privilege(c.oid, 'INSERT') AS "canInsert",
         has_table_privilege(c.oid, 'TRUNCATE') AS "canTruncate",
         row_security_active(c.oid) AS "rowSecurity",
         EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D') AS triggers,
         COALESCE((SELECT json_agg(json_build_object(
             'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
             'hasDefault', a.atthasdef OR a.attidentity <> '', 'generated', a.attgenerated <> '', 'identity', a.attidentity <> '')
             ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1::text AND c.relname = $2::text AND c.relkind IN ('r', 'p', 'f', 'm', 'v')`

const tableRow = z.object({
  kind: z.enum(['table', 'partitioned table', 'foreign table', 'materialized view', 'view']),
  estimatedRows: z.number().nullable(),
  size: z.string().nullable(),
  hasChildren: z.boolean(),
  canSelect: z.boolean(),
  canInsert: z.boolean(),
  canTruncate: z.boolean(),
  rowSecurity: z.boolean(),
  triggers: z.boolean(),
  columns: z.array(columnFacts),
})

export async function findTable(client: Client, schema: string, name: string): Promise<TableFacts | null> {
  const { rows } = await client.query(tableSql, [schema, name])
  return rows.length === 0 ? null : tableRow.parse(rows[0])
}

export function noTable(schema: string, name: string): AppError {
  return new AppError('not_found', `There is no table or view ${schema}.${name} in this database.`, {
    hint: 'Refresh the list; it may have been dropped or renamed.',
  })
}

/** What COPY writes and reads when no columns are named. */
export function copiedColumns(table: Pick<TableFacts, 'columns'>): string[] {
  return table.columns.filter((column) => !column.generated).map(({ name }) => name)
}

/** Who may use files and programs of the server, in a sentence each. */
export function serverTexts(server: CopyServer) {
  const account = 'It runs as the operating-system account of the server, and reaches what that account reaches'
  const text = (may: boolean, role: string, what: string) =>
    may
      ? `${server.role} may ${what}${server.superuser ? ' as a superuser' : ` as a member of ${role}`}. ${account}.`
      : `${server.role} may not ${what}: that needs a superuser or a member of ${role}. ${account}.`
  return {
    readText: text(server.readFiles, 'pg_read_server_files', 'read files on the server'),
    writeText: text(server.writeFiles, 'pg_write_server_files', 'write files on the server'),
    programText: text(server.runPrograms, 'pg_execute_server_program', 'run programs on the server'),
  }
}
