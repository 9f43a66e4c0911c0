// rescue: chosen tables of a recovered cluster into a live database, in one transaction there.
import { z } from 'zod'
import { byteCount } from '../model/byteCount'
import { call, contract } from '../rpc/contract'
import { commandPreview } from './dump'
import { jobStarted } from './jobs'
import { lookRef } from './look'

const name = z.string().min(1).max(4096)

/** The recovered cluster by the job that recovered it, and the saved connection to rescue into; a database on each side. */
export const rescueSides = lookRef.extend({ database: name, live: z.string().min(1).max(100), liveDatabase: name })

/**
 * new: beside what is there, named by the moment. missing: rows whose key is not in the live table. replace: the live table's
 * rows give way, and are kept in a table of their own. dropped: a table that is gone comes back with its definition.
 */
export const rescueWays = ['missing', 'new', 'replace', 'dropped'] as const
export const rescueWay = z.enum(rescueWays)

export const rescueTable = z.object({
  schema: name,
  name,
  way: rescueWay,
  /** new: the new table's name. replace: that of the table that keeps the live rows. Else ''. */
  newName: z.string().max(4096),
  /** missing and replace: the live table's unique constraint or index that tells rows apart; null for its primary key. */
  key: name.nullable(),
  /** Columns of the recovered table that the live one has not, left out with the person's consent. */
  leaveOut: z.array(name).max(1600),
  /** missing: rows are left out, and named, when another unique value of theirs is taken by now. */
  skipTaken: z.boolean(),
  /** new and dropped: who it belongs to; null for the owner of then. */
  owner: name.nullable(),
})

export const rescueRequest = rescueSides.extend({
  tables: z.array(rescueTable).min(1).max(500),
  /** quiet: the live tables' own triggers do not fire. Foreign keys are checked in any case. */
  triggers: z.enum(['quiet', 'fire']),
  /** How long a statement waits for a lock before all is given up. */
  lockSeconds: z.int().min(1).max(3600),
  /** What is typed before rows are replaced; null when nothing is. */
  confirm: z.string().max(10_000).nullable(),
})

const tableName = z.tuple([name, name])

export const rescueListed = z.object({
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['table', 'partitioned table', 'partition']),
  /** Of the last ANALYZE before the moment; null when there was none. */
  rows: z.number().nullable(),
  size: byteCount.nullable(),
  /** other: something that is no table has its name. */
  live: z.enum(['there', 'gone', 'other']),
  liveRows: z.number().nullable(),
  /** Why it can't be rescued at all, in a sentence; '' when it can. */
  problem: z.string(),
})

export const rescueColumn = z.object({
  name: z.string(),
  /** null where that side has no such column. */
  recovered: z.string().nullable(),
  live: z.string().nullable(),
  /** generated: the live table computes it. refused: values of the one type are none of the other. */
  says: z.enum(['same', 'cast', 'added', 'dropped', 'generated', 'refused']),
  note: z.string(),
})

export const rescueFacts = z.object({
  schema: z.string(),
  name: z.string(),
  live: z.enum(['there', 'gone', 'other']),
  rows: z.object({ recovered: z.number().nullable(), live: z.number().nullable() }),
  /** `problem`: why that way is not open, '' when it is. */
  ways: z.array(z.object({ way: rescueWay, problem: z.string() })),
  suggested: rescueWay,
  newName: z.string(),
  keptName: z.string(),
  keys: z.array(z.object({ name: z.string(), columns: z.array(z.string()), primary: z.boolean(), problem: z.string() })),
  /** Empty for a table that is gone. */
  columns: z.array(rescueColumn),
  /** `there`: the role exists in the live cluster. */
  owner: z.object({ name: z.string(), there: z.boolean() }),
  /** Triggers of the live table that rows going in would fire. */
  triggers: z.array(z.string()),
  /** Live tables that its foreign keys lead to. */
  parents: z.array(tableName),
  /** What depends on the live table and lives on. */
  dependents: z.array(z.string()),
  /** Of a table that is gone: what goes with it and does not come back by itself. */
  lost: z.array(z.object({ what: z.string(), statement: z.string() })),
})

export const rescuePrepared = z.object({
  recovered: z.object({
    server: z.string(),
    port: z.int(),
    dataDirectory: z.string(),
    state: z.enum(['paused', 'promoted']),
    /** The moment that names are made from, and what it is: "the time 2026-11-22 14:05:00 UTC". */
    moment: z.iso.datetime(),
    momentSays: z.string(),
    version: z.int(),
  }),
  live: z.object({
    label: z.string(),
    host: z.string(),
    port: z.int(),
    database: z.string(),
    systemIdentifier: z.string().nullable(),
    version: z.int(),
    user: z.string(),
    /** That may own a table there. */
    roles: z.array(z.string()),
  }),
  /** Why nothing can be rescued into it, in a sentence; '' when it can. */
  problem: z.string(),
  tables: z.array(rescueFacts),
})

/** Rows by key, counted on both sides just now. Keys are shown as they read: "(42)", at most twenty of each. */
export const rescueCounts = z.object({
  schema: z.string(),
  name: z.string(),
  recovered: z.int(),
  /** null for a table that is not there. */
  live: z.int().nullable(),
  /** null where rows are not told apart by a key. */
  byKey: z
    .object({
      missing: z.int(),
      same: z.int(),
      different: z.int(),
      onlyLive: z.int(),
      /** Rows of the recovered table without a key, or with one that comes twice. */
      unkeyed: z.int(),
      differing: z.array(z.string()),
    })
    .nullable(),
  /** Missing rows that lead to rows which the live parent has not. */
  orphans: z.array(z.object({ constraint: z.string(), parent: tableName, rows: z.int(), values: z.array(z.string()) })),
  /** Missing rows whose other unique value is taken. */
  taken: z.array(z.object({ constraint: z.string(), rows: z.int(), values: z.array(z.string()) })),
  seconds: z.number(),
})

export const rescuePreview = commandPreview.extend({
  counts: z.array(rescueCounts),
  /** Of what is typed before rows are replaced; null when none are. */
  danger: z
    .object({
      text: z.string(),
      label: z.string(),
      host: z.string(),
      port: z.int(),
      systemIdentifier: z.string().nullable(),
      database: z.string(),
      /** Each with the table that keeps its rows. */
      tables: z.array(z.object({ table: z.string(), kept: z.string() })),
    })
    .nullable(),
  /** What does not come back by itself, with the statement that brings it back: to be copied, never run here. */
  offered: z.array(z.object({ what: z.string(), statement: z.string() })),
})

export const rescue = contract('rescue', {
  /** The recovered database's tables, and whether the live one has them. */
  tables: call(rescueSides, z.object({ tables: z.array(rescueListed) })),
  /** The chosen ones with the differences between both sides. `zone`: the clock that names are made by. */
  prepare: call(rescueSides.extend({ tables: z.array(tableName).min(1).max(500), zone: z.string().max(100) }), rescuePrepared),
  /** Reads both tables whole, so it takes its time. */
  foretell: call(rescueSides.extend({ table: rescueTable }), rescueCounts),
  /** The SQL that will run, the checks, and the counts foretold. */
  preview: call(rescueRequest, rescuePreview),
  /** Refused by any blocker of the checks before anything is written. */
  start: call(rescueRequest, jobStarted),
})

export type RescueSides = z.infer<typeof rescueSides>
export type RescueWay = z.infer<typeof rescueWay>
export type RescueTable = z.infer<typeof rescueTable>
export type RescueRequest = z.infer<typeof rescueRequest>
export type RescueListed = z.infer<typeof rescueListed>
export type RescueColumn = z.infer<typeof rescueColumn>
export type RescueFacts = z.infer<typeof rescueFacts>
export type RescuePrepared = z.infer<typeof rescuePrepared>
export type RescueCounts = z.infer<typeof rescueCounts>
export type RescuePreview = z.infer<typeof rescuePreview>
