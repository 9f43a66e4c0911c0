// Points in time: absolute with the zone's offset, and how long ago, as the window shows them everywhere.
import { zoneNow } from '../stores/zone'
import { formatRoughDuration } from './duration'
import { offsetAt } from './zone'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Minutes east of UTC at that moment. */
type OffsetAt = (date: Date) => number

const shownOffset: OffsetAt = (date) => offsetAt(zoneNow(), date.getTime())

const two = (value: number) => String(value).padStart(2, '0')

/** +01:00, -09:30, +00:00 */
export function formatOffset(minutesEast: number): string {
  const sign = minutesEast < 0 ? '-' : '+'
  const minutes = Math.abs(minutesEast)
  return `${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

interface Shifted {
  year: number
  month: string
  day: number
  clock: string
  offset: string
}

function shifted(date: Date, east: OffsetAt): Shifted {
  const offset = east(date)
  const local = new Date(date.getTime() + offset * 60_000)
  return {
    year: local.getUTCFullYear(),
    month: months[local.getUTCMonth()] ?? '',
    day: local.getUTCDate(),
    clock: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`,
    offset: formatOffset(offset),
  }
}

/** 13:19:23 +01:00 */
export function formatClock(iso: string, east: OffsetAt = shownOffset): string {
  const parts = shifted(new Date(iso), east)
  return `${parts.clock} ${parts.offset}`
}

/** 13:19:23.006, for log lines, whose zone stands in the log's head. */
export function formatLogClock(iso: string, east: OffsetAt = shownOffset): string {
  const date = new Date(iso)
  return `${shifted(date, east).clock}.${String(date.getUTCMilliseconds()).padStart(3, '0')}`
}

/** 22 Nov 13:02:11 +01:00, with the year when it is not this one. */
export function formatWhen(iso: string, now: Date = new Date(), east: OffsetAt = shownOffset): string {
  const parts = shifted(new Date(iso), east)
  const year = parts.year === shifted(now, east).year ? '' : ` ${parts.year}`
  return `${parts.day} ${parts.month}${year} ${parts.clock} ${parts.offset}`
}

/** "7 h ago", "just now"; "in 3 min" for what is ahead (clocks of two machines differ). */
export function formatAgo(iso: string, now: Date = new Date()): string {
  const ms = now.getTime() - new Date(iso).getTime()
  if (Math.abs(ms) < 2000) return 'just now'
  return ms < 0 ? `in ${formatRoughDuration(-ms)}` : `${formatRoughDuration(ms)} ago`
}
