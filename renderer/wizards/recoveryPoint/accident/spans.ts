// How far back from the archive's last commit a search goes.
export const spans = [
  { value: '1', label: 'last hour', hours: 1 },
  { value: '6', label: 'last 6 hours', hours: 6 },
  { value: '24', label: 'last day', hours: 24 },
  { value: '168', label: 'last 7 days', hours: 168 },
  { value: 'all', label: 'all WAL', hours: null },
] as const satisfies readonly { value: string; label: string; hours: number | null }[]

export type SpanValue = (typeof spans)[number]['value']

export function spanOf(hours: number | null): SpanValue {
  return spans.find((span) => span.hours === hours)?.value ?? 'all'
}

/** The next longer one; undefined for all WAL. */
export function longerSpan(hours: number | null): (typeof spans)[number] | undefined {
  return hours === null ? undefined : spans.find((span) => span.hours === null || span.hours > hours)
}
