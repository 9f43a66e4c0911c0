// The part of time that is looked at: its scale, how it is moved and zoomed, and the ticks of its axis. Microseconds since 1970.
import { scaleLinear, scaleUtc } from 'd3-scale'
import { fromLocal, momentText, offsetAt, toLocal, type ZoneName } from '../format/zone'

export interface View {
  from: number
  to: number
}

export const minuteMicro = 60_000_000
export const hourMicro = 60 * minuteMicro
export const dayMicro = 24 * hourMicro
/** A millisecond across the whole width: a microsecond is then wider than a pixel. */
export const leastSpan = 1000

export interface Scale {
  (time: number): number
  invert(x: number): number
}

export function scaleOf(view: View, left: number, width: number): Scale {
  return scaleLinear([view.from, view.to], [left, left + width])
}

export const spanOf = ({ from, to }: View) => to - from

/** Everything that may ever be looked at: all there is, a margin, and never less than the largest button shows. */
export function worldOf(extent: View): View {
  const span = Math.max(spanOf(extent) * 1.3, 8 * dayMicro)
  const after = Math.max(spanOf(extent) * 0.15, hourMicro)
  return { from: extent.to + after - span, to: extent.to + after }
}

/** All there is, with room for the words at its end. */
export function wholeView(extent: View): View {
  const span = Math.max(spanOf(extent), 2_000_000)
  return { from: extent.from - span * 0.03, to: extent.to + span * 0.12 }
}

/** What one sees first: from a little before the newest backup up to the end of the archive. */
export function firstView(extent: View, newestBackup: number | null): View {
  const from = newestBackup === null ? extent.from : Math.max(extent.from, Math.min(newestBackup, extent.to))
  const span = Math.max(extent.to - from, 2_000_000)
  return { from: extent.to - span * 1.22, to: extent.to + span * 0.11 }
}

/** The same middle, or `around`, with another span; kept inside the world. */
export function withSpan(view: View, span: number, world: View, around = (view.from + view.to) / 2): View {
  const wanted = Math.min(Math.max(span, leastSpan), spanOf(world))
  const share = Math.min(1, Math.max(0, (around - view.from) / spanOf(view)))
  return within({ from: around - wanted * share, to: around + wanted * (1 - share) }, world)
}

export function within(view: View, world: View): View {
  const span = Math.min(spanOf(view), spanOf(world))
  const from = Math.min(Math.max(view.from, world.from), world.to - span)
  return { from, to: from + span }
}

/** With a time that is out of sight in its middle; a view that shows it stays. */
export function showing(view: View, time: number, world: View): View {
  const margin = spanOf(view) * 0.01
  if (time >= view.from + margin && time <= view.to - margin) return view
  const from = time - spanOf(view) / 2
  return within({ from, to: from + spanOf(view) }, world)
}

/** The strip above: the smallest usual span that holds everything, up to seven days; longer where the view leaves those. */
export function stripView(extent: View, view: View): { view: View; label: string } {
  const end = Math.max(extent.to + (extent.to - extent.from) * 0.02, Math.min(view.to, extent.to + dayMicro))
  const spans = [
    { span: minuteMicro, label: 'Last minute' },
    { span: 10 * minuteMicro, label: 'Last 10 min' },
    { span: hourMicro, label: 'Last hour' },
    { span: 6 * hourMicro, label: 'Last 6 h' },
    { span: dayMicro, label: 'Last day' },
    { span: 7 * dayMicro, label: 'Last 7 days' },
  ]
  const holds = (span: number) => end - span <= view.from
  const all = end - extent.from
  const fits = spans.find(({ span }) => (span >= all || span === 7 * dayMicro) && holds(span))
  if (fits) return { view: { from: end - fits.span, to: end }, label: fits.label }
  const from = Math.min(extent.from, view.from)
  return { view: { from, to: Math.max(end, view.to) }, label: 'All' }
}

export interface Tick {
  time: number
  label: string
  /** Midnights, and the first tick of all: they carry the date. */
  strong: boolean
}

export interface Ticks {
  major: Tick[]
  minor: number[]
}

const clockLabel = (time: number, step: number, zone: ZoneName): string => {
  const text = momentText(time, zone)
  if (step >= 300 * dayMicro) return String(text.year)
  if (step >= dayMicro) return text.day
  if (step >= minuteMicro) return text.minute
  if (step >= 1_000_000) return text.clock
  return step >= 1000 ? text.time.slice(0, -3) : text.time
}

/** Ticks at round times of the zone, about `room` pixels apart. */
export function ticksOf(view: View, width: number, zone: ZoneName, room = 70): Ticks {
  const count = Math.max(2, Math.floor(width / room))
  // Below some milliseconds Date has no ticks: then at round microseconds.
  if (spanOf(view) / count < 2000) {
    const times = scaleLinear([view.from, view.to], [0, width]).ticks(count)
    const step = (times[1] ?? 0) - (times[0] ?? 0)
    return {
      major: times.map((time) => ({ time, label: clockLabel(time, step, zone), strong: false })),
      minor: [],
    }
  }
  const middle = (view.from + view.to) / 2000
  const shift = offsetAt(zone, middle) * 60_000
  const local = scaleUtc([view.from / 1000 + shift, view.to / 1000 + shift], [0, width])
  const at = (date: Date) => fromLocal(zone, date.getTime()) * 1000
  const dates = local.ticks(count)
  const step = dates.length < 2 ? spanOf(view) : ((dates[1]?.getTime() ?? 0) - (dates[0]?.getTime() ?? 0)) * 1000
  const major = dates.map((date, index): Tick => {
    const time = at(date)
    const midnight = toLocal(zone, time / 1000) % 86_400_000 === 0
    const label = clockLabel(time, step, zone)
    if (step >= 300 * dayMicro) return { time, label, strong: true }
    if (step >= dayMicro)
      return {
        time,
        label: date.getUTCMonth() === 0 && date.getUTCDate() === 1 ? `${label} ${date.getUTCFullYear()}` : label,
        strong: date.getUTCDate() === 1,
      }
    const dated = midnight || (index === 0 && !dates.some((other) => other.getTime() % 86_400_000 === 0))
    const { day } = momentText(time, zone)
    const dayAlone = midnight && spanOf(view) > 2 * dayMicro
    return { time, label: dayAlone ? day : dated ? `${day} ${label}` : label, strong: midnight }
  })
  const majors = new Set(major.map(({ time }) => time))
  const minor = local
    .ticks(count * 4)
    .map(at)
    .filter((time) => !majors.has(time))
  return { major, minor: minor.length > count * 8 ? [] : minor }
}

/** Labels that would run into a stronger one beside them, or lie under the cursor's bubble, are left out; their lines stay. */
export function withRoom(
  ticks: readonly Tick[],
  scale: Scale,
  right: number,
  bubble: { from: number; to: number } | null,
): Tick[] {
  const wide = (tick: Tick) => tick.label.length * 6.8 + 8
  const taken: { from: number; to: number }[] = bubble === null ? [] : [bubble]
  const shown = new Set<Tick>()
  for (const tick of ticks.toSorted(
    (a, b) => Number(b.strong) - Number(a.strong) || b.label.length - a.label.length || a.time - b.time,
  )) {
    const [from, to] = [scale(tick.time), scale(tick.time) + wide(tick)]
    if (to > right || taken.some((other) => from < other.to && to > other.from)) continue
    taken.push({ from, to })
    shown.add(tick)
  }
  return ticks.map((tick) => (shown.has(tick) ? tick : { ...tick, label: '' }))
}

/** "15 h in view", "3 d in view", "250 ms in view" */
export function spanWords(span: number): string {
  const units = [
    { unit: 'years', size: 365.25 * dayMicro },
    { unit: 'd', size: dayMicro },
    { unit: 'h', size: hourMicro },
    { unit: 'min', size: minuteMicro },
    { unit: 's', size: 1_000_000 },
    { unit: 'ms', size: 1000 },
  ]
  const fit = units.find(({ size }, index) => span >= size * (index < 2 ? 2 : 1)) ?? { unit: 'ms', size: 1000 }
  const value = span / fit.size
  return `${value < 10 && value % 1 > 0.05 ? value.toFixed(1) : Math.round(value)} ${fit.unit}`
}
