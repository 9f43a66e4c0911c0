// Times of the WAL in words: microseconds since 1970, shown to the last of them, in UTC.

/** `2026-11-26 22:45:12.123456 UTC`. */
export function formatWalTime(time: number): string {
  const milliseconds = Math.floor(time / 1000)
  const micro = String(time - milliseconds * 1000).padStart(3, '0')
  return `${new Date(milliseconds).toISOString().replace('T', ' ').replace('Z', '')}${micro} UTC`
}

/** Microseconds since 1970 of an ISO time in UTC with up to six digits of a second. */
export function microOfIso(iso: string): number {
  const match = /^(.*T\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(iso)
  if (!match) return Date.parse(iso) * 1000
  return Date.parse(`${match[1]}Z`) * 1000 + Number((match[2] ?? '').padEnd(6, '0'))
}
