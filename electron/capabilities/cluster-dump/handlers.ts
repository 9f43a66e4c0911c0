// Answers the calls of the cluster-dump contract.
import os from 'node:os'
import {
  type ClusterDumpRequest,
  type clusterDump as clusterDumpContract,
  clusterDumpRequest,
  clusterRestoreRequest,
} from '../../../shared/contracts/clusterDump'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import type { JobDefinition } from '../../jobs/jobTypes'
import { type BackupPlace, isFree } from '../../library/backupFolder'
import { chooseCompression } from '../../library/chooseCompression'
import { freeBytes } from '../../library/freeSpace'
import type { ClusterServices, Parts } from './parts'
import { findTool, placeScript, planScript, refusalOf, scriptName } from './planScript'
import { databasesFolder, placeSet, planSet, setGlobalsName } from './planSet'
import { readCluster } from './readCluster'
import { inspectSet, prepareRestore, previewRestore, startRestore } from './restoreHandlers'
import { onCancel, runClusterScript, scriptSteps } from './runClusterScript'
import { runSet, setSteps } from './runSet'

export function clusterDumpHandlers(services: ClusterServices, parts: Parts): Handlers<typeof clusterDumpContract, AbortSignal> {
  return {
    prepare: ({ connectionId }, { signal }) => prepare(services, connectionId, signal),
    preview: (request, { signal }) => preview(services, parts, request, signal),
    start: (request, { signal }) => start(services, parts, request, signal),
    inspectSet: ({ path }) => inspectSet(path),
    prepareRestore: (input, { signal }) => prepareRestore(services, input, signal),
    previewRestore: (request, { signal }) => previewRestore(services, parts, request, signal),
    startRestore: (request, { signal }) => startRestore(services, parts, request, signal),
  }
}

/** For "run again": the stored request, checked like a new one. */
export function restartClusterDump(services: ClusterServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => start(services, parts, clusterDumpRequest.parse(input), new AbortController().signal)
}

export function restartClusterRestore(services: ClusterServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startRestore(services, parts, clusterRestoreRequest.parse(input), new AbortController().signal)
}

async function prepare(services: ClusterServices, connectionId: string, signal: AbortSignal) {
  const connection = await services.connections.resolve(connectionId)
  const cluster = await readCluster(services, connection, signal)
  const all = await findTool(services, 'pg_dumpall', cluster.version)
  const one = await findTool(services, 'pg_dump', cluster.version)
  const libraries = [...new Set([...services.settings.get().libraries, services.paths.defaultLibrary])]
  const cores = os.availableParallelism()
  const open = cluster.databases.filter(({ allowsConnections, isTemplate }) => allowsConnections && !isTemplate)
  const atOnce = Math.max(1, Math.min(4, cores, open.length))
  const lockWaitTimeout = '60s'
  const options: Record<string, string | number | boolean> = { lockWaitTimeout }
  // Walkback flushes every file itself once it is read; on Windows it can't.
  if (process.platform !== 'win32') options.noSync = true
  // Databases at once times jobs is no more than the processors; one job each is pg_dump's own way without --jobs.
  const jobs = Math.floor(cores / atOnce)
  if (jobs > 1) options.jobs = jobs
  if (one.tool) options.compress = await chooseCompression(one.tool, services.paths.scratch, services.spawn)
  return {
    serverVersion: cluster.version,
    superuser: cluster.superuser,
    databases: cluster.databases,
    libraries: await Promise.all(
      libraries.map(async (path) => ({ path, freeBytes: (await freeBytes(path))?.toString() ?? null })),
    ),
    script: { ...shownTool(all), options: { lockWaitTimeout } },
    set: { ...shownTool(one), options, atOnce, cores },
  }
}

export function shownTool({ tool, problem }: Awaited<ReturnType<typeof findTool>>) {
  return { tool, toolProblem: problem && { message: problem.message, hint: problem.hint ?? '' } }
}

async function preview(services: ClusterServices, parts: Parts, request: ClusterDumpRequest, signal: AbortSignal) {
  const place = placeOf(services, request, new Date(), 0)
  const plan =
    request.what === 'set'
      ? await planSet(services, parts.dump, request, place, signal)
      : await planScript(services, request, place, signal)
  return {
    commands: plan.shown,
    preflight: plan.preflight,
    writes: [
      { label: 'Folder', value: place.final },
      ...(request.what === 'set'
        ? [
            { label: 'Roles and tablespaces', value: setGlobalsName },
            { label: 'Databases', value: `${request.databases.length} in ${databasesFolder}, each in directory format` },
          ]
        : [{ label: 'Script', value: scriptName }]),
      { label: 'Record', value: 'walkback.json, with the SHA-256 of every file' },
    ],
    blocked: plan.blocked,
    checkedAt: new Date().toISOString(),
  }
}

function placeOf(services: ClusterServices, request: ClusterDumpRequest, at: Date, attempt: number): BackupPlace {
  return request.what === 'set' ? placeSet(services, request, at, attempt) : placeScript(services, request, at, attempt)
}

const titles = {
  cluster: 'Dump the whole cluster',
  globals: 'Dump roles and tablespaces',
  roles: 'Dump roles',
  tablespaces: 'Dump tablespaces',
}

/** Refuses before anything is written: by a tool that is too old, by any blocker of the checks. */
async function start(services: ClusterServices, parts: Parts, request: ClusterDumpRequest, signal: AbortSignal) {
  const at = new Date()
  const place = placeOf(services, request, at, 0)
  const plan =
    request.what === 'set'
      ? await planSet(services, parts.dump, request, place, signal)
      : await planScript(services, request, place, signal)
  const refused = refusalOf(plan)
  if (refused) throw refused
  for (let attempt = 0; ; attempt += 1) {
    const free = placeOf(services, request, at, attempt)
    if (!isFree(free) && attempt < 50) continue
    try {
      return { jobId: services.jobs.start(jobOf(services, parts, request, free, plan.connection.label)).id }
    } catch (error) {
      // Another one began within the same second: this one gets a number.
      const taken = error instanceof AppError && error.code === 'conflict' && error.details?.lock !== undefined
      if (!taken || attempt >= 50) throw error
    }
  }
}

function jobOf(
  services: ClusterServices,
  parts: Parts,
  request: ClusterDumpRequest,
  place: BackupPlace,
  serverLabel: string,
): JobDefinition<ClusterDumpRequest> {
  const common = {
    capability: 'cluster-dump',
    input: request,
    connectionId: request.connectionId,
    serverLabel,
    onCancel,
    locks: [`path:${place.final}`],
  }
  if (request.what === 'set') {
    return {
      ...common,
      title: `Dump ${request.databases.length === 1 ? '1 database' : `${request.databases.length} databases`} as a set`,
      steps: setSteps(request.databases),
      run: (job) => runSet({ request, place }, job, services, parts.dump),
    }
  }
  return {
    ...common,
    title: titles[request.what],
    steps: scriptSteps,
    run: (job) => runClusterScript({ request, place }, job, services),
  }
}
