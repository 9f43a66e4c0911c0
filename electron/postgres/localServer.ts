// A running server of this machine, found by its data directory: how it was started, so that it can be started again alike.
import { readFile, readlink, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OsAccount, SpawnTool } from '../process/processTypes'
import { findAccount } from '../process/runAs'
import { errorCode } from '../process/systemError'
import { findPostmaster, type LocalCluster, type Postmaster, readControlData } from './localClusterState'
import { isThisMachine } from './sameMachine'

/** What a connection tells of its server. */
export interface ServerPlace {
  host: string
  port: number
  major: number
  dataDirectory: string | null
  configFile: string | null
  systemIdentifier: string | null
}

export interface LocalServer {
  postmaster: Postmaster
  /** The account it runs as; null when it is ours. */
  account: OsAccount | null
}

/** null: not seen on this machine, since it is another one, a container, or a forwarded port. */
export async function findLocalServer(place: ServerPlace): Promise<LocalServer | null> {
  if (!isThisMachine(place.host) || place.dataDirectory === null || process.platform === 'win32') return null
  try {
    const postmaster = await findPostmaster(place.dataDirectory)
    if (!postmaster || postmaster.port !== place.port) return null
    const { uid } = await stat(place.dataDirectory)
    const own = uid === process.getuid?.()
    const account = own ? null : await findAccount(uid)
    return own || account ? { postmaster, account } : null
  } catch (error) {
    if (['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null
    throw error
  }
}

/** A server that Walkback can stop and start again as it was started. */
export interface Restartable {
  cluster: LocalCluster
  /** Settings of its command line, which win over every file. */
  settings: Record<string, string>
}

export type RestartWay =
  | { kind: 'here'; server: Restartable }
  /** `command`: what the person runs instead; `why` not here, in a sentence. */
  | { kind: 'by-hand'; command: string; why: string }

/** Looks whether the server is one that can be restarted from here. Never throws for one that can't. */
export async function findRestartWay(spawn: SpawnTool, place: ServerPlace): Promise<RestartWay> {
  const byHand = (why: string, command = restartCommand(place)): RestartWay => ({ kind: 'by-hand', command, why })
  const server = await findLocalServer(place)
  if (!server || place.dataDirectory === null)
    return byHand('Walkback does not see this server among the processes of its machine.')
  if (process.platform !== 'linux') return byHand('Walkback restarts servers on Linux only.')
  const { pid } = server.postmaster
  try {
    const unit = unitOf(await readFile(`/proc/${pid}/cgroup`, 'utf8'))
    if (unit !== null) return byHand(`systemd runs this server as ${unit}.`, `sudo systemctl restart ${unit}`)
    const logFile = await readlink(`/proc/${pid}/fd/2`)
    if (!logFile.startsWith('/') || !(await stat(logFile)).isFile())
      return byHand('The server was started by another program, which reads its output.')
    const program = await readlink(`/proc/${pid}/exe`)
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1)
    const settings = commandLineSettings(argv.slice(1))
    if (settings === null) return byHand('The server was started with options that Walkback does not repeat.')
    const cluster: LocalCluster = {
      bin: dirname(program),
      dataDirectory: place.dataDirectory,
      account: server.account,
      logFile,
    }
    if (place.systemIdentifier !== null && (await readControlData(spawn, cluster)).systemIdentifier !== place.systemIdentifier)
      return byHand('Another server of this machine has that data directory.')
    return { kind: 'here', server: { cluster, settings } }
  } catch (error) {
    if (errorCode(error) === '' && !(error instanceof Error && error.name === 'AppError')) throw error
    return byHand('Walkback may not look at this server’s process.')
  }
}

/** The service that holds the process, when it is PostgreSQL's own; null for a session or a container. */
export function unitOf(cgroup: string): string | null {
  return /\/([^/\n]*(?:postgres|pgsql)[^/\n]*\.service)(?:\/[^\n]*)?$/m.exec(cgroup)?.[1] ?? null
}

const shortOptions: Readonly<Record<string, string>> = { '-p': 'port', '-h': 'listen_addresses', '-k': 'unix_socket_directories' }

/** `-c name=value` and its like; null when there is anything else than -D. */
export function commandLineSettings(argv: readonly string[]): Record<string, string> | null {
  const settings: Record<string, string> = {}
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? ''
    const long = /^--([A-Za-z_.-]+)=(.*)$/s.exec(word)
    const next = argv[at + 1]
    if (long?.[1] !== undefined && long[2] !== undefined) {
      settings[long[1].replaceAll('-', '_')] = long[2]
      continue
    }
    if (next === undefined) return null
    at += 1
    if (word === '-D') continue
    const pair = /^([A-Za-z_.]+)=(.*)$/s.exec(next)
    const name = shortOptions[word]
    if (word === '-c' && pair?.[1] !== undefined && pair[2] !== undefined) settings[pair[1]] = pair[2]
    else if (name !== undefined) settings[name] = next
    else return null
  }
  return settings
}

/** What restarts such a server, to be run by hand on its machine. */
export function restartCommand({ configFile, dataDirectory, major }: ServerPlace): string {
  const debian = /^\/etc\/postgresql\/([^/]+)\/([^/]+)\//.exec(configFile ?? '')
  if (debian) return `sudo pg_ctlcluster ${debian[1]} ${debian[2]} restart`
  if (/^\/var\/lib\/pgsql\/\d+\/data$/.test(dataDirectory ?? '')) return `sudo systemctl restart postgresql-${major}`
  return `pg_ctl restart --pgdata=${dataDirectory ?? 'DATA_DIRECTORY'} --mode=fast`
}
