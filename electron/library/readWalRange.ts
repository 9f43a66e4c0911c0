// Reads WAL from a position to another with pg_waldump, every record of it, and says where it can't.
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { WalRange } from '../../shared/model/backupManifest'
import { formatLsn, type Lsn, toLsn } from '../../shared/model/lsn'
import { segmentName } from '../../shared/model/walFile'
import { recordEnd } from '../../shared/model/walPages'
import { AppError } from '../../shared/rpc/appError'
import { buildCommand } from '../../shared/tools/buildCommand'
import { pgWaldump } from '../../shared/tools/pgWaldump'
import type { JobContext } from '../jobs/jobTypes'
import type { ExactTool } from './exactTool'

/** An empty range is the one record at its start. null when every record is sound, else what pg_waldump said. Throws AppError when it was cancelled or ended by a signal. */
export async function readWalRange(
  job: JobContext,
  tool: ExactTool,
  folder: string,
  { timeline, start, end }: WalRange,
): Promise<string | null> {
  const { argv } = buildCommand(
    pgWaldump,
    { path: folder, timeline, start: formatLsn(start), ...(end > start ? { end: formatLsn(end) } : { limit: 1 }), quiet: true },
    { tool: tool.version, server: null },
  )
  job.progress({ done: 0, total: null, unit: 'bytes', label: 'reading its WAL' })
  const exit = await job.run({ file: tool.path, argv })
  job.progress(null)
  if (exit.cancelled) throw new AppError('cancelled', 'pg_waldump was cancelled.')
  if (exit.killedBy !== null) throw new AppError('tool_failed', `pg_waldump was ended by the signal ${exit.killedBy}.`)
  if (exit.code === 0) return null
  const why = exit.stderrTail.find((line) => /(error|fatal): /.test(line))?.replace(/^pg_waldump: (error|fatal): /, '')
  return why ?? `exit code ${exit.code}`
}

export const walPageSize = 8192

/**
 * The segment files that pg_waldump's words are about: those that it names, else those that hold the record it names last. A
 * record that crosses into the next segment may be damaged in either.
 */
export async function segmentsInWords(
  words: string,
  folder: string,
  { timeline, segmentSize }: { timeline: number; segmentSize: number },
): Promise<string[]> {
  const named = words.match(/\b[0-9A-F]{24}\b/g)
  if (named) return [...new Set(named)]
  const position = words.match(/\b[0-9A-F]{1,8}\/[0-9A-F]{1,8}\b/g)?.at(-1)
  if (position === undefined) return []
  const at = toLsn(position)
  const nameOf = (lsn: Lsn) => segmentName({ timeline, number: lsn / BigInt(segmentSize) }, segmentSize)
  const first = nameOf(at)
  const last = nameOf(
    recordEnd(at, await lengthAt(path.join(folder, first), at, segmentSize), { segmentSize, pageSize: walPageSize }) - 1n,
  )
  return first === last ? [first] : [first, last]
}

/** xl_tot_len, the first four bytes of a record; 1 where it is damaged itself or can't be read. */
async function lengthAt(file: string, at: Lsn, segmentSize: number): Promise<number> {
  const handle = await open(file, 'r').catch(() => null) // a file that is not there: its name is all there is to say
  if (!handle) return 1
  try {
    const bytes = Buffer.alloc(4)
    await handle.read(bytes, 0, 4, Number(at % BigInt(segmentSize)))
    const length = bytes.readUInt32LE(0)
    return length >= 24 && length < segmentSize ? length : 1
  } finally {
    await handle.close()
  }
}
