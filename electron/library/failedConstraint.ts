// A constraint or unique index that could not be made, read from the statement that failed: which rows stand in its way, and
// how it is added without looking at them. Pure. Only statements as pg_dump writes them are read; any other is refused.
import { qualifiedName, quoteIdentifier } from '../../shared/model/identifier'
import { isWord, nameOf, type PlacedToken, placedTokens, splitStatements } from './sqlText'

export interface TableName {
  schema: string
  name: string
}

interface Constraint {
  table: TableName
  /** Of a partitioned table the statement speaks of its partitions too. */
  only: boolean
  name: string
}

export type FailedConstraint = Constraint &
  (
    | { kind: 'foreign key'; columns: string[]; references: TableName & { columns: string[] }; full: boolean }
    | { kind: 'check'; expression: string }
    /** `keys` and `where` as SQL; a null key is equal to none unless `nulls`. */
    | { kind: 'unique'; keys: string[]; where: string; nulls: boolean }
  )

/** null for what is no such statement. */
export function readFailedConstraint(statement: string): FailedConstraint | null {
  if (splitStatements(statement).length !== 1) return null
  const reader = read(statement)
  const found = reader.words('alter', 'table') ? alterTable(reader) : createUniqueIndex(reader)
  return found ?? null
}

/** The same statement with NOT VALID; null where it can't be had so, or is so already. */
export function notValidStatement(statement: string): string | null {
  const constraint = readFailedConstraint(statement)
  if (constraint === null || constraint.kind === 'unique') return null
  const tokens = placedTokens(statement)
  if (tokens.some((token, index) => isWord(token, 'not') && isWord(tokens[index + 1], 'valid', 'enforced'))) return null
  const last = tokens.at(-1)
  const end = last?.text === ';' ? last.start : statement.length
  return `${statement.slice(0, end).trimEnd()} NOT VALID;`
}

/** Never with ONLY: a check of a parent is validated on its children in the same go. */
export function validateStatement({ table, name }: FailedConstraint): string {
  return `ALTER TABLE ${qualifiedName(table.schema, table.name)} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`
}

type Reader = ReturnType<typeof read>

function read(statement: string) {
  const tokens = placedTokens(statement)
  let at = 0
  const reader = {
    words(...wanted: string[]): boolean {
      const all = wanted.every((word, index) => isWord(tokens[at + index], word))
      if (all) at += wanted.length
      return all
    },
    mark(text: string): boolean {
      const token = tokens[at]
      const found = token?.kind === 'mark' && token.text === text
      if (found) at += 1
      return found
    },
    name(): string | undefined {
      const name = nameOf(tokens[at])
      if (name !== undefined) at += 1
      return name
    },
    /** pg_dump names the schema always, since its search_path is empty. */
    table(): TableName | undefined {
      const schema = reader.name()
      if (schema === undefined || !reader.mark('.')) return undefined
      const name = reader.name()
      return name === undefined ? undefined : { schema, name }
    },
    columns(): string[] | undefined {
      const inside = reader.parenthesis()
      const parts = inside && splitAtCommas(inside)
      const names = parts?.map((part) => (part.length === 1 ? nameOf(part[0]) : undefined))
      return names?.every((name) => name !== undefined) === true && names.length > 0 ? names : undefined
    },
    /** The tokens between a parenthesis and its end, or undefined where none begins. */
    parenthesis(): PlacedToken[] | undefined {
      if (!reader.mark('(')) return undefined
      const from = at
      for (let depth = 1; at < tokens.length; at += 1) {
        if (tokens[at]?.kind !== 'mark') continue
        if (tokens[at]?.text === '(') depth += 1
        if (tokens[at]?.text === ')') depth -= 1
        if (depth > 0) continue
        at += 1
        return tokens.slice(from, at - 1)
      }
      return undefined
    },
    rest: () => tokens.slice(at).filter((token) => !(token.kind === 'mark' && token.text === ';')),
    text: (of: readonly PlacedToken[]) => statement.slice(of[0]?.start ?? 0, of.at(-1)?.end ?? 0),
  }
  return reader
}

function alterTable(reader: Reader): FailedConstraint | undefined {
  const only = reader.words('only')
  const table = reader.table()
  const name = reader.words('add', 'constraint') ? reader.name() : undefined
  if (!table || name === undefined) return undefined
  const common = { table, only, name }
  if (reader.words('foreign', 'key')) return foreignKey(reader, common)
  if (reader.words('check')) {
    const inside = reader.parenthesis()
    return inside?.length ? { ...common, kind: 'check', expression: reader.text(inside) } : undefined
  }
  const primary = reader.words('primary', 'key')
  if (!primary && !reader.words('unique')) return undefined
  const nulls = reader.words('nulls', 'not', 'distinct')
  const columns = reader.columns()
  return columns && { ...common, kind: 'unique', keys: columns.map(quoteIdentifier), where: '', nulls: primary || nulls }
}

function foreignKey(reader: Reader, common: Constraint): FailedConstraint | undefined {
  const columns = reader.columns()
  const references = columns && reader.words('references') ? reader.table() : undefined
  const referenced = references && reader.columns()
  if (!columns || !references || referenced?.length !== columns.length) return undefined
  const full = reader.words('match', 'full')
  return { ...common, kind: 'foreign key', columns, references: { ...references, columns: referenced }, full }
}

/** CREATE UNIQUE INDEX name ON [ONLY] schema.table USING btree (keys) [INCLUDE (...)] [NULLS NOT DISTINCT] [WHERE (...)] */
function createUniqueIndex(reader: Reader): FailedConstraint | undefined {
  if (!reader.words('create', 'unique', 'index')) return undefined
  const name = reader.name()
  const only = reader.words('on') && reader.words('only')
  const table = reader.table()
  if (name === undefined || !table || !reader.words('using')) return undefined
  reader.name()
  const inside = reader.parenthesis()
  if (!inside) return undefined
  const keys = splitAtCommas(inside).map((part) => reader.text(keyOf(part)))
  if (reader.words('include')) reader.parenthesis()
  const nulls = reader.words('nulls', 'not', 'distinct')
  if (reader.words('with')) reader.parenthesis()
  if (reader.words('tablespace')) reader.name()
  const where = reader.words('where') ? reader.text(reader.rest()) : ''
  return keys.includes('') ? undefined : { table, only, name, kind: 'unique', keys, where, nulls }
}

/** A column, a function's call or an expression in parentheses; what follows (COLLATE, operator class, DESC) is not the key. */
function keyOf(part: readonly PlacedToken[]): readonly PlacedToken[] {
  let end = 0
  if (part[0]?.text !== '(' || part[0].kind !== 'mark') {
    if (nameOf(part[0]) === undefined) return []
    end = 1
    while (part[end]?.kind === 'mark' && part[end]?.text === '.' && nameOf(part[end + 1]) !== undefined) end += 2
  }
  if (part[end]?.kind !== 'mark' || part[end]?.text !== '(') return part.slice(0, end)
  let depth = 0
  for (; end < part.length; end += 1) {
    if (part[end]?.kind !== 'mark') continue
    if (part[end]?.text === '(') depth += 1
    if (part[end]?.text === ')') depth -= 1
    if (depth === 0) return part.slice(0, end + 1)
  }
  return []
}

function splitAtCommas(tokens: readonly PlacedToken[]): PlacedToken[][] {
  const parts: PlacedToken[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    const mark = token.kind === 'mark' ? token.text : ''
    if (mark === '(') depth += 1
    if (mark === ')') depth -= 1
    if (mark === ',' && depth === 0) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

/**
 * Rows in the way, as FROM and WHERE on the alias t. For a unique key the rows are those of `groups`, of which a group with
 * more than one is in the way. `wholeReference`: the table referred to has its rows in partitions.
 */
export function rowsInTheWay(constraint: FailedConstraint, wholeReference: boolean): { from: string; groups: string[] } {
  const table = `${constraint.only ? 'ONLY ' : ''}${qualifiedName(constraint.table.schema, constraint.table.name)} AS t`
  if (constraint.kind === 'check') return { from: `${table} WHERE NOT (${constraint.expression})`, groups: [] }
  if (constraint.kind === 'unique') {
    const { keys, where, nulls } = constraint
    const conditions = [...(where === '' ? [] : [`(${where})`]), ...(nulls ? [] : keys.map((key) => `${key} IS NOT NULL`))]
    return { from: conditions.length === 0 ? table : `${table} WHERE ${conditions.join(' AND ')}`, groups: keys }
  }
  const { columns, references, full } = constraint
  const own = columns.map((column) => `t.${quoteIdentifier(column)}`)
  const pairs = own.map((column, index) => `r.${quoteIdentifier(references.columns[index] ?? '')} = ${column}`)
  const referenced = `${wholeReference ? '' : 'ONLY '}${qualifiedName(references.schema, references.name)} AS r`
  const all = own.map((column) => `${column} IS NOT NULL`).join(' AND ')
  const none = `NOT EXISTS (SELECT FROM ${referenced} WHERE ${pairs.join(' AND ')})`
  const missing = `${all} AND ${none}`
  if (!full || own.length === 1) return { from: `${table} WHERE ${missing}`, groups: [] }
  const some = own.map((column) => `${column} IS NOT NULL`).join(' OR ')
  return { from: `${table} WHERE (${missing}) OR ((${some}) AND NOT (${all}))`, groups: [] }
}
