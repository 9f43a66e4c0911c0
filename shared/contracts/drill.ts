// drill: any backup restored to a scratch cluster, looked at page by page and row by row, dumped to nowhere, and thrown away.
import { z } from 'zod'
import { shownCommand } from '../jobs/job'
import { recoveryWish } from '../model/recoveryWish'
import { call, contract } from '../rpc/contract'
import { optionValues } from './dump'
import { jobStarted } from './jobs'

const path = z.string().min(1).max(4096)

export const drillRequest = z.object({
  /** The folder of a backup with a record. */
  backup: path,
  /** Where the scratch folder is made: an absolute folder that is there. */
  place: path,
  /** null: as soon as it is consistent, by its own WAL. A dump knows no other. */
  point: z.object({ archiveId: z.string().min(1).max(100), wish: recoveryWish }).nullable(),
  /** A superuser of the backup; a dump goes into a cluster that has its own. */
  user: z.string().min(1).max(63),
  /** By the keys of the pg_amcheck table, beside what the drill sets itself. */
  amcheck: optionValues.optional(),
})

export const drillPhase = z.object({ name: z.string(), seconds: z.number(), detail: z.string() })

export const drillTable = z.object({ database: z.string(), table: z.string(), rows: z.int() })

/** What a drill proved, or where it failed. */
export const drillResult = z.object({
  jobId: z.string(),
  backup: z.string(),
  label: z.string(),
  server: z.string(),
  /** Of the scratch cluster. */
  serverVersion: z.string(),
  systemIdentifier: z.string(),
  /** Absent: recovered, as a physical backup is. */
  how: z.enum(['recovered', 'restored']).optional(),
  /** What the restore of a dump could not do; absent where nothing failed. */
  errors: z.object({ count: z.int(), first: z.array(z.object({ object: z.string(), message: z.string() })) }).optional(),
  at: z.iso.datetime(),
  ok: z.boolean(),
  /** What failed, in a sentence; '' when nothing did. */
  problem: z.string(),
  /** To which moment, in words, and where it stopped. */
  target: z.string(),
  stoppedAt: z.string(),
  phases: z.array(drillPhase),
  /** From the start of the copy until it could be asked; of a dump, from its first statement to its last. */
  recoverySeconds: z.number(),
  proved: z.array(z.string()),
  notProved: z.array(z.string()),
  databases: z.array(z.object({ name: z.string(), tables: z.int(), rows: z.int(), dumpedBytes: z.number() })),
  /** The largest 200 by rows. */
  tables: z.array(drillTable),
})

export const drill = contract('drill', {
  /** What the dialog begins with. */
  prepare: call(
    z.object({ backup: path }),
    z.object({
      place: z.string(),
      user: z.string(),
      /** Why it can't be drilled, in a sentence that names the way; ''. */
      problem: z.string(),
      /** The version of the server that it is restored under; null where there is none. */
      server: z.int().nullable(),
      /** null: what is done instead is said in `instead`. */
      amcheck: z.int().nullable(),
      instead: z.string(),
    }),
  ),
  /** The commands that check it, as they will run in the scratch cluster; `problem` blocks the start. */
  preview: call(drillRequest, z.object({ commands: z.array(shownCommand), problem: z.string() })),
  start: call(drillRequest, jobStarted),
  /** Self-contained, for printing. Refused when it is not kept any more. */
  report: call(z.object({ jobId: z.string().min(1).max(100) }), z.object({ html: z.string(), name: z.string() })),
  /** Of every drill whose result is kept, newest first. */
  list: call(z.object({}), z.object({ drills: z.array(drillResult) })),
})

export type DrillRequest = z.infer<typeof drillRequest>
export type DrillResult = z.infer<typeof drillResult>
