// Reads an SQL script once, line by line, for what it says of itself and what it will need; memory stays bounded.
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AppError } from '../../../shared/rpc/appError'
import { isWord, nameOf, type SqlToken, sqlTokens } from '../../library/sqlText'
import { createScriptLexer } from './scriptLexer'

export interface ScriptFacts {
  kind: 'database' | 'cluster' | 'other'
  serverVersion: string | null
  dumpVersion: string | null
  createdAt: string | null
  encoding: string | null
  restricted: boolean
  /** The databases it connects to by itself, in order, each once. */
  connects: string[]
  createsDatabases: string[]
  dropsDatabases: string[]
  createsRoles: Set<string>
  createsTablespaces: Set<string>
  extensions: Set<string>
  /** DROP statements: it was dumped with --clean. */
  drops: boolean
  /** Roles it gives objects and rights to, with how often. */
  owners: Map<string, number>
  grantees: Map<string, number>
  tablespaces: Map<string, number>
  entries: Record<string, number>
  /** false: pg_dump's closing line is missing, the file is cut off. null: no pg_dump wrote it. */
  complete: boolean | null
  lines: number
}

const counted =
  /^CREATE (?:OR REPLACE |UNLOGGED |UNIQUE |MATERIALIZED |FOREIGN |EVENT |CONSTRAINT )*(TABLE|VIEW|INDEX|SEQUENCE|FUNCTION|PROCEDURE|TRIGGER|TYPE|DOMAIN|SCHEMA|EXTENSION|POLICY|RULE|AGGREGATE|PUBLICATION|SUBSCRIPTION|ROLE|TABLESPACE|DATABASE)\b/
const ofInterest = /^(ALTER|CREATE|GRANT|REVOKE|DROP|SET) /
const longestPiece = 1024 * 1024
const maximumNames = 10_000

export function openScript(path: string, gzip: boolean): Readable {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 })
  if (!gzip) return file
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  file.on('error', (error) => gunzip.destroy(error))
  gunzip.on('close', () => file.destroy())
  return file.pipe(gunzip)
}

/** Throws AppError bad_input when a gzip file is damaged or cut off. */
export async function scanScript(path: string, gzip: boolean, signal?: AbortSignal): Promise<ScriptFacts> {
  const facts = emptyFacts()
  const scan = { complete: false }
  const feed = createScriptLexer((part) => {
    if (part.kind === 'comment') readComment(part.text, facts, scan)
    else if (part.kind === 'backslash') readMeta(part.text, facts)
    else readStatement(part.text, facts)
  })
  let begins = true
  const readLine = (line: string) => {
    facts.lines += 1
    feed(line, begins)
    begins = true
  }
  const stream = openScript(path, gzip)
  let rest = ''
  const decoder = new TextDecoder('utf-8')
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted()
      const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) readLine(line)
      // One row can be a gigabyte: it is read in pieces, cut where no quote, dollar or backslash is torn in two.
      if (rest.length > longestPiece) {
        const cut = safeCut(rest)
        feed(rest.slice(0, cut), begins, false)
        rest = rest.slice(cut)
        begins = false
      }
    }
    if (rest !== '') readLine(rest)
  } catch (error) {
    if (signal?.aborted || !(error instanceof Error)) throw error
    throw new AppError('bad_input', `${path} can’t be read to its end: ${error.message}.`, {
      hint: 'The file is damaged or cut off. Copy it again from where it was made, or choose another backup.',
      cause: error,
    })
  } finally {
    stream.destroy()
  }
  facts.complete = facts.kind === 'other' ? null : scan.complete
  return facts
}

function safeCut(text: string): number {
  for (let at = text.length - 1; at > text.length - 300; at -= 1) {
    if (/^[\w ]{2}$/.test(text.slice(at - 1, at + 1))) return at
  }
  return text.length
}

function emptyFacts(): ScriptFacts {
  return {
    kind: 'other',
    serverVersion: null,
    dumpVersion: null,
    createdAt: null,
    encoding: null,
    restricted: false,
    connects: [],
    createsDatabases: [],
    dropsDatabases: [],
    createsRoles: new Set(),
    createsTablespaces: new Set(),
    extensions: new Set(),
    drops: false,
    owners: new Map(),
    grantees: new Map(),
    tablespaces: new Map(),
    entries: {},
    complete: null,
    lines: 0,
  }
}

function readComment(line: string, facts: ScriptFacts, scan: { complete: boolean }): void {
  if (line.startsWith('-- PostgreSQL database cluster dump complete')) scan.complete = facts.kind === 'cluster'
  else if (line.startsWith('-- PostgreSQL database dump complete')) scan.complete = facts.kind === 'database'
  else if (line.startsWith('-- PostgreSQL database cluster dump')) facts.kind = 'cluster'
  else if (line.startsWith('-- PostgreSQL database dump') && facts.kind === 'other') facts.kind = 'database'
  const version = /^-- Dumped (from database|by pg_dump) version (\S+)/.exec(line)
  if (version?.[1] === 'from database') facts.serverVersion ??= version[2] ?? null
  else if (version) facts.dumpVersion ??= version[2] ?? null
  facts.createdAt ??= /^-- Started on (.+)$/.exec(line)?.[1]?.trim() ?? null
}

function readMeta(line: string, facts: ScriptFacts): void {
  if (line.startsWith('\\restrict ')) facts.restricted = true
  const connect = /^\\(?:connect|c)\s+(?:-reuse-previous=on\s+)?(.+?)\r?$/.exec(line)?.[1]
  if (connect !== undefined) remember(facts.connects, connectedDatabase(connect))
}

/** `"dbname='a b'"`, `"a b"` or `a`, as pg_dump's appendPsqlMetaConnect writes them. */
function connectedDatabase(text: string): string {
  const quoted = /^"((?:[^"]|"")*)"/.exec(text)?.[1]?.replaceAll('""', '"') ?? text.split(/\s/)[0] ?? text
  const conninfo = /^dbname='((?:[^'\\]|\\.)*)'/.exec(quoted)?.[1]
  return conninfo === undefined ? quoted : conninfo.replace(/\\(.)/g, '$1')
}

function readStatement(statement: string, facts: ScriptFacts): void {
  // INSERT, COPY and COMMENT hold data and texts, not names of roles.
  if (!ofInterest.test(statement)) return
  const kind = counted.exec(statement)?.[1]
  if (kind) facts.entries[kind] = (facts.entries[kind] ?? 0) + 1
  const tokens = sqlTokens(statement)
  const [first, second, third] = tokens
  if (isWord(first, 'set')) {
    const value = tokens[3]
    if (isWord(second, 'client_encoding') && value?.kind === 'string') facts.encoding ??= value.text
    if (isWord(second, 'default_tablespace')) count(facts.tablespaces, value?.text)
    if (isWord(second, 'session') && isWord(third, 'authorization')) count(facts.owners, value?.text)
  } else if (isWord(first, 'drop')) {
    facts.drops = true
    if (isWord(second, 'database')) remember(facts.dropsDatabases, lastName(tokens) ?? '')
  } else if (isWord(first, 'create')) {
    if (isWord(second, 'role', 'user')) facts.createsRoles.add(nameOf(third) ?? '')
    if (isWord(second, 'tablespace')) facts.createsTablespaces.add(nameOf(third) ?? '')
    if (isWord(second, 'database')) remember(facts.createsDatabases, nameOf(third) ?? '')
    if (isWord(second, 'extension')) facts.extensions.add(nameOf(isWord(third, 'if') ? tokens[5] : third) ?? '')
  } else if (isWord(first, 'alter')) {
    const owner = tokens.findIndex((token, at) => isWord(token, 'owner') && isWord(tokens[at + 1], 'to'))
    if (owner > 0) count(facts.owners, nameOf(tokens[owner + 2]))
  } else if (isWord(first, 'grant', 'revoke')) {
    count(facts.grantees, grantee(tokens))
  }
}

/** The role after the TO or FROM that stands outside the list of what is granted; PUBLIC is none. */
export function grantee(tokens: readonly SqlToken[]): string | undefined {
  for (let at = tokens.length - 2; at > 0; at -= 1) {
    if (isWord(tokens[at], 'to', 'from')) {
      const role = tokens[at + 1]
      return isWord(role, 'public') ? undefined : nameOf(role)
    }
  }
  return undefined
}

function lastName(tokens: readonly SqlToken[]): string | undefined {
  return nameOf(tokens.findLast((token) => nameOf(token) !== undefined))
}

function remember(list: string[], name: string): void {
  if (name !== '' && !list.includes(name) && list.length < maximumNames) list.push(name)
}

function count(map: Map<string, number>, name: string | undefined): void {
  if (name === undefined || name === '') return
  if (map.has(name) || map.size < maximumNames) map.set(name, (map.get(name) ?? 0) + 1)
}
