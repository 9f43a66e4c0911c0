// Every file and folder of a plain backup with the place it goes to, and what manifest and record say of each.
import { lstat, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import type { ManifestAlgorithm } from '../../../shared/model/backupManifest'
import { type FileProblem, isUncovered } from '../../library/memberCheck'
import { errorCode } from '../../process/systemError'
import type { PhysicalBackup } from './readBackup'

/** 'data', or the OID of a tablespace. */
export type PlaceName = string

export interface Expected {
  size: number
  algorithm: ManifestAlgorithm
  checksum: string | null
  /** Who says so: "the manifest", "the record". */
  by: string
}

export interface SourceFile {
  place: PlaceName
  /** Within its place. */
  path: string
  source: string
  /** As in the manifest: base/1/1259, pg_tblspc/16390/PG_13_202007201/… */
  name: string
  size: number
  /** null: nothing is known that it could be compared with. */
  expected: Expected | null
}

export interface BackupListing {
  files: SourceFile[]
  folders: { place: PlaceName; path: string }[]
  bytes: number
  /** Missing, of another size, or in no list. */
  problems: FileProblem[]
  /** What stays behind, with the reason. */
  left: { name: string; why: string }[]
}

/** Files of a running server, and those that would make a standby of it or start another recovery. */
export const leftFiles: Readonly<Record<string, string>> = {
  'postmaster.pid': 'the lock of a server',
  'postmaster.opts': 'how a server was started',
  'standby.signal': 'it would become a standby of the server it is of',
  'recovery.signal': 'it would ask for an archive',
  backup_manifest: 'it describes the backup',
}

export async function listBackup(backup: PhysicalBackup, signal: AbortSignal): Promise<BackupListing> {
  const listing: BackupListing = { files: [], folders: [], bytes: 0, problems: [], left: [] }
  const expected = expectedFiles(backup)
  await walk({ place: 'data', root: backup.data, prefix: '' }, '', listing, signal)
  for (const { oid, source } of backup.tablespaces) {
    try {
      await walk({ place: oid, root: source, prefix: `pg_tblspc/${oid}/` }, '', listing, signal)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error
      listing.problems.push({ file: `pg_tblspc/${oid}`, what: `is not there: the folder ${source} of the tablespace is missing` })
    }
  }
  compare(listing, expected, backup)
  return listing
}

interface Root {
  place: PlaceName
  root: string
  prefix: string
}

async function walk(root: Root, inner: string, listing: BackupListing, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const folder = path.join(root.root, inner)
  const entries = await readdir(folder, { withFileTypes: true })
  listing.folders.push({ place: root.place, path: inner })
  const below = (name: string) => (inner === '' ? name : `${inner}/${name}`)
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const own = below(entry.name)
    const why = root.place === 'data' && inner === '' ? leftFiles[entry.name] : undefined
    if (why !== undefined) listing.left.push({ name: own, why })
    else if (root.place === 'data' && own === 'pg_tblspc') listing.folders.push({ place: 'data', path: own })
    else if (entry.isDirectory()) await walk(root, own, listing, signal)
    else if (entry.isFile()) await addFile(root, own, listing)
    else if (entry.isSymbolicLink() && root.place === 'data' && own === 'pg_wal') await walk(root, own, listing, signal)
    else if (entry.isSymbolicLink()) {
      listing.problems.push({ file: root.prefix + own, what: `is a link to ${await readlink(path.join(folder, entry.name))}` })
    } else listing.left.push({ name: root.prefix + own, why: 'a socket, pipe or device' })
  }
}

async function addFile(root: Root, own: string, listing: BackupListing): Promise<void> {
  const source = path.join(root.root, own)
  const { size } = await lstat(source)
  listing.files.push({ place: root.place, path: own, source, name: root.prefix + own, size, expected: null })
  listing.bytes += size
}

/** By the manifest; what no manifest covers, and everything without one, by the record. */
export function expectedFiles(backup: PhysicalBackup): Map<string, Expected> {
  const found = new Map<string, Expected>()
  for (const file of backup.manifest?.files ?? []) {
    if (!isUncovered(file.path)) {
      const { size, algorithm, checksum } = file
      found.set(file.path, { size, algorithm, checksum, by: 'the manifest' })
    }
  }
  const { record } = backup
  if (!record || backup.format === 'tar') return found
  for (const { path: recorded, size, sha256 } of record.files) {
    const name = nameOf(backup, recorded)
    if (name !== null && !found.has(name)) {
      found.set(name, { size: Number(size), algorithm: 'SHA256', checksum: sha256, by: 'the record' })
    }
  }
  return found
}

/** null for what is not in the data directory or a tablespace: the settings files. */
function nameOf({ record }: PhysicalBackup, recorded: string): string | null {
  if (!record) return null
  if (recorded.startsWith(`${record.artifact}/`)) return recorded.slice(record.artifact.length + 1)
  const space = record.tablespaces.find(({ path: inner }) => recorded.startsWith(`${inner}/`))
  return space ? `pg_tblspc/${space.oid}/${recorded.slice(space.path.length + 1)}` : null
}

function compare(listing: BackupListing, expected: Map<string, Expected>, { manifest, record }: PhysicalBackup): void {
  const seen = new Set<string>()
  for (const file of listing.files) {
    const says = expected.get(file.name)
    seen.add(file.name)
    if (!says) {
      const known = manifest !== null || record?.kind === 'cold-backup'
      if (known && !(isUncovered(file.name) && !record)) {
        listing.problems.push({ file: file.name, what: 'was added to the backup: nothing says what it is' })
      }
    } else if (says.size !== file.size) {
      listing.problems.push({ file: file.name, what: `has ${file.size} bytes, ${says.by} says ${says.size}` })
    } else file.expected = says
  }
  for (const left of listing.left) seen.add(left.name)
  for (const [name, { by }] of expected) {
    if (!seen.has(name)) listing.problems.push({ file: name, what: `is missing: ${by} lists it` })
  }
}
