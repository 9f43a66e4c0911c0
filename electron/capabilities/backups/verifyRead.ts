// The level read: a dump read from beginning to end by its own program, every page of a cold backup by pg_checksums.
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { type BackupRecord, type ColdBackupRecord, isPhysical } from '../../../shared/model/backupRecord'
import { majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { checkPages } from '../../library/checkPages'
import { findExactTool } from '../../library/exactTool'
import { clusterMarker, type Reader, readInFull, requireEndOfScript, shownReadCommand } from '../../library/readInFull'
import type { Services } from '../../services'
import { judged, type LevelResult, notRun, type Subject } from './levelResult'
import { diskPath } from './physicalFiles'

export async function verifyRead(
  { folder, record }: Subject,
  job: JobContext,
  services: Pick<Services, 'tools' | 'paths'>,
): Promise<LevelResult> {
  if (record.kind === 'cold-backup') return readPages({ folder, record }, job, services)
  if (isPhysical(record)) return notRun('a base backup has no archive to read')
  const read = await readArchive(folder, record, job, services)
  if (typeof read === 'string') return notRun(read)
  return judged(read === null ? [] : [{ file: record.artifact, what: read.message.replace(/\.$/, '') }], 'read in full')
}

/**
 * Through links in a scratch folder, where pg_tblspc leads to the backup's own tablespaces: nothing is written into the backup,
 * not even by accident. pg_checksums follows links to folders.
 */
async function readPages(
  { folder, record }: Subject<ColdBackupRecord>,
  job: JobContext,
  { tools, paths }: Pick<Services, 'tools' | 'paths'>,
): Promise<LevelResult> {
  const tool = await findExactTool(tools, 'pg_checksums', record.source.serverVersion)
  if (!tool) return notRun(`not read: there is no pg_checksums ${record.major} here`)
  if (process.platform === 'win32') return notRun('not read: it needs links, which Windows gives to administrators only')
  const view = path.join(paths.scratch, `pages-${randomBytes(6).toString('hex')}`)
  job.onCleanup('the view for pg_checksums', () => rm(view, { recursive: true, force: true }))
  await mkdir(path.join(view, 'pg_tblspc'), { recursive: true, mode: 0o700 })
  const data = path.join(folder, record.artifact)
  for (const name of await readdir(data)) {
    if (name !== 'pg_tblspc') await symlink(path.join(data, name), path.join(view, name))
  }
  for (const space of record.tablespaces) {
    await symlink(path.join(folder, space.path), path.join(view, 'pg_tblspc', space.oid))
  }
  const { blocks, bad, examples } = await checkPages(job, { program: tool.path, dataDirectory: view, account: null })
  await rm(view, { recursive: true, force: true })
  const pages = `${blocks.toLocaleString('en-US')} pages`
  if (bad === 0) return judged([], `${pages} have their checksums`)
  return judged(
    examples.map((words) => {
      const inner = /"([^"]+)"/.exec(words)?.[1] ?? ''
      return {
        file: diskPath(record, path.relative(view, inner)),
        what: `has a damaged page: ${words.replace(/"[^"]+", ?/, '')}`,
      }
    }),
    '',
  )
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
