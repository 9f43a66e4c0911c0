// recoveryPoint: a cluster as it was at a chosen moment, from a base backup and the WAL of an archive.
import { z } from 'zod'
import { restorePoint, transactionEnd, walTime } from '../model/archiveIndex'
import { byteCount } from '../model/byteCount'
import { lsnText } from '../model/lsn'
import { recoveryWish } from '../model/recoveryWish'
import { call, contract, stream } from '../rpc/contract'
import { jobStarted } from './jobs'
import { recovery, standalonePreview, standaloneRequest } from './recovery'

const path = z.string().min(1).max(4096)
const archiveId = z.string().min(1).max(100)

/** The data directory of a dead cluster, whose pg_wal is taken for what the archive does not have. */
const salvage = path.nullable().optional()

/** One archive, or the cluster: then its archive that reaches furthest. */
export const momentsRequest = z.union([
  z.object({ archiveId, salvage }),
  z.object({ systemIdentifier: z.string().min(1).max(40), salvage }),
])

/** Times are microseconds since 1970 in UTC; positions are text. */
const span = { fromTime: walTime.nullable(), toTime: walTime.nullable(), fromLsn: lsnText, toLsn: lsnText }

export const momentBackup = z.object({
  path: z.string(),
  label: z.string(),
  kind: z.enum(['full', 'incremental']),
  /** The backup that an incremental one builds on; null for a full one, or when that one is not here. */
  parentPath: z.string().nullable(),
  timeline: z.int(),
  start: lsnText,
  stop: lsnText,
  /** By the server's clock: decide by `stop`. */
  stopTime: walTime,
  size: byteCount,
  /** When its last good check was; null for never. */
  verified: z.iso.datetime().nullable(),
  /** Why it can't be recovered from with this archive, in a sentence; '' when it can. */
  problem: z.string(),
})

export const momentLane = z.object({
  timeline: z.int(),
  parent: z.int().nullable(),
  forkAt: lsnText.nullable(),
  /** Of the last commit of the parent before the fork, where that is known. */
  forkTime: walTime.nullable(),
  /** As its history file says: "no recovery target specified". */
  reason: z.string(),
  /** Not on the way to the archive's latest commit: a drill's or a test's, or what was left behind. */
  stray: z.boolean(),
  /** Segments without a hole between them. Times are null where no commit is in them, or nothing was read yet. */
  ranges: z.array(z.object({ ...span, segments: z.int() })),
  /** `names`: the first and the last missing segment. */
  gaps: z.array(z.object({ ...span, segments: z.int(), names: z.tuple([z.string(), z.string()]) })),
  /** Where recovery by time is possible from this backup along this timeline; one row for each backup, oldest first. */
  reach: z.array(z.object({ ...span, backup: z.string() })),
  /** Of the ranges what is salvaged from the pg_wal of the dead cluster; absent without any. */
  salvaged: z.array(z.object({ ...span, segments: z.int() })).optional(),
  lastCommit: transactionEnd.nullable(),
  /** The last COMMIT or ABORT: a time must lie strictly before it. */
  lastEnd: transactionEnd.nullable(),
  /** Where its WAL ends: the latest position that can be reached on it; null when none can. */
  endLsn: lsnText.nullable(),
  /** Commits per minute, packed as shared/model/walMinutes says. */
  minutes: z.array(z.int()),
})

export const momentRestorePoint = restorePoint.extend({
  timeline: z.int(),
  /** Names are not unique: recovery stops at the first match after the backup. */
  sameName: z.int(),
})

export const moments = z.object({
  systemIdentifier: z.string(),
  archiveId: z.string(),
  /** As it was asked for, whether it could be had or not; absent or null: nothing is salvaged. */
  salvage: z.string().nullable().optional(),
  /** Every known archive of this cluster. */
  archives: z.array(
    z.object({ id: z.string(), label: z.string(), folder: z.string(), kind: z.enum(['file', 'stream', 'folder']) }),
  ),
  server: z.string(),
  major: z.int().nullable(),
  segmentSize: z.int().nullable(),
  /** Oldest first. */
  backups: z.array(momentBackup),
  lanes: z.array(momentLane),
  /** By time. */
  restorePoints: z.array(momentRestorePoint),
  /** The timeline that leads to the latest commit; null with no segment. */
  mainTimeline: z.int().nullable(),
  /** Bytes of WAL that were not read yet: walArchive.index reads them, and until then what is above is only part. */
  toRead: byteCount,
  /** What is wrong with the archive, a sentence each. */
  problems: z.array(z.string()),
})

export const neighboursRequest = z.object({ archiveId, salvage, timeline: z.int().min(1), time: walTime })
/** At the time itself counts as before. Ends of transactions that were rolled back are not among them. */
export const neighbours = z.object({ before: transactionEnd.nullable(), after: transactionEnd.nullable() })

export const salvagedFile = z.object({
  /** In pg_wal. */
  file: z.string(),
  /** As recovery asks for it. */
  name: z.string(),
  /** last: it was being written when the server died. */
  kind: z.enum(['complete', 'last', 'history']),
  /** Bytes. */
  size: z.int(),
  /** Its first position, and where its records end; null of a history. */
  from: lsnText.nullable(),
  to: lsnText.nullable(),
  /** The archive has a file of that name that is of no use: this one is taken before it. */
  before: z.boolean(),
})

const wayEnd = z.object({ reaches: lsnText, lastCommit: transactionEnd.nullable() })

/** What can be salvaged from a stopped cluster for an archive of it. */
export const salvageOffer = z.object({
  /** "15/main", or the folder's name. */
  name: z.string(),
  dataDirectory: z.string(),
  /** Its pg_wal, links followed; '' where there is none. */
  walFolder: z.string(),
  /** Its server runs: the usual case, and no matter of salvage. */
  running: z.boolean(),
  /** It was asked for by its folder; absent: it is one of those that are found. */
  named: z.boolean().optional(),
  /** Why nothing can be, in a sentence; '' when it can. */
  problem: z.string(),
  /** History files first, then segments by position. */
  files: z.array(salvagedFile),
  /** Files of pg_wal that are not taken, and why: "is kept to be used again". */
  left: z.array(z.object({ file: z.string(), why: z.string() })),
  warnings: z.array(z.string()),
  /** The latest timeline of the salvaged WAL. */
  timeline: z.int().nullable(),
  /** How far recovery gets on it without and with what is salvaged; null where it gets nowhere. */
  without: wayEnd.nullable(),
  with: wayEnd.nullable(),
  /** What is gained, in a sentence. */
  says: z.string(),
})

/** How far a pg_wal is read; a large one takes a minute when it is read for the first time. */
export const salvageReading = z.object({
  kind: z.literal('reading'),
  /** Of the cluster. */
  name: z.string(),
  /** files: what each is. records: of the segments that the archive does not have. */
  what: z.enum(['files', 'records']),
  done: z.int(),
  total: z.int(),
  file: z.string(),
})

export const pointRequest = z.object({
  archiveId,
  salvage,
  /** The folder of the base backup to begin with; null: the one with the least to replay. */
  backup: path.nullable(),
  wish: recoveryWish,
})

export const pointBlockers = [
  /** No backup ends before it. */
  'before-backup',
  'after-end',
  'equals-last-end',
  /** A segment is missing on the way, and the moment lies after it. */
  'gap',
  'damage',
  'unread',
  'timeline',
  'fork',
  'not-found',
  'backup',
  'action',
  'archive',
  /** The pg_wal that is to be salvaged can't be. */
  'salvage',
] as const

export const pointBlocker = z.object({
  reason: z.enum(pointBlockers),
  says: z.string(),
  /** The reachable moment that is nearest, as a wish to be taken over; null when there is none. */
  nearest: recoveryWish.nullable(),
  /** That one in words; ''. */
  nearestSays: z.string(),
})

export const pointPlan = z.object({
  /** null with a blocker that leaves none. */
  backup: momentBackup.nullable(),
  /** Backups that are combined first, the full one first; empty for a full one. */
  chain: z.array(z.string()),
  timeline: z.int(),
  segments: z.int(),
  firstSegment: z.string().nullable(),
  lastSegment: z.string().nullable(),
  /** Of these the salvaged ones, as recovery asks for them; absent without any. */
  salvaged: z.array(z.string()).optional(),
  /** Of WAL to be replayed. */
  bytes: byteCount,
  /** Where it will stop, as far as that is known. */
  stopLsn: lsnText.nullable(),
  stopTime: walTime.nullable(),
  estimate: z.object({ copySeconds: z.number(), replaySeconds: z.number() }).nullable(),
  /** The one target setting; null for the end of the WAL, which has none. */
  setting: z.object({ name: z.string(), value: z.string() }).nullable(),
  /** All settings of the recovery as they will be written, in order, without restore_command. */
  settings: z.array(z.object({ name: z.string(), value: z.string() })),
  /** "Stops before the commit of transaction 8412907 at ..." */
  stopsAt: z.string(),
  warnings: z.array(z.string()),
  /** Empty: it may start. */
  blockers: z.array(pointBlocker),
  /** Other backups that lead to the same moment. */
  alternatives: z.array(
    z.object({ backup: z.string(), label: z.string(), segments: z.int(), bytes: byteCount, says: z.string() }),
  ),
})

/** As a standalone recovery, with the point in place of its source. */
export const pointRunRequest = standaloneRequest.omit({ source: true }).extend({ point: pointRequest })

export const pointPreview = standalonePreview.extend({ plan: pointPlan, salvage: salvageOffer.nullable() })

export const recoveryPoint = contract('recoveryPoint', {
  /** Clusters with a base backup or an archive, to choose from. */
  sources: call(
    z.object({}),
    z.object({
      clusters: z.array(
        z.object({
          systemIdentifier: z.string(),
          server: z.string(),
          major: z.int().nullable(),
          backups: z.int(),
          archives: z.array(z.object({ id: z.string(), label: z.string(), folder: z.string() })),
        }),
      ),
    }),
  ),
  /** Reads what is new in the archive when that takes seconds; else `toRead` says how much is left for the job. */
  moments: call(momentsRequest, moments),
  /**
   * What stopped clusters of this machine hold that the archive does not; of those of the archive's own cluster alone. Data
   * directories that are named in `folders` are looked at besides, and have an offer each, or its problem, whatever they are.
   * The offers come last; before, where it takes its time, how far it is.
   */
  salvage: stream(
    z.object({ archiveId, folders: z.array(path).max(4).optional() }),
    z.discriminatedUnion('kind', [salvageReading, z.object({ kind: z.literal('offers'), offers: z.array(salvageOffer) })]),
  ),
  /** The commits around a moment, read from the segments themselves. */
  neighbours: call(neighboursRequest, neighbours),
  /** Never throws for a wish that can't be met: the blockers say why. */
  plan: call(pointRequest, pointPlan),
  /** What the form needs before a destination is chosen: as recovery.prepare, of the plan's backup. */
  prepare: call(pointRequest, recovery.methods.prepare.output),
  preview: call(pointRunRequest, pointPreview),
  /** Refused by any blocker of plan or checks before anything is written. */
  start: call(pointRunRequest, jobStarted),
})

export type MomentsRequest = z.infer<typeof momentsRequest>
export type Moments = z.infer<typeof moments>
export type MomentBackup = z.infer<typeof momentBackup>
export type MomentLane = z.infer<typeof momentLane>
export type MomentRestorePoint = z.infer<typeof momentRestorePoint>
export type SalvageReading = z.infer<typeof salvageReading>
export type SalvageOffer = z.infer<typeof salvageOffer>
export type Neighbours = z.infer<typeof neighbours>
export type NeighboursRequest = z.infer<typeof neighboursRequest>
export type PointRequest = z.infer<typeof pointRequest>
export type PointPlan = z.infer<typeof pointPlan>
export type PointBlocker = z.infer<typeof pointBlocker>
export type PointRunRequest = z.infer<typeof pointRunRequest>
export type PointPreview = z.infer<typeof pointPreview>
