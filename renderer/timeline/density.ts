// Commits per minute, made ready so that any part of time at any width becomes bars at once: prefix sums and binary search.
import { eachMinute } from '../../shared/model/walMinutes'
import { minuteMicro } from './view'

export interface Density {
  /** Minutes of 1970 that have commits, ascending. */
  minutes: Float64Array
  /** Commits in all minutes before that one; one entry more than `minutes`. */
  before: Float64Array
  /** The tallest bar at a bar's width in minutes, so that bars keep their height while one moves along. */
  tallest: Map<number, number>
}

export function densityOf(packed: readonly number[]): Density {
  const count = packed.length >> 1
  const minutes = new Float64Array(count)
  const before = new Float64Array(count + 1)
  let index = 0
  eachMinute(packed, (minute, commits) => {
    minutes[index] = minute
    before[index + 1] = (before[index] ?? 0) + commits
    index += 1
  })
  return { minutes, before, tallest: new Map() }
}

/** The first index whose minute is not before `minute`, looked for from `low` to `high`. */
function firstAt(minutes: Float64Array, minute: number, low = 0, high = minutes.length): number {
  while (low < high) {
    const middle = (low + high) >> 1
    if ((minutes[middle] ?? 0) < minute) low = middle + 1
    else high = middle
  }
  return low
}

/** Where the bar after that of `index` begins. Minutes are whole and ascending, so a bar holds no more of them than its width. */
function nextBar(minutes: Float64Array, index: number, width: number): number {
  const minute = minutes[index] ?? 0
  const end = (Math.floor(minute / width) + 1) * width
  const most = Math.min(minutes.length, index + end - minute)
  // Without a minute missing it is the furthest it can be.
  return (minutes[most - 1] ?? 0) < end ? most : firstAt(minutes, end, index + 1, most)
}

/** Commits of the minutes from `from` (included) to `to` (not). */
export function commitsBetween({ minutes, before }: Density, from: number, to: number): number {
  return (before[firstAt(minutes, to)] ?? 0) - (before[firstAt(minutes, from)] ?? 0)
}

export const allCommits = ({ before }: Density) => before.at(-1) ?? 0

/** Widths of bars in minutes that divide hours and days, so that bars stand still while one moves along. */
const widths = [1, 2, 4, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 5760, 10_080, 20_160, 40_320]

export function barMinutes(microPerPixel: number, leastPixels: number): number {
  const least = (microPerPixel * leastPixels) / minuteMicro
  return widths.find((width) => width >= least) ?? Math.ceil(least / 40_320) * 40_320
}

function tallestOf(density: Density, width: number): number {
  const known = density.tallest.get(width)
  if (known !== undefined) return known
  const { minutes, before } = density
  let tallest = 0
  for (let index = 0; index < minutes.length; ) {
    const end = nextBar(minutes, index, width)
    tallest = Math.max(tallest, (before[end] ?? 0) - (before[index] ?? 0))
    index = end
  }
  density.tallest.set(width, tallest)
  return tallest
}

export interface Bar {
  /** Microseconds. */
  from: number
  to: number
  commits: number
  /** 0 to 1, of the tallest bar of all time at this width: a square root, so that few commits beside many stay visible. */
  height: number
}

/** The bars that touch the part from `from` to `to` (microseconds). */
export function barsOf(density: Density, from: number, to: number, width: number): Bar[] {
  const { minutes, before } = density
  const tallest = tallestOf(density, width)
  const bars: Bar[] = []
  let index = firstAt(minutes, Math.floor(from / minuteMicro / width) * width)
  while (index < minutes.length) {
    const bar = Math.floor((minutes[index] ?? 0) / width) * width
    if (bar * minuteMicro >= to) break
    const end = nextBar(minutes, index, width)
    const commits = (before[end] ?? 0) - (before[index] ?? 0)
    bars.push({
      from: bar * minuteMicro,
      to: (bar + width) * minuteMicro,
      commits,
      height: tallest === 0 ? 0 : Math.sqrt(commits / tallest),
    })
    index = end
  }
  return bars
}
