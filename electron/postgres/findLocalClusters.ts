// The clusters on this machine: Debian's, Walkback's practice clusters, those whose server runs, and folders given by hand.
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises'
import { basename, isAbsolute, join } from 'node:path'
import { z } from 'zod'
import type { LocalClusterInfo } from '../../shared/contracts/localClusters'
import { practiceNames } from '../../shared/contracts/practice'
import { majorOf } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import type { OsAccount } from '../process/processTypes'
import { ownAccount, ownerOf } from '../process/runAs'
import { errorCode, fromSystemError, messageOf } from '../process/systemError'
import type { Services } from '../services'
import { listDebianClusters } from './debianClusters'
import { findPostmaster, type LocalCluster, type Postmaster, readControlDataCached } from './localClusterState'
import { runningDataDirectories } from './postmasters'

export type FindServices = Pick<Services, 'paths' | 'spawn' | 'tools'>

/** What a place says of a cluster before its data directory was looked at. */
type Hint = Pick<
  LocalClusterInfo,
  'origin' | 'name' | 'dataDirectory' | 'configDirectory' | 'port' | 'socketFolder' | 'logFile' | 'canStart'
> & { major?: number }

const needed = ['pg_controldata', 'pg_ctl'] as const

/** Each data directory once, by its most telling place. What can't be looked at is said in `problems`. */
export async function findLocalClusters(
  services: FindServices,
  signal?: AbortSignal,
): Promise<{ clusters: LocalClusterInfo[]; problems: string[] }> {
  const { hints, problems } = await collectHints(services, signal)
  const clusters: LocalClusterInfo[] = []
  for (const hint of hints) {
    signal?.throwIfAborted()
    clusters.push((await describe(services, hint)).info)
  }
  return { clusters, problems }
}

/** Any data directory. Throws AppError not_found, permission, or bad_input for a folder that is no data directory. */
export async function inspectCluster(services: FindServices, path: string, signal?: AbortSignal): Promise<LocalClusterInfo> {
  return (await lookAt(services, path, signal)).info
}

async function lookAt(services: FindServices, path: string, signal?: AbortSignal): Promise<Described> {
  const dataDirectory = await requireDataDirectory(path)
  const { hints } = await collectHints(services, signal)
  const known = hints.find((hint) => hint.dataDirectory === dataDirectory)
  return describe(services, known ?? byFolder('folder', dataDirectory))
}

/**
 * The cluster with programs of its own major, to be worked with. Throws AppError as inspectCluster does, and what is
 * missing: tool_missing without an installation, permission for a data directory that is closed to us.
 */
export async function requireLocalCluster(
  services: FindServices,
  path: string,
  signal?: AbortSignal,
): Promise<{ info: LocalClusterInfo; cluster: LocalCluster }> {
  const { info, error } = await lookAt(services, path, signal)
  if (error) throw error
  if (info.bin === null) throw new AppError('internal', `No programs were looked for beside ${info.dataDirectory}.`)
  const account = await ownerOf(info.dataDirectory)
  const logFile = info.logFile ?? join(info.dataDirectory, 'log', 'server.log')
  return { info, cluster: { bin: info.bin, dataDirectory: info.dataDirectory, account, logFile } }
}

async function collectHints(services: FindServices, signal?: AbortSignal): Promise<{ hints: Hint[]; problems: string[] }> {
  const problems: string[] = []
  const debian = await debianHints(services, signal).catch((error: unknown) => {
    if (signal?.aborted) throw error
    problems.push(messageOf(error))
    return []
  })
  const hints = [
    ...debian,
    ...(await practiceHints(services)),
    ...(await runningDataDirectories()).map((folder) => byFolder('process', folder)),
  ]
  const known = new Map<string, Hint>()
  for (const hint of hints) {
    const dataDirectory = await realpath(hint.dataDirectory).catch(() => hint.dataDirectory) // closed or gone: told later
    if (!known.has(dataDirectory)) known.set(dataDirectory, { ...hint, dataDirectory })
  }
  return { hints: [...known.values()], problems }
}

async function debianHints(services: FindServices, signal?: AbortSignal): Promise<Hint[]> {
  const found = await listDebianClusters(services.spawn, signal)
  return found.flatMap((one) =>
    one.dataDirectory === null
      ? []
      : {
          origin: 'debian' as const,
          name: `${one.version}/${one.cluster}`,
          major: one.version,
          dataDirectory: one.dataDirectory,
          configDirectory: one.configDirectory,
          port: one.port,
          socketFolder: one.socketFolder,
          logFile: one.logFile,
          canStart: true,
        },
  )
}

async function practiceHints({ paths }: FindServices): Promise<Hint[]> {
  const hints: Hint[] = []
  for (const name of practiceNames) {
    const folder = join(paths.practice, name)
    const marker = practiceMarker.safeParse(parseJson(await readFile(join(folder, 'practice.json'), 'utf8').catch(() => '')))
    if (!marker.success || !marker.data.finished) continue
    hints.push({
      origin: 'practice',
      name: `practice ${name}`,
      dataDirectory: join(folder, 'data'),
      configDirectory: null,
      port: marker.data.port,
      socketFolder: join(folder, 'sockets'),
      logFile: join(folder, 'log', 'server.log'),
      canStart: false,
    })
  }
  return hints
}

/** What is read here of a practice cluster's marker. */
const practiceMarker = z.object({ madeBy: z.literal('walkback practice'), port: z.int(), finished: z.boolean() })

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not a marker
  }
}

function byFolder(origin: 'process' | 'folder', dataDirectory: string): Hint {
  const nothing = { configDirectory: null, port: null, socketFolder: null, logFile: null, canStart: false }
  return { origin, name: basename(dataDirectory) || dataDirectory, dataDirectory, ...nothing }
}

interface Described {
  info: LocalClusterInfo
  /** What `info.problem` says; null when everything is known. */
  error: AppError | null
}

async function describe(services: FindServices, hint: Hint): Promise<Described> {
  const { major: hinted = null, ...known } = hint
  const info: LocalClusterInfo = {
    ...known,
    major: hinted,
    configFiles: hint.configDirectory === null ? [] : await filesBelow(hint.configDirectory),
    owner: null,
    running: null,
    control: null,
    bin: null,
    tablespaces: [],
    problem: null,
  }
  try {
    const account = await ownerOf(hint.dataDirectory)
    info.owner = (account ?? ownAccount()).name
    await readInside(services, info, account)
  } catch (error) {
    const said = error instanceof AppError ? error : closedOrGone(error, info)
    info.problem = { message: said.message, hint: said.hint ?? '' }
    return { info, error: said }
  }
  return { info, error: null }
}

async function readInside(services: FindServices, info: LocalClusterInfo, account: OsAccount | null): Promise<void> {
  info.major = await readMajor(info.dataDirectory)
  const postmaster = await findPostmaster(info.dataDirectory)
  if (postmaster) Object.assign(info, whereItListens(info, postmaster))
  info.tablespaces = await readTablespaceLinks(info.dataDirectory)
  info.bin = await binOf(services, info.major)
  const control = await readControlDataCached(services.spawn, { bin: info.bin, dataDirectory: info.dataDirectory, account })
  const { state, systemIdentifier, checkpoint, redo, timeline, segmentSize, dataChecksums } = control
  info.control = { state, systemIdentifier, checkpoint, redo, timeline, segmentSize, dataChecksums }
}

function whereItListens(info: LocalClusterInfo, { pid, startedAt, status, port, socketFolder }: Postmaster) {
  return {
    running: { pid, startedAt: startedAt.toISOString(), status },
    port: port ?? info.port,
    socketFolder: socketFolder ?? info.socketFolder,
  }
}

/** Absolute, links followed. */
async function requireDataDirectory(path: string): Promise<string> {
  if (!isAbsolute(path) || path.includes('\0')) {
    throw new AppError('bad_input', `${JSON.stringify(path)} is not an absolute path.`, { hint: 'Write it from the root on.' })
  }
  try {
    const real = await realpath(path)
    if (!(await stat(real)).isDirectory()) throw noDataDirectory(path, 'it is a file')
    // A folder that is closed to us may still be one: describe says so.
    await readMajor(real).catch((error: unknown) => {
      if (errorCode(error) !== 'EACCES') throw error
    })
    return real
  } catch (error) {
    throw fromSystemError(error, `look at ${path}`) ?? error
  }
}

/** Throws AppError bad_input when there is no PG_VERSION with a major in it. */
async function readMajor(dataDirectory: string): Promise<number> {
  let text: string
  try {
    text = await readFile(join(dataDirectory, 'PG_VERSION'), 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw noDataDirectory(dataDirectory, 'it has no PG_VERSION')
    throw error
  }
  const major = Number(text.trim())
  if (Number.isInteger(major) && major > 0) return major
  throw noDataDirectory(dataDirectory, `its PG_VERSION says ${JSON.stringify(text.trim().slice(0, 20))}`)
}

function noDataDirectory(path: string, why: string): AppError {
  return new AppError('bad_input', `${path} is no data directory of PostgreSQL: ${why}.`, {
    hint: 'Choose the folder that holds PG_VERSION, base and global, such as /var/lib/postgresql/15/main.',
  })
}

/** Throws AppError tool_missing when no installation of that major can work with a data directory. */
async function binOf({ tools }: FindServices, major: number): Promise<string> {
  const fits = async (refresh: boolean) =>
    (await tools.installations(refresh)).find(
      (one) => majorOf(one.version) === major && needed.every((program) => one.programs.includes(program)),
    )
  const found = await fits(false)
  if (found) return found.folder
  throw new AppError('tool_missing', `This cluster is of PostgreSQL ${major}, whose programs are not on this machine.`, {
    hint: `Install PostgreSQL ${major} (apt install postgresql-${major}), or add the folder with its programs in Settings.`,
  })
}

/** pg_tblspc holds a link for each tablespace; a folder in their place is allow_in_place_tablespaces, of developers only. */
export async function readTablespaceLinks(dataDirectory: string): Promise<{ oid: string; location: string }[]> {
  const links = join(dataDirectory, 'pg_tblspc')
  const found: { oid: string; location: string }[] = []
  for (const entry of await readdir(links, { withFileTypes: true })) {
    if (/^\d+$/.test(entry.name) && entry.isSymbolicLink()) {
      found.push({ oid: entry.name, location: await readlink(join(links, entry.name)) })
    }
  }
  return found.toSorted((a, b) => Number(a.oid) - Number(b.oid))
}

/** Absolute paths of the plain files below a settings folder; empty for one that is closed to us. */
async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
  } catch {
    return [] // closed or gone: the cold backup reads them one by one and says so
  }
}

function closedOrGone(error: unknown, info: LocalClusterInfo): AppError {
  if (errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM') {
    const owner = info.owner ?? 'its owner'
    return new AppError('permission', `${info.dataDirectory} is closed to ${ownAccount().name}: it belongs to ${owner}.`, {
      hint: `Start Walkback as root or as ${owner}.`,
    })
  }
  return fromSystemError(error, `look at ${info.dataDirectory}`) ?? new AppError('internal', messageOf(error), { cause: error })
}
