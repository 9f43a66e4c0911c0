// After a click or a drag: on to the nearest commit, which the histogram of minutes can not tell.
import { useCallback, useEffect, useRef } from 'react'
import { reachable, type SnapTarget, type Span } from './reach'
import type { AskNeighbours, Moment } from './useSteps'

/** Pixels within which the cursor snaps. */
export const snapPixels = 6

interface SettleProps {
  snapping: boolean
  perPixel: number
  neighbours: AskNeighbours
  reach: readonly Span[]
  targets: readonly SnapTarget[]
  onMove: (moment: Moment) => void
}

/** Moves on to the nearest commit when one is within reach of the hand; a mark that it snapped to already is kept. */
export function useSettle(props: SettleProps) {
  const latest = useRef(props)
  latest.current = props
  const control = useRef<AbortController | null>(null)
  useEffect(() => () => control.current?.abort(), [])
  return useCallback((moment: Moment | null) => {
    control.current?.abort()
    const { snapping, perPixel, neighbours, reach, targets, onMove } = latest.current
    if (moment === null || !snapping || targets.some(({ time }) => time === moment.time)) return
    const own = new AbortController()
    control.current = own
    neighbours(moment, { signal: own.signal }).then(
      ({ before, after }) => {
        if (own.signal.aborted) return
        const [near] = [before, after]
          .flatMap((commit) => (commit === null ? [] : [commit.time]))
          .filter((time) => Math.abs(time - moment.time) <= perPixel * snapPixels && reachable(time, reach))
          .toSorted((a, b) => Math.abs(a - moment.time) - Math.abs(b - moment.time))
        if (near !== undefined && near !== moment.time) onMove({ ...moment, time: near })
      },
      // Without them the moment stays where it was put; the card says that they are not known.
      () => undefined,
    )
  }, [])
}
