// Which table, of which server and database, and how far back: a click on a table starts the search.
import { useState } from 'react'
import type { AccidentSubject } from '../../../../shared/contracts/accident'
import { ErrorNote, Loading } from '../../../components/Feedback'
import { SelectField } from '../../../components/fields'
import { Icon } from '../../../components/Icon'
import { SearchField } from '../../../components/SearchField'
import { formatCount, plural } from '../../../format/numbers'
import { api } from '../../../rpc/api'
import { setAccidentSearch, useAccidentSearch } from '../../../stores/accident'
import { useConnections } from '../../../stores/connections'
import { useAsk } from '../../../wizard/useAsk'
import { DatabaseField, type TableFacts } from '../../copy/TableChooser'
import { spanOf, spans } from './spans'

/** More are found by typing. */
const shownTables = 200

const searched: readonly TableFacts['kind'][] = ['table', 'partitioned table', 'partition', 'materialized view']

export function ChooseTable({ archiveId, timeline }: { archiveId: string; timeline: number }) {
  const form = useAccidentSearch()
  const [text, setText] = useState('')
  const connections = useConnections((state) => state.connections)
  const archives = useAsk({}, (input, options) => api.walArchive.list(input, options))
  const own = archives.data?.archives.find(({ id }) => id === archiveId)?.connectionId ?? ''
  const known = (id: string) => connections.some((connection) => connection.id === id)
  const connectionId = known(form.connectionId) ? form.connectionId : known(own) ? own : (connections[0]?.id ?? '')
  const { database, hours } = form
  const objects = useAsk(connectionId === '' || database === '' ? undefined : { connectionId, database }, (input, options) =>
    api.objects.tables(input, options),
  )
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const all = (objects.data?.tables ?? []).filter(({ kind }) => searched.includes(kind))
  const found = all.filter(({ schema, name }) => words.every((word) => `${schema}.${name}`.toLowerCase().includes(word)))
  const search = (subject: AccidentSubject) =>
    setAccidentSearch({ request: { archiveId, timeline, hours, subject }, chosen: null })
  return (
    <div className="ac-choose">
      <div className="ac-form">
        <SelectField
          label="Server that knows the table"
          value={connectionId}
          onChange={(id) => setAccidentSearch({ connectionId: id, database: '' })}
          options={
            connections.length === 0
              ? [{ value: '', label: 'no saved connection' }]
              : connections.map(({ id, label }) => ({ value: id, label }))
          }
        />
        {connectionId !== '' && (
          <DatabaseField
            connectionId={connectionId}
            value={database}
            onChange={(name) => setAccidentSearch({ connectionId, database: name })}
          />
        )}
        <SelectField
          label="Search"
          value={spanOf(hours)}
          onChange={(span) => setAccidentSearch({ hours: spans.find(({ value }) => value === span)?.hours ?? null })}
          options={spans}
        />
      </div>
      <SearchField
        label={all.length === 0 ? 'Table' : `Find in ${plural(all.length, 'table')}`}
        value={text}
        onChange={setText}
        width="100%"
      />
      <ul className="ac-list" aria-label="Tables">
        <li>
          <button
            type="button"
            onClick={() => search({ kind: 'removed', connectionId: connectionId === '' ? null : connectionId })}
          >
            <Icon name="trash" />
            <span className="sp">Any table that was dropped or truncated</span>
            <span className="t3 sm">when it is not below any more</span>
          </button>
        </li>
        {found.slice(0, shownTables).map(({ schema, name, kind, estimatedRows }) => (
          <li key={`${schema}\0${name}`}>
            <button type="button" onClick={() => search({ kind: 'table', connectionId, database, schema, name })}>
              <Icon name={kind === 'partition' || kind === 'partitioned table' ? 'part' : 'table'} />
              <span className="sp el mono">
                {schema}.{name}
              </span>
              <span className="t3 sm nw">
                {kind === 'table' ? '' : `${kind} · `}
                {estimatedRows === null ? '' : `about ${formatCount(estimatedRows)} rows`}
              </span>
            </button>
          </li>
        ))}
        {objects.busy && (
          <li>
            <Loading>Reading the list of tables…</Loading>
          </li>
        )}
        {objects.error && (
          <li>
            <ErrorNote error={objects.error} onRetry={objects.again} />
          </li>
        )}
        {database === '' && <li className="t3 ac-hint">Choose a database to see its tables.</li>}
        {objects.data && found.length === 0 && <li className="t3 ac-hint">No table is called that.</li>}
      </ul>
    </div>
  )
}
