// A draft's choice of entries and the ticks of the tree: each made from the other.
import { marksOfText, textOfMarks } from '../../../shared/model/archiveGraph'
import { packIds } from '../../../shared/model/archiveSelection'
import { allTicks, type Ticks, type TreeShape, ticksOf } from '../../../shared/model/tickTree'
import type { ContentsTree } from './contentsTree'
import type { RestoreDraft } from './draft'

/** The ticks that a choice was made of: they need not be read from it again. */
const ticksMade = new WeakMap<NonNullable<RestoreDraft['choice']>, { shape: TreeShape; ticks: Ticks }>()

export function ticksOfChoice(tree: ContentsTree, choice: RestoreDraft['choice']): Ticks {
  if (choice === null) return allTicks(tree.shape, true)
  const made = ticksMade.get(choice)
  if (made?.shape === tree.shape) return made.ticks
  const marks = marksOfText(tree.graph, choice.ids)
  const wanted = new Uint8Array(tree.shape.size)
  const { places } = tree
  for (let node = 0; node < wanted.length; node += 1) {
    const place = places[node] ?? -1
    if (place >= 0 && marks[place] === 1) wanted[node] = 1
  }
  return ticksOf(tree.shape, [wanted])
}

/** null when everything is ticked: then no list is made. */
export function choiceOfTicks(tree: ContentsTree, ticks: Ticks): RestoreDraft['choice'] {
  const { places, entries, graph } = tree
  const marks = new Uint8Array(entries.length)
  const [column] = ticks.columns
  let chosen = 0
  for (let node = 0; node < places.length; node += 1) {
    const place = places[node] ?? -1
    if (place < 0 || column?.[node] !== 1) continue
    marks[place] = 1
    chosen += 1
  }
  if (chosen === entries.length) return null
  const choice = { toc: tree.toc, ids: textOfMarks(graph, marks) }
  ticksMade.set(choice, { shape: tree.shape, ticks })
  return choice
}

export function choiceOfIds(tree: Pick<ContentsTree, 'toc' | 'entries'>, ids: ReadonlySet<number>): RestoreDraft['choice'] {
  return ids.size >= tree.entries.length ? null : { toc: tree.toc, ids: packIds(ids) }
}
