// drill: a backup restored to a scratch cluster, looked at page by page and row by row, dumped to nowhere, and thrown away.
import { z } from 'zod'
import { recoveryWish } from '../model/recoveryWish'
import { call, contract } from '../rpc/contract'
import { jobStarted } from './jobs'

const path = z.string().min(1).max(4096)

export const drillRequest = z.object({
  /** The folder of a base backup or a cold backup with a record. */
  backup: path,
  /** Where the scratch folder is made: an absolute folder that is there. */
  place: path,
  /** null: as soon as it is consistent, by its own WAL. */
  point: z.object({ archiveId: z.string().min(1).max(100), wish: recoveryWish }).nullable(),
  /** A superuser of the backup. */
  user: z.string().min(1).max(63),
})

export const drillPhase = z.object({ name: z.string(), seconds: z.number(), detail: z.string() })

export const drillTable = z.object({ database: z.string(), table: z.string(), rows: z.int() })

/** What a drill proved, or where it failed. */
export const drillResult = z.object({
  jobId: z.string(),
  backup: z.string(),
  label: z.string(),
  server: z.string(),
  serverVersion: z.string(),
  systemIdentifier: z.string(),
  at: z.iso.datetime(),
  ok: z.boolean(),
  /** What failed, in a sentence; '' when nothing did. */
  problem: z.string(),
  /** To which moment, in words, and where it stopped. */
  target: z.string(),
  stoppedAt: z.string(),
  phases: z.array(drillPhase),
  /** From the start of the copy until it could be asked. */
  recoverySeconds: z.number(),
  proved: z.array(z.string()),
  notProved: z.array(z.string()),
  databases: z.array(z.object({ name: z.string(), tables: z.int(), rows: z.int(), dumpedBytes: z.number() })),
  /** The largest 200 by rows. */
  tables: z.array(drillTable),
})

export const drill = contract('drill', {
  /** What the dialog begins with. */
  prepare: call(z.object({ backup: path }), z.object({ place: z.string(), user: z.string(), problem: z.string() })),
  start: call(drillRequest, jobStarted),
  /** Self-contained, for printing. Refused when it is not kept any more. */
  report: call(z.object({ jobId: z.string().min(1).max(100) }), z.object({ html: z.string(), name: z.string() })),
  /** Of every drill whose result is kept, newest first. */
  list: call(z.object({}), z.object({ drills: z.array(drillResult) })),
})

export type DrillRequest = z.infer<typeof drillRequest>
export type DrillResult = z.infer<typeof drillResult>
