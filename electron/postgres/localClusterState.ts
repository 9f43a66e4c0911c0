// What a data directory on this machine says about its cluster: its control file, and the server that runs in it.
import { readFile, readlink, realpath, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/rpc/appError'
import { listProcPids, readProcStat } from '../process/processTable'
import type { OsAccount, SpawnTool } from '../process/processTypes'
import { errorCode } from '../process/systemError'

/** One cluster: its programs, its data directory, and the account it belongs to. */
export interface LocalCluster {
  /** Bin folder of an installation of the cluster's own major. */
  bin: string
  dataDirectory: string
  /** The account that owns the data directory; null when we are that account. */
  account: OsAccount | null
  /** Where pg_ctl sends what the server writes. */
  logFile: string
}

export interface ControlData {
  /** As pg_controldata says: "shut down", "in production", "in archive recovery" ... */
  state: string
  systemIdentifier: string
  /** LSN of the latest checkpoint. */
  checkpoint: string
  /** Where redo from it begins: a crash recovery needs all WAL from here on. */
  redo: string
  timeline: number
  /** When that checkpoint was begun, to the second; null when the program's words are not understood. */
  checkpointAt: Date | null
  /** A cluster in recovery may not be opened before this position was replayed; "0/0" for one that is not. */
  minRecoveryEnd: string
  /** Bytes of a WAL segment. */
  segmentSize: number
  dataChecksums: boolean
  /** What a hot standby needs at the least: the primary's settings when the control file was written. By setting. */
  limits: Record<string, number>
}

/** A shutdown checkpoint was written: nothing has to be recovered at the next start. */
export function isCleanState(state: string): boolean {
  return state === 'shut down' || state === 'shut down in recovery'
}

/** States that a crash of a primary leaves: at its next start it recovers by its own WAL. */
export function needsCrashRecovery(state: string): boolean {
  return state === 'in production' || state === 'shutting down' || state === 'in crash recovery'
}

/** Reads pg_control through pg_controldata. Throws AppError tool_failed with the program's words. */
export async function readControlData(
  spawn: SpawnTool,
  cluster: Pick<LocalCluster, 'bin' | 'dataDirectory' | 'account'>,
  signal?: AbortSignal,
): Promise<ControlData> {
  const lines: string[] = []
  const exit = await spawn({
    file: join(cluster.bin, 'pg_controldata'),
    argv: [`--pgdata=${cluster.dataDirectory}`],
    // The labels are translated; they are read in English. Times come in the zone of the program.
    env: { LC_ALL: 'C', TZ: 'UTC' },
    ...(cluster.account ? { runAs: cluster.account } : {}),
    ...(signal ? { signal } : {}),
    onStdout: (line) => lines.push(line),
  })
  const data = parseControlData(lines)
  if (exit.code !== 0 || !data) {
    throw new AppError('tool_failed', `pg_controldata could not read ${cluster.dataDirectory}: ${exit.stderrTail.join(' ')}`, {
      hint: 'The folder may be no data directory, or of another major version than these programs.',
    })
  }
  // It prints what it read all the same, and ends well.
  const damaged = [...lines, ...exit.stderrTail].find((line) =>
    /CRC checksum does not match|invalid WAL segment size/i.test(line),
  )
  if (damaged !== undefined) {
    throw new AppError('tool_failed', `${join(cluster.dataDirectory, 'global', 'pg_control')} is damaged: ${damaged.trim()}`, {
      hint: 'PostgreSQL will not start from it. Restore the cluster from a backup.',
    })
  }
  return data
}

const controls = new Map<string, { stamp: string; data: ControlData }>()

/** The same, asking the program again only when pg_control was written since: for pages that look every few seconds. */
export async function readControlDataCached(
  spawn: SpawnTool,
  cluster: Parameters<typeof readControlData>[1],
): Promise<ControlData> {
  const { ino, mtimeMs } = await stat(join(cluster.dataDirectory, 'global', 'pg_control'))
  const stamp = `${ino} ${mtimeMs}`
  const kept = controls.get(cluster.dataDirectory)
  if (kept?.stamp === stamp) return kept.data
  const data = await readControlData(spawn, cluster)
  controls.set(cluster.dataDirectory, { stamp, data })
  return data
}

export function parseControlData(lines: readonly string[]): ControlData | null {
  const fields = new Map<string, string>()
  for (const line of lines) {
    const match = /^([^:]+):\s+(.*)$/.exec(line)
    if (match?.[1] !== undefined && match[2] !== undefined) fields.set(match[1], match[2].trim())
  }
  const state = fields.get('Database cluster state')
  const systemIdentifier = fields.get('Database system identifier')
  if (state === undefined || systemIdentifier === undefined || !/^\d+$/.test(systemIdentifier)) return null
  return {
    state,
    systemIdentifier,
    checkpoint: fields.get('Latest checkpoint location') ?? '',
    redo: fields.get("Latest checkpoint's REDO location") ?? '',
    timeline: Number(fields.get("Latest checkpoint's TimeLineID") ?? 0),
    checkpointAt: readTime(fields.get('Time of latest checkpoint')),
    minRecoveryEnd: fields.get('Minimum recovery ending location') ?? '0/0',
    segmentSize: Number(fields.get('Bytes per WAL segment') ?? 0),
    dataChecksums: Number(fields.get('Data page checksum version') ?? 0) > 0,
    limits: Object.fromEntries(
      limitLabels.flatMap(([label, name]) => {
        const value = fields.get(`${label} setting`)
        return value === undefined ? [] : [[name, Number(value)]]
      }),
    ),
  }
}

/** As pg_controldata names them, and the settings' own names. */
const limitLabels = [
  ['max_connections', 'max_connections'],
  ['max_worker_processes', 'max_worker_processes'],
  ['max_wal_senders', 'max_wal_senders'],
  ['max_prepared_xacts', 'max_prepared_transactions'],
  ['max_locks_per_xact', 'max_locks_per_transaction'],
] as const

/** As strftime's %c in the C locale, in UTC: "Thu Nov 26 22:22:16 2026". */
function readTime(text = ''): Date | null {
  const time = Date.parse(`${text} UTC`)
  return Number.isNaN(time) ? null : new Date(time)
}

export interface Postmaster {
  pid: number
  startedAt: Date
  port: number | null
  /** null when it listens on TCP alone, or has not said. */
  socketFolder: string | null
  /** "ready", "starting", "stopping", "standby"; '' while it has not said. */
  status: string
}

/**
 * The server that runs in the data directory, or null. The file alone proves nothing: it stays after a crash, and its
 * number may belong to another program since; on Linux the process must work in this very folder.
 */
export async function findPostmaster(dataDirectory: string): Promise<Postmaster | null> {
  const written = await readPostmasterFile(dataDirectory)
  return written && (await worksIn(written.pid, dataDirectory)) ? written : null
}

/** postmaster.pid as it stands, whether its server lives or not; null when there is none or it is still being written. */
export async function readPostmasterFile(dataDirectory: string): Promise<Postmaster | null> {
  let text: string
  try {
    text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null
    throw error
  }
  return parsePostmasterFile(text)
}

/** Lines: pid, data directory, start time, port, socket folder, listen address, shared memory, status (miscadmin.h). */
export function parsePostmasterFile(text: string): Postmaster | null {
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  const started = Number(lines[2])
  if (!Number.isInteger(pid) || pid <= 1 || !Number.isInteger(started) || started <= 0) return null
  const port = Number(lines[3])
  return {
    pid,
    startedAt: new Date(started * 1000),
    port: Number.isInteger(port) && port > 0 ? port : null,
    socketFolder: lines[4] || null,
    status: lines[7] ?? '',
  }
}

/**
 * Removes the lock file of a server that is gone when its number stands in the way of a start: PostgreSQL takes any living
 * process of that number for the server, also one that was started since, and one that ended and was never collected by
 * its parent (a container without an init). Only when no process at all works in the data directory: a backend that
 * outlived its postmaster keeps the lock. Resolves to the number, null when there was nothing to remove. Linux only.
 */
export async function removeStaleLock(dataDirectory: string): Promise<number | null> {
  if (process.platform !== 'linux') return null
  const written = await readPostmasterFile(dataDirectory)
  if (!written || readProcStat(written.pid) === null) return null
  const real = await realpath(dataDirectory)
  for (const pid of listProcPids()) if ((await workingFolder(pid)) === real) return null
  await rm(join(dataDirectory, 'postmaster.pid'))
  await removeSocketLock(written)
  return written.pid
}

/** The lock beside its socket names the same process, and would stand in the way next. Source: CreateSocketLockFile. */
async function removeSocketLock({ pid, port, socketFolder }: Postmaster): Promise<void> {
  if (port === null || socketFolder === null) return
  const lock = join(socketFolder, `.s.PGSQL.${port}.lock`)
  try {
    if (Number((await readFile(lock, 'utf8')).split('\n')[0]) === pid) await rm(lock)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EACCES' && errorCode(error) !== 'EPERM') throw error
  }
}

/** null for a process that is gone or another account's: a data directory is closed to other accounts. */
async function workingFolder(pid: number): Promise<string | null> {
  try {
    return await readlink(`/proc/${pid}/cwd`)
  } catch {
    return null // gone meanwhile, a zombie, or not ours to look at
  }
}

async function worksIn(pid: number, dataDirectory: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const stat = readProcStat(pid)
    if (stat === null || stat.zombie) return false
    try {
      return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(dataDirectory))
    } catch (error) {
      // Another account's process, which we may not look into: it lives, and the file names it.
      return errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM'
    }
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
