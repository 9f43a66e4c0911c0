// Where things lie on the map of an archive: segments along one axis, timelines below each other. Pure.
import type { ArchiveMap, MapTimeline } from '../../../shared/contracts/walArchive'

export const mapWidth = 1000
export const laneHeight = 56
const band = { top: 12, height: 28 }
/** A single missing segment among ten thousand has to be seen. */
const least = 6

export interface Box {
  x: number
  width: number
}

export interface Lane {
  timeline: MapTimeline
  top: number
  band: { top: number; height: number }
  ranges: (Box & { partial: boolean; unread: boolean })[]
  gaps: (Box & { label: string })[]
  /** Heights from 0 to 1 along the whole width. */
  bars: (Box & { height: number })[]
  backups: { x: number; label: string }[]
  /** From the lane of the parent down to this one. */
  fork: { x: number; fromTop: number } | null
}

export interface MapLayout {
  lanes: Lane[]
  height: number
}

export function layOutMap(map: ArchiveMap): MapLayout {
  const first = map.firstNumber ?? 0
  const count = (map.lastNumber ?? 0) - first + 1
  const at = (number: number) => ((number - first) / count) * mapWidth
  const box = (from: number, to: number): Box => {
    const width = Math.max(least, at(to + 1) - at(from))
    return { x: Math.min(at(from), mapWidth - width), width }
  }
  const most = Math.max(1, ...map.timelines.flatMap(({ density }) => density))
  const tops = new Map(map.timelines.map(({ timeline }, row) => [timeline, row * laneHeight]))
  const lanes = map.timelines.map((timeline): Lane => {
    const top = tops.get(timeline.timeline) ?? 0
    const parent = timeline.parent === null ? undefined : tops.get(timeline.parent)
    const forkNumber = timeline.forkAt === null || map.segmentSize === null ? null : lsnNumber(timeline.forkAt) / map.segmentSize
    return {
      ...{ timeline, top },
      band: { top: top + band.top, height: band.height },
      ranges: timeline.ranges.map((range) => ({
        ...box(range.firstNumber, range.lastNumber),
        partial: range.partial !== null,
        unread: range.unread > 0,
      })),
      gaps: timeline.gaps.map((gap) => ({
        ...box(gap.firstNumber, gap.lastNumber),
        label: gap.segments === 1 ? '1 segment missing' : `${gap.segments.toLocaleString('en-US')} segments missing`,
      })),
      bars: barsOf(timeline.density, most),
      backups: map.backups
        .filter((backup) => backup.timeline === timeline.timeline && backup.number !== null)
        .filter(({ number }) => number !== null && number >= first && number < first + count)
        .map(({ number, label }) => ({ x: at((number ?? 0) + 0.5), label })),
      fork:
        parent === undefined || forkNumber === null
          ? null
          : { x: Math.min(Math.max(at(forkNumber), 0), mapWidth), fromTop: parent + band.top + band.height },
    }
  })
  return { lanes, height: map.timelines.length * laneHeight }
}

function barsOf(density: readonly number[], most: number): Lane['bars'] {
  const width = mapWidth / Math.max(1, density.length)
  return density.flatMap((count, part) =>
    // Small numbers beside large ones stay visible: a square root, as the eye compares areas.
    count === 0 ? [] : [{ x: part * width, width: Math.max(1, width - 1), height: Math.sqrt(count / most) }],
  )
}

/** Exact enough for drawing. */
function lsnNumber(text: string): number {
  const [high = '0', low = '0'] = text.split('/')
  return Number.parseInt(high, 16) * 0x1_0000_0000 + Number.parseInt(low, 16)
}
