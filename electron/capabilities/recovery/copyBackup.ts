// Copies a plain backup to its places, compared with manifest and record on the way: the account's own, private, on disk.
import { constants } from 'node:fs'
import { copyFile, type FileHandle, mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import { syncFolder } from '../../library/durability'
import { digestOf, type FileProblem } from '../../library/memberCheck'
import type { OsAccount } from '../../process/processTypes'
import { errorCode, fromSystemError } from '../../process/systemError'
import { own } from './destination'
import type { BackupListing, PlaceName, SourceFile } from './listBackup'

const chunkBytes = 1024 * 1024
/** Most files are small, and each is made durable: a few at a time share the waiting for the disk. */
const atOnce = 8

export interface CopyOptions {
  account: OsAccount | null
  signal: AbortSignal
  /** Called with the bytes just read. */
  onBytes(bytes: number, file: string): void
}

export interface Copied {
  files: number
  /** Compared with a checksum of manifest or record. */
  compared: number
  /** How many share their blocks with the backup. */
  cloned: number
}

/** Throws AppError: tool_failed for a file that is not as recorded, conflict for one that changes, or the disk's own words. */
export async function copyBackup(
  listing: BackupListing,
  places: ReadonlyMap<PlaceName, string>,
  options: CopyOptions,
): Promise<Copied> {
  const rootOf = (place: PlaceName) => places.get(place) ?? fail(place)
  const folders = listing.folders.map(({ place, path: inner }) => path.join(rootOf(place), inner))
  for (const folder of folders) await makeFolder(folder, options.account)
  const copied: Copied = { files: 0, compared: 0, cloned: 0 }
  const clones = { possible: true }
  let next = 0
  const work = async () => {
    for (let at = next++; at < listing.files.length; at = next++) {
      const file = listing.files[at]
      if (!file) return
      options.signal.throwIfAborted()
      const cloned = await copyOne(file, path.join(rootOf(file.place), file.path), clones, options)
      copied.files += 1
      if (cloned) copied.cloned += 1
      if (file.expected?.checksum) copied.compared += 1
    }
  }
  const workers = await Promise.allSettled(
    Array.from({ length: atOnce }, () =>
      work().catch((error: unknown) => {
        next = listing.files.length // the others stop after their file
        throw error
      }),
    ),
  )
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
  for (const folder of folders) await syncFolder(folder)
  return copied
}

function fail(place: PlaceName): never {
  throw new AppError('internal', `There is no folder for the tablespace ${place}.`)
}

export async function makeFolder(folder: string, account: OsAccount | null): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await own(folder, account)
  } catch (error) {
    throw fromSystemError(error, `create the folder ${folder}`) ?? error
  }
}

/** Of a file that is not as manifest or record say. */
export function damagedFile({ file, what }: FileProblem): AppError {
  return new AppError('tool_failed', `The backup is damaged: ${file} ${what}.`, {
    hint: 'Do not rely on it. Use another backup, or put this file back from a copy.',
    details: { file, what },
  })
}

async function copyOne(file: SourceFile, target: string, clones: { possible: boolean }, options: CopyOptions): Promise<boolean> {
  const source = await open(file.source, constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW))
  try {
    const before = await stampOf(source)
    const cloned = clones.possible && (await clone(file.source, target))
    // A clone shares the blocks of one file system, so the next file fares alike.
    if (!cloned) clones.possible = false
    const out = await open(target, cloned ? 'r+' : 'wx', 0o600).catch(explain(target))
    try {
      const found = await readThrough(source, file, cloned ? null : out, target, options)
      if (options.account) await out.chown(options.account.uid, options.account.gid)
      await out.chmod(0o600)
      await out.sync().catch(explain(target))
      if (file.expected?.checksum && found !== file.expected.checksum) {
        const { algorithm, by } = file.expected
        throw damagedFile({ file: file.name, what: `differs from its ${algorithm} in ${by}` })
      }
    } finally {
      await out.close()
    }
    if ((await stampOf(source)) !== before) {
      throw new AppError('conflict', `${file.source} changed while it was copied.`, {
        hint: 'Something writes into this backup. Look what it is; the backup may be of no use any more.',
      })
    }
    return cloned
  } finally {
    await source.close()
  }
}

/** ctime moves with every write and can't be set back. */
async function stampOf(handle: FileHandle): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true })
  return [ino, size, mtimeNs, ctimeNs].join(' ')
}

/** false where the file system has no reflinks, or the target is on another one. */
async function clone(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if (/^(ENOTSUP|EOPNOTSUPP|ENOSYS|EXDEV|EINVAL|ENOTTY)$/.test(errorCode(error))) return false
    throw fromSystemError(error, `write ${target}`) ?? error
  }
}

/** Reads the source to its end, writing to `out` where it is no clone. Returns the digest, '' where there is none to compare. */
async function readThrough(
  source: FileHandle,
  file: SourceFile,
  out: FileHandle | null,
  target: string,
  options: CopyOptions,
): Promise<string> {
  const digest = file.expected ? digestOf(file.expected.algorithm) : null
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, file.size)))
  for (let position = 0; position < file.size; ) {
    options.signal.throwIfAborted()
    const { bytesRead } = await source.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) throw damagedFile({ file: file.name, what: `is cut off after ${position} bytes` })
    const part = buffer.subarray(0, bytesRead)
    digest?.update(part)
    for (let done = 0; out && done < part.length; ) {
      const { bytesWritten } = await out.write(part, done, part.length - done, position + done).catch(explain(target))
      done += bytesWritten
    }
    position += bytesRead
    options.onBytes(bytesRead, file.name)
  }
  return digest?.hex() ?? ''
}

function explain(target: string): (error: unknown) => never {
  return (error) => {
    throw fromSystemError(error, `write ${target}`) ?? error
  }
}
