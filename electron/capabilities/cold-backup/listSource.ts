// Everything that a copy of a stopped cluster consists of: data directory and tablespaces, file by file, links followed.
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import { fileStamp } from '../../library/copyFiles'
import { readTablespaceLinks } from '../../postgres/findLocalClusters'
import { errorCode } from '../../process/systemError'
import { emptiedFolder, leftOut, mayBeLinked } from './leftOut'

export const dataName = 'data'
export const tablespacesName = 'tablespaces'

export interface SourceEntry {
  /** Absolute, where its content is: links are followed. */
  source: string
  /** Within the backup, with forward slashes. */
  path: string
  size: number
  mode: number
  uid: number
  gid: number
  /** Differs once the file was written to, or replaced. */
  stamp: string
}

export interface SourceListing {
  files: SourceEntry[]
  folders: SourceEntry[]
  /** Bytes of the files. */
  bytes: number
  tablespaces: { oid: string; location: string; bytes: number }[]
  /** Replication slots, by name. */
  slots: string[]
  /** Links whose content comes along as a plain file or folder. */
  followed: { path: string; target: string }[]
  /** Not of PostgreSQL, or made anew: what stays behind, with the reason. */
  left: { path: string; why: string }[]
  /** What makes a copy useless, in sentences. */
  problems: string[]
}

export interface ListOptions {
  major: number
  /** Of a running cluster, whose files come and go: what vanishes meanwhile counts nothing. */
  running: boolean
  signal?: AbortSignal
}

/** Throws the system's errors, AppError conflict for a file that vanished. */
export async function listSource(dataDirectory: string, options: ListOptions): Promise<SourceListing> {
  const listing: SourceListing = {
    files: [],
    folders: [],
    bytes: 0,
    tablespaces: [],
    slots: await readSlots(dataDirectory),
    followed: [],
    left: [],
    problems: [],
  }
  await walk(dataDirectory, dataName, 0, listing, options)
  for (const { oid, location } of await readTablespaceLinks(dataDirectory)) {
    const before = listing.bytes
    await walkTablespace(join(dataDirectory, 'pg_tblspc', oid), oid, location, listing, options)
    listing.tablespaces.push({ oid, location, bytes: listing.bytes - before })
  }
  return listing
}

async function readSlots(dataDirectory: string): Promise<string[]> {
  try {
    const entries = await readdir(join(dataDirectory, 'pg_replslot'), { withFileTypes: true })
    return entries.flatMap((entry) => (entry.isDirectory() ? entry.name : [])).toSorted()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Below a tablespace each major has a folder of its own, PG_15_202209061: those of others are other clusters'. */
async function walkTablespace(
  link: string,
  oid: string,
  location: string,
  listing: SourceListing,
  options: ListOptions,
): Promise<void> {
  const own = `PG_${options.major}_`
  let names: string[]
  try {
    names = (await readdir(link)).filter((name) => name.startsWith(own))
    listing.folders.push(await entryOf(link, `${tablespacesName}/${oid}`))
  } catch (error) {
    listing.problems.push(
      `Tablespace ${oid} is a link to ${location}, which can't be read (${errorCode(error) || 'unknown error'}).`,
    )
    return
  }
  if (names.length === 0) listing.problems.push(`Tablespace ${oid} in ${location} holds no folder ${own}….`)
  for (const name of names) await walk(join(link, name), `${tablespacesName}/${oid}/${name}`, 2, listing, options)
}

async function walk(folder: string, path: string, depth: number, listing: SourceListing, options: ListOptions): Promise<void> {
  options.signal?.throwIfAborted()
  listing.folders.push(await entryOf(folder, path))
  for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const source = join(folder, entry.name)
    const inner = `${path}/${entry.name}`
    const why = leftOut(entry.name, depth)
    if (why !== undefined) listing.left.push({ path: inner, why })
    else if (depth === 0 && entry.name === 'pg_tblspc') listing.folders.push(await entryOf(source, inner))
    else if (depth === 0 && emptiedFolder(entry.name) !== undefined) await emptied(source, inner, entry.name, listing)
    else if (entry.isDirectory()) await walk(source, inner, depth + 1, listing, options)
    else if (entry.isFile()) await addFile(source, inner, listing, options)
    else if (entry.isSymbolicLink()) await walkLink(source, inner, entry.name, depth, listing, options)
    else listing.left.push({ path: inner, why: 'a socket, pipe or device' })
  }
}

async function emptied(source: string, path: string, name: string, listing: SourceListing): Promise<void> {
  listing.folders.push(await entryOf(source, path))
  const held = await readdir(source)
  if (held.length > 0) listing.left.push({ path: `${path}/*`, why: emptiedFolder(name) ?? '' })
}

async function addFile(source: string, path: string, listing: SourceListing, options: ListOptions): Promise<void> {
  try {
    const entry = await entryOf(source, path)
    listing.files.push(entry)
    listing.bytes += entry.size
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || !options.running) throw error
  }
}

async function walkLink(
  link: string,
  path: string,
  name: string,
  depth: number,
  listing: SourceListing,
  options: ListOptions,
): Promise<void> {
  const target = await readlink(link)
  try {
    const real = await realpath(link)
    const found = await stat(real)
    if (found.isFile()) await addFile(real, path, listing, options)
    else if (found.isDirectory() && depth === 0 && mayBeLinked(name)) await walk(real, path, depth + 1, listing, options)
    else {
      listing.left.push({ path, why: `a link to ${target}, which is no file of PostgreSQL` })
      return
    }
    listing.followed.push({ path, target })
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    listing.left.push({ path, why: `a link to ${target}, which is not there` })
  }
}

/** Throws the system's error. A link is followed. */
async function entryOf(source: string, path: string): Promise<SourceEntry> {
  const found = await stat(source, { bigint: true })
  const { size, mode, uid, gid } = found
  return {
    ...{ source, path, size: Number(size), mode: Number(mode & 0o7777n), uid: Number(uid), gid: Number(gid) },
    stamp: fileStamp(found),
  }
}

/** Files by their absolute paths, each at the place in the backup that `place` gives it. Throws the system's error. */
export function listFiles(files: readonly string[], place: (file: string) => string): Promise<SourceEntry[]> {
  return Promise.all(files.map(async (file) => entryOf(await realpath(file), place(file))))
}

/** Throws AppError conflict when one of the files is not as it was listed. */
export async function requireUnchanged(files: readonly SourceEntry[]): Promise<void> {
  for (const file of files) {
    const found = await lstat(file.source, { bigint: true }).catch(() => null) // gone is changed too
    if (!found || fileStamp(found) !== file.stamp) throw changedMeanwhile(file.source)
  }
}

export function changedMeanwhile(file: string): AppError {
  return new AppError('conflict', `${file} changed while it was copied.`, {
    hint: 'Something writes into this data directory although no server was found in it. Look what it is, then start again.',
  })
}
