// What came of comparing a restore with its archive, or a copy with its source, table by table, and how it was compared.
import type { RowCheck } from '../../../shared/jobs/job'
import { Icon } from '../../components/Icon'
import { formatCount, plural } from '../../format/numbers'

function title({ by, against = 'dump', different, left }: RowCheck): string {
  if (different.length > 0)
    return by === 'rows' ? `Row counts differ from the ${against}` : `Tables of the ${against} are missing`
  if (against === 'source' && left.length > 0) return 'Not every table was counted'
  return by === 'rows' ? `Row counts match the ${against}` : `Every table of the ${against} is there`
}

function summary({ by, tables, matched, rows }: RowCheck): string {
  const of = `${formatCount(matched)} of ${plural(tables, 'table')}`
  return by === 'rows' ? `${of}, ${plural(rows, 'row')}` : `${of}; row counts were not compared`
}

export function RowCheckCard({ check }: { check: RowCheck }) {
  const good = check.different.length === 0 && (check.against !== 'source' || check.left.length === 0)
  const count = (rows: number | null) => (rows === null ? 'missing' : formatCount(rows))
  return (
    <section className="card card-body row-check" aria-label="Row counts">
      <div className="row">
        <Icon name={good ? 'pass' : 'warn'} className={good ? 'ok' : 'warn'} />
        <h2>{title(check)}</h2>
      </div>
      <div className="t2 tnum">{summary(check)}</div>
      {check.different.length > 0 && (
        <table className="tb dense" aria-label="Tables that differ">
          <thead>
            <tr>
              <th>Table</th>
              {check.by === 'rows' && <th className="num">{check.against === 'source' ? 'Source' : 'Dump'}</th>}
              <th className="num">Here</th>
            </tr>
          </thead>
          <tbody>
            {check.different.map(({ table, expected, found }) => (
              <tr key={table}>
                <td className="mono wrap">{table}</td>
                {check.by === 'rows' && <td className="num tnum">{count(expected)}</td>}
                <td className="num tnum warn">{count(found)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {check.left.length > 0 && (
        <ul className="t2 sm">
          {check.left.map(({ table, why }) => (
            <li key={table}>
              <span className="mono">{table}</span> was not compared: {why}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
