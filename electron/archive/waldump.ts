// Runs pg_waldump over a stretch of WAL and says where it could not go on.
import { formatLsn, type Lsn, toLsn } from '../../shared/model/lsn'
import { majorOf, type PgVersion } from '../../shared/model/pgVersion'
import { readWaldump, type WaldumpEvent } from '../../shared/model/waldumpOutput'
import { recordEnd, type WalGeometry } from '../../shared/model/walPages'
import { AppError } from '../../shared/rpc/appError'
import { buildCommand } from '../../shared/tools/buildCommand'
import type { OptionValues } from '../../shared/tools/defineTool'
import { pgWaldump } from '../../shared/tools/pgWaldump'
import type { SpawnTool } from '../process/processTypes'

export interface WaldumpProgram {
  path: string
  version: PgVersion
}

export interface Stretch {
  program: WaldumpProgram
  /** Holds the segments under the names of the timeline. */
  folder: string
  timeline: number
  from: Lsn
  to: Lsn
  geometry: WalGeometry
  spawn: SpawnTool
  signal: AbortSignal
}

export type WaldumpEnd =
  /** Every record that ends before `to` was sound. */
  | { kind: 'sound' }
  /** `lastSound`: where the last record before it begins; null when there was none. */
  | { kind: 'damage'; lastSound: Lsn | null; words: string }
  /** It says nothing about the records. */
  | { kind: 'failed'; words: string }

/** pg_waldump 15 takes --rmgr more than once; of the earlier ones' only the last counts. */
const severalFrom = 15

/** `on` gets events in the order of positions; before 15 those of transactions and those of the WAL each for themselves. */
export async function readStretch(
  stretch: Stretch,
  on: (kind: 'transactions' | 'wal' | 'both') => (event: WaldumpEvent) => void,
): Promise<WaldumpEnd> {
  if (majorOf(stretch.program.version) >= severalFrom) return runFiltered(stretch, ['Transaction', 'XLOG'], on('both'))
  const ends = await Promise.all([
    runFiltered(stretch, ['Transaction'], on('transactions')),
    runFiltered(stretch, ['XLOG'], on('wal')),
  ])
  return ends.find((end) => end.kind !== 'sound') ?? ends[0]
}

/** COMMIT and ABORT alone, in the order of positions. */
export async function readTransactions(stretch: Stretch, on: (event: WaldumpEvent) => void): Promise<WaldumpEnd> {
  return runFiltered(stretch, ['Transaction'], on)
}

export interface RecordFilter {
  /** Before 15 one alone: of several only the last counts. */
  rmgr: readonly string[]
  /** Tablespace/database/file [15]. */
  relation?: string
}

/** What it prints of these records, in latin1 and cut anywhere, in the order of positions. */
export async function readPrinted(stretch: Stretch, filter: RecordFilter, push: (text: string) => void): Promise<WaldumpEnd> {
  return judge(await run(stretch, filter, (chunk) => push(chunk.toString('latin1'))))
}

/** pg_waldump takes several resource managers at once, and a relation to look for. */
export function filtersWell({ program }: Pick<Stretch, 'program'>): boolean {
  return majorOf(program.version) >= severalFrom
}

/** Where the first record begins that is not before the stretch's `from` and ends before its `to`; null when there is none. */
export async function firstRecord(stretch: Stretch): Promise<Lsn | null> {
  let text = ''
  await run(stretch, { limit: 1 }, (chunk) => {
    text += chunk.toString('latin1')
  })
  const lsn = /^rmgr: .*?, lsn: ([0-9A-F]+\/[0-9A-F]+), /m.exec(text)?.[1]
  return lsn === undefined ? null : toLsn(lsn)
}

/** The switch to the stretch's timeline, where a record of it is there. */
export async function findSwitch(stretch: Stretch): Promise<{ at: Lsn; from: number } | null> {
  let found: { at: Lsn; from: number } | null = null
  await runFiltered(stretch, ['XLOG'], (event) => {
    if (event.kind === 'switch' && event.to === stretch.timeline)
      found = { at: (BigInt(event.hi) << 32n) | BigInt(event.lo), from: event.from }
  })
  return found
}

async function runFiltered(stretch: Stretch, rmgr: readonly string[], on: (event: WaldumpEvent) => void): Promise<WaldumpEnd> {
  const reader = readWaldump(on)
  const exit = await run(stretch, { rmgr }, (chunk) => reader.push(chunk.toString('latin1')))
  reader.end()
  return judge(exit)
}

/** Where the record that begins at `lsn` ends, after which the next one begins. */
export async function endOfRecord(stretch: Stretch, lsn: Lsn): Promise<Lsn> {
  let text = ''
  await run({ ...stretch, from: lsn }, { limit: 1 }, (chunk) => {
    text += chunk.toString('latin1')
  })
  const length = /len \(rec\/tot\):\s*\d+\/\s*(\d+)/.exec(text)?.[1]
  if (length === undefined) throw new AppError('internal', `pg_waldump did not print the record at ${formatLsn(lsn)}.`)
  const size = BigInt(stretch.geometry.segmentSize)
  // What follows a switch in its segment is zeros that nobody reads.
  if (/^rmgr: XLOG .* desc: SWITCH/.test(text)) return (lsn / size + 1n) * size
  return recordEnd(lsn, Number(length), stretch.geometry)
}

async function run(stretch: Stretch, more: Partial<RecordFilter> & { limit?: number }, onStdoutChunk: (chunk: Buffer) => void) {
  const { program, spawn, signal } = stretch
  const values: OptionValues = {
    path: stretch.folder,
    timeline: stretch.timeline,
    start: formatLsn(stretch.from),
    end: formatLsn(stretch.to),
    ...(more.rmgr ? { rmgr: more.rmgr } : {}),
    ...(more.relation ? { relation: more.relation } : {}),
    ...(more.limit ? { limit: more.limit } : {}),
  }
  const { argv, problems } = buildCommand(pgWaldump, values, { tool: program.version, server: null })
  if (problems[0]) throw new AppError('internal', problems[0].message)
  const exit = await spawn({ file: program.path, argv, signal, env: { TZ: 'UTC' }, graceMs: 1000, onStdoutChunk })
  signal.throwIfAborted()
  return exit
}

function judge(exit: { code: number | null; killedBy: string | null; stderrTail: readonly string[] }): WaldumpEnd {
  if (exit.code === 0) return { kind: 'sound' }
  const words = (exit.stderrTail.findLast((line) => line.trim() !== '') ?? '').replace(/^pg_waldump: (?:fatal|error): /, '')
  const record = /^error in WAL record at ([0-9A-F]+\/[0-9A-F]+): (.*)$/.exec(words)
  if (record?.[1]) return { kind: 'damage', lastSound: toLsn(record[1]), words: record[2] ?? '' }
  if (words.startsWith('could not find a valid record after ')) return { kind: 'damage', lastSound: null, words }
  return { kind: 'failed', words: words || `pg_waldump ended with ${exit.code ?? exit.killedBy}` }
}
