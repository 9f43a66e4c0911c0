// Whether pg_wal of a stopped cluster holds the WAL that its next start needs, judged by the segments' own headers.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Lsn, toLsn } from '../../shared/model/lsn'
import { parseSegmentName, segmentName, segmentOf, segmentStart } from '../../shared/model/walFile'
import { longHeaderSize, readWalHeader } from '../../shared/model/walHeader'
import { AppError } from '../../shared/rpc/appError'
import type { SpawnTool } from '../process/processTypes'
import type { ControlData, LocalCluster } from './localClusterState'

export interface WalPresence {
  /** Names of the segments from REDO on that are whole, in order. */
  segments: string[]
  /** One sentence for each that is missing, damaged, or of another cluster; empty when all is there. */
  problems: string[]
}

type Needed = Pick<ControlData, 'redo' | 'checkpoint' | 'timeline' | 'segmentSize' | 'systemIdentifier'>

/**
 * From the segment with the REDO location to the one with the checkpoint every segment must be there; after it, none may be
 * missing before the last that was written. A segment kept for later use has the name of the future and the header of the past.
 */
export async function checkWalPresence(walFolder: string, needed: Needed): Promise<WalPresence> {
  const { segmentSize, timeline } = needed
  const first = segmentOf(toLsn(needed.redo), segmentSize)
  const required = segmentOf(toLsn(needed.checkpoint), segmentSize)
  const read = new Map<bigint, Segment>()
  for (const name of (await readdir(walFolder)).toSorted()) {
    const id = parseSegmentName(name, segmentSize)
    if (!id || id.number < first) continue
    const segment = await readSegment(join(walFolder, name), name, id.timeline, segmentStart(id.number, segmentSize), needed)
    // After a switch of timelines a segment exists on both: the newer one goes on.
    if (read.get(id.number)?.problem !== null || segment.problem === null) read.set(id.number, segment)
  }
  const whole = [...read].filter(([, segment]) => segment.problem === null).map(([number]) => number)
  const last = whole.reduce((most, number) => (number > most ? number : most), required)
  const presence: WalPresence = { segments: [], problems: [] }
  for (let number = first; number <= last; number += 1n) {
    const segment = read.get(number)
    const name = segment?.name ?? segmentName({ timeline, number }, segmentSize)
    if (!segment) presence.problems.push(`${name} is missing.`)
    else if (segment.problem !== null) presence.problems.push(`${name} ${segment.problem}.`)
    else presence.segments.push(name)
  }
  return presence
}

interface Segment {
  name: string
  /** null when it is what its name says. */
  problem: string | null
}

async function readSegment(file: string, name: string, timeline: number, start: Lsn, needed: Needed): Promise<Segment> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    if (size !== needed.segmentSize) return { name, problem: `has ${size} bytes instead of ${needed.segmentSize}` }
    const head = Buffer.alloc(longHeaderSize)
    await handle.read(head, 0, longHeaderSize, 0)
    const reading = readWalHeader(head)
    if (!reading.ok) return { name, problem: `can't be used: ${reading.reason}` }
    const { header } = reading
    if (header.systemIdentifier !== needed.systemIdentifier) {
      return { name, problem: `is of another cluster (system identifier ${header.systemIdentifier})` }
    }
    if (header.start !== start || header.timeline > timeline) return { name, problem: 'holds older WAL, kept to be used again' }
    return { name, problem: null }
  } finally {
    await handle.close()
  }
}

export interface WalEnd {
  /** Where the last record ends: recovery will end here. null when that is not known. */
  end: string | null
  /** What is wrong, in a sentence; null when the WAL ends as a crash leaves it. */
  problem: string | null
}

/**
 * Reads all records from REDO on with pg_waldump, to find their end. It must lie in the last whole segment, and not at its
 * very end: a server opens the next segment before it fills one, so that a missing one shows.
 */
export async function findWalEnd(
  spawn: SpawnTool,
  { bin, account }: Pick<LocalCluster, 'bin' | 'account'>,
  walFolder: string,
  { redo, timeline, segmentSize }: Needed,
  segments: readonly string[],
  signal?: AbortSignal,
): Promise<WalEnd> {
  const exit = await spawn({
    file: join(bin, 'pg_waldump'),
    argv: ['--quiet', `--path=${walFolder}`, `--start=${redo}`, `--timeline=${timeline}`],
    env: { LC_ALL: 'C' },
    ...(account ? { runAs: account } : {}),
    ...(signal ? { signal } : {}),
  })
  if (exit.cancelled) throw new AppError('cancelled', 'Stopped while the WAL was being read.')
  const words = exit.stderrTail.join(' ')
  const gone = /could not (?:find|open) file "(?:[^"]*\/)?([0-9A-F]{24})"/.exec(words)?.[1]
  if (gone !== undefined) return { end: null, problem: `${gone} is missing: the WAL goes on in it.` }
  const end = readEnd(words)
  if (end === null) return { end, problem: `pg_waldump could not read it from ${redo} on: ${words}` }
  const last = segments.at(-1) ?? ''
  const number = parseSegmentName(last, segmentSize)?.number ?? -1n
  // Exactly at its end: the next record would have been the first of the next segment.
  if (toLsn(end) < segmentStart(number, segmentSize)) {
    return { end, problem: `It can be read up to ${end} only, and ${last} comes after that: ${words}` }
  }
  return { end, problem: null }
}

/** The position that is no record any more; pg_waldump ends with an error at the end of all WAL, on purpose. */
function readEnd(words: string): string | null {
  const lsn = '([0-9A-F]{1,8}/[0-9A-F]{1,8})'
  const invalid = new RegExp(
    `(?:invalid record (?:length|offset)|incorrect prev-link [^ ]+|data checksum in record|contrecord flag) at ${lsn}`,
  )
  const after = new RegExp(`error in WAL record at ${lsn}`)
  return invalid.exec(words)?.[1] ?? after.exec(words)?.[1] ?? null
}
