// Reads a file of this machine in pieces, unpacking it on the way; what packs it is told by its first bytes.
import { Buffer } from 'node:buffer'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { CopyCompression } from '../../../shared/contracts/copy'
import { AppError } from '../../../shared/rpc/appError'
import { fromSystemError } from '../../process/systemError'
import { unpackZstd, zstdProblem } from '../../process/zstd'

const pieceBytes = 256 * 1024

export interface ClientInput {
  path: string
  /** Of the file as it lies there. */
  size: number
  compression: CopyCompression
  /** Read once, unpacked, from a byte of the unpacked content on. `onBytes` tells how much of the file is read. */
  read(onBytes?: (bytes: number) => void, from?: number): AsyncGenerator<Buffer, void, undefined>
  close(): Promise<void>
}

/** Throws AppError for what can't be opened, is no file, or is packed in a way that can't be unpacked here. */
export async function openInput(path: string): Promise<ClientInput> {
  const handle = await openFile(path)
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) {
      throw new AppError('bad_input', `${path} is not a file.`, { hint: 'Choose the file that holds the rows.' })
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0)
    const compression = compressionOf(buffer.subarray(0, bytesRead), path)
    return {
      path,
      size: facts.size,
      compression,
      read: (onBytes = () => undefined, from = 0) =>
        compression === 'none' ? pieces(path, handle, onBytes, from) : behind(unpack(path, handle, compression, onBytes), from),
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw fromSystemError(error, `read ${path}`) ?? error
  }
}

function compressionOf(head: Buffer, path: string): CopyCompression {
  const hex = head.toString('hex')
  if (hex.startsWith('1f8b')) return 'gzip'
  if (hex.startsWith('28b52ffd')) {
    if (zstdProblem !== '') {
      throw new AppError('bad_input', `${path} is packed with zstd. ${zstdProblem}`, {
        hint: `Unpack it first: zstd --decompress ${path}`,
      })
    }
    return 'zstd'
  }
  const other = packers.find(({ magic }) => hex.startsWith(magic))
  if (other) {
    throw new AppError('bad_input', `${path} is packed with ${other.name}, which Walkback does not unpack.`, {
      hint: `Unpack it first: ${other.command}`,
    })
  }
  return 'none'
}

const packers = [
  { magic: 'fd377a585a', name: 'xz', command: 'xz --decompress --keep' },
  { magic: '04224d18', name: 'lz4', command: 'lz4 -d' },
  { magic: '425a68', name: 'bzip2', command: 'bunzip2 --keep' },
  { magic: '504b0304', name: 'zip', command: 'unzip' },
] as const

/** What is packed can be read from its beginning only. */
async function* behind(unpacked: AsyncIterable<Buffer>, from: number): AsyncGenerator<Buffer, void, undefined> {
  let left = from
  for await (const piece of unpacked) {
    const cut = Math.min(left, piece.length)
    left -= cut
    if (cut < piece.length) yield cut === 0 ? piece : piece.subarray(cut)
  }
}

async function* unpack(
  path: string,
  handle: FileHandle,
  compression: 'gzip' | 'zstd',
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const unpacker: Transform = compression === 'gzip' ? createGunzip({ chunkSize: pieceBytes }) : unpackZstd()
  const running = pipeline(Readable.from(pieces(path, handle, onBytes, 0)), unpacker).catch((error: unknown) => {
    unpacker.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  try {
    for await (const piece of unpacker) {
      if (Buffer.isBuffer(piece)) yield piece
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('bad_input', `${path} can’t be unpacked to its end: it is cut off or damaged.`, {
      hint: 'Copy it again from where it was made.',
      cause: error,
    })
  } finally {
    unpacker.destroy()
    await running
  }
}

/** The next piece is read while the last one is being sent. */
async function* pieces(
  path: string,
  handle: FileHandle,
  onBytes: (bytes: number) => void,
  from: number,
): AsyncGenerator<Buffer, void, undefined> {
  let position = from
  const readNext = async () => {
    const piece = Buffer.allocUnsafeSlow(pieceBytes)
    const { bytesRead } = await handle.read(piece, 0, pieceBytes, position)
    position += bytesRead
    return piece.subarray(0, bytesRead)
  }
  let next = readNext()
  try {
    for (;;) {
      const piece = await next
      if (piece.length === 0) return
      next = readNext()
      // A rejection while the receiver is busy is seen at the next turn.
      next.catch(() => undefined)
      onBytes(piece.length)
      yield piece
    }
  } catch (error) {
    throw fromSystemError(error, `read ${path}`) ?? error
  } finally {
    // The handle must not be closed under a read that is under way.
    await next.catch(() => undefined)
  }
}
