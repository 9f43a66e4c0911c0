// Runs one dump as a job: checks, globals, dump, full read, checksums, record, and only then the final name.
import fs from 'node:fs/promises'
import path from 'node:path'
import type { DumpRequest } from '../../../shared/contracts/dump'
import type { JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { type BackupPlace, finishPlace } from '../../library/backupFolder'
import { type HashedFile, hashFiles, listFolder } from '../../library/checksumFiles'
import { trackDump } from '../../library/dumpProgress'
import { collectMessages, toIssue } from '../../library/dumpWarnings'
import { explainToolFailure } from '../../library/explainToolFailure'
import { hidePassword } from '../../library/hidePassword'
import { openFolder } from '../../library/openFolder'
import { readInFull, requireEndOfScript } from '../../library/readInFull'
import { watchFolderSize } from '../../library/watchFolderSize'
import { compareArchive, expectContents } from './compareArchive'
import { globalsName } from './dumpCommands'
import { countOf, describeResult, makeRecord } from './dumpRecord'
import { writeFilterFile } from './filterFile'
import { type ChosenTool, type DumpPlan, type DumpServices, planDump, refusal, standingWarnings } from './planDump'

export const dumpSteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'globals', label: 'Globals' },
  { id: 'dump', label: 'Dump' },
  { id: 'read', label: 'Read in full' },
  { id: 'checksums', label: 'Checksums' },
  { id: 'record', label: 'Record' },
] as const

export const dumpOnCancel = 'The unfinished .partial folder is removed; nothing that looks like a backup is left.'

export interface DumpInput {
  request: DumpRequest
  place: BackupPlace
}

/**
 * Throws AppError; by then the unfinished folder is removed, or kept and named when pg_dump itself had finished. `begin` is
 * for the whole databases of a set: awaited between the checks and the first program. Nothing was ticked in them, so the
 * archive is not compared with a choice; and whoever makes the set makes all its files durable at once, before its record.
 */
export async function runDump(
  { request, place }: DumpInput,
  job: JobContext,
  services: DumpServices,
  begin: (() => Promise<void>) | null = null,
): Promise<JobResult> {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planDump(services, request, place, job.signal)
  const refused = refusal(plan)
  if (refused || !plan.dump) throw refused ?? new AppError('internal', 'There is no pg_dump command.')
  hidePassword(job, plan.connection, [place.final])
  for (const command of plan.shown) job.command(command)
  const warnings = standingWarnings(plan)
  for (const issue of warnings) job.issue(issue)
  const folder = await openFolder(job, place)
  const tools = await services.connections.toolEnvironment(plan.connection)
  job.onCleanup('the passfile', tools.remove)
  const programs: ProgramRun = { job, env: tools.env, warn: (text) => warnings.push(text) }

  const expected = begin ? null : await expectContents(job, plan, request, services)
  await begin?.()
  job.signal.throwIfAborted()
  await saveGlobals(programs, plan)
  if (plan.filterFile) {
    const { filterFile } = plan
    job.onCleanup('the filter file', () => fs.rm(filterFile.path, { force: true }))
    await writeFilterFile(filterFile)
  }
  const begun = await dumpDatabase(programs, plan, plan.dump, request)
  // What pg_dump finished may be whole although its check failed; a person decides about it.
  folder.keepOnFailure(() => 'pg_dump had finished.')
  const tables = await readArchive(job, plan, request, begun)
  if (expected) for (const issue of await compareArchive(job, plan, request, expected)) programs.warn(issue)
  const files = await hashArchive(job, place, begin ? 'large' : 'all')

  job.step('record')
  const record = makeRecord({ request, plan, startedAt, files, warnings: warnings.map((issue) => issue.message) })
  job.signal.throwIfAborted()
  await finishPlace(place, record)
  folder.finished()
  return describeResult(request, place, record, tables, startedAt)
}

interface ProgramRun {
  job: JobContext
  env: Record<string, string>
  warn: (issue: ReturnType<typeof toIssue>) => void
}

/** Runs pg_dump or pg_dumpall; its warnings become issues. Throws AppError for any end but a good one. */
async function runProgram(
  { job, env, warn }: ProgramRun,
  { tool, command }: { tool: ChosenTool; command: { argv: readonly string[] } },
  onLine: (line: string) => void = () => undefined,
): Promise<void> {
  const collected = collectMessages()
  const errors: string[] = []
  const exit = await job.run({
    file: tool.path,
    argv: command.argv,
    env,
    onStderr: (line) => {
      collected.line(line)
      // Verbose lines push the reason out of the tail when other workers go on for a while.
      if (/(error|fatal|FATAL|ERROR|PANIC|detail|hint): /.test(line) && errors.length < 200) errors.push(line)
      onLine(line)
    },
  })
  if (exit.cancelled) throw new AppError('cancelled', `${tool.program} was cancelled.`)
  for (const message of collected.messages) {
    if (message.severity !== 'warning') continue
    const issue = toIssue(message)
    warn(issue)
    job.issue(issue)
  }
  if (exit.code !== 0) {
    throw explainToolFailure(`${tool.program} ${formatPgVersion(tool.version)}`, exit, [...errors, ...exit.stderrTail])
  }
}

async function saveGlobals(programs: ProgramRun, plan: DumpPlan): Promise<void> {
  const { job } = programs
  job.step('globals')
  if (!plan.globals) return job.endStep('globals', 'skipped', 'not asked for')
  await runProgram(programs, plan.globals).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'permission') throw error
    const hint = `${error.hint ?? ''} Or leave roles and tablespaces out of this dump.`.trim()
    throw new AppError('permission', error.message, { hint, details: error.details, cause: error })
  })
  await requireEndOfScript(path.join(plan.place.partial, globalsName), 'PostgreSQL database cluster dump complete')
  job.endStep(
    'globals',
    plan.globals.rolePasswords ? 'done' : 'warning',
    plan.globals.rolePasswords ? '' : 'without role passwords',
  )
}

/** Returns how many tables were seen to begin. */
async function dumpDatabase(
  programs: ProgramRun,
  plan: DumpPlan,
  dump: NonNullable<DumpPlan['dump']>,
  request: DumpRequest,
): Promise<number> {
  const { job } = programs
  job.step('dump')
  const progress = trackDump(plan.selection.withRows, Number(request.options.jobs ?? 1) > 1, !plan.selection.uncertain)
  const show = () => job.progress(progress.now())
  show()
  const stop = watchFolderSize(plan.place.partial, (bytes) => {
    progress.written(bytes)
    show()
  })
  try {
    await runProgram(programs, dump, (line) => {
      progress.line(line)
      show()
    })
  } finally {
    await stop()
    job.progress(null)
  }
  job.endStep('dump', 'done')
  return progress.tables()
}

/** Returns how many tables' rows the archive holds: pg_dump's workers write over each other's lines, pg_restore is one. */
async function readArchive(
  job: JobContext,
  { reader, archive }: DumpPlan,
  request: DumpRequest,
  tables: number,
): Promise<number> {
  job.step('read')
  let read = 0
  await readInFull(job, reader, request.format, archive, () => {
    read += 1
    job.progress({ done: read, total: Math.max(read, tables), unit: 'objects', label: 'reading the archive' })
  })
  job.progress(null)
  const script = request.format === 'plain'
  job.endStep('read', 'done', script ? 'ends as a whole script does' : countOf(read, 'table'))
  return script ? tables : read
}

async function hashArchive(job: JobContext, place: BackupPlace, durable: 'all' | 'large'): Promise<HashedFile[]> {
  job.step('checksums')
  const { files, strange } = await listFolder(place.partial)
  if (strange[0] !== undefined) throw new AppError('tool_failed', `There is something that is no file in the dump: ${strange[0]}`)
  let done = 0
  const hashed = await hashFiles(place.partial, files, {
    signal: job.signal,
    durable,
    onBytes: (bytes, file) => {
      done += bytes
      job.progress({ done, total: null, unit: 'bytes', label: file })
    },
  })
  job.progress(null)
  job.endStep('checksums', 'done', `${countOf(hashed.length, 'file')}, ${formatBytes(done)}`)
  return hashed
}
