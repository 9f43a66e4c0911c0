// Starts and stops a practice cluster's server, on a port of its own, and keeps its connection in step.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { practiceNames } from '../../../shared/contracts/practice'
import { emptyConnectionSettings } from '../../../shared/model/connection'
import { AppError } from '../../../shared/rpc/appError'
import { writeDurably } from '../../durableFile'
import type { JobContext } from '../../jobs/jobTypes'
import { findFreePort, isPortFree } from '../../postgres/freePort'
import { PortTaken, type Started, startCluster } from '../../postgres/localCluster'
import { findPostmaster, readControlData } from '../../postgres/localClusterState'
import { withClient } from '../../postgres/withClient'
import type { SpawnTool } from '../../process/processTypes'
import { Secret } from '../../process/secret'
import type { Services } from '../../services'
import { changeMarker, type PracticeFolder, type PracticeName, practiceFolder, readMarker, requireMarker } from './practiceFolder'
import { localClusterOf } from './practiceHost'

const firstPort = 54_320
const portCount = 80
/** sun_path of Linux and others holds 107 bytes; the server appends `/.s.PGSQL.<port>`. */
const longestSocketFolder = 107 - '/.s.PGSQL.65535'.length

export const practiceUser = 'postgres'

export function connectionIdOf(name: PracticeName): string {
  return `practice-${name}`
}

/** Children carry the job's mark, so that a restart of Walkback finds what a killed one left. */
export function spawnFor(services: Pick<Services, 'spawn'>, context: JobContext): SpawnTool {
  return (request) => services.spawn({ ...request, jobId: context.id })
}

/**
 * Both practice clusters share one password: recovering main's backup in place of replica brings main's password along,
 * and the connection has to keep working. It is written to the passfiles only.
 */
export async function writePassword(services: Pick<Services, 'paths'>, folder: PracticeFolder): Promise<Secret> {
  const password = (await sharedPassword(services, folder)) ?? new Secret(randomBytes(24).toString('base64url'))
  writeDurably(folder.passfile, `127.0.0.1:*:*:${practiceUser}:${password.reveal()}\n`)
  return password
}

async function sharedPassword(services: Pick<Services, 'paths'>, folder: PracticeFolder): Promise<Secret | null> {
  for (const name of practiceNames) {
    const other = practiceFolder(services.paths, name)
    if (name === folder.name || !(await readMarker(other)) || !existsSync(other.passfile)) continue
    const match = /^127\.0\.0\.1:\*:\*:postgres:([\w-]+)$/m.exec(await readFile(other.passfile, 'utf8'))
    if (match?.[1]) return new Secret(match[1])
  }
  return null
}

export interface PracticeStarted extends Started {
  port: number
  /** The port it had before, when another program has taken that one. */
  movedFrom: number | null
  systemIdentifier: string
}

/** Starts the server, on another port when its own is taken, and leaves a connection that was used once. */
export async function startPractice(
  services: Services,
  context: JobContext,
  folder: PracticeFolder,
  more: { onLine?: (line: string) => void; patient?: boolean } = {},
): Promise<PracticeStarted> {
  const spawn = spawnFor(services, context)
  const marker = await requireMarker(folder)
  const cluster = await localClusterOf(services, folder, marker)
  await clearSockets(folder)
  const { systemIdentifier } = await readControlData(spawn, cluster, context.signal)
  const taken = new Set(await portsOfOthers(services, folder.name))
  let port = marker.port
  if (taken.has(port) || !(await isPortFree(port))) port = await findFreePort(firstPort, portCount, taken)
  for (let tries = 1; ; tries += 1) {
    await changeMarker(folder, { port })
    putConnection(services, folder, port)
    context.log(`Starting on port ${port}${cluster.account ? ` as the account ${cluster.account.name}` : ''}.`)
    try {
      const started = await startCluster(spawn, cluster, {
        settings: serverSettings(folder, port),
        signal: context.signal,
        probe: () => requireThisCluster(services, folder.name, systemIdentifier, context.signal),
        onLine: (line) => {
          context.log(line, /\b(FATAL|PANIC|ERROR):/.test(line) ? 'warning' : 'info')
          more.onLine?.(line)
        },
        patient: more.patient ?? false,
      })
      return { ...started, port, movedFrom: port === marker.port ? null : marker.port, systemIdentifier }
    } catch (error) {
      if (!(error instanceof AppError && error.cause instanceof PortTaken) || tries === 5) throw error
      context.log(`Another program took port ${port} meanwhile; trying another one.`)
      taken.add(port)
      port = await findFreePort(firstPort, portCount, taken)
    }
  }
}

/**
 * A crash leaves the socket and its lock file, and PostgreSQL takes any living process of that number for its owner. The
 * folder is this cluster's alone, so without a server in the data directory they are nobody's.
 */
async function clearSockets(folder: PracticeFolder): Promise<void> {
  if (await findPostmaster(folder.data)) return
  for (const name of await readdir(folder.sockets)) {
    if (name.startsWith('.s.PGSQL.')) await rm(join(folder.sockets, name), { force: true })
  }
}

/** They win over the files in the data directory, which a recovery replaces by those of the backup's source. */
function serverSettings(folder: PracticeFolder, port: number): Record<string, string> {
  const sockets = Buffer.byteLength(folder.sockets) <= longestSocketFolder && process.platform !== 'win32' ? folder.sockets : ''
  return {
    port: String(port),
    listen_addresses: '127.0.0.1',
    // A list: a comma or blank in the path needs quotes of the setting's own.
    unix_socket_directories: sockets === '' ? '' : `"${sockets.replaceAll('"', '""')}"`,
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
    log_line_prefix: '%m [%p] ',
  }
}

/** Not only that something answers there: that it is this very cluster. Throws AppError conflict for another server. */
export async function requireThisCluster(
  services: Services,
  name: PracticeName,
  systemIdentifier: string,
  signal: AbortSignal,
): Promise<void> {
  const connection = await services.connections.resolve(connectionIdOf(name))
  await withClient({ connections: services.connections, connection, signal }, async (client) => {
    const { rows } = await client.query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()')
    if (rows[0]?.id === systemIdentifier) return
    throw new AppError('conflict', `Another PostgreSQL server answers on port ${connection.settings.port}.`, {
      hint: 'Stop it, or start this cluster again: it will take another port.',
    })
  })
}

async function portsOfOthers(services: Pick<Services, 'paths'>, name: PracticeName): Promise<number[]> {
  const others = practiceNames.filter((other) => other !== name).map((other) => readMarker(practiceFolder(services.paths, other)))
  return (await Promise.all(others)).flatMap((marker) => (marker ? [marker.port] : []))
}

/** A port for a new cluster, free now. */
export async function choosePort(services: Pick<Services, 'paths'>, name: PracticeName): Promise<number> {
  return findFreePort(firstPort + practiceNames.indexOf(name), portCount, new Set(await portsOfOthers(services, name)))
}

/** The connection may be gone while the cluster is not: a data folder that was put back without it, say. */
export async function ensureConnection(services: Pick<Services, 'connections'>, folder: PracticeFolder): Promise<void> {
  if (services.connections.list().some(({ practice }) => practice === folder.name)) return
  putConnection(services, folder, (await requireMarker(folder)).port)
}

function putConnection(services: Pick<Services, 'connections'>, folder: PracticeFolder, port: number): void {
  const before = services.connections.list().find(({ practice }) => practice === folder.name)
  services.connections.putPractice({
    id: connectionIdOf(folder.name),
    label: before?.label ?? `practice ${folder.name}`,
    colour: before?.colour ?? (folder.name === 'main' ? 'teal' : 'violet'),
    readOnly: before?.readOnly ?? false,
    settings: {
      ...emptyConnectionSettings,
      host: '127.0.0.1',
      port,
      database: 'postgres',
      user: practiceUser,
      sslmode: 'disable',
      passfile: folder.passfile,
    },
    practice: folder.name,
  })
}
