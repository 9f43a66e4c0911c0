// The map of an archive for the screen: ten thousand segments as a few ranges, gaps and forks.
import type { ArchiveMap, MapTimeline } from '../contracts/walArchive'
import type { ArchiveIndex, SegmentEntry, TransactionEnd } from './archiveIndex'
import { type TimelineNode, timelineTree, type WalGap, type WalRange } from './archiveRanges'
import { formatLsn } from './lsn'
import { parseSegmentName, segmentName } from './walFile'

/** How finely commits are counted along the map. */
const parts = 120
const mostOdd = 500

export function archiveMap(index: ArchiveIndex, toRead: bigint, indexProblem: string): ArchiveMap {
  const size = index.segmentSize
  const numbers = index.segments.flatMap(({ number }) => (number === null ? [] : [number]))
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const number of numbers) {
    if (number < first) first = number
    if (number > last) last = number
  }
  const span = numbers.length === 0 ? null : { first, last }
  const odd = index.odd.map(({ file, problem }) => ({
    file,
    fault: problem?.fault ?? ('unknown' as const),
    says: problem?.says ?? '',
  }))
  return {
    folder: index.folder,
    systemIdentifier: index.systemIdentifier,
    major: index.major,
    segmentSize: size,
    firstNumber: span?.first ?? null,
    lastNumber: span?.last ?? null,
    segments: index.segments.length,
    commits: index.segments.reduce((sum, { own }) => sum + (own?.commits ?? 0), 0),
    bytesOnDisk: String(index.segments.reduce((sum, segment) => sum + segment.size, 0)),
    timelines: size === null || !span ? [] : timelineTree(index).map((node) => mapTimeline(node, size, span)),
    damaged: index.segments.flatMap(({ file, damage }) => (damage ? [{ file, ...damage }] : [])),
    unreadable: index.segments.flatMap(({ file, unread }) => (unread === null ? [] : [{ file, why: unread }])),
    histories: index.histories.map(({ file, timeline }) => ({ file, timeline })),
    backups: index.backups.map(({ file, timeline, segment, label, start, stop, startTime }) => ({
      ...{ file, timeline, label, start, stop, startTime },
      number: size === null ? null : numberOf(segment, size),
    })),
    odd: odd.slice(0, mostOdd),
    oddCount: odd.length,
    toRead: String(toRead),
    indexProblem,
  }
}

function numberOf(name: string, size: number): number | null {
  const id = parseSegmentName(name, size)
  return id ? Number(id.number) : null
}

function mapTimeline(node: TimelineNode, size: number, span: { first: number; last: number }): MapTimeline {
  const { timeline, parent, reason, known } = node
  const name = (number: number) => segmentName({ timeline, number: BigInt(number) }, size)
  const width = span.last - span.first + 1
  const density = Array<number>(Math.min(parts, width)).fill(0)
  let lastCommit: TransactionEnd | null = null
  let lastEnd: TransactionEnd | null = null
  const restorePoints: MapTimeline['restorePoints'] = []
  for (const { own, number } of node.ranges.flatMap(({ segments }) => segments)) {
    if (!own || number === null) continue
    const part = Math.floor(((number - span.first) / width) * density.length)
    density[part] = (density[part] ?? 0) + own.commits
    lastCommit = own.lastCommit ?? lastCommit
    lastEnd = own.lastEnd ?? lastEnd
    restorePoints.push(...own.restorePoints)
  }
  return {
    ...{ timeline, parent, reason, known, density, lastCommit, lastEnd },
    forkAt: node.forkAt === null ? null : formatLsn(node.forkAt),
    restorePoints: restorePoints.slice(-200),
    ranges: node.ranges.map((range) => mapRange(range, name)),
    gaps: node.gaps.map((gap) => mapGap(gap, name)),
  }
}

function mapRange({ first, last, segments }: WalRange, name: (number: number) => string): MapTimeline['ranges'][number] {
  const times = (of: (segment: SegmentEntry) => number | null | undefined) => segments.flatMap((segment) => of(segment) ?? [])
  const end = segments.at(-1)
  return {
    ...{ first: name(first), last: name(last), firstNumber: first, lastNumber: last, segments: segments.length },
    partial: end?.partial ? end.file : null,
    commits: segments.reduce((sum, { own }) => sum + (own?.commits ?? 0), 0),
    earliest: least(times(({ own }) => own?.earliest)),
    latest: most(times(({ own }) => own?.latest)),
    unread: segments.filter((segment) => segment.end === null).length,
  }
}

function mapGap({ first, last }: WalGap, name: (number: number) => string): MapTimeline['gaps'][number] {
  return { first: name(first), last: name(last), firstNumber: first, lastNumber: last, segments: last - first + 1 }
}

function least(values: readonly number[]): number | null {
  return values.reduce<number | null>((best, value) => (best === null || value < best ? value : best), null)
}

function most(values: readonly number[]): number | null {
  return values.reduce<number | null>((best, value) => (best === null || value > best ? value : best), null)
}
