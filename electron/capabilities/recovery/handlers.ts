// Answers the calls of the recovery contract.
import os from 'node:os'
import path from 'node:path'
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import { type RecoverableBackup, type RecoveryTarget, type recovery, standaloneRequest } from '../../../shared/contracts/recovery'
import { pointRequest } from '../../../shared/contracts/recoveryPoint'
import { wishWords } from '../../../shared/model/recoveryTarget'
import type { Handlers } from '../../../shared/rpc/contract'
import { slug } from '../../library/slug'
import { findLocalClusters, inspectCluster } from '../../postgres/findLocalClusters'
import { findPortAmong } from '../../postgres/freePort'
import { ownAccount } from '../../process/runAs'
import { withCombine } from './combineInto'
import { portItSays, startedByHand } from './folderCluster'
import type { Parts, RecoveryServices } from './parts'
import { ownedByRoot, planRecovery, type RecoveryRequest, refusal } from './planRecovery'
import { previewOf } from './preview'
import { type PhysicalBackup, readBackup } from './readBackup'
import { pointSteps, recoveryOnCancel, recoverySteps } from './recoverySteps'
import { runRecovery } from './runRecovery'

const firstPort = 54_400
const portCount = 80

export function recoveryHandlers(services: RecoveryServices, parts: Parts): Handlers<typeof recovery, AbortSignal> {
  return {
    inspect: async ({ path: folder }, { signal }) => shown(await readBackup(services, folder, signal)),
    prepare: async ({ path: folder }, { signal }) =>
      prepareRecovery(services, await readBackup(services, folder, signal), signal),
    target: async ({ path: folder, dataDirectory }, { signal }) =>
      readTarget(services, { backup: await readBackup(services, folder, signal, true), dataDirectory }, signal),
    previewStandalone: async (request, { signal }) => previewOf(await planRecovery(services, request, new Date(), signal)),
    startStandalone: (request, { signal }) => startRecovery(services, parts, request, signal),
  }
}

/** For "run again": a new folder is the same request; what is in the place of a cluster wants its name typed again. */
export function restartRecovery(services: RecoveryServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => {
    const { signal } = new AbortController()
    const toPoint = standaloneRequest.extend({ point: pointRequest }).safeParse(input)
    return startRecovery(services, parts, toPoint.success ? toPoint.data : standaloneRequest.parse(input), signal)
  }
}

/** Refuses before anything is written, by any blocker of the checks. */
export async function startRecovery(
  services: RecoveryServices,
  parts: Parts,
  request: RecoveryRequest,
  signal: AbortSignal,
): Promise<{ jobId: string }> {
  const at = new Date()
  const plan = await planRecovery(services, request, at, signal)
  const refused = refusal(plan)
  if (refused) throw refused
  const { id } = services.jobs.start({
    capability: 'recovery',
    title: `Recover ${plan.backup.server}${plan.point ? ` to ${wishWords(plan.point.wish)}` : ''} ${plan.target ? `in place of ${plan.target.name}` : 'as a new cluster'}`,
    // The typed confirmation is for this one time.
    input: { ...request, confirm: null },
    connectionId: null,
    serverLabel: plan.target?.name ?? plan.backup.server,
    steps: withCombine(plan.point ? pointSteps : recoverySteps, plan.chain !== null),
    onCancel: recoveryOnCancel,
    // Walkback itself starts no server in there meanwhile, and moves no backup away.
    locks: [
      `data:${plan.data.final}`,
      ...[plan.data, ...plan.spaces].map(({ final }) => `path:${final}`),
      ...(plan.chain?.links.map(({ backup }) => `path:${backup.path}`) ?? [`path:${plan.backup.path}`]),
    ],
    run: (job) => runRecovery({ request, at }, job, services, parts),
  })
  return { jobId: id }
}

function shown(backup: PhysicalBackup): RecoverableBackup {
  const { path: folder, kind, format, recorded, server, takenAt, major, systemIdentifier, start: from, stop, size } = backup
  return {
    ...{ path: folder, kind, format, recorded, server, takenAt, major, systemIdentifier, start: from, stop, size },
    tablespaces: backup.tablespaces.map(({ oid, name, location }) => ({ oid, name, location })),
    configuration: backup.configuration.map(({ original }) => original),
    chain: backup.chain.map((one) => ({ path: one.path, takenAt: one.takenAt, size: one.size })),
  }
}

export async function prepareRecovery(services: RecoveryServices, backup: PhysicalBackup, signal: AbortSignal) {
  const { clusters } = await findLocalClusters(services, signal)
  const taken = new Set(clusters.flatMap(({ port }) => (port === null ? [] : [port])))
  if (backup.record?.source.port) taken.add(backup.record.source.port)
  const time = backup.takenAt.slice(0, 16).replaceAll(':', '').replace('T', '-')
  const root = process.getuid?.() === 0
  const saved = services.connections.list()
  return {
    hostname: os.hostname(),
    account: root ? 'postgres, since PostgreSQL does not run as root' : `${ownAccount().name}, as Walkback itself`,
    defaults: {
      folder: path.join(services.paths.data, 'recovered', `${slug(backup.server)}-${time}`),
      port: await findPortAmong(firstPort, portCount, taken),
      login: (saved.find((each) => isOf(each, backup)) ?? null)?.id ?? null,
    },
    // Others are looked at one by one, when their data directory is named.
    targets: clusters.filter((each) => !startedByHand(each)).map((each) => targetOf(each, backup)),
    logins: saved.map(({ id, label, settings }) => ({ id, label, user: settings.user })),
  }
}

/** The connection that the backup was taken through, by its label or its address. */
function isOf(
  { label, settings }: { label: string; settings: { host: string; port: number | null } },
  { record }: PhysicalBackup,
) {
  if (!record) return false
  const { source } = record
  return label === source.label || (settings.host === source.host && settings.port === source.port && source.port !== null)
}

/** One that is started with pg_ctl gets a port: its own, taken or not, since that is for the person to see; else a free one. */
async function readTarget(
  services: RecoveryServices,
  { backup, dataDirectory }: { backup: PhysicalBackup; dataDirectory: string },
  signal: AbortSignal,
): Promise<RecoveryTarget> {
  const info = await inspectCluster(services, dataDirectory, signal)
  if (!startedByHand(info)) return targetOf(info, backup)
  const port = info.port ?? (await portItSays(info.dataDirectory))
  const askPort = port ?? (await findPortAmong(firstPort, portCount, new Set()))
  return { ...targetOf(info, backup), port, askPort }
}

function targetOf(info: LocalClusterInfo, backup: PhysicalBackup): RecoveryTarget {
  const { origin, name, dataDirectory, port, owner, major, control, running, problem } = info
  const why = running
    ? 'It runs: stop it first.'
    : problem
      ? problem.message
      : major !== backup.major
        ? `It is of PostgreSQL ${major}, the backup of ${backup.major}.`
        : owner === 'root'
          ? ownedByRoot(dataDirectory)
          : ''
  return {
    ...{ origin, name, dataDirectory, port, askPort: null, owner, major },
    systemIdentifier: control?.systemIdentifier ?? null,
    state: control?.state ?? '',
    running: running !== null,
    problem: why,
  }
}
