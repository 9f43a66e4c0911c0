// Where each column goes: the columns that are read at the left, the table's at the right; and what gets nothing.
import type { ReactNode } from 'react'
import { CellValue } from '../../../components/CellValue'
import { Chip } from '../../../components/Chip'
import { Note } from '../../../components/Feedback'
import { SelectField } from '../../../components/fields'
import { Icon } from '../../../components/Icon'
import { fillWords, type Mapping, type TargetColumn, takers, unmapped } from '../mapping'

export interface ColumnMapProps {
  head: string
  columns: readonly string[]
  /** A value of each column, to know it by. */
  sample?: readonly (string | null)[] | undefined
  types?: readonly string[]
  table: readonly TargetColumn[]
  mapping: Mapping
  onChange: (mapping: Mapping) => void
}

/** What stands for "left out" in the select; no column can be called that. */
const leftOut = '\0'

export function ColumnMap({ head, columns, sample, types, table, mapping, onChange }: ColumnMapProps): ReactNode {
  const open = unmapped(mapping, table)
  const refusing = open.filter((column) => column.notNull && !column.hasDefault && !column.identity)
  return (
    <>
      <table className="tb copy-map" aria-label="Columns">
        <thead>
          <tr>
            <th>{head}</th>
            {sample !== undefined && <th>First value</th>}
            <th className="copy-arrow" aria-label="goes into" />
            <th>Column of the table</th>
            <th>Type</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column, index) => {
            const to = mapping[index] ?? null
            const type = table.find(({ name }) => name === to)?.type
            return (
              <tr key={`${index}-${column}`}>
                <td className="m wrap">
                  {column} {types?.[index] !== undefined && <span className="t3 w4 sm">{types[index]}</span>}
                </td>
                {sample !== undefined && (
                  <td className="mono">{index < sample.length && <CellValue value={sample[index] ?? null} />}</td>
                )}
                <td className="copy-arrow">
                  <Icon name="right" size={14} className={to === null ? 't3' : 'acc'} />
                </td>
                <td>
                  <SelectField
                    label={`Column of the table for ${column}`}
                    value={to ?? leftOut}
                    onChange={(chosen) => {
                      const next = columns.map((_column, at) => mapping[at] ?? null)
                      next[index] = chosen === leftOut ? null : chosen
                      onChange(next)
                    }}
                    options={[
                      { value: leftOut, label: '– left out –' },
                      ...takers(table).map(({ name }) => ({ value: name, label: name })),
                    ]}
                    mono
                  />
                </td>
                <td className="t2 sm wrap">{type ?? <Chip tone="outline">not copied</Chip>}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {open.length > 0 && (
        <div className="card-body">
          <Note tone={refusing.length > 0 ? 'warning' : 'neutral'}>
            Nothing goes into:
            <ul>
              {open.map((column) => (
                <li key={column.name}>
                  <span className="mono">{column.name}</span> <span className="t3 sm">{column.type}</span>, which{' '}
                  {fillWords(column)}
                </li>
              ))}
            </ul>
            {refusing.length > 0 && <div className="m">Every row would be refused: give these columns one to take from.</div>}
          </Note>
        </div>
      )}
    </>
  )
}
