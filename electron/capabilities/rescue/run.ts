// What the parts of a running rescue share: the sessions, what became of each table, and statements with words for their errors.
import { DatabaseError } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { explainSqlError } from '../../postgres/sqlError'
import type { Stoppable } from '../../postgres/stoppable'
import type { LargeObjectOutcome } from './largeObjects'
import type { MergeCounts } from './mergeRows'
import type { RescuePlan } from './planRescue'
import type { TablePlan } from './tablePlan'

export interface TableOutcome {
  /** Rows that went in, or were changed: counted by the live server. */
  brought: number
  /** missing: what the comparison found. */
  counts?: MergeCounts
  /** missing: rows that are there by now, and that did not go in for another reason, with their first keys. */
  there?: number
  leftOut?: { rows: number; keys: string[] }
  /** replace: rows that were kept, went, were changed, and came. */
  replaced?: { kept: number; deleted: number; updated: number; inserted: number }
  /** Rows that read otherwise than at the source, since triggers fired. */
  changedByTriggers?: number
}

export interface Run {
  job: JobContext
  plan: RescuePlan
  /** The recovered database, only read. */
  source: Stoppable
  /** The live database: the one transaction. */
  target: Stoppable
  /** The live database, only read. */
  reader: Stoppable
  /** Those that came along; undefined where no row leads to any. */
  largeObjects?: LargeObjectOutcome
  /** By their place in the plan. */
  tables: Map<TablePlan, TableOutcome>
}

const hints: Readonly<Record<string, string>> = {
  '23505': 'Another row has that value by now. Let such rows be left out, or rescue as a new table and choose by hand.',
  '23503': 'A row that it leads to is not there. Rescue that table too.',
  '23502': 'A column that is NOT NULL now had no value then. Rescue as a new table.',
  '40P01':
    'Another session waited for what the rescue held, and held what it waited for: the server ended the rescue. Start again.',
  '23514': 'A constraint of the live table was added or changed since. Rescue as a new table.',
}

/** `what` reads like "Inserting into public.orders". */
export function explainRescue(error: unknown, what: string): AppError {
  if (!(error instanceof DatabaseError)) return explainSqlError(error, what)
  const explained = explainSqlError(error, what, hints[error.code ?? ''])
  const detail = error.detail && error.code?.startsWith('23') === true ? ` ${error.detail}` : ''
  if (detail === '') return explained
  return new AppError(explained.code, `${explained.message}${detail}`, {
    ...(explained.hint === undefined ? {} : { hint: explained.hint }),
    ...(explained.details ? { details: explained.details } : {}),
    cause: error,
  })
}

/** In the live transaction; rows of the last statement. */
export async function runOne({ target, job }: Run, sql: string, what: string): Promise<{ rows: unknown[]; count: number }> {
  job.signal.throwIfAborted()
  const result = await target.client.query(sql).catch((error: unknown) => {
    job.signal.throwIfAborted()
    throw explainRescue(error, what)
  })
  // Several statements give several results.
  if (Array.isArray(result)) return { rows: [], count: 0 }
  const rows: unknown[] = result.rows
  return { rows, count: result.rowCount ?? 0 }
}

const countRow = z.object({ rows: z.string() })

/** Of a SELECT with one row, whose column `rows` is a count. */
export async function countOne(run: Run, sql: string, what: string): Promise<number> {
  return Number(countRow.parse((await runOne(run, sql, what)).rows[0]).rows)
}

export async function runAll(run: Run, statements: readonly string[], what: string): Promise<void> {
  for (const statement of statements) await runOne(run, statement, what)
}
