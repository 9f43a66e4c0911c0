// Recognises what pg_basebackup, pg_dump and pg_dumpall left without Walkback, from its content, reading little of it.
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { ForeignBackup } from '../../shared/contracts/backups'
import { type BackupLabel, parseBackupLabel } from '../../shared/model/backupLabel'
import { type BackupManifest, parseBackupManifest } from '../../shared/model/backupManifest'
import { formatLsn } from '../../shared/model/lsn'
import { AppError } from '../../shared/rpc/appError'
import { messageOf } from '../process/systemError'
import { isBackupTar, readManifest } from './readTarBackup'
import { readToc } from './readToc'
import { sniffFormat, tarMembers } from './sniffFormat'

export type PhysicalFacts = NonNullable<ForeignBackup['physical']>

const blank = { database: null, label: '', saysAt: '', size: null, physical: null, version: '', problem: '' } as const

/** null: nothing of a backup is in it. `cluster`: a data directory without a backup_label, which is not looked into. */
export async function lookAtFolder(folder: string, library: string): Promise<ForeignBackup | 'cluster' | null> {
  const names = await readdir(folder)
  if (names.includes('PG_VERSION')) return names.includes('backup_label') ? plainBase(folder, library) : 'cluster'
  if (names.some((name) => /^base\.tar(\.(gz|lz4|zst))?$/.test(name))) return tarBase(folder, library, names)
  return names.includes('toc.dat') ? archive(folder, library) : null
}

/** null: no dump. Reads the first bytes, and for an archive its table of contents. */
export async function lookAtFile(file: string, library: string): Promise<ForeignBackup | null> {
  const head = await startOf(file, 64 * 1024)
  if (head.subarray(0, 5).toString('latin1') === 'PGDMP') return archive(file, library)
  if (head.subarray(257, 262).toString('latin1') === 'ustar') return archive(file, library)
  const gzip = head[0] === 0x1f && head[1] === 0x8b
  if (!gzip && !head.subarray(0, 4).toString('latin1').startsWith('--\n')) return null
  const text = (gzip ? unpacked(head) : head).toString('utf8')
  const kind = scriptKind(text)
  if (kind === null) return null
  const { size, mtime } = await stat(file)
  return {
    ...blank,
    ...{ path: file, library, kind, format: 'plain', at: mtime.toISOString(), size: String(size) },
    version: /^-- Dumped from database version (\d+(?:\.\d+)?)/m.exec(text)?.[1] ?? '',
    database: /^\\connect (?:-reuse-previous=on )?"?([^"\s]+)"?$/m.exec(kind === 'dump' ? text : '')?.[1] ?? null,
    saysAt: /^-- Started on (.+)$/m.exec(text)?.[1] ?? '',
    problem: gzip ? 'It is packed with gzip: unpack it first, so that its end can be looked at.' : '',
  }
}

/** pg_dump and pg_dumpall begin their scripts with these comments. */
export function scriptKind(text: string): 'dump' | 'cluster-dump' | null {
  if (/^-- PostgreSQL database cluster dump\s*$/m.test(text.slice(0, 400))) return 'cluster-dump'
  return /^-- PostgreSQL database dump\s*$/m.test(text.slice(0, 400)) ? 'dump' : null
}

async function archive(at: string, library: string): Promise<ForeignBackup | null> {
  let sniffed: Awaited<ReturnType<typeof sniffFormat>>
  try {
    sniffed = await sniffFormat(at)
  } catch (error) {
    if (error instanceof AppError && error.code === 'bad_input') return null // a tar of something else
    throw error
  }
  if (sniffed.format === 'plain') return null
  const { mtime } = await stat(sniffed.tocFile)
  const base = { ...blank, path: at, library, kind: 'dump' as const, format: sniffed.format, at: mtime.toISOString() }
  const size = sniffed.format === 'directory' ? await bytesOf(at) : String((await stat(at)).size)
  try {
    const toc = await readToc(sniffed.tocFile, sniffed.start)
    const version = /^\d+(\.\d+)?/.exec(toc.serverVersion ?? '')?.[0] ?? ''
    return { ...base, size, version, database: toc.database, saysAt: toc.createdAt }
  } catch (error) {
    return { ...base, size, problem: `Its table of contents can’t be read: ${messageOf(error)}` }
  }
}

async function plainBase(folder: string, library: string): Promise<ForeignBackup> {
  const version = (await readFile(path.join(folder, 'PG_VERSION'), 'utf8')).trim()
  const label = parseBackupLabel(await readFile(path.join(folder, 'backup_label'), 'utf8'))
  const { manifest, bytes, problem } = await manifestIn(folder)
  const spaces = await readdir(path.join(folder, 'pg_tblspc'), { withFileTypes: true }).catch(() => [])
  const outside = spaces.filter((entry) => entry.isSymbolicLink()).length
  const running = (await readdir(folder)).includes('postmaster.pid')
  const newest = await stat(path.join(folder, manifest ? 'backup_manifest' : 'backup_label'))
  return {
    ...blank,
    ...{ path: folder, library, kind: 'base-backup', format: 'plain', version, at: newest.mtime.toISOString() },
    label: label?.label ?? '',
    saysAt: label?.startTime ?? '',
    size: bytes,
    physical: physicalFacts(label, manifest),
    problem: running
      ? 'There is a postmaster.pid in it: a server was started from it, so it is no backup any more.'
      : outside > 0
        ? `${outside === 1 ? 'One tablespace lies' : `${outside} tablespaces lie`} outside of it, and a record is of one folder.`
        : problem || baseProblem(label, manifest),
  }
}

async function tarBase(folder: string, library: string, names: readonly string[]): Promise<ForeignBackup> {
  const { manifest, problem } = await manifestIn(folder)
  const tars = names.filter(isBackupTar)
  const tar = path.join(folder, tars.find((name) => name.startsWith('base.tar')) ?? 'base.tar')
  const text = await labelInTar(tar)
  const label = text === null ? undefined : parseBackupLabel(text)
  const newest = await stat(manifest ? path.join(folder, 'backup_manifest') : tar)
  return {
    ...blank,
    ...{ path: folder, library, kind: 'base-backup', format: 'tar', at: newest.mtime.toISOString() },
    label: label?.label ?? '',
    saysAt: label?.startTime ?? '',
    size: await bytesOf(folder),
    physical: physicalFacts(label, manifest),
    problem: problem || (manifest ? '' : baseProblem(label, manifest)),
  }
}

function baseProblem(label: BackupLabel | undefined, manifest: BackupManifest | null): string {
  if (!label) return 'Its backup_label is not what PostgreSQL writes.'
  return manifest ? '' : 'It has no backup_manifest: where it ends is not known, and nothing tells whether its files are whole.'
}

function physicalFacts(label: BackupLabel | undefined, manifest: BackupManifest | null): PhysicalFacts {
  const last = manifest?.walRanges.toSorted((a, b) => a.timeline - b.timeline).at(-1)
  return {
    start: label ? { timeline: label.startTimeline, lsn: formatLsn(label.startLsn) } : null,
    stop: last ? { timeline: last.timeline, lsn: formatLsn(last.end) } : null,
    systemIdentifier: manifest?.systemIdentifier ?? null,
    incremental: label?.incrementalFrom != null,
    manifest: manifest !== null,
  }
}

async function manifestIn(folder: string): Promise<{ manifest: BackupManifest | null; bytes: string | null; problem: string }> {
  let content: Buffer
  try {
    content = await readFile(path.join(folder, 'backup_manifest'))
  } catch {
    return { manifest: null, bytes: null, problem: '' } // there is none, which the caller says
  }
  try {
    const manifest = readManifest(content)
    const bytes = manifest.files.reduce((sum, file) => sum + BigInt(file.size), BigInt(content.length))
    return { manifest, bytes: String(bytes), problem: '' }
  } catch (error) {
    return { manifest: readable(content), bytes: null, problem: messageOf(error) }
  }
}

/** One whose checksum is wrong still tells where the backup ends. */
function readable(content: Buffer): BackupManifest | null {
  try {
    return parseBackupManifest(content.toString('utf8'))
  } catch {
    return null // the problem is told by the caller
  }
}

/** It is the first member (basebackup.c); null where it is packed by something that is not unpacked here. */
async function labelInTar(tar: string): Promise<string | null> {
  if (tar.endsWith('.tar')) {
    for await (const { name, start, end } of tarMembers(tar)) {
      if (name.replace(/^\.\//, '') === 'backup_label') return (await startOf(tar, end - start, start)).toString('utf8')
      if (start > 1024 * 1024) return null
    }
    return null
  }
  if (!tar.endsWith('.gz')) return null
  const bytes = unpacked(await startOf(tar, 64 * 1024))
  const name = bytes.toString('utf8', 0, 100).replace(/\0.*$/s, '')
  const size = Number.parseInt(bytes.toString('latin1', 124, 136), 8)
  return name === 'backup_label' && size < 10_000 ? bytes.toString('utf8', 512, 512 + size) : null
}

/** What of a cut-off gzip file unpacks; empty for one that does not. */
function unpacked(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: 2 /* Z_SYNC_FLUSH */ })
  } catch {
    return Buffer.alloc(0) // no gzip after all, or damaged at once
  }
}

async function startOf(file: string, length: number, from = 0): Promise<Buffer> {
  let handle: FileHandle | null = null
  try {
    handle = await open(file, 'r')
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle?.close()
  }
}

const manyFiles = 20_000

/** Of the files of one folder, without what is below it; null for very many. */
async function bytesOf(folder: string): Promise<string | null> {
  const names = await readdir(folder)
  if (names.length > manyFiles) return null
  let sum = 0n
  for (const name of names) sum += BigInt((await stat(path.join(folder, name))).size)
  return String(sum)
}
