// What a restore brought, counted in the database itself, and the one sentence that says how it went.
import type { Client } from 'pg'
import type { JobFact, JobIssue, JobResult, RowCheck } from '../../../shared/jobs/job'
import { packIds } from '../../../shared/model/archiveSelection'
import { formatBytes } from '../../../shared/model/byteCount'
import { qualifiedName, quoteIdentifier } from '../../../shared/model/identifier'
import { ConnectError } from '../../postgres/connectError'
import { one } from '../../postgres/serverState'
import { tocIdentity } from './chooseEntries'
import type { RunContext } from './runArchive'
import type { RestoreRun } from './runRestore'

const countingMs = 10_000

export interface RestoreEnd {
  context: RunContext
  run: RestoreRun
  /** null when the script has changed the password that this connection uses. */
  counted: Counted | null
  issues: readonly JobIssue[]
  rowCheck: RowCheck | null
  durationMs: number
}

/** Tables, rows and size of what was restored: counted while it still has its own name and none of another's settings. */
export async function countDatabase(context: RunContext): Promise<Counted | null> {
  const { plan } = context
  const sum = { tables: 0, rows: 0, exact: true, size: 0n }
  const end = performance.now() + countingMs
  let databases = 0
  for (const place of plan.places) {
    const counted = await countPlace(context, place, end)
    if (counted === 'password') return null
    if (counted === 'gone') continue
    databases += 1
    sum.tables += counted.tables
    sum.rows += counted.rows
    sum.exact &&= counted.exact
    sum.size += BigInt(counted.size)
  }
  return { ...sum, size: sum.size.toString(), databases }
}

/** A script can give the role another password, and leave a database that it names unmade. */
async function countPlace({ plan, services, job }: RunContext, database: string, end: number) {
  const script = plan.archive.kind === 'script'
  let client: Client
  try {
    client = await services.connections.open(plan.connection, database, job.signal)
  } catch (error) {
    if (script && error instanceof ConnectError && error.words.failure === 'password-wrong') return 'password'
    if (script && error instanceof ConnectError && error.words.failure === 'database') return 'gone'
    throw error
  }
  try {
    const rows = await countRows(client, end)
    const { size } = await one<{ size: string }>(client, 'SELECT pg_database_size(current_database())::text AS size')
    return { ...rows, size }
  } finally {
    await client.end()
  }
}

export function describeResult({ context, run, counted, issues, rowCheck, durationMs }: RestoreEnd): JobResult {
  const { plan } = context
  const { database } = plan.request.target
  const facts: JobFact[] = []
  const fact = (label: string, value: string, mono = false) => facts.push({ label, value, mono })
  if (run.entries !== null) fact('Entries', `${number(run.entries - run.failedEntries)} of ${number(run.entries)} restored`)
  for (const each of run.facts) fact(each.label, each.value)
  if (counted === null) {
    fact('Not counted', `The script gave ${plan.server.user} another password: put it into the connection to look inside.`)
  } else {
    const where = plan.places.length === 1 ? (plan.replace ? database : plan.places[0]) : `${counted.databases} databases`
    fact('Tables', `${number(counted.tables)} in ${where}`)
    fact(
      'Rows',
      counted.exact ? number(counted.rows) : `about ${number(counted.rows)}, estimated: counting took longer than 10 s`,
    )
    fact('Database size', formatBytes(counted.size))
  }
  fact('Took', duration(durationMs))
  fact('Exit status', run.exit, true)
  if (plan.replace) {
    fact('Old database', plan.replace.kept, true)
    fact('To drop the old one', `DROP DATABASE ${quoteIdentifier(plan.replace.kept)};`, true)
  }
  if (run.harmless > 0) fact('Harmless errors', `${number(run.harmless)}, each with its reason`)
  const differ = issues.filter(({ severity, harmless }) => severity === 'error' && harmless === null).length
  const kept = plan.replace ? ` The old ${database} is kept as ${plan.replace.kept} until you drop it.` : ''
  return {
    headline: headline({ ...run, errors: Math.max(run.errors, differ) }, issues, database) + kept,
    facts,
    backupPath: plan.archive.source.recordPath,
    // Where a script went, if that is one place.
    database: plan.replace || plan.places.length !== 1 ? database : (plan.places[0] ?? database),
    ...(rowCheck === null ? {} : { rowCheck }),
    ...(run.entries === null || run.restored === null
      ? {}
      : { restored: { count: run.entries - run.failedEntries, kinds: { ...run.restored } } }),
    ...(plan.replace?.old
      ? {
          kept: {
            database: plan.replace.kept,
            oid: plan.replace.old.oid,
            systemIdentifier: plan.server.systemIdentifier,
          },
        }
      : {}),
    ...(plan.archive.kind === 'archive' && run.repeatable.size > 0
      ? { failed: { toc: tocIdentity(plan.archive.toc), ids: packIds(run.repeatable), count: run.repeatable.size } }
      : {}),
  }
}

function headline(run: RestoreRun, issues: readonly JobIssue[], database: string): string {
  const warnings = issues.filter((issue) => issue.severity === 'warning' && issue.harmless === null).length
  const entries = run.entries === null ? 'The script ran to its end' : `All ${number(run.entries)} entries are in ${database}`
  if (run.errors === 0 && warnings === 0) return run.entries === null ? `${entries}; nothing failed.` : `${entries}.`
  if (run.errors === 0) return `${entries}, with ${warnings === 1 ? '1 warning' : `${number(warnings)} warnings`}.`
  const errors = run.errors === 1 ? '1 error' : `${number(run.errors)} errors`
  if (run.entries === null) return `Completed with ${errors}: these statements did nothing.`
  return `Completed with ${errors}: ${number(run.entries - run.failedEntries)} of ${number(run.entries)} entries restored.`
}

export interface Counted {
  tables: number
  rows: number
  exact: boolean
  /** Bytes. */
  size: string
  databases: number
}

/** Counts every table while ten seconds last; after that the planner's estimate stands for the rest. */
async function countRows(client: Client, end: number): Promise<Pick<Counted, 'tables' | 'rows' | 'exact'>> {
  const { rows: tables } = await client.query<{ schema: string; name: string; estimate: number }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name, greatest(c.reltuples, 0)::float8 AS estimate
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY c.relpages`,
  )
  const result = { tables: tables.length, rows: 0, exact: true }
  for (const table of tables) {
    const left = Math.floor(end - performance.now())
    const rows = result.exact && left > 0 ? await countTable(client, qualifiedName(table.schema, table.name), left) : null
    if (rows === null) result.exact = false
    result.rows += rows ?? table.estimate
  }
  return result
}

/** null when it can't be counted in the time, or not be read by this role. */
async function countTable(client: Client, table: string, milliseconds: number): Promise<number | null> {
  await client.query('BEGIN READ ONLY')
  try {
    await client.query(`SET LOCAL statement_timeout = ${milliseconds}`)
    return Number((await one<{ count: string }>(client, `SELECT count(*)::text AS count FROM ONLY ${table}`)).count)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === '57014' || code === '42501') return null
    throw error
  } finally {
    await client.query('ROLLBACK')
  }
}

function number(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}

function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
