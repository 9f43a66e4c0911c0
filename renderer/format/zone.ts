// Time zones, and moments to the microsecond as text on the clock of one, both ways.

/** 'UTC', a name of the IANA database, or '' for the zone of this machine. */
export type ZoneName = string

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const minuteMs = 60_000
/** Zones change their offset at quarters of an hour only. */
const quarterMs = 15 * minuteMs

interface Zone {
  format: Intl.DateTimeFormat
  offsets: Map<number, number>
}
const zones = new Map<ZoneName, Zone>()

function zoneOf(name: ZoneName): Zone {
  const known = zones.get(name)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name === '' ? undefined : name,
    ...{ hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short' },
  })
  const zone = { format, offsets: new Map<number, number>() }
  zones.set(name, zone)
  return zone
}

/** The zones one chooses from: this machine's own, that of the core's machine when it is another, and UTC. */
export function zoneChoices(coreZone: string): ZoneName[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  return [...new Set([own, zoneNameIn(coreZone), 'UTC'].filter(isZone))]
}

/** All zones that can be chosen, the likely ones first. */
export function zoneNames(coreZone: string, chosen: ZoneName): ZoneName[] {
  return [...new Set([...zoneChoices(coreZone), ...(chosen === '' ? [] : [chosen]), ...Intl.supportedValuesOf('timeZone')])]
}

/** "+01:00 Europe/Berlin", as it is at that moment; of '', the machine's own. Milliseconds since 1970. */
export function zoneLabel(name: ZoneName, ms: number): string {
  return `${offsetText(name, ms)} ${name === '' ? Intl.DateTimeFormat().resolvedOptions().timeZone : name}`
}

/** The IANA name in "UTC+01:00 (Europe/Berlin)", as the core describes its zone. */
function zoneNameIn(description: string): string {
  return /([A-Za-z_]+(?:\/[A-Za-z_+-]+)*)\)?$/.exec(description)?.[1] ?? ''
}

export function isZone(name: string): boolean {
  try {
    return name !== '' && new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

/** Minutes east of UTC at that moment (milliseconds since 1970). */
export function offsetAt(name: ZoneName, ms: number): number {
  if (name === 'UTC') return 0
  const zone = zoneOf(name)
  const quarter = Math.floor(ms / quarterMs)
  const known = zone.offsets.get(quarter)
  if (known !== undefined) return known
  const at = quarter * quarterMs
  const parts = Object.fromEntries(zone.format.formatToParts(at).map(({ type, value }) => [type, value]))
  const local = Date.UTC(
    Number(parts.year),
    Number(parts.month) - 1,
    Number(parts.day),
    Number(parts.hour),
    Number(parts.minute),
    Number(parts.second),
  )
  const offset = Math.round((local - at) / minuteMs)
  zone.offsets.set(quarter, offset)
  return offset
}

/** What a clock of the zone shows, as if it were UTC: for text, and for ticks at full hours and midnights. */
export function toLocal(name: ZoneName, ms: number): number {
  return ms + offsetAt(name, ms) * minuteMs
}

/** The moment at which a clock of the zone shows this. In the hour that is there twice, the first; in the one left out, after it. */
export function fromLocal(name: ZoneName, local: number): number {
  const before = local - offsetAt(name, local - 86_400_000) * minuteMs
  if (toLocal(name, before) === local) return before
  const after = local - offsetAt(name, local + 86_400_000) * minuteMs
  return toLocal(name, after) === local ? after : before
}

const two = (value: number) => String(value).padStart(2, '0')

/** +01:00 */
export function offsetText(name: ZoneName, ms: number): string {
  const minutes = Math.abs(offsetAt(name, ms))
  return `${offsetAt(name, ms) < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

export interface MomentText {
  /** 2026-11-22 */
  date: string
  /** 09:14:32.500000 */
  time: string
  /** 09:14:32 */
  clock: string
  /** 09:14 */
  minute: string
  /** 22 Nov */
  day: string
  weekday: string
  year: number
  offset: string
}

/** `time` in microseconds since 1970. */
export function momentText(time: number, zone: ZoneName): MomentText {
  const ms = Math.floor(time / 1000)
  const local = new Date(toLocal(zone, ms))
  const minute = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`
  const clock = `${minute}:${two(local.getUTCSeconds())}`
  const micro = String(local.getUTCMilliseconds() * 1000 + (time - ms * 1000)).padStart(6, '0')
  return {
    date: `${local.getUTCFullYear()}-${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`,
    time: `${clock}.${micro}`,
    ...{ clock, minute },
    day: `${local.getUTCDate()} ${months[local.getUTCMonth()] ?? ''}`,
    weekday: weekdays[local.getUTCDay()] ?? '',
    year: local.getUTCFullYear(),
    offset: offsetText(zone, ms),
  }
}

/** 22 Nov 2026 09:14:32.500000 +01:00 */
export function fullMoment(time: number, zone: ZoneName): string {
  const { day, year, time: clock, offset } = momentText(time, zone)
  return `${day} ${year} ${clock} ${offset}`
}

/** Reads the two fields; undefined with a date or time that is none. Less than six digits of a second are filled up. */
export function readMoment(date: string, time: string, zone: ZoneName): number | undefined {
  const day = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(date.trim())
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?$/.exec(time.trim())
  if (!day || !clock) return undefined
  const [year, month, dayOfMonth] = [Number(day[1]), Number(day[2]), Number(day[3])]
  const [hour, minute, second] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const local = Date.UTC(year, month - 1, dayOfMonth, hour, minute, second)
  const back = new Date(local)
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== dayOfMonth) return undefined
  return fromLocal(zone, local) * 1000 + Number((clock[4] ?? '').padEnd(6, '0'))
}

/** "540 ms", "3.2 s", "12 min", "7 h", "41 days"; "12 µs" below a millisecond. Microseconds. */
export function distanceText(micro: number): string {
  const us = Math.abs(micro)
  if (us < 1000) return `${us} µs`
  if (us < 1_000_000) return `${Math.round(us / 1000)} ms`
  const seconds = us / 1_000_000
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
  return `${Math.round(seconds / 86_400)} days`
}
