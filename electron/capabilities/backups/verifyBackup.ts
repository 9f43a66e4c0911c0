// Verifies one backup as a job: every file against its record, then the archive read in full; the result joins the record.
import path from 'node:path'
import type { JobIssue, JobResult } from '../../../shared/jobs/job'
import type { BackupRecord } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { hashFiles, listFolder } from '../../library/checksumFiles'
import { clusterMarker, type Reader, readInFull, requireEndOfScript, shownReadCommand } from '../../library/readInFull'
import { addVerification, isRecordFile, readRecord } from '../../library/recordFile'
import type { Services } from '../../services'

export const verifySteps = [
  { id: 'files', label: 'Files' },
  { id: 'checksums', label: 'Checksums' },
  { id: 'read', label: 'Read in full' },
  { id: 'record', label: 'Record' },
] as const

export const verifyOnCancel = 'Nothing is changed: the backup and its record stay as they are.'

/** One way in which a file is not as recorded. */
export interface Difference {
  file: string
  what: string
}

/** Throws AppError when the backup is damaged; the record says so by then. */
export async function verifyBackup(folder: string, job: JobContext, services: Pick<Services, 'tools'>): Promise<JobResult> {
  job.step('files')
  const record = await readRecord(folder)
  const differences = await compareNames(folder, record)
  job.endStep('files', differences.length === 0 ? 'done' : 'failed', `${record.files.length} recorded`)

  job.step('checksums')
  const bytes = await compareContents(folder, record, differences, job)
  job.endStep('checksums', differences.length === 0 ? 'done' : 'failed', formatBytes(bytes))
  for (const difference of differences) job.issue(toIssue(difference))

  job.step('read')
  const unread =
    differences.length > 0
      ? 'not read: files differ from the record'
      : record.kind === 'cold-backup'
        ? 'a copy of a cluster’s files has no archive to read'
        : await readArchive(folder, record, job, services)
  if (unread instanceof AppError) differences.push({ file: record.artifact, what: unread.message })
  const why = typeof unread === 'string' ? unread : null
  job.endStep('read', why === null ? (unread ? 'failed' : 'done') : 'skipped', why ?? undefined)

  job.step('record')
  job.signal.throwIfAborted()
  const ok = differences.length === 0
  const detail = ok
    ? `${record.files.length} files, ${formatBytes(bytes)}${why === null ? ', read in full' : record.kind === 'cold-backup' ? '' : `; ${why}`}`
    : sayDifferences(differences)
  await addVerification(folder, { at: new Date().toISOString(), level: why === null ? 'read' : 'checksums', ok, detail })
  if (!ok) {
    throw new AppError('tool_failed', `This backup is damaged: ${sayDifferences(differences)}`, {
      hint: `Do not rely on it: make a new ${record.kind === 'cold-backup' ? 'backup' : 'dump'} now, while the database is there. The files that agree with the record may still be restored.`,
    })
  }
  return {
    headline: `Whole: ${record.files.length} files agree with their checksums${why === null ? ' and the archive reads in full' : ''}.`,
    facts: [
      { label: 'Files', value: String(record.files.length), mono: false },
      { label: 'Read', value: formatBytes(bytes), mono: false },
      { label: 'Folder', value: folder, mono: true },
    ],
    backupPath: folder,
    database: record.source.database,
  }
}

/** Files that are missing, and what is there that no record lists. */
async function compareNames(folder: string, record: BackupRecord): Promise<Difference[]> {
  const { files, strange } = await listFolder(folder)
  const known = new Set(record.files.map((file) => file.path))
  const there = new Set(files)
  return [
    ...record.files.filter((file) => !there.has(file.path)).map((file) => ({ file: file.path, what: 'is missing' })),
    ...files
      .filter((file) => !known.has(file) && !isRecordFile(file))
      .map((file) => ({ file, what: 'was added: the record does not list it' })),
    ...strange.filter((file) => !known.has(file)).map((file) => ({ file, what: 'was added and is no plain file' })),
  ]
}

/** Returns the bytes read. Every file that is there is read in full, also after the first that differs. */
async function compareContents(
  folder: string,
  record: BackupRecord,
  differences: Difference[],
  job: JobContext,
): Promise<number> {
  const total = record.files.reduce((sum, file) => sum + Number(file.size), 0)
  const missing = new Set(differences.map((difference) => difference.file))
  let done = 0
  for (const file of record.files) {
    if (missing.has(file.path)) continue
    try {
      const [found] = await hashFiles(folder, [file.path], {
        signal: job.signal,
        onBytes: (bytes) => {
          done += bytes
          job.progress({ done: Math.min(done, total), total, unit: 'bytes', label: file.path })
        },
      })
      if (found && found.size !== file.size) {
        const shorter = BigInt(found.size) < BigInt(file.size) ? 'is cut off' : 'has grown'
        differences.push({ file: file.path, what: `${shorter}: ${found.size} bytes, recorded are ${file.size}` })
      } else if (found && found.sha256 !== file.sha256) differences.push({ file: file.path, what: 'differs from its SHA-256' })
    } catch (error) {
      if (job.signal.aborted) throw error
      differences.push({ file: file.path, what: `can't be read: ${error instanceof Error ? error.message : String(error)}` })
    }
  }
  job.progress(null)
  return done
}

/** null when it was read; words when it could not be tried; the error when it is not whole. */
async function readArchive(
  folder: string,
  record: BackupRecord,
  job: JobContext,
  services: Pick<Services, 'tools'>,
): Promise<null | string | AppError> {
  let reader: Reader | null = null
  const archive = path.join(folder, record.artifact)
  if (record.kind === 'cluster-dump') return readScript(archive, job)
  if (record.format !== 'plain') {
    const writer = record.tools.find((tool) => tool.program === 'pg_dump')?.version ?? record.source.serverVersion
    try {
      reader = await services.tools.forServer('pg_restore', writer)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const why = `not read: no pg_restore ${majorOf(writer)} or newer is here.`
      job.log(`${why} ${error.message}`, 'warning')
      return why
    }
  }
  try {
    for (const [at, one] of archivesOf(folder, record).entries()) {
      const shown = reader && shownReadCommand(reader, record.format, one)
      if (shown) job.command(shown)
      if (record.kind === 'dump-set') {
        const label = record.databases[at]?.name ?? ''
        job.progress({ done: at, total: record.databases.length, unit: 'objects', label: `reading ${label}` })
      }
      await readInFull(job, reader, record.format, one)
    }
    if (record.kind === 'dump-set' && record.globals)
      await requireEndOfScript(path.join(folder, record.globals.path), clusterMarker)
    return null
  } catch (error) {
    if (job.signal.aborted || !(error instanceof AppError)) throw error
    // The program did not come to an end: that says nothing about the archive.
    if (/ended by the signal/.test(error.message)) throw error
    return error
  }
}

function archivesOf(folder: string, record: BackupRecord): string[] {
  if (record.kind !== 'dump-set') return [path.join(folder, record.artifact)]
  return record.databases.map(({ artifact }) => path.join(folder, artifact))
}

/** A script of pg_dumpall says at its end that it is whole. */
async function readScript(script: string, job: JobContext): Promise<null | AppError> {
  try {
    await requireEndOfScript(script, clusterMarker)
    return null
  } catch (error) {
    if (job.signal.aborted || !(error instanceof AppError)) throw error
    return error
  }
}

function toIssue({ file, what }: Difference): JobIssue {
  return {
    severity: 'error',
    object: file,
    objectKind: 'FILE',
    entry: '',
    message: `${file} ${what}.`,
    statement: '',
    harmless: null,
    advice: '',
    logLine: null,
  }
}

function sayDifferences(differences: readonly Difference[]): string {
  const said = differences.slice(0, 5).map(({ file, what }) => `${file} ${what}`)
  return `${said.join('; ')}${differences.length > 5 ? `; and ${differences.length - 5} more` : ''}.`
}
