// Compares what an archive holds, entry by entry, with what was to be in it.
import { selectionOf } from '../../shared/model/dumpSelection'
import { hasFlag, kindOf, type NodeKind, nodeKinds, type ObjectTree } from '../../shared/model/objectTree'
import type { Ticks } from '../../shared/model/tickTree'
import { isAsked, type OptionValues } from '../../shared/tools/defineTool'
import type { TocEntry } from './readToc'

export interface ExpectedContents {
  /** Entries that must be there, and no others of their kinds. */
  entries: ReadonlySet<string>
  /** May be there or not: rows of unlogged tables on a standby. */
  free: ReadonlySet<string>
  /** Kinds that are compared. */
  kinds: ReadonlySet<string>
}

export interface ContentDifferences {
  missing: string[]
  unexpected: string[]
}

const definitionKinds: Partial<Record<NodeKind, string>> = {
  R: 'SCHEMA',
  r: 'TABLE',
  p: 'TABLE',
  f: 'FOREIGN TABLE',
  m: 'MATERIALIZED VIEW',
  v: 'VIEW',
  S: 'SEQUENCE',
  s: 'SEQUENCE',
  F: 'FUNCTION',
  P: 'PROCEDURE',
  a: 'AGGREGATE',
  t: 'TYPE',
  D: 'DOMAIN',
  e: 'EXTENSION',
  u: 'PUBLICATION',
  b: 'SUBSCRIPTION',
}
const rowKinds: Partial<Record<NodeKind, string>> = {
  r: 'TABLE DATA',
  m: 'MATERIALIZED VIEW DATA',
  S: 'SEQUENCE SET',
  s: 'SEQUENCE SET',
}
const largeObjects = 'LARGE OBJECTS'

/** A newline can't be in a kind, nor a NUL in a name. */
function entryKey(kind: string, schema: string, tag: string): string {
  return `${kind}\n${schema}\0${tag}`
}

function shown(key: string): string {
  const [, kind = '', schema = '', tag = ''] = /^(.*?)\n(.*?)\0(.*)$/s.exec(key) ?? []
  return [kind, schema === '' ? tag : `${schema}.${tag}`].join(' ').trim()
}

/** null where ticks do not say what an archive holds: single sections, a filter file, patterns that can't be told. */
export function expectedOf(tree: ObjectTree, options: OptionValues, standby: boolean): ExpectedContents | null {
  if (isAsked(options.section) || isAsked(options.statisticsOnly)) return null
  const { ticks, doubt } = selectionOf(tree, options)
  return doubt === '' ? expectedContents(tree, ticks, options, standby) : null
}

export function expectedContents(tree: ObjectTree, ticks: Ticks, options: OptionValues, standby = false): ExpectedContents {
  const definitions = !(isAsked(options.dataOnly) || isAsked(options.noSchema))
  const rows = !(isAsked(options.schemaOnly) || isAsked(options.noData))
  const values = rows || isAsked(options.sequenceData)
  const entries = new Set<string>()
  const free = new Set<string>()
  const on = (node: number, column: number) => ticks.columns[column]?.[node] === 1
  for (let node = 0; node < tree.shape.size; node += 1) {
    const kind = kindOf(tree, node)
    const parent = tree.shape.parent[node] ?? -1
    const owned = kind === 's'
    const followsParent = owned || 'FPatDub'.includes(kind) || nodeKinds[kind] === 'object of the database'
    const taken = on(followsParent ? parent : node, 0)
    const schema = kind === 'R' ? '' : (tree.schemas[tree.inSchema[node] ?? -1] ?? '')
    const tag = tree.names[node] ?? ''
    const entry = definitionKinds[kind]
    // The schema public comes along only where something about it was changed; one of an extension comes with that.
    if (kind === 'R' && (tag === 'public' || hasFlag(tree, node, 'member'))) free.add(entryKey('SCHEMA', '', tag))
    else if (entry !== undefined && taken && definitions) entries.add(entryKey(entry, schema, tag))
    if (kind === 'o' && taken && definitions && tag.startsWith('event trigger ')) {
      entries.add(entryKey('EVENT TRIGGER', '', tag.slice('event trigger '.length)))
    }
    if (kind === 'L' && taken && rows) entries.add(entryKey(largeObjects, '', ''))
    const rowEntry = rowKinds[kind]
    if (rowEntry === undefined || !(owned ? taken : on(node, 1)) || hasFlag(tree, node, 'unpopulated')) continue
    if (!(rowEntry === 'SEQUENCE SET' ? values : rows)) continue
    const unlogged = hasFlag(tree, node, 'unlogged') && (standby || isAsked(options.noUnloggedTableData))
    ;(unlogged ? free : entries).add(entryKey(rowEntry, schema, tag))
  }
  const kinds = new Set([...Object.values(definitionKinds), ...Object.values(rowKinds), 'EVENT TRIGGER', largeObjects])
  if (!rows) kinds.delete(largeObjects)
  return { entries, free, kinds }
}

/** Each as "TABLE sales.orders", in the archive's order. */
export function differencesOf(expected: ExpectedContents, found: readonly TocEntry[]): ContentDifferences {
  const present = new Set<string>()
  const unexpected = new Set<string>()
  const definitions = new Set<string>()
  const foreign = new Set<string>()
  for (const { kind, schema, tag } of found) {
    if (['TABLE', 'FOREIGN TABLE', 'SEQUENCE'].includes(kind)) definitions.add(`${schema ?? ''}\0${tag}`)
    if (kind === 'FOREIGN TABLE') foreign.add(`${schema ?? ''}\0${tag}`)
  }
  const anyDefinition = found.some(({ section }) => section === 'pre-data')
  for (const entry of found) {
    const kind = /^BLOBS?$|^BLOB METADATA$/.test(entry.kind) ? largeObjects : entry.kind
    if (!expected.kinds.has(kind)) continue
    const key = kind === largeObjects ? entryKey(kind, '', '') : entryKey(kind, entry.schema ?? '', entry.tag)
    present.add(key)
    if (expected.entries.has(key) || expected.free.has(key)) continue
    const name = `${entry.schema ?? ''}\0${entry.tag}`
    // Rows and positions of what the archive does not make are those of an extension (pg_extension_config_dump).
    if (['TABLE DATA', 'SEQUENCE SET'].includes(kind) && anyDefinition && !definitions.has(name)) continue
    // Rows of a foreign table come along only where they were asked for.
    if (kind === 'TABLE DATA' && foreign.has(name)) continue
    unexpected.add(key)
  }
  return {
    missing: [...expected.entries].filter((key) => !present.has(key)).map(shown),
    unexpected: [...unexpected].map(shown),
  }
}
