// Everything that is known before a base backup runs: programs, commands, place, checks. Preview, start and job obey it.
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import type { ReadinessRow } from '../../../shared/contracts/connections'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { BaseBackupRecord } from '../../../shared/model/backupRecord'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { isAsked, type OptionValues } from '../../../shared/tools/defineTool'
import { pgBasebackup } from '../../../shared/tools/pgBasebackup'
import { writeMapping } from '../../../shared/tools/physicalOptions'
import { shownWords } from '../../../shared/tools/showCommand'
import { type BackupPlace, placeBackup } from '../../library/backupFolder'
import { freeBytes, writeProblem } from '../../library/freeSpace'
import { blockedSentence } from '../../library/preflightRow'
import { readRecord } from '../../library/recordFile'
import { readReadiness } from '../../postgres/readiness'
import { type PhysicalSource, readPhysicalSource } from '../../postgres/readPhysicalSource'
import { readServerFacts } from '../../postgres/serverFacts'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'
import { type BaseTool, planVerify, type VerifyPlan } from './planVerify'
import { checkBaseBackup } from './preflightBase'
import { tablespaceFolder } from './tablespaceLinks'

/** What pg_basebackup writes, within the backup's folder. */
export const dataName = 'data'
/** Copies of settings files that were outside the data directory, by their path there. */
export const settingsName = 'settings'

export interface BaseBackupPlan {
  connection: ResolvedConnection
  source: PhysicalSource
  place: BackupPlace
  /** Where else than in a library it goes; null when it goes there. */
  target: string | null
  tool: BaseTool | null
  command: BuiltCommand | null
  verify: VerifyPlan
  parent: BaseParentPlan | null
  shown: ShownCommand[]
  preflight: PreflightRow[]
  toolProblem: AppError | null
  /** Blockers in one sentence, '' when it may start. */
  blocked: string
}

export interface BaseParentPlan {
  folder: string
  record: BaseBackupRecord
  /** Its manifest is on disk. */
  manifest: boolean
}

export type BaseBackupServices = Pick<Services, 'connections' | 'tools' | 'paths' | 'spawn' | 'settings' | 'jobs' | 'archives'>

/** Asks the server and the disk anew each time. Throws AppError when the server can't be asked; the rest becomes rows. */
export async function planBaseBackup(
  services: BaseBackupServices,
  request: BaseBackupRequest,
  place: BackupPlace,
  signal: AbortSignal,
): Promise<BaseBackupPlan> {
  refuseOwnedOptions(request)
  const connection = await services.connections.resolve(request.connectionId)
  const { source, readiness } = await askServer(services, connection, signal)
  const { tool, problem } = await chooseTool(services, source.version)
  const parent = request.parent === null ? null : await readParent(request.parent)
  const target = isAsked(request.options.target) ? String(request.options.target) : null
  const values = commandValues(request, connection, source, place, parent, target)
  const command = tool && buildCommand(pgBasebackup, values, { tool: tool.version, server: source.version })
  const verify = await planVerify(services.tools, request, source, path.join(place.partial, dataName), target)
  const preflight = checkBaseBackup({
    request,
    source,
    readiness,
    target,
    tool,
    toolProblem: problem,
    verify,
    parent,
    archives: services.archives.list(),
    problems: command?.problems ?? [],
    writeProblem: await writeProblem(request.library),
    freeBytes: await freeBytes(request.library),
  })
  return {
    connection,
    source,
    place,
    target,
    tool,
    command,
    verify,
    parent,
    shown: [...(tool && command ? [shownCommand('Base backup', command, tool)] : []), ...verify.shown],
    preflight,
    toolProblem: problem,
    blocked: blockedSentence(preflight),
  }
}

export function placeBaseBackup(
  services: Pick<Services, 'connections'>,
  request: BaseBackupRequest,
  at: Date,
  attempt: number,
): BackupPlace {
  return placeBackup({
    library: request.library,
    serverLabel: services.connections.get(request.connectionId).label,
    kind: 'base-backup',
    database: request.parent === null ? 'cluster' : 'incremental',
    label: request.label,
    at,
    attempt,
  })
}

/** Of the version-mismatch kind where a program is too old, so that start can refuse by it before anything is written. */
export function refusal(plan: BaseBackupPlan): AppError | null {
  if (plan.toolProblem) return plan.toolProblem
  const blockers = plan.preflight.filter((row) => row.result === 'blocker')
  if (blockers.length === 0) return null
  const found = blockers.map((row) => `${row.check}: ${row.found}`).join(' ')
  return new AppError('preflight', found, { hint: 'Put right what the checks name, then start again.' })
}

/** The form may set what the table offers it; what the application sets itself would be a way around the checks. */
function refuseOwnedOptions(request: BaseBackupRequest): void {
  for (const [key, value] of Object.entries(request.options)) {
    const option = pgBasebackup.options.find((candidate) => candidate.key === key)
    if (!option) throw new AppError('bad_input', `pg_basebackup has no option named ${JSON.stringify(key)}.`)
    if (option.owned && isAsked(value)) {
      throw new AppError('bad_input', `${option.flag} is set by Walkback itself.`, { hint: 'Leave it out of the options.' })
    }
  }
}

function commandValues(
  request: BaseBackupRequest,
  { settings }: ResolvedConnection,
  source: PhysicalSource,
  place: BackupPlace,
  parent: BaseParentPlan | null,
  target: string | null,
): OptionValues {
  const here: OptionValues = {
    pgdata: path.join(place.partial, dataName),
    format: request.format,
    // Without a mapping the tablespaces of a plain backup would go to the server's own paths.
    tablespaceMapping:
      request.format === 'plain'
        ? source.tablespaces
            // One "in place" lies in pg_tblspc itself and has no path of its own.
            .filter((space) => path.posix.isAbsolute(space.location) || path.win32.isAbsolute(space.location))
            .map((space) => writeMapping(space.location, tablespaceFolder(place.partial, space.oid)))
        : [],
  }
  return {
    ...request.options,
    host: settings.host,
    port: settings.port,
    username: settings.user,
    noPassword: true,
    ...(target === null ? here : {}),
    ...(parent?.record.manifest ? { incremental: path.join(parent.folder, parent.record.manifest.path) } : {}),
    progress: true,
    verbose: true,
  }
}

async function askServer(
  services: BaseBackupServices,
  connection: ResolvedConnection,
  signal: AbortSignal,
): Promise<{ source: PhysicalSource; readiness: ReadinessRow[] }> {
  return withClient({ connections: services.connections, connection, signal }, async (client) => {
    // Before the readiness, whose own replication connection takes a sender for a moment.
    const source = await readPhysicalSource(client)
    return { source, readiness: await readReadiness(client, await readServerFacts(client), connection, signal) }
  })
}

async function readParent(folder: string): Promise<BaseParentPlan> {
  const record = await readRecord(folder)
  if (record.kind !== 'base-backup') {
    throw new AppError('bad_input', `${folder} is no base backup.`, { hint: 'An incremental backup builds on a base backup.' })
  }
  return { folder, record, manifest: record.manifest !== null && existsSync(path.join(folder, record.manifest.path)) }
}

async function chooseTool(services: BaseBackupServices, server: number) {
  try {
    return { tool: (await services.tools.forServer('pg_basebackup', server)) satisfies BaseTool, problem: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { tool: null, problem: error }
  }
}

export function shownCommand(title: string, command: BuiltCommand, tool: BaseTool): ShownCommand {
  return { title, program: command.program, version: tool.version, words: shownWords(command.argv), kind: 'program' }
}
