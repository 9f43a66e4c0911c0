// Runs pg_dump into pg_restore for one job: progress by table, errors by object, and an end judged by what both said.
import type { JobIssue } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { collectMessages, toIssue } from '../../library/dumpWarnings'
import { explainToolFailure } from '../../library/explainToolFailure'
import { readRestoreOutput } from '../../library/restoreOutput'
import { hidePasswords } from '../../library/sqlText'
import type { ProcessExit } from '../../process/processTypes'
import { type PipeEnd, runPipe } from './pipePrograms'
import type { PipePlan, PipeServices } from './planPipe'
import { trackMove } from './trackMove'

export interface Move {
  plan: PipePlan
  job: JobContext
  services: PipeServices
  snapshot: string
  /** Of both programs, with their passfiles. */
  environments: { from: Record<string, string>; into: Record<string, string> }
  onIssue: (issue: JobIssue) => void
}

/** pg_restore goes on after these, failing at every entry to the end of what comes: it is ended at once. */
const lostConnection =
  /server closed the connection unexpectedly|no connection to the server|connection to server was lost|terminating connection due to|the database system is/
const diskFull = /No space left on device|Disk quota exceeded/

export async function movePipe({ plan, job, services, snapshot, environments: { from, into }, onIssue }: Move) {
  const { dump, restore } = plan
  if (!dump || !restore) throw new Error('the checks refuse a copy without programs')
  for (const command of plan.shown.filter(({ program }) => program === 'pg_dump')) job.command(command)
  const said = collectMessages()
  const dumpErrors: string[] = []
  const progress = trackMove(plan)
  const show = () => job.progress(progress.now())
  const restored = readRestored(
    plan,
    onIssue,
    () => services.jobs.get(job.id).logLines - 1,
    (kind, words) => {
      progress.entry(kind, words)
      show()
    },
  )
  job.step('copy')
  const end = await runPipe(
    job,
    {
      file: dump.tool.path,
      argv: [...dump.command.argv, `--snapshot=${snapshot}`],
      env: from,
      onStderr: (line) => {
        job.log(line, levelOf(line))
        said.line(line)
        if (levelOf(line) === 'error' && dumpErrors.length < 200) dumpErrors.push(line)
        progress.dumping(line)
        show()
      },
    },
    {
      file: restore.tool.path,
      argv: restore.command.argv,
      env: into,
      onStderr: (line) => {
        job.log(hidePasswords(line), levelOf(line))
        restored.line(line)
        refuseToGoOn(plan, line)
      },
      failed: (exit) => exit.code !== 0 && !restored.wentOn(exit),
    },
    (count) => {
      progress.passed(count)
      show()
    },
  )
  job.signal.throwIfAborted()
  const outcome = restored.end()
  judge(plan, end, dumpErrors, outcome.fatal)
  for (const message of said.messages) if (message.severity === 'warning') onIssue(toIssue(message))
  if ((outcome.ignored ?? 0) !== outcome.errors) {
    const message = `pg_restore counted ${outcome.ignored ?? 0} errors, of which ${outcome.errors} could be read from its output.`
    const plain = { object: '', objectKind: '', entry: '', statement: '', harmless: null, logLine: null }
    onIssue({ severity: 'warning', message, advice: 'Look at the log before relying on this database.', ...plain })
  }
  job.progress(null)
  const errors = outcome.errors - outcome.harmless
  const words = `${restored.entries()} entries, ${formatBytes(String(progress.bytes()))}`
  job.endStep('copy', errors > 0 ? 'warning' : 'done', errors > 0 ? `${words}, ${errors} errors` : words)
  return {
    bytes: progress.bytes(),
    harmless: outcome.harmless,
    exit: `pg_dump ${end.out?.code}, pg_restore ${end.into?.code}`,
  }
}

/** Throws for what makes every later entry fail as well. Lines of progress hold names, which may read like anything. */
function refuseToGoOn(plan: PipePlan, line: string): void {
  if (/^pg_restore: (creating|processing|executing|from TOC|connecting|launching|finished) /.test(line)) return
  if (lostConnection.test(line)) throw lost(plan, line)
  if (!diskFull.test(line)) return
  const said = hidePasswords(line.replace(/^pg_restore: (error: )?/, ''))
  throw new AppError('tool_failed', `A disk of the destination, ${plan.destination.connection.label}, is full: ${said}`, {
    hint: 'Make room there, or choose another tablespace, then start the copy again.',
  })
}

/** The archive's table of contents went through the pipe unread: the entry of an error is the one pg_restore named last. */
function readRestored(
  plan: PipePlan,
  onIssue: (issue: JobIssue) => void,
  logLine: () => number,
  onEntry: (kind: string, words: string) => void,
) {
  const roles = plan.source.needs.roles.map(({ name }) => name)
  // The line ends with the owner, whose name may hold spaces too.
  const withoutOwner = (text: string) => {
    const owner = roles.filter((name) => text.endsWith(` ${name}`)).toSorted((a, b) => b.length - a.length)[0]
    return owner === undefined ? text.replace(/ \S+$/, '') : text.slice(0, -owner.length - 1)
  }
  let entries = 0
  let named = { objectKind: '', object: '' }
  let ignored = false
  const reader = readRestoreOutput({
    entries: [],
    parallel: false,
    facts: {
      server: plan.destination.server.version,
      program: 'pg_restore',
      tool: plan.restore?.tool.version ?? 0,
    },
    onEntry: (_id, kind, words) => {
      entries += 1
      onEntry(kind, words)
    },
    onIssue: (issue) => onIssue(issue.object === '' && issue.severity === 'error' ? { ...issue, ...named } : issue),
    logLine,
  })
  return {
    line(text: string) {
      const entry = /from TOC entry \d+; \d+ \d+ ([A-Z][A-Z ]*?) (?![A-Z ]+ )(.*)$/s.exec(text)
      // The error before is told by the line that follows it: read first, then remember the new name.
      reader.line(text)
      if (entry) named = { objectKind: entry[1] ?? '', object: withoutOwner(entry[2] ?? '') }
      if (/errors ignored on restore: \d+/.test(text)) ignored = true
    },
    entries: () => entries,
    wentOn: (exit: ProcessExit) => exit.code === 1 && ignored,
    end: () => reader.end(),
  }
}

function levelOf(line: string): 'info' | 'warning' | 'error' {
  if (/(^|[\s:])(error|ERROR|fatal|FATAL|PANIC):/.test(line)) return 'error'
  return /(^|[\s:])(warning|WARNING):/.test(line) ? 'warning' : 'info'
}

function lost(plan: PipePlan, line: string): AppError {
  const said = hidePasswords(line.replace(/^pg_restore: (error: )?/, ''))
  return new AppError(
    'disconnected',
    `The connection to the destination, ${plan.destination.connection.label}, was lost: ${said}`,
    {
      hint: 'Look whether that server runs, then start the copy again.',
    },
  )
}

function judge(plan: PipePlan, end: PipeEnd, dumpErrors: readonly string[], fatal: readonly string[]): void {
  const { dump, restore } = plan
  if (end.first === 'into' || (end.into && end.into.code !== 0 && end.into.code !== 1)) {
    const how = end.into?.killedBy ? `ended by ${end.into.killedBy}` : `exit status ${end.into?.code ?? 'unknown'}`
    const why = fatal.at(-1) ?? end.into?.stderrTail.at(-1) ?? 'it said nothing of the reason'
    throw new AppError('tool_failed', `pg_restore stopped before the end (${how}): ${hidePasswords(why)}`, {
      hint: 'The log says what came before. Put it right and start the copy again.',
      details: { stderr: (end.into?.stderrTail ?? []).slice(-10).map(hidePasswords) },
    })
  }
  if (end.out && end.out.code !== 0) {
    const version = formatPgVersion(dump?.tool.version ?? 0)
    throw explainToolFailure(`pg_dump ${version}`, end.out, [...dumpErrors, ...end.out.stderrTail])
  }
  if (!end.out || !end.into) {
    throw new AppError('tool_failed', `${restore?.tool.program ?? 'pg_restore'} did not come to its end.`)
  }
}
