// Answers the calls of the dump-to-server contract.
import type { CommandPreview } from '../../../shared/contracts/dump'
import { type dumpToServer, type PipeRequest, pipeRequest } from '../../../shared/contracts/pipe'
import { formatBytes } from '../../../shared/model/byteCount'
import type { Handlers } from '../../../shared/rpc/contract'
import { blockedSentence } from '../../library/preflightRow'
import { suggestName, suggestTarget } from '../../postgres/newDatabase'
import { withServer } from '../../postgres/openServer'
import { readSource } from '../../postgres/readSource'
import { readServer } from '../../postgres/serverState'
import { withClient } from '../../postgres/withClient'
import { createRoles } from './createRoles'
import { choosePrograms, type PipePlan, type PipeServices, planPipe, type ToolAnswer } from './planPipe'
import { checkPipe, refuseBlocked } from './preflightPipe'
import { runCopy } from './runCopy'

export function dumpToServerHandlers(services: PipeServices): Handlers<typeof dumpToServer, AbortSignal> {
  return {
    prepare: async (input, { signal }) => prepare(services, input, signal),
    preview: async (request, { signal }) => preview(services, request, signal),
    createRoles: async (wanted, { signal }) => createRoles(services, wanted, signal),
    start: async (request, { signal }) => startCopy(services, request, signal),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartDumpToServer(services: PipeServices): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startCopy(services, pipeRequest.parse(input), new AbortController().signal)
}

async function prepare(
  services: PipeServices,
  asked: { connectionId: string; destinationId: string; database: string },
  signal: AbortSignal,
) {
  const { connections } = services
  const connection = await connections.resolve(asked.connectionId)
  const facts = await withClient({ connections, connection, database: asked.database, signal }, (client) =>
    readSource(client, asked.database),
  )
  const server = await withServer(services, await connections.resolve(asked.destinationId), readServer, signal)
  const tools = await choosePrograms(services, facts.record.serverVersion, server.version)
  const answer = ({ tool, problem }: ToolAnswer) => ({
    tool,
    problem: problem && { message: problem.message, hint: problem.hint ?? '' },
  })
  return {
    sourceVersion: facts.record.serverVersion,
    destinationVersion: server.version,
    databaseSize: facts.record.databaseSize,
    dump: answer(tools.dump),
    restore: answer(tools.restore),
    databases: [...server.databases].flatMap(([name, state]) => (state.isTemplate || !state.allowsConnections ? [] : [name])),
    roles: [...server.roles].filter((name) => !name.startsWith('pg_')).toSorted(),
    tablespaces: [...server.tablespaces].filter((name) => name !== 'pg_global').toSorted(),
    suggestedTarget: suggestTarget(suggestName(asked.database, server, new Date()), facts.record, server),
    dumpDefaults: { lockWaitTimeout: '60s' },
    restoreDefaults: {},
  }
}

async function preview(services: PipeServices, request: PipeRequest, signal: AbortSignal): Promise<CommandPreview> {
  const plan = await planPipe(services, request, signal)
  const preflight = checkPipe(services, plan)
  return {
    commands: plan.shown,
    preflight,
    writes: writes(plan),
    blocked: blockedSentence(preflight),
    checkedAt: new Date().toISOString(),
  }
}

function writes({ request, source, destination, database }: PipePlan): CommandPreview['writes'] {
  const size = source.facts.record.databaseSize
  const where = `${request.target.database} on ${destination.connection.label}${size === null ? '' : `, about ${formatBytes(size)}`}`
  return [
    { label: request.target.kind === 'new' ? 'New database' : 'Existing database', value: where },
    ...(request.target.kind === 'new' ? [{ label: 'Until it is whole', value: `Called ${database}` }] : []),
    { label: 'On this machine', value: 'Nothing: it goes straight through' },
  ]
}

/** Everything that can be checked in seconds is checked before the job exists, so that the form can say it. */
async function startCopy(services: PipeServices, asked: PipeRequest, signal: AbortSignal): Promise<{ jobId: string }> {
  services.connections.requireWritable(asked.destinationId, 'Copying a database to it')
  const plan = await planPipe(services, asked, signal)
  refuseBlocked(plan, checkPipe(services, plan))
  const { request, destination } = plan
  const { database, kind } = request.target
  const server = destination.server.systemIdentifier ?? request.destinationId
  const { id } = services.jobs.start<PipeRequest>({
    capability: 'dump-to-server',
    title: `Copy ${request.database} to ${destination.connection.label}`,
    input: request,
    // The copy is there, and so is what there is to look at afterwards.
    connectionId: request.destinationId,
    serverLabel: destination.connection.label,
    steps: [
      { id: 'checks', label: 'Checks' },
      ...(kind === 'new' ? [{ id: 'create', label: 'Create database' }] : []),
      { id: 'copy', label: 'Copy' },
      ...(request.analyze ? [{ id: 'analyze', label: 'ANALYZE in stages' }] : []),
      { id: 'compare', label: 'Count rows on both sides' },
      ...(kind === 'new' ? [{ id: 'name', label: 'Give it its name' }] : []),
      { id: 'result', label: 'Result' },
    ],
    onCancel:
      kind === 'new'
        ? `The database ${plan.database} on ${destination.connection.label}, which this job creates, is dropped. The source stays as it is.`
        : `What was copied into ${database} until then stays there. The source stays as it is.`,
    locks: [`database:${server}/${database}`],
    run: (context) => runCopy(request, context, services, plan.now),
  })
  return { jobId: id }
}
