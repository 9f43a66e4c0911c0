// restoreOutcome: what can be done about an ended restore. Every call names the job and, where it is about an error, that
// error's place in the job's list: the SQL is made here of what the job itself keeps, never sent by the page.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { jobRef } from './jobs'

/** `issue`: the place in the job's `issues`, from 0. */
export const issueRef = jobRef.extend({ issue: z.int().min(0).max(10_000) })

const place = z.object({
  server: z.string(),
  host: z.string(),
  port: z.int(),
  /** null where this role can't read it. */
  systemIdentifier: z.string().nullable(),
})

/** Rows that stand in the way of a constraint. */
export const rowsInTheWay = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** The first 20, as text; null is NULL. */
  rows: z.array(z.array(z.string().nullable())),
  /** null when counting took too long; with `more` there are more than that. */
  total: z.int().nullable(),
  more: z.boolean(),
  /** One sentence: "have no row in public.authors that they point to". */
  why: z.string(),
  /** The query that found them. */
  sql: z.string(),
})

export const notValidPlan = place.extend({
  database: z.string(),
  table: z.string(),
  sql: z.string(),
  /** What has the rows checked later. */
  validate: z.string(),
  /** The constraint exists by now. */
  there: z.boolean(),
})

export const keptDatabase = place.extend({
  database: z.string(),
  /** false: dropped or renamed meanwhile, or another server answers at this address. */
  there: z.boolean(),
  why: z.string(),
  size: byteCount.nullable(),
  sessions: z.int(),
})

/** An error that is about a constraint, so that its rows can be looked at. */
export const failedConstraint = z.object({
  issue: z.int(),
  kind: z.enum(['foreign key', 'check', 'unique']),
  name: z.string(),
  /** `public.orders` */
  table: z.string(),
  /** It can be added without looking at the rows that are there. */
  notValid: z.boolean(),
})

export const restoreOutcome = contract('restoreOutcome', {
  /** Of the job's own record: no server is asked. */
  constraints: call(jobRef, z.object({ constraints: z.array(failedConstraint) })),
  /** Read-only. Refused for an error that is not about a foreign key, check or unique key. */
  rows: call(issueRef, rowsInTheWay),
  /** The statement that addNotValid would run, and where. */
  notValid: call(issueRef, notValidPlan),
  addNotValid: call(issueRef, z.object({ sql: z.string() })),
  /** The database whose place the restored one took. */
  kept: call(jobRef, keptDatabase),
  /** Only after its name was typed, for this server. Refused while it is in use. */
  dropKept: call(
    jobRef.extend({ confirm: z.string().max(4096), systemIdentifier: z.string().max(100).nullable() }),
    z.object({}),
  ),
})

export type FailedConstraint = z.infer<typeof failedConstraint>
export type NotValidPlan = z.infer<typeof notValidPlan>
export type RowsInTheWay = z.infer<typeof rowsInTheWay>
export type KeptDatabase = z.infer<typeof keptDatabase>
