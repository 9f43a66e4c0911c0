// The keys of the cursor: commit by commit through the WAL, minute by minute, to the ends, and the zoom.
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react'
import type { Neighbours } from '../../shared/contracts/recoveryPoint'
import { confine, type Span } from './reach'
import { hourMicro, minuteMicro } from './view'

export interface Moment {
  timeline: number
  time: number
}

export type AskNeighbours = (moment: Moment, options: { signal: AbortSignal }) => Promise<Neighbours>

/** The next commit to that side; at a commit the one beyond it. undefined when there is none in the archive. */
export async function nextCommit(
  moment: Moment,
  side: 'before' | 'after',
  ask: AskNeighbours,
  signal: AbortSignal,
): Promise<number | undefined> {
  const found = await ask(moment, { signal })
  if (side === 'after') return found.after?.time
  if (found.before === null || found.before.time < moment.time) return found.before?.time
  return (await ask({ ...moment, time: moment.time - 1 }, { signal })).before?.time
}

/** What a key asks for: a distance, a commit, an end, or a zoom. */
export function stepOf(event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>) {
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined
  const { key, shiftKey } = event
  if (key === 'ArrowLeft' || key === 'ArrowDown') return shiftKey ? { by: -minuteMicro } : { commit: 'before' as const }
  if (key === 'ArrowRight' || key === 'ArrowUp') return shiftKey ? { by: minuteMicro } : { commit: 'after' as const }
  if (key === 'PageDown') return { by: -hourMicro }
  if (key === 'PageUp') return { by: hourMicro }
  if (key === 'Home' || key === 'End') return { end: key === 'Home' ? ('first' as const) : ('last' as const) }
  if (key === '+' || key === '=') return { zoom: 0.5 }
  return key === '-' || key === '_' ? { zoom: 2 } : undefined
}

export interface StepsProps {
  moment: Moment | null
  reach: readonly Span[]
  ask: AskNeighbours
  onMove: (moment: Moment) => void
  onZoom: (factor: number) => void
}

export function useSteps(props: StepsProps) {
  const latest = useRef(props)
  latest.current = props
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  // Keys pressed while the WAL is read wait their turn; each goes on from where the one before led to.
  const line = useRef<Promise<void>>(Promise.resolve())
  const waiting = useRef(0)
  const at = useRef<Moment | null>(null)
  const control = useRef(new AbortController())
  useEffect(() => () => control.current.abort(), [])
  if (waiting.current === 0) at.current = props.moment

  const step = useCallback((side: 'before' | 'after') => {
    // A key held down does not pile up minutes of work.
    if (waiting.current >= 4) return
    waiting.current += 1
    setBusy(true)
    const { signal } = control.current
    line.current = line.current
      .then(async () => {
        const { ask, reach, onMove } = latest.current
        const from = at.current
        if (from === null || signal.aborted) return
        const time = await nextCommit(from, side, ask, signal)
        const near = time === undefined ? undefined : confine(time, reach)
        if (near === undefined || near === from.time || signal.aborted) return
        at.current = { ...from, time: near }
        setFailure(null)
        onMove(at.current)
      })
      .catch((error: unknown) => {
        if (!signal.aborted) setFailure(error)
      })
      .finally(() => {
        waiting.current -= 1
        if (waiting.current === 0) setBusy(false)
      })
  }, [])

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      const meant = stepOf(event)
      const { moment, reach, onMove, onZoom } = latest.current
      if (meant === undefined || moment === null) return
      event.preventDefault()
      if (meant.zoom !== undefined) onZoom(meant.zoom)
      else if (meant.commit !== undefined) step(meant.commit)
      else {
        const wanted = meant.by !== undefined ? moment.time + meant.by : meant.end === 'first' ? reach[0]?.from : reach.at(-1)?.to
        const near = wanted === undefined ? undefined : confine(wanted, reach)
        if (near !== undefined && near !== moment.time) onMove({ ...moment, time: near })
      }
    },
    [step],
  )
  return { onKeyDown, busy, failure }
}
