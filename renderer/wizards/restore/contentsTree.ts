// An archive's table of contents as a tree of ticks: schemas, kinds, objects, and below an object what belongs to it.
import type { ReadContents } from '../../../shared/model/archiveColumns'
import { type ArchiveEntry, byId, packIds, parentOf, unpackIds } from '../../../shared/model/archiveSelection'
import { subtreeSums, type Ticks, type TreeShape, ticksOf, treeShape } from '../../../shared/model/tickTree'
import type { IconName } from '../../components/Icon'
import type { RestoreDraft } from './draft'

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
  shape: TreeShape
  /** Made when it is looked at: of hundreds of thousands a few are in view. */
  node: (at: number) => ContentsNode
  /** By node: the entry's id, 0 for what only holds others. */
  ids: Int32Array
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

export function contentsTree({ toc, entries, sizes }: ReadContents): ContentsTree {
  const known = byId(entries)
  const children = new Map<number, ArchiveEntry[]>()
  const roots: ArchiveEntry[] = []
  for (const entry of entries) {
    const parent = parentOf(entry, known)
    if (parent === null) roots.push(entry)
    else {
      const list = children.get(parent)
      if (list) list.push(entry)
      else children.set(parent, [entry])
    }
  }
  const depths: number[] = []
  const ids: number[] = []
  const nodes: (() => ContentsNode)[] = []
  const add = (depth: number, id: number, node: () => ContentsNode) => {
    depths.push(depth)
    ids.push(id)
    nodes.push(node)
  }
  const addEntry = (entry: ArchiveEntry, depth: number, parent: ArchiveEntry | null) => {
    const own = () => entryNode(entry, parent)
    const below = children.get(entry.id)
    if (!below) {
      add(depth, entry.id, own)
      return
    }
    add(depth, 0, own)
    add(depth + 1, entry.id, () => ({
      label: 'Definition',
      note: '',
      icon: 'script',
      mono: false,
      name: `Definition of ${own().name}`,
    }))
    for (const child of below.length === 1 ? below : below.toSorted(childOrder)) addEntry(child, depth + 1, entry)
  }
  for (const { title, icon, name, kinds, own } of groups(roots)) {
    const count = [...kinds.values()].reduce((sum, list) => sum + list.length, 0)
    const note = `${count.toLocaleString('en-US')} objects`
    add(0, 0, () => ({ label: title, note, icon, mono: name !== '', name: title }))
    if (own) addEntry(own, 1, null)
    for (const [kind, list] of kinds) {
      const [words, kindIcon] = kindWords[kind] ?? [`${kind.charAt(0)}${kind.slice(1).toLowerCase()}`, 'lob']
      const where = name === '' ? words : `${words} of ${name}`
      add(1, 0, () => ({ label: words, note: list.length.toLocaleString('en-US'), icon: kindIcon, mono: false, name: where }))
      for (const entry of list) addEntry(entry, 2, null)
    }
  }
  const own = Uint8Array.from(ids, (id) => (id === 0 ? 0 : 1))
  const shape = treeShape(depths, [own])
  const bytes = new Float64Array(shape.size)
  subtreeSums(
    shape,
    ids.map((id) => sizes.get(id) ?? 0),
    bytes,
  )
  const nothing: ContentsNode = { label: '', note: '', icon: 'lob', mono: false, name: '' }
  const node = (at: number) => nodes[at]?.() ?? nothing
  return { toc, entries, shape, node, ids: Int32Array.from(ids), bytes }
}

interface Group {
  title: string
  icon: IconName
  /** '' for what is in no schema. */
  name: string
  /** The schema's own entry. */
  own: ArchiveEntry | null
  kinds: Map<string, ArchiveEntry[]>
}

/** Schemas by name, then what is in none; kinds in the order people look for them; objects by name. */
function groups(roots: readonly ArchiveEntry[]): Group[] {
  const found = new Map<string, Group>()
  const groupOf = (name: string): Group => {
    const known = found.get(name)
    if (known) return known
    const made: Group = {
      title: name === '' ? 'In no schema' : name,
      icon: name === '' ? 'db' : 'schema',
      name,
      own: null,
      kinds: new Map(),
    }
    found.set(name, made)
    return made
  }
  for (const entry of roots) {
    if (entry.kind === 'SCHEMA') groupOf(entry.tag).own = entry
    else {
      const { kinds } = groupOf(entry.schema ?? '')
      const list = kinds.get(entry.kind)
      if (list) list.push(entry)
      else kinds.set(entry.kind, [entry])
    }
  }
  const place = (kind: string) => (kindOrder.includes(kind) ? kindOrder.indexOf(kind) : kindOrder.length)
  for (const group of found.values()) {
    const sorted = [...group.kinds].toSorted(([a], [b]) => place(a) - place(b) || compare(a, b))
    group.kinds = new Map(sorted.map(([kind, list]) => [kind, list.toSorted((a, b) => compare(a.tag, b.tag))]))
  }
  return [...found.values()].toSorted((a, b) => (a.name === '' ? 1 : b.name === '' ? -1 : compare(a.name, b.name)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const childKinds = Object.keys(childWords)

function childOrder(a: ArchiveEntry, b: ArchiveEntry): number {
  const place = ({ kind }: ArchiveEntry) => (kind === 'TABLE DATA' ? 0 : childKinds.includes(kind) ? 2 : 1)
  return place(a) - place(b) || compare(a.kind, b.kind) || compare(a.tag, b.tag)
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

export function ticksOfChoice(tree: ContentsTree, choice: RestoreDraft['choice']): Ticks {
  if (choice === null) return ticksOf(tree.shape, tree.shape.own)
  const chosen = new Set(unpackIds(choice.ids))
  return ticksOf(tree.shape, [Uint8Array.from(tree.ids, (id) => (chosen.has(id) ? 1 : 0))])
}

/** null when everything is ticked: then no list is made. */
export function choiceOfTicks(tree: ContentsTree, ticks: Ticks): RestoreDraft['choice'] {
  const chosen: number[] = []
  tree.ids.forEach((id, node) => {
    if (id !== 0 && ticks.columns[0]?.[node] === 1) chosen.push(id)
  })
  return chosen.length === tree.entries.length ? null : { toc: tree.toc, ids: packIds(chosen) }
}

export function choiceOfIds(tree: Pick<ContentsTree, 'toc' | 'entries'>, ids: ReadonlySet<number>): RestoreDraft['choice'] {
  return ids.size >= tree.entries.length ? null : { toc: tree.toc, ids: packIds(ids) }
}

/** Nodes whose name holds all the words, with everything below them; null without words. */
export function findInTree(tree: ContentsTree, text: string): Uint8Array | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return null
  const match = new Uint8Array(tree.shape.size)
  for (let node = 0; node < tree.shape.size; node += 1) {
    if (tree.ids[node] === 0 && (tree.shape.depth[node] ?? 0) < 2) continue
    const { name, label } = tree.node(node)
    const here = `${name} ${label}`.toLowerCase()
    if (words.every((word) => here.includes(word))) match.fill(1, node, tree.shape.end[node])
  }
  return match
}
