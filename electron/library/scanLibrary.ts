// Reads what a library holds from its folders: backups with their records, foreign ones on demand, and everything odd by name.
import { type Dirent, existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ForeignBackup } from '../../shared/contracts/backups'
import { type BackupRecord, isPhysical } from '../../shared/model/backupRecord'
import { errorCode, messageOf } from '../process/systemError'
import { partialSuffix } from './backupFolder'
import { lookAtFile, lookAtFolder } from './foreignBackup'
import { readRecord, recordName } from './recordFile'

export const trashName = '.trash'

export interface FoundBackup {
  path: string
  library: string
  /** Bytes of its files as recorded, as a decimal string. */
  size: string
  record: BackupRecord
}

export interface Oddity {
  path: string
  kind: 'partial' | 'unreadable'
  detail: string
}

export interface LibraryScan {
  backups: FoundBackup[]
  /** Empty unless asked for. */
  foreign: ForeignBackup[]
  oddities: Oddity[]
}

export interface ScanOptions {
  /** Also look for what other programs left: that opens files. Stops looking for those after so many milliseconds. */
  foreignFor?: number
}

/** By the time they began; copies of one backup by their path. */
export function newestFirst(a: FoundBackup, b: FoundBackup): number {
  if (a.record.startedAt !== b.record.startedAt) return a.record.startedAt < b.record.startedAt ? 1 : -1
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

/** Backups are one or two levels down: `<library>/<server>/<backup>`, or a backup's folder copied straight in. */
const depth = 2

/** So many folders are looked at at once. */
const atOnce = 16

interface Walk {
  library: string
  scan: LibraryScan
  signal: AbortSignal | undefined
  /** Date.now() of the end of looking for foreign ones; 0 for not at all. */
  until: number
  /** Said once. */
  late: boolean
}

/** A library that isn't there is empty. A folder that can't be read is named, and the rest is still shown. */
export async function scanLibrary(
  library: string,
  signal?: AbortSignal,
  { foreignFor = 0 }: ScanOptions = {},
): Promise<LibraryScan> {
  const scan: LibraryScan = { backups: [], foreign: [], oddities: [] }
  const root = path.resolve(library)
  const walk: Walk = { library: root, scan, signal, until: foreignFor === 0 ? 0 : Date.now() + foreignFor, late: false }
  if (existsSync(root)) await scanFolder(root, depth, walk)
  scan.backups.sort(newestFirst)
  scan.foreign.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.path < b.path ? -1 : 1))
  scan.oddities.sort((a, b) => (a.path < b.path ? -1 : 1))
  return scan
}

/** Of several libraries; one that lies in two of them is there once. */
export async function scanLibraries(
  libraries: readonly string[],
  signal?: AbortSignal,
  options: ScanOptions = {},
): Promise<LibraryScan> {
  const scans = await Promise.all(libraries.map((library) => scanLibrary(library, signal, options)))
  return {
    backups: byPath(scans.flatMap((scan) => scan.backups)).toSorted(newestFirst),
    foreign: byPath(scans.flatMap((scan) => scan.foreign)),
    oddities: byPath(scans.flatMap((scan) => scan.oddities)),
  }
}

function byPath<T extends { path: string }>(all: readonly T[]): T[] {
  const seen = new Set<string>()
  return all.filter(({ path: at }) => !seen.has(at) && seen.add(at))
}

async function scanFolder(folder: string, levels: number, walk: Walk): Promise<void> {
  walk.signal?.throwIfAborted()
  let entries: Dirent[]
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    walk.scan.oddities.push({ path: folder, kind: 'unreadable', detail: messageOf(error) })
    return
  }
  await inBatches(entries, async (entry) => {
    if (entry.isDirectory() && entry.name !== trashName) await lookInto(path.join(folder, entry.name), levels, walk)
    else if (entry.isFile()) await addFile(path.join(folder, entry.name), walk)
  })
}

async function lookInto(inner: string, levels: number, walk: Walk): Promise<void> {
  if (inner.endsWith(partialSuffix)) {
    walk.scan.oddities.push({
      path: inner,
      kind: 'partial',
      detail: 'An unfinished backup: it was interrupted or failed, or another Walkback is still writing it.',
    })
    return
  }
  if (await addBackup(inner, walk)) return
  if (looksForForeign(walk)) {
    const found = await lookAtFolder(inner, walk.library).catch(() => null) // one that can't be read is named below
    if (found === 'cluster') return
    if (found) {
      walk.scan.foreign.push(found)
      return
    }
  }
  if (levels > 1) await scanFolder(inner, levels - 1, walk)
  else if (looksForForeign(walk)) await filesOf(inner, walk)
}

/** The lowest level: dumps in single files are still found, no folder any more. */
async function filesOf(folder: string, walk: Walk): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []) // another account's: nothing of ours
  await inBatches(entries, async (entry) => {
    if (entry.isFile()) await addFile(path.join(folder, entry.name), walk)
  })
}

async function addFile(file: string, walk: Walk): Promise<void> {
  if (!looksForForeign(walk)) return
  const found = await lookAtFile(file, walk.library).catch(() => null) // a file that can't be opened is no dump for us
  if (found) walk.scan.foreign.push(found)
}

function looksForForeign(walk: Walk): boolean {
  if (walk.until === 0 || walk.late) return false
  if (Date.now() < walk.until) return true
  walk.late = true
  walk.scan.oddities.push({
    path: walk.library,
    kind: 'unreadable',
    detail: 'There is so much in here that looking for backups of other programs was stopped. Walkback’s own are all listed.',
  })
  return false
}

const known = new Map<string, { stamp: string; found: Omit<FoundBackup, 'library'> }>()
const knownLimit = 20_000

/** false when there is no record. A record that was read before and is the same file is not read again. */
async function addBackup(folder: string, { library, scan }: Walk): Promise<boolean> {
  try {
    const { ino, mtimeMs, size: bytes } = await stat(path.join(folder, recordName))
    const stamp = `${ino} ${mtimeMs} ${bytes}`
    let kept = known.get(folder)
    if (kept?.stamp !== stamp) {
      const record = await readRecord(folder)
      // The files of a base backup are listed by its manifest.
      const size = isPhysical(record) ? BigInt(record.size) : record.files.reduce((sum, file) => sum + BigInt(file.size), 0n)
      kept = { stamp, found: { path: folder, size: size.toString(), record } }
      if (known.size >= knownLimit) known.clear()
      known.set(folder, kept)
    }
    scan.backups.push({ ...kept.found, library })
    return true
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    scan.oddities.push({ path: folder, kind: 'unreadable', detail: messageOf(error) })
    return true
  }
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += atOnce) await Promise.all(items.slice(at, at + atOnce).map(work))
}
