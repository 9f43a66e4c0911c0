// How far the WAL of an archive reaches from a position: the window that a backup opens.
import type { ArchiveIndex, SegmentEntry, TransactionEnd, WalActivity } from './archiveIndex'
import { bestHistories } from './assembleArchive'
import { formatLsn, type Lsn, toLsn } from './lsn'
import { isSalvaged } from './salvage'
import { type TimelinePart, timelineParts } from './timelineHistory'
import { historyName, segmentName } from './walFile'

export interface WalPosition {
  timeline: number
  lsn: Lsn
}

/** A piece of the way: the file that recovery takes for it, and which positions of it are on the way. */
export interface ChainSegment {
  entry: SegmentEntry
  from: Lsn
  to: Lsn
}

export interface WalChain {
  /** All WAL is there and sound from the start to here. Equal to the start when none is. */
  reaches: Lsn
  /** The timeline that `reaches` is on. */
  timeline: number
  /** The first missing file. `gap`: the way goes on after it in the archive; else it is the archive's end. */
  missing: {
    timeline: number
    name: string
    gap: boolean
    /** Something is there under that name, and why it does not count. */
    odd: { file: string; says: string } | null
  } | null
  /** The record that ends the way before a file is missing, and the file or files that hold it. */
  damagedAt: { lsn: Lsn; words: string; files: string[] } | null
  /** The first file on the way whose records were not read: nothing is known from there on. */
  unread: { file: string; why: string } | null
  /** Why the way can't be walked at all; null when it can. */
  refused: string | null
  /** The last COMMIT on the way, and the last COMMIT or ABORT: a time target must lie before the latter. */
  lastCommit: TransactionEnd | null
  lastEnd: TransactionEnd | null
  /** Of the segments on the way, the first one whole. */
  commits: number
  segments: ChainSegment[]
  /** Bytes of WAL from the start to `reaches`. */
  bytes: bigint
  /** It ends in WAL that is salvaged from the dead cluster. */
  salvaged?: true
}

/**
 * From `from` along its own timeline, or along the way to `toTimeline`, until a file is missing or a record can't be read.
 * The segment with a fork is there under both names; recovery takes the newer timeline's (XLogFileReadAnyTLI), and so does this.
 */
export function walChain(index: ArchiveIndex, from: WalPosition, toTimeline = from.timeline): WalChain {
  const chain: WalChain = {
    ...{ reaches: from.lsn, timeline: from.timeline, missing: null, damagedAt: null, unread: null, refused: null },
    ...{ lastCommit: null, lastEnd: null, commits: 0, segments: [], bytes: 0n },
  }
  const way = partsTo(index, from, toTimeline)
  if ('refused' in way) return { ...chain, refused: way.refused }
  const size = index.segmentSize
  if (size === null) return { ...chain, refused: 'the archive holds no segment' }
  for (const place of walk(index, way.parts, from.lsn, size)) {
    const { entry, part, number } = place
    if (!entry || !addSegment(chain, entry, part, { from: from.lsn, start: number * BigInt(size), width: BigInt(size) })) {
      if (!entry) chain.missing = missingFile(index, way.parts, part.timeline, number, size)
      break
    }
    if (entry.partial) chain.missing = missingFile(index, way.parts, part.timeline, number, size)
  }
  const last = chain.segments.at(-1)
  const salvaged = last !== undefined && isSalvaged(index, last.entry)
  return { ...chain, ...(salvaged ? { salvaged } : {}), bytes: chain.reaches - from.lsn }
}

/** The files on the way by their names alone: what has to be read to know how far it reaches. */
export function chainFiles(index: ArchiveIndex, from: WalPosition, toTimeline = from.timeline): SegmentEntry[] {
  const way = partsTo(index, from, toTimeline)
  if ('refused' in way || index.segmentSize === null) return []
  return [...walk(index, way.parts, from.lsn, index.segmentSize)].flatMap(({ entry }) => (entry ? [entry] : []))
}

interface Place {
  /** undefined: the file is missing, and the way ends here. */
  entry: SegmentEntry | undefined
  part: TimelinePart
  number: bigint
}

/** One place after the other, up to the first missing file, or to a .partial. */
function* walk(index: ArchiveIndex, parts: readonly TimelinePart[], from: Lsn, size: number): Generator<Place> {
  const places = new Map(index.segments.map((entry) => [`${entry.timeline} ${entry.number}`, entry]))
  const width = BigInt(size)
  for (let number = from / width; ; number += 1n) {
    // The newest timeline that has begun by the end of this segment.
    const part = parts.findLast((one) => one.from < (number + 1n) * width)
    if (!part) return
    const entry = places.get(`${part.timeline} ${number}`)
    yield { entry, part, number }
    if (!entry || entry.partial) return
  }
}

/** false: the way ends in this segment. */
function addSegment(
  chain: WalChain,
  entry: SegmentEntry,
  part: TimelinePart,
  { from, start, width }: { from: Lsn; start: Lsn; width: bigint },
): boolean {
  if (entry.end === null) {
    chain.unread = { file: entry.file, why: entry.unread ?? 'its records were not read yet' }
    return false
  }
  const damage = entry.damage && {
    lsn: toLsn(entry.damage.lsn),
    words: entry.damage.words,
    files: [...(entry.damage.from === null ? [] : [entry.damage.from]), entry.file],
  }
  if (damage && damage.lsn <= start) {
    // A record that began in the segment before: nothing of this one can be replayed.
    chain.damagedAt = damage
    if (damage.lsn < chain.reaches) chain.reaches = damage.lsn
    return false
  }
  const to = damage ? damage.lsn : entry.partial ? toLsn(entry.end) : start + width
  for (const activity of [entry.inherited, entry.own]) if (activity) addActivity(chain, activity, from)
  chain.segments.push({ entry, from: from > start ? from : start, to })
  if (to > chain.reaches) chain.reaches = to
  chain.timeline = part.timeline
  if (damage) chain.damagedAt = damage
  return !damage
}

function addActivity(chain: WalChain, activity: WalActivity, from: Lsn): void {
  chain.commits += activity.commits
  if (activity.lastCommit && toLsn(activity.lastCommit.lsn) >= from) chain.lastCommit = activity.lastCommit
  if (activity.lastEnd && toLsn(activity.lastEnd.lsn) >= from) chain.lastEnd = activity.lastEnd
}

function missingFile(index: ArchiveIndex, parts: readonly TimelinePart[], timeline: number, number: bigint, size: number) {
  const name = segmentName({ timeline, number }, size)
  const onTheWay = new Set(parts.map((part) => part.timeline))
  const gap = index.segments.some((entry) => {
    if (entry.number === null || BigInt(entry.number) <= number || !onTheWay.has(entry.timeline)) return false
    const part = parts.find((one) => one.timeline === entry.timeline)
    return part?.to === null || part?.to === undefined || part.to > BigInt(entry.number) * BigInt(size)
  })
  const odd = index.odd.find(({ file }) => file.startsWith(name) && !file.endsWith('.backup'))
  return { timeline, name, gap, odd: odd ? { file: odd.file, says: odd.problem?.says ?? '' } : null }
}

export interface NoWay {
  /** A sentence without its capital and its full stop. */
  refused: string
  /** history: its file is missing; other: it does not come from there; fork: it left before that position. */
  why: 'history' | 'other' | 'fork'
}

/** The parts of the way from `from` to the target timeline, or why there is none. */
export function partsTo(index: ArchiveIndex, from: WalPosition, target: number): { parts: TimelinePart[] } | NoWay {
  if (target === from.timeline) return { parts: [{ timeline: target, from: 0n, to: null }] }
  const history = bestHistories(index.histories).get(target)
  // Timeline 1 comes from nowhere, and has no history file.
  if (!history && target !== 1) {
    const refused = `${historyName(target)} is not in the archive, so the way to timeline ${target} is not known`
    return { refused, why: 'history' }
  }
  const parts = timelineParts(
    target,
    (history?.switches ?? []).map((one) => ({ ...one, at: toLsn(one.at) })),
  )
  const own = parts.findIndex((part) => part.timeline === from.timeline)
  const part = parts[own]
  if (!part) return { refused: `timeline ${target} does not come from timeline ${from.timeline}`, why: 'other' }
  if (part.to !== null && part.to < from.lsn) {
    const where = `${formatLsn(part.to)}, before ${formatLsn(from.lsn)}`
    return { refused: `the way to timeline ${target} leaves timeline ${from.timeline} at ${where}`, why: 'fork' }
  }
  return { parts: parts.slice(own).map((one, at) => (at === 0 ? { ...one, from: 0n } : one)) }
}

/**
 * The timeline on which the way from here leads to the latest commit: the one that lived on. A drill's or a test's timeline
 * that strayed into the archive ends earlier. The own timeline where nothing is known.
 */
export function longestWay(index: ArchiveIndex, from: WalPosition): number {
  let best = { timeline: from.timeline, time: Number.NEGATIVE_INFINITY }
  for (const timeline of new Set(index.segments.map((segment) => segment.timeline))) {
    const chain = walChain(index, from, timeline)
    if (chain.refused !== null || chain.timeline !== timeline) continue
    const time = chain.lastEnd?.time ?? Number.NEGATIVE_INFINITY
    if (time > best.time || (time === best.time && timeline === from.timeline)) best = { timeline, time }
  }
  return best.timeline
}
