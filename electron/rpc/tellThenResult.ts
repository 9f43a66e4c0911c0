// A handler of a stream that tells how far it is, and answers at the end.
import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds before anything is told, and between two: quick answers come alone. */
const quiet = { first: 400, next: 100 }

/**
 * Yields what `work` tells, only the latest where much is told, and last what it answers. Throws what `work` throws. Its signal
 * is aborted as soon as nobody listens any more.
 */
export async function* tellThenResult<P, R>(
  work: (tell: (progress: P) => void, left: AbortSignal) => Promise<R>,
  { first, next }: { first: number; next: number } = quiet,
): AsyncGenerator<P | R, void, undefined> {
  const left = new AbortController()
  const latest: P[] = []
  const answer = work((progress) => void latest.splice(0, 1, progress), left.signal).then((result) => ({ result }))
  // It is waited for below; after somebody has left nobody hears of a failure.
  answer.catch(() => undefined)
  let pause = first
  try {
    for (;;) {
      // Asked for at its time, not when it is told: what was told early may stand for long.
      const ended = await Promise.race([answer, delay(pause, null)])
      if (ended) {
        yield ended.result
        return
      }
      yield* latest.splice(0)
      pause = next
    }
  } finally {
    left.abort()
  }
}
