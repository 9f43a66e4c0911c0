// The job: a database from one server to another through a pipe, in one snapshot, with every row counted on both sides.
import type { Client } from 'pg'
import type { PipeRequest } from '../../../shared/contracts/pipe'
import type { JobIssue, JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { hidePasswords } from '../../library/sqlText'
import { openServer } from '../../postgres/openServer'
import { compareRows } from './compareRows'
import { holdSnapshot } from './holdSnapshot'
import { movePipe } from './movePipe'
import { type PipePlan, type PipeServices, planPipe } from './planPipe'
import { checkPipe, refuseBlocked, selects } from './preflightPipe'

export async function runCopy(asked: PipeRequest, job: JobContext, services: PipeServices): Promise<JobResult> {
  const started = performance.now()
  job.step('checks')
  const plan = await planPipe(services, asked, job.signal)
  const rows = checkPipe(services, plan)
  for (const each of rows) job.log(`${each.result}: ${each.check}: ${each.found}`, each.result === 'pass' ? 'info' : 'warning')
  refuseBlocked(plan, rows)
  job.signal.throwIfAborted()
  hidePassword(plan, job)
  const { database } = plan.request.target
  job.output({ partial: null, final: database })
  const held = await holdSnapshot(services, plan, job)
  const created = plan.createSql === null ? false : await createDatabase(plan, job, services)
  const issues: JobIssue[] = []
  const onIssue = (issue: JobIssue) => {
    issues.push(issue)
    job.issue(issue)
  }
  try {
    const moved = await movePipe({ plan, job, services, snapshot: held.snapshot, onIssue })
    if (plan.request.analyze) await analyze(plan, job, services, onIssue)
    const compared = await compare(plan, job, services, held.client, onIssue)
    job.step('result')
    return {
      headline: headline(plan, issues, compared?.tables ?? null, compared?.rows ?? null),
      facts: [
        { label: 'From', value: `${plan.request.database} on ${plan.source.connection.label}`, mono: false },
        { label: 'Into', value: `${database} on ${plan.destination.connection.label}`, mono: false },
        { label: 'Through the pipe', value: formatBytes(String(moved.bytes)), mono: false },
        ...(compared
          ? [
              {
                label: 'Rows',
                value: `${number(compared.rows)} in ${tables(compared.tables)}, counted on both sides`,
                mono: false,
              },
            ]
          : []),
        ...(moved.harmless > 0
          ? [{ label: 'Harmless errors', value: `${moved.harmless}, each with its reason`, mono: false }]
          : []),
        { label: 'Took', value: `${((performance.now() - started) / 1000).toFixed(1)} s`, mono: false },
        { label: 'Exit status', value: moved.exit, mono: true },
      ],
      backupPath: null,
      database,
    }
  } catch (error) {
    throw await leaveUnfinished(plan, created, job, services, error)
  }
}

/** A second line only; one that is part of a name would turn that name into stars everywhere. */
function hidePassword(plan: PipePlan, job: JobContext): void {
  const sides = [plan.source.connection, plan.destination.connection]
  const names = [
    plan.request.database,
    plan.request.target.database,
    ...sides.flatMap(({ label, settings }) => [label, settings.host, settings.user, String(settings.port)]),
    ...plan.source.needs.roles.map(({ name }) => name),
    ...plan.source.facts.tables.flatMap(({ schema, name }) => [schema, name]),
  ]
  for (const { password } of sides) {
    if (password && !names.some((name) => name.includes(password.reveal()))) job.hide(password)
  }
}

async function createDatabase(plan: PipePlan, job: JobContext, services: PipeServices): Promise<true> {
  const sql = plan.createSql ?? ''
  const { database } = plan.request.target
  job.step('create')
  job.command({
    title: `SQL on ${plan.destination.connection.label}`,
    program: 'SQL',
    version: null,
    words: [`${sql};`],
    kind: 'sql',
  })
  const client = await openServer(services, plan.destination.connection, job.signal)
  try {
    job.signal.throwIfAborted()
    await client.query(sql)
  } catch (error) {
    if (job.signal.aborted || !(error instanceof Error)) throw error
    throw new AppError('postgres', `The database ${database} could not be created: ${error.message}.`, {
      hint: 'Nothing was copied. Change the destination and start again.',
      details: { original: error.message },
      cause: error,
    })
  } finally {
    await client.end()
  }
  job.log(`Created the database ${database} from template0.`)
  job.endStep('create', 'done', 'from template0')
  return true
}

async function analyze(
  plan: PipePlan,
  job: JobContext,
  services: PipeServices,
  onIssue: (issue: JobIssue) => void,
): Promise<void> {
  job.step('analyze')
  job.command({ title: 'Statistics', program: 'SQL', version: null, words: ['ANALYZE;'], kind: 'sql' })
  const client = await services.connections.open(plan.destination.connection, plan.request.target.database, job.signal)
  try {
    await client.query('ANALYZE')
    job.endStep('analyze', 'done')
  } catch (error) {
    job.signal.throwIfAborted()
    const message = `ANALYZE failed: ${error instanceof Error ? error.message : String(error)}`
    const advice = 'The rows are there. Run ANALYZE in the database, so that queries are planned well.'
    const none = { object: '', objectKind: '', entry: '', statement: '', harmless: null, logLine: null }
    onIssue({ severity: 'warning', message, advice, ...none })
    job.endStep('analyze', 'warning', 'failed')
  } finally {
    await client.end()
  }
}

/** Only where the whole database went into an empty one: otherwise the destination is meant to hold something else. */
async function compare(
  plan: PipePlan,
  job: JobContext,
  services: PipeServices,
  source: Client,
  onIssue: (issue: JobIssue) => void,
) {
  job.step('compare')
  const { content } = plan.destination
  if (selects(plan.request) || (content !== null && content.tables > 0)) {
    job.endStep('compare', 'skipped', 'only a part was chosen, or the database was not empty')
    return null
  }
  const destination = await services.connections.open(plan.destination.connection, plan.request.target.database, job.signal)
  try {
    return await compareRows({ source, destination, tables: plan.source.facts.tables, job, onIssue })
  } finally {
    await destination.end()
  }
}

function headline(plan: PipePlan, issues: readonly JobIssue[], count: number | null, rows: number | null): string {
  const { database } = plan.request.target
  const counted = issues.filter((issue) => issue.harmless === null)
  const errors = counted.filter((issue) => issue.severity === 'error').length
  const where = `${database} on ${plan.destination.connection.label}`
  if (errors > 0) return `Completed with ${errors === 1 ? '1 error' : `${number(errors)} errors`}: ${where} is not whole.`
  const warnings =
    counted.length === 0 ? '' : ` There ${counted.length === 1 ? 'is 1 warning' : `are ${counted.length} warnings`}.`
  if (count === null || rows === null) return `What was chosen of ${plan.request.database} is in ${where}.${warnings}`
  return `${plan.request.database} is in ${where}: ${number(rows)} rows in ${tables(count)}, the same on both sides.${warnings}`
}

/** The database this job made goes, cancelled or failed: the source is as it was, and half a copy is worth nothing. */
async function leaveUnfinished(
  plan: PipePlan,
  created: boolean,
  job: JobContext,
  services: PipeServices,
  error: unknown,
): Promise<unknown> {
  const { database } = plan.request.target
  const where = `${database} on ${plan.destination.connection.label}`
  if (!created) {
    job.leftover(`The database ${where} holds what was copied until then.`)
    return error
  }
  try {
    // Not the job's signal: that one may have been aborted.
    const client = await openServer(services, plan.destination.connection, undefined, database)
    try {
      await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)} WITH (FORCE)`)
    } finally {
      await client.end()
    }
    job.log(`Dropped the database ${where}, which this job had created.`)
    if (!(error instanceof AppError) || job.signal.aborted) return error
    const hint = [error.hint, `The database ${where}, which this job had made, was dropped.`].filter(Boolean).join(' ')
    return new AppError(error.code, error.message, { hint, ...(error.details ? { details: error.details } : {}), cause: error })
  } catch (problem) {
    const why = hidePasswords(problem instanceof Error ? problem.message : String(problem))
    job.log(`The database ${where} could not be dropped: ${why}`, 'error')
    job.leftover(`The database ${where}, created by this job, is incomplete; it could not be dropped: ${why}`)
    return error
  }
}

export function number(n: number): string {
  return n.toLocaleString('en-US')
}

export function tables(n: number): string {
  return n === 1 ? '1 table' : `${number(n)} tables`
}
