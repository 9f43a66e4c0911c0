// Answers the calls of the base backup contract.
import {
  type BaseBackupRequest,
  type baseBackup as baseBackupContract,
  baseBackupRequest,
  combineRequest,
} from '../../../shared/contracts/baseBackup'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { isFree } from '../../library/backupFolder'
import { freeBytes } from '../../library/freeSpace'
import { readPhysicalSource } from '../../postgres/readPhysicalSource'
import { withClient } from '../../postgres/withClient'
import { combineHandlers, startCombine } from './combineHandlers'
import { findParents } from './findParents'
import { askLeftSlot, dropLeftSlot } from './leftSlot'
import {
  type BaseBackupPlan,
  type BaseBackupServices,
  dataName,
  placeBaseBackup,
  planBaseBackup,
  refusal,
  settingsName,
} from './planBaseBackup'
import { baseBackupOnCancel, baseBackupSteps, runBaseBackup } from './runBaseBackup'
import { createdSlot } from './slotGuard'
import { turnSummarizeOn } from './summarize'
import { tablespacesName } from './tablespaceLinks'
import { chooseTarCompression } from './tarCompression'

export function baseBackupHandlers(services: BaseBackupServices): Handlers<typeof baseBackupContract, AbortSignal> {
  return {
    prepare: ({ connectionId }, { signal }) => prepareBase(services, connectionId, signal),
    preview: async (request, { signal }) => {
      const plan = await planBaseBackup(services, request, placeBaseBackup(services, request, new Date(), 0), signal)
      return {
        commands: plan.shown,
        preflight: plan.preflight,
        writes: writesOf(plan, request),
        blocked: plan.blocked,
        checkedAt: new Date().toISOString(),
      }
    },
    start: (request, { signal }) => startBase(services, request, signal),
    ...combineHandlers(services),
    summarize: ({ connectionId }, { signal }) => turnSummarizeOn(services, connectionId, signal),
    leftSlot: ({ jobId }, { signal }) => askLeftSlot(services, jobId, signal),
    dropLeftSlot: ({ jobId, ...confirm }, { signal }) => dropLeftSlot(services, jobId, confirm, signal),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartBaseBackup(services: BaseBackupServices): (input: unknown) => Promise<{ jobId: string }> {
  const { signal } = new AbortController()
  return async (input) => {
    const combine = combineRequest.safeParse(input)
    return combine.success
      ? startCombine(services, combine.data, signal)
      : startBase(services, baseBackupRequest.parse(input), signal)
  }
}

function writesOf({ place, source, target }: BaseBackupPlan, request: BaseBackupRequest): { label: string; value: string }[] {
  const slot = createdSlot(request)
  const slots = slot === null ? [] : [{ label: 'Slot', value: `${slot}, on the server, and it stays` }]
  if (target === 'blackhole') return [{ label: 'Nothing', value: 'the server reads all and keeps nothing' }, ...slots]
  if (target !== null) return [{ label: 'On the server', value: target.replace(/^server:/, '') }, ...slots]
  const plain = request.format === 'plain'
  const files = plain ? `${dataName}, a data directory` : `${dataName}, base.tar and its like`
  const spaces = source.tablespaces.map(
    ({ name, oid }) => `${name}: ${plain ? tablespacesName : dataName}/${oid}${plain ? '' : '.tar'}`,
  )
  return [
    { label: 'Folder', value: place.final },
    { label: 'Data files', value: files },
    ...(spaces.length > 0 ? [{ label: 'Tablespaces', value: spaces.join(', ') }] : []),
    ...(request.configuration && source.configuration.length > 0 && source.mayReadFiles
      ? [{ label: 'Settings files', value: `${settingsName}, ${source.configuration.length} from outside the data directory` }]
      : []),
    { label: 'Record', value: 'walkback.json, with positions and times' },
    ...slots,
  ]
}

/** Refuses before anything is written: by a tool that is too old, by any blocker of the checks. */
async function startBase(
  services: BaseBackupServices,
  request: BaseBackupRequest,
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const at = new Date()
  const plan = await planBaseBackup(services, request, placeBaseBackup(services, request, at, 0), signal)
  const refused = refusal(plan)
  if (refused) throw refused
  const slot = createdSlot(request)
  for (let attempt = 0; ; attempt += 1) {
    const place = placeBaseBackup(services, request, at, attempt)
    if (!isFree(place) && attempt < 50) continue
    try {
      const { id } = services.jobs.start({
        capability: 'base-backup',
        title: `${request.parent === null ? 'Base backup' : 'Incremental backup'} of ${plan.connection.label}`,
        input: request,
        connectionId: request.connectionId,
        serverLabel: plan.connection.label,
        steps: baseBackupSteps,
        onCancel:
          plan.target === null ? baseBackupOnCancel : 'The server ends the backup; what it wrote on its own disk may stay there.',
        locks: [`path:${place.final}`, ...(slot === null ? [] : [`slot:${request.connectionId}:${slot}`])],
        run: (job) => runBaseBackup({ request, place }, job, services),
      })
      return { jobId: id }
    } catch (error) {
      // Another backup of this server began within the same second: this one gets a number, as above when it has ended.
      const lock = error instanceof AppError && error.code === 'conflict' ? error.details?.lock : undefined
      if (typeof lock !== 'string' || !lock.startsWith('path:') || attempt >= 50) throw error
    }
  }
}

async function prepareBase(services: BaseBackupServices, connectionId: string, signal: AbortSignal) {
  const connection = await services.connections.resolve(connectionId)
  const source = await withClient({ connections: services.connections, connection, signal }, readPhysicalSource)
  const { tool, problem } = await findTool(services, source.version)
  const libraries = [...new Set([...services.settings.get().libraries, services.paths.defaultLibrary])]
  return {
    serverVersion: source.version,
    tool,
    toolProblem: problem,
    clusterSize: source.size,
    tablespaces: source.tablespaces,
    configuration: source.configuration,
    inRecovery: source.inRecovery,
    archiving: source.archiving,
    summarizing: source.summarizing,
    libraries: await Promise.all(
      libraries.map(async (path) => ({ path, freeBytes: (await freeBytes(path))?.toString() ?? null })),
    ),
    parents: await findParents(libraries, source, signal),
    defaults: {
      /**
       * Plain: every version's pg_verifybackup reads it with its WAL, it starts as it lies, a chain of incrementals combines only
       * from it, and single files can be looked at. Tar is smaller; it is one click away.
       */
      format: 'plain' as const,
      options: { walMethod: 'stream', checkpoint: 'fast' },
      tarCompression: tool ? await chooseTarCompression(tool) : '',
    },
  }
}

async function findTool(services: BaseBackupServices, server: number) {
  try {
    const { program, path, version } = await services.tools.forServer('pg_basebackup', server)
    return { tool: { program, path, version }, problem: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { tool: null, problem: { message: error.message, hint: error.hint ?? '' } }
  }
}
