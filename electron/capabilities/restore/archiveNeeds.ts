// What an archive's entries need from the server: roles, tablespaces, extensions, and the source database's own settings.

import { isWord, nameOf, type SqlToken, splitStatements, sqlTokens } from '../../library/sqlText'
import type { DatabaseSettings } from '../../postgres/newDatabase'
import type { TocEntry } from './readToc'
import { grantee } from './scanScript'

export interface RoleNeed {
  /** Entries it owns. */
  owns: number
  /** Entries that grant it something, or take something from it. */
  grants: number
  /** Row security policies and user mappings for it. */
  policies: number
}

export interface ArchiveNeeds {
  roles: Map<string, RoleNeed>
  tablespaces: Map<string, number>
  extensions: string[]
}

/** Entries of the database itself (CREATE DATABASE, its grants) are left out: they are restored only with --create. */
export function archiveNeeds(entries: readonly TocEntry[]): ArchiveNeeds {
  const roles = new Map<string, RoleNeed>()
  const tablespaces = new Map<string, number>()
  const extensions: string[] = []
  const need = (name: string, key: keyof RoleNeed) => {
    if (name === '') return
    const role = roles.get(name) ?? { owns: 0, grants: 0, policies: 0 }
    role[key] += 1
    roles.set(name, role)
  }
  for (const entry of entries) {
    if (isOfDatabase(entry)) continue
    if (ownedByStatement(entry)) need(entry.owner, 'owns')
    if (entry.tablespace !== '') tablespaces.set(entry.tablespace, (tablespaces.get(entry.tablespace) ?? 0) + 1)
    if (entry.kind === 'EXTENSION') extensions.push(entry.tag)
    if (entry.kind === 'ACL' || entry.kind === 'DEFAULT ACL') for (const role of grantedRoles(entry)) need(role, 'grants')
    if (entry.kind === 'POLICY') for (const role of policyRoles(sqlTokens(entry.definition))) need(role, 'policies')
    if (entry.kind === 'USER MAPPING') {
      const tokens = sqlTokens(entry.definition)
      const at = tokens.findIndex((token) => isWord(token, 'for'))
      const role = nameOf(tokens[at + 1])
      if (role !== undefined && !isWord(tokens[at + 1], 'public')) need(role, 'policies')
    }
  }
  return { roles, tablespaces, extensions: extensions.toSorted() }
}

/** Roles that rights and settings of the database itself name. */
export function databaseRoles(entries: readonly TocEntry[]): string[] {
  return entries.filter(isOfDatabase).flatMap((entry) => {
    if (entry.kind !== 'DATABASE PROPERTIES') return grantedRoles(entry)
    // ALTER ROLE bob IN DATABASE shop SET ...
    const named = splitStatements(entry.definition).map(sqlTokens)
    return named.flatMap((tokens) => (isWord(tokens[0], 'alter') && isWord(tokens[1], 'role') ? (nameOf(tokens[2]) ?? []) : []))
  })
}

export function isOfDatabase(entry: TocEntry): boolean {
  if (entry.kind === 'DATABASE' || entry.kind === 'DATABASE PROPERTIES') return true
  return ['ACL', 'COMMENT', 'SECURITY LABEL'].includes(entry.kind) && entry.tag.startsWith('DATABASE ')
}

/** Kinds for which pg_restore sends ALTER ... OWNER TO (_printTocEntry); the others carry an owner that is never used. */
const ownerKinds = new Set(
  (
    'AGGREGATE|BLOB|BLOB METADATA|COLLATION|CONVERSION|DOMAIN|EVENT TRIGGER|FOREIGN DATA WRAPPER|FOREIGN TABLE|FUNCTION|' +
    'LARGE OBJECT|MATERIALIZED VIEW|OPERATOR|OPERATOR CLASS|OPERATOR FAMILY|PROCEDURAL LANGUAGE|PROCEDURE|PUBLICATION|SCHEMA|' +
    'SEQUENCE|SERVER|STATISTICS|SUBSCRIPTION|TABLE|TEXT SEARCH CONFIGURATION|TEXT SEARCH DICTIONARY|TYPE|VIEW'
  ).split('|'),
)

function ownedByStatement(entry: TocEntry): boolean {
  return ownerKinds.has(entry.kind)
}

function grantedRoles(entry: TocEntry): string[] {
  const roles = new Set<string>()
  for (const statement of splitStatements(entry.definition)) {
    const tokens = sqlTokens(statement)
    // SET SESSION AUTHORIZATION bob: the grantor where it is not the owner.
    if (isWord(tokens[0], 'set') && isWord(tokens[2], 'authorization')) roles.add(tokens[3]?.text ?? '')
    if (isWord(tokens[0], 'alter') && isWord(tokens[4], 'role')) roles.add(nameOf(tokens[5]) ?? '')
    if (!isWord(tokens[0], 'grant', 'revoke', 'alter')) continue
    const role = grantee(tokens)
    if (role !== undefined) roles.add(role)
  }
  return [...roles]
}

/** CREATE POLICY p ON t FOR SELECT TO bob, carol USING (...): the list between TO and USING or WITH. */
function policyRoles(tokens: readonly SqlToken[]): string[] {
  const start = tokens.findIndex((token) => isWord(token, 'to'))
  const using = tokens.findIndex((token) => isWord(token, 'using', 'with'))
  if (start < 0 || (using >= 0 && using < start)) return []
  const list = tokens.slice(start + 1, using < 0 ? tokens.length : using)
  return list.flatMap((token) => nameOf(token) ?? []).filter((name) => name !== 'public')
}

/** As the archive's own CREATE DATABASE says, by the words of versions 13 to 18. */
export function databaseSettings(entries: readonly TocEntry[]): DatabaseSettings {
  const entry = entries.find((each) => each.kind === 'DATABASE')
  const tokens = entry ? sqlTokens(entry.definition) : []
  const value = (...words: string[]) => {
    const at = tokens.findIndex((token, index) => isWord(token, ...words) && tokens[index + 1]?.text === '=')
    return at < 0 ? null : (tokens[at + 2]?.text ?? null)
  }
  const both = value('locale')
  const provider = value('locale_provider')
  return {
    encoding: value('encoding') ?? clientEncoding(entries),
    localeProvider: provider ?? (entry ? 'libc' : null),
    collate: value('lc_collate') ?? both,
    ctype: value('lc_ctype') ?? both,
    locale: provider === 'builtin' ? (value('builtin_locale') ?? both) : value('icu_locale'),
    owner: entry?.owner ?? null,
  }
}

function clientEncoding(entries: readonly TocEntry[]): string | null {
  const entry = entries.find((each) => each.kind === 'ENCODING')
  return entry ? (sqlTokens(entry.definition).find((token) => token.kind === 'string')?.text ?? null) : null
}
