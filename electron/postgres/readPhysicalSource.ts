// What a server says of its whole cluster before a physical backup: identity, layout, tablespaces, archiving, outside files.
import type { Client } from 'pg'
import { z } from 'zod'

export interface PhysicalTablespace {
  oid: string
  name: string
  /** The folder on the server. */
  location: string
  /** Bytes; null where the role may not know. */
  size: string | null
}

export interface PhysicalSource {
  version: number
  systemIdentifier: string | null
  superuser: boolean
  inRecovery: boolean
  dataChecksums: boolean
  segmentSize: number
  /** null where the role may not know (pg_read_all_settings). */
  dataDirectory: string | null
  /** Bytes of all databases; null where the role may connect to none of some. */
  size: string | null
  tablespaces: PhysicalTablespace[]
  archiving: boolean
  /** null before 17. */
  summarizing: boolean | null
  walLevel: string
  freeSenders: number
  freeSlots: number
  slots: string[]
  /** Absolute paths of settings files outside the data directory. */
  configuration: string[]
  /** They can be read through this connection. */
  mayReadFiles: boolean
  /** The server's clock. */
  now: string
}

const facts = z.object({
  version: z.int(),
  system: z.string().nullable(),
  superuser: z.boolean(),
  recovery: z.boolean(),
  checksums: z.string(),
  segment: z.coerce.number().int(),
  data: z.string().nullable(),
  archive_mode: z.string(),
  archive_command: z.string().nullable(),
  archive_library: z.string().nullable(),
  summarize: z.string().nullable(),
  wal_level: z.string(),
  senders: z.int(),
  slots: z.array(z.string()),
  max_slots: z.int(),
  files: z.boolean(),
  now: z.string(),
})

const factsSql = `
  SELECT current_setting('server_version_num')::int AS version,
         CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
              THEN (SELECT system_identifier::text FROM pg_control_system()) END AS system,
         current_setting('is_superuser') = 'on' AS superuser,
         pg_is_in_recovery() AS recovery,
         current_setting('data_checksums') AS checksums,
         (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment,
         (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data,
         current_setting('archive_mode') AS archive_mode,
         (SELECT setting FROM pg_settings WHERE name = 'archive_command') AS archive_command,
         (SELECT setting FROM pg_settings WHERE name = 'archive_library') AS archive_library,
         current_setting('summarize_wal', true) AS summarize,
         current_setting('wal_level') AS wal_level,
         current_setting('max_wal_senders')::int - (SELECT count(*)::int FROM pg_stat_replication) AS senders,
         ARRAY(SELECT slot_name::text FROM pg_replication_slots ORDER BY 1) AS slots,
         current_setting('max_replication_slots')::int AS max_slots,
         current_setting('is_superuser') = 'on' OR pg_has_role('pg_read_server_files', 'MEMBER') AS files,
         to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`

/** The client may be connected to any database. Throws the driver's errors. */
export async function readPhysicalSource(client: Client): Promise<PhysicalSource> {
  const read = facts.parse((await client.query(factsSql)).rows[0])
  return {
    version: read.version,
    systemIdentifier: read.system,
    superuser: read.superuser,
    inRecovery: read.recovery,
    dataChecksums: read.checksums === 'on',
    segmentSize: read.segment,
    dataDirectory: read.data,
    size: await readSize(client),
    tablespaces: await readTablespaces(client),
    archiving: archives(read),
    summarizing: read.summarize === null ? null : read.summarize === 'on',
    walLevel: read.wal_level,
    freeSenders: read.senders,
    freeSlots: read.max_slots - read.slots.length,
    slots: read.slots,
    configuration: read.data === null ? [] : await readConfiguration(client, read.data, read.version),
    mayReadFiles: read.files,
    now: read.now,
  }
}

/** Only superusers and pg_read_all_settings see the command: for others archive_mode alone tells. */
function archives({ archive_mode, archive_command, archive_library }: z.infer<typeof facts>): boolean {
  if (archive_mode === 'off') return false
  return archive_command === null || archive_command !== '' || (archive_library ?? '') !== ''
}

/** pg_database_size refuses databases that the role may not connect to, unless it is in pg_read_all_stats. */
async function readSize(client: Client): Promise<string | null> {
  const { rows } = await client.query<{ size: string | null; hidden: boolean }>(`
    SELECT sum(CASE WHEN may THEN pg_database_size(oid) END)::text AS size, bool_or(NOT may) AS hidden
      FROM (SELECT oid, has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'MEMBER') AS may
              FROM pg_database) d`)
  return rows[0]?.hidden ? null : (rows[0]?.size ?? null)
}

async function readTablespaces(client: Client): Promise<PhysicalTablespace[]> {
  const { rows } = await client.query<PhysicalTablespace>(`
    SELECT oid::text AS oid, spcname::text AS name, pg_tablespace_location(oid) AS location,
           CASE WHEN has_tablespace_privilege(oid, 'CREATE') OR pg_has_role('pg_read_all_stats', 'MEMBER')
                THEN pg_tablespace_size(oid)::text END AS size
      FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY spcname`)
  return rows
}

/** config_file, hba_file and ident_file, and what they include: the data directory's own come with the backup anyway. */
async function readConfiguration(client: Client, dataDirectory: string, version: number): Promise<string[]> {
  const named = await client.query<{ path: string | null }>(`
    SELECT setting AS path FROM pg_settings WHERE name IN ('config_file', 'hba_file', 'ident_file') AND setting <> ''`)
  const included = await readIncluded(client, version)
  const paths = [...named.rows.flatMap(({ path }) => (path === null ? [] : [path])), ...included]
  const inside = dataDirectory.endsWith('/') ? dataDirectory : `${dataDirectory}/`
  return [...new Set(paths)].filter((path) => !path.startsWith(inside)).toSorted()
}

/** Files of include directives, where the role may see them (superusers, by default). */
async function readIncluded(client: Client, version: number): Promise<string[]> {
  const { rows } = await client.query<{ settings: boolean; rules: boolean }>(`
    SELECT has_table_privilege('pg_file_settings', 'SELECT')
             AND has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') AS settings,
           has_table_privilege('pg_hba_file_rules', 'SELECT')
             AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE') AS rules`)
  const queries = [
    ...(rows[0]?.settings ? ['SELECT DISTINCT sourcefile AS path FROM pg_file_settings WHERE sourcefile IS NOT NULL'] : []),
    // Before 16 these files can't include others.
    ...(rows[0]?.rules && version >= 160000
      ? ['SELECT DISTINCT file_name AS path FROM pg_hba_file_rules WHERE file_name IS NOT NULL']
      : []),
  ]
  const found: string[] = []
  for (const query of queries) {
    const { rows: files } = await client.query<{ path: string }>(query)
    found.push(...files.map(({ path }) => path))
  }
  return found
}
