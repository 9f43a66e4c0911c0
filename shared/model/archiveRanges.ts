// What an archive covers: contiguous ranges and gaps of each timeline, and how the timelines branch off each other.
import type { ArchiveIndex, SegmentEntry } from './archiveIndex'
import { bestHistories } from './assembleArchive'
import { type Lsn, toLsn } from './lsn'
import { type TimelinePart, timelineParts } from './timelineHistory'

/** Segments of one timeline without a hole between them. */
export interface WalRange {
  timeline: number
  /** Numbers of the first and the last segment. */
  first: number
  last: number
  /** In order. The last one may be a .partial. */
  segments: SegmentEntry[]
}

export interface WalGap {
  timeline: number
  /** Numbers of the first and the last missing segment. */
  first: number
  last: number
}

/** A timeline, where it comes from, and what of it is here. */
export interface TimelineNode {
  timeline: number
  /** null: timeline 1, or one whose history file is not here. */
  parent: number | null
  forkAt: Lsn | null
  reason: string
  /** The way from the beginning to here; the timeline alone when its history is not known. */
  parts: TimelinePart[]
  /** It is timeline 1, or its history file is here. */
  known: boolean
  ranges: WalRange[]
  /** Between its ranges, and between its fork and its first range. */
  gaps: WalGap[]
}

/** A .partial ends its range: recovery reads nothing beyond it. */
export function walRanges(segments: readonly SegmentEntry[]): WalRange[] {
  const ranges: WalRange[] = []
  for (const segment of segments) {
    const number = segment.number
    if (number === null) continue
    const range = ranges.at(-1)
    const before = range?.segments.at(-1)
    const follows = range?.timeline === segment.timeline && range.last + 1 === number && before?.partial === false
    if (range && follows) {
      range.last = number
      range.segments.push(segment)
    } else {
      ranges.push({ timeline: segment.timeline, first: number, last: number, segments: [segment] })
    }
  }
  return ranges
}

/** Every timeline that has a segment here or is on the way to one, in order. */
export function timelineTree(index: ArchiveIndex): TimelineNode[] {
  const histories = bestHistories(index.histories)
  const ranges = new Map<number, WalRange[]>()
  for (const range of walRanges(index.segments)) ranges.set(range.timeline, [...(ranges.get(range.timeline) ?? []), range])
  const timelines = new Set(ranges.keys())
  for (const timeline of ranges.keys()) {
    for (const { parent } of histories.get(timeline)?.switches ?? []) timelines.add(parent)
  }
  return [...timelines]
    .toSorted((a, b) => a - b)
    .map((timeline) => {
      const history = histories.get(timeline)
      const switches = (history?.switches ?? []).map((one) => ({ ...one, at: toLsn(one.at) }))
      const from = switches.at(-1)
      const own = ranges.get(timeline) ?? []
      return {
        timeline,
        parent: from?.parent ?? null,
        forkAt: from?.at ?? null,
        reason: from?.reason ?? '',
        parts: timelineParts(timeline, switches),
        known: history !== undefined || timeline === 1,
        ranges: own,
        gaps: gapsOf(timeline, own, from === undefined ? null : segmentNumber(from.at, index.segmentSize)),
      }
    })
}

/** `forkSegment`: with which segment the timeline begins, where that is known. */
function gapsOf(timeline: number, ranges: readonly WalRange[], forkSegment: number | null): WalGap[] {
  const gaps: WalGap[] = []
  const [first] = ranges
  if (first && forkSegment !== null && forkSegment < first.first)
    gaps.push({ timeline, first: forkSegment, last: first.first - 1 })
  for (const [at, range] of ranges.entries()) {
    const next = ranges[at + 1]
    if (!next) continue
    // A .partial with a segment after it is no part of the way: its place is missing.
    const last = range.segments.at(-1)?.partial ? range.last : range.last + 1
    gaps.push({ timeline, first: last, last: next.first - 1 })
  }
  return gaps
}

/** Which segment holds the byte at this position. */
export function segmentNumber(lsn: Lsn, segmentSize: number | null): number | null {
  return segmentSize === null ? null : Number(lsn / BigInt(segmentSize))
}
