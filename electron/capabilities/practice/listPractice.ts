// What is known of the practice clusters right now: running, stopped cleanly or not, unfinished, absent.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type PracticeCluster, practiceNames } from '../../../shared/contracts/practice'
import { AppError } from '../../../shared/rpc/appError'
import { type ControlData, findPostmaster, isCleanState, readControlDataCached } from '../../postgres/localClusterState'
import { errorCode } from '../../process/systemError'
import type { Services } from '../../services'
import { holdsSomething, type PracticeFolder, type PracticeMarker, practiceFolder, readMarker } from './practiceFolder'
import { localClusterOf } from './practiceHost'

type Needs = Pick<Services, 'paths' | 'tools' | 'spawn' | 'connections'>

/** The page asks every few seconds; walking the files and running pg_controldata each time would be too much. */
const sizeKeptMs = 10_000
const sizes = new Map<string, { at: number; bytes: bigint }>()

export function listPractice(services: Needs): Promise<PracticeCluster[]> {
  return Promise.all(practiceNames.map((name) => describe(services, practiceFolder(services.paths, name))))
}

async function describe(services: Needs, folder: PracticeFolder): Promise<PracticeCluster> {
  const marker = await readMarker(folder)
  const absent: PracticeCluster = {
    name: folder.name,
    state: 'absent',
    stateText: 'Not made yet',
    version: null,
    port: null,
    dataDirectory: folder.data,
    size: null,
    systemIdentifier: null,
    connectionId: null,
    filled: false,
    startedAt: null,
  }
  if (!marker) {
    const foreign = await holdsSomething(folder.folder)
    return foreign ? { ...absent, stateText: `${folder.folder} is there, but Walkback did not make it` } : absent
  }
  const known = {
    ...absent,
    port: marker.port,
    size: String(await sizeOf(folder.folder)),
    connectionId: services.connections.list().find(({ practice }) => practice === folder.name)?.id ?? null,
    filled: marker.filledAt !== null,
  }
  if (!marker.finished) {
    return { ...known, state: 'unfinished', stateText: 'Unfinished: making it was interrupted. Make it anew, or remove it' }
  }
  return { ...known, ...(await serverState(services, folder, marker)) }
}

type ServerState = Pick<PracticeCluster, 'state' | 'stateText' | 'version' | 'systemIdentifier' | 'startedAt'>

async function serverState(services: Needs, folder: PracticeFolder, marker: PracticeMarker): Promise<ServerState> {
  const running = await findPostmaster(folder.data)
  let version: number | null = null
  let control: ControlData
  try {
    const cluster = await localClusterOf(services, folder, marker)
    version = cluster.version
    control = await readControlDataCached(services.spawn, cluster)
  } catch (error) {
    if (!(error instanceof AppError) && errorCode(error) !== 'ENOENT') throw error
    const why = error instanceof AppError ? error.message : 'The data directory holds no cluster'
    return running
      ? { state: 'running', stateText: 'Running', version, systemIdentifier: null, startedAt: running.startedAt.toISOString() }
      : { state: 'unclean', stateText: why, version, systemIdentifier: null, startedAt: null }
  }
  const known = { version, systemIdentifier: control.systemIdentifier }
  if (running) {
    const text = running.status === 'starting' ? 'Starting' : running.status === 'stopping' ? 'Stopping' : 'Running'
    return { ...known, state: 'running', stateText: text, startedAt: running.startedAt.toISOString() }
  }
  return isCleanState(control.state)
    ? { ...known, state: 'stopped', stateText: 'Stopped, shut down cleanly', startedAt: null }
    : {
        ...known,
        state: 'unclean',
        stateText: `Not running, and not shut down cleanly ("${control.state}"): it recovers by itself when started`,
        startedAt: null,
      }
}

/** Bytes of everything in the folder; what vanishes meanwhile counts nothing. */
async function sizeOf(folder: string): Promise<bigint> {
  const kept = sizes.get(folder)
  if (kept && Date.now() - kept.at < sizeKeptMs) return kept.bytes
  const bytes = await addUp(folder)
  sizes.set(folder, { at: Date.now(), bytes })
  return bytes
}

export function forgetSize(folder: string): void {
  sizes.delete(folder)
}

async function addUp(folder: string): Promise<bigint> {
  let bytes = 0n
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) bytes += await addUp(path)
      else if (entry.isFile()) bytes += BigInt((await stat(path)).size)
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
  return bytes
}
