// Reads a base backup that Walkback did not take: every file against its manifest; and describes it from its own files.
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ForeignBackup } from '../../../shared/contracts/backups'
import { type BackupLabel, parseBackupLabel } from '../../../shared/model/backupLabel'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion, majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { buildCommand } from '../../../shared/tools/buildCommand'
import { pgVerifybackup } from '../../../shared/tools/pgVerifybackup'
import { shownWords } from '../../../shared/tools/showCommand'
import type { JobContext } from '../../jobs/jobTypes'
import { hashFiles, listFolder } from '../../library/checksumFiles'
import { isUncovered } from '../../library/memberCheck'
import { isBackupTar, readManifest, readTarBackup } from '../../library/readTarBackup'
import { packedBy, unpackProblem } from '../../library/unpackFile'
import { type ControlData, readControlData } from '../../postgres/localClusterState'
import type { Services } from '../../services'
import { type BaseFacts, foreignBaseRecord } from './foreignBaseRecord'
import type { ForeignReading, KeptUnder } from './foreignReading'
import type { LibraryNeeds } from './removeBackup'

type Needs = LibraryNeeds & Pick<Services, 'tools' | 'spawn'>

/** Throws AppError when it is not whole; each file is an issue of the job by then. */
export async function readForeignBase(
  found: ForeignBackup,
  keep: KeptUnder | null,
  job: JobContext,
  services: Needs,
): Promise<ForeignReading> {
  job.step('read')
  const manifest = readManifest(await readFile(path.join(found.path, 'backup_manifest')))
  const facts = await (found.format === 'tar' ? readTars : readPlain)(found.path, manifest, keep !== null, job, services)
  if (!keep) return { detail: facts.detail, record: null }
  job.endStep('checksums', 'done', `${facts.files.length} files, ${formatBytes(facts.size)} in all`)
  return { detail: facts.detail, record: await foreignBaseRecord(found, keep, facts, job, services) }
}

async function readPlain(
  folder: string,
  manifest: BackupManifest,
  hash: boolean,
  job: JobContext,
  services: Needs,
): Promise<BaseFacts> {
  const major = Number((await readFile(path.join(folder, 'PG_VERSION'), 'utf8')).trim())
  const detail = await runVerifier(folder, manifest, major, job, services)
  job.endStep('read', 'done', detail)
  if (hash) job.step('checksums')
  const { files: names, strange } = await listFolder(folder)
  const odd = strange.filter((name) => name !== 'pg_wal')
  if (odd[0] !== undefined) throw new AppError('tool_failed', `There is something that is no file in the backup: ${odd[0]}`)
  const covered = new Set(manifest.files.map((file) => file.path))
  const rest = names.filter((name) => !covered.has(name) || isUncovered(name))
  let size = 0n
  for (const name of names) size += BigInt((await lstat(path.join(folder, name))).size)
  return {
    major,
    label: labelOf(await readFile(path.join(folder, 'backup_label'), 'utf8')),
    control: await controlOf(folder, major, services),
    manifest,
    files: hash ? await hashFiles(folder, rest, { signal: job.signal }) : [],
    size,
    walMethod: names.some((name) => /^pg_wal\/[0-9A-F]{24}$/.test(name)) ? 'stream' : 'none',
    compression: '',
    detail,
  }
}

async function readTars(
  folder: string,
  manifest: BackupManifest,
  _hash: boolean,
  job: JobContext,
  services: Needs,
): Promise<BaseFacts> {
  const names = (await readdir(folder)).filter(isBackupTar).toSorted()
  for (const name of names) {
    const problem = await unpackProblem(packedBy(name))
    if (problem !== '') throw new AppError('tool_missing', `${name} can't be read here. ${problem}`)
  }
  let done = 0
  const tars = await readTarBackup(folder, names, {
    ...{ signal: job.signal, manifest, walFolder: null, sealed: new Set<string>() },
    onBytes: (bytes, file) => {
      done += bytes
      job.progress({ done, total: null, unit: 'bytes', label: file })
    },
  })
  job.progress(null)
  refuseProblems(
    job,
    tars.problems.map(({ file, what }) => `${file} ${what}`),
  )
  const detail = `${manifest.files.length} files in ${names.length} tars as in the manifest`
  job.endStep('read', 'done', detail)
  if (tars.label === null || tars.control === null || tars.version === null) {
    throw new AppError('tool_failed', 'The tars hold no backup_label, no pg_control or no PG_VERSION.')
  }
  const major = Number(tars.version)
  const others = (await readdir(folder)).filter((name) => !names.includes(name))
  const packing = packedBy(names.find((name) => name.startsWith('base.tar')) ?? '')
  const scratch = path.join(services.paths.scratch, crypto.randomUUID())
  job.onCleanup('the control file', () => rm(scratch, { recursive: true, force: true }))
  await mkdir(path.join(scratch, 'global'), { recursive: true, mode: 0o700 })
  await writeFile(path.join(scratch, 'global', 'pg_control'), tars.control, { mode: 0o600 })
  const files = [...(await hashFiles(folder, others, { signal: job.signal })), ...tars.tars]
  return {
    ...{ major, manifest, detail, files, size: files.reduce((sum, file) => sum + BigInt(file.size), 0n) },
    label: labelOf(tars.label),
    control: await controlOf(scratch, major, services),
    walMethod: names.some((name) => name.startsWith('pg_wal.tar')) ? 'stream' : tars.wal.length > 0 ? 'fetch' : 'none',
    compression: packing === 'none' ? '' : packing,
  }
}

async function runVerifier(
  folder: string,
  manifest: BackupManifest,
  major: number,
  job: JobContext,
  { tools }: Needs,
): Promise<string> {
  const tool = await tools.forServer('pg_verifybackup', major * 10000)
  // It starts the pg_waldump beside it, which reads WAL of its own major version alone.
  const parses = majorOf(tool.version) === major && (await readdir(path.dirname(tool.path))).includes('pg_waldump')
  const values = { noParseWal: !parses, progress: majorOf(tool.version) >= 16 }
  const command = buildCommand(pgVerifybackup, values, { tool: tool.version, server: null }, [folder])
  const words = shownWords(command.argv)
  job.command({ title: 'Verify', program: command.program, version: tool.version, words, kind: 'program' })
  const errors: string[] = []
  let verified = false
  const exit = await job.run({
    file: tool.path,
    argv: command.argv,
    logStderr: false,
    onStdout: (line) => {
      verified ||= line === 'backup successfully verified'
    },
    onStderr: (line) => {
      const progress = /^ *(\d+)\/(\d+) kB \(\d+%\) verified/.exec(line)
      if (progress) {
        const [done, total] = [Number(progress[1]) * 1024, Number(progress[2]) * 1024]
        job.progress({ done, total, unit: 'bytes', label: 'every file against the manifest' })
        return
      }
      job.log(line, /error: /.test(line) ? 'error' : 'info')
      const error = /^pg_verifybackup: error: (.*)$/.exec(line)?.[1]
      if (error !== undefined) errors.push(error)
    },
  })
  job.progress(null)
  if (exit.cancelled) throw new AppError('cancelled', 'pg_verifybackup was cancelled.')
  refuseProblems(job, errors)
  if (exit.code !== 0 || !verified) {
    throw new AppError('tool_failed', `pg_verifybackup ${formatPgVersion(tool.version)} did not say that the backup is whole.`, {
      hint: 'The job’s log has everything it said.',
    })
  }
  return `${manifest.files.length} files as in the manifest${parses ? ', its WAL read' : ''}`
}

function refuseProblems(job: JobContext, problems: readonly string[]): void {
  for (const message of problems) {
    const object = /"([^"]+)"/.exec(message)?.[1] ?? message.split(' ')[0] ?? ''
    const rest = { entry: '', statement: '', harmless: null, advice: '', logLine: null }
    job.issue({ ...rest, severity: 'error', object, objectKind: 'FILE', message })
  }
  if (problems.length === 0) return
  const more = problems.length > 3 ? `; and ${problems.length - 3} more` : ''
  throw new AppError('tool_failed', `The backup is not whole: ${problems.slice(0, 3).join('; ')}${more}.`, {
    hint: 'Do not rely on it: take another one.',
  })
}

function labelOf(text: string): BackupLabel {
  const label = parseBackupLabel(text)
  if (label) return label
  throw new AppError('tool_failed', 'Its backup_label is not what PostgreSQL writes.')
}

/** pg_controldata understands the control file of its own major version alone. */
async function controlOf(dataDirectory: string, major: number, { tools, spawn }: Needs): Promise<ControlData> {
  const tool = await tools.forServer('pg_controldata', major * 10000)
  if (majorOf(tool.version) !== major) {
    throw new AppError('tool_missing', `There is no pg_controldata ${major} here, to read what cluster the backup is of.`, {
      hint: `Install postgresql-${major}, or add the folder that holds it in Settings.`,
    })
  }
  return readControlData(spawn, { bin: path.dirname(tool.path), dataDirectory, account: null })
}
