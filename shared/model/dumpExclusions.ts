// Leaves relations and rows out by the fewest patterns: a whole schema, a table with its partitions, or one by one.
import { type SelectionList, schemaPattern } from './dumpSelection'
import { qualifiedName } from './identifier'
import { hasFlag, isRelation, type ObjectTree } from './objectTree'
import { everythingIn } from './psqlPattern'

/** What is ticked, counted by schema. */
export interface Wanted {
  tree: ObjectTree
  major: number
  definition: Uint8Array
  rows: Uint8Array
  /** By schema: its own row (functions, types, itself) is ticked. */
  rest: boolean[]
  /** By schema: ticked relations, and all of them. */
  taken: number[]
  all: number[]
  /** By schema: sequences in it that belong to a table in the dump, and to one that is not. */
  withTable: number[]
  orphans: number[]
  /** undefined where the database has none. */
  groups: { L?: boolean; U?: boolean; B?: boolean; O?: boolean }
  extensions: { node: number; taken: boolean }[]
}

export type Lists = Record<SelectionList, string[]>
/** Quoted, so that it matches nothing else. */
export function relationPattern(tree: ObjectTree, node: number): string {
  return qualifiedName(tree.schemas[tree.inSchema[node] ?? -1] ?? '', tree.names[node] ?? '')
}

/** What is unticked in schemas that stay, with the serial sequences that would stay without their tables. */
export function excludeRelations(wanted: Wanted, lists: Lists): void {
  const { tree, definition, major, rest, taken, all } = wanted
  const none = tree.schemas.map((_, schema) => rest[schema] === true && (all[schema] ?? 0) > 1 && taken[schema] === 0)
  const needed = (node: number) => rest[tree.inSchema[node] ?? -1] === true && none[tree.inSchema[node] ?? -1] !== true
  const covered = new Uint8Array(tree.shape.size)
  none.forEach((yes, schema) => {
    if (yes) lists.excludeTable.push(everythingIn(schemaPattern(tree, schema)))
  })
  for (let node = 0; node < tree.shape.size; node += 1) {
    const kind = tree.kinds[node]
    if (kind === 's') {
      const gone = definition[tree.shape.parent[node] ?? -1] !== 1 && !hasFlag(tree, node, 'identity')
      if (gone && needed(node)) lists.excludeTable.push(relationPattern(tree, node))
      continue
    }
    if (!isRelation(tree, node) || definition[node] === 1 || covered[node] === 1) continue
    const end = tree.shape.end[node] ?? node + 1
    if (major >= 16 && kind === 'p' && countNeeded(tree, node, end, needed) > 1) {
      lists.excludeTableAndChildren.push(relationPattern(tree, node))
      covered.fill(1, node, end)
    } else if (needed(node)) lists.excludeTable.push(relationPattern(tree, node))
  }
}

function countNeeded(tree: ObjectTree, from: number, end: number, needed: (node: number) => boolean): number {
  let count = 0
  for (let at = from; at < end; at += 1) if (isRelation(tree, at) && needed(at)) count += 1
  return count
}

/** Rows that are left out of definitions that stay. */
export function excludeRows(wanted: Wanted, lists: Lists): void {
  const { tree, definition, rows, major, withTable } = wanted
  const own = tree.shape.own[1] ?? new Uint8Array()
  const empty = (node: number) => own[node] === 1 && definition[node] === 1 && rows[node] !== 1
  const off = tree.schemas.map(() => 0)
  const on = tree.schemas.map(() => 0)
  for (let node = 0; node < tree.shape.size; node += 1) {
    if (own[node] !== 1 || definition[node] !== 1) continue
    const counts = rows[node] === 1 ? on : off
    const schema = tree.inSchema[node] ?? -1
    counts[schema] = (counts[schema] ?? 0) + 1
  }
  // A pattern for the whole schema would also drop the values of sequences that tables own: they stay with their tables.
  const whole = tree.schemas.map((_, schema) => on[schema] === 0 && (off[schema] ?? 0) > 1 && withTable[schema] === 0)
  whole.forEach((yes, schema) => {
    if (yes) lists.excludeTableData.push(everythingIn(schemaPattern(tree, schema)))
  })
  const left = (node: number) => empty(node) && whole[tree.inSchema[node] ?? -1] !== true
  for (let node = 0; node < tree.shape.size; node += 1) {
    const end = tree.shape.end[node] ?? node + 1
    if (major >= 16 && tree.kinds[node] === 'p' && definition[node] === 1) {
      let [some, ticked] = [0, 0]
      for (let at = node; at < end; at += 1) {
        if (left(at)) some += 1
        if (own[at] === 1 && rows[at] === 1) ticked += 1
      }
      if (ticked === 0 && some > 1) {
        lists.excludeTableDataAndChildren.push(relationPattern(tree, node))
        node = end - 1
        continue
      }
    }
    if (left(node)) lists.excludeTableData.push(relationPattern(tree, node))
  }
}
