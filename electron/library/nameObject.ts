// Which object an archive's entry belongs to, for grouping: an index to its table, a grant to what is granted.
import type { JobIssue } from '../../shared/jobs/job'
import { isWord, nameOf, sqlTokens } from './sqlText'

/** An entry of an archive's table of contents, as far as it names something. */
export interface NamedEntry {
  id: number
  /** TABLE, TABLE DATA, FK CONSTRAINT ... as the archive names it. */
  kind: string
  schema: string | null
  tag: string
}

export type NamedObject = Pick<JobIssue, 'object' | 'objectKind' | 'entry'>

/** Kinds whose tag is `<table> <own name>`. */
const ofTable = new Set(['CONSTRAINT', 'CHECK CONSTRAINT', 'FK CONSTRAINT', 'TRIGGER', 'RULE', 'POLICY', 'DEFAULT'])
/** Kinds whose tag is `<KIND> <name>` of another object. */
const ofObject = new Set(['ACL', 'COMMENT', 'SECURITY LABEL'])

/** `tables`: tags of the tables and views of each schema, since both parts of a tag may hold spaces. */
export function nameObject(entry: NamedEntry, statement: string, tables: ReadonlyMap<string, readonly string[]>): NamedObject {
  const within = (name: string) => (entry.schema === null ? name : `${entry.schema}.${name}`)
  const objectKind = entry.kind
  if (ofTable.has(entry.kind)) {
    const table = longestStart(entry.tag, tables.get(entry.schema ?? '') ?? [])
    if (table !== undefined) return { object: within(table), objectKind, entry: entry.tag.slice(table.length + 1) }
  }
  if (entry.kind === 'INDEX' || entry.kind === 'INDEX ATTACH') {
    const table = tableAfterOn(statement)
    if (table !== undefined) return { object: table, objectKind, entry: entry.tag }
  }
  if (ofObject.has(entry.kind)) return { object: within(withoutKind(entry)), objectKind, entry: entry.tag }
  return { object: within(entry.tag), objectKind, entry: '' }
}

export function tablesOf(entries: Iterable<NamedEntry>): Map<string, string[]> {
  const tables = new Map<string, string[]>()
  for (const entry of entries) {
    if (!['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE'].includes(entry.kind)) continue
    const known = tables.get(entry.schema ?? '')
    if (known) known.push(entry.tag)
    else tables.set(entry.schema ?? '', [entry.tag])
  }
  return tables
}

function longestStart(tag: string, tables: readonly string[]): string | undefined {
  let found: string | undefined
  for (const table of tables) {
    if (tag.startsWith(`${table} `) && (found === undefined || table.length > found.length)) found = table
  }
  return found
}

/** `TABLE orders`, `COLUMN orders.note`, `TABLE "odd name"`: the object's own name without quotes. */
function withoutKind(entry: NamedEntry): string {
  const name = entry.tag.replace(/^(?:[A-Z]+ )+/, '')
  if (name.startsWith('"') && name.endsWith('"')) return name.slice(1, -1).replaceAll('""', '"')
  return entry.tag.startsWith('COLUMN ') ? name.replace(/\.[^.]*$/, '') : name
}

/** CREATE INDEX name ON [ONLY] schema.table USING ... */
function tableAfterOn(statement: string): string | undefined {
  const tokens = sqlTokens(statement.slice(0, 4000))
  const on = tokens.findIndex((token) => isWord(token, 'on'))
  if (on < 0) return undefined
  const at = isWord(tokens[on + 1], 'only') ? on + 2 : on + 1
  const first = nameOf(tokens[at])
  if (first === undefined) return undefined
  const second = tokens[at + 1]?.text === '.' ? nameOf(tokens[at + 2]) : undefined
  return second === undefined ? first : `${first}.${second}`
}
