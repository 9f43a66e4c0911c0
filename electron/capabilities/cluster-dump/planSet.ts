// Everything that is known before a set is dumped: the globals, each database's own checks, what they need together.
import path from 'node:path'
import { type ClusterSetRequest, notForSetDump } from '../../../shared/contracts/clusterDump'
import type { DumpRequest } from '../../../shared/contracts/dump'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import { pgDump } from '../../../shared/tools/pgDump'
import { pgDumpall } from '../../../shared/tools/pgDumpall'
import { shownWords } from '../../../shared/tools/showCommand'
import { runSeveral } from '../../jobs/jobPart'
import { type BackupPlace, placeBackup } from '../../library/backupFolder'
import { slug } from '../../library/slug'
import { databaseArgument } from '../../postgres/databaseArgument'
import type { ResolvedConnection } from '../../services'
import { blockedBy, placeRows, sortRows, standbyRows, toolRow } from './commonRows'
import type { ClusterServices, DumpPart } from './parts'
import { type ChosenTool, connectionValues, findTool } from './planScript'
import { type Cluster, readCluster, sizeOf } from './readCluster'
import { refuseOptions } from './refuseOptions'
import { setRows } from './setRows'

export const setGlobalsName = 'globals.sql'
export const databasesFolder = 'databases'

export interface SetPlan {
  connection: ResolvedConnection
  cluster: Cluster
  place: BackupPlace
  globals: { tool: ChosenTool; command: BuiltCommand; shown: ShownCommand } | null
  toolProblem: AppError | null
  shown: ShownCommand[]
  preflight: PreflightRow[]
  blocked: string
}

/** Previews ask this many databases at most each: the rest is checked when the job begins. */
const checkedTogether = 4

/**
 * Without `dump` the databases' own checks are left out: the dump of each makes them again when it begins. Throws AppError
 * when the server can't be asked; the rest becomes rows.
 */
export async function planSet(
  services: ClusterServices,
  dump: DumpPart | null,
  request: ClusterSetRequest,
  place: BackupPlace,
  signal: AbortSignal,
): Promise<SetPlan> {
  refuseOptions(pgDump, request.options, { keys: notForSetDump, why: 'is not for a set' })
  const twice = request.databases.find((name, at) => request.databases.indexOf(name) !== at)
  if (twice !== undefined) throw new AppError('bad_input', `The database ${twice} is asked for twice.`)
  const connection = await services.connections.resolve(request.connectionId)
  const cluster = await readCluster(services, connection, signal)
  const { tool, problem } = await findTool(services, 'pg_dumpall', cluster.version)
  const globals = tool && planGlobals(request, connection, tool, cluster.version, place.partial)
  const there = (dump ? request.databases : []).filter((name) =>
    cluster.databases.some((each) => each.name === name && each.mayConnect),
  )
  const checks = dump
    ? await runSeveral(there, checkedTogether, (name) =>
        dump.check(requestOf(request, name), placeOf(place, request.databases, name), signal),
      )
    : []
  signal.throwIfAborted()
  const answered = checks.map((check, at) => ({ name: there[at] ?? '', check }))
  const size = sizeOf(cluster.databases.filter(({ name }) => request.databases.includes(name)))
  const preflight = sortRows([
    ...toolRow(tool, problem, cluster.version),
    ...setRows({ request, cluster, answered, problems: globals?.command.problems ?? [] }),
    ...(await placeRows(request.library, size, true)),
    ...standbyRows(cluster),
  ])
  const ofDatabases = answered.flatMap(({ name, check }) =>
    check.status === 'fulfilled'
      ? check.value.commands.map((command) => ({ ...command, title: `${name}: ${command.title}` }))
      : [],
  )
  return {
    connection,
    cluster,
    place,
    globals,
    toolProblem: problem,
    shown: [...(globals ? [globals.shown] : []), ...ofDatabases],
    preflight,
    blocked: blockedBy(preflight),
  }
}

export function placeSet(services: ClusterServices, request: ClusterSetRequest, at: Date, attempt: number): BackupPlace {
  const only = request.databases.length === 1 ? request.databases[0] : undefined
  return placeBackup({
    library: request.library,
    serverLabel: services.connections.get(request.connectionId).label,
    kind: 'dump-set',
    database: only ?? `${request.databases.length} databases`,
    label: request.label,
    at,
    attempt,
  })
}

/** The dump of one database, as the dump capability takes it. Its globals are the set's. */
export function requestOf(request: ClusterSetRequest, database: string): DumpRequest {
  const { connectionId, options, library } = request
  return { connectionId, database, format: 'directory', options, globals: false, library, label: '' }
}

/** Numbered, since names that differ in case or in odd characters only must not share a folder. */
export function folderOf(databases: readonly string[], name: string): string {
  const width = Math.max(2, String(databases.length).length)
  const number = String(databases.indexOf(name) + 1).padStart(width, '0')
  return `${databasesFolder}/${number}-${slug(name)}`
}

/** Inside the set's own unfinished folder. */
export function placeOf(set: BackupPlace, databases: readonly string[], name: string): BackupPlace {
  const final = path.join(set.partial, folderOf(databases, name))
  return { partial: `${final}.partial`, final }
}

function planGlobals(
  request: ClusterSetRequest,
  connection: ResolvedConnection,
  tool: ChosenTool,
  server: number,
  folder: string,
): NonNullable<SetPlan['globals']> {
  const { database } = connection.settings
  const command = buildCommand(
    pgDumpall,
    {
      ...connectionValues(connection),
      database: databaseArgument(database === '' ? 'postgres' : database),
      globalsOnly: true,
      noRolePasswords: !request.rolePasswords,
      lockWaitTimeout: request.options.lockWaitTimeout ?? '',
      file: path.join(folder, setGlobalsName),
    },
    { tool: tool.version, server },
  )
  const shown: ShownCommand = {
    title: 'Roles and tablespaces',
    program: command.program,
    version: tool.version,
    words: shownWords(command.argv),
    kind: 'program',
  }
  return { tool, command, shown }
}
