// Dumps a set as one job: globals, every database beside others, then one record of the whole. Unfinished until all is whole.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { ClusterSetRequest } from '../../../shared/contracts/clusterDump'
import type { JobResult } from '../../../shared/jobs/job'
import { type DumpSetRecord, recordVersion, type SetDatabase } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import { commandText } from '../../../shared/tools/showCommand'
import { runPart, runSeveral, type Turn, takeTurns } from '../../jobs/jobPart'
import type { JobContext } from '../../jobs/jobTypes'
import { type BackupPlace, finishPlace } from '../../library/backupFolder'
import { flushFiles, type HashedFile, hashFiles } from '../../library/checksumFiles'
import { hidePassword } from '../../library/hidePassword'
import { openFolder } from '../../library/openFolder'
import { clusterMarker, requireEndOfScript } from '../../library/readInFull'
import { readRecord, recordName } from '../../library/recordFile'
import { messageOf } from '../../process/systemError'
import type { ClusterServices, DumpPart } from './parts'
import { refusalOf } from './planScript'
import { databasesFolder, folderOf, placeOf, planSet, requestOf, type SetPlan, setGlobalsName } from './planSet'
import { runProgram } from './programRun'
import { clusterSource } from './readCluster'
import { countOf } from './runClusterScript'
import { trackParts } from './trackParts'

export function setSteps(databases: readonly string[]): { id: string; label: string }[] {
  return [
    { id: 'checks', label: 'Checks' },
    { id: 'globals', label: 'Roles and tablespaces' },
    ...databases.map((name, at) => ({ id: stepOf(at), label: `Database ${name}` })),
    { id: 'record', label: 'Record' },
  ]
}

export function stepOf(at: number): string {
  return `database-${at}`
}

interface WholeDatabase {
  database: SetDatabase
  files: HashedFile[]
  tools: DumpSetRecord['tools']
  commands: string[]
}

/** Throws AppError naming the databases that failed and those that are whole; the set then stays `.partial`. */
export async function runSet(
  { request, place }: { request: ClusterSetRequest; place: BackupPlace },
  job: JobContext,
  services: ClusterServices,
  dump: DumpPart,
): Promise<JobResult> {
  const startedAt = new Date()
  job.step('checks')
  const plan = await planSet(services, null, request, place, job.signal)
  const refused = refusalOf(plan)
  if (refused || !plan.globals) throw refused ?? new AppError('internal', 'There is no pg_dumpall command.')
  hidePassword(job, plan.connection, [place.final, ...plan.cluster.databases.map(({ name }) => name)])
  const folder = await openFolder(job, place)
  const globalsWarnings = await saveGlobals(job, plan, services)
  await mkdir(path.join(place.partial, databasesFolder), { mode: 0o700 })

  const whole: WholeDatabase[] = []
  folder.keepOnFailure(() => (whole.length === 0 ? '' : 'The databases in it that are whole are dumps of their own'))
  const failed = await dumpAll(request, place, plan, job, dump, whole)
  job.progress(null)
  job.signal.throwIfAborted()
  if (failed.length > 0) {
    await flushFiles(
      place.partial,
      whole.flatMap(({ files }) => files.map((file) => file.path)),
    ).catch((error: unknown) => job.log(`What is whole may not last through a power cut: ${messageOf(error)}`, 'error'))
    throw notWhole(failed, whole, place)
  }

  job.step('record')
  const record = await makeRecord({ request, place, plan, whole, startedAt, globalsWarnings }, job)
  job.signal.throwIfAborted()
  await finishPlace(place, record)
  folder.finished()
  return describe(record, place, startedAt)
}

async function saveGlobals(job: JobContext, plan: SetPlan, services: ClusterServices): Promise<string[]> {
  if (!plan.globals) throw new Error('planned before')
  const { tool, command, shown } = plan.globals
  job.step('globals')
  job.command(shown)
  const { env, remove } = await services.connections.toolEnvironment(plan.connection)
  job.onCleanup('the passfile', remove)
  const warnings = await runProgram(job, { tool, argv: command.argv, env })
  await requireEndOfScript(path.join(plan.place.partial, setGlobalsName), clusterMarker)
  job.endStep('globals', 'done')
  return warnings
}

/** Every database gets its try, also after another failed: the person learns of all of them at once. */
async function dumpAll(
  request: ClusterSetRequest,
  place: BackupPlace,
  plan: SetPlan,
  job: JobContext,
  dump: DumpPart,
  whole: WholeDatabase[],
): Promise<{ name: string; error: unknown }[]> {
  const { databases } = request
  const sizes = databases.map((name) => Number(plan.cluster.databases.find((each) => each.name === name)?.size ?? 0))
  const progress = trackParts(databases.map((name, at) => ({ name, weight: sizes[at] ?? 0 })))
  // While some are dumped, as many are checked ahead and as many read back: no turn waits for what needs little of the server.
  const dumping = takeTurns(request.atOnce)
  const results = await runSeveral(databases, request.atOnce * 3, async (name) => {
    job.signal.throwIfAborted()
    const at = databases.indexOf(name)
    const step = stepOf(at)
    const own: { turn: Turn | null } = { turn: null }
    const begin = async () => {
      own.turn = await dumping.take()
      job.step(step, true)
    }
    const watch = {
      name,
      onProgress: (each: Parameters<JobContext['progress']>[0]) => {
        progress.part(at, each)
        job.progress(progress.now())
      },
      onStep: (phase: string) => {
        progress.phase(at, phase)
        if (phase === 'read') own.turn?.end()
      },
    }
    try {
      const done = await runPart(job, watch, (part) =>
        dump.run(requestOf(request, name), placeOf(place, databases, name), part, begin),
      )
      const made = await readWhole(place, databases, name, done, job)
      whole.push(made)
      progress.done(at)
      job.progress(progress.now())
      job.endStep(
        step,
        done.warnings.length > 0 ? 'warning' : 'done',
        `${countOf(done.tables, 'table')}, ${formatBytes(made.database.size)}, read in full`,
      )
    } catch (error) {
      if (job.signal.aborted) throw error
      const message = error instanceof Error ? error.message : String(error)
      job.log(`[${name}] ${message}`, 'error')
      if (!own.turn) job.step(step, true)
      job.endStep(step, 'failed', message)
      throw error
    } finally {
      own.turn?.end()
    }
  })
  return results.flatMap((result, at) =>
    result.status === 'rejected' ? [{ name: databases[at] ?? '', error: result.reason as unknown }] : [],
  )
}

/** What the dump of one database says of itself, in the set's words. */
async function readWhole(
  place: BackupPlace,
  databases: readonly string[],
  name: string,
  done: { tables: number; warnings: string[] },
  job: JobContext,
): Promise<WholeDatabase> {
  const folder = folderOf(databases, name)
  const record = await readRecord(path.join(place.partial, folder))
  const inner = await hashFiles(place.partial, [`${folder}/${recordName}`], { signal: job.signal })
  const files = record.files.map((file) => ({ ...file, path: `${folder}/${file.path}` }))
  const size = files.reduce((sum, file) => sum + BigInt(file.size), 0n).toString()
  return {
    database: {
      name,
      folder,
      artifact: `${folder}/${record.artifact}`,
      source: record.source,
      tables: done.tables,
      size,
      warnings: record.warnings,
    },
    files: [...inner, ...files],
    tools: record.tools,
    commands: record.commands,
  }
}

interface RecordParts {
  request: ClusterSetRequest
  place: BackupPlace
  plan: SetPlan
  whole: readonly WholeDatabase[]
  startedAt: Date
  globalsWarnings: string[]
}

async function makeRecord(parts: RecordParts, job: JobContext): Promise<DumpSetRecord> {
  const { request, place, plan, startedAt, globalsWarnings } = parts
  const whole = request.databases.flatMap((name) => parts.whole.filter(({ database }) => database.name === name))
  const globals = await hashFiles(place.partial, [setGlobalsName], { signal: job.signal })
  const files = [...globals, ...whole.flatMap((each) => each.files)]
  // Once for all: hundreds of small flushes between dumps would hold up the dumps.
  await flushFiles(
    place.partial,
    files.map((file) => file.path),
  )
  const endedAt = new Date().toISOString()
  const tools = [plan.globals?.tool, ...whole.flatMap((each) => each.tools)].filter((tool) => tool !== undefined)
  return {
    recordVersion,
    id: crypto.randomUUID(),
    kind: 'dump-set',
    format: 'directory',
    label: request.label,
    startedAt: startedAt.toISOString(),
    endedAt,
    source: clusterSource(plan.cluster, plan.connection, request.databases),
    tools: tools
      .filter(
        (tool, at) => tools.findIndex(({ program, version }) => program === tool.program && version === tool.version) === at,
      )
      .map(({ program, version }) => ({ program, version })),
    commands: [
      ...plan.shown.map(({ program, words }) => commandText(program, words)),
      ...whole.flatMap(({ commands }) => commands),
    ],
    artifact: databasesFolder,
    globals: { path: setGlobalsName, rolePasswords: request.rolePasswords },
    databases: whole.map(({ database }) => database),
    files,
    warnings: [
      ...globalsWarnings,
      ...whole.flatMap(({ database }) => database.warnings.map((text) => `${database.name}: ${text}`)),
    ],
    verifications: [
      { at: endedAt, level: 'read', ok: true, detail: 'After the dump: every database read in full, checksums taken.' },
    ],
  }
}

function notWhole(
  failed: readonly { name: string; error: unknown }[],
  whole: readonly WholeDatabase[],
  place: BackupPlace,
): AppError {
  const say = ({ name, error }: { name: string; error: unknown }) =>
    `${name}: ${error instanceof Error ? error.message : String(error)}`
  const names = whole.map(({ database }) => database.name).toSorted()
  const kept =
    names.length === 0
      ? 'No database was dumped whole.'
      : `Whole are ${names.join(', ')}: their dumps are kept below ${path.join(place.partial, databasesFolder)}, each with its own record. Move such a folder into the library to keep it.`
  return new AppError(
    'tool_failed',
    `The set is not finished: ${countOf(failed.length, 'database')} failed. ${failed.slice(0, 5).map(say).join(' ')}`,
    {
      hint: `${kept} Put right what failed, then dump the set again.`,
      details: { failed: failed.map(({ name }) => name), whole: names },
    },
  )
}

function describe(record: DumpSetRecord, place: BackupPlace, startedAt: Date): JobResult {
  const size = record.files.reduce((sum, file) => sum + BigInt(file.size), 0n)
  const tables = record.databases.reduce((sum, each) => sum + each.tables, 0)
  return {
    headline: `Dumped ${countOf(record.databases.length, 'database')} as one set: ${countOf(tables, 'table')}, ${formatBytes(size)}, all read in full and checksummed.`,
    facts: [
      { label: 'Folder', value: place.final, mono: true },
      { label: 'Size on disk', value: formatBytes(size), mono: false },
      { label: 'Size of the databases', value: formatBytes(record.source.databaseSize ?? '0'), mono: false },
      { label: 'Databases', value: record.databases.map(({ name }) => name).join(', '), mono: false },
      { label: 'Files', value: `${record.files.length}, each with its SHA-256`, mono: false },
      {
        label: 'Roles and tablespaces',
        value: record.globals?.rolePasswords ? 'saved, with password hashes' : 'saved, without passwords',
        mono: false,
      },
      { label: 'Took', value: `${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s`, mono: false },
    ],
    backupPath: place.final,
    database: null,
  }
}
