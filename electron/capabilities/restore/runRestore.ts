// The restore job: checks, a new database, the archive or script, statistics, and an honest account of what came of it.
import type { RestoreRequest } from '../../../shared/contracts/restore'
import type { JobIssue, JobResult, RowCheck } from '../../../shared/jobs/job'
import type { JobContext } from '../../jobs/jobTypes'
import { analyzeDatabase } from '../../library/analyzeDatabase'
import { createDatabase, dropMadeDatabase } from '../../library/createDatabase'
import { compareRows, filledTables } from './compareRows'
import { compareScript, filledPlaces } from './compareScript'
import { countDatabase, describeResult } from './describeResult'
import { planRestore, type RestorePlan, type RestoreServices } from './planRestore'
import { checkRestore, refuseBlocked } from './preflight'
import { restoreProperties } from './restoreProperties'
import { type RunContext, runArchive } from './runArchive'
import { runScript } from './runScript'
import { takePlace, tryCarrying } from './takePlace'

/** What a restore's program did, before it is put in words. */
export interface RestoreRun {
  /** Errors that count. */
  errors: number
  harmless: number
  exit: string
  facts: { label: string; value: string }[]
  failedEntries: number
  /** Ids of the failed entries that can be restored again. */
  repeatable: ReadonlySet<number>
  entries: number | null
  /** Entries without an error, by kind; null for a script. */
  restored: Readonly<Record<string, number>> | null
}

/** `planned`: the names that were shown before the start are made from it. */
export async function runRestore(
  asked: RestoreRequest,
  job: JobContext,
  services: RestoreServices,
  planned = new Date(),
): Promise<JobResult> {
  const started = performance.now()
  services.connections.requireWritable(asked.connectionId, 'Restoring')
  job.step('checks')
  const plan = await planRestore(services, asked, job.signal, planned)
  const rows = await checkRestore(services, plan, true, job.signal, (done, total, file) =>
    job.progress({ done, total, unit: 'bytes', label: `SHA-256 of ${file}` }),
  )
  for (const each of rows) job.log(`${each.result}: ${each.check}: ${each.found}`, each.result === 'pass' ? 'info' : 'warning')
  refuseBlocked(rows)
  job.signal.throwIfAborted()
  job.progress(null)
  const { database } = plan
  hidePassword(plan, job)
  const { env, remove } = await services.connections.toolEnvironment(plan.connection)
  job.onCleanup('remove the passfile', remove)

  // Seen as "unfinished" by a restart until the end of the job says otherwise.
  job.output({ partial: null, final: database })
  const made = { connection: plan.connection, database, job, services }
  const created = plan.createSql === null ? false : await createDatabase(made, plan.createSql, 'Nothing was restored.')
  if (created) await tryCarrying(plan, services, job)
  const issues: JobIssue[] = []
  const onIssue = (issue: JobIssue) => {
    issues.push(issue)
    job.issue(issue)
  }
  const context = { plan, env, job, services, onIssue }
  let placed = false
  try {
    const filled = await filledBefore(context)
    const run = plan.archive.kind === 'archive' ? await runArchive(context) : await runScript(context)
    job.progress(null)
    for (const each of plan.analyze) await analyzeDatabase({ ...made, ...each, env, onIssue })
    const rowCheck = await checkRows(context, filled, issues)
    const counted = await countDatabase(context)
    await restoreProperties(context)
    if (plan.replace) await takePlace(context, issues)
    placed = plan.replace !== null
    job.step('result')
    const result = describeResult({ context, run, counted, issues, rowCheck, durationMs: performance.now() - started })
    job.endStep('result', 'done')
    return result
  } catch (error) {
    if (!placed) await leaveUnfinished(plan, created, job, services)
    throw error
  }
}

/** Only an existing database can hold rows that no restore brought; with --clean its tables are made anew. */
async function filledBefore(context: RunContext): Promise<ReadonlySet<string>> {
  const { plan, services, job } = context
  const { request, archive, selected } = plan
  if (archive.kind === 'script' && request.checkRows === true) return filledPlaces(context)
  if (request.target.kind !== 'existing' || request.checkRows !== true || request.options.clean === true) return new Set()
  if (archive.kind !== 'archive' || !selected) return new Set()
  const client = await services.connections.open(plan.connection, plan.database, job.signal)
  try {
    return await filledTables(
      client,
      archive.toc.entries.filter(({ id }) => selected.has(id)),
    )
  } finally {
    await client.end()
  }
}

const tables = (n: number) => (n === 1 ? '1 table' : `${n} tables`)

/** A table that differs is an error of its own, unless an error named it already. */
async function checkRows(
  context: RunContext,
  filled: ReadonlySet<string>,
  issues: readonly JobIssue[],
): Promise<RowCheck | null> {
  const { plan, job, onIssue } = context
  const asked = plan.request.checkRows === true
  if (asked) job.step('rows')
  const script = plan.archive.kind === 'script'
  const check = script ? (asked ? await compareScript(context, filled) : null) : await compareRows(context, filled)
  if (check) {
    const told = new Set(issues.filter(({ harmless }) => harmless === null).map(({ object }) => object))
    for (const { table, expected, found } of check.different)
      if (!told.has(table)) onIssue(difference(script ? 'script' : 'archive', table, expected, found))
  }
  if (asked) {
    const bad = check?.different.length ?? 0
    const words =
      check === null
        ? 'nothing to compare'
        : bad > 0
          ? `${tables(bad)} ${bad === 1 ? 'differs' : 'differ'}`
          : `${tables(check.matched)} ${check.matched === 1 ? 'matches' : 'match'}`
    job.endStep('rows', bad > 0 ? 'warning' : 'done', check?.by === 'presence' ? `${words}, rows not counted` : words)
  }
  return check
}

function difference(what: string, table: string, expected: number | null, found: number | null): JobIssue {
  const rows = (count: number) => `${count.toLocaleString('en-US')} ${count === 1 ? 'row' : 'rows'}`
  const has = found === null ? 'The table is not in the database.' : `The table has ${rows(found)}.`
  return {
    severity: 'error',
    object: table,
    objectKind: 'TABLE DATA',
    entry: '',
    message: expected === null ? has : `The ${what} holds ${rows(expected)} of it. ${has}`,
    statement: '',
    harmless: null,
    advice: 'Look at the log for what was said of this table. Triggers of the destination can change what is loaded.',
    logLine: null,
  }
}

/**
 * No program gets the password in argv or says it; stars are a second line. One that is part of a name here would turn that
 * name into stars everywhere, links and errors included, and so is left to the first line alone.
 */
function hidePassword(plan: RestorePlan, job: JobContext): void {
  const { password, settings, label } = plan.connection
  if (!password) return
  const { archive, request } = plan
  const entries =
    archive.kind === 'archive' ? archive.toc.entries.flatMap((entry) => [entry.schema ?? '', entry.tag, entry.owner]) : []
  const names = [
    archive.source.archive,
    request.target.database,
    plan.database,
    label,
    settings.host,
    settings.user,
    String(settings.port),
    ...entries,
  ]
  if (!names.some((name) => name.includes(password.reveal()))) job.hide(password)
}

/** Cancelled: the database this job created goes. Failed: it stays, since it may hold what a person needs, named as incomplete. */
async function leaveUnfinished(plan: RestorePlan, created: boolean, job: JobContext, services: RestoreServices): Promise<void> {
  const { database } = plan
  if (!created) {
    const whole = plan.request.singleTransaction
    job.leftover(
      whole
        ? `The database ${database} is as it was before: everything ran in one transaction.`
        : `The database ${database} holds what was restored until then.`,
    )
    return
  }
  if (!job.signal.aborted) {
    const whose = plan.replace ? ` ${plan.request.target.database} is as it was.` : ''
    job.leftover(`The database ${database}, created by this job, is incomplete.${whose}`)
    return
  }
  await dropMadeDatabase({ connection: plan.connection, database, job, services })
}
