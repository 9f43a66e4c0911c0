// Unpacks compressed files of an archive: gzip here, zstd here or by its program, lz4 by its program.
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Transform } from 'node:stream'
import { constants, createGunzip } from 'node:zlib'
import type { CompressedSuffix } from '../../shared/model/walFile'
import { AppError } from '../../shared/rpc/appError'
import { fileName } from '../process/findTools'
import type { SpawnTool } from '../process/processTypes'
import { errorCode, messageOf } from '../process/systemError'
import { unpackZstd, zstdProblem } from '../process/zstd'

export interface UnpackRequest {
  file: string
  how: CompressedSuffix
  spawn: SpawnTool
  signal: AbortSignal
  /** Of an unfinished file what there is counts; else a cut one is an error. */
  unfinished: boolean
}

/** What went wrong with the file itself, in words that follow its name; other errors are thrown. */
export type Unpacked<T> = { ok: true; value: T } | { ok: false; says: string }

/** The first bytes, fewer when there are no more. */
export function unpackStart(request: UnpackRequest, bytes: number): Promise<Unpacked<Buffer>> {
  const chunks: Buffer[] = []
  let length = 0
  return unpack(request, bytes, (chunk) => {
    chunks.push(chunk)
    length += chunk.length
  }).then((problem) => {
    if (length >= bytes || problem === null) return { ok: true, value: Buffer.concat(chunks).subarray(0, bytes) }
    return { ok: false, says: problem }
  })
}

/** Writes everything to a new file; resolves with its length. More than `most` bytes are not written. */
export async function unpackTo(request: UnpackRequest, target: string, most: number): Promise<Unpacked<number>> {
  const out = createWriteStream(target, { flags: 'wx', mode: 0o600 })
  let length = 0
  try {
    const problem = await unpack(request, most + 1, async (chunk) => {
      length += chunk.length
      if (!out.write(chunk)) await new Promise<void>((resolve) => out.once('drain', resolve))
    })
    await new Promise<void>((resolve, reject) => out.end((error?: Error | null) => (error ? reject(error) : resolve())))
    return problem === null || (request.unfinished && length > 0) ? { ok: true, value: length } : { ok: false, says: problem }
  } finally {
    out.destroy()
  }
}

type Take = (chunk: Buffer) => void | Promise<void>

/** null when it went well, or when enough was read; else what is wrong with the file. */
async function unpack(request: UnpackRequest, enough: number, take: Take): Promise<string | null> {
  request.signal.throwIfAborted()
  if (request.how === 'gz') return unpackHere(request, createGunzip(gzipOptions(request.unfinished)), enough, take)
  if (request.how === 'zst' && zstdProblem === '') return unpackHere(request, unpackZstd(), enough, take)
  const program = request.how === 'lz4' ? 'lz4' : 'zstd'
  const path = findOnPath(program)
  if (path === null) return `is compressed, and there is no ${program} program here to unpack it`
  return unpackBy(request, path, program, enough, take)
}

function gzipOptions(unfinished: boolean) {
  return { chunkSize: 256 * 1024, ...(unfinished ? { finishFlush: constants.Z_SYNC_FLUSH } : {}) }
}

async function unpackHere(
  { file, signal }: UnpackRequest,
  decoder: Transform,
  enough: number,
  take: Take,
): Promise<string | null> {
  const source = createReadStream(file, { highWaterMark: 256 * 1024 })
  const stop = () => source.destroy(new Error('cancelled'))
  signal.addEventListener('abort', stop, { once: true })
  source.on('error', (error) => decoder.destroy(error))
  source.pipe(decoder)
  let length = 0
  try {
    for await (const chunk of decoder) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('a decoder gave no bytes')
      length += chunk.length
      await take(chunk)
      if (length >= enough) break
    }
    return null
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Error && 'syscall' in error) throw error
    const cut = errorCode(error) === 'Z_BUF_ERROR'
    return cut ? 'is compressed and ends in the middle' : `can’t be unpacked: ${messageOf(error)}`
  } finally {
    signal.removeEventListener('abort', stop)
    source.destroy()
  }
}

async function unpackBy(
  { file, spawn, signal }: UnpackRequest,
  path: string,
  program: string,
  enough: number,
  take: Take,
): Promise<string | null> {
  const stop = new AbortController()
  let length = 0
  const exit = await spawn({
    file: path,
    argv: ['-d', '-c', '-q', '--', file],
    signal: AbortSignal.any([signal, stop.signal]),
    graceMs: 1000,
    onStdoutChunk: async (chunk) => {
      if (length >= enough) return
      length += chunk.length
      await take(chunk)
      if (length >= enough) stop.abort()
    },
  })
  signal.throwIfAborted()
  if (length >= enough || exit.code === 0) return null
  return `can’t be unpacked: ${exit.stderrTail.at(-1)?.trim() || `${program} ended with ${exit.code ?? exit.killedBy}`}`
}

function findOnPath(program: string): string | null {
  const folders = (process.env.PATH ?? process.env.Path ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, fileName(program))).find((file) => existsSync(file)) ?? null
}

/** A history or backup file: small text. Throws AppError tool_failed for one that can't be unpacked. */
export async function unpackText(request: UnpackRequest): Promise<string> {
  const read = await unpackStart(request, 64 * 1024)
  if (read.ok) return read.value.toString('utf8')
  throw new AppError('tool_failed', `${request.file} ${read.says}.`)
}
