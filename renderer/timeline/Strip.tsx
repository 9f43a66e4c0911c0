// The strip above the lanes: the last seven days (or all there is) at a glance, with the viewed part as a window to drag.
import { memo, type PointerEvent, useId, useRef } from 'react'
import { momentText, type ZoneName } from '../format/zone'
import { edge } from './Lanes'
import { drawStrip, type Frame } from './layoutLane'
import { gutter } from './layoutRows'
import type { TimelineModel } from './model'
import { dayMicro, leastSpan, scaleOf, spanOf, stripView, type Tick, ticksOf, type View, withRoom } from './view'

const top = 18
const bottom = 30

export interface StripProps {
  model: TimelineModel
  extent: View
  view: View
  width: number
  zone: ZoneName
  cursor: number | null
  onShow: (view: View) => void
}

export function Strip({ model, extent, view, width, zone, cursor, onShow }: StripProps) {
  const strip = stripView(extent, view)
  const right = width - edge
  const scale = scaleOf(strip.view, gutter, right - gutter)
  const clamp = (x: number) => Math.min(right, Math.max(gutter, x))
  const [from, to] = [clamp(scale(view.from)), clamp(scale(view.to))]
  const box = { x: Math.min(from, right - 6), width: Math.max(6, to - from) }
  // What is dragged, and the view it began with: the strip itself may take another span meanwhile.
  const drag = useRef<{ part: 'all' | 'from' | 'to'; x: number; view: View; perPixel: number } | null>(null)

  const begin = (event: PointerEvent<SVGSVGElement>) => {
    if (event.button !== 0) return
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    const perPixel = spanOf(strip.view) / (right - gutter)
    const near = (edge: number) => Math.abs(x - edge) <= 6
    const outside = x < box.x - 6 || x > box.x + box.width + 6
    const began = outside ? centred(view, scale.invert(clamp(x))) : view
    const part = outside || box.width < 18 ? 'all' : near(box.x) ? 'from' : near(box.x + box.width) ? 'to' : 'all'
    if (outside) onShow(began)
    drag.current = { part, x, view: began, perPixel }
    event.currentTarget.setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent<SVGSVGElement>) => {
    const now = drag.current
    if (now === null) return
    const by = (event.clientX - event.currentTarget.getBoundingClientRect().left - now.x) * now.perPixel
    const { from, to } = now.view
    if (now.part === 'all') onShow({ from: from + by, to: to + by })
    else if (now.part === 'from') onShow({ from: Math.min(from + by, to - leastSpan), to })
    else onShow({ from, to: Math.max(to + by, from + leastSpan) })
  }
  const end = () => {
    drag.current = null
  }
  return (
    <svg
      width={width}
      height={40}
      className="tl-strip"
      aria-hidden="true"
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
    >
      <text x={12} y={22} className="tl-ax">
        {strip.label}
      </text>
      <StripPicture {...{ model, width, zone }} from={strip.view.from} to={strip.view.to} />
      <rect {...box} y={1.5} height={29} rx={3} className="tl-window" />
      {[box.x, box.x + box.width].map((x) => (
        <rect key={x} x={x - 2.5} y={10} width={5} height={12} rx={2} className="tl-grip" />
      ))}
      {cursor !== null && scale(cursor) >= gutter && scale(cursor) <= right && (
        <path d={`M${scale(cursor)} 3v26`} stroke="var(--text)" strokeWidth={1.5} />
      )}
      <path d={`M${box.x} 31L${gutter} 39M${box.x + box.width} 31L${right} 39`} stroke="var(--accent-line)" fill="none" />
    </svg>
  )
}

function centred(view: View, time: number): View {
  const half = spanOf(view) / 2
  return { from: time - half, to: time + half }
}

interface PictureProps {
  model: TimelineModel
  from: number
  to: number
  width: number
  zone: ZoneName
}

/** Stays the same while the window moves over it. */
const StripPicture = memo(function StripPicture({ model, from, to, width, zone }: PictureProps) {
  const id = useId()
  const view = { from, to }
  const right = width - edge
  const frame: Frame = { left: gutter, right, view, scale: scaleOf(view, gutter, right - gutter) }
  const lanes = model.lanes.filter(({ role }) => role !== 'stray')
  const { bands, dead, gaps, bars, deadBars } = drawStrip(lanes, frame, { top, height: bottom - top })
  // Days by name, while they are seven.
  const room = to - from <= 8 * dayMicro ? Math.max(130, (right - gutter) / 8) : 130
  const ticks = withRoom(ticksOf(view, right - gutter, zone, room).major, frame.scale, width, null)
  const label = (tick: Tick) => {
    const { weekday, day } = momentText(tick.time, zone)
    const days = (ticks[1]?.time ?? 0) - (ticks[0]?.time ?? 0) === dayMicro
    if (!days || tick.label === '') return tick.label
    const short = right - frame.scale(tick.time) < 90
    return short ? day.split(' ')[0] : `${weekday} ${day.split(' ')[0]}`
  }
  let lastMark = Number.NEGATIVE_INFINITY
  const fulls = model.moments.backups.filter(({ kind, stopTime }) => kind === 'full' && stopTime >= from && stopTime <= to)
  return (
    <g>
      <defs>
        <pattern id={`${id}gap`} width={5} height={5} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width={5} height={5} fill="var(--warn-soft)" />
          <path d="M0 0V5" stroke="var(--warn-fill)" strokeWidth={2.4} />
        </pattern>
      </defs>
      <rect x={gutter} y={top} width={right - gutter} height={bottom - top} fill="var(--surface-3)" opacity={0.6} />
      {bands.map((box) => (
        <rect key={box.x} {...box} y={top} height={bottom - top} fill="var(--band)" />
      ))}
      {dead.map((box) => (
        <rect key={box.x} {...box} y={top} height={bottom - top} fill="var(--surface-3)" />
      ))}
      <path d={bars} fill="var(--bar)" opacity={0.5} />
      <path d={deadBars} fill="var(--text-3)" opacity={0.4} />
      {gaps.map((box) => (
        <rect key={box.x} x={box.x} width={box.width} y={top} height={bottom - top} fill={`url(#${id}gap)`} />
      ))}
      {ticks
        .filter((tick) => right - frame.scale(tick.time) > 24)
        .map((tick) => (
          <g key={tick.time}>
            <path d={`M${frame.scale(tick.time)} 2v28`} stroke="var(--border)" />
            <text x={frame.scale(tick.time) + 5} y={13} className="tl-ax">
              {label(tick)}
            </text>
          </g>
        ))}
      {fulls.map(({ path, stopTime }) => {
        const x = frame.scale(stopTime)
        if (x - lastMark < 6) return null
        lastMark = x
        return <rect key={path} x={x - 2.5} y={top - 1} width={5} height={bottom - top + 1} rx={1.5} fill="var(--accent)" />
      })}
    </g>
  )
})
