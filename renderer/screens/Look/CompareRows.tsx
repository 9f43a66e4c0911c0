// One row for each table: how many rows it had then, how many live has, and which to take back.
import type { LookTable } from '../../../shared/contracts/look'
import { Tick } from '../../components/fields'
import { Icon } from '../../components/Icon'
import { formatCount, plural } from '../../format/numbers'
import { differenceOf, isLost, keyOf, orderTables, type RowOrder, signed, verdicts } from './lookWords'

/** The most that differ come first; what is beyond has mostly the same count. */
const shownTables = 400

export interface CompareRowsProps {
  tables: readonly LookTable[]
  order: RowOrder
  ticked: readonly LookTable[]
  onTicked: (tables: readonly LookTable[]) => void
  /** Clock times; '' where none is known. */
  recoveredAt: string
  liveAt: string
}

export function CompareRows({ tables, order, ticked, onTicked, recoveredAt, liveAt }: CompareRowsProps) {
  const all = orderTables(tables, order)
  const shown = all.slice(0, shownTables)
  const on = new Set(ticked.map(keyOf))
  const tick = (table: LookTable, checked: boolean) =>
    onTicked(checked ? [...ticked, table] : ticked.filter((other) => keyOf(other) !== keyOf(table)))
  return (
    <div className="look-scroll" tabIndex={0} role="group" aria-label="Row counts">
      <table className="tb dense look-rows">
        <thead>
          <tr>
            <th>
              <span className="sr">Take back</span>
            </th>
            <th>Table</th>
            <th className="num">Recovered {recoveredAt}</th>
            <th className="num">Live {liveAt}</th>
            <th className="num">Difference</th>
            <th>
              <span className="sr">In words</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((table) => {
            const { schema, table: name, recovered, live, says, why } = table
            const { words, icon, tone } = verdicts[says]
            const lost = isLost(table)
            const difference = differenceOf(table)
            return (
              <tr key={keyOf(table)} className={lost ? 'look-lost' : undefined}>
                <td>
                  <Tick
                    checked={on.has(keyOf(table))}
                    label={`Take back ${schema}.${name}`}
                    disabled={says === 'only live'}
                    onChange={(checked) => tick(table, checked)}
                  />
                </td>
                <td className={`mono wrap${lost ? ' b' : ''}`}>
                  {schema}.{name}
                </td>
                <td className="num">{countOf(recovered, says, 'only live')}</td>
                <td className="num">{countOf(live, says, 'only recovered')}</td>
                <td className={`num${lost ? ' b warn' : difference === 0 ? ' t3' : ''}`}>{signed(difference)}</td>
                <td title={why === '' ? undefined : `It ${why}`}>
                  <span className={`row g4 nw ${tone}`}>
                    <Icon name={icon} />
                    {words}
                  </span>
                  {why !== '' && <span className="sm t3">It {why}</span>}
                </td>
              </tr>
            )
          })}
          {shown.length === 0 && (
            <tr>
              <td colSpan={6} className="t2">
                {tables.length === 0 ? 'There is no table on either side.' : 'Every table has the same count on both sides.'}
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {all.length > shown.length && <p className="card-body t3">and {plural(all.length - shown.length, 'more table')}</p>}
    </div>
  )
}

/** not there, not counted, or the count. */
function countOf(count: number | null, says: LookTable['says'], absent: LookTable['says']) {
  if (count !== null) return formatCount(count)
  return <span className="t3">{says === absent ? 'not there' : '?'}</span>
}
