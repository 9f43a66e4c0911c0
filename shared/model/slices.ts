// Long work that can be done in slices, so that a window draws and answers in between: it yields every millisecond or so.

/** A yield says: one may stop here for a moment. */
export type Sliced<T> = Generator<void, T, void>

/** Without a pause, where nobody waits for a window. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

const run = 2048

/** As toSorted: what is equal stays in order. A list that is in order already is returned as it is. */
export function* sorted<T>(list: readonly T[], compare: (a: T, b: T) => number): Sliced<readonly T[]> {
  let ordered = true
  for (let at = 1; at < list.length && ordered; at += 1) {
    ordered = compare(list[at - 1] as T, list[at] as T) <= 0 // both are within the list
    if (at % run === 0) yield
  }
  if (ordered) return list
  let runs: T[][] = []
  for (let from = 0; from < list.length; from += run) {
    runs.push(list.slice(from, from + run).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let at = 0; at < runs.length; at += 2) merged.push(yield* merge(runs[at] ?? [], runs[at + 1] ?? [], compare))
    runs = merged
  }
  return runs[0] ?? []
}

function* merge<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): Sliced<T[]> {
  const all: T[] = []
  let [l, r] = [0, 0]
  while (l < left.length && r < right.length) {
    const [a, b] = [left[l] as T, right[r] as T] // both are within their lists
    if (compare(a, b) <= 0) {
      all.push(a)
      l += 1
    } else {
      all.push(b)
      r += 1
    }
    if (all.length % run === 0) yield
  }
  for (; l < left.length; l += 1) all.push(left[l] as T)
  for (; r < right.length; r += 1) all.push(right[r] as T)
  return all
}
