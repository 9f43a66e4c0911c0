// The histogram of commits per minute, packed: minute, count, then distance and count for each further minute.

/** Counts commits as they come; minutes may come out of order, since clocks are read before the WAL is written. */
export interface MinuteCounter {
  add(time: number): void
  pack(): number[]
}

const microsecondsPerMinute = 60_000_000

export function countMinutes(): MinuteCounter {
  const counts = new Map<number, number>()
  let current = Number.NaN
  let pending = 0
  const flush = () => {
    if (pending > 0) counts.set(current, (counts.get(current) ?? 0) + pending)
    pending = 0
  }
  return {
    add(time) {
      const minute = Math.floor(time / microsecondsPerMinute)
      if (minute !== current) {
        flush()
        current = minute
      }
      pending += 1
    },
    pack() {
      flush()
      return packMinutes(counts)
    },
  }
}

export function packMinutes(counts: ReadonlyMap<number, number>): number[] {
  const packed: number[] = []
  let before = 0
  for (const [minute, count] of [...counts].toSorted((a, b) => a[0] - b[0])) {
    packed.push(minute - before, count)
    before = minute
  }
  return packed
}

/** Calls `each` with every minute (of 1970) that has commits, in order. */
export function eachMinute(packed: readonly number[], each: (minute: number, count: number) => void): void {
  let minute = 0
  for (let index = 0; index + 1 < packed.length; index += 2) {
    minute += packed[index] ?? 0
    each(minute, packed[index + 1] ?? 0)
  }
}
