// Which table of which database: for the source of an export, and for the target of an import.
import { useState } from 'react'
import type { z } from 'zod'
import type { tableFacts } from '../../../shared/contracts/objects'
import { formatBytes } from '../../../shared/model/byteCount'
import { Chip } from '../../components/Chip'
import { EmptyState, ErrorNote, Loading } from '../../components/Feedback'
import { SelectField } from '../../components/fields'
import { Icon } from '../../components/Icon'
import { SearchField } from '../../components/SearchField'
import { plural } from '../../format/numbers'
import { api } from '../../rpc/api'
import { useServer } from '../../stores/server'
import { PickRow } from '../../wizard/PickRow'
import { useAsk } from '../../wizard/useAsk'

export type TableFacts = z.infer<typeof tableFacts>

export interface TableName {
  schema: string
  name: string
}

const shownRows = 300

export function DatabaseField(props: {
  connectionId: string
  label?: string
  value: string
  onChange: (database: string) => void
  help?: string
}) {
  const { connectionId, label = 'Database', value, onChange, help } = props
  const { page, error } = useServer(connectionId)
  const names = (page?.databases ?? [])
    .filter(({ allowsConnections, isTemplate }) => allowsConnections && !isTemplate)
    .map(({ name }) => name)
    .sort((one, other) => one.localeCompare(other))
  const gone = value !== '' && page !== null && !names.includes(value)
  return (
    <SelectField
      label={label}
      value={value}
      onChange={onChange}
      options={[
        { value: '', label: page === null ? 'Asking…' : 'Choose one' },
        ...(value !== '' && !names.includes(value) ? [{ value, label: gone ? `${value} (not on this server)` : value }] : []),
        ...names.map((name) => ({ value: name, label: name })),
      ]}
      problem={error === null ? undefined : `${error.message} ${error.hint}`}
      help={help}
      mono
    />
  )
}

export interface TableChooserProps {
  connectionId: string
  database: string
  value: TableName
  onChange: (table: TableName) => void
  kinds: readonly TableFacts['kind'][]
  /** Of the radio group. */
  group: string
}

export function TableChooser({ connectionId, database, value, onChange, kinds, group }: TableChooserProps) {
  const [text, setText] = useState('')
  const input = database === '' ? undefined : { connectionId, database }
  const objects = useAsk(input, (question, options) => api.objects.tables(question, options))
  if (database === '') return <div className="card-body t3">Choose a database to see its tables.</div>
  if (objects.error)
    return (
      <div className="card-body">
        <ErrorNote error={objects.error} onRetry={objects.again} />
      </div>
    )
  if (!objects.data) return <Loading>Reading the list of tables…</Loading>
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const all = objects.data.tables.filter(({ kind }) => kinds.includes(kind))
  const found = all.filter(({ schema, name }) => words.every((word) => `${schema}.${name}`.toLowerCase().includes(word)))
  const gone = value.name !== '' && !all.some(({ schema, name }) => schema === value.schema && name === value.name)
  return (
    <>
      {all.length > 8 && (
        <div className="wz-bar">
          <SearchField label={`Find in ${plural(all.length, 'table')}`} value={text} onChange={setText} width={300} />
        </div>
      )}
      <div className="wz-scroll">
        <table className="tb dense pick" aria-label={`Tables of ${database}`}>
          <thead>
            <tr>
              <th aria-label="Chosen" />
              <th>Table</th>
              <th className="num">Rows, estimated</th>
              <th className="num">Size</th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shownRows).map((table) => (
              <PickRow
                key={`${table.schema}\0${table.name}`}
                name={group}
                label={`${table.schema}.${table.name}`}
                checked={table.schema === value.schema && table.name === value.name}
                onPick={() => onChange({ schema: table.schema, name: table.name })}
              >
                <td className="wrap">
                  <span className="row">
                    <Icon name={table.kind === 'view' || table.kind === 'materialized view' ? 'view' : 'table'} className="t3" />
                    <span className="wrap">
                      <span className="t3">{table.schema}.</span>
                      {table.name}
                    </span>
                    {table.kind !== 'table' && <Chip>{table.kind}</Chip>}
                  </span>
                </td>
                <td className="num nw">
                  {table.estimatedRows === null || table.estimatedRows < 0 ? '–' : plural(Math.round(table.estimatedRows), 'row')}
                </td>
                <td className="num nw">{table.size === null ? '–' : formatBytes(table.size)}</td>
              </PickRow>
            ))}
          </tbody>
        </table>
        {found.length === 0 && (
          <EmptyState icon="table" title={all.length === 0 ? 'No table here' : 'No table by that name'}>
            {all.length === 0 ? `${database} has no table to choose. Choose another database.` : 'Change or clear the search.'}
          </EmptyState>
        )}
        {found.length > shownRows && (
          <div className="card-body t3">The first {shownRows} are listed. Search to find the others.</div>
        )}
      </div>
      {gone && (
        <div className="card-body warn">
          The draft is about {value.schema}.{value.name}, which {database} does not have. Choose a table of the list.
        </div>
      )}
    </>
  )
}
