// Which segments of an archive have to be read, and which of them together.
import type { ArchiveIndex, SegmentEntry } from '../../shared/model/archiveIndex'

/** Neighbours on one timeline, read in one go. */
export interface PlannedRun {
  timeline: number
  major: number
  segments: SegmentEntry[]
  /** What may hold the beginning of the record that goes on in the first segment: nearest last; empty when nothing does. */
  before: SegmentEntry[]
}

/** Bytes of WAL in one run: after each one the index is saved. */
const plainBytes = 1024 * 1024 * 1024
/** Of compressed ones all of a run lies unpacked on the disk. */
const unpackedBytes = 256 * 1024 * 1024

/** How many segments before one are looked at for the beginning of a record: a record has at most 1 GB. */
const furthest = 1024

/** `wanted` chooses among the segments; a .partial is read alone. */
export function planRuns(index: ArchiveIndex, wanted: (segment: SegmentEntry) => boolean): PlannedRun[] {
  const places = new Map(index.segments.map((segment) => [`${segment.timeline} ${segment.number}`, segment]))
  const runs: PlannedRun[] = []
  for (const segment of index.segments) {
    if (!segment.header || segment.number === null || !wanted(segment)) continue
    const run = runs.at(-1)
    const last = run?.segments.at(-1)
    const together =
      run !== undefined &&
      last !== undefined &&
      !segment.partial &&
      last.timeline === segment.timeline &&
      last.number === segment.number - 1 &&
      run.major === segment.header.major &&
      last.compressed === segment.compressed &&
      (run.segments.length + 1) * segment.header.segmentSize <= (segment.compressed === null ? plainBytes : unpackedBytes)
    if (together) run.segments.push(segment)
    else
      runs.push({
        timeline: segment.timeline,
        major: segment.header.major,
        segments: [segment],
        before: neighboursBefore(segment, places),
      })
  }
  return runs
}

/** The segment before, on its own timeline or, for one with a fork, on the one that was left. */
export function segmentBeforeIt(segment: SegmentEntry, places: ReadonlyMap<string, SegmentEntry>): SegmentEntry | undefined {
  const number = (segment.number ?? 0) - 1
  const timeline = segment.header?.timeline ?? segment.timeline
  const found = places.get(`${segment.timeline} ${number}`) ?? places.get(`${timeline} ${number}`)
  return found?.partial || found?.header?.major !== segment.header?.major ? undefined : found
}

function neighboursBefore(segment: SegmentEntry, places: ReadonlyMap<string, SegmentEntry>): SegmentEntry[] {
  const before: SegmentEntry[] = []
  let current = segment
  while (current.continues && before.length < furthest) {
    const found = segmentBeforeIt(current, places)
    if (!found) break
    before.unshift(found)
    current = found
  }
  return before
}
