// Answers the calls about restoring a set.
import os from 'node:os'
import type { ClusterRestoreRequest } from '../../../shared/contracts/clusterDump'
import type { CommandPreview } from '../../../shared/contracts/dump'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import { openServer } from '../../postgres/openServer'
import { readServer } from '../../postgres/serverState'
import type { ClusterServices, Parts } from './parts'
import { findTool } from './planScript'
import { planSetRestore } from './planSetRestore'
import { readSet } from './readSet'
import { countOf } from './runClusterScript'
import { runSetRestore, setRestoreOnCancel, setRestoreSteps } from './runSetRestore'

export async function inspectSet(path: string) {
  const { folder, record, size, roles, tablespaces } = await readSet(path)
  return { path: folder, record, size, roles, tablespaces }
}

export async function prepareRestore(
  services: ClusterServices,
  { connectionId, source }: { connectionId: string; source: { path: string } },
  signal: AbortSignal,
) {
  const set = await readSet(source.path)
  const connection = await services.connections.resolve(connectionId)
  const client = await openServer(services, connection, signal)
  try {
    const server = await readServer(client)
    const { tool, problem } = await findTool(services, 'pg_restore', server.version)
    const cores = os.availableParallelism()
    const atOnce = Math.max(1, Math.min(4, cores, set.record.databases.length))
    const jobs = Math.floor(cores / atOnce)
    const options: Record<string, number> = jobs > 1 ? { jobs } : {}
    return {
      serverVersion: server.version,
      tool,
      toolProblem: problem && { message: problem.message, hint: problem.hint ?? '' },
      taken: set.record.databases.map(({ name }) => name).filter((name) => server.databases.has(name)),
      roles: set.roles.filter((name) => server.roles.has(name)),
      tablespaces: set.tablespaces.map(({ name }) => name).filter((name) => server.tablespaces.has(name)),
      options,
      atOnce,
      cores,
    }
  } finally {
    await client.end()
  }
}

export async function previewRestore(
  services: ClusterServices,
  parts: Parts,
  request: ClusterRestoreRequest,
  signal: AbortSignal,
): Promise<CommandPreview> {
  const plan = await planSetRestore(services, parts, request, signal)
  const made = plan.databases.filter(({ request: { target } }) => target.kind === 'new').map(({ database }) => database.name)
  const filled = plan.databases.filter(({ request: { target } }) => target.kind !== 'new').map(({ database }) => database.name)
  const size = plan.databases.reduce((sum, { database }) => sum + BigInt(database.source.databaseSize ?? '0'), 0n)
  return {
    commands: plan.shown,
    preflight: plan.preflight,
    writes: [
      { label: 'New databases', value: `${made.join(', ') || 'none'}, about ${formatBytes(size)}` },
      ...(filled.length > 0 ? [{ label: 'Empty databases that are filled', value: filled.join(', ') }] : []),
      ...(plan.roles.length > 0 ? [{ label: 'New roles', value: plan.roles.join(', ') }] : []),
      ...plan.tablespaces.map(({ name, location }) => ({ label: `New tablespace ${name}`, value: location })),
    ],
    blocked: plan.blocked,
    checkedAt: new Date().toISOString(),
  }
}

/** Everything that can be checked in seconds is checked before the job exists, so that the form can say it. */
export async function startRestore(
  services: ClusterServices,
  parts: Parts,
  request: ClusterRestoreRequest,
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  services.connections.requireWritable(request.connectionId, 'Restoring')
  const plan = await planSetRestore(services, parts, request, signal)
  if (plan.blocked !== '') {
    throw new AppError('preflight', `The restore was not started. ${plan.blocked}`, {
      hint: 'Put right what the checks name, then start again.',
      details: { blockers: plan.preflight.filter(({ result }) => result === 'blocker').map(({ id }) => id) },
    })
  }
  const server = plan.server.systemIdentifier ?? request.connectionId
  const { id } = services.jobs.start<ClusterRestoreRequest>({
    capability: 'cluster-restore',
    title: `Restore ${countOf(request.databases.length, 'database')} of a set`,
    input: request,
    connectionId: request.connectionId,
    serverLabel: plan.connection.label,
    steps: setRestoreSteps(request.databases),
    onCancel: setRestoreOnCancel,
    locks: request.databases.map((name) => `database:${server}/${name}`),
    run: (job) => runSetRestore(request, job, services, parts),
  })
  return { jobId: id }
}
