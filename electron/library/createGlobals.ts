// Runs statements of saved globals on a server: roles, memberships and tablespaces that are missing. What exists is never touched.
import type { Client } from 'pg'
import { quoteIdentifier, quoteLiteral } from '../../shared/model/identifier'
import type { Globals } from './readGlobals'
import { hidePasswords, isWord, sqlTokens } from './sqlText'

export interface GlobalsWanted {
  roles: readonly string[]
  tablespaces: readonly string[]
  /** Folders for tablespaces that do not go where they were, by name. */
  locations?: Readonly<Record<string, string>>
}

export interface GlobalsOutcome {
  created: string[]
  failed: { name: string; message: string }[]
}

/** Each role is made whole or not at all; memberships come after all of them. */
export async function createGlobals(client: Client, globals: Globals, request: GlobalsWanted): Promise<GlobalsOutcome> {
  const outcome: GlobalsOutcome = { created: [], failed: [] }
  await keepOutOfServerLog(client)
  const madeRoles = new Set<string>()
  for (const name of new Set(request.roles)) {
    const message = await createRole(client, globals, name)
    if (message === null) madeRoles.add(name)
    report(outcome, name, message)
  }
  // Memberships last: both roles must be there. Only of roles made here, so that nobody gains rights unasked.
  for (const { granted, member, statement } of globals.memberships) {
    if (!madeRoles.has(granted) && !madeRoles.has(member)) continue
    const message = await attempt(client, [statement], true)
    if (message !== null)
      outcome.failed.push({ name: `${granted} to ${member}`, message: `The membership was not granted: ${message}` })
  }
  for (const { role, statement } of globals.parameterGrants) {
    if (!madeRoles.has(role)) continue
    const message = await attempt(client, [statement], true)
    if (message !== null) outcome.failed.push({ name: role, message: `A right to a parameter was not granted: ${message}` })
  }
  for (const name of new Set(request.tablespaces)) {
    report(outcome, name, await createTablespace(client, globals, name, request.locations?.[name]))
  }
  return outcome
}

function report(outcome: GlobalsOutcome, name: string, message: string | null): void {
  if (message === null) outcome.created.push(name)
  else outcome.failed.push({ name, message })
}

/** Password hashes are in the statements; a superuser can keep them out of the server's own log. */
async function keepOutOfServerLog(client: Client): Promise<void> {
  await client.query(
    `SELECT set_config('log_statement', 'none', false), set_config('log_min_error_statement', 'panic', false),
            set_config('log_min_duration_statement', '-1', false)
     WHERE current_setting('is_superuser') = 'on'`,
  )
}

/** null when it was made; else why not. The role is made whole or not at all. */
async function createRole(client: Client, globals: Globals, name: string): Promise<string | null> {
  const statements = globals.roleStatements.get(name)
  if (!globals.roles.has(name) || !statements) return 'The saved globals do not hold this role.'
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name])
  if (rowCount !== 0) return 'A role of this name exists already; it was left as it is.'
  return attempt(client, statements, true)
}

async function createTablespace(client: Client, globals: Globals, name: string, location?: string): Promise<string | null> {
  const statements = globals.tablespaceStatements.get(name)
  if (!globals.tablespaces.has(name) || !statements) return 'The saved globals do not hold this tablespace.'
  const { rowCount } = await client.query('SELECT FROM pg_tablespace WHERE spcname = $1', [name])
  if (rowCount !== 0) return 'A tablespace of this name exists already; it was left as it is.'
  // CREATE TABLESPACE can't run inside a transaction.
  return attempt(client, location === undefined ? statements : statements.map((text) => moveTablespace(text, location)), false)
}

/** The same CREATE TABLESPACE at another folder; every other statement stays as it is. */
export function moveTablespace(statement: string, location: string): string {
  const tokens = sqlTokens(statement)
  if (!isWord(tokens[0], 'create') || !isWord(tokens[1], 'tablespace')) return statement
  const words = tokens.map(({ kind, text }, at) => {
    if (kind === 'string') return isWord(tokens[at - 1], 'location') ? quoteLiteral(location).trim() : quoteLiteral(text).trim()
    return kind === 'word' || kind === 'name' ? nameWord(kind, text) : text
  })
  return words.join(' ')
}

function nameWord(kind: 'word' | 'name', text: string): string {
  return kind === 'name' ? quoteIdentifier(text) : text
}

async function attempt(client: Client, statements: readonly string[], together: boolean): Promise<string | null> {
  if (together) await client.query('BEGIN READ WRITE')
  try {
    for (const statement of statements) await client.query(statement)
    if (together) await client.query('COMMIT')
    return null
  } catch (error) {
    if (together) await client.query('ROLLBACK')
    if (!(error instanceof Error)) throw error
    const parts = [error.message, 'detail' in error ? error.detail : '', 'hint' in error ? error.hint : '']
    return hidePasswords(parts.filter(Boolean).join(' '))
  }
}
