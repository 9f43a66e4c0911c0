// Whether a segment of pg_wal and the archive's of the same name are the same, byte for byte.
import { randomBytes } from 'node:crypto'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { SegmentEntry } from '../../shared/model/archiveIndex'
import type { IndexServices } from './readArchiveIndex'
import { unpackTo } from './unpackSegment'

export interface Pair {
  /** Plain, in pg_wal. */
  file: string
  /** The archive's folder, and its file. */
  archive: string
  theirs: SegmentEntry
  signal: AbortSignal
}

/** By both files' sizes and times: a plan asks again and again. */
const known = new Map<string, boolean>()

export async function sameWal(services: IndexServices, pair: Pair): Promise<boolean> {
  const { file, archive, theirs } = pair
  const { size, mtimeMs } = await stat(file)
  const key = [file, size, mtimeMs, archive, theirs.file, theirs.size, theirs.modified].join('\n')
  const before = known.get(key)
  if (before !== undefined) return before
  const same = await compare(services, pair)
  known.set(key, same)
  return same
}

async function compare({ paths, spawn }: IndexServices, { file, archive, theirs, signal }: Pair): Promise<boolean> {
  const other = join(archive, theirs.file)
  if (theirs.compressed === null) return sameBytes(file, other, signal)
  const unpacked = join(paths.scratch, `same-${randomBytes(6).toString('hex')}`)
  try {
    const most = theirs.header?.segmentSize ?? 0
    const read = await unpackTo({ file: other, how: theirs.compressed, spawn, signal, unfinished: false }, unpacked, most)
    return read.ok && (await sameBytes(file, unpacked, signal))
  } finally {
    await rm(unpacked, { force: true })
  }
}

const chunk = 1024 * 1024

async function sameBytes(one: string, other: string, signal: AbortSignal): Promise<boolean> {
  const [a, b] = [await open(one, 'r'), await open(other, 'r').catch(() => null)]
  try {
    if (b === null || (await a.stat()).size !== (await b.stat()).size) return false
    const [mine, yours] = [Buffer.alloc(chunk), Buffer.alloc(chunk)]
    for (let at = 0; ; at += chunk) {
      signal.throwIfAborted()
      const [left, right] = await Promise.all([a.read(mine, 0, chunk, at), b.read(yours, 0, chunk, at)])
      if (left.bytesRead !== right.bytesRead) return false
      if (left.bytesRead === 0) return true
      if (!mine.subarray(0, left.bytesRead).equals(yours.subarray(0, right.bytesRead))) return false
    }
  } finally {
    await a.close()
    await b?.close()
  }
}
