// What belongs to a database itself and pg_restore leaves out without --create: settings, rights, comment, tablespace.
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../../shared/rpc/appError'
import { buildCommand } from '../../../shared/tools/buildCommand'
import { pgRestore } from '../../../shared/tools/pgRestore'
import { isWord, nameOf, splitStatements, sqlTokens } from '../../library/sqlText'
import type { ClusterServices } from './parts'
import type { ChosenTool } from './planScript'

export interface DatabaseSettings {
  /** '' for the server's default. */
  tablespace: string
  /** ALTER DATABASE ... SET, GRANT and REVOKE ON DATABASE, COMMENT ON DATABASE, ALTER ROLE ... IN DATABASE, as written. */
  statements: string[]
}

/** Lines of pg_restore --list that are about the database itself (_tocEntryRequired, versions 13 to 18). */
const ofDatabase = /^\d+; \d+ \d+ (?:DATABASE(?: PROPERTIES)? - |(?:ACL|COMMENT|SECURITY LABEL) - DATABASE )/

/** Throws AppError when pg_restore can't read the archive. */
export async function readDatabaseSettings(
  services: ClusterServices,
  tool: ChosenTool,
  archive: string,
  signal: AbortSignal,
): Promise<DatabaseSettings> {
  const listed = await run(services, tool, ['--create', '--list', archive], signal)
  const lines = listed.split('\n').filter((line) => ofDatabase.test(line))
  const file = path.join(services.paths.scratch, `use-list-${randomBytes(8).toString('hex')}`)
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' })
  try {
    const values = { create: true, useList: file, file: '-' }
    const built = buildCommand(pgRestore, values, { tool: tool.version, server: null }, [archive])
    return parseDatabaseSettings(await run(services, tool, built.argv, signal))
  } finally {
    await rm(file, { force: true })
  }
}

export function parseDatabaseSettings(text: string): DatabaseSettings {
  const settings: DatabaseSettings = { tablespace: '', statements: [] }
  for (const statement of splitStatements(text)) {
    const tokens = sqlTokens(statement)
    const [first, second, third, fourth] = tokens
    if (isWord(first, 'create') && isWord(second, 'database')) {
      const at = tokens.findIndex((token) => isWord(token, 'tablespace'))
      const name = nameOf(tokens[at + 2])
      if (at > 0 && tokens[at + 1]?.text === '=' && name !== undefined) settings.tablespace = name
    } else if (isWord(first, 'alter') && isWord(second, 'database')) {
      // The owner is set when the database is made.
      if (!isWord(fourth, 'owner')) settings.statements.push(statement)
    } else if (isWord(first, 'alter') && isWord(second, 'role') && isWord(fourth, 'in')) settings.statements.push(statement)
    else if (isWord(first, 'comment') && isWord(third, 'database')) settings.statements.push(statement)
    else if (isWord(first, 'security') && isWord(second, 'label')) settings.statements.push(statement)
    else if (isWord(first, 'grant', 'revoke')) {
      const on = tokens.findIndex((token) => isWord(token, 'on'))
      if (isWord(tokens[on + 1], 'database')) settings.statements.push(statement)
    }
  }
  return settings
}

async function run(services: ClusterServices, tool: ChosenTool, argv: readonly string[], signal: AbortSignal): Promise<string> {
  let text = ''
  const exit = await services.spawn({
    file: tool.path,
    argv,
    signal,
    onStdout: (line) => {
      text += `${line}\n`
    },
  })
  signal.throwIfAborted()
  if (exit.code === 0) return text
  throw new AppError(
    'tool_failed',
    `pg_restore can’t read ${argv.at(-1) ?? ''}: ${exit.stderrTail.at(-1) ?? 'it said nothing'}`,
    {
      hint: 'The archive may be damaged. Verify the set on the Backups page.',
    },
  )
}
