// A tree of ticks for any number of things: a list in preorder, one or two columns of ticks, and what a tick brings about.

/** Nodes in preorder; a node's subtree is `node` up to, without, `end[node]`. */
export interface TreeShape {
  size: number
  depth: Uint8Array
  /** -1 for roots. */
  parent: Int32Array
  end: Int32Array
  /**
   * By column: 1 where the node has a tick of its own. The others show what is below them, or nothing when nothing is.
   * A tick in the second column needs the one in the first.
   */
  own: readonly Uint8Array[]
}

export interface Ticks {
  /** By column and node: 1 when ticked; only `own` nodes count. */
  columns: readonly Uint8Array[]
  /** By column and node: how many own ticks of the subtree are set. */
  counts: readonly Int32Array[]
}

export type TickState = 'on' | 'off' | 'mixed' | 'none'

/** `depths` in preorder, beginning at 0, at most one deeper than the node before. Throws RangeError otherwise. */
export function treeShape(depths: ArrayLike<number>, own: readonly Uint8Array[]): TreeShape {
  const size = depths.length
  const shape = { size, depth: new Uint8Array(size), parent: new Int32Array(size), end: new Int32Array(size), own }
  const path: number[] = []
  for (let node = 0; node < size; node += 1) {
    const depth = depths[node] ?? 0
    if (depth > path.length) throw new RangeError(`node ${node} is deeper than its parent allows`)
    while (path.length > depth) shape.end[path.pop() ?? 0] = node
    shape.depth[node] = depth
    shape.parent[node] = path.at(-1) ?? -1
    path.push(node)
  }
  for (const node of path) shape.end[node] = size
  return shape
}

/** Sums of a value over each subtree; the value of a node itself included. */
export function subtreeSums<A extends Int32Array | Float64Array>(shape: TreeShape, values: ArrayLike<number>, sums: A): A {
  for (let node = shape.size - 1; node >= 0; node -= 1) {
    sums[node] = (sums[node] ?? 0) + (values[node] ?? 0)
    const parent = shape.parent[node] ?? -1
    if (parent >= 0) sums[parent] = (sums[parent] ?? 0) + (sums[node] ?? 0)
  }
  return sums
}

const totals = new WeakMap<TreeShape, readonly Int32Array[]>()

/** By column and node: how many own ticks the subtree has. */
export function tickTotals(shape: TreeShape): readonly Int32Array[] {
  const known = totals.get(shape)
  if (known) return known
  const made = shape.own.map((own) => subtreeSums(shape, own, new Int32Array(shape.size)))
  totals.set(shape, made)
  return made
}

/** Ticks where a node has none of its own, and in the second column without the first, are dropped. */
export function ticksOf(shape: TreeShape, wanted: readonly ArrayLike<number>[]): Ticks {
  const columns = shape.own.map((own, column) => {
    const from = wanted[column] ?? []
    const kept = new Uint8Array(shape.size)
    for (let node = 0; node < shape.size; node += 1) kept[node] = own[node] === 1 && from[node] === 1 ? 1 : 0
    return kept
  })
  const [first, second] = columns
  const ownFirst = shape.own[0]
  if (first && second && ownFirst) {
    for (let node = 0; node < shape.size; node += 1) if (ownFirst[node] === 1 && first[node] === 0) second[node] = 0
  }
  return { columns, counts: columns.map((column) => subtreeSums(shape, column, new Int32Array(shape.size))) }
}

export function allTicks(shape: TreeShape, on: boolean): Ticks {
  if (on) return { columns: shape.own, counts: tickTotals(shape) }
  const nothing = shape.own.map(() => new Int32Array(shape.size))
  return { columns: shape.own.map(() => new Uint8Array(shape.size)), counts: nothing }
}

export function tickState(shape: TreeShape, ticks: Ticks, node: number, column: number): TickState {
  const total = tickTotals(shape)[column]?.[node] ?? 0
  const count = ticks.counts[column]?.[node] ?? 0
  if (total === 0) return 'none'
  return count === 0 ? 'off' : count === total ? 'on' : 'mixed'
}

/**
 * The ticks after one was set. Ticking takes everything below along, in both columns, and the parents that have a tick of
 * their own (a partition can't be without its table); unticking the first column drops the second with it. With `only`
 * nodes that are not in it keep their ticks: a filtered tree changes what it shows.
 */
export function setTick(shape: TreeShape, ticks: Ticks, node: number, column: number, on: boolean, only?: Uint8Array): Ticks {
  if (shape.end[node] === shape.size && node === 0 && column === 0 && !only) return allTicks(shape, on)
  const columns = ticks.columns.map((values) => values.slice())
  const end = shape.end[node] ?? node + 1
  const set = (at: number, place: number) => {
    const values = columns[place]
    if (values && shape.own[place]?.[at] === 1) values[at] = on ? 1 : 0
  }
  for (let at = node; at < end; at += 1) {
    if (only && only[at] !== 1) continue
    set(at, column)
    // Both go together, but for rows that are left out of a definition that stays.
    if (column === 0) set(at, 1)
    else if (on) set(at, 0)
    if (on) tickParents(shape, columns, at, node - 1)
  }
  if (on) tickParents(shape, columns, node, -1)
  if (!on && column === 0) dropChildren(shape, columns)
  return ticksOf(shape, columns)
}

function tickParents(shape: TreeShape, columns: readonly Uint8Array[], node: number, until: number): void {
  const first = columns[0]
  if (!first) return
  for (let up = shape.parent[node] ?? -1; up > until; up = shape.parent[up] ?? -1) {
    if (shape.own[0]?.[up] === 1) first[up] = 1
  }
}

/** What lies below an unticked node that has its own tick can't stay: a filtered unticking could have left it. */
function dropChildren(shape: TreeShape, columns: readonly Uint8Array[]): void {
  const first = columns[0]
  const own = shape.own[0]
  if (!first || !own) return
  for (let at = 0; at < shape.size; at += 1) {
    const up = shape.parent[at] ?? -1
    if (up >= 0 && own[up] === 1 && first[up] === 0) for (const values of columns) values[at] = 0
  }
}

/** What is shown: all, or what `match` says with everything above it. `open` is by node; a filtered tree is open all the way. */
export function visibleNodes(shape: TreeShape, open: Uint8Array, match: Uint8Array | null, into: Int32Array): Int32Array {
  let count = 0
  const kept = match && withParents(shape, match)
  for (let node = 0; node < shape.size; ) {
    if (kept && kept[node] !== 1) {
      node = shape.end[node] ?? node + 1
      continue
    }
    into[count] = node
    count += 1
    node = kept || open[node] === 1 ? node + 1 : (shape.end[node] ?? node + 1)
  }
  return into.subarray(0, count)
}

export function withParents(shape: TreeShape, match: Uint8Array): Uint8Array {
  const kept = match.slice()
  for (let node = shape.size - 1; node >= 0; node -= 1) {
    const parent = shape.parent[node] ?? -1
    if (kept[node] === 1 && parent >= 0) kept[parent] = 1
  }
  return kept
}

export function hasChildren(shape: TreeShape, node: number): boolean {
  return (shape.end[node] ?? 0) > node + 1
}
