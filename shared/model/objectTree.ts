// Everything in a database that a dump can hold, as columns in preorder, with what can be ticked of it.
import type { TreePart } from '../contracts/objects'
import { atOnce, type Sliced } from './slices'
import { subtreeSums, type TreeShape, tickTotals, treeShape } from './tickTree'

/**
 * The letters of `kinds`. A schema's own row R stands for the schema itself with its functions and types, which pg_dump takes
 * or leaves together; U, B and O are groups that it takes or leaves as a whole.
 */
export const nodeKinds = {
  d: 'database',
  n: 'schema',
  R: 'schema itself',
  r: 'table',
  p: 'partitioned table',
  f: 'foreign table',
  m: 'materialized view',
  v: 'view',
  S: 'sequence',
  s: 'owned sequence',
  l: 'policy',
  F: 'function',
  P: 'procedure',
  a: 'aggregate',
  t: 'type',
  D: 'domain',
  E: 'extensions',
  e: 'extension',
  L: 'large objects',
  U: 'publications',
  u: 'publication',
  B: 'subscriptions',
  b: 'subscription',
  O: 'objects of the database',
  o: 'object of the database',
} as const

export type NodeKind = keyof typeof nodeKinds

export const nodeFlags = {
  unlogged: 1,
  /** A materialized view without rows: nothing to refresh. */
  unpopulated: 2,
  /** The sequence of an identity column: it never stays without its table. */
  identity: 4,
  partition: 8,
  /** Belongs to an extension, which makes it. */
  member: 16,
} as const

const relationKinds = 'rpfmvS'
const tickedKinds = `${relationKinds}ReLUBO`
/** Only these have rows to leave out: pg_dump has neither rows of views nor, unless asked, of foreign tables. */
const rowKinds = 'rmS'

export interface ObjectTree {
  shape: TreeShape
  kinds: string
  names: readonly string[]
  oids: readonly number[]
  schemas: readonly string[]
  inSchema: Int32Array
  rows: Float64Array
  bytes: Float64Array
  flags: Uint8Array
  exactSizes: boolean
  /** Of each subtree, what is known. */
  subtreeBytes: Float64Array
}

export function kindOf(tree: ObjectTree, node: number): NodeKind {
  const letter = tree.kinds[node] ?? 'o'
  return isKind(letter) ? letter : 'o'
}

function isKind(letter: string): letter is NodeKind {
  return letter in nodeKinds
}

export function isRelation(tree: ObjectTree, node: number): boolean {
  return relationKinds.includes(tree.kinds[node] ?? ' ')
}

export function hasFlag(tree: ObjectTree, node: number, flag: keyof typeof nodeFlags): boolean {
  return ((tree.flags[node] ?? 0) & nodeFlags[flag]) !== 0
}

export function schemaName(tree: ObjectTree, node: number): string {
  return tree.schemas[tree.inSchema[node] ?? -1] ?? ''
}

/** "sales.orders" as people write it, unquoted; the name alone for what is in no schema. */
export function fullName(tree: ObjectTree, node: number): string {
  const kind = kindOf(tree, node)
  const schema = schemaName(tree, node)
  const name = tree.names[node] ?? ''
  return schema === '' || kind === 'n' || kind === 'R' ? name : `${schema}.${name}`
}

export interface TreeCollector {
  add(part: TreePart): void
  /** Throws RangeError when parts are missing. */
  finish(): ObjectTree
  /** The same, for a window that goes on drawing. */
  finishing(): Sliced<ObjectTree>
}

/** Feed the parts in order; `finish` makes the tree. */
export function collectTree(): TreeCollector {
  const parts: TreePart[] = []
  return {
    add: (part) => void parts.push(part),
    finish: () => atOnce(joinParts(parts)),
    finishing: () => joinParts(parts),
  }
}

function* joinParts(parts: readonly TreePart[]): Sliced<ObjectTree> {
  const join = <T>(read: (part: TreePart) => readonly T[]): T[] => {
    const all: T[] = []
    for (const part of parts) for (const value of read(part)) all.push(value)
    return all
  }
  const kinds = parts.map((part) => part.kinds).join('')
  const total = parts[0]?.total ?? 0
  if (kinds.length !== total) throw new RangeError(`the tree has ${kinds.length} of ${total} nodes`)
  const own = (letters: string) => {
    const mask = new Uint8Array(total)
    const wanted = new Set(Array.from(letters, (letter) => letter.charCodeAt(0)))
    for (let node = 0; node < total; node += 1) if (wanted.has(kinds.charCodeAt(node))) mask[node] = 1
    return mask
  }
  const [ticked, withRows] = [own(tickedKinds), own(rowKinds)]
  yield
  const shape = treeShape(
    join((part) => part.depths),
    [ticked, withRows],
  )
  yield
  const bytes = Float64Array.from(join((part) => part.bytes))
  const subtreeBytes = sumBytes(shape, bytes)
  yield
  const [names, oids] = [join((part) => part.names), join((part) => part.oids)]
  yield
  const inSchema = Int32Array.from(join((part) => part.inSchema))
  yield
  const rows = Float64Array.from(join((part) => part.rows))
  const flags = Uint8Array.from(join((part) => part.flags))
  yield
  // Counted once for all ticks; the first drawing would do it otherwise.
  tickTotals(shape)
  const [schemas, exactSizes] = [join((part) => part.schemas), parts[0]?.exactSizes ?? true]
  return { shape, kinds, names, oids, schemas, inSchema, rows, bytes, flags, exactSizes, subtreeBytes }
}

function sumBytes(shape: TreeShape, bytes: Float64Array): Float64Array {
  const known = new Float64Array(shape.size)
  for (let node = 0; node < shape.size; node += 1) known[node] = Math.max(0, bytes[node] ?? 0)
  return subtreeSums(shape, known, new Float64Array(shape.size))
}

/** With exact sizes in place of estimated ones. */
export function withSizes(tree: ObjectTree, sizes: ReadonlyMap<number, number>): ObjectTree {
  const bytes = tree.bytes.slice()
  for (const [node, size] of sizes) bytes[node] = size
  return { ...tree, bytes, subtreeBytes: sumBytes(tree.shape, bytes) }
}
