// What is known of the files of a WAL archive: the shape of its index, in memory, on disk and on the wire.
import { z } from 'zod'
import { lsnText } from './lsn'
import { compressedSuffixes } from './walFile'

/** Microseconds since 1970 in UTC: PostgreSQL's own resolution, exact in a number until the year 2255. */
export const walTime = z.int()

/** The end of a transaction. `lsn` is where its record begins, as pg_waldump prints it. */
export const transactionEnd = z.object({ lsn: lsnText, time: walTime, xid: z.int() })

export const restorePoint = z.object({ name: z.string(), lsn: lsnText, time: walTime })

/** What the records of a segment say. A record belongs to the segment that it ends in: without that one it can't be replayed. */
export const walActivity = z.object({
  commits: z.int(),
  aborts: z.int(),
  /** Earliest and latest time of a commit. Positions and times need not run together: the clock is read before the WAL is written. */
  earliest: walTime.nullable(),
  latest: walTime.nullable(),
  /** By position. */
  firstCommit: transactionEnd.nullable(),
  lastCommit: transactionEnd.nullable(),
  /** The last COMMIT or ABORT: a time target stops at one of these alone. */
  lastEnd: transactionEnd.nullable(),
  /** Commits per minute: minute (of 1970), count, then for each further minute its distance to the one before, and its count. */
  minutes: z.array(z.int()),
  restorePoints: z.array(restorePoint),
})

/** A record that can't be read: where it begins, and pg_waldump's words. */
export const walDamage = z.object({
  lsn: lsnText,
  words: z.string(),
  /** The file before, when the record begins there and ends here: either of the two may be the damaged one. */
  from: z.string().nullable(),
})

export const segmentHeader = z.object({
  major: z.int(),
  timeline: z.int(),
  start: lsnText,
  systemIdentifier: z.string(),
  segmentSize: z.int(),
  pageSize: z.int(),
})

/** Why a file is not what its name says, or can't be used; the sentence beside it tells more. */
export const fileFaults = [
  /** The first page is not that of a segment. */
  'header',
  /** Fewer (or more) bytes than a segment has. */
  'size',
  /** The first page belongs to another position or timeline. */
  'name',
  /** Of another cluster. */
  'foreign',
  /** It can't be opened or unpacked. */
  'unreadable',
  /** The same segment is there twice. */
  'duplicate',
  /** A history or backup file that is not one, or leads to nothing here. */
  'content',
  /** No name of a WAL file. */
  'unknown',
] as const
export type FileFault = (typeof fileFaults)[number]

/** `says` reads on after the file's name: "it has 8,388,608 of 16,777,216 bytes". */
export const fileProblem = z.object({ fault: z.enum(fileFaults), says: z.string() })

const onDisk = {
  /** The name in the archive's folder. */
  file: z.string(),
  /** Bytes on disk, and the time of the last change in milliseconds: what tells a changed file. */
  size: z.int(),
  modified: z.number(),
  /** null: nothing is wrong with it as a file. */
  problem: fileProblem.nullable(),
}

export const segmentEntry = z.object({
  kind: z.literal('segment'),
  ...onDisk,
  /** As the file's name says. The first page of the segment with a fork carries the timeline that was left. */
  timeline: z.int(),
  /** Position of its first byte divided by the segment size; null without a header. */
  number: z.int().nullable(),
  partial: z.boolean(),
  compressed: z.enum(compressedSuffixes).nullable(),
  header: segmentHeader.nullable(),
  /** It begins with the rest of a record from the segment before. */
  continues: z.boolean(),
  /** Of its own timeline; null while its records were not read. */
  own: walActivity.nullable(),
  /** A segment with a fork begins with records of the timeline that was left, up to `forkAt`. */
  inherited: walActivity.extend({ timeline: z.int(), forkAt: lsnText }).nullable(),
  /** Records are there and sound up to here: the segment's end, or less for a partial or damaged one. */
  end: lsnText.nullable(),
  damage: walDamage.nullable(),
  /** Why its records were not read: "no pg_waldump of PostgreSQL 14 is here"; null when they were. */
  unread: z.string().nullable(),
  /** The record that goes on from the segment before was read with it, or there is none. */
  joined: z.boolean(),
})

export const historyEntry = z.object({
  kind: z.literal('history'),
  ...onDisk,
  timeline: z.int(),
  switches: z.array(z.object({ parent: z.int(), at: lsnText, reason: z.string() })),
})

export const backupHistoryEntry = z.object({
  kind: z.literal('backup'),
  ...onDisk,
  timeline: z.int(),
  segment: z.string(),
  label: z.string(),
  start: lsnText.nullable(),
  stop: lsnText.nullable(),
  /** As written, in the server's log_timezone. */
  startTime: z.string().nullable(),
  stopTime: z.string().nullable(),
})

export const otherEntry = z.object({ kind: z.literal('other'), ...onDisk })

export const archiveEntry = z.discriminatedUnion('kind', [segmentEntry, historyEntry, backupHistoryEntry, otherEntry])

export type TransactionEnd = z.infer<typeof transactionEnd>
export type RestorePoint = z.infer<typeof restorePoint>
export type WalActivity = z.infer<typeof walActivity>
export type WalDamage = z.infer<typeof walDamage>
export type SegmentHeader = z.infer<typeof segmentHeader>
export type FileProblem = z.infer<typeof fileProblem>
export type SegmentEntry = z.infer<typeof segmentEntry>
export type HistoryEntry = z.infer<typeof historyEntry>
export type BackupHistoryEntry = z.infer<typeof backupHistoryEntry>
export type OtherEntry = z.infer<typeof otherEntry>
export type ArchiveEntry = z.infer<typeof archiveEntry>

/** Everything known of one archive's folder at one moment. */
export interface ArchiveIndex {
  folder: string
  /** The cluster whose WAL this is: as asked for, else the one most segments are of; null without any. */
  systemIdentifier: string | null
  /** Of that cluster's segments; null without any. */
  segmentSize: number | null
  major: number | null
  /** Without a problem, of that cluster; by timeline, then number; a complete one before its .partial. */
  segments: SegmentEntry[]
  histories: HistoryEntry[]
  backups: BackupHistoryEntry[]
  /** Every file with a problem, by name. */
  odd: ArchiveEntry[]
  /** How many files were opened this time: new ones and changed ones. */
  filesRead: number
  /** What of the segments and histories is not in the folder, but in the pg_wal of the dead cluster. */
  salvage?: {
    segments: readonly SegmentEntry[]
    histories: readonly HistoryEntry[]
    /** The same segments, to be told from the archive's. */
    entries: ReadonlySet<SegmentEntry>
    /** Files of the archive at such a place that do not count: partial or damaged ones. */
    instead: readonly string[]
    view: ArchiveIndex
  }
}
