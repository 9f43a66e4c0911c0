// The moments that can be reached: a lane for each timeline with its coverage, gaps, forks, commits and the reach of each backup.
import type { MomentLane, MomentRestorePoint } from '../contracts/recoveryPoint'
import type { ArchiveIndex, SegmentEntry, TransactionEnd, WalActivity } from './archiveIndex'
import { type TimelineNode, timelineTree, type WalGap, type WalRange, walRanges } from './archiveRanges'
import { bestHistories } from './assembleArchive'
import { formatLsn, type Lsn, toLsn } from './lsn'
import { type BackupFacts, type Reach, reachesOf } from './recoveryReach'
import { isSalvaged } from './salvage'
import { segmentName } from './walFile'
import { eachMinute, packMinutes } from './walMinutes'

export interface ReachableMoments {
  lanes: MomentLane[]
  restorePoints: MomentRestorePoint[]
  mainTimeline: number | null
}

export function reachableMoments(index: ArchiveIndex, backups: readonly BackupFacts[]): ReachableMoments {
  const size = index.segmentSize
  if (size === null) return { lanes: [], restorePoints: [], mainTimeline: null }
  const usable = backups.filter(({ shown }) => shown.problem === '')
  const nodes = timelineTree(index).map((node) => ({ node, reaches: reachesOf(index, usable, node.timeline) }))
  const main = mainTimeline(nodes)
  const parts = nodes.find(({ node }) => node.timeline === main)?.node.parts ?? []
  const onTheWay = new Set([main, ...parts.map(({ timeline }) => timeline)])
  return {
    lanes: nodes.map(({ node, reaches }) => laneOf(index, node, reaches, { size, stray: !onTheWay.has(node.timeline) })),
    restorePoints: allRestorePoints(index),
    mainTimeline: main,
  }
}

/** The one that lived on: on which the way from a backup leads to the latest commit; where none leads anywhere, that has it. */
function mainTimeline(nodes: readonly { node: TimelineNode; reaches: readonly Reach[] }[]): number | null {
  const latest = (of: (one: (typeof nodes)[number]) => number) => {
    let best: { timeline: number; time: number } | null = null
    for (const one of nodes) {
      const time = of(one)
      if (best === null || time > best.time) best = { timeline: one.node.timeline, time }
    }
    return best
  }
  const reached = latest(({ node, reaches }) =>
    reaches.reduce(
      (time, { chain, lastEnd }) => (chain.timeline === node.timeline && lastEnd ? Math.max(time, lastEnd.time) : time),
      Number.NEGATIVE_INFINITY,
    ),
  )
  if (reached && reached.time > Number.NEGATIVE_INFINITY) return reached.timeline
  return latest(({ node }) => lastOf(node.ranges, (own) => own.lastEnd)?.time ?? Number.NEGATIVE_INFINITY)?.timeline ?? null
}

interface LaneFacts {
  size: number
  stray: boolean
}

function laneOf(index: ArchiveIndex, node: TimelineNode, reaches: readonly Reach[], facts: LaneFacts): MomentLane {
  const { timeline, parent, forkAt, reason, ranges } = node
  const forkTime = forkAt === null ? null : timeBefore(index, node, forkAt)
  const last = ranges.at(-1)
  const spans = ranges.map((range) => rangeSpan(range, forkAt, facts.size))
  return {
    ...{ timeline, parent, reason, forkTime, stray: facts.stray },
    forkAt: forkAt === null ? null : formatLsn(forkAt),
    ranges: spans,
    gaps: node.gaps.map((gap) => gapSpan(node, gap, facts.size)),
    reach: reachOnLane(node, reaches, forkTime),
    ...salvagedSpans(index, node, facts.size),
    lastCommit: lastOf(ranges, (own) => own.lastCommit),
    lastEnd: lastOf(ranges, (own) => own.lastEnd),
    endLsn: last ? endOf(last, facts.size) : null,
    minutes: mergedMinutes(ranges),
  }
}

type Span = MomentLane['ranges'][number]

function salvagedSpans(index: ArchiveIndex, { ranges, forkAt }: TimelineNode, size: number): Pick<MomentLane, 'salvaged'> {
  if (!index.salvage) return {}
  const mine = walRanges(ranges.flatMap(({ segments }) => segments.filter((entry) => isSalvaged(index, entry))))
  return mine.length === 0 ? {} : { salvaged: mine.map((range) => rangeSpan(range, forkAt, size)) }
}

function rangeSpan(range: WalRange, forkAt: Lsn | null, size: number): Span {
  const start = BigInt(range.first) * BigInt(size)
  // The segment with a fork begins with WAL of the timeline that was left.
  const from = forkAt !== null && forkAt > start && forkAt < start + BigInt(size) ? forkAt : start
  return {
    ...timesOf(range),
    fromLsn: formatLsn(from),
    toLsn: endOf(range, size),
    segments: range.segments.length,
  }
}

function endOf(range: WalRange, size: number): string {
  const last = range.segments.at(-1)
  return last?.partial && last.end !== null ? last.end : formatLsn(BigInt(range.last + 1) * BigInt(size))
}

function timesOf({ segments }: WalRange): { fromTime: number | null; toTime: number | null } {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { own } of segments) {
    if (own?.earliest != null && own.earliest < from) from = own.earliest
    if (own?.latest != null && own.latest > to) to = own.latest
  }
  return to === Number.NEGATIVE_INFINITY ? { fromTime: null, toTime: null } : { fromTime: from, toTime: to }
}

function gapSpan({ timeline, ranges }: TimelineNode, gap: WalGap, size: number): MomentLane['gaps'][number] {
  const before = ranges.findLast((range) => range.last <= gap.first)
  const after = ranges.find((range) => range.first > gap.last)
  const name = (number: number) => segmentName({ timeline, number: BigInt(number) }, size)
  return {
    fromTime: before ? timesOf(before).toTime : null,
    toTime: after ? timesOf(after).fromTime : null,
    fromLsn: formatLsn(BigInt(gap.first) * BigInt(size)),
    toLsn: formatLsn(BigInt(gap.last + 1) * BigInt(size)),
    segments: gap.last - gap.first + 1,
    names: [name(gap.first), name(gap.last)],
  }
}

/** What of each backup's reach is on this timeline itself: what lies before its fork is on the parent's lane. */
function reachOnLane(
  { timeline, forkAt }: TimelineNode,
  reaches: readonly Reach[],
  forkTime: number | null,
): MomentLane['reach'] {
  const rows: MomentLane['reach'] = []
  for (const { backup, refused, chain, times } of reaches) {
    if (refused || chain.refused !== null || chain.timeline !== timeline || chain.reaches < backup.stop.lsn) continue
    const fork = backup.stop.timeline === timeline ? null : forkAt
    const from = fork !== null && fork > backup.stop.lsn ? fork : backup.stop.lsn
    const fromTime = times && fork !== null && forkTime !== null && forkTime > times.from ? forkTime : (times?.from ?? null)
    const here = times && fromTime !== null && fromTime <= times.to
    rows.push({
      backup: backup.shown.path,
      fromTime: here ? fromTime : null,
      toTime: here ? times.to : null,
      fromLsn: formatLsn(from),
      toLsn: formatLsn(chain.reaches),
    })
  }
  return rows
}

/** The last commit of the parent before the fork: in the segment with the fork, or in the parent's own before it. */
function timeBefore(index: ArchiveIndex, { timeline, parent }: TimelineNode, forkAt: Lsn): number | null {
  const holder = index.segments.find((one) => one.timeline === timeline && one.inherited !== null)
  const inherited = holder?.inherited?.lastCommit
  if (inherited && toLsn(inherited.lsn) < forkAt) return inherited.time
  for (const segment of index.segments.toReversed()) {
    const commit = segment.timeline === parent ? segment.own?.lastCommit : null
    if (commit && toLsn(commit.lsn) < forkAt) return commit.time
  }
  return null
}

function lastOf(ranges: readonly WalRange[], of: (own: WalActivity) => TransactionEnd | null): TransactionEnd | null {
  for (const { segments } of ranges.toReversed()) {
    for (const { own } of segments.toReversed()) {
      const end = own && of(own)
      if (end) return end
    }
  }
  return null
}

function mergedMinutes(ranges: readonly WalRange[]): number[] {
  const counts = new Map<number, number>()
  for (const { segments } of ranges) {
    for (const { own } of segments) {
      if (own) eachMinute(own.minutes, (minute, count) => counts.set(minute, (counts.get(minute) ?? 0) + count))
    }
  }
  return packMinutes(counts)
}

/** By time. A segment with a fork repeats what the parent's last segment holds: each is there once. */
export function allRestorePoints(index: ArchiveIndex): MomentRestorePoint[] {
  const found = new Map<string, Omit<MomentRestorePoint, 'sameName'>>()
  const add = (timeline: number, activity: WalActivity | null) => {
    for (const point of activity?.restorePoints ?? []) found.set(`${timeline} ${point.lsn}`, { ...point, timeline })
  }
  for (const segment of index.segments) addPoints(segment, add)
  const names = new Map<string, number>()
  for (const { name } of found.values()) names.set(name, (names.get(name) ?? 0) + 1)
  return [...found.values()]
    .map((point) => ({ ...point, sameName: names.get(point.name) ?? 1 }))
    .toSorted((a, b) => a.time - b.time)
}

function addPoints({ timeline, own, inherited }: SegmentEntry, add: (timeline: number, activity: WalActivity | null) => void) {
  add(timeline, own)
  if (inherited) add(inherited.timeline, inherited)
}

/** The timeline is in the archive: WAL of it, or at the least its history file. */
export function knowsTimeline(index: ArchiveIndex, timeline: number): boolean {
  return bestHistories(index.histories).has(timeline) || index.segments.some((segment) => segment.timeline === timeline)
}
