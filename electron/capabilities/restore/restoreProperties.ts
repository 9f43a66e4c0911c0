// What an archive has of the database itself: settings, rights, connection limit and comment, which pg_restore leaves out
// without --create. They are read as pg_restore writes them, and given to a database made under any name.
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RestoreRequest } from '../../../shared/contracts/restore'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { buildCommand } from '../../../shared/tools/buildCommand'
import { isAsked } from '../../../shared/tools/defineTool'
import { pgRestore } from '../../../shared/tools/pgRestore'
import { hidePasswords, isWord, splitStatements, sqlTokens } from '../../library/sqlText'
import { openServer } from '../../postgres/openServer'
import type { Services } from '../../services'
import { isOfDatabase } from './archiveNeeds'
import type { ChosenTool } from './chooseTool'
import type { InspectedArchive } from './inspectArchive'
import type { RunContext } from './runArchive'

export interface PropertiesFacts {
  archive: InspectedArchive
  request: RestoreRequest
  tool: ChosenTool
  database: string
}

/** Empty where the database is not made new, or only a part of the archive was chosen. Throws AppError tool_failed. */
export async function readProperties(
  services: Pick<Services, 'spawn' | 'paths'>,
  { archive, request, tool, database }: PropertiesFacts,
  signal?: AbortSignal,
): Promise<string[]> {
  if (archive.kind !== 'archive' || request.target.kind !== 'new' || request.choice || !takesDefinitions(request)) return []
  const ids = new Set(archive.toc.entries.filter(isOfDatabase).map(({ id }) => id))
  if (ids.size === 0) return []
  const useList = join(services.paths.scratch, `properties-${randomBytes(8).toString('hex')}.list`)
  const leave = Object.fromEntries(
    ['noPrivileges', 'noComments', 'noSecurityLabels'].flatMap((key) => (request.options[key] === true ? [[key, true]] : [])),
  )
  const values = { ...leave, create: true, useList, file: '-' }
  const built = buildCommand(pgRestore, values, { tool: tool.version, server: null }, [archive.source.archive])
  let text = ''
  const onStdout = (line: string) => {
    text += `${line}\n`
  }
  await writeFile(useList, `${[...ids].map((id) => `${id};`).join('\n')}\n`, { mode: 0o600, flag: 'wx' })
  const exit = await (async () => {
    try {
      return await services.spawn({ file: tool.path, argv: built.argv, onStdout, ...(signal ? { signal } : {}) })
    } finally {
      await rm(useList, { force: true })
    }
  })()
  signal?.throwIfAborted()
  if (exit.code === 0) return propertiesIn(text, database)
  const said = exit.stderrTail.map((line) => line.replace(/^pg_restore: error: /, '')).join(' ')
  throw new AppError('tool_failed', `pg_restore can’t read what this archive has of the database itself: ${said}`, {
    hint: 'It may be damaged. Try another backup or another pg_restore.',
  })
}

/** Sections and switches that leave the definitions out leave these out too. */
function takesDefinitions({ options }: RestoreRequest): boolean {
  if (['dataOnly', 'noSchema', 'statisticsOnly'].some((key) => isAsked(options[key]))) return false
  const { section } = options
  return typeof section !== 'object' || section.length === 0 || section.includes('pre-data')
}

/** Of a script that pg_restore --create writes: owner, encoding and place are given when the database is made. */
export function propertiesIn(script: string, database: string): string[] {
  const kept = splitStatements(script).filter((statement) => {
    const tokens = sqlTokens(statement)
    const [first, second, third, fourth] = tokens
    if (isWord(first, 'alter')) return isWord(second, 'database') ? !isWord(fourth, 'owner') : isWord(second, 'role')
    if (isWord(first, 'comment')) return isWord(third, 'database')
    if (isWord(first, 'security')) return isWord(second, 'label')
    // The grantor where that is not the owner.
    if (isWord(first, 'set', 'reset')) return isWord(second, 'session') && isWord(third, 'authorization')
    return isWord(first, 'grant', 'revoke')
  })
  return kept.map((statement) => withDatabase(statement, database))
}

/** The name after the first DATABASE that is no part of a name or text itself. */
function withDatabase(statement: string, database: string): string {
  let done = false
  return statement.replaceAll(
    /"(?:[^"]|"")*"|'(?:[^']|'')*'|\b(DATABASE\s+)(?:"(?:[^"]|"")*"|[A-Za-z_][\w$]*)/g,
    (found, word) => {
      if (done || typeof word !== 'string') return found
      done = true
      return `${word}${quoteIdentifier(database)}`
    },
  )
}

/** Last, so that no setting or limit stands in the way of the rows. What can't be set is an error that names it. */
export async function restoreProperties({ plan, services, job, onIssue }: RunContext): Promise<void> {
  const { properties, database, connection } = plan
  if (properties.length === 0) return
  const words = [properties.map((statement) => `${statement};`).join('\n')]
  job.command({ title: `SQL on ${connection.label}`, program: 'SQL', version: null, words, kind: 'sql' })
  let failed = 0
  const client = await openServer(services, connection, job.signal)
  try {
    for (const statement of properties) {
      job.signal.throwIfAborted()
      try {
        await client.query(statement)
      } catch (error) {
        if (job.signal.aborted || !(error instanceof Error)) throw error
        failed += 1
        onIssue({
          severity: 'error',
          object: database,
          objectKind: 'DATABASE',
          entry: '',
          message: hidePasswords(error.message),
          statement: hidePasswords(statement).slice(0, 2000),
          harmless: null,
          advice: 'The rows are there. Set it by hand where it is missed.',
          logLine: null,
        })
      }
    }
  } finally {
    await client.end()
  }
  const count = properties.length - failed
  job.log(`${count} ${count === 1 ? 'property' : 'properties'} of the database itself restored.`)
}
