// What the pointer rests on: the place at once, the commits around it after a moment of rest.
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Neighbours } from '../../shared/contracts/recoveryPoint'
import type { AskNeighbours, Moment } from './useSteps'

export interface HoverPlace extends Moment {
  x: number
  /** There is WAL on this lane to ask about. */
  known: boolean
}

const restMs = 250

export function useHover(ask: AskNeighbours) {
  const [at, setAt] = useState<HoverPlace | null>(null)
  const [around, setAround] = useState<Neighbours | null | undefined>(undefined)
  const control = useRef<AbortController | null>(null)
  const latest = useRef(ask)
  latest.current = ask
  const stop = useCallback(() => {
    control.current?.abort()
    control.current = null
  }, [])
  useEffect(() => stop, [stop])
  const leave = useCallback(() => {
    stop()
    setAt(null)
  }, [stop])
  const over = useCallback(
    (place: HoverPlace) => {
      stop()
      setAt(place)
      setAround(place.known ? undefined : null)
      if (!place.known) return
      const own = new AbortController()
      control.current = own
      setTimeout(() => {
        if (own.signal.aborted) return
        latest.current({ timeline: place.timeline, time: place.time }, { signal: own.signal }).then(
          (found) => {
            if (!own.signal.aborted) setAround(found)
          },
          () => {
            if (!own.signal.aborted) setAround(null)
          },
        )
      }, restMs)
    },
    [stop],
  )
  return { at, around, over, leave }
}
