// Lists a folder of this machine for the path fields, and makes new ones.
import { accessSync, constants } from 'node:fs'
import { lstat, mkdir, readdir, stat, statfs } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { z } from 'zod'
import type { folderEntry } from '../../../shared/contracts/host'
import { AppError } from '../../../shared/rpc/appError'
import { fromSystemError } from '../../process/systemError'

type FolderEntry = z.infer<typeof folderEntry>

export interface FolderListing {
  path: string
  parent: string | null
  entries: FolderEntry[]
  writable: boolean
  freeBytes: string | null
}

/** A page that shows more is of no use; the names beyond are reached by typing the path. */
const longestListing = 10_000

/** '' is the home folder. Folders come first, each by name. Throws AppError in plain words. */
export async function listFolder(asked: string, signal: AbortSignal): Promise<FolderListing> {
  const path = requireAbsolute(asked === '' ? homedir() : asked)
  let names: string[]
  try {
    names = (await readdir(path)).slice(0, longestListing)
  } catch (error) {
    throw fromSystemError(error, `open the folder ${path}`) ?? error
  }
  const entries: FolderEntry[] = []
  for (let from = 0; from < names.length; from += 100) {
    signal.throwIfAborted()
    entries.push(...(await Promise.all(names.slice(from, from + 100).map((name) => readEntry(path, name)))))
  }
  entries.sort((a, b) =>
    a.kind === b.kind ? a.name.localeCompare(b.name, 'en', { numeric: true }) : a.kind === 'folder' ? -1 : 1,
  )
  const parent = dirname(path)
  return { path, parent: parent === path ? null : parent, entries, writable: isWritable(path), freeBytes: await freeBytes(path) }
}

async function readEntry(folder: string, name: string): Promise<FolderEntry> {
  const path = join(folder, name)
  try {
    const found = await stat(path).catch(() => lstat(path)) // a link that leads nowhere is shown as the file it is
    const isFolder = found.isDirectory()
    return {
      name,
      path,
      kind: isFolder ? 'folder' : 'file',
      size: found.isFile() ? String(found.size) : null,
      modifiedAt: found.mtime.toISOString(),
    }
  } catch {
    return { name, path, kind: 'file', size: null, modifiedAt: null } // it went while we looked, or may not be looked at
  }
}

/** What an account without privileges can still write on that file system; null where the system doesn't tell. */
export async function freeBytes(path: string): Promise<string | null> {
  try {
    const found = await statfs(path, { bigint: true })
    return String(found.bavail * found.bsize)
  } catch {
    return null // some network and pseudo file systems don't say
  }
}

/** Refuses names that lead elsewhere, and names that are taken. */
export async function makeFolder(parent: string, name: string): Promise<string> {
  const folder = requireAbsolute(parent)
  if (/[/\\\0]/.test(name) || name === '.' || name === '..' || name.trim() === '') {
    throw new AppError('bad_input', `"${name}" can't be the name of a folder.`, { hint: 'Use a name without / and \\.' })
  }
  const path = join(folder, name)
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    throw fromSystemError(error, `make the folder ${path}`) ?? error
  }
  return path
}

function requireAbsolute(path: string): string {
  if (path.includes('\0') || !isAbsolute(path)) {
    throw new AppError('bad_input', `"${path}" is not an absolute path.`, { hint: 'Begin with the root, such as /srv/backups.' })
  }
  return resolve(path)
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false // that is the answer
  }
}
