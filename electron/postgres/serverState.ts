// Everything a restore must know of the server, read in one go.
import type { Client } from 'pg'

export interface ServerState {
  version: number
  systemIdentifier: string | null
  dataDirectory: string | null
  inRecovery: boolean
  user: string
  superuser: boolean
  createDatabase: boolean
  roles: Set<string>
  /** Roles that the connected one may act as, for ALTER ... OWNER TO. */
  mayBecome: Set<string>
  tablespaces: Set<string>
  databases: Map<string, DatabaseState>
  /** By name, with the version CREATE EXTENSION would take. */
  extensions: Map<string, string>
  encoding: string
}

export interface DatabaseState {
  owner: string
  encoding: string
  collate: string
  ctype: string
  isTemplate: boolean
  allowsConnections: boolean
  sessions: number
}

export interface ExistingContent {
  tables: number
  otherObjects: number
  /** The first few tables, by name. */
  examples: string[]
  extensions: Map<string, string>
  mayCreate: boolean
}

export async function readServer(client: Client): Promise<ServerState> {
  const facts = await one<{
    version: number
    recovery: boolean
    user: string
    superuser: boolean
    createdb: boolean
    directory: string | null
    encoding: string
  }>(
    client,
    `SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS recovery, current_user::text AS user,
            r.rolsuper AS superuser, r.rolcreatedb AS createdb,
            CASE WHEN r.rolsuper OR pg_has_role('pg_read_all_settings', 'MEMBER') THEN current_setting('data_directory') END AS directory,
            pg_encoding_to_char(d.encoding)::text AS encoding
     FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`,
  )
  const roles = await client.query<{ name: string; member: boolean }>(
    `SELECT rolname::text AS name, pg_has_role(oid, 'MEMBER') AS member FROM pg_roles`,
  )
  const tablespaces = await client.query<{ name: string }>('SELECT spcname::text AS name FROM pg_tablespace')
  const databases = await client.query<DatabaseState & { name: string }>(
    `SELECT d.datname::text AS name, coalesce(r.rolname::text, '') AS owner, pg_encoding_to_char(d.encoding)::text AS encoding,
            d.datcollate::text AS collate, d.datctype::text AS ctype, d.datistemplate AS "isTemplate",
            d.datallowconn AS "allowsConnections",
            (SELECT count(*)::int FROM pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid()
               AND a.backend_type = 'client backend') AS sessions
     FROM pg_database d LEFT JOIN pg_roles r ON r.oid = d.datdba ORDER BY d.datname`,
  )
  const extensions = await client.query<{ name: string; version: string }>(
    'SELECT name::text, default_version AS version FROM pg_available_extensions',
  )
  return {
    version: facts.version,
    systemIdentifier: await readSystemIdentifier(client),
    dataDirectory: facts.directory,
    inRecovery: facts.recovery,
    user: facts.user,
    superuser: facts.superuser,
    createDatabase: facts.createdb,
    roles: new Set(roles.rows.map((row) => row.name)),
    mayBecome: new Set(roles.rows.flatMap((row) => (row.member ? [row.name] : []))),
    tablespaces: new Set(tablespaces.rows.map((row) => row.name)),
    databases: new Map(databases.rows.map(({ name, ...state }) => [name, state])),
    extensions: new Map(extensions.rows.map((row) => [row.name, row.version])),
    encoding: facts.encoding,
  }
}

/** null where this role may not. */
export async function readSystemIdentifier(client: Client): Promise<string | null> {
  const allowed = await one<{ may: boolean }>(
    client,
    `SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS may`,
  )
  if (!allowed.may) return null
  return (await one<{ id: string }>(client, 'SELECT system_identifier::text AS id FROM pg_control_system()')).id
}

/** What a database holds besides what a new one has; on a client connected to it. */
export async function readContent(client: Client): Promise<ExistingContent> {
  const counts = await one<{ tables: number; other: number; may: boolean }>(
    client,
    `WITH member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
          own AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
     SELECT (SELECT count(*)::int FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM own)
               AND c.relkind IN ('r', 'p', 'f', 'm')
               AND NOT EXISTS (SELECT 1 FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)) AS tables,
            (SELECT count(*)::int FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM own) AND c.relkind IN ('v', 'S')
               AND NOT EXISTS (SELECT 1 FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid))
          + (SELECT count(*)::int FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM own)
               AND NOT EXISTS (SELECT 1 FROM member m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid))
          + (SELECT count(*)::int FROM pg_type t WHERE t.typnamespace IN (SELECT oid FROM own) AND t.typtype IN ('e', 'd', 'r')
               AND NOT EXISTS (SELECT 1 FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid))
          + (SELECT count(*)::int FROM pg_namespace n WHERE n.oid IN (SELECT oid FROM own) AND n.nspname <> 'public'
               AND NOT EXISTS (SELECT 1 FROM member m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = n.oid))
          + (SELECT count(*)::int FROM pg_largeobject_metadata) AS other,
            has_database_privilege(current_database(), 'CREATE') AS may`,
  )
  const examples = await client.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'f', 'm')
     ORDER BY c.relpages DESC, 1 LIMIT 3`,
  )
  const extensions = await client.query<{ name: string; version: string }>(
    'SELECT extname::text AS name, extversion AS version FROM pg_extension',
  )
  return {
    tables: counts.tables,
    otherObjects: counts.other,
    examples: examples.rows.map((row) => row.name),
    extensions: new Map(extensions.rows.map((row) => [row.name, row.version])),
    mayCreate: counts.may,
  }
}

export async function one<T extends object>(client: Client, text: string, values: unknown[] = []): Promise<T> {
  const { rows } = await client.query<T>(text, values)
  const row = rows[0]
  if (!row) throw new Error(`no row came from: ${text.slice(0, 80)}`)
  return row
}
