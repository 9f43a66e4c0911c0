// What an archive covers: contiguous ranges and gaps of each timeline, and how the timelines branch off each other.
import type { ArchiveIndex, HistoryEntry, SegmentEntry } from './archiveIndex'
import { type Lsn, toLsn } from './lsn'
import { type TimelinePart, timelineParts } from './timelineHistory'

/** Segments of one timeline without a hole between them. */
export interface WalRange {
  timeline: number
  /** Numbers of the first and the last segment. */
  first: number
  last: number
  /** Complete ones in order; a .partial at the end is `partial`. */
  segments: SegmentEntry[]
  partial: SegmentEntry | null
}

export interface WalGap {
  timeline: number
  /** Numbers of the first and the last missing segment. */
  first: number
  last: number
}

/** Where a timeline comes from. */
export interface TimelineNode {
  timeline: number
  /** null: the first one, or one whose history file is not here. */
  parent: number | null
  forkAt: Lsn | null
  reason: string
  /** The way from the beginning to here; the timeline alone when its history file is not here. */
  parts: TimelinePart[]
  /** Its history is known: it is timeline 1, or its file is here and sound. */
  known: boolean
  ranges: WalRange[]
  gaps: WalGap[]
}
