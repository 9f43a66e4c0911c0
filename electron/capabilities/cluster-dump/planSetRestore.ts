// Everything that is known before a set is restored: what the server has, what is created, each database's own checks.
import path from 'node:path'
import { type ClusterRestoreRequest, notForSetRestore } from '../../../shared/contracts/clusterDump'
import type { RestoreRequest } from '../../../shared/contracts/restore'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { SetDatabase } from '../../../shared/model/backupRecord'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { isAsked } from '../../../shared/tools/defineTool'
import { pgRestore } from '../../../shared/tools/pgRestore'
import { runSeveral } from '../../jobs/jobPart'
import { localeProblem, type NewTarget } from '../../postgres/newDatabase'
import { openServer } from '../../postgres/openServer'
import { freeOnServer } from '../../postgres/sameMachine'
import { type ExistingContent, readContent, readServer, type ServerState } from '../../postgres/serverState'
import { readTablespaces, type TablespaceFacts } from '../../postgres/tablespaceFacts'
import type { ResolvedConnection } from '../../services'
import { blockedBy, sortRows } from './commonRows'
import { type DatabaseSettings, readDatabaseSettings } from './databaseSettings'
import type { ClusterServices, Parts } from './parts'
import { type ChosenTool, findTool } from './planScript'
import { type DumpSet, readSet } from './readSet'
import { refuseOptions } from './refuseOptions'
import { setRestoreRows } from './setRestoreRows'

export interface PlannedDatabase {
  database: SetDatabase
  settings: DatabaseSettings
  /** What the restore capability is asked for. */
  request: RestoreRequest
  /** Of one that is there already; null for a new one. */
  content: ExistingContent | null
}

export interface SetRestorePlan {
  connection: ResolvedConnection
  set: DumpSet
  server: ServerState
  databases: PlannedDatabase[]
  /** Those to be created. */
  roles: string[]
  tablespaces: TablespaceFacts[]
  shown: ShownCommand[]
  preflight: PreflightRow[]
  blocked: string
}

const checkedTogether = 3

/** Throws AppError when the set or the server can't be used at all; what can be put right is a preflight row. */
export async function planSetRestore(
  services: ClusterServices,
  parts: Parts,
  request: ClusterRestoreRequest,
  signal: AbortSignal,
): Promise<SetRestorePlan> {
  refuseOptions(pgRestore, request.options, { keys: notForSetRestore, why: 'is not for a set' })
  const set = await readSet(request.source.path)
  const connection = await services.connections.resolve(request.connectionId)
  const { server, tablespaces } = await askServer(services, connection, request, set, signal)
  const reader = await chooseReader(services, set, server)
  const roles = request.globals ? set.roles.filter((name) => !server.roles.has(name)) : []
  const chosen = request.databases.map((name) => {
    const database = set.record.databases.find((each) => each.name === name)
    if (!database) throw new AppError('not_found', `The set holds no database ${name}.`)
    return database
  })
  const planned = await runSeveral(chosen, checkedTogether, (database) =>
    planDatabase({ services, connection, request, set, server, roles, tablespaces, reader }, database, signal),
  )
  signal.throwIfAborted()
  const databases = planned.map((each) => {
    if (each.status === 'rejected') throw each.reason
    return each.value
  })
  const checks = await runSeveral(databases, checkedTogether, (each) => parts.restore.check(each.request, signal))
  signal.throwIfAborted()
  const free = await freeOnServer(server.dataDirectory, connection.settings.host)
  const preflight = sortRows(setRestoreRows({ services, request, set, server, roles, tablespaces, databases, checks, free }))
  return {
    connection,
    set,
    server,
    databases,
    roles,
    tablespaces,
    shown: shownCommands(connection, request, set, { roles, tablespaces }, databases, checks),
    preflight,
    blocked: blockedBy(preflight),
  }
}

async function askServer(
  services: ClusterServices,
  connection: ResolvedConnection,
  request: ClusterRestoreRequest,
  set: DumpSet,
  signal: AbortSignal,
) {
  const client = await openServer(services, connection, signal)
  try {
    const server = await readServer(client)
    const missing = request.globals ? set.tablespaces.filter(({ name }) => !server.tablespaces.has(name)) : []
    const wanted = missing.map(({ name, location }) => ({ name, location: request.locations[name] ?? location }))
    return { server, tablespaces: await readTablespaces(client, server, connection.settings.host, wanted) }
  } finally {
    await client.end()
  }
}

/** To look at the archives: by the version that wrote them. */
async function chooseReader(services: ClusterServices, set: DumpSet, server: ServerState): Promise<ChosenTool> {
  const writer = set.record.tools.find(({ program }) => program === 'pg_dump')?.version ?? server.version
  const { tool, problem } = await findTool(services, 'pg_restore', writer)
  if (!tool) throw problem ?? new AppError('tool_missing', 'There is no pg_restore on this machine.')
  return tool
}

interface PlanFacts {
  services: ClusterServices
  connection: ResolvedConnection
  request: ClusterRestoreRequest
  set: DumpSet
  server: ServerState
  roles: readonly string[]
  tablespaces: readonly TablespaceFacts[]
  reader: ChosenTool
}

async function planDatabase(facts: PlanFacts, database: SetDatabase, signal: AbortSignal): Promise<PlannedDatabase> {
  const { services, connection, request, set, server, reader } = facts
  const settings = await readDatabaseSettings(services, reader, path.join(set.folder, database.artifact), signal)
  const there = server.databases.get(database.name)
  let content: ExistingContent | null = null
  if (there?.allowsConnections) {
    const client = await services.connections.open(connection, database.name, signal)
    try {
      content = await readContent(client)
    } finally {
      await client.end()
    }
  }
  return {
    database,
    settings,
    content,
    request: {
      connectionId: request.connectionId,
      source: { path: path.join(set.folder, database.folder) },
      // The one named postgres is in every cluster: empty, it is filled. Anything else there is a blocker of the checks.
      target: there ? { kind: 'existing', database: database.name } : newTarget(facts, database, settings.tablespace),
      options: request.options,
      analyze: request.analyze,
      continueOnError: request.continueOnError === true,
      singleTransaction: false,
      ...(request.checkRows === true ? { checkRows: true } : {}),
    },
  }
}

/** Owner and tablespace count as there when the globals bring them. */
function newTarget(facts: PlanFacts, { name, source }: SetDatabase, tablespace: string): NewTarget {
  const { request, server, roles, tablespaces } = facts
  const provider = source.localeProvider
  const owner = source.owner ?? ''
  const ownerThere = server.roles.has(owner) || roles.includes(owner)
  const placeThere = server.tablespaces.has(tablespace) || tablespaces.some((each) => each.name === tablespace)
  const wanted: NewTarget = {
    kind: 'new',
    database: name,
    owner: ownerThere && !isAsked(request.options.noOwner) ? owner : '',
    encoding: source.encoding ?? '',
    localeProvider: provider === 'libc' || provider === 'icu' || provider === 'builtin' ? provider : '',
    collate: source.collate ?? '',
    ctype: source.ctype ?? '',
    locale: provider === 'icu' || provider === 'builtin' ? (source.locale ?? '') : '',
    tablespace: placeThere && !isAsked(request.options.noTablespaces) ? tablespace : '',
  }
  return localeProblem(wanted, server.version) === undefined ? wanted : { ...wanted, localeProvider: 'libc', locale: '' }
}

function shownCommands(
  connection: ResolvedConnection,
  request: ClusterRestoreRequest,
  set: DumpSet,
  created: { roles: readonly string[]; tablespaces: readonly TablespaceFacts[] },
  databases: readonly PlannedDatabase[],
  checks: readonly PromiseSettledResult<{ commands: ShownCommand[] }>[],
): ShownCommand[] {
  const names = [
    ...created.roles.map((name) => `-- role ${name}`),
    ...created.tablespaces.map(({ name, location }) => `-- tablespace ${name} in ${location}`),
  ]
  const globals: ShownCommand = {
    title: `SQL on ${connection.label}, from ${set.record.globals?.path ?? 'the globals'}`,
    program: 'SQL',
    version: null,
    words: [names.join('\n')],
    kind: 'sql',
  }
  const each = checks.flatMap((check, at) => {
    const name = databases[at]?.database.name ?? ''
    return check.status === 'fulfilled'
      ? check.value.commands.map((command) => ({ ...command, title: `${name}: ${command.title}` }))
      : []
  })
  return [...(request.globals && names.length > 0 ? [globals] : []), ...each]
}
