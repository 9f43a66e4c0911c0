// How far the WAL of an archive reaches from a position: the window that a backup opens.
import type { ArchiveIndex, SegmentEntry, TransactionEnd } from './archiveIndex'
import type { Lsn } from './lsn'

export interface WalPosition {
  timeline: number
  lsn: Lsn
}

/** A piece of the way: the file that recovery would take for it. */
export interface ChainSegment {
  entry: SegmentEntry
  /** What of it belongs to the way. */
  from: Lsn
  to: Lsn
}

export interface WalChain {
  /** All WAL is there and sound from the start to here. Equal to the start when nothing is. */
  reaches: Lsn
  /** The timeline that `reaches` is on. */
  timeline: number
  /** The first missing file. When the archive goes on after it this is a gap, else the archive's end. */
  missing: { timeline: number; name: string; gap: boolean } | null
  /** The record that ends the way before a file is missing. */
  damagedAt: { lsn: Lsn; words: string; files: string[] } | null
  /** The first file on the way whose records were not read, with the reason: nothing is known from there on. */
  unread: { file: string; why: string } | null
  /** Why the way can't be walked at all: "timeline 3 branched off at 0/5000000, before the backup's end"; null when it can. */
  refused: string | null
  /** The last COMMIT on the way, and the last COMMIT or ABORT: a time target must lie before the latter. */
  lastCommit: TransactionEnd | null
  lastEnd: TransactionEnd | null
  commits: number
  segments: ChainSegment[]
  /** Bytes of WAL from the start to `reaches`. */
  bytes: bigint
}

/** From `from` along `from.timeline`, or along the way to `toTimeline`, until a file is missing or a record is damaged. */
export type WalkChain = (index: ArchiveIndex, from: WalPosition, toTimeline?: number) => WalChain
