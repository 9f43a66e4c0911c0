// Everything that is known before the server is told to archive: what changes, what that takes, and what stands in the way.
import { join } from 'node:path'
import type { FileArchiveRequest, SettingChange } from '../../../../shared/contracts/walArchiveFile'
import type { ShownCommand } from '../../../../shared/jobs/job'
import { archiveCommand, folderOfArchiveCommand, trimFolder } from '../../../../shared/model/archiveCommand'
import { quoteLiteral } from '../../../../shared/model/identifier'
import type { PreflightRow } from '../../../../shared/model/preflight'
import { slug } from '../../../library/slug'
import { findLocalServer, findRestartWay, type LocalServer, type RestartWay } from '../../../postgres/localServer'
import { withServer } from '../../../postgres/openServer'
import type { ResolvedConnection, Services } from '../../../services'
import { checkFileArchive } from './preflightFile'
import { type ArchiveSettingName, type ArchiveSource, archiveSettings, readArchiveSource } from './readSettings'

export type FileServices = Pick<Services, 'connections' | 'archives' | 'jobs' | 'spawn' | 'paths'>

/** A setting's new value; null takes back what ALTER SYSTEM has set. */
export type Wanted = Partial<Record<ArchiveSettingName, string | null>>

export interface FilePlan {
  request: FileArchiveRequest
  connection: ResolvedConnection
  practice: boolean
  source: ArchiveSource
  local: LocalServer | null
  restart: RestartWay
  wanted: Wanted
  changes: SettingChange[]
  takes: SettingChange['takes']
  statements: string[]
  shown: ShownCommand[]
  preflight: PreflightRow[]
}

export async function readSource(services: Pick<Services, 'connections'>, connection: ResolvedConnection, signal: AbortSignal) {
  const { host, port } = connection.settings
  return withServer(services, connection, (client) => readArchiveSource(client, host, port), signal)
}

/** Asks the server anew each time. Throws AppError when it can't be asked; the rest becomes rows. */
export async function planFileArchive(services: FileServices, asked: FileArchiveRequest, signal: AbortSignal): Promise<FilePlan> {
  const request = { ...asked, folder: trimFolder(asked.folder), folderHere: trimFolder(asked.folderHere) }
  const connection = await services.connections.resolve(request.connectionId)
  const source = await readSource(services, connection, signal)
  const wanted = wantedFor(request, source)
  const changes = changesOf(source, wanted)
  const takes = takesOf(changes)
  const statements = statementsFor(changes, wanted)
  const local = await findLocalServer(source)
  const plan = {
    request,
    connection,
    practice: services.connections.get(request.connectionId).practice !== null,
    source,
    local,
    restart: await findRestartWay(services.spawn, source),
    wanted,
    changes,
    takes,
    statements,
    shown: showStatements(statements, takes),
  }
  return { ...plan, preflight: await checkFileArchive(services, plan, signal) }
}

/** Only what has to change: a value that does already is left where it comes from. */
function wantedFor(request: FileArchiveRequest, { settings }: ArchiveSource): Wanted {
  const value = (name: ArchiveSettingName) => settings[name]?.value
  return {
    ...(value('wal_level') === 'minimal' ? { wal_level: 'replica' } : {}),
    // `always` archives what `on` does, and on a standby too.
    ...(value('archive_mode') === 'off' ? { archive_mode: 'on' } : {}),
    ...((value('archive_library') ?? '') === '' ? {} : { archive_library: '' }),
    archive_command: archiveCommand(request.folder),
    archive_timeout: String(request.archiveTimeout),
  }
}

const needsRestart: readonly string[] = ['wal_level', 'archive_mode']

/** Of those in `wanted`, and of the others for the whole picture; a value that waits for a restart counts as not in force. */
export function changesOf({ settings }: ArchiveSource, wanted: Wanted): SettingChange[] {
  return archiveSettings.flatMap((name) => {
    const setting = settings[name]
    if (!setting || (name === 'wal_level' && !(name in wanted))) return []
    const target = wanted[name]
    const next = target === undefined ? setting.value : (target ?? 'what the settings files say')
    const changes = target !== undefined && (target === null ? setting.ownValue !== null : target !== setting.value)
    const waits = setting.pendingRestart && needsRestart.includes(name)
    const takes = !changes && !waits ? 'nothing' : needsRestart.includes(name) ? 'restart' : 'reload'
    return [{ name, now: setting.value, next, from: setting.from, takes }]
  })
}

export function takesOf(changes: readonly SettingChange[]): SettingChange['takes'] {
  if (changes.some(({ takes }) => takes === 'restart')) return 'restart'
  return changes.some(({ takes }) => takes === 'reload') ? 'reload' : 'nothing'
}

export function statementsFor(changes: readonly SettingChange[], wanted: Wanted): string[] {
  return changes.flatMap(({ name, takes }) => {
    const target = archiveSettings.flatMap((known) => (known === name ? [wanted[known]] : []))[0]
    if (takes === 'nothing' || target === undefined) return []
    return [alterStatement(name, target)]
  })
}

export function alterStatement(name: string, value: string | null): string {
  return value === null ? `ALTER SYSTEM RESET ${name}` : `ALTER SYSTEM SET ${name} = ${quoteLiteral(value).trim()}`
}

export function showStatements(statements: readonly string[], takes: SettingChange['takes']): ShownCommand[] {
  if (statements.length === 0 && takes === 'nothing') return []
  const lines = [...statements, 'SELECT pg_reload_conf()'].map((statement) => `${statement};`)
  return [{ title: 'Settings', program: 'psql', version: null, words: lines, kind: 'sql' }]
}

/** The command or library of somebody else that would be replaced; null when there is none. */
export function foreignArchiving({ settings }: ArchiveSource): { setting: string; value: string } | null {
  const command = settings.archive_command?.value ?? ''
  const library = settings.archive_library?.value ?? ''
  if (library !== '') return { setting: 'archive_library', value: library }
  return command === '' || folderOfArchiveCommand(command) !== null ? null : { setting: 'archive_command', value: command }
}

export function suggestFolder(services: Pick<Services, 'paths'>, label: string): string {
  return join(services.paths.data, 'wal', slug(label))
}
