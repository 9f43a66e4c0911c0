// Writes a file of this machine under a .partial name and gives it its own name only when it is whole and on disk.
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Transform } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { CopyCompression } from '../../../shared/contracts/copy'
import { AppError } from '../../../shared/rpc/appError'
import { syncFolder } from '../../library/durability'
import { errorCode, fromSystemError } from '../../process/systemError'
import { packZstd } from '../../process/zstd'

export interface ClientOutput {
  partial: string
  final: string
  write(chunks: readonly Uint8Array[]): Promise<void>
  /** Everything is on disk when it resolves, still under the partial name. Returns the file's size. */
  flush(): Promise<number>
  /** Gives the file its name; the name that a file of that name was moved to, or ''. After flush. */
  publish(overwrite: boolean): Promise<string>
  /** Closes and removes the partial file, if it has not got its name. */
  discard(): Promise<void>
}

/** A free name for the unfinished file: what an earlier run left is nobody's to remove. */
export function partialName(final: string): string {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? `${final}.partial` : `${final}.${n}.partial`
    if (!existsSync(name)) return name
  }
}

export async function openOutput(final: string, partial: string, compression: CopyCompression): Promise<ClientOutput> {
  const says = (error: unknown) => fromSystemError(error, `write ${final}`) ?? error
  const handle = await open(partial, 'wx', 0o600).catch((error: unknown) => {
    throw says(error)
  })
  const packer = compression === 'none' ? null : startPacker(handle, compression)
  let state: 'open' | 'flushed' | 'gone' = 'open'
  return {
    partial,
    final,
    write: async (chunks) => {
      try {
        await (packer ? packer.write(chunks) : writeAll(handle, chunks))
      } catch (error) {
        throw says(error)
      }
    },
    flush: async () => {
      try {
        await packer?.end()
        await handle.sync()
        const { size } = await handle.stat()
        await handle.close()
        state = 'flushed'
        return size
      } catch (error) {
        throw says(error)
      }
    },
    publish: async (overwrite) => {
      // It is whole: from here on it is never removed, whatever stands in the way of its name.
      state = 'gone'
      const aside = await giveName(partial, final, overwrite).catch((error: unknown) => {
        const { code, message } = error instanceof AppError ? error : { code: 'internal' as const, message: String(error) }
        throw new AppError(code, message, { hint: `Everything is written and kept as ${partial}: rename it.`, cause: error })
      })
      await syncFolder(path.dirname(final))
      return aside
    },
    discard: async () => {
      if (state === 'gone') return
      packer?.destroy()
      if (state === 'open') await handle.close()
      state = 'gone'
      await rm(partial, { force: true })
    },
  }
}

/** writev may write less than it was given. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let left = chunks.filter((chunk) => chunk.length > 0)
  while (left.length > 0) {
    let { bytesWritten } = await handle.writev(left.slice(0, 512))
    let whole = 0
    for (const chunk of left) {
      if (bytesWritten < chunk.length) break
      bytesWritten -= chunk.length
      whole += 1
    }
    left = left.slice(whole)
    const [first, ...others] = left
    if (first && bytesWritten > 0) left = [first.subarray(bytesWritten), ...others]
  }
}

interface Packer {
  write(chunks: readonly Uint8Array[]): Promise<void>
  end(): Promise<void>
  destroy(): void
}

function startPacker(handle: FileHandle, compression: 'gzip' | 'zstd'): Packer {
  const packer: Transform = compression === 'gzip' ? createGzip({ chunkSize: 128 * 1024 }) : packZstd()
  let failure: { reason: unknown } | undefined
  const written = (async () => {
    for await (const piece of packer) if (Buffer.isBuffer(piece)) await writeAll(handle, [piece])
  })().catch((error: unknown) => {
    failure = { reason: error }
    packer.destroy()
  })
  const check = () => {
    if (failure) throw failure.reason
  }
  return {
    write: async (chunks) => {
      for (const chunk of chunks) {
        check()
        if (!packer.write(chunk)) await Promise.race([once(packer, 'drain'), written])
      }
      check()
    },
    end: async () => {
      packer.end()
      await written
      check()
    },
    destroy: () => void packer.destroy(),
  }
}

/** A link fails where the name is taken, a rename would replace what is there. */
async function giveName(partial: string, final: string, overwrite: boolean): Promise<string> {
  let aside = ''
  for (;;) {
    try {
      await link(partial, final)
      await rm(partial)
      return aside
    } catch (error) {
      const code = errorCode(error)
      if (code === 'EEXIST' && overwrite) {
        aside = freeAside(final)
        await rename(final, aside)
        continue
      }
      if (code === 'EEXIST') throw existsAlready(final)
      // File systems without links, such as FAT.
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code))
        throw fromSystemError(error, `write ${final}`) ?? error
      if (existsSync(final) && !overwrite) throw existsAlready(final)
      if (existsSync(final)) {
        aside = freeAside(final)
        await rename(final, aside)
      }
      await rename(partial, final)
      return aside
    }
  }
}

export function existsAlready(final: string): AppError {
  return new AppError('conflict', `There is already a file ${final}.`, {
    hint: 'Choose another name, or let it be kept under a dated name.',
  })
}

/** orders.csv.gz is kept as orders.20261122T101530Z.csv.gz. */
export function freeAside(final: string): string {
  const base = path.basename(final)
  const dot = base.indexOf('.', 1)
  const [stem, ending] = dot < 0 ? [base, ''] : [base.slice(0, dot), base.slice(dot)]
  const stamp = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
  for (let n = 1; ; n += 1) {
    const name = path.join(path.dirname(final), `${stem}.${stamp}${n === 1 ? '' : `-${n}`}${ending}`)
    if (!existsSync(name)) return name
  }
}
