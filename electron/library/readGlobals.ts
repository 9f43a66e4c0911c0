// Finds, in what pg_dumpall --globals-only wrote, the statements that make one role or tablespace; nothing else is ever run.
import { readFile, stat } from 'node:fs/promises'
import { AppError } from '../../shared/rpc/appError'
import { isWord, nameOf, splitStatements, sqlTokens } from './sqlText'

export interface Globals {
  roles: Set<string>
  tablespaces: Set<string>
  /** CREATE ROLE, ALTER ROLE, COMMENT ON ROLE of one role, as written, in order. */
  roleStatements: Map<string, string[]>
  /** CREATE TABLESPACE, ALTER TABLESPACE, its COMMENT and grants. */
  tablespaceStatements: Map<string, string[]>
  memberships: { granted: string; member: string; statement: string }[]
  /** GRANT ... ON PARAMETER, which came with 15. */
  parameterGrants: { role: string; statement: string }[]
  /** Where each tablespace was. */
  locations: Map<string, string>
}

const largest = 64 * 1024 * 1024

/** null when there is none. Throws AppError permission or bad_input. */
export async function readGlobals(path: string | null): Promise<Globals | null> {
  if (path === null) return null
  try {
    if ((await stat(path)).size > largest) {
      throw new AppError('bad_input', `${path} is larger than 64 MB; roles and tablespaces never are.`)
    }
    return parseGlobals(await readFile(path, 'utf8'))
  } catch (error) {
    if (error instanceof AppError) throw error
    // A record that lost its globals can still be restored; the missing file shows in the archive's own check.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new AppError('permission', `${path} can’t be read.`, {
      hint: 'Give the account that runs Walkback the right to read it.',
      cause: error,
    })
  }
}

export function parseGlobals(text: string): Globals {
  const globals: Globals = {
    roles: new Set(),
    tablespaces: new Set(),
    roleStatements: new Map(),
    tablespaceStatements: new Map(),
    memberships: [],
    parameterGrants: [],
    locations: new Map(),
  }
  for (const statement of splitStatements(text)) readStatement(statement, globals)
  return globals
}

function readStatement(statement: string, globals: Globals): void {
  const tokens = sqlTokens(statement)
  const [first, second, third, fourth] = tokens
  if (isWord(first, 'create') && isWord(second, 'role', 'user')) {
    const name = nameOf(third)
    if (name === undefined) return
    globals.roles.add(name)
    add(globals.roleStatements, name, statement)
  } else if (isWord(first, 'alter') && isWord(second, 'role', 'user')) {
    const name = nameOf(third)
    // ALTER ROLE ... IN DATABASE belongs to a database that may not be here.
    if (name === undefined || isWord(fourth, 'in')) return
    add(globals.roleStatements, name, statement)
  } else if (isWord(first, 'create') && isWord(second, 'tablespace')) {
    const name = nameOf(third)
    if (name === undefined) return
    globals.tablespaces.add(name)
    add(globals.tablespaceStatements, name, statement)
    const location = tokens[tokens.findIndex((token) => isWord(token, 'location')) + 1]
    if (location?.kind === 'string') globals.locations.set(name, location.text)
  } else if (isWord(first, 'alter') && isWord(second, 'tablespace')) {
    const name = nameOf(third)
    if (name !== undefined) add(globals.tablespaceStatements, name, statement)
  } else if (isWord(first, 'comment') && isWord(third, 'role', 'tablespace')) {
    const name = nameOf(fourth)
    if (name !== undefined) add(isWord(third, 'role') ? globals.roleStatements : globals.tablespaceStatements, name, statement)
  } else if (isWord(first, 'grant', 'revoke')) {
    readGrant(statement, globals)
  }
}

/** `GRANT a TO b ...` is a membership; `GRANT CREATE ON TABLESPACE t TO b` belongs to the tablespace. */
function readGrant(statement: string, globals: Globals): void {
  const tokens = sqlTokens(statement)
  const on = tokens.findIndex((token) => isWord(token, 'on'))
  if (on > 0) {
    const name = isWord(tokens[on + 1], 'tablespace') ? nameOf(tokens[on + 2]) : undefined
    if (name !== undefined) add(globals.tablespaceStatements, name, statement)
    if (isWord(tokens[on + 1], 'parameter')) {
      const to = tokens.findIndex((token, at) => at > on && isWord(token, 'to', 'from'))
      const role = nameOf(tokens[to + 1])
      if (role !== undefined) globals.parameterGrants.push({ role, statement })
    }
    return
  }
  if (!isWord(tokens[0], 'grant') || !isWord(tokens[2], 'to')) return
  const granted = nameOf(tokens[1])
  const member = nameOf(tokens[3])
  if (granted !== undefined && member !== undefined) globals.memberships.push({ granted, member, statement })
}

function add(map: Map<string, string[]>, name: string, statement: string): void {
  const known = map.get(name)
  if (known) known.push(statement)
  else map.set(name, [statement])
}
