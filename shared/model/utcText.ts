// A time in UTC as a person reads it.

/** `2026-11-26T23:00:26.852982Z` becomes `2026-11-26 23:00:26.852982 UTC`: every digit stays. */
export function utcText(iso: string): string {
  return iso.replace('T', ' ').replace(/Z$/, ' UTC')
}
