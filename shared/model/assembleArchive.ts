// From single files to an archive: whose segments they are, and which of them are not what their place needs.
import type {
  ArchiveEntry,
  ArchiveIndex,
  BackupHistoryEntry,
  FileProblem,
  HistoryEntry,
  SegmentEntry,
  SegmentHeader,
} from './archiveIndex'
import { toLsn } from './lsn'
import { timelineParts } from './timelineHistory'
import { historyName } from './walFile'

/** `systemIdentifier`: the cluster that the archive is for; null: the one that most segments are of. */
export function assembleArchive(
  folder: string,
  entries: readonly ArchiveEntry[],
  systemIdentifier: string | null,
  filesRead = 0,
): ArchiveIndex {
  const whose = systemIdentifier ?? mostCommon(entries, (header) => header.systemIdentifier)
  const own = entries.filter((entry) => entry.kind !== 'segment' || entry.header?.systemIdentifier === whose)
  const segmentSize = Number(mostCommon(own, (header) => String(header.segmentSize)) ?? 0) || null
  const major = Number(mostCommon(own, (header) => String(header.major)) ?? 0) || null
  const histories = entries.filter((entry) => entry.kind === 'history' && entry.problem === null) as HistoryEntry[]
  const judge = judgeSegment({ whose, segmentSize, histories: bestHistories(histories) })
  const segments: SegmentEntry[] = []
  const odd: ArchiveEntry[] = []
  for (const entry of entries) {
    const problem = entry.problem ?? (entry.kind === 'segment' ? judge(entry) : null)
    if (problem) odd.push({ ...entry, problem })
    else if (entry.kind === 'segment') segments.push(entry)
  }
  const { kept, doubled } = withoutDuplicates(segments.toSorted(inOrder))
  const timelines = new Set(kept.map((segment) => segment.timeline))
  for (const history of histories) {
    if (timelines.has(history.timeline)) continue
    odd.push({
      ...history,
      problem: { fault: 'content', says: `leads to timeline ${history.timeline}, of which no segment is here` },
    })
  }
  return {
    folder,
    systemIdentifier: whose,
    segmentSize,
    major,
    segments: kept,
    histories,
    backups: entries.filter((entry) => entry.kind === 'backup' && entry.problem === null) as BackupHistoryEntry[],
    odd: [...odd, ...doubled].toSorted((a, b) => (a.file < b.file ? -1 : 1)),
    filesRead,
  }
}

function mostCommon(entries: readonly ArchiveEntry[], of: (header: SegmentHeader) => string): string | null {
  const counts = new Map<string, number>()
  for (const entry of entries) {
    if (entry.kind !== 'segment' || !entry.header) continue
    const key = of(entry.header)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  let best: string | null = null
  for (const [key, count] of counts) if (best === null || count > (counts.get(best) ?? 0)) best = key
  return best
}

/** By timeline. A compressed copy of one that is here plain says the same or is odd anyway. */
export function bestHistories(histories: readonly HistoryEntry[]): Map<number, HistoryEntry> {
  const best = new Map<number, HistoryEntry>()
  for (const history of histories) {
    if (!best.has(history.timeline) || history.file === historyName(history.timeline)) best.set(history.timeline, history)
  }
  return best
}

interface Judgement {
  whose: string | null
  segmentSize: number | null
  histories: ReadonlyMap<number, HistoryEntry>
}

function judgeSegment({ whose, segmentSize, histories }: Judgement): (entry: SegmentEntry) => FileProblem | null {
  return ({ header, timeline, own, inherited, partial, unread, damage }) => {
    if (!header) return null
    if (header.systemIdentifier !== whose) {
      return { fault: 'foreign', says: `is of the cluster ${header.systemIdentifier}, and this archive of ${whose}` }
    }
    if (header.segmentSize !== segmentSize) {
      return { fault: 'foreign', says: `has segments of ${header.segmentSize} bytes, and this archive of ${segmentSize}` }
    }
    if (header.timeline === timeline) return null
    const history = histories.get(timeline)
    if (history) {
      const start = toLsn(header.start)
      const parts = timelineParts(
        timeline,
        history.switches.map((one) => ({ ...one, at: toLsn(one.at) })),
      )
      const expected = parts.find((part) => start >= part.from && (part.to === null || start < part.to))?.timeline
      const holdsFork = parts.some((part) => part.timeline === timeline && part.from < start + BigInt(header.segmentSize))
      if (expected === header.timeline && holdsFork) return null
      return {
        fault: 'name',
        says: `begins with WAL of timeline ${header.timeline}, and ${history.file} says that timeline ${timeline} is not reached in it`,
      }
    }
    // Without a history file the records tell: a segment with a fork holds the record that begins the new timeline.
    if (own && !inherited && !partial && unread === null && damage === null) {
      return { fault: 'name', says: `holds WAL of timeline ${header.timeline} alone` }
    }
    return null
  }
}

function inOrder(a: SegmentEntry, b: SegmentEntry): number {
  return (
    a.timeline - b.timeline ||
    (a.number ?? 0) - (b.number ?? 0) ||
    Number(a.partial) - Number(b.partial) ||
    Number(a.compressed !== null) - Number(b.compressed !== null) ||
    (a.file < b.file ? -1 : 1)
  )
}

/** The first of each place counts: complete before partial, plain before compressed. */
function withoutDuplicates(sorted: readonly SegmentEntry[]): { kept: SegmentEntry[]; doubled: SegmentEntry[] } {
  const kept: SegmentEntry[] = []
  const doubled: SegmentEntry[] = []
  for (const segment of sorted) {
    const before = kept.at(-1)
    if (before === undefined || before.timeline !== segment.timeline || before.number !== segment.number) kept.push(segment)
    else doubled.push({ ...segment, problem: { fault: 'duplicate', says: `is here as ${before.file} too, which counts` } })
  }
  return { kept, doubled }
}
