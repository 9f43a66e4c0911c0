// What a set of pg_dump options takes of a database, by the rules of pg_dump.c (selectDumpable..., 13 to 18).
import { isAsked, type OptionValues } from '../tools/defineTool'
import { quoteIdentifier } from './identifier'
import { isRelation, type ObjectTree } from './objectTree'
import { type NamePart, readPattern } from './psqlPattern'
import { allTicks, type Ticks, ticksOf } from './tickTree'

/** The options that ticks are made of. All others are the option form's own. */
export const selectionLists = [
  'schema',
  'excludeSchema',
  'table',
  'tableAndChildren',
  'excludeTable',
  'excludeTableAndChildren',
  'excludeTableData',
  'excludeTableDataAndChildren',
  'extension',
  'excludeExtension',
] as const
export const selectionFlags = ['largeObjects', 'noLargeObjects', 'noPublications', 'noSubscriptions'] as const

export type SelectionList = (typeof selectionLists)[number]

export interface DumpSelection {
  ticks: Ticks
  /** Why the ticks may differ from what is dumped, in words: '' when they are exact. */
  doubt: string
}

const positions = new WeakMap<ObjectTree['shape'], ReadonlyMap<string, number>>()

/** Relations and owned sequences by schema and name, apart by a NUL, which no name holds. */
export function relationNodes(tree: ObjectTree): ReadonlyMap<string, number> {
  const known = positions.get(tree.shape)
  if (known) return known
  const made = new Map<string, number>()
  for (let node = 0; node < tree.shape.size; node += 1) {
    if (!isRelation(tree, node) && tree.kinds[node] !== 's') continue
    made.set(`${tree.schemas[tree.inSchema[node] ?? -1]}\0${tree.names[node]}`, node)
  }
  positions.set(tree.shape, made)
  return made
}

function listOf(options: OptionValues, key: SelectionList): readonly string[] {
  const value = options[key]
  return typeof value === 'object' ? value : []
}

export function selectionOf(tree: ObjectTree, options: OptionValues): DumpSelection {
  const limited = [...selectionLists, ...selectionFlags, 'filter'].some((key) => isAsked(options[key]))
  if (!limited) return { ticks: allTicks(tree.shape, true), doubt: '' }
  const doubts = new Set<string>()
  if (isAsked(options.filter)) doubts.add('a filter file is given')
  const tables = (plain: SelectionList, withChildren: SelectionList) => {
    const found = new Uint8Array(tree.shape.size)
    for (const text of listOf(options, plain)) markRelations(tree, text, false, found, doubts)
    for (const text of listOf(options, withChildren)) markRelations(tree, text, true, found, doubts)
    return found
  }
  const asked = (...keys: SelectionList[]) => keys.some((key) => listOf(options, key).length > 0)
  const names = (key: SelectionList) => matcher(listOf(options, key), doubts)
  const [schema, notSchema] = [names('schema'), names('excludeSchema')]
  const [extension, notExtension] = [names('extension'), names('excludeExtension')]
  const only = tables('table', 'tableAndChildren')
  const not = tables('excludeTable', 'excludeTableAndChildren')
  const noRows = tables('excludeTableData', 'excludeTableDataAndChildren')

  const onlyTables = asked('table', 'tableAndChildren')
  const onlySchemas = asked('schema')
  const everything = !(onlyTables || onlySchemas || asked('extension'))
  const kept = tree.schemas.map((name) => !onlyTables && (!onlySchemas || schema(name)) && !notSchema(name))

  const definition = new Uint8Array(tree.shape.size)
  const rows = new Uint8Array(tree.shape.size)
  for (let node = 0; node < tree.shape.size; node += 1) {
    const taken = takes(node)
    definition[node] = taken ? 1 : 0
    rows[node] = taken && noRows[node] !== 1 ? 1 : 0
  }
  return { ticks: ticksOf(tree.shape, [definition, rows]), doubt: [...doubts].join(', ') }

  function takes(node: number): boolean {
    const inSchema = kept[tree.inSchema[node] ?? -1] === true
    switch (tree.kinds[node]) {
      case 'R':
        return inSchema
      case 'e': {
        const name = tree.names[node] ?? ''
        return (asked('extension') ? extension(name) : everything) && !notExtension(name)
      }
      case 'L':
        return isAsked(options.largeObjects) || (everything && !isAsked(options.noLargeObjects))
      case 'U':
        return everything && !isAsked(options.noPublications)
      case 'B':
        return everything && !isAsked(options.noSubscriptions)
      case 'O':
        return everything
      default:
        return (onlyTables ? only[node] === 1 : inSchema) && not[node] !== 1
    }
  }
}

function matcher(patterns: readonly string[], doubts: Set<string>): (name: string) => boolean {
  const exact = new Set<string>()
  const others: NamePart[] = []
  for (const text of patterns) {
    const pattern = readPattern(text)
    if (!pattern || pattern.schema) doubts.add(`${text} is no pattern that can be told here`)
    else if (pattern.name.exact !== undefined) exact.add(pattern.name.exact)
    else others.push(pattern.name)
  }
  return (name) => exact.has(name) || others.some((part) => part.test(name))
}

function markRelations(tree: ObjectTree, text: string, children: boolean, found: Uint8Array, doubts: Set<string>): void {
  const pattern = readPattern(text)
  if (!pattern) {
    doubts.add(`${text} is no pattern that can be told here`)
    return
  }
  const mark = (node: number) => {
    // Inheriting tables come along as well; only partitions are below their parent here.
    const end = children ? (tree.shape.end[node] ?? node + 1) : node + 1
    for (let at = node; at < end; at += 1) if (at === node || isRelation(tree, at)) found[at] = 1
  }
  if (pattern.schema?.exact !== undefined && pattern.name.exact !== undefined) {
    const node = relationNodes(tree).get(`${pattern.schema.exact}\0${pattern.name.exact}`)
    if (node !== undefined) mark(node)
    return
  }
  if (!pattern.schema) doubts.add(`${text} names no schema: what it matches depends on the role’s search path`)
  const schemas = tree.schemas.map((name) => !pattern.schema || pattern.schema.test(name))
  for (let node = 0; node < tree.shape.size; node += 1) {
    if (schemas[tree.inSchema[node] ?? -1] !== true || !(isRelation(tree, node) || tree.kinds[node] === 's')) continue
    if (pattern.name.any || pattern.name.test(tree.names[node] ?? '')) mark(node)
  }
}

/** Which owned sequences a dump takes: those of its tables, and serial ones that its schemas or patterns take anyway. */
export function takesOwnedSequence(tree: ObjectTree, ticks: Ticks, node: number): boolean {
  return ticks.columns[0]?.[tree.shape.parent[node] ?? -1] === 1
}

export function schemaPattern(tree: ObjectTree, index: number): string {
  return quoteIdentifier(tree.schemas[index] ?? '')
}
