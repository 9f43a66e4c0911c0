// Fits saved roles to the server they go to: what says nothing is left out, since a role that is no superuser may not even
// say NOSUPERUSER; and who granted a membership there can't have granted it here.
import { quoteIdentifier, quoteLiteral } from '../../shared/model/identifier'
import { majorOf, type PgVersion } from '../../shared/model/pgVersion'
import type { Globals } from './readGlobals'
import { isWord, type SqlToken, sqlTokens } from './sqlText'

/** What CREATE ROLE gives by itself. */
const defaults = ['nosuperuser', 'nocreaterole', 'nocreatedb', 'nologin', 'noreplication', 'nobypassrls', 'inherit']

export interface AdaptedGlobals {
  globals: Globals
  /** What this server can't be told, in sentences. */
  notes: string[]
}

/** `roles`: those of the server together with those that will be made; a membership of any other is left out. */
export function adaptGlobals(globals: Globals, server: PgVersion, roles: { has(name: string): boolean }): AdaptedGlobals {
  const notes: string[] = []
  const old = majorOf(server) < 16
  const memberships = globals.memberships.flatMap(({ granted, member, statement }) => {
    if (!roles.has(granted) || !roles.has(member)) return []
    const { admin, narrower } = readOptions(statement)
    if (old && narrower) {
      notes.push(`${member} was not made a member of ${granted}: without INHERIT or SET, which came with 16, it would get more.`)
      return []
    }
    const text = `GRANT ${quoteIdentifier(granted)} TO ${quoteIdentifier(member)}`
    const options = old ? (admin ? ' WITH ADMIN OPTION' : '') : withoutGrantor(statement)
    return [{ granted, member, statement: text + options }]
  })
  const roleStatements = new Map(
    [...globals.roleStatements].map(([name, list]) => [name, list.flatMap((text) => withoutDefaults(text) ?? [])]),
  )
  const parameterGrants = majorOf(server) < 15 ? [] : globals.parameterGrants
  return { globals: { ...globals, memberships, roleStatements, parameterGrants }, notes }
}

/** undefined when nothing of the statement is left. Only ALTER ROLE name WITH ... is changed. */
function withoutDefaults(statement: string): string | undefined {
  const tokens = sqlTokens(statement)
  if (!isWord(tokens[0], 'alter') || !isWord(tokens[3], 'with')) return statement
  const kept = tokens.slice(4).filter((token) => !isWord(token, ...defaults))
  return kept.length === 0 ? undefined : [...tokens.slice(0, 4), ...kept].map(written).join(' ')
}

/** "WITH ADMIN OPTION, INHERIT FALSE" as it stands, without who granted it. */
function withoutGrantor(statement: string): string {
  const tokens = sqlTokens(statement)
  const from = tokens.findIndex((token, at) => at > 3 && isWord(token, 'with'))
  if (from < 0) return ''
  const by = tokens.findIndex((token) => isWord(token, 'granted'))
  return ` ${tokens
    .slice(from, by < 0 ? tokens.length : by)
    .map(written)
    .join(' ')}`
}

function readOptions(statement: string): { admin: boolean; narrower: boolean } {
  const options = sqlTokens(withoutGrantor(statement))
  const said = (word: string, ...values: string[]) =>
    options.some((token, at) => isWord(token, word) && isWord(options[at + 1], ...values))
  return { admin: said('admin', 'option', 'true'), narrower: said('inherit', 'false') || said('set', 'false') }
}

function written({ kind, text }: SqlToken): string {
  if (kind === 'string') return quoteLiteral(text).trim()
  return kind === 'name' ? quoteIdentifier(text) : text
}
