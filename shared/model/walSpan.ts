// The segments of an archive that a search reads along the way to one timeline, in pieces that are read one after the other.
import type { ArchiveIndex, SegmentEntry } from './archiveIndex'
import { timelineTree } from './archiveRanges'
import { formatLsn, type Lsn, toLsn } from './lsn'
import { isSalvaged } from './salvage'

/** Neighbours that are read in one go. */
export interface WalPiece {
  timeline: number
  major: number
  segments: SegmentEntry[]
  /** Where the record may begin that goes on in the first one: nearest last. */
  before: SegmentEntry[]
  /** Where sound WAL ends in it. */
  to: Lsn
  /** Its segments are a dead cluster's, and not the archive's. */
  salvaged: boolean
}

export interface WalSpan {
  pieces: WalPiece[]
  /** Where what is told of begins: the segment before it is read for what its transactions did. */
  from: Lsn
  to: Lsn
  fromTime: number | null
  toTime: number | null
  segments: number
  bytes: bigint
  reachesBeginning: boolean
  /** A transaction up to this one may have begun before what is read; null where nothing is known of it. */
  olderThan: number | null
  /** What is missing or damaged in it, a sentence each. */
  notes: string[]
}

/** WAL of one piece: what its transactions did is held until it is read. */
const pieceBytes = 64 * 1024 * 1024

/** The files that recovery takes for this timeline, by position: the segment with a fork is there under both names. */
export function wayTo(index: ArchiveIndex, timeline: number): SegmentEntry[] {
  const { segmentSize } = index
  if (segmentSize === null) return []
  const size = BigInt(segmentSize)
  const parts = timelineTree(index).find((node) => node.timeline === timeline)?.parts ?? [{ timeline, from: 0n, to: null }]
  return index.segments
    .filter((entry) => {
      if (entry.number === null || entry.header === null) return false
      const end = BigInt(entry.number + 1) * size
      return parts.findLast((part) => part.from < end)?.timeline === entry.timeline
    })
    .toSorted((a, b) => numberOf(a) - numberOf(b))
}

/** `hours`: before the last commit; null for everything. null without a segment on the way. */
export function walSpan(index: ArchiveIndex, timeline: number, hours: number | null): WalSpan | null {
  const way = wayTo(index, timeline)
  const last = way.at(-1)
  const { segmentSize } = index
  if (!last || segmentSize === null) return null
  const end = way.reduce((latest, entry) => Math.max(latest, latestOf(entry)), Number.NEGATIVE_INFINITY)
  const begin = hours === null ? Number.NEGATIVE_INFINITY : end - hours * 3_600_000_000
  const found = hours === null ? 0 : way.findIndex((entry) => latestOf(entry) >= begin)
  const first = found === -1 ? 0 : found
  const lead = first > 0 && follows(way[first - 1], way[first]) ? first - 1 : first
  const told = way.slice(first)
  const times = told.flatMap((entry) => [entry.own, entry.inherited].flatMap((one) => (one?.commits ? [one] : [])))
  const least = (all: number[]) => (all.length === 0 ? null : all.reduce((a, b) => Math.min(a, b)))
  const most = (all: number[]) => (all.length === 0 ? null : all.reduce((a, b) => Math.max(a, b)))
  return {
    pieces: piecesOf(index, way, lead, segmentSize),
    from: startOf(way[first], segmentSize),
    to: endOf(last, segmentSize),
    fromTime: least(times.flatMap(({ earliest }) => earliest ?? [])),
    toTime: most(times.flatMap(({ latest }) => latest ?? [])),
    segments: told.length,
    bytes: BigInt(told.length) * BigInt(segmentSize),
    reachesBeginning: first === 0,
    olderThan: lead > 0 ? (way.slice(0, lead).findLast(({ own }) => own?.lastEnd)?.own?.lastEnd?.xid ?? null) : null,
    notes: [...gapNotes(way.slice(lead)), ...damageNotes(told)],
  }
}

function numberOf({ number }: SegmentEntry): number {
  return number ?? 0
}

function latestOf({ own, inherited }: SegmentEntry): number {
  return Math.max(own?.latest ?? Number.NEGATIVE_INFINITY, inherited?.latest ?? Number.NEGATIVE_INFINITY)
}

function startOf(entry: SegmentEntry | undefined, segmentSize: number): Lsn {
  return BigInt(entry?.number ?? 0) * BigInt(segmentSize)
}

function endOf(entry: SegmentEntry, segmentSize: number): Lsn {
  return entry.end === null ? startOf(entry, segmentSize) + BigInt(segmentSize) : toLsn(entry.end)
}

function follows(before: SegmentEntry | undefined, entry: SegmentEntry | undefined): boolean {
  return before !== undefined && entry !== undefined && !before.partial && numberOf(before) + 1 === numberOf(entry)
}

/** How far back the beginning of a record is looked for. */
const furthest = 64

function piecesOf(index: ArchiveIndex, way: readonly SegmentEntry[], from: number, segmentSize: number): WalPiece[] {
  const pieces: WalPiece[] = []
  const most = Math.max(1, Math.floor(pieceBytes / segmentSize))
  for (let at = from; at < way.length; at += 1) {
    const entry = way[at]
    const before = way[at - 1]
    if (!entry?.header) continue
    const piece = pieces.at(-1)
    // A record that begins in the segment before can't be read: that one ends there, and this one begins anew.
    const broken = entry.damage !== null && entry.damage.from !== null
    if (broken && piece && entry.damage) piece.to = toLsn(entry.damage.lsn)
    const salvaged = isSalvaged(index, entry)
    const joins =
      piece !== undefined &&
      piece.salvaged === salvaged &&
      at > from &&
      follows(before, entry) &&
      !broken &&
      before?.damage == null &&
      !entry.partial &&
      piece.timeline === entry.timeline &&
      piece.major === entry.header.major &&
      before?.compressed === entry.compressed &&
      piece.segments.length < most
    if (joins) {
      piece.segments.push(entry)
      piece.to = endOf(entry, segmentSize)
      continue
    }
    pieces.push({
      timeline: entry.timeline,
      major: entry.header.major,
      segments: [entry],
      before: broken ? [] : beginnings(way, at),
      to: endOf(entry, segmentSize),
      salvaged,
    })
  }
  return pieces
}

function beginnings(way: readonly SegmentEntry[], at: number): SegmentEntry[] {
  const before: SegmentEntry[] = []
  for (let place = at; way[place]?.continues && before.length < furthest; place -= 1) {
    const entry = way[place - 1]
    if (!entry || !follows(entry, way[place]) || entry.damage !== null || entry.header?.major !== way[at]?.header?.major) break
    before.unshift(entry)
  }
  return before
}

function gapNotes(way: readonly SegmentEntry[]): string[] {
  return way.flatMap((entry, index) => {
    const before = way[index - 1]
    if (before === undefined || follows(before, entry)) return []
    const missing = numberOf(entry) - numberOf(before) - (before.partial ? 0 : 1)
    const what = missing === 1 ? '1 segment is' : `${missing.toLocaleString('en-US')} segments are`
    return [`${what} missing between ${before.file} and ${entry.file}: what happened in them is not known.`]
  })
}

function damageNotes(way: readonly SegmentEntry[]): string[] {
  return way.flatMap(({ file, damage, unread }) => {
    if (unread !== null) return [`${file} could not be read: ${unread}.`]
    if (damage === null) return []
    return [`${file} is damaged at ${formatLsn(toLsn(damage.lsn))}: ${damage.words}. What follows it there was not seen.`]
  })
}
