// Answers the calls of the dump contract.
import os from 'node:os'
import { type DumpRequest, type dump as dumpContract, dumpRequest } from '../../../shared/contracts/dump'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import type { OptionValue } from '../../../shared/tools/defineTool'
import { isFree } from '../../library/backupFolder'
import { chooseCompression } from '../../library/chooseCompression'
import { freeBytes } from '../../library/freeSpace'
import { withClient } from '../../postgres/withClient'
import { artifactNames, globalsName } from './dumpCommands'
import { type ChosenTool, type DumpServices, placeDump, planDump, refusal } from './planDump'
import { dumpOnCancel, dumpSteps, runDump } from './runDump'

export function dumpHandlers(services: DumpServices): Handlers<typeof dumpContract, AbortSignal> {
  return {
    prepare: ({ connectionId, database }, { signal }) => prepareDump(services, connectionId, database, signal),
    preview: async (request, { signal }) => {
      const place = placeDump(services, request, new Date(), 0)
      const plan = await planDump(services, request, place, signal)
      return {
        commands: plan.shown,
        preflight: plan.preflight,
        writes: [
          { label: 'Folder', value: place.final },
          { label: 'Archive', value: artifactNames[request.format] },
          ...(request.globals ? [{ label: 'Roles and tablespaces', value: globalsName }] : []),
          ...(plan.filterFile
            ? [{ label: 'Filter file', value: `${plan.filterFile.path}, ${plan.filterFile.rules} rules, removed afterwards` }]
            : []),
          { label: 'Record', value: 'walkback.json, with the SHA-256 of every file' },
        ],
        blocked: plan.blocked,
        checkedAt: new Date().toISOString(),
      }
    },
    start: (request, { signal }) => startDump(services, request, signal),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartDump(services: DumpServices): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startDump(services, dumpRequest.parse(input), new AbortController().signal)
}

/** Refuses before anything is written: by a tool that is too old, by any blocker of the checks. */
async function startDump(services: DumpServices, request: DumpRequest, signal: AbortSignal): Promise<{ jobId: string }> {
  const at = new Date()
  const plan = await planDump(services, request, placeDump(services, request, at, 0), signal)
  const refused = refusal(plan)
  if (refused) throw refused
  for (let attempt = 0; ; attempt += 1) {
    const place = placeDump(services, request, at, attempt)
    if (!isFree(place) && attempt < 50) continue
    try {
      const { id } = services.jobs.start({
        capability: 'dump',
        title: `Dump ${request.database}`,
        input: request,
        connectionId: request.connectionId,
        serverLabel: plan.connection.label,
        steps: dumpSteps,
        onCancel: dumpOnCancel,
        locks: [`path:${place.final}`],
        run: (job) => runDump({ request, place }, job, services),
      })
      return { jobId: id }
    } catch (error) {
      // Another dump of this database began within the same second: this one gets a number, as above when it has ended.
      const taken = error instanceof AppError && error.code === 'conflict' && error.details?.lock !== undefined
      if (!taken || attempt >= 50) throw error
    }
  }
}

async function prepareDump(services: DumpServices, connectionId: string, database: string, signal: AbortSignal) {
  const connection = await services.connections.resolve(connectionId)
  const facts = await withClient({ connections: services.connections, connection, database, signal }, async (client) => {
    const { rows } = await client.query<{ version: number; size: string }>(`
      SELECT pg_catalog.current_setting('server_version_num')::int AS version,
             pg_catalog.pg_database_size(pg_catalog.current_database())::text AS size`)
    return rows[0]
  })
  if (!facts) throw new AppError('internal', 'The server did not answer what it is.')
  const { tool, problem } = await findTool(services, facts.version)
  const options: Record<string, OptionValue> = { jobs: Math.max(2, os.availableParallelism()), lockWaitTimeout: '60s' }
  if (tool) options.compress = await chooseCompression(tool, services.paths.scratch, services.spawn)
  const libraries = [...new Set([...services.settings.get().libraries, services.paths.defaultLibrary])]
  return {
    serverVersion: facts.version,
    tool,
    toolProblem: problem,
    databaseSize: facts.size,
    libraries: await Promise.all(
      libraries.map(async (path) => ({ path, freeBytes: (await freeBytes(path))?.toString() ?? null })),
    ),
    defaults: { format: 'directory' as const, options: copyLists(options) },
    suggestedLabel: '',
  }
}

async function findTool(services: DumpServices, server: number) {
  try {
    const tool: ChosenTool = await services.tools.forServer('pg_dump', server)
    return { tool: { program: tool.program, path: tool.path, version: tool.version }, problem: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { tool: null, problem: { message: error.message, hint: error.hint ?? '' } }
  }
}

/** The contract's lists are mutable; the table's are not. */
function copyLists(options: Readonly<Record<string, OptionValue>>): DumpRequest['options'] {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]))
}
