// Restores a set as one job: missing roles and tablespaces, then every database beside others, and an honest word on each.
import type { ClusterRestoreRequest } from '../../../shared/contracts/clusterDump'
import type { JobIssue, JobResult, RowCheck } from '../../../shared/jobs/job'
import { AppError } from '../../../shared/rpc/appError'
import { runPart, runSeveral } from '../../jobs/jobPart'
import type { JobContext } from '../../jobs/jobTypes'
import { createGlobals } from '../../library/createGlobals'
import { hidePassword } from '../../library/hidePassword'
import { hidePasswords } from '../../library/sqlText'
import { openServer } from '../../postgres/openServer'
import type { ClusterServices, Parts } from './parts'
import { type PlannedDatabase, planSetRestore, type SetRestorePlan } from './planSetRestore'
import { countOf } from './runClusterScript'
import { stepOf } from './runSet'
import { trackParts } from './trackParts'

export function setRestoreSteps(databases: readonly string[]): { id: string; label: string }[] {
  return [
    { id: 'checks', label: 'Checks' },
    { id: 'globals', label: 'Roles and tablespaces' },
    ...databases.map((name, at) => ({ id: stepOf(at), label: `Database ${name}` })),
    { id: 'result', label: 'Result' },
  ]
}

export const setRestoreOnCancel =
  'Databases that are being filled then are dropped. Those that are whole by then, and new roles and tablespaces, stay.'

interface Outcome {
  name: string
  state: 'whole' | 'errors' | 'failed'
  words: string
  rowCheck?: RowCheck | undefined
}

/** Throws AppError when a database failed; the message says which did and which are whole. */
export async function runSetRestore(
  request: ClusterRestoreRequest,
  job: JobContext,
  services: ClusterServices,
  parts: Parts,
): Promise<JobResult> {
  const started = performance.now()
  services.connections.requireWritable(request.connectionId, 'Restoring')
  job.step('checks')
  const plan = await planSetRestore(services, parts, request, job.signal)
  if (plan.blocked !== '') {
    throw new AppError('preflight', `The restore was not started. ${plan.blocked}`, {
      hint: 'Put right what the checks name, then start again.',
    })
  }
  hidePassword(job, plan.connection, [plan.set.folder, ...plan.set.record.databases.map(({ name }) => name), ...plan.set.roles])
  const globals = await makeGlobals(request, plan, job, services)
  const outcomes = await restoreAll(request, plan, job, services, parts)
  job.progress(null)
  if (job.signal.aborted) {
    const whole = outcomes.filter(({ state }) => state !== 'failed').map(({ name }) => name)
    if (whole.length > 0) job.leftover(`These databases were restored before the cancel: ${whole.join(', ')}.`)
    if (globals.created.length > 0) job.leftover(`Created and kept: ${globals.created.join(', ')}.`)
    job.signal.throwIfAborted()
  }
  return describe(request, plan, globals, outcomes, performance.now() - started, job)
}

interface GlobalsMade {
  created: string[]
  kept: string[]
}

async function makeGlobals(
  request: ClusterRestoreRequest,
  plan: SetRestorePlan,
  job: JobContext,
  services: ClusterServices,
): Promise<GlobalsMade> {
  job.step('globals')
  const kept = plan.set.roles.filter((name) => !plan.roles.includes(name))
  if (!request.globals) {
    job.endStep('globals', 'skipped', 'not asked for')
    return { created: [], kept: [] }
  }
  for (const name of kept) job.log(`The role ${name} is here already and was left as it is.`)
  const noTablespaces = request.options.noTablespaces === true
  const client = await openServer(services, plan.connection, job.signal)
  try {
    const { created, failed } = await createGlobals(client, plan.set.globals, {
      roles: plan.roles,
      tablespaces: noTablespaces ? [] : plan.tablespaces.map(({ name }) => name),
      locations: request.locations,
    })
    for (const name of created) job.log(`Created ${name}.`)
    for (const { name, message } of failed) job.issue(globalsIssue(name, message))
    job.endStep('globals', failed.length > 0 ? 'warning' : 'done', `${created.length} created, ${kept.length} there already`)
    return { created, kept }
  } finally {
    await client.end()
  }
}

function globalsIssue(name: string, message: string): JobIssue {
  return {
    severity: 'error',
    object: name,
    objectKind: 'ROLE',
    entry: '',
    message: hidePasswords(message),
    statement: '',
    harmless: null,
    advice: 'Databases that need it will say so. Create it by hand if it is missed.',
    logLine: null,
  }
}

/** Every database gets its try, also after another failed. */
async function restoreAll(
  request: ClusterRestoreRequest,
  plan: SetRestorePlan,
  job: JobContext,
  services: ClusterServices,
  parts: Parts,
): Promise<Outcome[]> {
  const { databases } = plan
  const progress = trackParts(databases.map(({ database }) => ({ name: database.name, weight: Number(database.size) })))
  const results = await runSeveral(databases, request.atOnce, async (planned): Promise<Outcome> => {
    const at = databases.indexOf(planned)
    const { name } = planned.database
    if (job.signal.aborted) return { name, state: 'failed', words: 'not begun' }
    const step = stepOf(at)
    job.step(step, true)
    let errors = 0
    const onIssue = ({ severity, harmless }: JobIssue) => {
      if (severity === 'error' && harmless === null) errors += 1
    }
    const watch = {
      name,
      onIssue,
      onProgress: (each: Parameters<JobContext['progress']>[0]) => {
        progress.part(at, each)
        job.progress(progress.now())
      },
      onStep: (phase: string) => progress.phase(at, phase),
    }
    try {
      const result = await runPart(job, watch, async (part) => {
        const made = await parts.restore.run(planned.request, part)
        errors += await applySettings(services, plan, planned, part)
        return made
      })
      progress.done(at)
      job.progress(progress.now())
      const rows = result.facts.find(({ label }) => label === 'Rows')?.value ?? ''
      const words = errors > 0 ? countOf(errors, 'error') : `whole${rows === '' ? '' : `, ${rows} rows`}`
      job.endStep(step, errors > 0 ? 'warning' : 'done', words)
      return { name, state: errors > 0 ? 'errors' : 'whole', words, rowCheck: result.rowCheck }
    } catch (error) {
      const words = hidePasswords(error instanceof Error ? error.message : String(error))
      if (!job.signal.aborted) job.log(`[${name}] ${words}`, 'error')
      job.endStep(step, 'failed', job.signal.aborted ? 'cancelled' : words)
      return { name, state: 'failed', words }
    }
  })
  return results.map((result, at) =>
    result.status === 'fulfilled'
      ? result.value
      : { name: databases[at]?.database.name ?? '', state: 'failed', words: String(result.reason) },
  )
}

/** Settings, rights and comment of the database itself. Returns how many could not be set; each is an issue. */
async function applySettings(
  services: ClusterServices,
  plan: SetRestorePlan,
  { settings, database, request }: PlannedDatabase,
  part: JobContext,
): Promise<number> {
  // One that is made gets them by its own restore.
  if (request.target.kind === 'new') return 0
  const leave = request.options.noPrivileges === true
  const statements = settings.statements.filter((text) => !(leave && /^(GRANT|REVOKE)\b/i.test(text)))
  if (statements.length === 0) return 0
  let failed = 0
  const client = await openServer(services, plan.connection, part.signal)
  try {
    for (const statement of statements) {
      part.signal.throwIfAborted()
      try {
        await client.query(statement)
      } catch (error) {
        if (part.signal.aborted || !(error instanceof Error)) throw error
        failed += 1
        part.issue({
          severity: 'error',
          object: database.name,
          objectKind: 'DATABASE',
          entry: '',
          message: hidePasswords(error.message),
          statement: hidePasswords(statement).slice(0, 2000),
          harmless: null,
          advice: 'The rows are there. Set it by hand where it is missed.',
          logLine: null,
        })
      }
    }
  } finally {
    await client.end()
  }
  part.log(`${countOf(statements.length - failed, 'setting')} of the database itself restored.`)
  return failed
}

function describe(
  request: ClusterRestoreRequest,
  plan: SetRestorePlan,
  globals: GlobalsMade,
  outcomes: readonly Outcome[],
  durationMs: number,
  job: JobContext,
): JobResult {
  const of = (state: Outcome['state']) => outcomes.filter((each) => each.state === state)
  const names = (some: readonly Outcome[]) => some.map(({ name }) => name).join(', ')
  const failed = of('failed')
  const whole = of('whole')
  const others = of('errors')
  if (failed.length > 0) {
    job.leftover(`Restored: ${whole.length + others.length === 0 ? 'none' : names([...whole, ...others])}.`)
    throw new AppError(
      'tool_failed',
      `${countOf(failed.length, 'database')} of ${outcomes.length} failed. ${failed.map(({ name, words }) => `${name}: ${words}`).join(' ')}`,
      {
        hint: `${whole.length === 0 ? 'None is whole.' : `Whole are ${names(whole)}.`}${others.length === 0 ? '' : ` With errors: ${names(others)}.`} Put right what failed, then restore those databases again.`,
        details: { failed: failed.map(({ name }) => name), whole: whole.map(({ name }) => name) },
      },
    )
  }
  job.step('result')
  job.endStep('result', 'done')
  const counted = `${whole.length} of ${countOf(outcomes.length, 'database')}`
  return {
    headline:
      others.length === 0
        ? `Restored ${countOf(outcomes.length, 'database')}: each is whole.`
        : `Restored ${counted} whole; with errors: ${names(others)}.`,
    facts: [
      ...outcomes.map(({ name, words }) => ({ label: name, value: words, mono: false })),
      ...(request.globals
        ? [
            { label: 'Created', value: globals.created.join(', ') || 'nothing was missing', mono: false },
            { label: 'Left as they were', value: globals.kept.join(', ') || 'none', mono: false },
          ]
        : []),
      { label: 'Took', value: `${(durationMs / 1000).toFixed(1)} s`, mono: false },
    ],
    backupPath: plan.set.folder,
    database: outcomes.length === 1 ? (outcomes[0]?.name ?? null) : null,
    ...rowsTogether(outcomes),
  }
}

/** One account of the rows of all databases; nothing where rows were not asked for. */
function rowsTogether(outcomes: readonly Outcome[]): { rowCheck?: RowCheck } {
  const checks = outcomes.flatMap(({ name, rowCheck }) => (rowCheck?.by === 'rows' ? [{ name, ...rowCheck }] : []))
  if (checks.length === 0) return {}
  const sum = (of: (check: RowCheck) => number) => checks.reduce((total, check) => total + of(check), 0)
  const named = <T extends { table: string }>(name: string, some: readonly T[]) =>
    some.map((each) => ({ ...each, table: `${name}: ${each.table}` }))
  return {
    rowCheck: {
      by: 'rows',
      tables: sum(({ tables }) => tables),
      matched: sum(({ matched }) => matched),
      rows: sum(({ rows }) => rows),
      different: checks.flatMap(({ name, different }) => named(name, different)).slice(0, 100),
      left: checks.flatMap(({ name, left }) => named(name, left)).slice(0, 100),
    },
  }
}
