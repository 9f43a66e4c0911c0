// The first rows as they are read or will be written, with NULL and the empty string told apart.
import type { ReactNode } from 'react'
import { CellValue, isNumericType } from './CellValue'

export interface RowsTableProps {
  label: string
  columns: readonly { name: string; type?: string }[]
  rows: readonly (readonly (string | null)[])[]
  empty: ReactNode
}

export function RowsTable({ label, columns, rows, empty }: RowsTableProps) {
  return (
    // Scrolls in both directions, so the keyboard must be able to reach it.
    <div className="rows-scroll" tabIndex={0} role="group" aria-label={label}>
      <table className="tb dense rows">
        <thead>
          <tr>
            {columns.map(({ name, type }, at) => (
              <th key={`${at}-${name}`} className={type !== undefined && isNumericType(type) ? 'num' : undefined}>
                {name} {type !== undefined && <span className="w4">{type}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={`${index}-${row[0] ?? ''}`}>
              {row.map((value, at) => (
                <td key={at} className={`mono${isNumericType(columns[at]?.type ?? '') ? ' num' : ''}`}>
                  <CellValue value={value} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <div className="card-body t3">{empty}</div>}
    </div>
  )
}
