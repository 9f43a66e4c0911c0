// Reads a file that may be compressed (.gz, .lz4, .zst by its name): the bytes as they lie on disk, and what they hold.
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { AppError } from '../../shared/rpc/appError'
import { errorCode } from '../process/systemError'
import { unpackZstd, zstdProblem } from '../process/zstd'

export interface UnpackOptions {
  signal: AbortSignal
  /** Each chunk as it lies on disk, before it is unpacked. */
  onRaw?: (chunk: Buffer) => void
}

const chunkBytes = 256 * 1024

export type PackedBy = 'gzip' | 'lz4' | 'zstd' | 'none'

export function packedBy(file: string): PackedBy {
  if (file.endsWith('.gz')) return 'gzip'
  if (file.endsWith('.lz4')) return 'lz4'
  return file.endsWith('.zst') ? 'zstd' : 'none'
}

/**
 * Why this machine can't unpack it, in a sentence; '' when it can. zstd is in newer Node; lz4, and zstd elsewhere, are left
 * to the programs of that name.
 */
export async function unpackProblem(method: PackedBy): Promise<string> {
  if (method === 'none' || method === 'gzip' || (method === 'zstd' && zstdProblem === '')) return ''
  if (await hasProgram(method)) return ''
  return method === 'lz4'
    ? 'There is no program lz4 on this machine to unpack it with.'
    : `${zstdProblem} There is no program zstd on this machine either.`
}

function hasProgram(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(name, ['--version'], { stdio: 'ignore' })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}

/** Hands on what the file holds, in order; one chunk at a time. Throws AppError tool_failed when it is cut off or damaged. */
export async function unpackFile(
  file: string,
  onData: (chunk: Buffer) => Promise<void>,
  { signal, onRaw }: UnpackOptions,
): Promise<void> {
  const method = packedBy(file)
  async function* raw(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes, signal })) {
      const bytes = chunk as Buffer // a stream without an encoding
      onRaw?.(bytes)
      yield bytes
    }
  }
  const take = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) await onData(chunk)
  }
  try {
    if (method === 'none') await take(raw())
    else if (method === 'gzip') await pipeline(raw(), createGunzip({ chunkSize: chunkBytes }), take, { signal })
    else if (method === 'zstd' && zstdProblem === '') await pipeline(raw(), unpackZstd(), take, { signal })
    else await throughProgram(method, file, raw(), take, signal)
  } catch (error) {
    signal.throwIfAborted()
    const code = errorCode(error)
    if (error instanceof AppError || code === 'ENOENT' || code === 'EACCES' || code === 'EIO') throw error
    if (code.startsWith('Z_') || code.startsWith('ZSTD_')) throw damaged(file, error instanceof Error ? error.message : '', error)
    throw error
  }
}

async function throughProgram(
  method: 'lz4' | 'zstd',
  file: string,
  source: AsyncIterable<Buffer>,
  take: (source: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(method, ['-d', '-c', '-q'], { stdio: ['pipe', 'pipe', 'pipe'], signal })
  const said: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => void (said.length < 20 && said.push(chunk)))
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  ended.catch(() => undefined) // awaited below; an early end must not count as unhandled
  const feeding = pipeline(source, child.stdin).then(
    () => undefined,
    (error: unknown) => error,
  )
  try {
    await take(child.stdout)
    const code = await ended
    const fed = await feeding
    if (code !== 0) throw damaged(file, Buffer.concat(said).toString('utf8').trim(), fed)
    if (fed !== undefined) throw fed
  } finally {
    child.kill('SIGKILL')
  }
}

function damaged(file: string, why: string, cause: unknown): AppError {
  return new AppError('tool_failed', `${path.basename(file)} is cut off or damaged${why === '' ? '' : `: ${why}`}.`, {
    hint: 'Do not rely on it: take the backup again.',
    cause,
  })
}
