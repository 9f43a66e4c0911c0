// Everything that is known before pg_dumpall runs: program, command, place, checks. Preview shows it, the job obeys it.
import path from 'node:path'
import type { ClusterScriptRequest } from '../../../shared/contracts/clusterDump'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { isAsked, type OptionValues } from '../../../shared/tools/defineTool'
import { pgDumpall } from '../../../shared/tools/pgDumpall'
import { shownWords } from '../../../shared/tools/showCommand'
import { type BackupPlace, placeBackup } from '../../library/backupFolder'
import { databaseArgument } from '../../postgres/databaseArgument'
import type { ResolvedConnection } from '../../services'
import { blockedBy, placeRows, sortRows, standbyRows, toolRow } from './commonRows'
import type { ClusterServices } from './parts'
import { type Cluster, readCluster, sizeOf } from './readCluster'
import { refuseOptions } from './refuseOptions'
import { databasesOfScript, scriptRows } from './scriptRows'

export const scriptName = 'cluster.sql'

export interface ChosenTool {
  program: string
  path: string
  version: number
}

export interface ScriptPlan {
  connection: ResolvedConnection
  cluster: Cluster
  place: BackupPlace
  tool: ChosenTool | null
  toolProblem: AppError | null
  command: BuiltCommand | null
  shown: ShownCommand[]
  /** Databases that the script will bring, as far as exact names tell. */
  databases: string[]
  /** A pattern or a filter file leaves some out: only pg_dumpall knows which. */
  uncertain: boolean
  preflight: PreflightRow[]
  blocked: string
}

/** The switch of pg_dumpall for what is asked for; none for everything. */
const contentFlags: Readonly<Record<ClusterScriptRequest['what'], OptionValues>> = {
  cluster: {},
  globals: { globalsOnly: true },
  roles: { rolesOnly: true },
  tablespaces: { tablespacesOnly: true },
}

const contentKeys = ['globalsOnly', 'rolesOnly', 'tablespacesOnly']

/** Throws AppError when the server can't be asked; the rest becomes rows. */
export async function planScript(
  services: ClusterServices,
  request: ClusterScriptRequest,
  place: BackupPlace,
  signal: AbortSignal,
): Promise<ScriptPlan> {
  refuseOptions(pgDumpall, request.options, { keys: contentKeys, why: 'is set by Walkback itself' })
  const connection = await services.connections.resolve(request.connectionId)
  const cluster = await readCluster(services, connection, signal)
  const { tool, problem } = await findTool(services, 'pg_dumpall', cluster.version)
  const command = tool && scriptCommand(request, connection, tool.version, cluster.version, place.partial)
  const { databases, uncertain } = databasesOfScript(request, cluster)
  const size = sizeOf(cluster.databases.filter(({ name }) => databases.includes(name)))
  const preflight = sortRows([
    ...toolRow(tool, problem, cluster.version),
    ...scriptRows({ request, cluster, databases, problems: command?.problems ?? [] }),
    ...(await placeRows(request.library, hasRows(request) ? size : 0n, false)),
    ...(request.what === 'cluster' ? standbyRows(cluster) : []),
  ])
  return {
    connection,
    cluster,
    place,
    tool,
    toolProblem: problem,
    command,
    shown: tool && command ? [shownScript(command, tool.version)] : [],
    databases,
    uncertain,
    preflight,
    blocked: blockedBy(preflight),
  }
}

export function placeScript(services: ClusterServices, request: ClusterScriptRequest, at: Date, attempt: number): BackupPlace {
  return placeBackup({
    library: request.library,
    serverLabel: services.connections.get(request.connectionId).label,
    kind: 'cluster-dump',
    database: request.what,
    label: request.label,
    at,
    attempt,
  })
}

/** null and the reason where none fits. */
export async function findTool(
  services: ClusterServices,
  program: string,
  server: number,
): Promise<{ tool: ChosenTool | null; problem: AppError | null }> {
  try {
    return { tool: await services.tools.forServer(program, server), problem: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { tool: null, problem: error }
  }
}

/** Of the version-mismatch kind where the program is too old, so that start can refuse by it before anything is written. */
export function refusalOf(plan: { toolProblem: AppError | null; blocked: string }): AppError | null {
  if (plan.toolProblem) return plan.toolProblem
  if (plan.blocked === '') return null
  return new AppError('preflight', plan.blocked, { hint: 'Put right what the checks name, then start again.' })
}

export function connectionValues({ settings }: ResolvedConnection): OptionValues {
  return { host: settings.host, port: settings.port, username: settings.user, noPassword: true }
}

function scriptCommand(
  request: ClusterScriptRequest,
  connection: ResolvedConnection,
  tool: number,
  server: number,
  folder: string,
): BuiltCommand {
  const { database } = connection.settings
  const values: OptionValues = {
    ...request.options,
    ...contentFlags[request.what],
    ...connectionValues(connection),
    // Where it looks for the others; pg_dumpall expands a connection string here.
    database: databaseArgument(database === '' ? 'postgres' : database),
    verbose: true,
    file: path.join(folder, scriptName),
  }
  return buildCommand(pgDumpall, values, { tool, server })
}

function shownScript(command: BuiltCommand, version: number): ShownCommand {
  return { title: 'Cluster', program: command.program, version, words: shownWords(command.argv), kind: 'program' }
}

function hasRows({ what, options }: ClusterScriptRequest): boolean {
  return what === 'cluster' && !isAsked(options.schemaOnly) && !isAsked(options.noData) && !isAsked(options.statisticsOnly)
}
