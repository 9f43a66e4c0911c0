// When the disk of an archive is full, from how the archive itself grew.

export interface GrowthFile {
  /** Bytes on disk, and when it was written, in milliseconds since 1970. */
  size: number
  modified: number
}

export interface Forecast {
  bytesPerDay: number
  /** Milliseconds since 1970. */
  fullAt: number
  /** Over which time the growth was seen, in milliseconds. */
  seen: number
}

const day = 24 * 60 * 60 * 1000
/** Long enough to hold a week's rhythm, short enough to notice a change. */
const longest = 7 * day
/** Less says nothing. */
const shortest = 10 * 60 * 1000

/** null where the archive is too young, or does not grow. */
export function forecastFull(files: readonly GrowthFile[], free: bigint, now: number): Forecast | null {
  const since = now - longest
  let bytes = 0
  let first = Number.POSITIVE_INFINITY
  for (const { size, modified } of files) {
    if (modified < since || modified > now) continue
    bytes += size
    if (modified < first) first = modified
  }
  const seen = now - first
  if (bytes === 0 || seen < shortest) return null
  const bytesPerDay = (bytes / seen) * day
  return { bytesPerDay, fullAt: now + (Number(free) / bytesPerDay) * day, seen }
}
