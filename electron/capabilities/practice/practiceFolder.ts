// The folder of one practice cluster, and the marker that makes it ours: nothing without it is ever removed.
import { lstat, mkdir, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { practiceNames } from '../../../shared/contracts/practice'
import { AppError } from '../../../shared/rpc/appError'
import { writeDurably } from '../../durableFile'
import { errorCode } from '../../process/systemError'
import type { AppPaths } from '../../services'

export type PracticeName = (typeof practiceNames)[number]

export interface PracticeFolder {
  name: PracticeName
  folder: string
  data: string
  sockets: string
  logs: string
  logFile: string
  /** .pgpass format, for us alone. The only place where the password is written. */
  passfile: string
  marker: string
}

export const practiceMarker = z.object({
  madeBy: z.literal('walkback practice'),
  name: z.enum(practiceNames),
  /** Bin folder of the installation it was made with. */
  bin: z.string(),
  port: z.int(),
  /** false until the server has been up once: what is there before that is no cluster to keep. */
  finished: z.boolean(),
  filledAt: z.iso.datetime().nullable(),
  madeAt: z.iso.datetime(),
})

export type PracticeMarker = z.infer<typeof practiceMarker>

export function practiceFolder(paths: Pick<AppPaths, 'practice'>, name: PracticeName): PracticeFolder {
  const folder = join(paths.practice, name)
  const logs = join(folder, 'log')
  return {
    name,
    folder,
    data: join(folder, 'data'),
    sockets: join(folder, 'sockets'),
    logs,
    logFile: join(logs, 'server.log'),
    passfile: join(folder, 'pgpass'),
    marker: join(folder, 'practice.json'),
  }
}

/** null when the folder has no marker that is ours: then the folder is not ours either. */
export async function readMarker(folder: PracticeFolder): Promise<PracticeMarker | null> {
  let text: string
  try {
    text = await readFile(folder.marker, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null
    throw error
  }
  const parsed = practiceMarker.safeParse(parseJson(text))
  return parsed.success && parsed.data.name === folder.name ? parsed.data : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: not our marker
  }
}

export function writeMarker(folder: PracticeFolder, marker: PracticeMarker): void {
  writeDurably(folder.marker, `${JSON.stringify(marker, null, 2)}\n`)
}

/** Changes some of what the marker says. Throws AppError not_found when it is gone. */
export async function changeMarker(folder: PracticeFolder, change: Partial<PracticeMarker>): Promise<PracticeMarker> {
  const marker = await requireMarker(folder)
  const next = { ...marker, ...change }
  writeMarker(folder, next)
  return next
}

/** Throws AppError not_found when there is no practice cluster of that name. */
export async function requireMarker(folder: PracticeFolder): Promise<PracticeMarker> {
  const marker = await readMarker(folder)
  if (marker) return marker
  if (await holdsSomething(folder.folder)) throw notOurs(folder)
  throw new AppError('not_found', `There is no practice cluster ${folder.name}.`, { hint: 'Make it first.' })
}

export function notOurs(folder: PracticeFolder): AppError {
  return new AppError('conflict', `${folder.folder} was not made by Walkback: it has no practice.json of ours.`, {
    hint: 'Walkback leaves it alone. Look what it is, and move it away to make a practice cluster in its place.',
  })
}

/** Anything at that path but an empty folder. */
export async function holdsSomething(path: string): Promise<boolean> {
  try {
    const found = await lstat(path)
    return !found.isDirectory() || (await readdir(path)).length > 0
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

/**
 * Makes the folder with its marker, 0711 as its parents are: the servers' account passes through to what it owns.
 * What is left of an unfinished one is removed first; anything else there is refused.
 */
export async function claimFolder(folder: PracticeFolder, marker: PracticeMarker): Promise<void> {
  const old = await readMarker(folder)
  if (old?.finished) {
    throw new AppError('conflict', `There is already a practice cluster ${folder.name}.`, {
      hint: 'Remove it first, or start it.',
    })
  }
  if (!old && (await holdsSomething(folder.folder))) throw notOurs(folder)
  if (old) await removeFolder(folder)
  await mkdir(folder.folder, { mode: 0o711, recursive: true })
  writeMarker(folder, marker)
}

/**
 * Deletes the folder with everything in it, the marker last, so that a removal that was interrupted can be finished.
 * Throws AppError conflict for a folder without our marker or one that is a link. Its server must be stopped.
 */
export async function removeFolder(folder: PracticeFolder): Promise<void> {
  if (!(await readMarker(folder))) throw notOurs(folder)
  const parent = await realpath(dirname(folder.folder))
  if ((await lstat(folder.folder)).isSymbolicLink() || (await realpath(folder.folder)) !== join(parent, folder.name)) {
    throw new AppError('conflict', `${folder.folder} is a link to another place.`, {
      hint: 'Walkback removes nothing outside its own folder. Remove the link by hand.',
    })
  }
  for (const name of await readdir(folder.folder)) {
    const path = join(folder.folder, name)
    if (path !== folder.marker) await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  await rm(folder.marker)
  await rm(folder.folder, { recursive: true })
}

/** Folders outside that the cluster's tablespaces lie in: deleting the cluster does not delete them. */
export async function tablespaceFolders(folder: PracticeFolder): Promise<string[]> {
  const links = join(folder.data, 'pg_tblspc')
  try {
    return await Promise.all((await readdir(links)).map((name) => readlink(join(links, name))))
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EINVAL') return []
    throw error
  }
}
