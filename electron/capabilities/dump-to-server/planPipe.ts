// Everything that is known before a database goes to another server: programs, commands, both servers, what is missing.
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import type { PipeRequest } from '../../../shared/contracts/pipe'
import type { ShownCommand } from '../../../shared/jobs/job'
import { quoteIdentifier } from '../../../shared/model/identifier'
import type { PgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand, type CommandProblem } from '../../../shared/tools/buildCommand'
import { isAsked, type OptionValues, type Tool } from '../../../shared/tools/defineTool'
import { pgDump } from '../../../shared/tools/pgDump'
import { pgRestore } from '../../../shared/tools/pgRestore'
import { shownWords } from '../../../shared/tools/showCommand'
import { analyzeCommand, type PlannedAnalyze, planAnalyze } from '../../library/analyzeDatabase'
import { freeBytes } from '../../library/freeSpace'
import { databaseArgument } from '../../postgres/databaseArgument'
import { checkLocale, type LocaleAnswer } from '../../postgres/localeCheck'
import { createDatabaseSql, nameBeside } from '../../postgres/newDatabase'
import { withServer } from '../../postgres/openServer'
import { type DumpSource, readSource } from '../../postgres/readSource'
import { type ExistingContent, readContent, readServer, type ServerState } from '../../postgres/serverState'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'
import { type PipeNeeds, readNeeds } from './readNeeds'

export type PipeServices = Pick<Services, 'connections' | 'tools' | 'spawn' | 'jobs'>
export type ChosenTool = Awaited<ReturnType<Services['tools']['forServer']>>
/** A program, or why none fits. */
export type ToolAnswer = { tool: ChosenTool; problem: null } | { tool: null; problem: AppError }

export interface PipePlan {
  request: PipeRequest
  source: { connection: ResolvedConnection; facts: DumpSource; needs: PipeNeeds }
  destination: {
    connection: ResolvedConnection
    server: ServerState
    content: ExistingContent | null
    /** Of a new database. */
    locale: LocaleAnswer | null
    freeBytes: bigint | null
  }
  /** What is copied into: the destination itself, or a database that takes its name when it is whole. */
  database: string
  /** When it was planned: that name is made from it. */
  now: Date
  dump: { tool: ChosenTool; command: BuiltCommand } | null
  restore: { tool: ChosenTool; command: BuiltCommand } | null
  toolProblems: AppError[]
  problems: CommandProblem[]
  createSql: string | null
  /** null for a database that exists. */
  renameSql: string | null
  analyze: PlannedAnalyze | null
  shown: ShownCommand[]
}

/** What the pipe sets itself, or what can't be done through one. */
const notHere: Readonly<Record<string, string>> = {
  snapshot: 'Walkback takes the snapshot itself, so that the rows can be counted in it.',
  compress: 'What goes through a pipe is not compressed: it is unpacked again at once.',
  create: 'The destination chosen here is restored into, not the database named in the archive.',
  clean: 'pg_dump’s --clean is for scripts; choose it for pg_restore.',
  jobs: 'A pipe can’t be read by several jobs: dump to a directory and restore that instead.',
}

/** Throws AppError when a server can't be asked; what can be put right becomes a row of the checks. */
export async function planPipe(
  services: PipeServices,
  asked: PipeRequest,
  signal?: AbortSignal,
  now = new Date(),
): Promise<PipePlan> {
  const request = normalRequest(asked)
  const { connections } = services
  const from = await connections.resolve(request.connectionId)
  const into = await connections.resolve(request.destinationId)
  const source = await withClient(
    { connections, connection: from, database: request.database, ...(signal ? { signal } : {}) },
    async (client) => ({ facts: await readSource(client, request.database), needs: await readNeeds(client) }),
  )
  const { target } = request
  const { server, locale } = await withServer(
    services,
    into,
    async (client) => {
      const read = await readServer(client)
      return { server: read, locale: target.kind === 'new' ? await checkLocale(client, target, read.encoding) : null }
    },
    signal,
  )
  const database = target.kind === 'new' ? nameBeside(target.database, 'copying', now, server.databases) : target.database
  const opens = target.kind === 'existing' && server.databases.get(target.database)?.allowsConnections === true
  const content = opens
    ? await withClient({ connections, connection: into, database: target.database, ...(signal ? { signal } : {}) }, readContent)
    : null
  const tools = await choosePrograms(services, source.facts.record.serverVersion, server.version)
  const dump = tools.dump.tool && {
    tool: tools.dump.tool,
    command: dumpCommand(request, from, tools.dump.tool.version, source.facts.record.serverVersion),
  }
  const restore = tools.restore.tool && {
    tool: tools.restore.tool,
    command: restoreCommand(request, database, into, tools.restore.tool.version, server.version),
  }
  const createSql = target.kind === 'new' ? createDatabaseSql({ ...target, database }, server.version) : null
  const renameSql =
    target.kind === 'new' ? `ALTER DATABASE ${quoteIdentifier(database)} RENAME TO ${quoteIdentifier(target.database)}` : null
  const installations = await services.tools.installations()
  const where = ` on ${into.label}`
  const analyze = request.analyze ? planAnalyze(into, database, server.version, { installations, where }) : null
  return {
    request,
    source: { connection: from, ...source },
    destination: { connection: into, server, content, locale, freeBytes: await freeThere(into, server) },
    database,
    now,
    dump,
    restore,
    toolProblems: [tools.dump.problem, tools.restore.problem].filter((problem) => problem !== null),
    problems: [
      ...(dump?.command.problems ?? []),
      ...(restore?.command.problems ?? []),
      ...refused(pgDump, request.dumpOptions, ['snapshot', 'compress', 'create', 'clean']),
      ...refused(pgRestore, request.restoreOptions, ['create', 'jobs']),
    ],
    createSql,
    renameSql,
    analyze,
    shown: [
      ...(createSql === null ? [] : [sqlCommand(`SQL${where}`, createSql)]),
      ...pipeCommand(dump, restore),
      ...(request.analyze ? [analyzeCommand(analyze, where)] : []),
      ...(renameSql === null ? [] : [sqlCommand('At the end, when it is whole', renameSql)]),
    ],
  }
}

/** Only where the data directory is on this machine; null everywhere else. */
async function freeThere({ settings: { host } }: ResolvedConnection, server: ServerState): Promise<bigint | null> {
  const here = /^[/@]|^$/.test(host) || ['localhost', '127.0.0.1', '::1', hostname()].includes(host)
  // A forwarded port looks local too: then the folder is not here.
  return here && server.dataDirectory !== null && existsSync(server.dataDirectory) ? freeBytes(server.dataDirectory) : null
}

/** Fixes of the checks set any switch by its name; two of them are the request's own. */
function normalRequest(request: PipeRequest): PipeRequest {
  const { continueOnError, analyze, ...restoreOptions } = request.restoreOptions
  return {
    ...request,
    restoreOptions,
    continueOnError: request.continueOnError || continueOnError === true,
    analyze: typeof analyze === 'boolean' ? analyze : request.analyze,
  }
}

/**
 * pg_dump of the source's own major, else the nearest newer: never older, and no newer than need be. pg_restore must read what
 * that one writes, and fits the destination best in its own major.
 */
export async function choosePrograms(
  services: Pick<PipeServices, 'tools'>,
  source: PgVersion,
  destination: PgVersion,
): Promise<{ dump: ToolAnswer; restore: ToolAnswer }> {
  const choose = async (program: string, version: PgVersion): Promise<ToolAnswer> => {
    try {
      return { tool: await services.tools.forServer(program, version), problem: null }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return { tool: null, problem: error }
    }
  }
  const dump = await choose('pg_dump', source)
  return { dump, restore: await choose('pg_restore', Math.max(dump.tool?.version ?? source, destination)) }
}

function connectionValues({ settings }: ResolvedConnection): OptionValues {
  return { host: settings.host, port: settings.port, username: settings.user, noPassword: true }
}

/** The snapshot's name is added when it is taken. */
function dumpCommand(request: PipeRequest, connection: ResolvedConnection, tool: PgVersion, server: PgVersion): BuiltCommand {
  const values: OptionValues = {
    ...request.dumpOptions,
    ...connectionValues(connection),
    dbname: databaseArgument(request.database),
    format: 'custom',
    compress: '0',
    verbose: true,
  }
  return buildCommand(pgDump, values, { tool, server })
}

function restoreCommand(
  request: PipeRequest,
  database: string,
  connection: ResolvedConnection,
  tool: PgVersion,
  server: PgVersion,
): BuiltCommand {
  const values: OptionValues = {
    ...request.restoreOptions,
    ...connectionValues(connection),
    dbname: databaseArgument(database),
    format: 'custom',
    verbose: true,
  }
  return buildCommand(pgRestore, values, { tool, server })
}

function refused(tool: Tool, values: OptionValues, keys: readonly string[]): CommandProblem[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const option = tool.options.find((candidate) => candidate.key === key)
    if (!option || !isAsked(value)) return []
    if (option.owned) return [{ key, flag: option.flag, message: `${option.flag} is set by Walkback.` }]
    return keys.includes(key) ? [{ key, flag: option.flag, message: notHere[key] ?? '' }] : []
  })
}

export function sqlCommand(title: string, sql: string): ShownCommand {
  return { title, program: 'SQL', version: null, words: [`${sql};`], kind: 'sql' }
}

function pipeCommand(dump: PipePlan['dump'], restore: PipePlan['restore']): ShownCommand[] {
  if (!dump || !restore) return []
  const words = [...shownWords(dump.command.argv), '|', 'pg_restore', ...shownWords(restore.command.argv)]
  return [{ title: 'Out of one, into the other', program: 'pg_dump', version: dump.tool.version, words, kind: 'program' }]
}
