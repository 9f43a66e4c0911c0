// Asks the core a question each time its input changes, and calls off the question that is out of date.
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { type ShownError, shownError } from '../format/errors'
import { connectionState, subscribeConnection } from '../rpc/connection'

export interface Asked<O> {
  /** The answer; with `keep`, that to an earlier input until the new one is there. */
  data: O | undefined
  /** `data` does not answer the input of now. */
  stale: boolean
  error: ShownError | null
  busy: boolean
  again: () => void
}

export interface AskOptions {
  /** Milliseconds of quiet before it is asked, for input that changes as one types. */
  delay?: number
  /** Show the earlier answer while the next one is on its way. */
  keep?: boolean
}

/** `input` undefined asks nothing. A question that failed for want of a connection is asked again once there is one. */
export function useAsk<I, O>(
  input: I | undefined,
  ask: (input: I, options: { signal: AbortSignal }) => Promise<O>,
  { delay = 0, keep = false }: AskOptions = {},
): Asked<O> {
  const key = input === undefined ? '' : JSON.stringify(input)
  const [round, setRound] = useState(0)
  const [answer, setAnswer] = useState<{ key: string; data: O }>()
  const [failure, setFailure] = useState<{ key: string; error: ShownError }>()
  const [pending, setPending] = useState(false)
  const latest = useRef({ input, ask })
  latest.current = { input, ask }
  const connected = useSyncExternalStore(subscribeConnection, connectionState) === 'ready'
  const again = useCallback(() => setRound((count) => count + 1), [])

  // The first question does not wait: only changes come in bursts.
  const asked = useRef(false)
  useEffect(() => {
    const { input: question, ask: put } = latest.current
    if (key === '' || question === undefined) return
    const control = new AbortController()
    setPending(true)
    const timer = setTimeout(
      () => {
        put(question, { signal: control.signal }).then(
          (data) => {
            if (control.signal.aborted) return
            setAnswer({ key, data })
            setFailure(undefined)
            setPending(false)
          },
          (error: unknown) => {
            if (control.signal.aborted) return
            setFailure({ key, error: shownError(error) })
            setPending(false)
          },
        )
      },
      asked.current && round === 0 ? delay : 0,
    )
    asked.current = true
    return () => {
      clearTimeout(timer)
      control.abort()
    }
  }, [key, round, delay])

  const lost = failure?.key === key && failure.error.code === 'disconnected'
  useEffect(() => {
    if (lost && connected) again()
  }, [lost, connected, again])

  const fits = answer?.key === key
  const failed = failure?.key === key
  return {
    data: key !== '' && answer !== undefined && (fits || keep) ? answer.data : undefined,
    stale: !fits || failed,
    error: failed && key !== '' ? failure.error : null,
    busy: key !== '' && (pending || !(fits || failed)),
    again,
  }
}
