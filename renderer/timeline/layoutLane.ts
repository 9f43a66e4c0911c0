// One lane in pixels: bands, hatched parts, and its bars as one path for each look. Pure; called for each step of a pan or zoom.
import { barMinutes, barsOf } from './density'
import type { Row } from './layoutRows'
import type { LaneModel } from './model'
import { type Span, union, without } from './reach'
import { minuteMicro, type Scale, type View } from './view'

export interface Box {
  x: number
  width: number
}

export interface GapBox extends Box {
  segments: number
  from: number | null
  to: number | null
}

export interface LaneDrawing {
  bands: Box[]
  dead: Box[]
  gaps: GapBox[]
  /** Covered by what is salvaged from the dead cluster. */
  salvaged: Box[]
  /** Paths of bars. */
  bars: { plain: string; replayed: string; dead: string }
  /** The line beneath what will be replayed. */
  replay: Box | null
}

/** A bar and the gap beside it. */
const barRoom = 4.6
const barGap = 1
/** A missing segment of milliseconds has to be seen. */
const leastGap = 6

const round = (value: number) => Math.round(value * 10) / 10

export interface Frame {
  left: number
  right: number
  scale: Scale
  view: View
}

/** Pixels of a span, cut off at the edges; undefined when it is outside. */
export function boxOf(span: Span, { left, right, scale }: Frame, least = 0): Box | undefined {
  const [from, to] = [scale(span.from), scale(span.to)]
  if (to < left || from > right) return undefined
  const x = Math.max(left, Math.min(from, right - least))
  const end = Math.min(right, Math.max(to, x + least))
  return end < x ? undefined : { x: round(x), width: Math.max(round(end - x), 0.5) }
}

const boxes = (spans: readonly Span[], frame: Frame) => spans.flatMap((span) => boxOf(span, frame) ?? [])

/** `headroom`: what the tallest bar leaves free above it. */
export function drawLane(row: Row, frame: Frame, replayed: Span | null, headroom = 6): LaneDrawing {
  const { lane, covered, dead } = row.model
  const replay = replayed === null ? [] : [replayed]
  const gaps = lane.gaps.flatMap(({ fromTime, toTime, segments }): GapBox[] => {
    const [from, to] = [fromTime ?? toTime, toTime ?? fromTime]
    const box = from === null || to === null ? undefined : boxOf({ from, to }, frame, leastGap)
    return box ? [{ ...box, segments, from: fromTime, to: toTime }] : []
  })
  return {
    bands: boxes(without(covered, dead), frame),
    // The last commit is not reachable by time, only by its position: that moment alone is no dead zone.
    dead: boxes(dead, frame).filter(({ width }) => width >= 1),
    gaps,
    salvaged: (lane.salvaged ?? []).flatMap(({ fromTime, toTime }) =>
      fromTime === null || toTime === null ? [] : (boxOf({ from: fromTime, to: toTime }, frame, leastGap) ?? []),
    ),
    bars: drawBars(row, frame, headroom, { plain: without(without(covered, dead), union(replay)), replayed: replay, dead }),
    replay: replayed === null ? null : (boxOf(replayed, frame) ?? null),
  }
}

function drawBars(
  row: Row,
  frame: Frame,
  headroom: number,
  spans: Record<keyof LaneDrawing['bars'], Span[]>,
): LaneDrawing['bars'] {
  const paths = { plain: '', replayed: '', dead: '' }
  const { view, scale } = frame
  const width = barMinutes((view.to - view.from) / (frame.right - frame.left), barRoom)
  const bars = barsOf(row.model.density, view.from, view.to, width)
  const { top, height } = row.band
  const bottom = top + height
  const step = scale(view.from + width * minuteMicro) - scale(view.from)
  for (const kind of ['plain', 'replayed', 'dead'] as const) {
    const parts: string[] = []
    let at = 0
    for (const span of spans[kind]) {
      const [from, to] = [Math.max(frame.left, scale(span.from)), Math.min(frame.right, scale(span.to))]
      if (to <= frame.left || from >= frame.right) continue
      while (at > 0 && (bars[at - 1]?.to ?? 0) > span.from) at -= 1
      for (; at < bars.length; at += 1) {
        const bar = bars[at]
        if (!bar || bar.from >= span.to) break
        if (bar.to <= span.from) continue
        const x = Math.max(from, scale(bar.from))
        const end = Math.min(to, scale(bar.from) + step - barGap)
        if (end - x < 0.4) continue
        const tall = round(Math.max(1.5, bar.height * (height - headroom)))
        parts.push(`M${round(x)} ${bottom}v${-tall}h${round(end - x)}v${tall}z`)
      }
    }
    paths[kind] = parts.join('')
  }
  return paths
}

/** The bars of several lanes in one strip. */
export function drawStrip(
  lanes: readonly LaneModel[],
  frame: Frame,
  { top, height }: { top: number; height: number },
): { bands: Box[]; dead: Box[]; gaps: Box[]; bars: string; deadBars: string } {
  const parts = lanes.map((model) => drawLane({ model, band: { top, height }, marks: null, tall: false }, frame, null, 1))
  return {
    bands: parts.flatMap(({ bands }) => bands),
    dead: parts.flatMap(({ dead }) => dead),
    gaps: parts.flatMap(({ gaps }) => gaps),
    bars: parts.map(({ bars }) => bars.plain).join(''),
    deadBars: parts.map(({ bars }) => bars.dead).join(''),
  }
}
