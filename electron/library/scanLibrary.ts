// Reads what a library holds from its folders: backups with their records, and everything odd by name.
import { type Dirent, existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type BackupRecord, isPhysical } from '../../shared/model/backupRecord'
import { partialSuffix } from './backupFolder'
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
  oddities: Oddity[]
}

/** By the time they began; copies of one backup by their path. */
export function newestFirst(a: FoundBackup, b: FoundBackup): number {
  if (a.record.startedAt !== b.record.startedAt) return a.record.startedAt < b.record.startedAt ? 1 : -1
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

/** Backups are one or two levels down: `<library>/<server>/<backup>`, or a backup's folder copied straight in. */
const depth = 2

/** A library that isn't there is empty. A folder that can't be read is named, and the rest is still shown. */
export async function scanLibrary(library: string, signal?: AbortSignal): Promise<LibraryScan> {
  const scan: LibraryScan = { backups: [], oddities: [] }
  if (existsSync(library)) await scanFolder(path.resolve(library), path.resolve(library), depth, scan, signal)
  scan.backups.sort(newestFirst)
  return scan
}

async function scanFolder(
  folder: string,
  library: string,
  levels: number,
  scan: LibraryScan,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted()
  let entries: Dirent[]
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    scan.oddities.push({ path: folder, kind: 'unreadable', detail: messageOf(error) })
    return
  }
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name === trashName) continue
    const inner = path.join(folder, entry.name)
    if (entry.name.endsWith(partialSuffix)) {
      scan.oddities.push({
        path: inner,
        kind: 'partial',
        detail: 'An unfinished backup: it was interrupted or failed, or another Walkback is still writing it.',
      })
    } else if (existsSync(path.join(inner, recordName))) await addBackup(inner, library, scan)
    else if (levels > 1) await scanFolder(inner, library, levels - 1, scan, signal)
  }
}

async function addBackup(folder: string, library: string, scan: LibraryScan): Promise<void> {
  try {
    const record = await readRecord(folder)
    // The files of a base backup are listed by its manifest.
    const size = isPhysical(record) ? BigInt(record.size) : record.files.reduce((sum, file) => sum + BigInt(file.size), 0n)
    scan.backups.push({ path: folder, library, size: size.toString(), record })
  } catch (error) {
    scan.oddities.push({ path: folder, kind: 'unreadable', detail: messageOf(error) })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
