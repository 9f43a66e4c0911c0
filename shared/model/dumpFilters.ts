// Finds the fewest pg_dump options that take exactly what is ticked, or says why no options can.
import { excludeRelations, excludeRows, type Lists, relationPattern, type Wanted } from './dumpExclusions'
import { type SelectionList, schemaPattern, selectionFlags, selectionLists } from './dumpSelection'
import { quoteIdentifier } from './identifier'
import { isRelation, type ObjectTree } from './objectTree'
import { everythingIn } from './psqlPattern'
import { hasChildren, type Ticks, tickTotals } from './tickTree'

export type DumpFilters = Readonly<Record<SelectionList, readonly string[]>> & {
  readonly largeObjects: boolean
  readonly noLargeObjects: boolean
  readonly noPublications: boolean
  readonly noSubscriptions: boolean
}

export type FoundFilters = { filters: DumpFilters; problem: '' } | { filters: null; problem: string }

type Draft = { lists: Lists; flags: Set<string> } | { problem: string }

/** As many as a request may carry. pg_dump itself looks each table up in the whole list. */
const mostNames = 50_000

/** Nothing ticked is a problem too: pg_dump has no options for an empty dump. `major` is pg_dump's. */
export function findFilters(tree: ObjectTree, ticks: Ticks, major: number): FoundFilters {
  const count = (column: number) => ticks.counts[column]?.[0] ?? 0
  if (count(0) === 0) return { filters: null, problem: 'Nothing is ticked.' }
  const totals = tickTotals(tree.shape)
  if (count(0) === totals[0]?.[0] && count(1) === totals[1]?.[0]) return { filters: noFilters, problem: '' }
  const wanted = readWanted(tree, ticks, major)
  const drafts = [wholeDump(wanted), schemasOnly(wanted), extensionsNamed(wanted), tablesOnly(wanted)]
  let best: { lists: Lists; flags: Set<string> } | undefined
  let least = Number.POSITIVE_INFINITY
  for (const draft of drafts) {
    if ('problem' in draft) continue
    const words = Object.values(draft.lists).reduce((sum, list) => sum + list.length, draft.flags.size)
    if (words < least) [best, least] = [draft, words]
  }
  if (best && least > mostNames) {
    return {
      filters: null,
      problem: `These ticks would need ${least.toLocaleString('en')} names in the command, more than pg_dump can be given. Tick or untick whole schemas.`,
    }
  }
  if (!best) return { filters: null, problem: problemOf(wanted, drafts) }
  const { lists, flags } = best
  return {
    filters: {
      ...lists,
      largeObjects: flags.has('largeObjects'),
      noLargeObjects: flags.has('noLargeObjects'),
      noPublications: flags.has('noPublications'),
      noSubscriptions: flags.has('noSubscriptions'),
    },
    problem: '',
  }
}

function problemOf(wanted: Wanted, drafts: readonly Draft[]): string {
  const at = wanted.groups.O || wanted.groups.U || wanted.groups.B ? 0 : wanted.rest.includes(true) ? 1 : 3
  const draft = drafts[at]
  return draft && 'problem' in draft ? draft.problem : ''
}

function readWanted(tree: ObjectTree, ticks: Ticks, major: number): Wanted {
  const definition = ticks.columns[0] ?? new Uint8Array()
  const count = tree.schemas.length
  const wanted: Wanted = {
    tree,
    major,
    definition,
    rows: ticks.columns[1] ?? new Uint8Array(),
    rest: Array.from({ length: count }, () => false),
    taken: Array.from({ length: count }, () => 0),
    all: Array.from({ length: count }, () => 0),
    withTable: Array.from({ length: count }, () => 0),
    orphans: Array.from({ length: count }, () => 0),
    groups: {},
    extensions: [],
  }
  for (let node = 0; node < tree.shape.size; node += 1) {
    const on = definition[node] === 1
    const schema = tree.inSchema[node] ?? -1
    const kind = tree.kinds[node]
    if (kind === 'R') wanted.rest[schema] = on
    else if (kind === 'L' || kind === 'U' || kind === 'B' || kind === 'O') wanted.groups[kind] = on
    else if (kind === 's') {
      const counts = definition[tree.shape.parent[node] ?? -1] === 1 ? wanted.withTable : wanted.orphans
      counts[schema] = (counts[schema] ?? 0) + 1
    } else if (kind === 'e') wanted.extensions.push({ node, taken: on })
    else if (isRelation(tree, node)) {
      wanted.all[schema] = (wanted.all[schema] ?? 0) + 1
      if (on) wanted.taken[schema] = (wanted.taken[schema] ?? 0) + 1
    }
  }
  return wanted
}

function emptyLists(): Lists {
  return {
    schema: [],
    excludeSchema: [],
    table: [],
    tableAndChildren: [],
    excludeTable: [],
    excludeTableAndChildren: [],
    excludeTableData: [],
    excludeTableDataAndChildren: [],
    extension: [],
    excludeExtension: [],
  }
}

const noFilters: DumpFilters = {
  ...emptyLists(),
  largeObjects: false,
  noLargeObjects: false,
  noPublications: false,
  noSubscriptions: false,
}

/** Everything but what is excluded. */
function wholeDump(wanted: Wanted): Draft {
  const { tree, major, groups, extensions } = wanted
  if (groups.O === false) return { problem: dropsWith('objects of the database such as event triggers') }
  const lists = emptyLists()
  const torn = excludeSchemas(wanted, lists)
  if (torn !== '') return { problem: torn }
  for (const { node, taken } of extensions) {
    if (taken) continue
    if (major < 17)
      return {
        problem: `pg_dump ${major} can’t leave out the extension ${tree.names[node]} alone; version 17 can. Tick it, or untick publications, subscriptions and the objects of the database too${major < 14 ? ', and all extensions' : ''}.`,
      }
    lists.excludeExtension.push(quoteIdentifier(tree.names[node] ?? ''))
  }
  const flags = new Set<string>()
  if (groups.L === false) flags.add('noLargeObjects')
  if (groups.U === false) flags.add('noPublications')
  if (groups.B === false) flags.add('noSubscriptions')
  excludeRelations(wanted, lists)
  excludeRows(wanted, lists)
  return { lists, flags }
}

/** These schemas: nothing else comes along unless it is named. */
function schemasOnly(wanted: Wanted): Draft {
  const { tree, rest, groups } = wanted
  const lists = emptyLists()
  const problem = groupsProblem(wanted)
  if (problem !== '') return { problem }
  rest.forEach((taken, schema) => {
    if (taken) lists.schema.push(schemaPattern(tree, schema))
  })
  if (lists.schema.length === 0) return { problem: 'No schema is ticked.' }
  const torn = excludeSchemas(wanted, emptyLists())
  if (torn !== '') return { problem: torn }
  const named = nameExtensions(wanted, lists)
  if (named !== '') return { problem: named }
  excludeRelations(wanted, lists)
  excludeRows(wanted, lists)
  return { lists, flags: new Set(groups.L === true ? ['largeObjects'] : []) }
}

/** --extension ends "everything" but leaves all schemas in. */
function extensionsNamed(wanted: Wanted): Draft {
  const lists = emptyLists()
  const problem = groupsProblem(wanted)
  if (problem !== '') return { problem }
  if (!wanted.extensions.some(({ taken }) => taken)) return { problem: 'No extension is ticked.' }
  const named = nameExtensions(wanted, lists)
  if (named !== '') return { problem: named }
  const torn = excludeSchemas(wanted, lists)
  if (torn !== '') return { problem: torn }
  excludeRelations(wanted, lists)
  excludeRows(wanted, lists)
  return { lists, flags: new Set(wanted.groups.L === true ? ['largeObjects'] : []) }
}

/** These relations and nothing else: no schema, function or type. */
function tablesOnly(wanted: Wanted): Draft {
  const { tree, definition, major, rest, taken, all, groups } = wanted
  const lists = emptyLists()
  const problem = groupsProblem(wanted)
  if (problem !== '') return { problem }
  if (rest.includes(true)) return { problem: 'Functions and types can’t be named one by one.' }
  const named = nameExtensions(wanted, lists)
  if (named !== '') return { problem: named }
  const whole = tree.schemas.map(
    (_, schema) => (all[schema] ?? 0) > 1 && taken[schema] === all[schema] && wanted.orphans[schema] === 0,
  )
  const covered = new Uint8Array(tree.shape.size)
  whole.forEach((yes, schema) => {
    if (yes) lists.table.push(everythingIn(schemaPattern(tree, schema)))
  })
  for (let node = 0; node < tree.shape.size; node += 1) {
    if (!isRelation(tree, node) || definition[node] !== 1 || covered[node] === 1) continue
    const end = tree.shape.end[node] ?? node + 1
    if (major >= 16 && tree.kinds[node] === 'p' && hasChildren(tree.shape, node) && allRelations(wanted, node, end, true)) {
      let outside = false
      for (let at = node; at < end; at += 1) if (isRelation(tree, at) && whole[tree.inSchema[at] ?? -1] !== true) outside = true
      if (outside) lists.tableAndChildren.push(relationPattern(tree, node))
      covered.fill(1, node, end)
    } else if (whole[tree.inSchema[node] ?? -1] !== true) lists.table.push(relationPattern(tree, node))
  }
  if (lists.table.length + lists.tableAndChildren.length === 0) {
    return { problem: 'pg_dump takes large objects only along with a schema or table: tick one.' }
  }
  excludeRows(wanted, lists)
  return { lists, flags: new Set(groups.L === true ? ['largeObjects'] : []) }
}

function dropsWith(what: string): string {
  return `pg_dump leaves ${what} out only where schemas or tables are chosen, and then it leaves publications and subscriptions out too. Untick those as well.`
}

/** What goes as soon as something is named. */
function groupsProblem({ groups }: Wanted): string {
  const kept = [
    groups.O ? 'objects of the database' : '',
    groups.U ? 'publications' : '',
    groups.B ? 'subscriptions' : '',
  ].filter(Boolean)
  if (kept.length === 0) return ''
  return `pg_dump takes ${kept.join(', ')} only in a dump of everything but what is left out.`
}

function nameExtensions({ tree, major, extensions }: Wanted, lists: Lists): string {
  for (const { node, taken } of extensions) {
    if (!taken) continue
    if (major < 14) {
      return `pg_dump ${major} can’t take the extension ${tree.names[node]} along with chosen schemas or tables; version 14 can. Untick the extensions, or tick the objects of the database and all schemas.`
    }
    lists.extension.push(quoteIdentifier(tree.names[node] ?? ''))
  }
  return ''
}

/** Leaves out the schemas of which nothing is ticked. '' or why tables and functions can't be taken apart like this. */
function excludeSchemas({ tree, rest, taken }: Wanted, lists: Lists): string {
  for (const [schema, name] of tree.schemas.entries()) {
    if (rest[schema]) continue
    if ((taken[schema] ?? 0) > 0) {
      return `pg_dump takes tables of ${name} without the schema itself, its functions and types only in a dump of nothing but tables. Tick “Schema, functions, types” of ${name} too, or untick all but tables.`
    }
    lists.excludeSchema.push(quoteIdentifier(name))
  }
  return ''
}

function allRelations({ tree, definition }: Wanted, from: number, end: number, on: boolean): boolean {
  for (let at = from; at < end; at += 1) if (isRelation(tree, at) && (definition[at] === 1) !== on) return false
  return true
}

/** Options with the filters in place of what ticks were before. */
export function withFilters<V>(options: Readonly<Record<string, V>>, filters: DumpFilters): Record<string, V | string[] | true> {
  const kept: Record<string, V | string[] | true> = {}
  const ours = new Set<string>([...selectionLists, ...selectionFlags])
  for (const [key, value] of Object.entries(options)) if (!ours.has(key)) kept[key] = value
  for (const key of selectionLists) if (filters[key].length > 0) kept[key] = [...filters[key]]
  for (const key of ['largeObjects', 'noLargeObjects', 'noPublications', 'noSubscriptions'] as const)
    if (filters[key]) kept[key] = true
  return kept
}
