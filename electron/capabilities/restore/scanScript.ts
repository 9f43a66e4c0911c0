// Reads an SQL script once, line by line, for what it says of itself and what it will need; memory stays bounded.
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { AppError } from '../../../shared/rpc/appError'
import { isWord, nameOf, type SqlToken, sqlTokens } from '../../library/sqlText'
import { declareEncoding, readMeta } from './scriptCommands'
import { emptyFacts, maximumNames, remember, type ScanState, type ScriptFacts } from './scriptFacts'
import { createScriptLexer } from './scriptLexer'
import { ownVariables, rowDanger } from './scriptMeta'
import { readScriptText, type TextReader } from './scriptText'

export type { ScriptFacts } from './scriptFacts'

const counted =
  /^CREATE (?:OR REPLACE |UNLOGGED |UNIQUE |MATERIALIZED |FOREIGN |EVENT |CONSTRAINT )*(TABLE|VIEW|INDEX|SEQUENCE|FUNCTION|PROCEDURE|TRIGGER|TYPE|DOMAIN|SCHEMA|EXTENSION|POLICY|RULE|AGGREGATE|PUBLICATION|SUBSCRIPTION|ROLE|TABLESPACE|DATABASE)\b/i
const ofInterest = /^(ALTER|CREATE|GRANT|REVOKE|DROP|SET)\s/i
const endsTransaction = /^(COMMIT|END|ABORT|ROLLBACK(?!\s+((WORK|TRANSACTION)\s+)?TO\b)|PREPARE\s+TRANSACTION)\b/i
/** PreventInTransactionBlock in the server's sources, as far as scripts have it. */
const outsideOnly =
  /^((CREATE|DROP)\s+(DATABASE|TABLESPACE)|VACUUM|ALTER\s+SYSTEM|ALTER\s+DATABASE\s+.*\sSET\s+TABLESPACE|REINDEX\s+.*(DATABASE|SYSTEM)|(CREATE\s+(UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX\s+\w+)\s+CONCURRENTLY|CLUSTER$|.*\sDETACH\s+PARTITION\s.*\sCONCURRENTLY$)/i
const longestPiece = 1024 * 1024

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
  const text = readScriptText()
  const facts = emptyFacts(text.facts)
  const scan: ScanState = { complete: false, restricting: false, sets: new Set(ownVariables), setsUnknown: false, used: [] }
  const feed = createScriptLexer((part) => {
    if (part.kind === 'comment') readComment(text.decode(part.text), facts, scan)
    else if (part.kind === 'backslash') readMeta(text.decode(part.text), part.line, facts, scan, text)
    else if (part.kind === 'row') readRow(part.text, part.line, facts)
    else if (part.kind === 'statement') readStatement(text.decode(part.text), part.line, facts, text)
    else if (!part.inBrackets && !scan.sets.has(part.name) && scan.used.length < 100) scan.used.push(part)
  })
  let begins = true
  const readLine = (line: string) => {
    facts.lines += 1
    text.line(line, facts.lines, begins)
    // psql passes over the mark of UTF-8 at the beginning.
    feed(facts.lines === 1 && line.startsWith('\xef\xbb\xbf') ? line.slice(3) : line, begins)
    begins = true
  }
  const stream = openScript(path, gzip)
  let rest = ''
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted()
      const data = chunk as Buffer
      text.chunk(data)
      const lines = (rest + data.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) readLine(line)
      // One row can be a gigabyte: it is read in pieces, cut where no quote, dollar or backslash is torn in two.
      if (rest.length > longestPiece) {
        const cut = safeCut(rest)
        text.line(rest.slice(0, cut), facts.lines + 1, false)
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
  if (!scan.setsUnknown) facts.unsetVariables = scan.used.map(({ name, line }) => ({ name, line }))
  return facts
}

function safeCut(text: string): number {
  for (let at = text.length - 1; at > text.length - 300; at -= 1) {
    if (/^[\w ]{2}$/.test(text.slice(at - 1, at + 1))) return at
  }
  return text.length
}

function readComment(line: string, facts: ScriptFacts, scan: ScanState): void {
  if (line.startsWith('-- PostgreSQL database cluster dump complete')) scan.complete = facts.kind === 'cluster'
  else if (line.startsWith('-- PostgreSQL database dump complete')) scan.complete = facts.kind === 'database'
  else if (line.startsWith('-- PostgreSQL database cluster dump')) facts.kind = 'cluster'
  else if (line.startsWith('-- PostgreSQL database dump') && facts.kind === 'other') facts.kind = 'database'
  const version = /^-- Dumped (from database|by pg_dump) version (\S+)/.exec(line)
  if (version?.[1] === 'from database') facts.serverVersion ??= version[2] ?? null
  else if (version) facts.dumpVersion ??= version[2] ?? null
  facts.createdAt ??= /^-- Started on (.+)$/.exec(line)?.[1]?.trim() ?? null
}

function readRow(text: string, line: number, facts: ScriptFacts): void {
  if (text === '\\.' || text === '\\.\r') facts.copies += 1
  else if (facts.rowCommand === null) {
    const why = rowDanger(text)
    if (why !== undefined) facts.rowCommand = { line, text: text.slice(0, 200), why }
  }
}

function readStatement(statement: string, line: number, facts: ScriptFacts, text: TextReader): void {
  const shown = () => ({ line, text: statement.replaceAll(/\s+/g, ' ').slice(0, 100) })
  if (endsTransaction.test(statement)) facts.ownTransaction ??= shown()
  if (outsideOnly.test(statement.slice(0, 2000).replaceAll(/\s+/g, ' '))) facts.outsideTransaction ??= shown()
  // INSERT, COPY and COMMENT hold data and texts, not names of roles.
  if (!ofInterest.test(statement)) return
  const kind = counted.exec(statement.slice(0, 200).replaceAll(/\s+/g, ' '))?.[1]?.toUpperCase()
  if (kind) facts.entries[kind] = (facts.entries[kind] ?? 0) + 1
  const tokens = sqlTokens(statement)
  const [first, second, third] = tokens
  if (isWord(first, 'set')) {
    const value = tokens[3]
    if (isWord(second, 'client_encoding') && value) declareEncoding(value.text, facts, text)
    if (isWord(second, 'names') && tokens[2]) declareEncoding(tokens[2].text, facts, text)
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

function count(map: Map<string, number>, name: string | undefined): void {
  if (name === undefined || name === '') return
  if (map.has(name) || map.size < maximumNames) map.set(name, (map.get(name) ?? 0) + 1)
}
