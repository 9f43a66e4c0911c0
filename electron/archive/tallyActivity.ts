// Counts what pg_waldump prints into the segments that the records end in.
import type { SegmentEntry, TransactionEnd, WalActivity } from '../../shared/model/archiveIndex'
import { formatLsn, type Lsn } from '../../shared/model/lsn'
import type { WaldumpEvent } from '../../shared/model/waldumpOutput'
import { countMinutes } from '../../shared/model/walMinutes'
import { recordEnd, type WalGeometry } from '../../shared/model/walPages'

/** One timeline's share of a segment. */
export interface Tally {
  add(kind: 'commit' | 'abort', lsn: { hi: number; lo: number }, time: number, xid: number): void
  restorePoints: Lsn[]
  pack(): Omit<WalActivity, 'restorePoints'>
}

export function createTally(): Tally {
  const minutes = countMinutes()
  let [commits, aborts] = [0, 0]
  let [earliest, latest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  // Kept as numbers until the end: there are millions of them.
  const [first, last, end] = [noEnd(), noEnd(), noEnd()]
  return {
    restorePoints: [],
    add(kind, { hi, lo }, time, xid) {
      keep(end, hi, lo, time, xid)
      if (kind === 'abort') {
        aborts += 1
        return
      }
      commits += 1
      if (time < earliest) earliest = time
      if (time > latest) latest = time
      minutes.add(time)
      if (commits === 1) keep(first, hi, lo, time, xid)
      keep(last, hi, lo, time, xid)
    },
    pack: () => ({
      ...{ commits, aborts, minutes: minutes.pack() },
      earliest: commits > 0 ? earliest : null,
      latest: commits > 0 ? latest : null,
      firstCommit: commits > 0 ? toEnd(first) : null,
      lastCommit: commits > 0 ? toEnd(last) : null,
      lastEnd: commits + aborts > 0 ? toEnd(end) : null,
    }),
  }
}

interface KeptEnd {
  hi: number
  lo: number
  time: number
  xid: number
}

const noEnd = (): KeptEnd => ({ hi: 0, lo: 0, time: 0, xid: 0 })

function keep(end: KeptEnd, hi: number, lo: number, time: number, xid: number): void {
  end.hi = hi
  end.lo = lo
  end.time = time
  end.xid = xid
}

function toEnd({ hi, lo, time, xid }: KeptEnd): TransactionEnd {
  return { lsn: formatLsn(toPosition(hi, lo)), time, xid }
}

export function toPosition(hi: number, lo: number): Lsn {
  return (BigInt(hi) << 32n) | BigInt(lo)
}

export interface SegmentTally {
  own: Tally
  /** What comes before the fork in a segment that holds one. */
  inherited: { tally: Tally; forkAt: Lsn; timeline: number } | null
}

/**
 * Takes events in the order of positions. `start` is the first segment's first position: a record that begins before it
 * counts when it ends in that segment, and those that end before it are the neighbour's.
 */
export function attribute(segments: readonly SegmentTally[], start: Lsn, geometry: WalGeometry): (event: WaldumpEvent) => void {
  const [hi, lo] = [Number(start >> 32n), Number(start & 0xffffffffn)]
  let index = 0
  let boundary = geometry.segmentSize
  return (event) => {
    // Relative to the start, so that numbers are exact wherever in the WAL this is.
    const offset = (event.hi - hi) * 0x1_0000_0000 + (event.lo - lo)
    while (offset >= boundary) {
      index += 1
      boundary += geometry.segmentSize
    }
    let place = index
    // Page headers add less than a twentieth to a record.
    if (offset < 0 || offset + event.length * 1.05 + 128 > boundary) {
      const end = recordEnd(toPosition(event.hi, event.lo), event.length, geometry) - start
      if (end <= 0n) return
      place = Number((end - 1n) / BigInt(geometry.segmentSize))
    }
    const segment = segments[place]
    if (!segment) return
    const { inherited } = segment
    const before = inherited && toPosition(event.hi, event.lo) < inherited.forkAt
    const tally = before ? inherited.tally : segment.own
    if (event.kind === 'commit' || event.kind === 'abort') tally.add(event.kind, event, event.time, event.xid)
    else if (event.kind === 'restore point') tally.restorePoints.push(toPosition(event.hi, event.lo))
  }
}

/** An entry that holds a record of a new timeline begins with WAL of the one that was left. */
export function mayHoldFork(entry: SegmentEntry): boolean {
  return entry.header !== null && entry.header.timeline < entry.timeline
}
