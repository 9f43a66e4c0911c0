// A handler of a stream that tells how far it is, and answers at the end.

/** Milliseconds before anything is told, and between two: quick answers come alone. */
const quiet = { first: 400, next: 100 }

/** Yields what `work` tells, only the latest where much is told, and last what it answers. Throws what `work` throws. */
export async function* tellThenResult<P, R>(
  work: (tell: (progress: P) => void) => Promise<R>,
  { first, next }: { first: number; next: number } = quiet,
): AsyncGenerator<P | R, void, undefined> {
  let told: { progress: P } | null = null
  let over = false
  let wake: () => void = () => undefined
  let due = Date.now() + first
  const result = work((progress) => {
    if (Date.now() < due) return
    due = Date.now() + next
    told = { progress }
    wake()
  })
  const end = () => {
    over = true
    wake()
  }
  result.then(end, end)
  for (;;) {
    const woken = new Promise<void>((resolve) => {
      wake = resolve
    })
    const now: { progress: P } | null = told
    told = null
    if (now !== null) yield (now as { progress: P }).progress
    else if (over) break
    else await woken
  }
  yield await result
}
