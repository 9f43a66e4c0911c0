// Stops and starts a cluster of this machine the way it is run: Debian's through pg_ctlcluster, others through pg_ctl.
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalClusterInfo } from '../../shared/contracts/localClusters'
import { AppError } from '../../shared/rpc/appError'
import type { SpawnTool } from '../process/processTypes'
import { controlDebian } from './debianClusters'
import { stopCluster } from './localCluster'
import { type ControlData, findPostmaster, isCleanState, type LocalCluster, readControlData } from './localClusterState'

export interface Controlled {
  info: LocalClusterInfo
  cluster: LocalCluster
}

/** A "fast" shutdown: clients are sent away. Resolves once the process has ended and pg_control says "shut down". */
export async function stopLocalCluster(spawn: SpawnTool, { info, cluster }: Controlled): Promise<ControlData> {
  if (info.origin !== 'debian') {
    await stopCluster(spawn, cluster, 'fast')
    return readControlData(spawn, cluster)
  }
  const running = await findPostmaster(cluster.dataDirectory)
  if (running) {
    const exit = await controlDebian(spawn, info.name, 'stop', cluster.account)
    if (!(await waitFor(async () => (await findPostmaster(cluster.dataDirectory)) === null))) {
      throw new AppError('tool_failed', `${info.name} still runs (process ${running.pid}). ${exit.stderrTail.join(' ')}`.trim(), {
        hint: `Something may keep it busy; its log says more: ${cluster.logFile}`,
      })
    }
  }
  const control = await readControlData(spawn, cluster)
  if (running && !isCleanState(control.state)) {
    throw new AppError('postgres', `The server has ended, but pg_controldata says "${control.state}": it was not shut down.`, {
      hint: 'It will go through crash recovery at the next start. Nothing that was committed is lost.',
    })
  }
  return control
}

/** Starts a Debian cluster and waits until its postmaster says it takes connections. Throws AppError with its words. */
export async function startLocalCluster(spawn: SpawnTool, { info, cluster }: Controlled): Promise<{ pid: number }> {
  if (info.origin !== 'debian') {
    throw new AppError('bad_input', `Walkback does not know how ${info.name} is started on this machine.`, {
      hint: `Start it the way it usually is, or as ${info.owner ?? 'its owner'}: ${cluster.bin}/pg_ctl start --pgdata=${cluster.dataDirectory}`,
    })
  }
  const exit = await controlDebian(spawn, info.name, 'start', cluster.account)
  const up = await waitFor(async () => /^(ready|standby)$/.test((await findPostmaster(cluster.dataDirectory))?.status ?? ''))
  const postmaster = await findPostmaster(cluster.dataDirectory)
  if (!up || !postmaster) {
    throw new AppError('postgres', `${info.name} did not start. ${exit.stderrTail.join(' ')}`.trim(), {
      hint: `Its log says why: ${cluster.logFile}`,
    })
  }
  return { pid: postmaster.pid }
}

async function waitFor(done: () => Promise<boolean>, timeoutMs = 60_000): Promise<boolean> {
  for (const end = Date.now() + timeoutMs; ; ) {
    if (await done()) return true
    if (Date.now() > end) return false
    await delay(50)
  }
}
