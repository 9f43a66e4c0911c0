// Which tables a set of pg_dump options takes, as far as that can be told from exactly quoted names.
import { readPattern } from '../../../shared/model/psqlPattern'
import type { OptionValues } from '../../../shared/tools/defineTool'
import type { SourceTable } from '../../postgres/readSource'

export interface Selection {
  /** Rows of these are written. */
  withRows: SourceTable[]
  /** Locked and read by pg_dump: definitions at least. */
  touched: SourceTable[]
  /** A pattern, a filter file or partitions came in, so that the lists above may be wrong. */
  uncertain: boolean
  /** Only what was named is dumped: no large objects, no extensions. */
  partial: boolean
}

interface Name {
  schema: string | null
  name: string
}

const exact = /^(?:"((?:[^"]|"")+)"\.)?"((?:[^"]|"")+)"$/

/** A name as quoteIdentifier writes it, with or without its schema; undefined for a pattern. */
export function readExactName(text: string): Name | undefined {
  const match = exact.exec(text)
  if (match?.[2] === undefined) return undefined
  return { schema: match[1]?.replaceAll('""', '"') ?? null, name: match[2].replaceAll('""', '"') }
}

function list(options: OptionValues, key: string): readonly string[] {
  const value = options[key]
  return typeof value === 'object' ? value : []
}

/** Tables by exact names and by whole schemas, for many thousand of either. */
interface Names {
  asked: boolean
  has(table: SourceTable): boolean
}

function tableNames(options: OptionValues, keys: readonly string[], doubt: () => void): Names {
  const full = new Set<string>()
  const bare = new Set<string>()
  const schemas = new Set<string>()
  let asked = false
  for (const key of keys) {
    for (const text of list(options, key)) {
      asked = true
      const name = readExactName(text)
      const pattern = name ? undefined : readPattern(text)
      // Partitions are not followed here, and a table without a schema may be any of that name.
      if (key.endsWith('AndChildren')) doubt()
      if (name?.schema === null) bare.add(name.name)
      else if (name) full.add(`${name.schema}\0${name.name}`)
      else if (pattern?.schema?.exact !== undefined && pattern.name.any) schemas.add(pattern.schema.exact)
      else doubt()
    }
  }
  return {
    asked,
    has: ({ schema, name }) => schemas.has(schema) || bare.has(name) || full.has(`${schema}\0${name}`),
  }
}

function schemaNames(options: OptionValues, key: string, doubt: () => void): Names {
  const names = new Set<string>()
  for (const text of list(options, key)) {
    const name = readExactName(text)
    if (name) names.add(name.name)
    else doubt()
  }
  return { asked: list(options, key).length > 0, has: ({ schema }) => names.has(schema) }
}

export function selectTables(tables: readonly SourceTable[], options: OptionValues): Selection {
  let uncertain = list(options, 'section').length > 0 || options.filter !== undefined
  const doubt = () => {
    uncertain = true
  }
  const onlySchemas = schemaNames(options, 'schema', doubt)
  const notSchemas = schemaNames(options, 'excludeSchema', doubt)
  const only = tableNames(options, ['table', 'tableAndChildren'], doubt)
  const not = tableNames(options, ['excludeTable', 'excludeTableAndChildren'], doubt)
  const definitionOnly = tableNames(options, ['excludeTableData', 'excludeTableDataAndChildren'], doubt)
  const touched = tables.filter((table) => {
    if (notSchemas.has(table) || not.has(table)) return false
    // With tables named pg_dump takes no whole schema, also where schemas are named too.
    if (only.asked) return only.has(table)
    return !onlySchemas.asked || onlySchemas.has(table)
  })
  const rows = !(options.schemaOnly || options.noData || options.statisticsOnly)
  const withRows = rows ? touched.filter((table) => table.kind === 'r' && !definitionOnly.has(table)) : []
  // Naming extensions keeps all schemas, and leaves out what is in none.
  const partial = only.asked || onlySchemas.asked || list(options, 'extension').length > 0
  return { withRows, touched, uncertain, partial }
}
