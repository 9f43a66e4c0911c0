// The view as d3-zoom keeps it: the wheel zooms at the pointer, dragging pans, and buttons and keys set it through the same door.
import { scaleLinear } from 'd3-scale'
import { select } from 'd3-selection'
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity } from 'd3-zoom'
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import { leastSpan, spanOf, type View, within } from './view'

export interface Viewed {
  view: View
  show: (view: View) => void
}

/** Parts of the drawing with a use of their own for the pointer. */
const ownGestures = '[data-own-gesture]'

function mayGesture(event: MouseEvent | WheelEvent | TouchEvent): boolean {
  if (event instanceof WheelEvent) return Math.abs(event.deltaY) >= Math.abs(event.deltaX) && !event.shiftKey
  if ('button' in event && event.button !== 0) return false
  return !(event.target instanceof Element && event.target.closest(ownGestures) !== null)
}

/** `left` and `width`: where the axis lies within the element. */
export function useView(
  element: RefObject<HTMLDivElement | null>,
  world: View,
  first: View,
  left: number,
  width: number,
): Viewed {
  const [view, setView] = useState(() => within(first, world))
  const latest = useRef(view)
  latest.current = view
  const behavior = useRef<ZoomBehavior<HTMLDivElement, unknown> | null>(null)
  const base = scaleLinear([world.from, world.to], [left, left + width])
  const frame = useRef({ base, world, left })
  frame.current = { base, world, left }

  useEffect(() => {
    const node = element.current
    if (node === null || width <= 0) return
    const on = select(node)
    const { base, world } = frame.current
    const range = base.range()
    const made = zoom<HTMLDivElement, unknown>()
      .filter(mayGesture)
      .extent([
        [left, 0],
        [left + width, 1],
      ])
      .translateExtent([
        [left, Number.NEGATIVE_INFINITY],
        [left + width, Number.POSITIVE_INFINITY],
      ])
      .scaleExtent([1, spanOf(world) / leastSpan])
      .clickDistance(4)
      .on('zoom', ({ transform }: D3ZoomEvent<HTMLDivElement, unknown>) => {
        const [from = 0, to = 0] = range.map((x) => base.invert(transform.invertX(x)))
        setView({ from, to })
      })
    on.call(made).on('dblclick.zoom', null)
    behavior.current = made
    on.call(made.transform, transformOf(within(latest.current, world), frame.current))
    const pan = (event: WheelEvent) => {
      const by = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX
      if (Math.abs(event.deltaX) <= Math.abs(event.deltaY) && !event.shiftKey) return
      event.preventDefault()
      const { from, to } = latest.current
      const moved = (by / width) * (to - from)
      on.call(made.transform, transformOf(within({ from: from + moved, to: to + moved }, world), frame.current))
    }
    node.addEventListener('wheel', pan, { passive: false })
    return () => {
      on.on('.zoom', null)
      node.removeEventListener('wheel', pan)
      behavior.current = null
    }
  }, [element, world, left, width])

  const show = useCallback(
    (wanted: View) => {
      const node = element.current
      const inside = within(wanted, frame.current.world)
      if (node === null || behavior.current === null) setView(inside)
      else select(node).call(behavior.current.transform, transformOf(inside, frame.current))
    },
    [element],
  )
  return { view, show }
}

interface Frame {
  base: { (time: number): number }
  world: View
  left: number
}

function transformOf(view: View, { base, world, left }: Frame) {
  const k = spanOf(world) / spanOf(view)
  return zoomIdentity.translate(left - k * base(view.from), 0).scale(k)
}
