// Answers the calls of the copy contract.
import { homedir } from 'node:os'
import { type CopyRequest, type copy as copyContract, copyRequest } from '../../../shared/contracts/copy'
import type { Handlers } from '../../../shared/rpc/contract'
import type { JobContext } from '../../jobs/jobTypes'
import { withClient } from '../../postgres/withClient'
import { zstdProblem } from '../../process/zstd'
import type { CopyServices } from './copySession'
import { exportSample } from './exportSample'
import { detectFile, fileSample } from './fileStart'
import { type CopyPlan, planCopy, refuseBlocked } from './planCopy'
import { findTable, noTable, readCopyServer, readEncodings, readSchemas, serverTexts } from './readFacts'
import { runExport } from './runExport'
import { runImport } from './runImport'
import { runTransfer } from './runTransfer'

export function copyHandlers(services: CopyServices): Handlers<typeof copyContract, AbortSignal> {
  const { connections } = services
  return {
    prepare: async ({ connectionId, database }, { signal }) => {
      const connection = await connections.resolve(connectionId)
      return withClient({ connections, connection, database, signal }, async (client) => {
        const server = await readCopyServer(client)
        return {
          serverVersion: server.version,
          database,
          encoding: server.encoding,
          encodings: await readEncodings(client),
          server: {
            readFiles: server.readFiles,
            writeFiles: server.writeFiles,
            runPrograms: server.runPrograms,
            dataDirectory: server.dataDirectory,
            ...serverTexts(server),
          },
          zstd: { available: zstdProblem === '', reason: zstdProblem },
          readOnly: connection.readOnly,
          suggestedFolder: homedir(),
          schemas: await readSchemas(client),
        }
      })
    },
    columns: async ({ connectionId, database, schema, name }, { signal }) => {
      const connection = await connections.resolve(connectionId)
      return withClient({ connections, connection, database, signal }, async (client) => {
        const table = await findTable(client, schema, name)
        if (!table) throw noTable(schema, name)
        const { kind, columns, estimatedRows, size, hasChildren } = table
        return { kind, columns, estimatedRows, size, hasChildren }
      })
    },
    exportSample: async ({ connectionId, database, limit, ...request }, { signal }) => {
      const connection = await connections.resolve(connectionId)
      return withClient({ connections, connection, database, signal }, (client) => exportSample(client, request, limit))
    },
    detectFile: ({ path }) => detectFile(path),
    fileSample: ({ path, format, options, limit, serverVersion }) =>
      fileSample(path, { ...options, format, direction: 'from' }, limit, serverVersion),
    preview: async (request, { signal }) => {
      const { shown, preflight, writes, blocked } = await planCopy(services, request, signal)
      return { commands: shown, preflight, writes, blocked, checkedAt: new Date().toISOString() }
    },
    start: (request, { signal }) => startCopy(services, request, signal),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartCopy(services: CopyServices): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startCopy(services, copyRequest.parse(input), new AbortController().signal)
}

/** Refuses before anything is written: by any blocker of the checks. */
async function startCopy(services: CopyServices, request: CopyRequest, signal: AbortSignal): Promise<{ jobId: string }> {
  if (request.kind === 'import') services.connections.requireWritable(request.connectionId, 'Importing')
  if (request.kind === 'transfer') services.connections.requireWritable(request.to.connectionId, 'Importing')
  const plan = await planCopy(services, request, signal)
  refuseBlocked(plan)
  const last = request.kind === 'export' ? { id: 'file', label: 'Flush and name the file' } : { id: 'commit', label: 'Commit' }
  const onServer = request.kind === 'export' && request.place.kind !== 'client'
  const { id } = services.jobs.start<CopyRequest>({
    capability: 'copy',
    title: plan.title,
    input: request,
    connectionId: request.kind === 'transfer' ? request.to.connectionId : request.connectionId,
    serverLabel: plan.serverLabel,
    steps: [{ id: 'rows', label: 'Rows' }, ...(onServer ? [] : [last])],
    onCancel: onCancel(request),
    locks: locksOf(request),
    run: (job) => run(services, plan, job),
  })
  return { jobId: id }
}

function run(services: CopyServices, plan: CopyPlan, job: JobContext) {
  if (plan.kind === 'export') return runExport(services, plan, job)
  return plan.kind === 'import' ? runImport(services, plan, job) : runTransfer(services, plan, job)
}

function onCancel(request: CopyRequest): string {
  if (request.kind !== 'export') return 'Nothing goes into the table: everything runs in one transaction.'
  if (request.place.kind === 'client') return 'The unfinished .partial file is removed.'
  return request.place.kind === 'server-file'
    ? 'The server stops, and the file there is emptied.'
    : 'The server stops; what the program has made of the rows until then stays.'
}

/** One job at a time writes to a file, or keeps bad rows beside one. */
function locksOf(request: CopyRequest): string[] {
  if (request.kind === 'export' && request.place.kind === 'client') return [`path:${request.place.path}`]
  if (request.kind === 'export' && request.place.kind === 'server-file') {
    return [`server-path:${request.connectionId}:${request.place.path}`]
  }
  if (request.kind === 'import' && request.skipBadRows && request.place.kind === 'client')
    return [`rejects:${request.place.path}`]
  return []
}
