// Everything that is known before a dump runs: programs, commands, place, checks. Preview shows it, start and the job obey it.
import path from 'node:path'
import type { DumpRequest } from '../../../shared/contracts/dump'
import type { JobIssue, ShownCommand } from '../../../shared/jobs/job'
import type { PgVersion } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import type { BuiltCommand } from '../../../shared/tools/buildCommand'
import { isAsked } from '../../../shared/tools/defineTool'
import { pgDump } from '../../../shared/tools/pgDump'
import { type BackupPlace, placeBackup } from '../../library/backupFolder'
import { freeBytes, writeProblem } from '../../library/freeSpace'
import { shownReadCommand } from '../../library/readInFull'
import { type DumpSource, readSource } from '../../postgres/readSource'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'
import { artifactNames, dumpCommand, globalsCommand, shownCommand } from './dumpCommands'
import { type FilterFile, filterFileFor } from './filterFile'
import { checkDump } from './preflightDump'
import { type Selection, selectTables } from './selection'

export interface ChosenTool {
  path: string
  version: PgVersion
  program: string
}

export interface DumpPlan {
  connection: ResolvedConnection
  source: DumpSource
  selection: Selection
  place: BackupPlace
  /** What pg_dump writes, in the unfinished folder. */
  archive: string
  dump: { tool: ChosenTool; command: BuiltCommand } | null
  /** Holds the selection where it is too long for the command; written when the job runs. */
  filterFile: FilterFile | null
  globals: { tool: ChosenTool; command: BuiltCommand; rolePasswords: boolean } | null
  /** Reads archives; null for scripts. */
  reader: ChosenTool | null
  /** Why no program fits; null when all are there. */
  toolProblem: AppError | null
  shown: ShownCommand[]
  preflight: PreflightRow[]
  /** Blockers in one sentence, '' when it may start. */
  blocked: string
}

export type DumpServices = Pick<Services, 'connections' | 'tools' | 'paths' | 'spawn' | 'settings' | 'jobs'>

/** The form may set what the table offers it; what the application sets itself would be a way around the checks. */
export function refuseOwnedOptions(request: DumpRequest): void {
  for (const [key, value] of Object.entries(request.options)) {
    const option = pgDump.options.find((candidate) => candidate.key === key)
    if (!option) throw new AppError('bad_input', `pg_dump has no option named ${JSON.stringify(key)}.`)
    if (option.owned && isAsked(value)) {
      throw new AppError('bad_input', `${option.flag} is set by Walkback itself.`, { hint: 'Leave it out of the options.' })
    }
  }
}

/** Asks the server and the disk anew each time. Throws AppError when the server can't be asked; the rest becomes rows. */
export async function planDump(
  services: DumpServices,
  request: DumpRequest,
  place: BackupPlace,
  signal: AbortSignal,
): Promise<DumpPlan> {
  refuseOwnedOptions(request)
  const connection = await services.connections.resolve(request.connectionId)
  const source = await askServer(services, connection, request, signal)
  const server = source.record.serverVersion
  const { dumpTool, globalsTool, reader, problem } = await chooseTools(services, request, server)
  const long = dumpTool && filterFileFor(request.options, dumpTool.version, services.paths.scratch)
  const dump = dumpTool && {
    tool: dumpTool,
    command: dumpCommand(request, connection, dumpTool.version, server, place.partial, long?.options),
  }
  const globals = globalsTool && {
    tool: globalsTool,
    command: globalsCommand(request, connection, globalsTool.version, server, place.partial, source.superuser),
    rolePasswords: source.superuser,
  }
  const selection = selectTables(source.tables, request.options)
  const preflight = checkDump({
    request,
    source,
    selection,
    toolProblem: problem,
    tool: dumpTool,
    problems: [...(dump?.command.problems ?? []), ...(globals?.command.problems ?? [])],
    writeProblem: await writeProblem(request.library),
    freeBytes: await freeBytes(request.library),
  })
  const blockers = preflight.filter((row) => row.result === 'blocker')
  const archive = path.join(place.partial, artifactNames[request.format])
  const read = reader && shownReadCommand(reader, request.format, archive)
  return {
    connection,
    source,
    selection,
    place,
    archive,
    dump,
    filterFile: long?.file ?? null,
    globals,
    reader,
    toolProblem: problem,
    shown: [
      ...(globals ? [shownCommand('Roles and tablespaces', globals.command, globals.tool.version)] : []),
      ...(dump ? [shownCommand('Database', dump.command, dump.tool.version)] : []),
      ...(read ? [read] : []),
    ],
    preflight,
    blocked: blockers.map((row) => row.found).join(' '),
  }
}

/** The place of a request at this moment; `attempt` counts up when the name is taken. */
export function placeDump(services: DumpServices, request: DumpRequest, at: Date, attempt: number): BackupPlace {
  return placeBackup({
    library: request.library,
    serverLabel: services.connections.get(request.connectionId).label,
    kind: 'dump',
    database: request.database,
    label: request.label,
    at,
    attempt,
  })
}

/** Of the version-mismatch kind where a program is too old, so that start can refuse by it before anything is written. */
export function refusal(plan: DumpPlan): AppError | null {
  if (plan.toolProblem) return plan.toolProblem
  if (plan.blocked === '') return null
  return new AppError('preflight', plan.blocked, { hint: 'Put right what the checks name, then start again.' })
}

/** Warnings of the checks that belong to the backup for good. */
export function standingWarnings(plan: DumpPlan): JobIssue[] {
  if (!plan.globals || plan.globals.rolePasswords) return []
  return [
    {
      severity: 'warning',
      object: '',
      objectKind: '',
      entry: '',
      message: 'The roles were saved without their passwords, which only a superuser may read.',
      statement: '',
      harmless: null,
      advice: 'Roles made from this backup need new passwords (ALTER ROLE ... PASSWORD), or dump as a superuser.',
      logLine: null,
    },
  ]
}

async function askServer(
  services: DumpServices,
  connection: ResolvedConnection,
  request: DumpRequest,
  signal: AbortSignal,
): Promise<DumpSource> {
  const role = request.options.role
  const work = { connections: services.connections, connection, database: request.database, signal }
  try {
    return await withClient(work, (client) => readSource(client, request.database, typeof role === 'string' ? role : ''))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '42704') {
      throw new AppError('bad_input', `There is no role ${String(role)} on this server.`, {
        hint: 'Correct the name after --role.',
        cause: error,
      })
    }
    throw error
  }
}

async function chooseTools(services: DumpServices, request: DumpRequest, server: PgVersion) {
  const found: {
    dumpTool: ChosenTool | null
    globalsTool: ChosenTool | null
    reader: ChosenTool | null
    problem: AppError | null
  } = {
    dumpTool: null,
    globalsTool: null,
    reader: null,
    problem: null,
  }
  try {
    found.dumpTool = await services.tools.forServer('pg_dump', server)
    if (request.globals) found.globalsTool = await services.tools.forServer('pg_dumpall', server)
    // The archive is pg_dump's, so its version counts and not the server's.
    if (request.format !== 'plain') found.reader = await services.tools.forServer('pg_restore', found.dumpTool.version)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    found.problem = error
  }
  return found
}
