// Copies files for good: with reflinks where the file system has them, read to the end all the same, private, on disk.
import { constants } from 'node:fs'
import { copyFile, type FileHandle, open } from 'node:fs/promises'
import type { AppError } from '../../shared/rpc/appError'
import type { OsAccount } from '../process/processTypes'
import { errorCode, fromSystemError } from '../process/systemError'
import type { Digest } from './memberCheck'

const chunkBytes = 1024 * 1024
/** Most files of a cluster are small, and each is made durable: a few at a time share the waiting for the disk. */
const atOnce = 8

export interface FileToCopy {
  /** Absolute; no link. */
  source: string
  /** Absolute, in a folder that is there; no file yet. */
  target: string
  size: number
}

export interface CopyRules<F extends FileToCopy> {
  signal: AbortSignal
  /** Whom the copies belong to; null: ourselves. */
  account: OsAccount | null
  /** Called with the bytes just read. */
  onBytes(bytes: number, file: F): void
  /** Asked before each file; throws when the copy has become useless. */
  stillGood?(): Promise<void>
  /** As the source was when it was listed; without it, as it is when it is opened. */
  stampOf?(file: F): string
  digestOf(file: F): Digest | null
  /** Hears the digest of what was read, '' without one, once the copy is on disk; throws for a wrong one. */
  read(file: F, digest: string): void
  /** It is not any more what it was. */
  changed(file: F): AppError
  /** It ends after so many bytes. */
  cut(file: F, bytes: number): AppError
}

/** Resolves to how many share their blocks with the source. Names are not yet on disk. Throws AppError for a full disk and the like. */
export async function copyFiles<F extends FileToCopy>(files: readonly F[], rules: CopyRules<F>): Promise<{ cloned: number }> {
  const clones = { possible: true, count: 0 }
  let next = 0
  const work = async () => {
    for (let at = next++; at < files.length; at = next++) {
      const file = files[at]
      if (!file) return
      rules.signal.throwIfAborted()
      await rules.stillGood?.()
      await copyOne(file, clones, rules)
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
  return { cloned: clones.count }
}

async function copyOne<F extends FileToCopy>(
  file: F,
  clones: { possible: boolean; count: number },
  rules: CopyRules<F>,
): Promise<void> {
  const { target, source: from } = file
  const source = await open(from, constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW))
  try {
    const opened = fileStamp(await source.stat({ bigint: true }))
    const before = rules.stampOf?.(file) ?? opened
    if (opened !== before) throw rules.changed(file)
    const cloned = clones.possible && (await clone(from, target))
    if (cloned) clones.count += 1
    // A clone shares the blocks of one file system, so the next file fares alike.
    else clones.possible = false
    const out = await open(target, cloned ? 'r+' : 'wx', 0o600).catch(explain(target))
    try {
      const digest = await readThrough(source, file, cloned ? null : out, rules)
      if (rules.account) await out.chown(rules.account.uid, rules.account.gid)
      await out.chmod(0o600)
      await out.sync().catch(explain(target))
      rules.read(file, digest)
    } finally {
      await out.close()
    }
    if (fileStamp(await source.stat({ bigint: true })) !== before) throw rules.changed(file)
  } finally {
    await source.close()
  }
}

/** ctime moves with every write and can't be set back; inode tells a replaced file. */
export function fileStamp(found: { ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): string {
  return [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ')
}

/** A copy that shares its blocks. false where the file system has no reflinks, or the target is on another one. */
export async function clone(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if (/^(ENOTSUP|EOPNOTSUPP|ENOSYS|EXDEV|EINVAL|ENOTTY)$/.test(errorCode(error))) return false
    throw fromSystemError(error, `write ${target}`) ?? error
  }
}

/** Reads the source to its end, writing to `out` where it is no clone. Returns the digest, '' where none was asked for. */
async function readThrough<F extends FileToCopy>(
  source: FileHandle,
  file: F,
  out: FileHandle | null,
  rules: CopyRules<F>,
): Promise<string> {
  const digest = rules.digestOf(file)
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, file.size)))
  for (let position = 0; position < file.size; ) {
    rules.signal.throwIfAborted()
    const { bytesRead } = await source.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) throw rules.cut(file, position)
    const part = buffer.subarray(0, bytesRead)
    digest?.update(part)
    // A write may take less than it was given; a full disk shows at the next.
    for (let done = 0; out && done < part.length; ) {
      const { bytesWritten } = await out.write(part, done, part.length - done, position + done).catch(explain(file.target))
      done += bytesWritten
    }
    position += bytesRead
    rules.onBytes(bytesRead, file)
  }
  return digest?.hex() ?? ''
}

function explain(target: string): (error: unknown) => never {
  return (error) => {
    throw fromSystemError(error, `write ${target}`) ?? error
  }
}
