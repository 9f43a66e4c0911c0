// Copies the files of a stopped cluster: with reflinks where the file system has them, hashed as they are read.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, type FileHandle, mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import type { HashedFile } from '../../library/checksumFiles'
import { errorCode, fromSystemError } from '../../process/systemError'
import { changedMeanwhile, type SourceEntry, stampOf } from './listSource'

const chunkBytes = 1024 * 1024
/** Most files of a cluster are small, and each is made durable: a few at a time share the waiting for the disk. */
const atOnce = 8

export interface CopyOptions {
  signal: AbortSignal
  /** Called with the bytes just read. */
  onBytes(bytes: number, file: string): void
  /** Asked before each file; throws when the copy has become useless. */
  stillGood(): Promise<void>
}

export interface CopiedFiles {
  /** With the SHA-256 of what was read from the source: the copy is compared with it afterwards. */
  files: HashedFile[]
  /** How many share their blocks with the original. */
  cloned: number
}

/** Folders first, private to us. Files are on disk when it returns, their names are not yet. Throws AppError for a full disk and the like, conflict for a file that changes. */
export async function copyFiles(
  target: string,
  folders: readonly string[],
  files: readonly SourceEntry[],
  options: CopyOptions,
): Promise<CopiedFiles> {
  for (const folder of folders) await mkdir(path.join(target, folder), { recursive: true, mode: 0o700 }).catch(explain(folder))
  const copied: (HashedFile | undefined)[] = files.map(() => undefined)
  const clones = { possible: true, count: 0 }
  let next = 0
  const work = async () => {
    for (let at = next++; at < files.length; at = next++) {
      const file = files[at]
      if (!file) return
      options.signal.throwIfAborted()
      await options.stillGood()
      copied[at] = await copyOne(file, path.join(target, file.path), clones, options)
    }
  }
  const workers = await Promise.allSettled(
    Array.from({ length: atOnce }, () =>
      work().catch((error: unknown) => {
        next = files.length // the others stop after their file
        throw error
      }),
    ),
  )
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
  return { files: copied.filter((file) => file !== undefined), cloned: clones.count }
}

async function copyOne(
  file: SourceEntry,
  target: string,
  clones: { possible: boolean; count: number },
  options: CopyOptions,
): Promise<HashedFile> {
  const source = await open(file.source, constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW))
  try {
    if (stampOf(await source.stat({ bigint: true })) !== file.stamp) throw changedMeanwhile(file.source)
    const cloned = clones.possible && (await clone(file.source, target))
    if (cloned) clones.count += 1
    // A clone shares the blocks of one file system, so the next file of this cluster fares alike.
    else clones.possible = false
    const sha256 = await readThrough(source, file, cloned ? null : target, options)
    if (stampOf(await source.stat({ bigint: true })) !== file.stamp) throw changedMeanwhile(file.source)
    return { path: file.path, size: String(file.size), sha256 }
  } finally {
    await source.close()
  }
}

/** false where the file system has no reflinks, or the target is on another one. */
async function clone(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
  } catch (error) {
    if (/^(ENOTSUP|EOPNOTSUPP|ENOSYS|EXDEV|EINVAL|ENOTTY)$/.test(errorCode(error))) return false
    throw fromSystemError(error, `write ${target}`) ?? error
  }
  await chmod(target, 0o600)
  const handle = await open(target, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  return true
}

/** Reads the source to its end, writing to `target` unless it is a clone already. */
async function readThrough(source: FileHandle, file: SourceEntry, target: string | null, options: CopyOptions): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, file.size)))
  const out = target === null ? null : await open(target, 'wx', 0o600).catch(explain(target))
  try {
    for (let position = 0; position < file.size; ) {
      options.signal.throwIfAborted()
      const { bytesRead } = await source.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) throw changedMeanwhile(file.source)
      const part = buffer.subarray(0, bytesRead)
      hash.update(part)
      if (out) await writeAll(out, part, position, target ?? '')
      position += bytesRead
      options.onBytes(bytesRead, file.path)
    }
    await out?.sync().catch(explain(file.path))
  } finally {
    await out?.close()
  }
  return hash.digest('hex')
}

/** A write may take less than it was given; a full disk shows at the next. */
async function writeAll(out: FileHandle, part: Buffer, position: number, target: string): Promise<void> {
  for (let done = 0; done < part.length; ) {
    const { bytesWritten } = await out.write(part, done, part.length - done, position + done).catch(explain(target))
    done += bytesWritten
  }
}

function explain(target: string): (error: unknown) => never {
  return (error) => {
    throw fromSystemError(error, `write ${target}`) ?? error
  }
}
