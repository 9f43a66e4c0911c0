// look: a recovered cluster that waits at its target: asked read-only, compared with the live one, taken further, promoted, thrown away.
import { z } from 'zod'
import { lsnText } from '../model/lsn'
import { recoveryWish } from '../model/recoveryWish'
import { call, contract } from '../rpc/contract'
import { jobStarted } from './jobs'

/** By the job that recovered it. */
export const lookRef = z.object({ jobId: z.string().min(1).max(100) })

export const lookStanding = z.object({
  jobId: z.string(),
  server: z.string(),
  /** What is typed to throw it away: the name of its folder. */
  name: z.string(),
  dataDirectory: z.string(),
  port: z.int(),
  wish: recoveryWish,
  archiveId: z.string(),
  /** The folder of the backup that it was begun with. */
  backup: z.string(),
  /** Now: paused at its target, promoted, or without a server. */
  state: z.enum(['paused', 'promoted', 'stopped']),
  replayed: z.object({ lsn: lsnText, lastTransaction: z.iso.datetime({ precision: 6 }).nullable() }).nullable(),
  databases: z.array(z.string()),
  /** Why it can't be asked, in a sentence; '' when it can. */
  problem: z.string(),
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
  milliseconds: z.number(),
})

export const lookTable = z.object({
  schema: z.string(),
  table: z.string(),
  /** Rows, counted; null where the table is not there, or was not counted in time. */
  recovered: z.int().nullable(),
  live: z.int().nullable(),
  says: z.enum(['same', 'fewer', 'more', 'only recovered', 'only live', 'unknown']),
})

export const look = contract('look', {
  status: call(lookRef, lookStanding),
  query: call(lookQuery, lookRows),
  /** Row counts of every table of one database, against the same of a saved connection. */
  compare: call(
    lookRef.extend({ database: z.string().min(1).max(63), live: z.string().min(1).max(100) }),
    z.object({ tables: z.array(lookTable), seconds: z.number() }),
  ),
  /** On to a later moment: nothing is copied again. Refused for an earlier one, and for one that can't be reached. */
  resume: call(lookRef.extend({ wish: recoveryWish }), jobStarted),
  /** Resolves when it is out of recovery. */
  promote: call(lookRef, z.object({ timeline: z.int() })),
  /** Typed confirmation: stops it, and deletes its data directory and its tablespaces. Refused once it was promoted. */
  throwAway: call(lookRef.extend({ confirm: z.string().max(300) }), z.object({ removed: z.array(z.string()) })),
})

export type LookStanding = z.infer<typeof lookStanding>
export type LookRows = z.infer<typeof lookRows>
export type LookTable = z.infer<typeof lookTable>
