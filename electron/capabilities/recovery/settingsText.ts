// Settings of a deployed backup: what must not be taken over from its source, and settings files that lay outside it.
import path from 'node:path'
import type { Setting } from '../../../shared/model/recoveryTarget'
import { readIncludes } from '../../postgres/outsideSettings'

export interface SettingsFacts {
  dataDirectory: string
  major: number
  /**
   * own: a server beside the others, that listens where these settings say. practice: the practice cluster gives port and
   * sockets at each start. debian: its settings are under /etc.
   */
  kind: 'own' | 'practice' | 'debian'
  port: number
  /** '' where its path is too long for a socket. */
  socketFolder: string
  /** TLS would need a key that the account may not read. */
  sslOff: boolean
  /** Nobody reaches it but through its socket, in a folder of its own account's: a scratch cluster. */
  closed?: boolean
  /** Of what it was deployed, for the comment. */
  from: string
  /** Of a recovery to a moment: what is written besides, in order; absent for a standalone one. */
  recovery?: readonly Setting[]
}

/** A value as in postgresql.conf. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** A list of folders: a comma or blank in one needs quotes of its own. */
function folderList(folder: string): string {
  return folder === '' ? "''" : quoted(`"${folder.replaceAll('"', '""')}"`)
}

/**
 * What is added at the end of postgresql.auto.conf, which wins over every other file. Not a word of archiving, of the source's
 * folders, its port, its standbys or its publishers may stay in force: the source goes on running on this machine or another.
 */
export function addedSettings(facts: SettingsFacts): string {
  const { dataDirectory, kind } = facts
  const inside = (name: string) => quoted(path.join(dataDirectory, name))
  const lines: [string, string][] = []
  if (kind === 'own') {
    lines.push(['port', String(facts.port)], ['listen_addresses', facts.closed === true ? "''" : "'127.0.0.1'"])
    lines.push(['unix_socket_directories', folderList(facts.socketFolder)])
  }
  if (kind !== 'debian') {
    lines.push(['hba_file', inside('pg_hba.conf')], ['ident_file', inside('pg_ident.conf')])
    lines.push(['log_directory', "'log'"])
    if (facts.major < 15) lines.push(['stats_temp_directory', "'pg_stat_tmp'"])
    if (facts.sslOff) lines.push(['ssl', 'off'])
  } else {
    // Its start is judged by what its log says.
    lines.push(['lc_messages', "'C'"], ['log_destination', "'stderr'"], ['logging_collector', 'off'])
  }
  lines.push(['archive_mode', 'off'], ['synchronous_standby_names', "''"], ['max_logical_replication_workers', '0'])
  for (const { name, value } of facts.recovery ?? []) {
    if (name !== 'archive_mode') lines.push([name, /^\d+$/.test(value) || /^(?:on|off)$/.test(value) ? value : quoted(value)])
  }
  const comment = `# Walkback: a copy of ${facts.from.replace(/[\r\n]/g, ' ')}. It archives nothing and takes no changes from elsewhere.`
  return `${comment}\n${lines.map(([name, value]) => `${name} = ${value}`).join('\n')}\n`
}

/** A standby's link to its primary, with its password, the source's own places, and an earlier recovery's target. */
const droppedNames =
  'primary_conninfo|primary_slot_name|data_directory|config_file|hba_file|ident_file|external_pid_file|port|listen_addresses|unix_socket_directories|log_directory|stats_temp_directory|archive_mode|restore_command|recovery_target[a-z_]*|recovery_end_command|recovery_min_apply_delay|archive_cleanup_command|promote_trigger_file'
const notTakenOver = new RegExp(`^\\s*(?:${droppedNames})\\s*(?:=|\\s)`, 'i')

/** The same for an extended regular expression of POSIX; ALTER SYSTEM writes names in small letters. */
export const droppedPattern = `^[[:space:]]*(${droppedNames})[[:space:]]*[=[:space:]]`

/** postgresql.auto.conf of the backup without them; what it sets besides stays. */
export function keptAutoSettings(text: string): { text: string; dropped: string[] } {
  const dropped: string[] = []
  const kept = text.split('\n').filter((line) => {
    if (!notTakenOver.test(line)) return true
    dropped.push(/^\s*(\w+)/.exec(line)?.[1] ?? '')
    return false
  })
  const joined = kept.join('\n').replace(/\n+$/, '')
  return { text: joined === '' ? '' : `${joined}\n`, dropped }
}

/**
 * data_directory is read before all other files: one that names another folder would start the server in there. An empty
 * external_pid_file further down would not do: the server then complains that it can't write "". A recovery target of the
 * source's own would be a second one: `multiple recovery targets specified`.
 */
export function withoutPlaces(text: string): string {
  return text.replaceAll(
    /^(\s*(?:data_directory|external_pid_file|restore_command|recovery_target\w*|recovery_end_command|recovery_min_apply_delay|archive_cleanup_command|promote_trigger_file)\s*(?:=|\s).*)$/gim,
    '# Walkback: $1',
  )
}

export interface SavedFile {
  original: string
  text: string
}

export interface PlacedFile {
  /** Relative to the data directory. */
  path: string
  text: string
}

/** Where settings files go that are neither of the three. */
export const otherSettings = 'settings'

/**
 * Saved settings files brought into the data directory: the three by their usual names, what they include below `settings`.
 * Includes are led there; one whose file is not in the backup is commented out, since the original's would be read.
 */
export function placeSettings(saved: readonly SavedFile[], dataDirectory: string): PlacedFile[] {
  const byName = (name: string) => saved.find(({ original }) => path.posix.basename(original) === name)?.original
  const hba = byName('pg_hba.conf')
  const ident = byName('pg_ident.conf')
  const main =
    byName('postgresql.conf') ??
    saved.find(({ original }) => original.endsWith('.conf') && original !== hba && original !== ident)?.original
  const places = new Map<string, string>()
  for (const { original } of saved) {
    const usual =
      original === main ? 'postgresql.conf' : original === hba ? 'pg_hba.conf' : original === ident ? 'pg_ident.conf' : null
    places.set(
      original,
      usual ?? path.posix.join(otherSettings, ...original.split('/').filter((part) => part !== '' && part !== '..')),
    )
  }
  return saved.map(({ original, text }) => {
    const rules = original === hba || original === ident
    const led = leadIncludes(original, text, rules ? 'rules' : 'settings', places, dataDirectory)
    return { path: places.get(original) ?? '', text: rules ? led : withoutPlaces(led) }
  })
}

function leadIncludes(
  original: string,
  text: string,
  syntax: 'settings' | 'rules',
  places: ReadonlyMap<string, string>,
  dataDirectory: string,
): string {
  const lead = (line: string): string => {
    const [found] = readIncludes(line, syntax)
    if (!found) return line
    const target = path.posix.resolve(path.posix.dirname(original), found.path)
    const file = places.get(target)
    const folder = [...places].find(([name]) => name.startsWith(`${target}/`))
    const led =
      found.kind === 'file'
        ? file
        : folder === undefined
          ? undefined
          : path.posix.join(otherSettings, ...target.split('/').filter((part) => part !== ''))
    if (led === undefined) return `# Walkback: not in the backup: ${line}`
    return line.replace(found.path, path.join(dataDirectory, led))
  }
  return text.split('\n').map(lead).join('\n')
}

/** For a backup without any: what initdb would ask for at the least. */
export const plainSettings: readonly PlacedFile[] = [
  { path: 'postgresql.conf', text: '# Walkback: the backup held no settings files. Everything is at its default.\n' },
  {
    path: 'pg_hba.conf',
    text: `# Walkback: the backup held no settings files. Passwords are those of the backup.
local   all   all                  peer
host    all   all   127.0.0.1/32   scram-sha-256
host    all   all   ::1/128        scram-sha-256
`,
  },
  { path: 'pg_ident.conf', text: '' },
]

/** A key outside the data directory that the settings name, with TLS on; null when there is none. */
export function outsideKey(texts: readonly string[]): string | null {
  const all = texts.join('\n')
  const last = (name: string) =>
    [...all.matchAll(new RegExp(`^\\s*${name}\\s*(?:=|\\s)\\s*'?([^'#\\n]+?)'?\\s*(?:#.*)?$`, 'gim'))].at(-1)?.[1]
  if (!/^(?:on|true|yes|1)$/i.test(last('ssl') ?? '')) return null
  const key = last('ssl_key_file') ?? ''
  return path.isAbsolute(key) ? key : null
}
