// The cursor: a slider that a screen reader hears, a line through the lanes, and its time in a bubble.
import type { KeyboardEvent, PointerEvent, Ref } from 'react'
import { gutter } from './layoutRows'

export interface CursorProps {
  ref: Ref<HTMLDivElement>
  x: number
  width: number
  height: number
  /** The middle of the band it stands in. */
  dot: number
  bubble: string
  /** To the left or the right of what is in view. */
  outside: 'left' | 'right' | null
  /** Not reachable. */
  refused: boolean
  now: number
  min: number
  max: number
  valueText: string
  busy: boolean
  onKeyDown: (event: KeyboardEvent) => void
  onDrag: (x: number) => void
  onDrop: () => void
}

const bubbleLetter = 7.3
/** Of the slider's width, which the stylesheet sets. */
const half = 7

/** Where the bubble of this text lies: over the cursor, but inside the drawing. */
export function bubbleAt(x: number, text: string, width: number): { from: number; to: number } {
  const wide = (text.length * bubbleLetter + 26) / 2
  const centre = Math.min(Math.max(x, gutter + wide - 4), width - wide - 2)
  return { from: centre - wide, to: centre + wide }
}

export function Cursor(props: CursorProps) {
  const { ref, x, width, height, dot, bubble, outside, refused, now, min, max, valueText, busy, onKeyDown, onDrag, onDrop } =
    props
  const { from, to } = bubbleAt(x, bubble, width)
  const begin = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return
    event.preventDefault()
    event.currentTarget.focus()
    event.currentTarget.setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const plot = event.currentTarget.offsetParent?.getBoundingClientRect()
    onDrag(event.clientX - (plot?.left ?? 0))
  }
  return (
    <div
      ref={ref}
      className={`tl-cursor${refused ? ' refused' : ''}`}
      style={{ left: x, height }}
      data-own-gesture
      role="slider"
      tabIndex={0}
      aria-label="Moment to recover to"
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={now}
      aria-valuetext={valueText}
      aria-orientation="horizontal"
      aria-busy={busy || undefined}
      onKeyDown={onKeyDown}
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={onDrop}
    >
      {outside === null && (
        <>
          <span className="tl-line" />
          <span className="tl-dot" style={{ top: dot }} />
        </>
      )}
      <span className="tl-bubble" style={{ left: (from + to) / 2 - x + half, width: to - from }}>
        {outside === 'left' && '◂ '}
        {bubble}
        {outside === 'right' && ' ▸'}
      </span>
    </div>
  )
}
