// Salvaged WAL: what the pg_wal of a dead cluster holds that its archive does not, and the archive's index with it.
import type { ArchiveEntry, ArchiveIndex, HistoryEntry, SegmentEntry } from './archiveIndex'

export interface SalvagedWal {
  /** Under the names that they have in pg_wal; one that was being written counts as a partial one. */
  segments: readonly SegmentEntry[]
  histories: readonly HistoryEntry[]
  /** An index with these and with what of the archive comes right before them: where records are read that cross. */
  view: ArchiveIndex
}

/** A segment of pg_wal that is what its name says; of each timeline the last one may end anywhere. */
export interface LiveSegment {
  entry: SegmentEntry
  name: string
  number: number
  last: boolean
}

const placeOf = ({ timeline, number }: Pick<SegmentEntry, 'timeline' | 'number'>) => `${timeline} ${number}`

/**
 * Of the files of a pg_wal those that are of the place that they are named after. A segment that is kept to be used again has
 * the name of a position to come and the contents of one long past (InstallXLogFileSegment), or nothing but zeros.
 */
export function liveSegments(entries: readonly ArchiveEntry[]): LiveSegment[] {
  const live = entries.flatMap((entry): LiveSegment[] =>
    entry.kind === 'segment' && entry.problem === null && entry.number !== null
      ? [{ entry, name: entry.file.slice(0, 24), number: entry.number, last: false }]
      : [],
  )
  const last = new Map<number, LiveSegment>()
  for (const one of live) {
    const best = last.get(one.entry.timeline)
    if (best === undefined || one.number > best.number) last.set(one.entry.timeline, one)
  }
  return live.map((one) => ({ ...one, last: last.get(one.entry.timeline) === one }))
}

/** Why a file of pg_wal is no WAL to be salvaged, in words that follow its name; null for what is of no interest. */
export function leftWords({ file, problem }: ArchiveEntry): string | null {
  if (problem === null || !/^[0-9A-F]{24}/.test(file)) return null
  if (problem.fault === 'name') return `is kept to be used again: it ${problem.says}`
  if (problem.fault === 'header' && problem.says === 'begins with zeros') return 'was made ready and never written to'
  return problem.says
}

/** Nothing is wrong with such a file: every running server has some. */
export function isSpare({ problem }: Pick<ArchiveEntry, 'problem'>): boolean {
  return problem?.fault === 'name' || (problem?.fault === 'header' && problem.says === 'begins with zeros')
}

/** The archive's own whole and sound segments at these places. */
export function archivedWhole(index: ArchiveIndex): Map<string, SegmentEntry> {
  const whole = index.segments.filter(({ partial, damage }) => !partial && damage === null)
  return new Map(whole.map((entry) => [placeOf(entry), entry]))
}

export function findAt(entries: ReadonlyMap<string, SegmentEntry>, place: Pick<SegmentEntry, 'timeline' | 'number'>) {
  return entries.get(placeOf(place))
}

/** What of the archive lies right before a place, where a record that goes on in it begins: nearest last. */
export function beforeIt(index: ArchiveIndex, place: SegmentEntry): SegmentEntry[] {
  const places = new Map(index.segments.filter(({ partial }) => !partial).map((entry) => [placeOf(entry), entry]))
  const found: SegmentEntry[] = []
  for (let current = place; found.length < 2; ) {
    const number = (current.number ?? 0) - 1
    const own = places.get(placeOf({ timeline: current.timeline, number }))
    const before = own ?? places.get(placeOf({ timeline: current.header?.timeline ?? current.timeline, number }))
    if (!before) break
    found.unshift(before)
    if (!before.continues) break
    current = before
  }
  return found
}

/** With it in place of what the archive has there: a partial one that ends earlier, or one that is damaged. */
export function withSalvage(index: ArchiveIndex, salvage: SalvagedWal | null): ArchiveIndex {
  if (salvage === null) return index
  const places = new Set(salvage.segments.map(placeOf))
  const replaced = index.segments.filter((entry) => places.has(placeOf(entry)))
  const segments = [...index.segments.filter((entry) => !places.has(placeOf(entry))), ...salvage.segments].toSorted(
    (a, b) => a.timeline - b.timeline || (a.number ?? 0) - (b.number ?? 0),
  )
  const names = new Set(salvage.segments.map(({ file }) => file))
  const [first] = salvage.segments
  return {
    ...index,
    systemIdentifier: index.systemIdentifier ?? salvage.view.systemIdentifier,
    segmentSize: index.segmentSize ?? first?.header?.segmentSize ?? null,
    major: index.major ?? first?.header?.major ?? null,
    segments,
    histories: [...index.histories, ...salvage.histories],
    // What the archive has under such a name is not needed any more.
    odd: index.odd.filter(({ file }) => !names.has(file.slice(0, 24))),
    salvage: { ...salvage, entries: new Set(salvage.segments), instead: replaced.map(({ file }) => file) },
  }
}

export function isSalvaged({ salvage }: ArchiveIndex, entry: SegmentEntry | HistoryEntry): boolean {
  return salvage !== undefined && (entry.kind === 'segment' ? salvage.entries.has(entry) : salvage.histories.includes(entry))
}

/** From its first position to where its records end; null where that is not known. */
export function spanOf({ header, end }: SegmentEntry): { from: string | null; to: string | null } {
  return { from: header?.start ?? null, to: end }
}
