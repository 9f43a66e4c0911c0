// practice: clusters of one's own, under the application's folder, to learn and try on. Never a system cluster.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { lsnText } from '../model/lsn'
import { call, contract } from '../rpc/contract'
import { jobStarted } from './jobs'

export const practiceNames = ['main', 'replica'] as const
export const practiceRef = z.object({ name: z.enum(practiceNames) })

export const practiceCluster = z.object({
  name: z.enum(practiceNames),
  state: z.enum(['absent', 'stopped', 'unclean', 'running', 'unfinished']),
  /** In words: "Stopped, shut down cleanly". */
  stateText: z.string(),
  version: z.int().nullable(),
  port: z.int().nullable(),
  dataDirectory: z.string(),
  size: byteCount.nullable(),
  systemIdentifier: z.string().nullable(),
  connectionId: z.string().nullable(),
  filled: z.boolean(),
  startedAt: z.iso.datetime().nullable(),
})

/**
 * What a lab does to main, by itself, since this application has no way to type SQL into a live server.
 * table: course gets lab.t1 with three rows. change: they change. database: a new one, lab_later, with three rows.
 * accident: in shop, a DELETE without the right WHERE and a DROP TABLE, in one transaction.
 */
export const exercises = ['table', 'change', 'database', 'accident'] as const

export const exerciseDone = z.object({
  exercise: z.enum(exercises),
  systemIdentifier: z.string(),
  /** By the server's clock, before it began and after the last COMMIT. */
  begun: z.iso.datetime({ precision: 6 }),
  at: z.iso.datetime({ precision: 6 }),
  /** Positions before it began and after the last COMMIT: a recovery to `from` has nothing of it. */
  from: lsnText,
  to: lsnText,
  /** Written, changed or deleted. */
  rows: z.int(),
  /** Rows of the tables that it touches, as they were before: by qualified name, exact. */
  before: z.record(z.string(), z.string()),
})

export const practice = contract('practice', {
  list: call(
    z.object({}),
    z.object({
      clusters: z.array(practiceCluster),
      installations: z.array(z.object({ folder: z.string(), version: z.int() })),
      /** The account that runs the servers, and why, e.g. postgres because the application runs as root. */
      account: z.string(),
      /** Why none can be made here, with what to do; null when one can. */
      problem: z.object({ message: z.string(), hint: z.string() }).nullable(),
    }),
  ),
  /** initdb, start, and for main the sample data: a job. `folder` is the installation's bin folder. */
  make: call(practiceRef.extend({ folder: z.string().max(4096), fill: z.boolean() }), jobStarted),
  start: call(practiceRef, jobStarted),
  stop: call(practiceRef, jobStarted),
  /** Drops and fills the sample database `shop` and the course's table again. */
  fill: call(practiceRef, jobStarted),
  /** Refused unless main runs, is filled and may be written to. */
  exercise: call(z.object({ exercise: z.enum(exercises) }), exerciseDone),
  /** Typed confirmation: `confirm` is the cluster's name. The folder is removed with all data in it. */
  remove: call(practiceRef.extend({ confirm: z.string() }), jobStarted),
})

export type PracticeCluster = z.infer<typeof practiceCluster>
export type Exercise = (typeof exercises)[number]
export type ExerciseDone = z.infer<typeof exerciseDone>
