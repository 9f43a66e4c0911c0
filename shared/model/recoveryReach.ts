// How far recovery gets from each base backup along one timeline: by position and, which is less, by time.
import type { MomentBackup } from '../contracts/recoveryPoint'
import type { ArchiveIndex, TransactionEnd } from './archiveIndex'
import { type Lsn, toLsn } from './lsn'
import { type ChainSegment, type NoWay, partsTo, type WalChain, type WalPosition, walChain } from './walChain'

/** A base backup as recovery sees it. */
export interface BackupFacts {
  shown: MomentBackup
  start: WalPosition
  stop: WalPosition
  /** Its WAL is in it, from its start to its stop: the archive is needed from the stop on. */
  holdsWal: boolean
  /** The folders of its chain, the full backup first; empty for a full one. */
  chain: string[]
}

export interface Reach {
  backup: BackupFacts
  timeline: number
  /** From where the archive's WAL is needed to where the way ends. */
  chain: WalChain
  /** Why this timeline can't be followed from this backup. */
  refused: NoWay | null
  /** The last COMMIT, and the last COMMIT or ABORT, after the backup's stop. */
  lastCommit: TransactionEnd | null
  lastEnd: TransactionEnd | null
  /** The first and the last time that can be asked for; null where none can: then positions alone are left. */
  times: { from: number; to: number } | null
}

/** Where the archive is needed from. */
export function neededFrom({ start, stop, holdsWal }: BackupFacts): WalPosition {
  return holdsWal ? stop : start
}

/**
 * One for each backup, in their order. Backups on one unbroken stretch share its walk, so that many backups in front of ten
 * thousand segments cost one.
 */
export function reachesOf(index: ArchiveIndex, backups: readonly BackupFacts[], timeline: number): Reach[] {
  const walked: { from: Lsn; chain: WalChain }[] = []
  const found = new Map<BackupFacts, Reach>()
  for (const backup of backups.toSorted((a, b) => compare(neededFrom(a).lsn, neededFrom(b).lsn))) {
    const from = neededFrom(backup)
    // Rule 6: the fork must not lie before the backup's stop: `... does not contain minimum recovery point`.
    const way = partsTo(index, backup.stop, timeline)
    const shared = walked.find((one) => one.from <= from.lsn && from.lsn < one.chain.reaches)
    const chain = shared && !('refused' in way) ? cutAt(shared.chain, from.lsn) : walChain(index, from, timeline)
    if (!shared && chain.refused === null) walked.push({ from: from.lsn, chain })
    found.set(backup, reachOf(backup, timeline, chain, 'refused' in way ? way : null))
  }
  return backups.flatMap((backup) => found.get(backup) ?? [])
}

function compare(a: Lsn, b: Lsn): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function cutAt(chain: WalChain, from: Lsn): WalChain {
  const segments = chain.segments.slice(firstAfter(chain.segments, from))
  const [first] = segments
  if (first && first.from < from) segments[0] = { ...first, from }
  return { ...chain, segments, bytes: chain.reaches - from }
}

/** The first that goes beyond the position; they are in order. */
function firstAfter(segments: readonly ChainSegment[], from: Lsn): number {
  let [low, high] = [0, segments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((segments[middle]?.to ?? 0n) > from) high = middle
    else low = middle + 1
  }
  return low
}

function reachOf(backup: BackupFacts, timeline: number, chain: WalChain, refused: NoWay | null): Reach {
  const after = (end: TransactionEnd | null) => (end && toLsn(end.lsn) >= backup.stop.lsn ? end : null)
  const lastEnd = refused ? null : after(chain.lastEnd)
  // Rule 3: from the backup's stop on. Rule 4: strictly before the last COMMIT or ABORT.
  const times = lastEnd ? { from: backup.shown.stopTime, to: lastEnd.time - 1 } : null
  return {
    ...{ backup, timeline, chain, refused, lastEnd },
    lastCommit: refused ? null : after(chain.lastCommit),
    times: times && times.from <= times.to ? times : null,
  }
}
