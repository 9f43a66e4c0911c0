// One table of a rescue as it will be done: which columns cross, by which key, and where the rows go.
import type { RescueTable } from '../../../shared/contracts/rescue'
import { quoteIdentifier } from '../../../shared/model/identifier'
import type { LiveFacts } from './liveFacts'
import { keyOf, type Pair } from './readPairs'
import type { TableColumn, TableKey } from './readTable'

export interface MovedColumn {
  name: string
  /** Its type where it goes to. */
  type: string
  /** Type without modifier, of a domain the one at the bottom of it: the key's text depends on it. */
  root: string
  /** In a query of the recovered table, which is called r. */
  out: string
}

export interface TablePlan extends Pair {
  /** Counts from 1: names of temporary tables are made from it. */
  at: number
  asked: RescueTable
  into: { schema: string; name: string }
  /** Who a new or returning table belongs to; '' for the role that connects. */
  owner: string
  moved: MovedColumn[]
  /** null where rows are not told apart. */
  key: TableKey | null
  /** new: columns whose type the live database has not, which become text. */
  asTexts: string[]
}

const movedColumn = (column: TableColumn, type: string, cast: boolean): MovedColumn => ({
  name: column.name,
  type,
  root: cast ? type : column.root,
  out: cast ? `(r.${quoteIdentifier(column.name)})::${type}` : `r.${quoteIdentifier(column.name)}`,
})

export function planTable(asked: RescueTable, pair: Pair, facts: LiveFacts, at: number): TablePlan {
  const { past } = pair
  const { schema, name } = past
  const base = { ...pair, at, asked, owner: asked.owner ?? '', asTexts: [] as string[] }
  if (asked.way === 'new') {
    const asTexts = past.columns.filter((column) => !facts.types.has(column.base)).map((column) => column.name)
    const moved = past.columns.map((column) => movedColumn(column, asTexts.includes(column.name) ? 'text' : column.type, false))
    return { ...base, into: { schema, name: asked.newName }, moved, key: null, asTexts }
  }
  if (asked.way === 'dropped') {
    const moved = past.columns
      .filter(({ generated }) => generated === '')
      .map((column) => movedColumn(column, column.type, false))
    return { ...base, owner: asked.owner ?? past.owner, into: { schema, name }, moved, key: null }
  }
  const moved = pair.columns.flatMap(({ name: column, says, live }) => {
    const found = past.columns.find((each) => each.name === column)
    return found && live !== null && (says === 'same' || says === 'cast') ? [movedColumn(found, live, says === 'cast')] : []
  })
  return { ...base, into: { schema, name }, moved, key: pair.now ? keyOf(pair, asked.key) : null }
}

/** The key's columns as they cross. Those that do not cross are said by the checks. */
export function keyColumns({ key, moved }: TablePlan): MovedColumn[] {
  return (key?.columns ?? []).flatMap((name) => moved.filter((column) => column.name === name))
}
