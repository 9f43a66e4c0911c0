// Counts the rows of every table on both sides: at the source in the snapshot that was copied.
import { type Client, DatabaseError } from 'pg'
import type { JobIssue, RowCheck } from '../../../shared/jobs/job'
import { qualifiedName } from '../../../shared/model/identifier'
import type { JobContext } from '../../jobs/jobTypes'
import { hidePasswords } from '../../library/sqlText'
import type { SourceTable } from '../../postgres/readSource'

export interface RowComparison {
  source: Client
  destination: Client
  tables: readonly SourceTable[]
  job: JobContext
  onIssue: (issue: JobIssue) => void
}

const shownAtMost = 100

/**
 * Every table that differs, or that the destination can't count, becomes an issue. When the session that held the snapshot is
 * gone, nobody can count the source as of that moment any more: a warning, since the copy itself has come to its end.
 */
export async function compareRows({ source, destination, tables, job, onIssue }: RowComparison): Promise<RowCheck> {
  const counted = tables.filter((table) => table.kind === 'r')
  const check: RowCheck = { by: 'rows', against: 'source', tables: counted.length, matched: 0, rows: 0, different: [], left: [] }
  // Not the words of a policy: an error instead of fewer rows.
  await destination.query('SET row_security = off')
  for (const [at, { schema, name }] of counted.entries()) {
    job.signal.throwIfAborted()
    const quoted = qualifiedName(schema, name)
    const table = `${schema}.${name}`
    job.progress({ done: at, total: counted.length, unit: 'objects', label: `counting ${quoted} on both sides` })
    const [here, there] = await Promise.all([countHere(source, quoted), countThere(destination, quoted)])
    if (here instanceof Error) {
      job.signal.throwIfAborted()
      onIssue(notCounted(counted.length - at, here))
      const why = 'the session that held the snapshot was lost'
      check.left = counted.slice(at, at + shownAtMost).map((each) => ({ table: `${each.schema}.${each.name}`, why }))
      break
    }
    if (there === here) {
      check.matched += 1
      check.rows += here
      continue
    }
    check.different.push({ table, expected: here, found: typeof there === 'string' ? null : there })
    onIssue(different(table, here, there))
  }
  job.progress(null)
  const bad = check.different.length
  check.different = check.different.slice(0, shownAtMost)
  const words = `${check.rows.toLocaleString('en-US')} rows in ${check.matched === 1 ? '1 table' : `${check.matched} tables`}`
  if (bad > 0) job.endStep('compare', 'warning', `${bad} of ${counted.length} tables differ`)
  else if (check.left.length > 0) job.endStep('compare', 'warning', `${check.matched} of ${counted.length} tables counted`)
  else job.endStep('compare', 'done', `${words}, the same on both sides`)
  return check
}

function different(table: string, here: number, there: number | string): JobIssue {
  const rows = (n: number) => `${n.toLocaleString('en-US')} ${n === 1 ? 'row' : 'rows'}`
  return {
    ...{ severity: 'error', object: table, objectKind: 'TABLE', entry: '', statement: '', harmless: null, logLine: null },
    message:
      typeof there === 'string'
        ? `The table could not be counted at the destination: ${there}`
        : `The source has ${rows(here)}, the destination ${rows(there)}.`,
    advice: 'Look at the errors before this one: the table or its rows did not go in.',
  }
}

function notCounted(tables: number, error: Error): JobIssue {
  const which = tables === 1 ? '1 table' : `${tables} tables`
  return {
    ...{ severity: 'warning', object: '', objectKind: '', entry: '', statement: '', harmless: null, logLine: null },
    message: `The rows of ${which} were not counted: the session that held the snapshot of the source was lost (${hidePasswords(error.message)}).`,
    advice: 'Both programs came to their end without it. Compare the tables that matter by hand, or copy again.',
  }
}

async function count(client: Client, table: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`SELECT pg_catalog.count(*)::text AS count FROM ONLY ${table}`)
  return Number(rows[0]?.count)
}

/** The error where the session is gone. */
async function countHere(client: Client, table: string): Promise<number | Error> {
  try {
    return await count(client, table)
  } catch (error) {
    const ended = error instanceof DatabaseError && /^(57P|08)/.test(error.code ?? '')
    if (error instanceof Error && (ended || !(error instanceof DatabaseError))) return error
    throw error
  }
}

/** The server's own words where it can't. */
async function countThere(client: Client, table: string): Promise<number | string> {
  try {
    return await count(client, table)
  } catch (error) {
    if (error instanceof Error && 'severity' in error && error.severity === 'ERROR') return error.message
    throw error
  }
}
