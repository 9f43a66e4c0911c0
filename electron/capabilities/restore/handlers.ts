// Answers the calls of the restore contract.
import { availableParallelism } from 'node:os'
import type { CommandPreview } from '../../../shared/contracts/dump'
import {
  type RestoreDanger,
  type RestoreRequest,
  type restore as restoreContract,
  restoreRequest,
} from '../../../shared/contracts/restore'
import type { ShownCommand } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { analyzeCommand } from '../../library/analyzeDatabase'
import { blockedSentence } from '../../library/preflightRow'
import { suggestName, suggestTarget } from '../../postgres/newDatabase'
import { withServer } from '../../postgres/openServer'
import { readServer } from '../../postgres/serverState'
import { applyGlobals } from './applyGlobals'
import { archiveContents } from './archiveContents'
import { chooseTool } from './chooseTool'
import { inspectArchive } from './inspectArchive'
import { carriedSql, planRestore, type RestorePlan, type RestoreServices } from './planRestore'
import { checkRestore, lookAtRestore, refuseBlocked } from './preflight'
import { runRestore } from './runRestore'

export function restoreHandlers(services: RestoreServices): Handlers<typeof restoreContract, AbortSignal> {
  return {
    inspect: async ({ path }, { signal }) => (await inspectArchive(path, signal)).facts,
    contents: async ({ path }, { signal }) => archiveContents(await inspectArchive(path, signal)),
    prepare: async ({ connectionId, source }, { signal }) => prepare(services, connectionId, source.path, signal),
    preview: async (request, { signal }) => preview(services, request, signal),
    applyGlobals: async (request, { signal }) => applyGlobals(services, request, signal),
    start: async (request, { signal }) => startRestore(services, request, signal),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartRestore(services: RestoreServices): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startRestore(services, restoreRequest.parse(input), new AbortController().signal)
}

export async function prepare(services: RestoreServices, connectionId: string, path: string, signal: AbortSignal) {
  const archive = await inspectArchive(path, signal)
  const connection = await services.connections.resolve(connectionId)
  const server = await withServer(services, connection, readServer, signal)
  const installations = await services.tools.installations()
  const suggestedDatabase = suggestName(archive.facts.database, server, new Date())
  const script = archive.kind === 'script'
  const jobs = Math.min(4, availableParallelism())
  // Several jobs need an archive that can be read from the middle.
  const defaults: Record<string, number> = script || archive.facts.format === 'tar' || jobs === 1 ? {} : { jobs }
  const common = {
    serverVersion: server.version,
    databases: [...server.databases].flatMap(([name, state]) => (state.isTemplate || !state.allowsConnections ? [] : [name])),
    roles: [...server.roles].filter((name) => !name.startsWith('pg_')).toSorted(),
    tablespaces: [...server.tablespaces].filter((name) => name !== 'pg_global').toSorted(),
    suggestedDatabase,
    suggestedTarget:
      archive.facts.connects && server.databases.has('postgres')
        ? ({ kind: 'existing', database: 'postgres' } as const)
        : suggestTarget(suggestedDatabase, archive.settings, server),
    defaults,
  }
  try {
    return { ...common, tool: chooseTool(archive, server.version, installations), toolProblem: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { ...common, tool: null, toolProblem: { message: error.message, hint: error.hint ?? '' } }
  }
}

async function preview(
  services: RestoreServices,
  request: RestoreRequest,
  signal: AbortSignal,
): Promise<CommandPreview & { danger: RestoreDanger | null }> {
  const plan = await planRestore(services, request, signal)
  const { rows: preflight, danger } = await lookAtRestore(services, plan, false, signal)
  return {
    danger,
    commands: shownCommands(plan),
    preflight,
    writes: writes(plan),
    blocked: blockedSentence(preflight),
    checkedAt: new Date().toISOString(),
  }
}

function shownCommands(plan: RestorePlan): ShownCommand[] {
  const sql = (title: string, text: string): ShownCommand => ({
    title,
    program: 'SQL',
    version: null,
    words: [text],
    kind: 'sql',
  })
  const commands: ShownCommand[] = []
  if (plan.createSql !== null) commands.push(sql(`SQL on ${plan.connection.label}`, `${plan.createSql};`))
  commands.push(plan.restore.shown)
  for (const { planned } of plan.analyze) commands.push(analyzeCommand(planned))
  if (plan.properties.length > 0) {
    commands.push(sql('What belongs to the database itself, at the end', plan.properties.map((each) => `${each};`).join('\n')))
  }
  if (plan.replace) {
    const { database } = plan.request.target
    const names = [
      ...carriedSql(plan).map((statement) => `${statement};`),
      `ALTER DATABASE ${quoteIdentifier(database)} RENAME TO ${quoteIdentifier(plan.replace.kept)};`,
      `ALTER DATABASE ${quoteIdentifier(plan.database)} RENAME TO ${quoteIdentifier(database)};`,
    ]
    commands.push(sql('In one transaction, at the end', names.join('\n')))
  }
  return commands
}

function writes(plan: RestorePlan): CommandPreview['writes'] {
  const { target } = plan.request
  const size = plan.archive.source.record?.source.databaseSize
  const about = size === null || size === undefined ? '' : `, about ${formatBytes(size)}`
  if (plan.archive.kind === 'script' && plan.archive.script.connects.length > 0) {
    return [{ label: 'Databases', value: plan.archive.script.connects.join(', ') }]
  }
  if (plan.replace) {
    return [
      { label: 'Restored database', value: `${target.database}${about}` },
      { label: 'Old database', value: `Kept as ${plan.replace.kept}, with all it has of its own` },
    ]
  }
  return target.kind === 'new'
    ? [
        { label: 'New database', value: `${target.database}${about}` },
        { label: 'Existing databases', value: 'None is touched' },
      ]
    : [{ label: 'Existing database', value: `${target.database}${about}` }]
}

/** Everything that can be checked in seconds is checked before the job exists, so that the form can say it. */
async function startRestore(services: RestoreServices, request: RestoreRequest, signal: AbortSignal) {
  services.connections.requireWritable(request.connectionId, 'Restoring')
  const plan = await planRestore(services, request, signal)
  refuseBlocked(await checkRestore(services, plan, false, signal))
  const { database, kind } = plan.request.target
  const server = plan.server.systemIdentifier ?? plan.request.connectionId
  const sections = [
    { id: 'before', label: 'Before data' },
    { id: 'data', label: 'Data' },
    { id: 'after', label: 'After data' },
  ]
  const job = services.jobs.start<RestoreRequest>({
    capability: 'restore',
    title: kind === 'replace' ? `Replace ${database}` : `Restore into ${database}`,
    input: withoutConfirm(plan.request),
    connectionId: plan.request.connectionId,
    serverLabel: plan.connection.label,
    steps: [
      { id: 'checks', label: 'Checks' },
      ...(kind !== 'existing' ? [{ id: 'create', label: 'Create database' }] : []),
      ...(plan.archive.kind === 'archive' ? sections : [{ id: 'script', label: 'Script' }]),
      ...(plan.request.analyze ? [{ id: 'analyze', label: 'ANALYZE in stages' }] : []),
      ...(plan.request.checkRows === true ? [{ id: 'rows', label: 'Row counts' }] : []),
      ...(kind === 'replace' ? [{ id: 'replace', label: 'Change names' }] : []),
      { id: 'result', label: 'Result' },
    ],
    onCancel: onCancel(plan),
    locks: [`database:${server}/${database}`],
    run: (context) => runRestore(plan.request, context, services, plan.now),
  })
  return { jobId: job.id }
}

/** What was typed counts once: run again asks anew. */
function withoutConfirm({ confirm: _confirm, ...request }: RestoreRequest): RestoreRequest {
  return request
}

function onCancel(plan: RestorePlan): string {
  const { database, kind } = plan.request.target
  if (kind === 'replace')
    return `The database ${plan.database}, which this restore creates, is dropped; ${database} stays as it is.`
  if (kind === 'new') return `The database ${database}, which this restore creates, is dropped.`
  if (plan.request.singleTransaction) return `The database ${database} stays as it was: everything runs in one transaction.`
  return `What was restored into ${database} until then stays there.`
}
