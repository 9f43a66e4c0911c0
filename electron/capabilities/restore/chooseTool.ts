// Which pg_restore or psql does the work: it must understand the archive, and fit the server best.
import { join } from 'node:path'
import type { Installation } from '../../../shared/contracts/host'
import { formatPgVersion, majorOf, type PgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import { restrictKeyMinors } from '../../../shared/tools/sharedOptions'
import { fileName } from '../../process/findTools'
import type { InspectedArchive } from './inspectArchive'

export interface ChosenTool {
  program: string
  path: string
  version: PgVersion
}

/** The newest archive version that a major's pg_restore reads (K_VERS_MAX in pg_backup_archiver.h). */
export function newestReadable(major: number): number {
  if (major >= 17) return 116
  return major === 16 ? 115 : 114
}

/** Majors whose pg_dump writes this version, for words. */
function writers(archiveVersion: number): string {
  if (archiveVersion >= 116) return '17 or newer'
  return archiveVersion === 115 ? '16' : '15 or older'
}

/** Throws AppError tool_missing or version_mismatch, naming versions and the fix. */
export function chooseTool(
  archive: InspectedArchive,
  server: PgVersion,
  installations: readonly Installation[],
  continueOnError = false,
): ChosenTool {
  if (archive.kind === 'archive') return choosePgRestore(archive.toc.version, archive.facts.dumpVersion, server, installations)
  const { restricted, copies, goesOn } = archive.script
  const chosen = choosePsql(restricted, server, installations)
  if (copies === 0 || !(continueOnError || goesOn !== null) || skipsRows(chosen.version)) return chosen
  return having('psql', installations).findLast(({ version }) => skipsRows(version)) ?? chosen
}

/**
 * Rows of a COPY that the server refused: from 17 on psql passes over them; before, it reads them as statements and commands
 * when it goes on after errors.
 */
export function skipsRows(version: PgVersion): boolean {
  return majorOf(version) >= 17
}

/**
 * The server's own major when it can read the archive (a newer one sends settings an older server does not know), else the
 * newest that can.
 */
export function choosePgRestore(
  archiveVersion: number,
  dumpVersion: PgVersion | null,
  server: PgVersion,
  installations: readonly Installation[],
): ChosenTool {
  const all = having('pg_restore', installations)
  if (all.length === 0) throw missing('pg_restore', majorOf(server))
  const able = all.filter((tool) => newestReadable(majorOf(tool.version)) >= archiveVersion)
  const best = able.find((tool) => majorOf(tool.version) === majorOf(server)) ?? able[0]
  if (best) return best
  const made = dumpVersion === null ? `pg_dump ${writers(archiveVersion)}` : `pg_dump ${formatPgVersion(dumpVersion)}`
  const format = `${Math.floor(archiveVersion / 100)}.${archiveVersion % 100}`
  throw new AppError(
    'version_mismatch',
    `This archive was made by ${made} (archive version ${format}); the newest pg_restore here is ${formatPgVersion(all[0]?.version ?? 0)}, which can’t read it.`,
    {
      hint: `Install the client programs of PostgreSQL ${dumpVersion === null ? writers(archiveVersion) : majorOf(dumpVersion)}, or name their folder in Settings.`,
      details: { archiveVersion: format, found: all.map((tool) => formatPgVersion(tool.version)) },
    },
  )
}

/** A psql that knows \restrict where the script has it; the server's own major or newer before older ones. */
export function choosePsql(restricted: boolean, server: PgVersion, installations: readonly Installation[]): ChosenTool {
  const all = having('psql', installations)
  if (all.length === 0) throw missing('psql', majorOf(server))
  const able = restricted ? all.filter((tool) => knowsRestrict(tool.version)) : all
  const best = able.find((tool) => majorOf(tool.version) === majorOf(server)) ?? able[0]
  if (best) return best
  const found = all.map((tool) => formatPgVersion(tool.version)).join(', ')
  throw new AppError(
    'version_mismatch',
    `This script begins with \\restrict, which the psql found here (${found}) does not know.`,
    {
      hint: 'Update the PostgreSQL client programs: 13.22, 14.19, 15.14, 16.10, 17.6 and newer know it.',
    },
  )
}

export function knowsRestrict(version: PgVersion): boolean {
  const minors: Readonly<Record<number, number>> = restrictKeyMinors
  const minor = minors[majorOf(version)]
  return minor === undefined ? majorOf(version) >= 18 : version % 10000 >= minor
}

/** Newest first. */
function having(program: string, installations: readonly Installation[]): ChosenTool[] {
  return installations
    .filter((each) => each.programs.includes(program))
    .map((each) => ({ program, path: join(each.folder, fileName(program)), version: each.version }))
    .toSorted((a, b) => b.version - a.version)
}

function missing(program: string, major: number): AppError {
  return new AppError('tool_missing', `There is no ${program} on this machine.`, {
    hint: `Install the client programs of PostgreSQL ${major} (postgresql-client-${major}), or name their folder in Settings.`,
  })
}
