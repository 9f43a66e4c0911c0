// walArchive: the archives that are known, what is in them, how well they are, and whether their WAL is whole.
import { z } from 'zod'
import { fileFaults, restorePoint, transactionEnd, walTime } from '../model/archiveIndex'
import { byteCount } from '../model/byteCount'
import { lsnText } from '../model/lsn'
import { walArchive as walArchiveModel } from '../model/walArchive'
import { call, contract } from '../rpc/contract'
import { jobStarted } from './jobs'

/** By the archive's id. */
export const walArchiveRef = z.object({ archiveId: z.string().min(1).max(100) })

export const registerRequest = z.object({
  /** Absolute, on the machine that runs Walkback; it is read, and nothing is ever written into it. */
  folder: z.string().min(1).max(4096),
  /** '' for the folder's name. */
  label: z.string().max(200),
  /** The server whose WAL it holds; null when none of the saved connections is it. */
  connectionId: z.string().max(100).nullable(),
})

/** Segments without a hole between them. */
export const mapRange = z.object({
  first: z.string(),
  last: z.string(),
  firstNumber: z.int(),
  lastNumber: z.int(),
  segments: z.int(),
  /** The last one is a .partial: its file. */
  partial: z.string().nullable(),
  commits: z.int(),
  earliest: walTime.nullable(),
  latest: walTime.nullable(),
  /** Whose records were not read yet. */
  unread: z.int(),
})

export const mapGap = z.object({
  first: z.string(),
  last: z.string(),
  firstNumber: z.int(),
  lastNumber: z.int(),
  segments: z.int(),
})

export const mapTimeline = z.object({
  timeline: z.int(),
  parent: z.int().nullable(),
  forkAt: lsnText.nullable(),
  reason: z.string(),
  /** It is timeline 1, or its history file is here. */
  known: z.boolean(),
  ranges: z.array(mapRange),
  gaps: z.array(mapGap),
  /** Commits by place: `density` of the map's equal parts from its first to its last segment. */
  density: z.array(z.int()),
  /** The last COMMIT of the last range that can be reached along it, and the last COMMIT or ABORT. */
  lastCommit: transactionEnd.nullable(),
  lastEnd: transactionEnd.nullable(),
  restorePoints: z.array(restorePoint),
})

export const archiveMap = z.object({
  folder: z.string(),
  systemIdentifier: z.string().nullable(),
  major: z.int().nullable(),
  segmentSize: z.int().nullable(),
  firstNumber: z.int().nullable(),
  lastNumber: z.int().nullable(),
  segments: z.int(),
  commits: z.int(),
  bytesOnDisk: byteCount,
  timelines: z.array(mapTimeline),
  /** Records that can't be read, by file. */
  damaged: z.array(z.object({ file: z.string(), lsn: lsnText, words: z.string(), from: z.string().nullable() })),
  /** Files whose records could not be read here, with the reason; not those that were not read yet. */
  unreadable: z.array(z.object({ file: z.string(), why: z.string() })),
  histories: z.array(z.object({ file: z.string(), timeline: z.int() })),
  backups: z.array(
    z.object({
      file: z.string(),
      timeline: z.int(),
      number: z.int().nullable(),
      label: z.string(),
      start: lsnText.nullable(),
      stop: lsnText.nullable(),
      startTime: z.string().nullable(),
    }),
  ),
  /** The first 500 files that are not what they should be, each with a sentence that follows its name. */
  odd: z.array(z.object({ file: z.string(), fault: z.enum(fileFaults), says: z.string() })),
  oddCount: z.int(),
  /** Bytes of WAL that were not read yet: reading them is a job. */
  toRead: byteCount,
  /** What was done with an index that could not be trusted; ''. */
  indexProblem: z.string(),
})

export const archiveDangerKinds = [
  'failing',
  'queue',
  'slot-lost',
  'slot-limit',
  'slot-unlimited',
  'slot-idle',
  'disk',
  'off',
] as const

export const slotHealth = z.object({
  name: z.string(),
  active: z.boolean(),
  restartLsn: z.string().nullable(),
  /** reserved, extended, unreserved, lost. */
  walStatus: z.string().nullable(),
  /** Bytes that may still be written before it loses WAL; null for no limit. */
  safeWalSize: byteCount.nullable(),
  /** Bytes of WAL that the server keeps for it. */
  keptBytes: byteCount.nullable(),
  /** Since when nobody uses it [17]. */
  inactiveSince: z.iso.datetime({ precision: 6 }).nullable(),
})

export const archiveHealth = z.object({
  /** null when the server could not be asked: `serverProblem` says why. */
  server: z
    .object({
      now: z.iso.datetime({ precision: 6 }),
      systemIdentifier: z.string().nullable(),
      timeline: z.int().nullable(),
      inRecovery: z.boolean(),
      /** What the server has written up to now. */
      currentLsn: lsnText,
      archiveMode: z.string(),
      /** Whether the server has anything to archive with; null where the role may not know. */
      archiving: z.boolean().nullable(),
      /** Segments that wait for the archiver; null where the role may not know (pg_monitor may). */
      queue: z.int().nullable(),
      archivedCount: byteCount,
      failedCount: byteCount,
      lastArchived: z.object({ file: z.string(), at: z.iso.datetime({ precision: 6 }) }).nullable(),
      lastFailed: z
        .object({
          file: z.string(),
          at: z.iso.datetime({ precision: 6 }),
          /** From the server's log; null when it can't be read from here: `where` says where it is. */
          message: z.string().nullable(),
          where: z.string(),
        })
        .nullable(),
      slots: z.array(slotHealth),
      /** As the server says it; -1 for no limit. */
      keepSize: z.string(),
    })
    .nullable(),
  serverProblem: z.string(),
  /** null when the folder can't be seen from here. */
  freeBytes: byteCount.nullable(),
  forecast: z.object({ bytesPerDay: byteCount, fullAt: z.iso.datetime(), seenMs: z.number() }).nullable(),
  /** The newest whole segment, and where the archive's WAL ends without a hole; null with none. */
  newest: z
    .object({
      file: z.string(),
      at: z.iso.datetime(),
      timeline: z.int(),
      reaches: lsnText,
      lastCommit: transactionEnd.nullable(),
    })
    .nullable(),
  /** Bytes that the server wrote and the archive has not; null when one of the two is not known. */
  behind: byteCount.nullable(),
  /** The worst first; each with a sentence. */
  dangers: z.array(
    z.object({
      danger: z.enum(archiveDangerKinds),
      severity: z.enum(['warning', 'error']),
      says: z.string(),
      advice: z.string(),
    }),
  ),
})

export const walArchive = contract('walArchive', {
  list: call(z.object({}), z.object({ archives: z.array(walArchiveModel.extend({ exists: z.boolean() })) })),
  /** A folder that something else fills. Refused when it holds no WAL, or that of another cluster than the server's. */
  register: call(registerRequest, walArchiveModel),
  /** It leaves the list; its files stay, and so do the server's settings. Refused while Walkback fills it. */
  forget: call(walArchiveRef, z.object({})),
  /** Reads what is new when that takes seconds; more is left for the job, and `toRead` says how much. */
  map: call(walArchiveRef, archiveMap),
  /** Reads all that is new. */
  index: call(walArchiveRef, jobStarted),
  health: call(walArchiveRef, archiveHealth),
  /** All WAL from a backup (its folder) to the archive's end, read anew; the result joins the backup's record. */
  verify: call(walArchiveRef.extend({ backup: z.string().min(1).max(4096) }), jobStarted),
})

export type ArchiveMap = z.infer<typeof archiveMap>
export type MapTimeline = z.infer<typeof mapTimeline>
export type MapRange = z.infer<typeof mapRange>
export type MapGap = z.infer<typeof mapGap>
export type ArchiveHealth = z.infer<typeof archiveHealth>
export type SlotHealth = z.infer<typeof slotHealth>
export type ArchiveDanger = ArchiveHealth['dangers'][number]
