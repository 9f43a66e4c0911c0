// Runs pg_dumpall as a job: checks, the script, its end, checksums, record, and only then the final name.
import path from 'node:path'
import type { ClusterScriptRequest } from '../../../shared/contracts/clusterDump'
import type { JobResult } from '../../../shared/jobs/job'
import { backupSubject, type ClusterDumpRecord, recordVersion } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import { isAsked } from '../../../shared/tools/defineTool'
import { commandText } from '../../../shared/tools/showCommand'
import type { JobContext } from '../../jobs/jobTypes'
import { type BackupPlace, finishPlace } from '../../library/backupFolder'
import { type HashedFile, hashFiles } from '../../library/checksumFiles'
import { hidePassword } from '../../library/hidePassword'
import { openFolder } from '../../library/openFolder'
import { clusterMarker, requireEndOfScript } from '../../library/readInFull'
import { watchFolderSize } from '../../library/watchFolderSize'
import { connectsOf } from './connectsOf'
import type { ClusterServices } from './parts'
import { planScript, refusalOf, type ScriptPlan, scriptName } from './planScript'
import { runProgram } from './programRun'
import { clusterSource } from './readCluster'
import { trackCluster } from './trackCluster'

export const scriptSteps = [
  { id: 'checks', label: 'Checks' },
  { id: 'dump', label: 'Dump' },
  { id: 'read', label: 'Read in full' },
  { id: 'checksums', label: 'Checksums' },
  { id: 'record', label: 'Record' },
] as const

export const onCancel = 'The unfinished .partial folder is removed; nothing that looks like a backup is left.'

/** Throws AppError; by then the unfinished folder is removed, or kept and named when pg_dumpall itself had finished. */
export async function runClusterScript(
  { request, place }: { request: ClusterScriptRequest; place: BackupPlace },
  job: JobContext,
  services: ClusterServices,
): Promise<JobResult> {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planScript(services, request, place, job.signal)
  const refused = refusalOf(plan)
  if (refused || !plan.tool || !plan.command) throw refused ?? new AppError('internal', 'There is no pg_dumpall command.')
  hidePassword(job, plan.connection, [place.final, ...plan.cluster.databases.map(({ name }) => name)])
  for (const command of plan.shown) job.command(command)
  const folder = await openFolder(job, place)
  const { env, remove } = await services.connections.toolEnvironment(plan.connection)
  job.onCleanup('the passfile', remove)

  job.step('dump')
  const progress = trackCluster(
    plan.cluster.databases.filter(({ name }) => plan.databases.includes(name)),
    !plan.uncertain,
  )
  const show = () => job.progress(progress.now())
  show()
  const stop = watchFolderSize(place.partial, (bytes) => {
    progress.written(bytes)
    show()
  })
  let warnings: string[]
  try {
    warnings = await runProgram(job, { tool: plan.tool, argv: plan.command.argv, env }, (line) => {
      progress.line(line)
      show()
    })
  } finally {
    await stop()
    job.progress(null)
  }
  folder.keepOnFailure(() => 'pg_dumpall had finished')
  const databases = progress.databases()
  job.endStep('dump', 'done', request.what === 'cluster' ? countOf(databases.length, 'database') : '')

  job.step('read')
  const script = path.join(place.partial, scriptName)
  await requireEndOfScript(script, clusterMarker)
  const inScript = await connectsOf(script, job.signal)
  requireDatabases(plan, databases, inScript)
  job.endStep('read', 'done', 'ends as a whole script does')
  const files = await hashScript(job, place)

  job.step('record')
  const endedAt = new Date().toISOString()
  const record: ClusterDumpRecord = {
    recordVersion,
    id: crypto.randomUUID(),
    kind: 'cluster-dump',
    format: 'plain',
    content: request.what,
    rolePasswords: request.what !== 'tablespaces' && !isAsked(request.options.noRolePasswords),
    databases,
    label: request.label,
    startedAt: startedAt.toISOString(),
    endedAt,
    source: clusterSource(plan.cluster, plan.connection, databases),
    tools: [{ program: plan.tool.program, version: plan.tool.version }],
    commands: plan.shown.map(({ program, words }) => commandText(program, words)),
    artifact: scriptName,
    globals: null,
    files,
    warnings,
    verifications: [{ at: endedAt, level: 'read', ok: true, detail: 'After the dump: read to its end, checksum taken.' }],
  }
  job.signal.throwIfAborted()
  await finishPlace(place, record)
  folder.finished()
  return describe(record, place, startedAt)
}

function requireDatabases(plan: ScriptPlan, said: readonly string[], inScript: ReadonlySet<string>): void {
  const wanted = plan.uncertain ? said : plan.databases
  const missing = wanted.filter((name) => !said.includes(name) || !inScript.has(name))
  if (missing.length === 0) return
  throw new AppError(
    'tool_failed',
    `The script lacks ${countOf(missing.length, 'database')}: ${missing.slice(0, 5).join(', ')}.`,
    {
      hint: 'They may have been dropped or renamed while pg_dumpall ran. Run it again.',
    },
  )
}

async function hashScript(job: JobContext, place: BackupPlace): Promise<HashedFile[]> {
  job.step('checksums')
  let done = 0
  const files = await hashFiles(place.partial, [scriptName], {
    signal: job.signal,
    durable: 'all',
    onBytes: (bytes, file) => {
      done += bytes
      job.progress({ done, total: null, unit: 'bytes', label: file })
    },
  })
  job.progress(null)
  job.endStep('checksums', 'done', formatBytes(done))
  return files
}

function describe(record: ClusterDumpRecord, place: BackupPlace, startedAt: Date): JobResult {
  const size = formatBytes(record.files[0]?.size ?? '0')
  const what =
    record.content === 'cluster'
      ? `the whole cluster: ${countOf(record.databases.length, 'database')}`
      : backupSubject(record).toLowerCase()
  return {
    headline: `Dumped ${what}, ${size}, read to its end and checksummed.`,
    facts: [
      { label: 'Folder', value: place.final, mono: true },
      { label: 'Script', value: `${scriptName}, ${size}`, mono: false },
      ...(record.content === 'cluster' ? [{ label: 'Databases', value: record.databases.join(', '), mono: false }] : []),
      ...(record.content === 'tablespaces'
        ? []
        : [{ label: 'Passwords of roles', value: record.rolePasswords ? 'as hashes in the script' : 'left out', mono: false }]),
      { label: 'Took', value: `${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s`, mono: false },
    ],
    backupPath: place.final,
    database: null,
  }
}

export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}
