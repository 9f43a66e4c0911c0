// The job: a database from one server to another through a pipe, in one snapshot, with every row counted on both sides. A new
// database bears another name until it is whole.
import type { Client } from 'pg'
import type { PipeRequest } from '../../../shared/contracts/pipe'
import type { JobIssue, JobResult, RowCheck } from '../../../shared/jobs/job'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { analyzeDatabase } from '../../library/analyzeDatabase'
import { createDatabase, dropMadeDatabase } from '../../library/createDatabase'
import { hidePasswords } from '../../library/sqlText'
import { withServer } from '../../postgres/openServer'
import { compareRows } from './compareRows'
import { describe } from './describeCopy'
import { holdSnapshot } from './holdSnapshot'
import { movePipe } from './movePipe'
import { type PipePlan, type PipeServices, planPipe, sqlCommand } from './planPipe'
import { checkPipe, refuseBlocked, selects } from './preflightPipe'

/** `planned`: the name that the new database bears until it is whole was shown before the start, and is made from it. */
export async function runCopy(
  asked: PipeRequest,
  job: JobContext,
  services: PipeServices,
  planned = new Date(),
): Promise<JobResult> {
  const started = performance.now()
  services.connections.requireWritable(asked.destinationId, 'Copying a database to it')
  job.step('checks')
  const plan = await planPipe(services, asked, job.signal, planned)
  const rows = checkPipe(services, plan)
  for (const each of rows) job.log(`${each.result}: ${each.check}: ${each.found}`, each.result === 'pass' ? 'info' : 'warning')
  refuseBlocked(plan, rows)
  job.signal.throwIfAborted()
  hidePassword(plan, job)
  const { connection } = plan.destination
  const from = await services.connections.toolEnvironment(plan.source.connection)
  job.onCleanup('remove the passfile of the source', from.remove)
  const into = await services.connections.toolEnvironment(connection)
  job.onCleanup('remove the passfile of the destination', into.remove)
  job.output({ partial: null, final: plan.database })
  const held = await holdSnapshot(services, plan, job)
  const made = { connection, database: plan.database, job, services }
  const created = plan.createSql === null ? false : await createDatabase(made, plan.createSql, 'Nothing was copied.')
  const issues: JobIssue[] = []
  const onIssue = (issue: JobIssue) => {
    issues.push(issue)
    job.issue(issue)
  }
  try {
    const environments = { from: from.env, into: into.env }
    const moved = await movePipe({ plan, job, services, snapshot: held.snapshot, environments, onIssue })
    if (plan.request.analyze) await analyzeDatabase({ ...made, planned: plan.analyze, env: into.env, onIssue })
    const check = await compare(plan, job, services, held.client, onIssue)
    // From here on it is a moment, and a cancel in between would help nobody.
    job.signal.throwIfAborted()
    const database = created ? await takeName(plan, job, services, onIssue) : plan.database
    job.step('result')
    return describe({ plan, database, moved, check, issues, durationMs: performance.now() - started })
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

/** Only where the whole database went into an empty one: otherwise the destination is meant to hold something else. */
async function compare(
  plan: PipePlan,
  job: JobContext,
  services: PipeServices,
  source: Client,
  onIssue: (issue: JobIssue) => void,
): Promise<RowCheck | null> {
  job.step('compare')
  const { content, connection } = plan.destination
  if (selects(plan.request) || (content !== null && content.tables > 0)) {
    job.endStep('compare', 'skipped', 'only a part was chosen, or the database was not empty')
    return null
  }
  const destination = await services.connections.open(connection, plan.database, job.signal)
  try {
    return await compareRows({ source, destination, tables: plan.source.facts.tables, job, onIssue })
  } finally {
    await destination.end()
  }
}

/** Only now does it bear the name that was asked for. Returns the name it has: where renaming fails, the one it was filled under. */
async function takeName(
  plan: PipePlan,
  job: JobContext,
  services: PipeServices,
  onIssue: (issue: JobIssue) => void,
): Promise<string> {
  const { database, renameSql, destination } = plan
  const wanted = plan.request.target.database
  job.step('name')
  job.command(sqlCommand(`SQL on ${destination.connection.label}`, renameSql ?? ''))
  try {
    await withServer(services, destination.connection, (client) => client.query(renameSql ?? ''))
    job.log(`${database} is ${wanted} now.`)
    job.endStep('name', 'done', wanted)
    return wanted
  } catch (error) {
    const why = hidePasswords(error instanceof Error ? error.message : String(error))
    onIssue({
      ...{ severity: 'error', object: database, objectKind: 'DATABASE', entry: '', statement: `${renameSql};`, harmless: null },
      message: `The copy could not be given its name ${wanted}: ${why}`,
      advice: `It is called ${database}. Once nobody is connected to it and no other database has that name, rename it.`,
      logLine: null,
    })
    job.endStep('name', 'warning', `still ${database}`)
    return database
  }
}

/** The database this job made goes, cancelled or failed: the source is as it was, and half a copy is worth nothing. */
async function leaveUnfinished(
  plan: PipePlan,
  created: boolean,
  job: JobContext,
  services: PipeServices,
  error: unknown,
): Promise<unknown> {
  const { database } = plan
  const { connection } = plan.destination
  const where = `${database} on ${connection.label}`
  if (!created) {
    job.leftover(`The database ${where} holds what was copied until then.`)
    return error
  }
  const gone = await dropMadeDatabase({ connection, database, job, services }, where)
  if (!gone || !(error instanceof AppError) || job.signal.aborted) return error
  const hint = [error.hint, `The database ${where}, which this job had made, was dropped.`].filter(Boolean).join(' ')
  return new AppError(error.code, error.message, { hint, ...(error.details ? { details: error.details } : {}), cause: error })
}
