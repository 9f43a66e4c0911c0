// What a choice leaves out, and who will miss it: the dependencies that a restore of the dump would stumble over.
import type { ObjectNeeds } from '../../../shared/contracts/objects'
import { fullName, isRelation, kindOf, type ObjectTree } from '../../../shared/model/objectTree'
import { type Ticks, tickState, tickTotals } from '../../../shared/model/tickTree'
import { formatCount, plural } from '../../format/numbers'

export interface LeftOut {
  /** Ticking it takes it along. */
  node: number
  /** The rows alone, where the definition stays. */
  column: 0 | 1
  /** Before and after the name: "Rows of", "foreign key of sales.orders needs it". */
  before: string
  name: string
  after: string
  bytes: number
  warning: boolean
}

/** Warnings first, those that most others need before the rest, then the largest. */
export function leftOut(tree: ObjectTree, ticks: Ticks, needs: ObjectNeeds | undefined): LeftOut[] {
  const missed = whoMisses(tree, ticks, needs)
  const found: LeftOut[] = []
  const totals = tickTotals(tree.shape)
  const [definitions, rows] = ticks.counts
  for (let node = 1; node < tree.shape.size; node += 1) {
    const total = totals[0]?.[node] ?? 0
    const count = definitions?.[node] ?? 0
    if (total === 0) continue
    // Whole subtrees are passed over at once: nothing of them is left out.
    if (count === total && rows?.[node] === totals[1]?.[node]) {
      node = (tree.shape.end[node] ?? node + 1) - 1
      continue
    }
    const line = describe(tree, ticks, node, count === 0, missed.get(node))
    if (!line) continue
    found.push(line.left)
    if (line.whole) node = (tree.shape.end[node] ?? node + 1) - 1
  }
  // A whole schema that is left out is one line; what others need of it are lines of their own.
  const shown = new Set(found.map((line) => line.node))
  for (const [node, words] of missed) {
    if (shown.has(node)) continue
    found.push({ ...plainLine(tree, node), after: words.text, warning: true })
  }
  const weight = (line: LeftOut) => missed.get(line.node)?.count ?? 0
  return found.sort(
    (one, other) => Number(other.warning) - Number(one.warning) || weight(other) - weight(one) || other.bytes - one.bytes,
  )
}

function plainLine(tree: ObjectTree, node: number): LeftOut {
  return {
    node,
    column: 0,
    before: tree.kinds[node] === 'R' ? 'Functions and types of' : '',
    name: fullName(tree, node),
    after: '',
    bytes: tree.subtreeBytes[node] ?? 0,
    warning: false,
  }
}

function describe(
  tree: ObjectTree,
  ticks: Ticks,
  node: number,
  off: boolean,
  missed: Missed | undefined,
): { left: LeftOut; whole: boolean } | undefined {
  const kind = kindOf(tree, node)
  const line = plainLine(tree, node)
  const after = missed?.text ?? ''
  if (!off) {
    const rows = isRelation(tree, node) && tickState(tree.shape, ticks, node, 1) === 'off'
    return rows ? { left: { ...line, column: 1, before: kind === 'S' ? 'Value of' : 'Rows of' }, whole: true } : undefined
  }
  switch (kind) {
    case 'n':
      return { left: { ...line, before: 'Schema' }, whole: true }
    case 'R': {
      const used = (ticks.counts[0]?.[tree.shape.parent[node] ?? -1] ?? 0) > 0
      const text = after || (used ? 'its tables need it' : '')
      return {
        left: { ...line, before: 'Schema itself, functions, types:', after: text, warning: used || text !== '' },
        whole: true,
      }
    }
    case 'L':
      return { left: { ...line, name: plural(tree.rows[node] ?? 0, 'large object'), warning: true }, whole: true }
    case 'U':
    case 'B':
    case 'O':
      return { left: { ...line, name: `${line.name} (${formatCount(tree.rows[node] ?? 0)})`, warning: true }, whole: true }
    case 'e':
      return { left: { ...line, before: 'Extension', after, warning: after !== '' }, whole: true }
    case 'E':
      return undefined
    default:
      return { left: { ...line, after, warning: after !== '' }, whole: true }
  }
}

interface Missed {
  count: number
  text: string
}

/** What is not ticked and what ticked relations need, by node. */
function whoMisses(tree: ObjectTree, ticks: Ticks, needs: ObjectNeeds | undefined): Map<number, Missed> {
  const missed = new Map<number, Missed>()
  const ticked = ticks.counts[0]?.[0]
  if (!needs || ticked === undefined || ticked === tickTotals(tree.shape)[0]?.[0]) return missed
  const places = nodesByOid(tree)
  const found = new Map<number, { who: Set<number>; how: Set<string> }>()
  needs.from.forEach((from, at) => {
    const [user, needed] = [places.r.get(from), places[kindOfNeed(needs.toKinds[at])].get(needs.to[at] ?? 0)]
    if (user === undefined || needed === undefined) return
    if (ticks.columns[0]?.[user] !== 1 || ticks.columns[0]?.[needed] === 1) return
    const entry = found.get(needed) ?? { who: new Set(), how: new Set() }
    entry.who.add(user)
    entry.how.add(needs.words[needs.how[at] ?? 0] ?? '')
    found.set(needed, entry)
  })
  for (const [node, { who, how }] of found) {
    const [first = 0] = who
    const users = who.size === 1 ? `${fullName(tree, first)} needs it` : `${formatCount(who.size)} ticked objects need it`
    missed.set(node, { count: who.size, text: `${users} (${[...how].join(', ')})` })
  }
  return missed
}

/** Relations, extensions, and the rows that stand for a schema's functions and types. */
interface NodesByOid {
  r: ReadonlyMap<number, number>
  e: ReadonlyMap<number, number>
  s: ReadonlyMap<number, number>
}

function kindOfNeed(letter: string | undefined): keyof NodesByOid {
  return letter === 'e' || letter === 's' ? letter : 'r'
}

const byOid = new WeakMap<ObjectTree['shape'], NodesByOid>()

function nodesByOid(tree: ObjectTree): NodesByOid {
  const known = byOid.get(tree.shape)
  if (known) return known
  const made = { r: new Map<number, number>(), e: new Map<number, number>(), s: new Map<number, number>() }
  for (let node = 0; node < tree.shape.size; node += 1) {
    const letter = tree.kinds[node]
    const kind = isRelation(tree, node) ? 'r' : letter === 'e' ? 'e' : letter === 'R' ? 's' : null
    if (kind !== null) made[kind].set(tree.oids[node] ?? 0, node)
  }
  byOid.set(tree.shape, made)
  return made
}

const plurals: readonly [letters: string, word: string][] = [
  ['n', 'schema'],
  ['rp', 'table'],
  ['f', 'foreign table'],
  ['v', 'view'],
  ['m', 'materialized view'],
  ['Ss', 'sequence'],
  ['FPa', 'function'],
  ['tD', 'type'],
]

export interface HeldContents {
  /** "3 schemas, 214 tables, 31 views", and functions, extensions, large objects in lines of their own. */
  lines: string[]
  bytes: number
  allBytes: number
}

export function heldContents(tree: ObjectTree, ticks: Ticks): HeldContents {
  const counts = new Map<string, number>()
  const extensions: string[] = []
  let [bytes, largeObjects] = [0, 0]
  const definition = ticks.columns[0] ?? new Uint8Array()
  for (let node = 0; node < tree.shape.size; node += 1) {
    const letter = tree.kinds[node] ?? ' '
    const follows = 'sFPatD'.includes(letter)
    const place = follows ? (tree.shape.parent[node] ?? 0) : node
    const taken = letter === 'n' ? (ticks.counts[0]?.[node] ?? 0) > 0 : definition[place] === 1
    if (!taken) continue
    counts.set(letter, (counts.get(letter) ?? 0) + 1)
    if (letter === 'e') extensions.push(tree.names[node] ?? '')
    if (letter === 'L') largeObjects = tree.rows[node] ?? 0
    const filled = letter === 'L' || ticks.columns[1]?.[node] === 1
    if (filled) bytes += Math.max(0, tree.bytes[node] ?? 0)
  }
  const words = plurals.flatMap(([letters, word]) => {
    const count = [...letters].reduce((sum, letter) => sum + (counts.get(letter) ?? 0), 0)
    return count === 0 ? [] : [{ word, text: plural(count, word) }]
  })
  const line = (wanted: (word: string) => boolean) =>
    words
      .filter(({ word }) => wanted(word))
      .map(({ text }) => text)
      .join(', ')
  const isRoutine = (word: string) => word === 'function' || word === 'type'
  return {
    lines: [
      line((word) => !isRoutine(word)),
      line(isRoutine),
      largeObjects > 0 ? plural(largeObjects, 'large object') : '',
      extensions.length > 0 ? `${extensions.length === 1 ? 'Extension' : 'Extensions'} ${extensions.join(', ')}` : '',
    ].filter(Boolean),
    bytes,
    allBytes: tree.subtreeBytes[0] ?? 0,
  }
}

/** "Schema, 42 functions, 3 types": what goes and stays with a schema. */
export function restLabel(tree: ObjectTree, node: number): string {
  const counts = { functions: 0, types: 0 }
  for (let at = node + 1; at < (tree.shape.end[node] ?? 0); at += 1) {
    if ('FPa'.includes(tree.kinds[at] ?? ' ')) counts.functions += 1
    else counts.types += 1
  }
  const parts = [
    counts.functions > 0 ? plural(counts.functions, 'function') : '',
    counts.types > 0 ? plural(counts.types, 'type') : '',
  ]
  return ['Schema itself', ...parts].filter(Boolean).join(', ')
}
