// The events of one stream between their arrival and their reader: bounded, and it says when there is room again.
import { streamWindow } from './frames'

type Result = IteratorResult<unknown, undefined>

interface Reader {
  resolve(result: Result): void
  reject(error: unknown): void
}

export interface EventQueue {
  /** false when the sender sent more than it was given room for: the queue stays bounded. */
  push(event: unknown): boolean
  /** After what is waiting has been read. */
  end(): void
  fail(error: unknown): void
  /** At once: what is waiting is thrown away. With an error, the next read throws it. */
  drop(error?: unknown): void
  next(): Promise<Result>
}

/** `grant` is called with how many events were read since the last time, at half the window. */
export function eventQueue(grant: (count: number) => void): EventQueue {
  const done: Result = { done: true, value: undefined }
  let events: unknown[] = []
  let readers: Reader[] = []
  let read = 0
  /** Set once; `error` is thrown to one reader, later ones get the end. */
  let ended: { error?: unknown } | undefined

  function taken() {
    read += 1
    if (read < streamWindow / 2 || ended) return
    grant(read)
    read = 0
  }

  function finish(ending: { error?: unknown }) {
    if (ended) return
    ended = ending
    const waiting = readers
    readers = []
    for (const reader of waiting) close(reader)
  }

  function close(reader: Reader) {
    if (ended && 'error' in ended) {
      const { error } = ended
      ended = {}
      reader.reject(error)
    } else reader.resolve(done)
  }

  return {
    push(event) {
      if (ended) return true
      const reader = readers.shift()
      if (reader) {
        reader.resolve({ done: false, value: event })
        taken()
        return true
      }
      if (events.length >= streamWindow) return false
      events.push(event)
      return true
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
    drop(error) {
      events = []
      if (error !== undefined) return finish({ error })
      finish({})
      ended = {} // the reader left: an error that still waited for it is nobody's
    },
    next() {
      return new Promise((resolve, reject) => {
        if (events.length > 0) {
          resolve({ done: false, value: events.shift() })
          taken()
        } else if (ended) close({ resolve, reject })
        else readers.push({ resolve, reject })
      })
    },
  }
}
