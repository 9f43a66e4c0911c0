// From a request to what will be done: which programs, which commands, which database. Preview and start both plan here.

import type { RestoreRequest, RestoreTarget } from '../../../shared/contracts/restore'
import type { ShownCommand } from '../../../shared/jobs/job'
import { buildCommand, type CommandProblem } from '../../../shared/tools/buildCommand'
import type { OptionValues } from '../../../shared/tools/defineTool'
import { pgRestore } from '../../../shared/tools/pgRestore'
import { psql } from '../../../shared/tools/psql'
import { quoteForShell, shownWords } from '../../../shared/tools/showCommand'
import { type PlannedAnalyze, planAnalyze } from '../../library/analyzeDatabase'
import { databaseArgument } from '../../postgres/databaseArgument'
import { createDatabaseSql, type NewTarget, nameBeside } from '../../postgres/newDatabase'
import { withServer } from '../../postgres/openServer'
import { readServer, type ServerState } from '../../postgres/serverState'
import type { ResolvedConnection, Services } from '../../services'
import { chosenIds, writeUseList } from './chooseEntries'
import { type ChosenTool, chooseTool } from './chooseTool'
import { type InspectedArchive, inspectArchive } from './inspectArchive'
import { listSelection } from './listSelection'
import { ownStatements } from './ownProperties'
import { scriptEncoding } from './preflightScript'
import { type OldDatabase, readOldDatabase } from './replaceDatabase'
import { readProperties } from './restoreProperties'

export type RestoreServices = Pick<Services, 'connections' | 'tools' | 'spawn' | 'jobs' | 'paths'>

export interface PlannedCommand {
  tool: ChosenTool
  argv: string[]
  problems: CommandProblem[]
  shown: ShownCommand
  /** Beside that of the connection. */
  env?: Record<string, string>
}

export interface RestorePlan {
  request: RestoreRequest
  archive: InspectedArchive
  connection: ResolvedConnection
  server: ServerState
  /** What is restored into: the destination itself, or a database beside it that takes its name in the end. */
  database: string
  /** The old database, null when there is none, and its name afterwards. */
  replace: { old: OldDatabase | null; kept: string } | null
  /** When it was planned: names are made from it. */
  now: Date
  /** CREATE DATABASE, for one that is made. */
  createSql: string | null
  /** What the archive has of the database itself, as SQL for a new one. */
  properties: string[]
  restore: PlannedCommand
  /** Where rows go: `database`, or for a script that connects elsewhere the databases it names. */
  places: string[]
  /** One for each place; empty when statistics are not asked for. */
  analyze: { database: string; planned: PlannedAnalyze | null }[]
  /** Ids of the ticked entries; null when all are, and for a script. */
  chosen: ReadonlySet<number> | null
  /** Ids of the entries that ticks and options select, as pg_restore itself lists them; null for a script. */
  selected: Set<number> | null
}

/**
 * Fixes of the preflight set any switch by its name; three of them are the request's own fields. pg_restore goes on after
 * errors by itself: for an archive continueOnError is the consent to that where an error is certain.
 */
export function normalRequest(request: RestoreRequest): RestoreRequest {
  const { continueOnError, analyze, ...options } = request.options
  return {
    ...request,
    options,
    continueOnError: request.continueOnError || continueOnError === true,
    analyze: typeof analyze === 'boolean' ? analyze : request.analyze,
    singleTransaction: request.singleTransaction || options.singleTransaction === true,
  }
}

/** Throws AppError when source, tool or server can't be used at all; what can be put right is a preflight row. */
export async function planRestore(
  services: RestoreServices,
  asked: RestoreRequest,
  signal?: AbortSignal,
  now = new Date(),
): Promise<RestorePlan> {
  const request = normalRequest(asked)
  const archive = await inspectArchive(request.source.path, signal)
  const connection = await services.connections.resolve(request.connectionId)
  const { server, old } = await withServer(
    services,
    connection,
    async (client) => ({
      server: await readServer(client),
      old: request.target.kind === 'replace' ? await readOldDatabase(client, request.target.database) : null,
    }),
    signal,
  )
  const installations = await services.tools.installations()
  const tool = chooseTool(archive, server.version, installations, request.continueOnError)
  const replacing = request.target.kind === 'replace'
  const database = replacing ? nameBeside(request.target.database, 'restoring', now, server.databases) : request.target.database
  const chosen = archive.kind === 'archive' ? chosenIds(archive.toc, request.choice) : null
  const useList =
    archive.kind === 'archive' && chosen !== null ? await writeUseList(services.paths.scratch, archive.toc, chosen) : null
  const restore =
    archive.kind === 'archive'
      ? planArchive({ archive, request, connection, tool, server: server.version, database }, useList)
      : planScript({ archive, request, connection, tool, server: server.version, database })
  const selected =
    archive.kind === 'archive' && restore.problems.length === 0
      ? await listSelection(services, tool, archive, useList === null ? request.options : { ...request.options, useList }, signal)
      : null
  const made = madeTarget(request.target, database, old)
  const places = archive.kind === 'script' && archive.script.connects.length > 0 ? archive.script.connects : [database]
  const jobs = Number(request.options.jobs ?? 1)
  return {
    request,
    archive,
    connection,
    server,
    database,
    replace: replacing ? { old, kept: nameBeside(request.target.database, 'before', now, server.databases) } : null,
    now,
    createSql: made === null ? null : createDatabaseSql(made, server.version),
    properties: await readProperties(services, { archive, request, tool, database }, signal),
    restore,
    places,
    analyze: request.analyze
      ? places.map((place) => ({
          database: place,
          planned: planAnalyze(connection, place, server.version, { installations, jobs }),
        }))
      : [],
    chosen,
    selected,
  }
}

/** The database that is made for this restore; null for one that exists. What is left open is as the replaced one has it. */
export function madeTarget(target: RestoreTarget, database: string, old: OldDatabase | null): NewTarget | null {
  if (target.kind === 'existing') return null
  const { encoding, localeProvider, collate, ctype, locale } = target
  const like = target.kind === 'replace' && target.leaveOwn !== true ? old?.own : undefined
  const owner = target.owner || (like?.owner ?? '')
  const tablespace = target.tablespace || (like?.tablespace ?? '')
  return { kind: 'new', database, owner, encoding, localeProvider, collate, ctype, locale, tablespace }
}

/** What the old database has of its own as SQL for the restored one; empty where nothing is carried over. */
export function carriedSql({ request, replace, database }: RestorePlan): string[] {
  const { target } = request
  if (target.kind !== 'replace' || target.leaveOwn === true || !replace?.old) return []
  const { own } = replace.old
  return ownStatements(own, database, target.owner || own.owner)
}

interface ToPlan<A extends InspectedArchive = InspectedArchive> {
  archive: A
  request: RestoreRequest
  connection: ResolvedConnection
  tool: ChosenTool
  server: number
  database: string
}

function connectionValues(connection: ResolvedConnection): OptionValues {
  const { host, port, user } = connection.settings
  return { host, port, username: user, noPassword: true }
}

function planArchive({ archive, request, connection, tool, server, database }: ToPlan, useList: string | null): PlannedCommand {
  const owned = pgRestore.options.filter((option) => option.owned && option.key in request.options)
  const values: OptionValues = {
    ...request.options,
    singleTransaction: request.singleTransaction,
    ...connectionValues(connection),
    dbname: databaseArgument(database),
    verbose: true,
    ...(useList === null ? {} : { useList }),
  }
  const built = buildCommand(pgRestore, values, { tool: tool.version, server }, [archive.source.archive])
  const problems = [...built.problems, ...owned.map((option) => ownedProblem(option.key, option.flag))]
  if (request.options.create === true) {
    problems.push({
      key: 'create',
      flag: '--create',
      message:
        '--create would restore into a database named as in the archive, whatever is chosen here. Choose a new database as destination instead.',
    })
  }
  if (Number(request.options.jobs ?? 1) > 1 && archive.facts.format === 'tar') {
    problems.push({ key: 'jobs', flag: '--jobs', message: 'A tar archive can be restored by one job only.' })
  }
  return planned(tool, built.argv, problems, 'Restore')
}

/** What the application sets itself would point the command elsewhere. */
function ownedProblem(key: string, flag: string): CommandProblem {
  return { key, flag, message: `${flag} is set by Walkback.` }
}

function planScript({
  archive,
  request,
  connection,
  tool,
  server,
  database,
}: ToPlan<Extract<InspectedArchive, { kind: 'script' }>>): PlannedCommand {
  // pg_restore's options say nothing to psql; only what both have counts.
  const { singleTransaction: _single, ...others } = request.options
  const owned = Object.keys(others).filter((key) => psql.options.find((option) => option.key === key)?.owned === true)
  const values: OptionValues = {
    ...others,
    ...connectionValues(connection),
    dbname: databaseArgument(database),
    noPsqlrc: true,
    // VERBOSITY: with the SQLSTATE in each message, errors are known for errors in whatever language the server speaks.
    set: [`ON_ERROR_STOP=${request.continueOnError ? 0 : 1}`, 'VERBOSITY=verbose'],
    singleTransaction: request.singleTransaction,
    echoErrors: true,
    quiet: true,
    // Not a path: the core feeds it, so that .gz works too and progress is known.
    file: ['-'],
  }
  const built = buildCommand(psql, values, { tool: tool.version, server })
  const problems = [...built.problems, ...owned.map((key) => ownedProblem(key, key))]
  if (request.singleTransaction && request.continueOnError) {
    problems.push({
      key: 'singleTransaction',
      flag: '--single-transaction',
      message: 'One transaction and going on after errors exclude each other: after an error nothing of the transaction is kept.',
    })
  }
  // Not --set or \encoding: it must hold after a \connect too, and a SET client_encoding of the script's own still wins.
  const encoding = scriptEncoding(archive.script, request.scriptEncoding)
  const words = shownWords(built.argv)
  const path = quoteForShell(archive.source.archive)
  const input = archive.gzip ? ['<', '<(gunzip', '--stdout', `${path})`] : ['<', path]
  const shown: ShownCommand = {
    title: archive.gzip ? 'Script, unpacked from gzip' : 'Script',
    program: encoding === '' ? 'psql' : 'env',
    version: tool.version,
    words: [...(encoding === '' ? [] : [quoteForShell(`PGCLIENTENCODING=${encoding}`), 'psql']), ...words, ...input],
    kind: 'program',
  }
  return { tool, argv: built.argv, problems, shown, env: encoding === '' ? {} : { PGCLIENTENCODING: encoding } }
}

function planned(tool: ChosenTool, argv: string[], problems: CommandProblem[], title: string): PlannedCommand {
  const shown: ShownCommand = {
    title,
    program: tool.program,
    version: tool.version,
    words: shownWords(argv),
    kind: 'program',
  }
  return { tool, argv, problems, shown }
}
