// Where the cursor may be: the spans of a timeline that recovery by time can reach; the nearest of them, and what snaps.
import type { MomentLane, Moments } from '../../shared/contracts/recoveryPoint'
import type { AccidentFlag } from './Accidents'

export interface Span {
  from: number
  to: number
}

/** Overlapping spans made one, in order. */
export function union(spans: readonly Span[]): Span[] {
  const result: Span[] = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1)
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else result.push({ ...span })
  }
  return result
}

/** What is left of the spans outside the others. Both in order and without overlap. */
export function without(spans: readonly Span[], others: readonly Span[]): Span[] {
  return spans.flatMap((span) => {
    const parts: Span[] = []
    let from = span.from
    for (const other of others) {
      if (other.to <= from || other.from >= span.to) continue
      if (other.from > from) parts.push({ from, to: other.from })
      from = Math.max(from, other.to)
    }
    if (from < span.to) parts.push({ from, to: span.to })
    return parts
  })
}

/** The reachable times of a timeline, by whichever backup. */
export function reachOf(lane: Pick<MomentLane, 'reach'> | undefined): Span[] {
  return union(
    (lane?.reach ?? []).flatMap(({ fromTime, toTime }) =>
      fromTime === null || toTime === null || toTime < fromTime ? [] : [{ from: fromTime, to: toTime }],
    ),
  )
}

export const reachable = (time: number, spans: readonly Span[]): boolean =>
  spans.some(({ from, to }) => time >= from && time <= to)

/** The nearest reachable moment; undefined when there is none at all. */
export function confine(time: number, spans: readonly Span[]): number | undefined {
  let best: number | undefined
  for (const { from, to } of spans) {
    const near = Math.min(Math.max(time, from), to)
    if (best === undefined || Math.abs(near - time) < Math.abs(best - time)) best = near
  }
  return best
}

export type SnapKind = 'accident' | 'backup' | 'restore-point' | 'commit' | 'fork' | 'edge'

export interface SnapTarget {
  kind: SnapKind
  time: number
  /** For the card: "restore point before_price_import". */
  label: string
}

/** What a cursor on this timeline snaps to besides commits. */
export function snapTargets(moments: Moments, timeline: number, accidents: readonly AccidentFlag[] = []): SnapTarget[] {
  const line = lineOf(moments.lanes, timeline)
  const lane = moments.lanes.find((one) => one.timeline === timeline)
  const on = (time: number, own: number) => {
    const part = line.find((one) => one.timeline === own)
    return part !== undefined && (part.until === null || time <= part.until)
  }
  return [
    // Its last microsecond before: the commit itself is kept out.
    ...accidents
      .filter((flag) => flag.timeline === timeline)
      .map(({ time, words }): SnapTarget => ({ kind: 'accident', time: time - 1, label: `just before: ${words}` })),
    ...reachOf(lane).flatMap(({ from, to }): SnapTarget[] => [
      { kind: 'edge', time: from, label: 'first reachable moment' },
      { kind: 'edge', time: to, label: 'last reachable moment' },
    ]),
    ...moments.backups
      .filter(({ timeline: own, stopTime }) => on(stopTime, own))
      .map(({ stopTime, label, kind }): SnapTarget => ({ kind: 'backup', time: stopTime, label: `${kind} backup ${label}` })),
    ...moments.restorePoints
      .filter(({ timeline: own, time }) => on(time, own))
      .map(({ time, name }): SnapTarget => ({ kind: 'restore-point', time, label: `restore point ${name}` })),
    ...(lane?.forkTime == null ? [] : [{ kind: 'fork' as const, time: lane.forkTime, label: `fork of timeline ${timeline}` }]),
  ].toSorted((a, b) => a.time - b.time)
}

/** The nearest target not further than `tolerance` away. `targets` ascending by time. */
export function snap(time: number, targets: readonly SnapTarget[], tolerance: number): SnapTarget | undefined {
  let [low, high] = [0, targets.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((targets[middle]?.time ?? 0) < time) low = middle + 1
    else high = middle
  }
  const near = [targets[low - 1], targets[low]].filter((target) => target !== undefined)
  const [best] = near.toSorted((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))
  return best && Math.abs(best.time - time) <= tolerance ? best : undefined
}

export interface LinePart {
  timeline: number
  /** Where the way leaves this timeline; null for the last. */
  until: number | null
}

/** The way from the first timeline to this one, as far as the lanes tell. */
export function lineOf(lanes: readonly MomentLane[], timeline: number): LinePart[] {
  const parts: LinePart[] = []
  let [at, until]: [number | null, number | null] = [timeline, null]
  while (at !== null && !parts.some((part) => part.timeline === at)) {
    parts.unshift({ timeline: at, until })
    const lane: MomentLane | undefined = lanes.find((one) => one.timeline === at)
    ;[at, until] = [lane?.parent ?? null, lane?.forkTime ?? null]
  }
  return parts
}

export interface ReplayPart extends Span {
  timeline: number
}

/** What will be replayed, timeline by timeline: from the backup's end along the way to the moment. */
export function replayParts(
  lanes: readonly MomentLane[],
  backup: { timeline: number; stopTime: number },
  moment: { timeline: number; time: number },
): ReplayPart[] {
  const line = lineOf(lanes, moment.timeline)
  const start = line.findIndex(({ timeline }) => timeline === backup.timeline)
  if (start < 0) return []
  const parts: ReplayPart[] = []
  let from = backup.stopTime
  for (const { timeline, until } of line.slice(start)) {
    const to = until === null ? moment.time : Math.min(until, moment.time)
    if (to > from) parts.push({ timeline, from, to })
    if (until === null || moment.time <= until) break
    from = Math.max(from, until)
  }
  return parts
}
