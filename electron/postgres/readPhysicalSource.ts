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
  /** The role may open replication connections. */
  replication: boolean
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
  /** Those that somebody reads from now. */
  activeSlots: string[]
  /** Absolute paths of settings files outside the data directory. */
  configuration: string[]
  /** They can be read through this connection. */
  mayReadFiles: boolean
  /** The server may write files for this role: what --target=server needs. */
  mayWriteFiles: boolean
  /** Where the summaries of each timeline begin [17]; empty before, and while there are none. */
  summaries: { timeline: number; from: string }[]
  /** The server's clock. */
  now: string
}

const facts = z.object({
  version: z.int(),
  system: z.string().nullable(),
  superuser: z.boolean(),
  replication: z.boolean(),
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
  active_slots: z.array(z.string()),
  max_slots: z.int(),
  files: z.boolean(),
  writes: z.boolean(),
  now: z.string(),
})

const factsSql = `
  SELECT current_setting('server_version_num')::int AS version,
         CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
              THEN (SELECT system_identifier::text FROM pg_control_system()) END AS system,
         current_setting('is_superuser') = 'on' AS superuser,
         (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user) AS replication,
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
         ARRAY(SELECT slot_name::text FROM pg_replication_slots WHERE active ORDER BY 1) AS active_slots,
         current_setting('max_replication_slots')::int AS max_slots,
         -- Membership opens absolute paths, and the function itself is granted apart from that.
         current_setting('is_superuser') = 'on'
           OR (pg_has_role('pg_read_server_files', 'USAGE')
               AND has_function_privilege('pg_catalog.pg_read_binary_file(text)', 'EXECUTE')) AS files,
         current_setting('is_superuser') = 'on' OR pg_has_role('pg_write_server_files', 'USAGE') AS writes,
         to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`

/** The client may be connected to any database. Throws the driver's errors. */
export async function readPhysicalSource(client: Client): Promise<PhysicalSource> {
  const read = facts.parse((await client.query(factsSql)).rows[0])
  return {
    version: read.version,
    systemIdentifier: read.system,
    superuser: read.superuser,
    replication: read.replication,
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
    activeSlots: read.active_slots,
    configuration: read.data === null ? [] : await readConfiguration(client, read.data, read.version),
    mayReadFiles: read.files,
    mayWriteFiles: read.writes,
    summaries: read.summarize === null ? [] : await readSummaries(client),
    now: read.now,
  }
}

/** Only superusers and pg_read_all_settings see the command: for others archive_mode alone tells. */
function archives({ archive_mode, archive_command, archive_library }: z.infer<typeof facts>): boolean {
  if (archive_mode === 'off') return false
  return archive_command === null || archive_command !== '' || (archive_library ?? '') !== ''
}

/** Where the role may not ask nothing is known, and the server itself refuses what it can't do. */
async function readSummaries(client: Client): Promise<PhysicalSource['summaries']> {
  const may = await client.query<{ may: boolean }>(
    "SELECT has_function_privilege('pg_available_wal_summaries()', 'EXECUTE') AS may",
  )
  if (may.rows[0]?.may !== true) return []
  const { rows } = await client.query<{ timeline: string; from: string }>(`
    SELECT tli::text AS timeline, min(start_lsn)::text AS "from" FROM pg_available_wal_summaries() GROUP BY tli`)
  return rows.map(({ timeline, from }) => ({ timeline: Number(timeline), from }))
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
