// Reads a base backup in tar format once, from beginning to end: SHA-256 of each tar, every file in it against the manifest,
// its backup_label, and the WAL that came along, for a check of its own.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { type BackupManifest, checkedPart, parseBackupManifest } from '../../shared/model/backupManifest'
import { AppError } from '../../shared/rpc/appError'
import type { HashedFile } from './checksumFiles'
import { checkMembers, type FileProblem } from './memberCheck'
import { readTar, type TarMember } from './readTar'
import { unpackFile } from './unpackFile'

export interface TarBackup {
  tars: HashedFile[]
  /** Empty too where there is no manifest to compare with. */
  problems: FileProblem[]
  label: string | null
  /** The first bytes of global/pg_control. */
  control: Buffer | null
  /** What PG_VERSION says: "18". */
  version: string | null
  /** Files in the tars. */
  files: number
  /** Segments and timeline histories that came along. */
  wal: string[]
}

export interface TarBackupOptions {
  signal: AbortSignal
  manifest: BackupManifest | null
  /** Where to put the WAL files for pg_waldump; null leaves them where they are. */
  walFolder: string | null
  /** Tars that nothing here can unpack: they only get their SHA-256. */
  sealed: ReadonlySet<string>
  /** Bytes of the tars as they lie on disk. */
  onBytes: (bytes: number, file: string) => void
}

/** base.tar, pg_wal.tar and one for each tablespace by its oid, with or without a compression's suffix. */
export function isBackupTar(name: string): boolean {
  return /^(base|pg_wal|\d+)\.tar(\.(gz|lz4|zst))?$/.test(name)
}

/** Where the members of a tar are in the cluster. */
function prefixOf(tar: string): string {
  if (tar.startsWith('base.tar')) return ''
  return tar.startsWith('pg_wal.tar') ? 'pg_wal/' : `pg_tblspc/${tar.slice(0, tar.indexOf('.'))}/`
}

/** Throws AppError tool_failed for a tar that can't be read to its end. */
export async function readTarBackup(folder: string, tars: readonly string[], options: TarBackupOptions): Promise<TarBackup> {
  const found: TarBackup = { tars: [], problems: [], label: null, control: null, version: null, files: 0, wal: [] }
  const check = options.manifest && checkMembers(options.manifest)
  if (options.walFolder !== null) await mkdir(options.walFolder, { recursive: true, mode: 0o700 })
  for (const tar of tars) {
    const hash = createHash('sha256')
    let size = 0
    const members = openMembers(prefixOf(tar), found, options.walFolder, check)
    const reader = readTar(tar, members)
    const file = path.join(folder, tar)
    const onRaw = (chunk: Buffer) => {
      hash.update(chunk)
      size += chunk.length
      options.onBytes(chunk.length, tar)
    }
    if (options.sealed.has(tar)) {
      const chunks = createReadStream(file, { highWaterMark: 1024 * 1024, signal: options.signal })
      for await (const chunk of chunks) onRaw(chunk as Buffer) // a stream without an encoding
    } else {
      try {
        await unpackFile(file, (chunk) => reader.write(chunk), { signal: options.signal, onRaw })
        reader.finish()
      } finally {
        await members.close()
      }
    }
    found.tars.push({ path: tar, size: String(size), sha256: hash.digest('hex') })
  }
  if (check) found.problems.push(...check.finish())
  return found
}

function openMembers(prefix: string, found: TarBackup, walFolder: string | null, check: ReturnType<typeof checkMembers> | null) {
  let kept: Buffer[] | null = null
  let current: TarMember | null = null
  let out: Awaited<ReturnType<typeof open>> | null = null
  const nameOf = (member: TarMember) => prefix + member.name.replace(/^\.\//, '')
  return {
    async begin(member: TarMember) {
      current = member
      if (member.kind !== 'file') return
      const name = nameOf(member)
      found.files += 1
      check?.begin(name, member.size)
      kept = ['backup_label', 'global/pg_control', 'PG_VERSION'].includes(name) ? [] : null
      const wal = /^pg_wal\/([0-9A-F]{24}|[0-9A-F]{8}\.history)$/.exec(name)
      if (!wal?.[1]) return
      found.wal.push(wal[1])
      if (walFolder !== null) out = await open(path.join(walFolder, wal[1]), 'wx', 0o600)
    },
    async data(chunk: Buffer) {
      check?.data(chunk)
      kept?.push(Buffer.from(chunk))
      await out?.writeFile(chunk)
    },
    async end() {
      if (current?.kind !== 'file') return
      check?.end()
      const name = nameOf(current)
      if (kept && name === 'backup_label') found.label = Buffer.concat(kept).toString('utf8')
      else if (kept && name === 'PG_VERSION') found.version = Buffer.concat(kept).toString('utf8').trim()
      else if (kept) found.control = Buffer.concat(kept)
      kept = null
      await out?.close()
      out = null
    },
    /** Of a tar that ended in the middle of a file. */
    async close() {
      await out?.close()
      out = null
    },
  }
}

/** Throws AppError tool_failed when the manifest is not whole: damaged, cut off, or changed since it was written. */
export function readManifest(bytes: Buffer): BackupManifest {
  const text = bytes.toString('utf8')
  const refuse = (why: string, cause?: unknown) =>
    new AppError('tool_failed', `The manifest of the backup is not whole: ${why}`, {
      hint: 'Do not rely on this backup: take it again.',
      ...(cause === undefined ? {} : { cause }),
    })
  let manifest: BackupManifest
  try {
    manifest = parseBackupManifest(text)
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error)
  }
  const covered = checkedPart(text)
  if (covered === undefined || createHash('sha256').update(covered).digest('hex') !== manifest.checksum) {
    throw refuse('it does not have the checksum that it names.')
  }
  return manifest
}
