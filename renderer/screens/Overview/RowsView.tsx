// The first rows of a table, and the way to export them.
import { useEffect, useState } from 'react'
import type { z } from 'zod'
import type { contracts } from '../../../shared/contracts'
import { Button } from '../../components/Button'
import { CellValue, isNumericType } from '../../components/CellValue'
import { ErrorNote, Loading } from '../../components/Feedback'
import { isCancelled, type ShownError, shownError } from '../../format/errors'
import { formatCount, plural } from '../../format/numbers'
import { api } from '../../rpc/api'
import { placeLink } from '../../stores/navigation'

type Rows = z.infer<typeof contracts.objects.methods.rows.output>

const limit = 100

export function RowsView(table: { connectionId: string; database: string; schema: string; name: string }) {
  const { connectionId, database, schema, name } = table
  const [rows, setRows] = useState<Rows | null>(null)
  const [error, setError] = useState<ShownError | null>(null)
  useEffect(() => {
    const leaving = new AbortController()
    api.objects
      .rows({ connectionId, database, schema, name, limit }, { signal: leaving.signal })
      .then(setRows, (cause: unknown) => {
        if (!isCancelled(cause)) setError(shownError(cause))
      })
    return () => leaving.abort()
  }, [connectionId, database, schema, name])
  return (
    <section className="inside-rows" aria-label={`First rows of ${schema}.${name}`}>
      <div className="card-head">
        <h3 className="mono el">
          {schema}.{name}
        </h3>
        <span className="t3 el">{rows && countWords(rows)}</span>
        <span className="sp" />
        <Button size="xs" href={placeLink('/copy/export', { database, schema, table: name })}>
          Export this table…
        </Button>
      </div>
      {error && (
        <div className="card-body">
          <ErrorNote error={error} />
        </div>
      )}
      {!rows && !error && <Loading>Reading rows…</Loading>}
      {rows && (
        // Scrolls in both directions, so the keyboard must be able to reach it.
        <div className="inside-scroll" tabIndex={0} role="group" aria-label="Rows">
          <table className="tb dense rows">
            <thead>
              <tr>
                {rows.columns.map((column) => (
                  <th key={column.name} className={isNumericType(column.type) ? 'num' : undefined}>
                    {column.name} <span className="w4">{column.type}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.rows.map((row, index) => (
                <tr key={`${index}-${row[0] ?? ''}`}>
                  {row.map((value, at) => (
                    <td
                      key={rows.columns[at]?.name ?? at}
                      className={`mono${isNumericType(rows.columns[at]?.type ?? '') ? ' num' : ''}`}
                    >
                      <CellValue value={value} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {rows.rows.length === 0 && <div className="card-body t3">The table is empty.</div>}
        </div>
      )}
    </section>
  )
}

function countWords(rows: Rows): string {
  const shown = `first ${plural(rows.rows.length, 'row')}`
  if (rows.count === null) return `${shown}; counting all took too long`
  const total = BigInt(rows.count)
  return total === BigInt(rows.rows.length) ? `all ${plural(rows.rows.length, 'row')}` : `${shown} of ${formatCount(total)}`
}
