// The two command lines of a dump: pg_dumpall for the globals and pg_dump for the database. Nothing else builds them.

import path from 'node:path'
import type { DumpRequest } from '../../../shared/contracts/dump'
import type { ShownCommand } from '../../../shared/jobs/job'
import type { DumpFormat } from '../../../shared/model/backupRecord'
import type { PgVersion } from '../../../shared/model/pgVersion'
import { type BuiltCommand, buildCommand } from '../../../shared/tools/buildCommand'
import type { OptionValues } from '../../../shared/tools/defineTool'
import { pgDump } from '../../../shared/tools/pgDump'
import { pgDumpall } from '../../../shared/tools/pgDumpall'
import { shownWords } from '../../../shared/tools/showCommand'
import { databaseArgument } from '../../postgres/databaseArgument'
import type { ResolvedConnection } from '../../services'

export const globalsName = 'globals.sql'

/** The archive's name inside the backup's folder. */
export const artifactNames: Readonly<Record<DumpFormat, string>> = {
  directory: 'data',
  custom: 'data.dump',
  tar: 'data.tar',
  plain: 'data.sql',
}

/** As the environment for the programs has them too; in argv so that the preview can be copied and run. */
function connectionValues({ settings }: ResolvedConnection): OptionValues {
  return { host: settings.host, port: settings.port, username: settings.user, noPassword: true }
}

export function dumpCommand(
  request: DumpRequest,
  connection: ResolvedConnection,
  tool: PgVersion,
  server: PgVersion,
  folder: string,
  /** With a filter file in place of a long selection. */
  options: OptionValues = request.options,
): BuiltCommand {
  const values: OptionValues = {
    ...options,
    ...connectionValues(connection),
    dbname: databaseArgument(request.database),
    format: request.format,
    verbose: true,
    file: path.join(folder, artifactNames[request.format]),
  }
  return buildCommand(pgDump, values, { tool, server })
}

/** Password hashes are for superusers to read; without them the roles come along all the same. */
export function globalsCommand(
  request: DumpRequest,
  connection: ResolvedConnection,
  tool: PgVersion,
  server: PgVersion,
  folder: string,
  rolePasswords: boolean,
): BuiltCommand {
  const values: OptionValues = {
    ...connectionValues(connection),
    // The database that the person may surely connect to; pg_dumpall expands a connection string here as well.
    database: databaseArgument(request.database),
    globalsOnly: true,
    noRolePasswords: !rolePasswords,
    lockWaitTimeout: request.options.lockWaitTimeout ?? '',
    file: path.join(folder, globalsName),
  }
  return buildCommand(pgDumpall, values, { tool, server })
}

export function shownCommand(title: string, command: BuiltCommand, version: PgVersion): ShownCommand {
  return { title, program: command.program, version, words: shownWords(command.argv), kind: 'program' }
}
