// What of an archive belongs under what and needs what, for hundreds of thousands of entries: by place, in columns of numbers.
import { type ArchiveEntry, attachedTable, isChoosable, parentOf, tableOfTag, unpackRanges } from './archiveSelection'
import { atOnce, type Sliced } from './slices'

/** `needs` is not ticked although `id`, which is, can't do without it; `rows`: rows that a foreign key points to. */
export interface MissingNeed {
  id: number
  needs: number
  why: 'requires' | 'rows'
}

export interface ArchiveGraph {
  entries: readonly ArchiveEntry[]
  /** The entry's place in `entries`, -1 for an id that is not there. */
  place: (id: number) => number
  /** By place. */
  ids: Float64Array
  /** Places by ascending id, each id once. */
  byId: Int32Array
  /** By place: the place of the entry that it is shown under, -1 where it stands by itself. */
  parent: Int32Array
  /** One edge for each thing that an entry can't do without, in the archive's order. */
  from: Int32Array
  to: Int32Array
  /** By edge: counts only when this place is ticked too (the rows of a foreign key's own table); -1 always counts. */
  given: Int32Array
}

const someEntries = 512

type Places = Pick<ArchiveGraph, 'place' | 'ids' | 'byId'>

/** Ids are small where pg_dump made them; in a damaged archive they may be anything. */
function* placesOf(entries: readonly ArchiveEntry[]): Sliced<Places> {
  const ids = new Float64Array(entries.length)
  let most = 0
  for (let at = 0; at < entries.length; at += 1) {
    const id = entries[at]?.id ?? 0
    ids[at] = id
    if (id > most) most = id
  }
  yield
  if (most > entries.length * 16 + 1_000_000) {
    const places = new Map(entries.map(({ id }, at) => [id, at]))
    const ordered = [...places].toSorted(([a], [b]) => a - b)
    return { place: (id) => places.get(id) ?? -1, ids, byId: Int32Array.from(ordered, ([, at]) => at) }
  }
  const places = new Int32Array(most + 1).fill(-1)
  for (let at = 0; at < entries.length; at += 1) places[ids[at] ?? 0] = at
  yield
  const byId = new Int32Array(entries.length)
  let count = 0
  for (let id = 0; id <= most; id += 1) {
    const at = places[id] ?? -1
    if (at < 0) continue
    byId[count] = at
    count += 1
  }
  yield
  return { place: (id) => places[id] ?? -1, ids, byId: byId.subarray(0, count) }
}

export function* readGraph(entries: readonly ArchiveEntry[]): Sliced<ArchiveGraph> {
  const known = graphs.get(entries)
  if (known) return known
  const { place, ids, byId } = yield* placesOf(entries)
  const parent = new Int32Array(entries.length).fill(-1)
  /** By the table's place: the place of its rows; of what makes it a partition, which its indexes do not say they need. */
  const rows = new Int32Array(entries.length).fill(-1)
  const attach = new Int32Array(entries.length).fill(-1)
  for (let at = 0; at < entries.length; at += 1) {
    if (at % someEntries === 0) yield
    const entry = entries[at]
    if (!entry) continue
    const above = parentOf(entry, neededBy(entry, entries, place))
    parent[at] = above === undefined ? -1 : place(above.id)
    if (entry.kind === 'TABLE ATTACH' && above) attach[place(above.id)] = at
    if (entry.kind === 'TABLE DATA') for (const need of entry.needs) if (place(need) >= 0) rows[place(need)] = at
  }
  const edges = { from: column(), to: column(), given: column() }
  const add = (from: number, to: number, given: number) => {
    edges.from.push(from)
    edges.to.push(to)
    edges.given.push(given)
  }
  for (let at = 0; at < entries.length; at += 1) {
    if (at % someEntries === 0) yield
    const entry = entries[at]
    if (entry) addEdges(entry, at, { entries, place, rows, attach }, add)
  }
  const graph = { entries, place, ids, byId, parent, from: edges.from.all(), to: edges.to.all(), given: edges.given.all() }
  graphs.set(entries, graph)
  return graph
}

const graphs = new WeakMap<readonly ArchiveEntry[], ArchiveGraph>()

/** Read once for the same list. */
export function graphOf(entries: readonly ArchiveEntry[]): ArchiveGraph {
  return atOnce(readGraph(entries))
}

interface Known extends Pick<ArchiveGraph, 'entries' | 'place'> {
  rows: Int32Array
  attach: Int32Array
}

function addEdges(entry: ArchiveEntry, at: number, known: Known, add: (from: number, to: number, given: number) => void): void {
  const { entries, place, rows, attach } = known
  const { needs } = entry
  for (let index = 0; index < needs.length; index += 1) {
    const to = place(needs[index] ?? -1)
    const needed = entries[to]
    if (needed && isChoosable(needed) && needs.indexOf(needed.id) === index) add(at, to, -1)
  }
  if (entry.kind === 'INDEX ATTACH') {
    const table = attachedTable(entry, (id) => entries[place(id)])
    const to = table === undefined ? -1 : (attach[place(table)] ?? -1)
    if (to >= 0) add(at, to, -1)
  }
  if (entry.kind !== 'FK CONSTRAINT') return
  const needed = neededBy(entry, entries, place)
  const own = tableOfTag(entry, needed)
  const ownRows = own === undefined ? -1 : (rows[place(own.id)] ?? -1)
  if (ownRows < 0) return
  for (const table of needed) {
    const to = table.kind === 'TABLE' && table !== own ? (rows[place(table.id)] ?? -1) : -1
    if (to >= 0) add(at, to, ownRows)
  }
}

function neededBy(entry: ArchiveEntry, entries: readonly ArchiveEntry[], place: (id: number) => number): readonly ArchiveEntry[] {
  if (entry.needs.length === 0) return none
  const found: ArchiveEntry[] = []
  for (const id of entry.needs) {
    const need = entries[place(id)]
    if (need && need !== entry) found.push(need)
  }
  return found
}

const none: readonly ArchiveEntry[] = []

/** Numbers, of which nobody knows how many there will be. */
function column() {
  let numbers = new Int32Array(1024)
  let count = 0
  return {
    push(value: number) {
      if (count === numbers.length) {
        const larger = new Int32Array(count * 2)
        larger.set(numbers)
        numbers = larger
      }
      numbers[count] = value
      count += 1
    },
    all: () => numbers.subarray(0, count),
  }
}

/** By place: 1 for the ids, of which those that are not in the archive are left out. */
export function marksOf({ entries, place }: ArchiveGraph, ids: Iterable<number>): Uint8Array {
  const marks = new Uint8Array(entries.length)
  for (const id of ids) {
    const at = place(id)
    if (at >= 0) marks[at] = 1
  }
  return marks
}

/** What was packed or unpacked last: a page asks for the marks of one text several times. */
const lastText = new WeakMap<ArchiveGraph, { text: string; marks: Uint8Array }>()

/** By place: 1 for what the packed ids name, of which those that are not in the archive are left out. Not to be changed. */
export function marksOfText(graph: ArchiveGraph, text: string): Uint8Array {
  const known = lastText.get(graph)
  if (known?.text === text) return known.marks
  const { entries, ids, byId } = graph
  const marks = new Uint8Array(entries.length)
  let at = 0
  for (const { first, last } of unpackRanges(text) ?? []) {
    for (; at < byId.length && (ids[byId[at] ?? 0] ?? 0) < first; at += 1);
    for (; at < byId.length && (ids[byId[at] ?? 0] ?? 0) <= last; at += 1) marks[byId[at] ?? 0] = 1
  }
  lastText.set(graph, { text, marks })
  return marks
}

/** As packIds writes the ids of what is marked; `marks` is kept and must not be changed any more. */
export function textOfMarks(graph: ArchiveGraph, marks: Uint8Array): string {
  const { ids, byId } = graph
  const parts: string[] = []
  let [first, last] = [-1, -1]
  const end = () => {
    if (first >= 0) parts.push(first === last ? String(first) : `${first}-${last}`)
  }
  for (let at = 0; at < byId.length; at += 1) {
    const place = byId[at] ?? 0
    if (marks[place] !== 1) continue
    const id = ids[place] ?? 0
    if (id !== last + 1 || first < 0) {
      end()
      first = id
    }
    last = id
  }
  end()
  const text = parts.join(',')
  lastText.set(graph, { text, marks })
  return text
}

/** In the archive's order; each pair once. */
export function missingIn({ entries, from, to, given }: ArchiveGraph, marks: Uint8Array): MissingNeed[] {
  const missing: MissingNeed[] = []
  for (let edge = 0; edge < from.length; edge += 1) {
    const [a, b, c] = [from[edge] ?? 0, to[edge] ?? 0, given[edge] ?? -1]
    if (marks[a] !== 1 || marks[b] === 1 || (c >= 0 && marks[c] !== 1)) continue
    missing.push({ id: entries[a]?.id ?? 0, needs: entries[b]?.id ?? 0, why: c >= 0 ? 'rows' : 'requires' })
  }
  return missing
}

export function missingNeeds(entries: readonly ArchiveEntry[], ticked: Iterable<number>): MissingNeed[] {
  const graph = graphOf(entries)
  return missingIn(graph, marksOf(graph, ticked))
}

/** The ticks with everything that they need, and what that needs in turn. */
export function withNeeds(entries: readonly ArchiveEntry[], ticked: Iterable<number>): Set<number> {
  const graph = graphOf(entries)
  const { from, to, given } = graph
  const all = new Set(ticked)
  const marks = marksOf(graph, all)
  // What is needed stands earlier in an archive, so from its end on one round finds nearly all.
  for (let more = true; more; ) {
    more = false
    for (let edge = from.length - 1; edge >= 0; edge -= 1) {
      const [a, b, c] = [from[edge] ?? 0, to[edge] ?? 0, given[edge] ?? -1]
      if (marks[a] !== 1 || marks[b] === 1 || (c >= 0 && marks[c] !== 1)) continue
      marks[b] = 1
      all.add(entries[b]?.id ?? 0)
      more = true
    }
  }
  return all
}
