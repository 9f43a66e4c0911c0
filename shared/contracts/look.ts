// look: a recovered cluster that waits at its target: asked read-only, compared with the live one, taken further, promoted, thrown away.
// Over 150 lines: each shape is a page's part, with what its fields mean.
import { z } from 'zod'
import { transactionEnd } from '../model/archiveIndex'
import { byteCount } from '../model/byteCount'
import { lsnText } from '../model/lsn'
import { recoveryWish } from '../model/recoveryWish'
import { schemaDifference } from '../model/schemaCompare'
import { call, contract, stream } from '../rpc/contract'
import { jobStarted } from './jobs'
import { pointPlan } from './recoveryPoint'

/** By the job that recovered it. */
export const lookRef = z.object({ jobId: z.string().min(1).max(100) })

/** What a job that came to its stop left to be known. */
export const lookEvidence = z.object({
  /** The server's own lines about the stop, without time and process. */
  lines: z.array(z.string()),
  /** The position that was replayed last, asked right after the stop; null when nobody could log in. */
  lsn: lsnText.nullable(),
  /** The last transaction that it holds, where the plan knew it. */
  lastCommit: transactionEnd.nullable(),
  /** The timeline that it was on, or the new one after a promotion. */
  timeline: z.int(),
  segments: z.int(),
  bytes: byteCount,
  /** When it stopped there. */
  at: z.iso.datetime(),
})

export const lookStanding = z.object({
  jobId: z.string(),
  server: z.string(),
  /** What is typed to throw it away: the name of its folder. */
  name: z.string(),
  /** Of the machine that it is on. */
  host: z.string(),
  dataDirectory: z.string(),
  port: z.int(),
  systemIdentifier: z.string().nullable(),
  wish: recoveryWish,
  archiveId: z.string(),
  /** The folder of the backup that it was begun with. */
  backup: z.string(),
  /** Now: in recovery with a server, out of recovery, or without a server. */
  state: z.enum(['paused', 'promoted', 'stopped']),
  /** It has left recovery for good, whether its server runs or not. */
  promoted: z.boolean(),
  /** How its server ended, in sentences; '' while it runs. */
  stopped: z.string(),
  /** Why it can't be taken further, started or thrown away from here, in a sentence; '' when it can. */
  bound: z.string(),
  /** The job that works on it at the moment. */
  busy: z.object({ jobId: z.string(), title: z.string() }).nullable(),
  replayed: z.object({ lsn: lsnText, lastTransaction: z.iso.datetime({ precision: 6 }).nullable() }).nullable(),
  evidence: lookEvidence.nullable(),
  /** Whether it stands where it was asked to; null when nobody can say. */
  asAsked: z.object({ yes: z.boolean().nullable(), says: z.string() }),
  /** Milliseconds, of the job that brought it here; null for what it did not do. */
  took: z.object({ all: z.int(), copy: z.int().nullable(), replay: z.int().nullable() }),
  /** The role that logs in; '' when none is known. */
  user: z.string(),
  databases: z.array(z.string()),
  /** Why it can't be asked, in a sentence; '' when it can. */
  problem: z.string(),
})

/** One of all that are there, by what lies on the disk: nobody logs in. */
export const lookListed = z.object({
  jobId: z.string(),
  server: z.string(),
  name: z.string(),
  dataDirectory: z.string(),
  port: z.int(),
  wish: recoveryWish,
  state: lookStanding.shape.state,
  promoted: z.boolean(),
  /** Of the last transaction that it holds, where that is known. */
  lastCommit: transactionEnd.nullable(),
  stoppedAt: z.iso.datetime().nullable(),
})

export const lookHolds = z.object({
  /** Of data directory and tablespaces. */
  bytes: byteCount,
  places: z.array(z.object({ path: z.string(), bytes: byteCount })),
  /** Folders with the base files as they were before the start, by reflinks; empty when none are kept. */
  pristine: z.array(z.string()),
  /** What starting again earlier would do about the base files; `earlier` says why, in a sentence. */
  copies: z.boolean(),
  earlier: z.string(),
  /** Seconds for that, as far as it can be told. */
  copySeconds: z.number().nullable(),
})

export const lookLive = z.object({
  id: z.string(),
  label: z.string(),
  /** source: the cluster that the backup is of. itself: the recovered one. unknown: it did not answer. */
  is: z.enum(['source', 'itself', 'other', 'unknown']),
  /** In a few words. */
  says: z.string(),
})

export const lookQuery = lookRef.extend({
  database: z.string().min(1).max(63),
  /** One statement of the person's own; it runs in a read-only transaction, and for 30 seconds at the most. */
  sql: z.string().min(1).max(100_000),
  limit: z.int().min(1).max(1000),
})

export const lookRows = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.int() })),
  /** As text, as the server writes it. */
  rows: z.array(z.array(z.string().nullable())),
  /** There were more. */
  more: z.boolean(),
  /** Of the query itself, without the login. */
  milliseconds: z.number(),
})

export const lookTable = z.object({
  schema: z.string(),
  table: z.string(),
  /** Rows, counted; null where the table is not there, or was not counted. */
  recovered: z.int().nullable(),
  live: z.int().nullable(),
  says: z.enum(['same', 'fewer', 'more', 'only recovered', 'only live', 'unknown']),
  /** Of the recovered table with its indexes; null where it is not there. */
  bytes: byteCount.nullable(),
  /** Why a side was not counted, in words; ''. */
  why: z.string(),
})

export const lookCompareRequest = lookRef.extend({ database: z.string().min(1).max(63), live: z.string().min(1).max(100) })

/** Of both sides of a comparison. */
const compared = {
  live: z.object({ id: z.string(), label: z.string() }),
  /** The live cluster is the one that the backup is of; null where one side does not say. */
  sameCluster: z.boolean().nullable(),
  /** When each side was read, by its own clock. */
  readAt: z.object({ recovered: z.iso.datetime(), live: z.iso.datetime() }),
  seconds: z.number(),
}

export const lookRowCounts = z.object({ ...compared, tables: z.array(lookTable) })

/** Where one side is: the table whose rows it counts, how many came before it, and how many there are; null: not measured yet. */
export const lookCounting = z.object({ table: z.string(), done: z.int(), of: z.int(), bytes: byteCount.nullable() })

export const lookCompareEvent = z.discriminatedUnion('kind', [
  /** null: it has not begun, or has no table. */
  z.object({ kind: z.literal('counting'), recovered: lookCounting.nullable(), live: lookCounting.nullable() }),
  /** The last one. */
  z.object({ kind: z.literal('counted'), counts: lookRowCounts }),
])

export const lookSchema = z.object({
  ...compared,
  /** By kind and name; the first 2,000. */
  differences: z.array(schemaDifference),
  /** Of all, however many are listed. */
  different: z.int(),
  /** Objects that are the same on both sides. */
  same: z.int(),
})

/** later: on from where it stands. earlier: begun again from the base backup. */
export const lookMoveRequest = lookRef.extend({ way: z.enum(['later', 'earlier']), wish: recoveryWish })

export const lookMove = z.object({
  /** null: it may begin. */
  refused: z.object({ message: z.string(), hint: z.string() }).nullable(),
  /** replay: nothing is copied. pristine: the kept base files by reflink. copy: the backup is copied again. */
  how: z.enum(['replay', 'pristine', 'copy']),
  /** What is done, a sentence each. */
  says: z.array(z.string()),
  estimate: z.object({ copySeconds: z.number(), replaySeconds: z.number() }).nullable(),
  /** null where there is not even a plan. */
  plan: pointPlan.nullable(),
})

export const look = contract('look', {
  /** All that are there, the newest first: the clusters of recoveries to a moment that nobody threw away. */
  list: call(z.object({}), z.object({ looks: z.array(lookListed) })),
  /** Throws not_found when it is gone; `details.jobId` names the job that took it on to another moment, where one did. */
  status: call(lookRef, lookStanding),
  /** Reads the size of every file. */
  holds: call(lookRef, lookHolds),
  /** Saved connections to compare with, each asked who it is; `suggested`: the source's. */
  lives: call(lookRef, z.object({ connections: z.array(lookLive), suggested: z.string().nullable() })),
  query: call(lookQuery, lookRows),
  /** Row counts of every table of one database, against the same of a saved connection. Refused for the cluster itself. */
  compare: stream(lookCompareRequest, lookCompareEvent),
  /** Definitions of one database against the same, with owners and privileges: see schemaKinds. */
  compareSchema: call(lookCompareRequest, lookSchema),
  /** What taking it to a moment would do. Never throws for a moment that can't be reached: `refused` says why. */
  move: call(lookMoveRequest, lookMove),
  /** On to a later moment: nothing is copied again. Refused for an earlier one, and for one that can't be reached. */
  resume: call(lookRef.extend({ wish: recoveryWish }), jobStarted),
  /** At an earlier moment, in its own place: the former one is set aside, and removed once the new one stands. */
  earlier: call(lookRef.extend({ wish: recoveryWish }), jobStarted),
  /** One whose server does not run: to the same moment again, or, promoted, as it is. */
  start: call(lookRef, jobStarted),
  /** Out of recovery, onto a timeline of its own. */
  promote: call(lookRef, jobStarted),
  /**
   * Typed confirmation: `confirm` is its name; `systemIdentifier` as it was shown. Stops it, and deletes its data directory, its
   * tablespaces and what was kept of its base files. Refused once it was promoted.
   */
  throwAway: call(lookRef.extend({ confirm: z.string().max(300), systemIdentifier: z.string().max(40) }), jobStarted),
})

export type LookStanding = z.infer<typeof lookStanding>
export type LookEvidence = z.infer<typeof lookEvidence>
export type LookListed = z.infer<typeof lookListed>
export type LookHolds = z.infer<typeof lookHolds>
export type LookLive = z.infer<typeof lookLive>
export type LookRows = z.infer<typeof lookRows>
export type LookTable = z.infer<typeof lookTable>
export type LookRowCounts = z.infer<typeof lookRowCounts>
export type LookCounting = z.infer<typeof lookCounting>
export type LookCompareEvent = z.infer<typeof lookCompareEvent>
export type LookSchema = z.infer<typeof lookSchema>
export type LookMove = z.infer<typeof lookMove>
export type LookMoveRequest = z.infer<typeof lookMoveRequest>
