// Runs long work of a page in slices: between two of them the window draws and answers.
import type { Sliced } from '../../shared/model/slices'

/** A frame or two: nothing is felt, and the pauses take little of the time. */
const sliceMs = 25

function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0)
  })
}

export async function inSlices<T>(work: Sliced<T>): Promise<T> {
  for (;;) {
    const until = performance.now() + sliceMs
    do {
      const step = work.next()
      if (step.done) return step.value
    } while (performance.now() < until)
    await breathe()
  }
}
