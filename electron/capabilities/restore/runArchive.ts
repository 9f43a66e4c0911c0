// Runs pg_restore for an archive: progress by section, errors by entry, and an end that is judged by what was seen.
import type { JobIssue } from '../../../shared/jobs/job'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { type RestoreOutcome, readRestoreOutput } from '../../library/restoreOutput'
import { hidePasswords } from '../../library/sqlText'
import type { ProcessExit } from '../../process/processTypes'
import type { RestorePlan, RestoreServices } from './planRestore'
import type { TocEntry } from './readToc'
import type { RestoreRun } from './runRestore'

export interface RunContext {
  plan: RestorePlan
  env: Record<string, string>
  job: JobContext
  services: RestoreServices
  onIssue: (issue: JobIssue) => void
}

const sections = ['before', 'data', 'after'] as const

export async function runArchive({ plan, env, job, services, onIssue }: RunContext): Promise<RestoreRun> {
  const { archive, restore, selected, server } = plan
  if (archive.kind !== 'archive' || !selected) throw new Error('runArchive is for archives that were listed')
  const entries = archive.toc.entries.filter((entry) => selected.has(entry.id))
  const parallel = Number(plan.request.options.jobs ?? 1) > 1
  const phases = followSections(entries, job, parallel)
  const reader = readRestoreOutput({
    entries: archive.toc.entries,
    parallel,
    facts: { server: server.version, program: restore.tool.program, tool: restore.tool.version },
    onEntry: (id, kind, label) => phases.entry(id, kind, label),
    onIssue,
    logLine: () => lastLogLine(services, job),
  })
  job.command(restore.shown)
  job.step('before')
  const exit = await job.run({
    file: restore.tool.path,
    argv: restore.argv,
    env,
    logStderr: false,
    onStderr: (line) => {
      job.log(hidePasswords(line), levelOf(line))
      reader.line(line)
    },
  })
  const outcome = reader.end()
  job.signal.throwIfAborted()
  judgeExit(exit, outcome, plan)
  compareCounts(outcome, parallel, onIssue)
  phases.end(outcome.failedEntries)
  if (phases.seen() < entries.length) {
    onIssue(unseen(`pg_restore named only ${phases.seen()} of ${entries.length} entries while it worked.`))
  }
  return {
    errors: outcome.errors - outcome.harmless,
    harmless: outcome.harmless,
    exit: exit.killedBy === null ? `pg_restore ${exit.code}` : `pg_restore, ${exit.killedBy}`,
    failedEntries: outcome.failedEntries.size,
    repeatable: outcome.repeatable,
    restored: restoredKinds(entries, outcome),
    entries: entries.length,
    facts: [],
  }
}

/** Kinds of the entries without an error, the most first. */
function restoredKinds(entries: readonly TocEntry[], { failedEntries }: RestoreOutcome): Record<string, number> {
  const kinds = new Map<string, number>()
  for (const { id, kind } of entries) if (!failedEntries.has(id)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  return Object.fromEntries([...kinds].toSorted((a, b) => b[1] - a[1]))
}

/** The number of the job's newest log line. */
export function lastLogLine(services: Pick<RestoreServices, 'jobs'>, job: JobContext): number | null {
  const { logLines } = services.jobs.get(job.id)
  return logLines > 0 ? logLines - 1 : null
}

export function levelOf(line: string): 'info' | 'warning' | 'error' {
  if (/(^|[\s:])(error|ERROR|fatal|FATAL|PANIC):/.test(line)) return 'error'
  return /(^|[\s:])(warning|WARNING):/.test(line) ? 'warning' : 'info'
}

/** pg_restore ends with 1 both when it went on after errors and when it gave up: only its last line tells. */
function judgeExit(exit: ProcessExit, outcome: RestoreOutcome, plan: RestorePlan): void {
  if (outcome.lost !== null) {
    throw new AppError('tool_failed', `The connection to the server was lost while restoring: ${outcome.lost.split('\n')[0]}`, {
      hint: hintFor('connection', plan),
      details: { stderr: exit.stderrTail.slice(-10).map(hidePasswords) },
    })
  }
  if (exit.code === 0) return
  if (exit.code === 1 && outcome.ignored !== null && outcome.fatal.length === 0) return
  const said = outcome.fatal.at(-1) ?? exit.stderrTail.findLast((line) => /error:/.test(line)) ?? exit.stderrTail.at(-1) ?? ''
  const how = exit.killedBy === null ? `exit status ${exit.code}` : `ended by ${exit.killedBy}`
  throw new AppError(
    'tool_failed',
    `pg_restore stopped before the end (${how}): ${hidePasswords(said.replace(/^pg_restore: error: /, ''))}`,
    {
      hint: hintFor(said, plan),
      details: { stderr: exit.stderrTail.slice(-10).map(hidePasswords) },
    },
  )
}

function hintFor(said: string, plan: RestorePlan): string {
  if (
    /could not read from input file|unexpected end of file|could not read data|could not find|corrupt|could not uncompress/i.test(
      said,
    )
  ) {
    return 'The archive is cut off or damaged. Choose another backup, or copy this one again from where it was made.'
  }
  if (/connection|server closed|terminat|shutting down|could not connect/i.test(said)) {
    return 'The connection to the server was lost. Look whether the server runs, then start the restore again.'
  }
  if (plan.request.singleTransaction)
    return 'Everything ran in one transaction, so nothing of it was kept. Put the error right and start again.'
  if (Number(plan.request.options.transactionSize ?? 0) > 0)
    return 'What earlier transactions restored is kept, the last one was undone. Put the error right and restore into a new database.'
  return 'The log says what came before. Put the error right and start the restore again.'
}

/** Errors that pg_restore counted but did not print, or that this reader did not understand, must not pass for none. */
function compareCounts(outcome: RestoreOutcome, parallel: boolean, onIssue: (issue: JobIssue) => void): void {
  const counted = outcome.ignored ?? 0
  // With --jobs it counts an error of a worker twice: once for itself, once for the entry (ParseWorkerResponse, 13 to 18).
  const hidden = parallel ? counted > outcome.mostCounted : counted !== outcome.errors
  if (hidden) {
    onIssue(unseen(`pg_restore counted ${counted} errors, of which ${outcome.errors} could be read from its output.`))
  }
}

function unseen(message: string): JobIssue {
  return {
    severity: 'warning',
    object: '',
    objectKind: '',
    entry: '',
    message,
    statement: '',
    harmless: null,
    advice: 'Look at the log before relying on this database.',
    logLine: null,
  }
}

/** Steps and progress by section. With several jobs, data and what follows run at the same time: the step is the one not done. */
function followSections(entries: readonly TocEntry[], job: JobContext, parallel: boolean) {
  const kinds = new Map<string, (typeof sections)[number]>()
  const totals = { before: 0, data: 0, after: 0 }
  for (const entry of entries) {
    const section = sectionOf(entry)
    totals[section] += 1
    if (!kinds.has(entry.kind)) kinds.set(entry.kind, section)
  }
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const done = { before: 0, data: 0, after: 0 }
  const seenIds = new Set<number>()
  let current: (typeof sections)[number] = 'before'
  let count = 0
  const enter = (section: (typeof sections)[number]) => {
    while (current !== section && sections.indexOf(current) < sections.indexOf(section)) {
      const next = sections[sections.indexOf(current) + 1]
      if (!next) return
      job.endStep(current, totals[current] === 0 ? 'skipped' : 'done', amount(totals[current], current))
      current = next
      job.step(current)
    }
  }
  return {
    entry(id: number | null, kind: string, label: string) {
      if (id !== null && (seenIds.has(id) || !byId.has(id))) return
      if (id !== null) seenIds.add(id)
      const entry = id === null ? undefined : byId.get(id)
      const section = entry ? sectionOf(entry) : (kinds.get(kind) ?? current)
      count += 1
      done[section] += 1
      if (parallel) {
        if (done.before >= totals.before) enter(done.data >= totals.data ? 'after' : 'data')
      } else enter(section)
      job.progress({ done: Math.min(count, entries.length), total: entries.length, unit: 'objects', label })
    },
    seen: () => count,
    end(failed: ReadonlySet<number>) {
      enter('after')
      for (const section of sections) {
        const errors = [...failed].filter((id) => {
          const entry = byId.get(id)
          return entry !== undefined && sectionOf(entry) === section
        }).length
        const state = errors > 0 ? 'warning' : totals[section] === 0 ? 'skipped' : 'done'
        job.endStep(section, state, errors > 0 ? `${errors} with errors` : amount(totals[section], section))
      }
    },
  }
}

/** Grants and comments have no section of their own; grants are restored last, comments with what they belong to. */
function sectionOf(entry: TocEntry): (typeof sections)[number] {
  if (entry.section === 'data') return 'data'
  if (entry.section === 'post-data' || entry.kind === 'ACL' || entry.kind === 'DEFAULT ACL') return 'after'
  return 'before'
}

function amount(n: number, section: (typeof sections)[number]): string {
  if (n === 0) return 'nothing'
  const word = section === 'data' ? 'data entr' : 'entr'
  return `${n.toLocaleString('en-US')} ${word}${n === 1 ? 'y' : 'ies'}`
}
