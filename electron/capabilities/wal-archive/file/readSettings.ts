// What a server's archive settings are, where each comes from, and whether this role may change them.
import type { Client } from 'pg'
import { z } from 'zod'
import { majorOf } from '../../../../shared/model/pgVersion'
import type { ServerPlace } from '../../../postgres/localServer'
import { mayAlter } from '../../../postgres/mayAlter'

export const archiveSettings = ['wal_level', 'archive_mode', 'archive_library', 'archive_command', 'archive_timeout'] as const
const alterable = archiveSettings.filter((name) => name !== 'wal_level')
export type ArchiveSettingName = (typeof archiveSettings)[number]

export interface ServerSetting {
  name: ArchiveSettingName
  /** As it is in force; archive_timeout in seconds. */
  value: string
  /** Where that comes from, in words. */
  from: string
  /** The command line or the environment of the server decides: ALTER SYSTEM changes nothing. */
  fixed: boolean
  /** What ALTER SYSTEM has set, whether in force or not; null for nothing. */
  ownValue: string | null
  pendingRestart: boolean
}

export interface ArchiveSource extends ServerPlace {
  version: number
  /** archive_library is absent before 15. */
  settings: Partial<Record<ArchiveSettingName, ServerSetting>>
  role: string
  superuser: boolean
  /** May set all of them, reload, create a restore point and switch WAL. */
  may: { alter: boolean; reload: boolean; readFiles: boolean; check: boolean }
  /** false: allow_alter_system is off [17]. */
  alterAllowed: boolean
  inRecovery: boolean
  encoding: string
  segmentSize: number
  sessions: number
}

const settingRow = z.object({
  name: z.enum(archiveSettings),
  setting: z.string(),
  reset_val: z.string().nullable(),
  source: z.string(),
  sourcefile: z.string().nullable(),
  sourceline: z.int().nullable(),
  pending_restart: z.boolean(),
})

const factsRow = z.object({
  version: z.int(),
  data: z.string().nullable(),
  config: z.string().nullable(),
  role: z.string(),
  superuser: z.boolean(),
  alter_system: z.string().nullable(),
  recovery: z.boolean(),
  encoding: z.string(),
  segment: z.coerce.number().int(),
  system: z.string().nullable(),
  reload: z.boolean(),
  files: z.boolean(),
  check_rights: z.boolean(),
  file_settings: z.boolean(),
  sessions: z.int(),
})

const factsSql = `
  SELECT current_setting('server_version_num')::int AS version,
         (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data,
         (SELECT setting FROM pg_settings WHERE name = 'config_file') AS config,
         current_user::text AS role,
         current_setting('is_superuser') = 'on' AS superuser,
         current_setting('allow_alter_system', true) AS alter_system,
         pg_is_in_recovery() AS recovery,
         current_setting('server_encoding') AS encoding,
         (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment,
         CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
              THEN (SELECT system_identifier::text FROM pg_control_system()) END AS system,
         has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE') AS reload,
         has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE')
           AND (current_setting('is_superuser') = 'on' OR pg_has_role('pg_read_server_files', 'USAGE')) AS files,
         has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'EXECUTE')
           AND has_function_privilege('pg_catalog.pg_switch_wal()', 'EXECUTE') AS check_rights,
         has_table_privilege('pg_file_settings', 'SELECT')
           AND has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') AS file_settings,
         (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS sessions`

/** `client` is a session of ConnectionStore.open. Throws the driver's errors. */
export async function readArchiveSource(client: Client, host: string, port: number): Promise<ArchiveSource> {
  const facts = factsRow.parse((await client.query(factsSql)).rows[0])
  const { rows } = await client.query(
    `SELECT name, setting, reset_val, source, sourcefile, sourceline, pending_restart FROM pg_settings WHERE name = ANY ($1)`,
    [archiveSettings],
  )
  const own = facts.file_settings ? await readOwnValues(client) : null
  const settings: ArchiveSource['settings'] = {}
  for (const row of z.array(settingRow).parse(rows)) {
    // archive_timeout comes in seconds whatever unit the file used, since it is pg_settings' own unit.
    settings[row.name] = {
      name: row.name,
      value: shownValue(row),
      from: describeSource(row),
      fixed: row.source === 'command line' || row.source === 'environment variable',
      ownValue: own?.get(row.name) ?? (isAutoConf(row.sourcefile) ? shownValue(row) : null),
      pendingRestart: row.pending_restart,
    }
  }
  const alter = facts.superuser || (majorOf(facts.version) >= 15 && (await mayAlter(client, alterable)))
  return {
    host,
    port,
    major: majorOf(facts.version),
    version: facts.version,
    dataDirectory: facts.data,
    configFile: facts.config,
    systemIdentifier: facts.system,
    settings,
    role: facts.role,
    superuser: facts.superuser,
    may: { alter, reload: facts.reload, readFiles: facts.files, check: facts.check_rights },
    alterAllowed: facts.alter_system !== 'off',
    inRecovery: facts.recovery,
    encoding: facts.encoding,
    segmentSize: facts.segment,
    sessions: facts.sessions,
  }
}

/** `(disabled)` is all that pg_settings and SHOW say of a command while archive_mode is off (show_archive_command); reset_val has it. */
function shownValue({ name, setting, reset_val: reset }: z.infer<typeof settingRow>): string {
  return name === 'archive_command' && setting === '(disabled)' ? (reset ?? '') : setting
}

function isAutoConf(file: string | null): boolean {
  return file !== null && /(?:^|\/)postgresql\.auto\.conf$/.test(file)
}

function describeSource({ source, sourcefile, sourceline }: z.infer<typeof settingRow>): string {
  if (isAutoConf(sourcefile)) return 'ALTER SYSTEM'
  if (sourcefile !== null) return sourceline === null ? sourcefile : `${sourcefile}, line ${sourceline}`
  if (source === 'default') return 'the default'
  return source === 'configuration file' ? 'a settings file' : `the ${source}`
}

/** Also those that wait for a restart, and the archive command while archive_mode is off. */
async function readOwnValues(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_file_settings WHERE name = ANY ($1) AND sourcefile ~ '(^|/)postgresql\\.auto\\.conf$' ORDER BY seqno`,
    [archiveSettings],
  )
  return new Map(rows.map(({ name, setting }) => [name, setting ?? '']))
}
