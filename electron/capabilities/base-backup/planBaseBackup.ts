// Everything that is known before a base backup runs: program, command, place, checks. Preview, start and job obey it.
import path from 'node:path'
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { BackupRecord, BaseBackupRecord } from '../../../shared/model/backupRecord'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { isAsked, type OptionValues } from '../../../shared/tools/defineTool'
import { pgBasebackup } from '../../../shared/tools/pgBasebackup'
import { writeMapping } from '../../../shared/tools/physicalOptions'
import { shownWords } from '../../../shared/tools/showCommand'
import { type BackupPlace, placeBackup } from '../../library/backupFolder'
import { freeBytes, writeProblem } from '../../library/freeSpace'
import { readRecord } from '../../library/recordFile'
import { type PhysicalSource, readPhysicalSource } from '../../postgres/readPhysicalSource'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'
import { checkBaseBackup } from './preflightBase'

/** What pg_basebackup writes, within the backup's folder. */
export const dataName = 'data'
/** Plain backups: one folder for each tablespace, by its oid. */
export const tablespacesName = 'tablespaces'

export interface BaseTool {
  path: string
  version: number
  program: string
}

export interface BaseBackupPlan {
  connection: ResolvedConnection
  source: PhysicalSource
  place: BackupPlace
  tool: BaseTool | null
  command: BuiltCommand | null
  verifier: BaseTool | null
  parent: { folder: string; record: BaseBackupRecord } | null
  shown: ShownCommand[]
  preflight: PreflightRow[]
  toolProblem: AppError | null
  /** Blockers in one sentence, '' when it may start. */
  blocked: string
}

export type BaseBackupServices = Pick<Services, 'connections' | 'tools' | 'paths' | 'spawn' | 'settings' | 'jobs'>

/** Asks the server and the disk anew each time. Throws AppError when the server can't be asked; the rest becomes rows. */
export async function planBaseBackup(
  services: BaseBackupServices,
  request: BaseBackupRequest,
  place: BackupPlace,
  signal: AbortSignal,
): Promise<BaseBackupPlan> {
  refuseOwnedOptions(request)
  const connection = await services.connections.resolve(request.connectionId)
  const source = await withClient({ connections: services.connections, connection, signal }, readPhysicalSource)
  const { tool, verifier, problem } = await chooseTools(services, source.version)
  const parent = request.parent === null ? null : await readParent(request.parent)
  const command = tool && buildCommand(pgBasebackup, commandValues(request, connection, source, place, parent), of(tool, source))
  const preflight = checkBaseBackup({
    request,
    source,
    host: connection.settings.host,
    tool,
    toolProblem: problem,
    verifier,
    parent: parent?.record ?? null,
    problems: command?.problems ?? [],
    writeProblem: await writeProblem(request.library),
    freeBytes: await freeBytes(request.library),
  })
  return {
    connection,
    source,
    place,
    tool,
    command,
    verifier,
    parent,
    shown: tool && command ? [shownCommand(command, tool)] : [],
    preflight,
    toolProblem: problem,
    blocked: preflight
      .filter((row) => row.result === 'blocker')
      .map((row) => row.found)
      .join(' '),
  }
}

const of = (tool: BaseTool, source: PhysicalSource) => ({ tool: tool.version, server: source.version })

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
  if (plan.blocked === '') return null
  return new AppError('preflight', plan.blocked, { hint: 'Put right what the checks name, then start again.' })
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
  parent: BaseBackupPlan['parent'],
): OptionValues {
  const plain = request.format === 'plain'
  return {
    ...request.options,
    host: settings.host,
    port: settings.port,
    username: settings.user,
    noPassword: true,
    pgdata: path.join(place.partial, dataName),
    format: request.format,
    // Without a mapping the tablespaces of a plain backup would go to the server's own paths.
    tablespaceMapping: plain
      ? source.tablespaces.map((space) => writeMapping(space.location, tablespaceFolder(place.partial, space.oid)))
      : [],
    ...(parent?.record.manifest ? { incremental: path.join(parent.folder, parent.record.manifest.path) } : {}),
    progress: true,
    verbose: true,
  }
}

export function tablespaceFolder(folder: string, oid: string): string {
  return path.join(folder, tablespacesName, oid)
}

async function readParent(folder: string): Promise<{ folder: string; record: BaseBackupRecord }> {
  const record: BackupRecord = await readRecord(folder)
  if (record.kind === 'base-backup') return { folder, record }
  throw new AppError('bad_input', `${folder} is no base backup.`, { hint: 'An incremental backup builds on a base backup.' })
}

async function chooseTools(services: BaseBackupServices, server: number) {
  const found: { tool: BaseTool | null; verifier: BaseTool | null; problem: AppError | null } = {
    tool: null,
    verifier: null,
    problem: null,
  }
  try {
    found.tool = await services.tools.forServer('pg_basebackup', server)
    found.verifier = await services.tools.forServer('pg_verifybackup', server)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    found.problem = error
  }
  return found
}

function shownCommand(command: BuiltCommand, tool: BaseTool): ShownCommand {
  return {
    title: 'Base backup',
    program: command.program,
    version: tool.version,
    words: shownWords(command.argv),
    kind: 'program',
  }
}
