// What the removal of a backup takes with it: the backups built on it, and the moments that only they could bring back.
import type { RestoreWindow } from '../contracts/backups'
import { chainOf, dependentsOf, isBase, type Linked, type LinkedBase } from './backupChain'
import { isPhysical, type PhysicalRecord } from './backupRecord'
import { formatLsn, type Lsn, toLsn } from './lsn'

/** Moments that nothing in the libraries can bring back any more. */
export interface LostMoments {
  /** The archive with the WAL; null for the backup's own moment alone. */
  archive: string | null
  from: { lsn: string; time: string | null }
  /** Equal to `from` for one moment. */
  to: { lsn: string; time: string | null }
}

export interface Removal<E extends Linked> {
  /** The nearest first. */
  dependents: LinkedBase<E>[]
  lost: LostMoments[]
}

interface Span {
  from: Lsn
  to: Lsn
}

type Physical<E extends Linked> = E & { record: PhysicalRecord }

export function removalOf<E extends Linked>(entry: E, all: readonly E[], windows: readonly RestoreWindow[]): Removal<E> {
  const dependents = dependentsOf(entry, all)
  const gone = new Set([entry.path, ...dependents.map(({ path }) => path)])
  const going = [entry, ...dependents].filter(physical).filter((one) => usable(one, all))
  const staying = all.filter((one) => !gone.has(one.path) && one.path !== entry.path).filter(physical)
  const rest = staying.filter((one) => usable(one, all))
  return { dependents, lost: merged(going.flatMap((one) => lostWith(one, going, rest, windows))) }
}

function physical<E extends Linked>(entry: E): entry is Physical<E> {
  return isPhysical(entry.record)
}

function usable<E extends Linked>(entry: E, all: readonly E[]): boolean {
  return !isBase(entry) || chainOf(entry, all).problem === ''
}

function lostWith<E extends Linked>(
  entry: Physical<E>,
  going: readonly Physical<E>[],
  rest: readonly Physical<E>[],
  windows: readonly RestoreWindow[],
): LostMoments[] {
  const { record } = entry
  const stop = toLsn(record.stop.lsn)
  const own = windows.filter(({ path, problem }) => path === entry.path && problem === '')
  const lost = own.flatMap((way) => {
    const reaches = toLsn(way.reaches.lsn)
    if (reaches <= stop) return []
    const spans = rest.flatMap((other) => coveredBy(other, way, windows))
    return without({ from: stop, to: reaches }, spans).map((span) => ({
      archive: way.archive,
      from: { lsn: formatLsn(span.from), time: timeAt(span.from, [...going, ...rest], way) },
      to: { lsn: formatLsn(span.to), time: timeAt(span.to, [...going, ...rest], way) },
    }))
  })
  const standalone = record.kind !== 'base-backup' || record.walMethod !== 'none'
  const covered = own.some((way) =>
    rest.flatMap((other) => coveredBy(other, way, windows)).some(({ from, to }) => from <= stop && stop <= to),
  )
  const twin = rest.some((other) => other.record.id === record.id || sameMoment(other.record, record))
  if (!standalone || covered || twin || lost.some(({ from }) => toLsn(from.lsn) <= stop)) return lost
  const moment = { lsn: record.stop.lsn, time: record.stopTime }
  return [{ archive: null, from: moment, to: moment }, ...lost]
}

/** As a combination of its chain is. */
function sameMoment(one: PhysicalRecord, other: PhysicalRecord): boolean {
  const known = one.source.systemIdentifier !== null && one.source.systemIdentifier === other.source.systemIdentifier
  const alone = one.kind !== 'base-backup' || one.walMethod !== 'none'
  return known && alone && one.stop.timeline === other.stop.timeline && one.stop.lsn === other.stop.lsn
}

/** What `other` reaches through the same archive, on the same way. */
function coveredBy<E extends Linked>(other: Physical<E>, way: RestoreWindow, windows: readonly RestoreWindow[]): Span[] {
  return windows
    .filter(({ path, archiveId, problem }) => path === other.path && archiveId === way.archiveId && problem === '')
    .filter(({ reaches }) => reaches.timeline === way.reaches.timeline)
    .map(({ reaches }) => ({ from: toLsn(other.record.stop.lsn), to: toLsn(reaches.lsn) }))
}

/** The clock at a position, where it is the end of a backup or of the way. */
function timeAt<E extends Linked>(lsn: Lsn, backups: readonly Physical<E>[], way: RestoreWindow): string | null {
  const backup = backups.find(({ record }) => toLsn(record.stop.lsn) === lsn)
  if (backup) return backup.record.stopTime
  if (lsn !== toLsn(way.reaches.lsn) || !way.lastCommit) return null
  return microIso(way.lastCommit.time)
}

/** ISO with microseconds from microseconds since 1970. */
export function microIso(time: number): string {
  const milliseconds = Math.floor(time / 1000)
  const micro = String(time - milliseconds * 1000).padStart(3, '0')
  return new Date(milliseconds).toISOString().replace('Z', `${micro}Z`)
}

function without(span: Span, covers: readonly Span[]): Span[] {
  let left: Span[] = [span]
  for (const { from, to } of covers) {
    left = left.flatMap((piece) => {
      if (to <= piece.from || from >= piece.to) return [piece]
      return [
        ...(from > piece.from ? [{ from: piece.from, to: from }] : []),
        ...(to < piece.to ? [{ from: to, to: piece.to }] : []),
      ]
    })
  }
  return left
}

/** A chain's members reach the same moments: what one piece says the wider one says already. */
function merged(lost: readonly LostMoments[]): LostMoments[] {
  return lost.filter((one, at) => {
    const wider = (other: LostMoments, where: number) =>
      where !== at &&
      (other.archive === one.archive || one.archive === null) &&
      toLsn(other.from.lsn) <= toLsn(one.from.lsn) &&
      toLsn(other.to.lsn) >= toLsn(one.to.lsn) &&
      (where < at || other.from.lsn !== one.from.lsn || other.to.lsn !== one.to.lsn)
    return !lost.some(wider)
  })
}
