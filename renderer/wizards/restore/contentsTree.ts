// An archive's table of contents as a tree of ticks: schemas, kinds, objects, and below an object what belongs to it.
import type { ReadContents } from '../../../shared/model/archiveColumns'
import { type ArchiveGraph, readGraph } from '../../../shared/model/archiveGraph'
import type { ArchiveEntry } from '../../../shared/model/archiveSelection'
import { type Sliced, sorted } from '../../../shared/model/slices'
import { subtreeSums, type TreeShape, tickTotals, treeShape } from '../../../shared/model/tickTree'
import type { IconName } from '../../components/Icon'

export interface ContentsNode {
  label: string
  /** Beside the label: the kind in small words, or a count. */
  note: string
  icon: IconName
  mono: boolean
  /** The whole name, for the tick and for screen readers. */
  name: string
}

export interface ContentsTree {
  toc: string
  entries: readonly ArchiveEntry[]
  graph: ArchiveGraph
  shape: TreeShape
  /** Made when it is looked at: of hundreds of thousands a few are in view. */
  node: (at: number) => ContentsNode
  /** By node: the place in `entries` of what its tick stands for, -1 for what only holds others. */
  places: Int32Array
  /** By node, with everything below. -1 where nothing is known. */
  bytes: Float64Array
}

const kindWords: Readonly<Record<string, [string, IconName]>> = {
  TABLE: ['Tables', 'table'],
  'FOREIGN TABLE': ['Foreign tables', 'external'],
  VIEW: ['Views', 'view'],
  'MATERIALIZED VIEW': ['Materialized views', 'view'],
  SEQUENCE: ['Sequences', 'seq'],
  FUNCTION: ['Functions', 'fn'],
  PROCEDURE: ['Procedures', 'fn'],
  AGGREGATE: ['Aggregates', 'fn'],
  TYPE: ['Types', 'part'],
  DOMAIN: ['Domains', 'part'],
  EXTENSION: ['Extensions', 'ext'],
}
const kindOrder = Object.keys(kindWords)

const childIcons: Readonly<Record<string, IconName>> = {
  'TABLE DATA': 'disk',
  'MATERIALIZED VIEW DATA': 'disk',
  INDEX: 'filter',
  'SEQUENCE SET': 'seq',
  TRIGGER: 'play',
  ACL: 'user',
  POLICY: 'lock',
  'ROW SECURITY': 'lock',
  COMMENT: 'info',
}

/** What a child's kind is called where its own name is that of its parent. */
const childWords: Readonly<Record<string, string>> = {
  'TABLE DATA': 'Rows',
  'MATERIALIZED VIEW DATA': 'Refresh',
  'SEQUENCE SET': 'Position',
  'SEQUENCE OWNED BY': 'Owned by',
  'STATISTICS DATA': 'Statistics',
  'ROW SECURITY': 'Row security',
  'TABLE ATTACH': 'As a partition',
  'INDEX ATTACH': 'As a part of the index',
  ACL: 'Privileges',
  COMMENT: 'Comment',
}

export const someNodes = 512

/** Throws nothing; an archive's table of contents is a tree whatever it holds. */
export function* contentsTree({ toc, entries, sizes }: ReadContents): Sliced<ContentsTree> {
  const graph = yield* readGraph(entries)
  const { below, starts, roots } = yield* childrenOf(graph)
  const list = nodeList()
  const order = (a: number, b: number) => childOrder(entries[a], entries[b])
  const addEntry = (place: number, depth: number) => {
    const first = starts[place] ?? 0
    const end = starts[place + 1] ?? first
    if (first === end) return list.add(depth, place, place)
    list.add(depth, -1, place)
    list.add(depth + 1, place, place)
    if (end - first > 1) below.subarray(first, end).sort(order)
    for (let at = first; at < end; at += 1) addEntry(below[at] ?? 0, depth + 1)
  }
  for (const { title, icon, name, kinds, own } of yield* groups(entries, roots)) {
    const count = [...kinds.values()].reduce((sum, places) => sum + places.length, 0)
    const note = `${count.toLocaleString('en-US')} objects`
    list.addHead(0, { label: title, note, icon, mono: name !== '', name: title })
    if (own !== null) addEntry(own, 1)
    for (const [kind, places] of kinds) {
      const [words, kindIcon] = kindWords[kind] ?? [`${kind.charAt(0)}${kind.slice(1).toLowerCase()}`, 'lob']
      const where = name === '' ? words : `${words} of ${name}`
      list.addHead(1, { label: words, note: places.length.toLocaleString('en-US'), icon: kindIcon, mono: false, name: where })
      for (let at = 0; at < places.length; at += 1) {
        if (at % someNodes === 0) yield
        addEntry(places[at] ?? 0, 2)
      }
    }
  }
  const { depths, ticked, shown, heads } = list
  const own = new Uint8Array(ticked.length)
  const size = new Float64Array(ticked.length)
  for (let node = 0; node < ticked.length; node += 1) {
    const place = ticked[node] ?? -1
    if (place < 0) continue
    own[node] = 1
    size[node] = sizes.get(entries[place]?.id ?? 0) ?? 0
  }
  yield
  const shape = treeShape(depths, [own])
  yield
  const bytes = subtreeSums(shape, size, new Float64Array(shape.size))
  yield
  // Counted once for all ticks; the first drawing would do it otherwise.
  tickTotals(shape)
  yield
  const node = (at: number): ContentsNode => {
    const head = heads.get(at)
    const entry = entries[shown[at] ?? -1]
    if (head || !entry) return head ?? nothing
    const whole = entryNode(entry, entries[graph.parent[shown[at] ?? -1] ?? -1] ?? null)
    const before = (shape.parent[at] ?? -1) >= 0 ? shown[shape.parent[at] ?? -1] : -1
    return before === shown[at] ? { ...definition, name: `Definition of ${whole.name}` } : whole
  }
  return { toc, entries, graph, shape, node, places: Int32Array.from(ticked), bytes }
}

const nothing: ContentsNode = { label: '', note: '', icon: 'lob', mono: false, name: '' }
const definition: ContentsNode = { label: 'Definition', note: '', icon: 'script', mono: false, name: '' }

/** Nodes in preorder: what its tick stands for, and which entry it shows; heads show none. */
function nodeList() {
  const depths: number[] = []
  const ticked: number[] = []
  const shown: number[] = []
  const heads = new Map<number, ContentsNode>()
  const add = (depth: number, tick: number, place: number) => {
    depths.push(depth)
    ticked.push(tick)
    shown.push(place)
  }
  const addHead = (depth: number, head: ContentsNode) => {
    heads.set(depths.length, head)
    add(depth, -1, -1)
  }
  return { depths, ticked, shown, heads, add, addHead }
}

interface Children {
  /** The places of what is shown under the entry at `place`: from `starts[place]` to `starts[place + 1]`. */
  below: Int32Array
  starts: Int32Array
  roots: number[]
}

function* childrenOf({ parent }: ArchiveGraph): Sliced<Children> {
  const starts = new Int32Array(parent.length + 1)
  const roots: number[] = []
  for (let at = 0; at < parent.length; at += 1) {
    const above = parent[at] ?? -1
    if (above < 0) roots.push(at)
    else starts[above + 1] = (starts[above + 1] ?? 0) + 1
  }
  for (let at = 0; at < parent.length; at += 1) starts[at + 1] = (starts[at + 1] ?? 0) + (starts[at] ?? 0)
  yield
  const below = new Int32Array(parent.length - roots.length)
  const next = starts.slice()
  for (let at = 0; at < parent.length; at += 1) {
    const above = parent[at] ?? -1
    if (above < 0) continue
    const place = next[above] ?? 0
    below[place] = at
    next[above] = place + 1
  }
  yield
  return { below, starts, roots }
}

interface Group {
  title: string
  icon: IconName
  /** '' for what is in no schema. */
  name: string
  /** The place of the schema's own entry. */
  own: number | null
  /** Places by kind. */
  kinds: Map<string, readonly number[]>
}

/** Schemas by name, then what is in none; kinds in the order people look for them; objects by name. */
function* groups(entries: readonly ArchiveEntry[], roots: readonly number[]): Sliced<Group[]> {
  const found = new Map<string, Group & { lists: Map<string, number[]> }>()
  const groupOf = (name: string) => {
    const known = found.get(name)
    if (known) return known
    const [title, icon] = name === '' ? (['In no schema', 'db'] as const) : ([name, 'schema'] as const)
    const made = { title, icon, name, own: null, kinds: new Map<string, readonly number[]>(), lists: new Map<string, number[]>() }
    found.set(name, made)
    return made
  }
  for (let index = 0; index < roots.length; index += 1) {
    if (index % someNodes === 0) yield
    const at = roots[index] ?? 0
    const entry = entries[at]
    if (!entry) continue
    if (entry.kind === 'SCHEMA') groupOf(entry.tag).own = at
    else {
      const { lists } = groupOf(entry.schema ?? '')
      const list = lists.get(entry.kind)
      if (list) list.push(at)
      else lists.set(entry.kind, [at])
    }
  }
  const place = (kind: string) => (kindOrder.includes(kind) ? kindOrder.indexOf(kind) : kindOrder.length)
  const byTag = (a: number, b: number) => compare(entries[a]?.tag ?? '', entries[b]?.tag ?? '')
  for (const { kinds, lists } of found.values()) {
    const ordered = [...lists].toSorted(([a], [b]) => place(a) - place(b) || compare(a, b))
    for (const [kind, list] of ordered) kinds.set(kind, yield* sorted(list, byTag))
  }
  return [...found.values()].toSorted((a, b) => (a.name === '' ? 1 : b.name === '' ? -1 : compare(a.name, b.name)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const childKinds = new Set(Object.keys(childWords))

function childOrder(a: ArchiveEntry | undefined, b: ArchiveEntry | undefined): number {
  if (!a || !b) return 0
  return childPlace(a) - childPlace(b) || compare(a.kind, b.kind) || compare(a.tag, b.tag)
}

function childPlace({ kind }: ArchiveEntry): number {
  return kind === 'TABLE DATA' ? 0 : childKinds.has(kind) ? 2 : 1
}

function entryNode(entry: ArchiveEntry, parent: ArchiveEntry | null): ContentsNode {
  const kind = entry.kind === 'FK CONSTRAINT' ? 'foreign key' : entry.kind.toLowerCase()
  const within = (tag: string) => (entry.schema === null ? tag : `${entry.schema}.${tag}`)
  if (!parent) {
    const icon = kindWords[entry.kind]?.[1] ?? (entry.kind === 'SCHEMA' ? 'schema' : 'lob')
    if (entry.kind === 'SCHEMA') return { label: 'The schema itself', note: '', icon, mono: false, name: `schema ${entry.tag}` }
    const name = kindWords[entry.kind] ? within(entry.tag) : `${kind} ${within(entry.tag)}`
    return { label: entry.tag, note: kindWords[entry.kind] ? '' : kind, icon, mono: true, name }
  }
  const icon = childIcons[entry.kind] ?? (entry.kind.endsWith('CONSTRAINT') ? 'lock' : 'lob')
  const words = childWords[entry.kind]
  const whose = entry.schema === null ? parent.tag : `${parent.schema ?? entry.schema}.${parent.tag}`
  if (words !== undefined) {
    const column = /^COLUMN (.*)$/s.exec(entry.tag)?.[1]
    const label = column === undefined ? words : `${words}, column ${column.replace(/^.*\./s, '')}`
    return { label, note: '', icon, mono: false, name: `${label} of ${whose}` }
  }
  const tag = entry.tag.startsWith(`${parent.tag} `) ? entry.tag.slice(parent.tag.length + 1) : entry.tag
  return { label: tag, note: kind, icon, mono: true, name: `${kind} ${tag} of ${whose}` }
}
