// Reads a dump from beginning to end with PostgreSQL's own program: the only proof that it is not cut off.
import { open, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { ShownCommand } from '../../shared/jobs/job'
import type { DumpFormat } from '../../shared/model/backupRecord'
import { formatPgVersion, type PgVersion } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import { buildCommand } from '../../shared/tools/buildCommand'
import { pgRestore } from '../../shared/tools/pgRestore'
import { shownWords } from '../../shared/tools/showCommand'
import type { JobContext } from '../jobs/jobTypes'
import { explainToolFailure } from './explainToolFailure'

export interface Reader {
  path: string
  version: PgVersion
  program: string
}

const nowhere = process.platform === 'win32' ? 'NUL' : '/dev/null'

function readArgv(reader: Reader, archive: string): string[] {
  const values = { file: nowhere, verbose: true }
  return buildCommand(pgRestore, values, { tool: reader.version, server: null }, [archive]).argv
}

/** null for a script: it is looked at by ourselves. */
export function shownReadCommand(reader: Reader, format: DumpFormat, archive: string): ShownCommand | null {
  if (format === 'plain') return null
  return {
    title: 'Read in full',
    program: 'pg_restore',
    version: reader.version,
    words: shownWords(readArgv(reader, archive)),
    kind: 'program',
  }
}

/**
 * Archives go through pg_restore into nothing, which decompresses every file; it must be no older than the pg_dump that wrote
 * them. A script must end with what pg_dump writes last. Throws AppError when it is not whole, `cancelled` when cancelled.
 * `onTable` is called for each table as its rows are read.
 */
export async function readInFull(
  job: JobContext,
  reader: Reader | null,
  format: DumpFormat,
  archive: string,
  onTable: () => void = () => undefined,
): Promise<void> {
  if (format === 'plain') return requireEndOfScript(archive, 'PostgreSQL database dump complete')
  if (!reader) throw new AppError('tool_missing', 'There is no pg_restore here to read the archive with.')
  const lines: string[] = []
  const exit = await job.run({
    file: reader.path,
    argv: readArgv(reader, archive),
    // Verbose lines tell the progress; only what is wrong goes into the log.
    logStderr: false,
    onStderr: (line) => {
      if (line.startsWith('pg_restore: processing data for table ')) onTable()
      if (!/^pg_restore: (error|warning|detail|hint|fatal): /.test(line)) return
      lines.push(line)
      job.log(line, line.startsWith('pg_restore: warning') ? 'warning' : 'error')
    },
  })
  if (exit.cancelled) throw new AppError('cancelled', 'Reading the archive was cancelled.')
  if (exit.code !== 0) throw explainToolFailure(`pg_restore ${formatPgVersion(reader.version)}`, exit, lines)
  if (format === 'directory') await requireEndsOfTables(archive)
}

/**
 * pg_restore takes an uncompressed file of a directory to be whole wherever it ends (13 to 18: it exits 0 for a truncated
 * one). pg_dump ends a table's rows by a line with `\.`, or by the last INSERT, and two empty lines. Throws AppError naming
 * the file.
 */
async function requireEndsOfTables(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/^\d+\.dat$/.test(name)) continue
    const end = await readEnd(path.join(folder, name), 5)
    if (end === '\\.\n\n\n' || end === '\n\n' || end.endsWith(';\n\n\n')) continue
    throw new AppError('tool_failed', `${name} does not end as the rows of a table do: it is cut off.`, {
      hint: 'Do not rely on it. Make a new dump.',
    })
  }
}

async function readEnd(file: string, bytes: number): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, bytes)
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.toString('utf8')
  } finally {
    await handle.close()
  }
}

/** What pg_dumpall writes last. */
export const clusterMarker = 'PostgreSQL database cluster dump complete'

/** pg_dump and pg_dumpall end their scripts with a comment; after it come \unrestrict and empty lines at most. */
export async function requireEndOfScript(file: string, marker: string): Promise<void> {
  const lines = (await readEnd(file, 4096))
    .trimEnd()
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('\\unrestrict '))
  if (lines.at(-2) === `-- ${marker}` && lines.at(-1) === '--') return
  throw new AppError('tool_failed', `${path.basename(file)} does not end as a whole script does: it is cut off.`, {
    hint: 'Do not rely on it. Make a new dump.',
  })
}
