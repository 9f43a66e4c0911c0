// accident: the commits that deleted, truncated or dropped a table, found in the WAL of an archive.
import { z } from 'zod'
import { walTime } from '../model/archiveIndex'
import { byteCount } from '../model/byteCount'
import { lsnText } from '../model/lsn'
import { call, contract } from '../rpc/contract'

const connectionId = z.string().min(1).max(100)

/** What to look for. */
export const accidentSubject = z.discriminatedUnion('kind', [
  /**
   * A table as a saved connection's server has it now: the live one, or one that waits at its target in recovery, where a
   * table that was dropped later is still there. A partitioned table means all of its partitions.
   */
  z.object({
    kind: z.literal('table'),
    connectionId,
    database: z.string().min(1).max(63),
    schema: z.string().min(1).max(63),
    name: z.string().min(1).max(63),
  }),
  /** Every commit that removed files of tables; the connection gives names to what its server knows, where there is one. */
  z.object({ kind: z.literal('removed'), connectionId: connectionId.nullable() }),
])

export const accidentRequest = z.object({
  archiveId: z.string().min(1).max(100),
  /** The data directory of a dead cluster, whose pg_wal is searched for what the archive does not have. */
  salvage: z.string().min(1).max(4096).nullable().optional(),
  /** Along the way to this timeline. */
  timeline: z.int().min(1).max(0x7fff_ffff),
  /** So many hours before the last commit in the archive, in whole segments; null for all of it. */
  hours: z.number().positive().max(1_000_000).nullable(),
  subject: accidentSubject,
})

export const findingKinds = [
  /** The table is gone. */
  'dropped',
  /** It was emptied: TRUNCATE. Of removed files without a name: TRUNCATE or REINDEX. */
  'truncated',
  'deleted',
  'updated',
  /** Its files were replaced and its rows kept: VACUUM FULL, CLUSTER, some ALTER TABLE, another tablespace. */
  'rewritten',
  /** Its files were removed and others made in one transaction: rewritten, or dropped and made anew. */
  'replaced',
  /** A whole database. */
  'database dropped',
] as const

export const accidentFinding = z.object({
  kind: z.enum(findingKinds),
  /** Of the top transaction. */
  xid: z.int(),
  /** Where its COMMIT record begins, and its time. */
  lsn: lsnText,
  time: walTime,
  /**
   * Where it took its first ACCESS EXCLUSIVE lock. A server that waits in recovery holds the locks of transactions that had not
   * ended: to read the table there, recovery has to stop before this. null for one that only touched rows.
   */
  lockedAt: lsnText.nullable(),
  /** Rows of the chosen table that this transaction touched, those of its subtransactions among them. */
  deleted: z.int(),
  inserted: z.int(),
  updated: z.int(),
  /** About how many rows the table had before it, counted back from now; null where that is not known. */
  rowsBefore: z.int().nullable(),
  /** It began before what was read: it may have touched more rows. */
  beganEarlier: z.boolean(),
  /** Of a partitioned table: how many of its partitions were emptied or replaced; null for any other table. */
  partitions: z.object({ touched: z.int(), of: z.int() }).nullable(),
  /** OID of the database; 0 for shared tables. */
  databaseOid: z.int(),
  /** Where it is known. */
  database: z.string().nullable(),
  /** Names of the tables, as far as a server knew them. */
  tables: z.array(z.string()),
  /** Paths of the files it removed, as the WAL names them: at most 20 of `fileCount`. */
  files: z.array(z.string()),
  fileCount: z.int(),
})

export const accidentResult = z.object({
  /** "sales.orders in shop", or "removed tables". */
  subject: z.string(),
  timeline: z.int(),
  fromLsn: lsnText,
  toLsn: lsnText,
  /** Of the first and the last commit in what was read. */
  fromTime: walTime.nullable(),
  toTime: walTime.nullable(),
  segments: z.int(),
  bytes: byteCount,
  /** Nothing earlier is in the archive: a longer span finds no more. */
  reachesBeginning: z.boolean(),
  /** The greatest loss first: at most 200. */
  findings: z.array(accidentFinding),
  /** Transactions that touched the table and are not listed: smaller ones, and those that only inserted. */
  others: z.int(),
  /** Rows touched by all committed transactions together. */
  totals: z.object({ transactions: z.int(), deleted: z.int(), inserted: z.int(), updated: z.int() }),
  /** What stands between this answer and the whole truth, a sentence each: gaps, damage, what is not known. */
  notes: z.array(z.string()),
  seconds: z.number(),
})

export const accident = contract('accident', {
  /** Answers when the WAL is read in seconds; else it starts a job, whose result is asked for when it has ended. */
  find: call(accidentRequest, z.object({ result: accidentResult.nullable(), jobId: z.string().nullable() })),
  /** Of a job of `find`. Refused while it runs, and when its result is not kept any more. */
  result: call(z.object({ jobId: z.string().min(1).max(100) }), accidentResult),
})

export type AccidentSubject = z.infer<typeof accidentSubject>
export type AccidentRequest = z.infer<typeof accidentRequest>
export type AccidentFinding = z.infer<typeof accidentFinding>
export type AccidentResult = z.infer<typeof accidentResult>
export type FindingKind = (typeof findingKinds)[number]
