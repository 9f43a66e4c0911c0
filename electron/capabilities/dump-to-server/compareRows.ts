// Counts the rows of every table on both sides: at the source in the snapshot that was copied.
import type { Client } from 'pg'
import type { JobIssue } from '../../../shared/jobs/job'
import { qualifiedName } from '../../../shared/model/identifier'
import type { JobContext } from '../../jobs/jobTypes'
import type { SourceTable } from '../../postgres/readSource'

export interface RowComparison {
  source: Client
  destination: Client
  tables: readonly SourceTable[]
  job: JobContext
  onIssue: (issue: JobIssue) => void
}

/** Every table that differs, or that the destination can't count, becomes an issue. */
export async function compareRows({ source, destination, tables, job, onIssue }: RowComparison) {
  const counted = tables.filter((table) => table.kind === 'r')
  const result = { tables: counted.length, rows: 0, different: 0 }
  // Not the words of a policy: an error instead of fewer rows.
  await destination.query('SET row_security = off')
  for (const [at, table] of counted.entries()) {
    job.signal.throwIfAborted()
    const name = qualifiedName(table.schema, table.name)
    job.progress({ done: at, total: counted.length, unit: 'objects', label: `counting ${name} on both sides` })
    const [here, there] = await Promise.all([count(source, name), countThere(destination, name)])
    result.rows += here
    if (there === here) continue
    result.different += 1
    const plain = { object: `${table.schema}.${table.name}`, objectKind: 'TABLE', entry: '', statement: '', harmless: null }
    onIssue({
      severity: 'error',
      ...plain,
      message:
        typeof there === 'string'
          ? `The table could not be counted at the destination: ${there}`
          : `The source has ${here.toLocaleString('en-US')} rows, the destination ${there.toLocaleString('en-US')}.`,
      advice: 'Look at the errors before this one: the table or its rows did not go in.',
      logLine: null,
    })
  }
  job.progress(null)
  const words = `${result.rows.toLocaleString('en-US')} rows in ${counted.length === 1 ? '1 table' : `${counted.length} tables`}`
  if (result.different === 0) job.endStep('compare', 'done', `${words}, the same on both sides`)
  else job.endStep('compare', 'warning', `${result.different} of ${counted.length} tables differ`)
  return result
}

async function count(client: Client, table: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`SELECT pg_catalog.count(*)::text AS count FROM ONLY ${table}`)
  return Number(rows[0]?.count)
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
