// Step 1: which database of the recovered cluster, which live database, and which tables come back.

import { useEffect, useState } from 'react'
import type { RescueListed } from '../../../../shared/contracts/rescue'
import { formatBytes } from '../../../../shared/model/byteCount'
import { wishWords } from '../../../../shared/model/recoveryTarget'
import { utcText } from '../../../../shared/model/utcText'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { EmptyState, ErrorNote, Loading } from '../../../components/Feedback'
import { SelectField, Tick } from '../../../components/fields'
import { SearchField } from '../../../components/SearchField'
import { plural } from '../../../format/numbers'
import { said } from '../../../format/said'
import { api } from '../../../rpc/api'
import { addressOf } from '../../../stores/connections'
import { loadServer, useServer } from '../../../stores/server'
import { useAsk } from '../../../wizard/useAsk'
import { changeSides, isChosen, sidesOf, toggleTable } from '../draft'
import type { RescueStepProps } from '../Wizard'

const shownRows = 300

export function TablesStep(props: RescueStepProps) {
  const { draft, prepared } = props
  const sides = sidesOf(draft)
  const listed = useAsk(sides, (asked, options) => api.rescue.tables(asked, options))
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Sides {...props} />
        {prepared.data?.problem && <ErrorNote error={{ code: 'conflict', message: prepared.data.problem, hint: '' }} />}
        <Card className="fill" title="Tables of then" note={draft.tables.length > 0 ? `${draft.tables.length} chosen` : ''}>
          {!sides && (
            <EmptyState icon="table" title="Choose both databases first">
              Then the tables of then are listed beside what is there now.
            </EmptyState>
          )}
          {listed.error && (
            <div className="card-body">
              <ErrorNote error={listed.error} onRetry={listed.again} />
            </div>
          )}
          {sides && !listed.data && !listed.error && <Loading>Reading both databases…</Loading>}
          {listed.data && <TableList {...props} tables={listed.data.tables} />}
        </Card>
      </div>
      <div className="wz-col scroll">
        <Card title="One transaction" padded>
          <p className="t2">
            Rows go straight from the recovered cluster into the live database; no file is written. All of it is one transaction
            there: a cancel, an error or a lost connection leaves it as it was.
          </p>
          <p className="t2" style={{ marginTop: 8 }}>
            Before the COMMIT, what went in is compared with the source, row by row.
          </p>
        </Card>
      </div>
    </div>
  )
}

function Sides({ connections, standing, draft, setDraft }: RescueStepProps) {
  const server = useServer(draft.live === '' ? undefined : draft.live)
  useEffect(() => {
    if (draft.live !== '') void loadServer(draft.live)
  }, [draft.live])
  const live = connections.find(({ id }) => id === draft.live)
  const names = (server.page?.databases ?? []).flatMap(({ name, allowsConnections, isTemplate }) =>
    allowsConnections && !isTemplate ? [name] : [],
  )
  const option = (value: string) => ({ value, label: value })
  const at = standing.replayed?.lastTransaction
  return (
    <div className="rescue-sides">
      <Card title="From the recovered cluster" note={standing.state}>
        <div className="fieldgrid">
          <SelectField
            label="Database"
            value={draft.database}
            onChange={(database) => setDraft(changeSides(draft, { database, liveDatabase: draft.liveDatabase || database }))}
            options={[{ value: '', label: 'Choose…' }, ...standing.databases.map(option)]}
            help={`Port ${standing.port}; it stands at ${said(at ? utcText(at) : wishWords(standing.wish))}.`}
            className="wide"
          />
        </div>
      </Card>
      <Card title="Into the live database" note={live ? addressOf(live) : ''}>
        <div className="fieldgrid">
          <SelectField
            label="Server"
            value={draft.live}
            onChange={(id) => setDraft(changeSides(draft, { live: id }))}
            options={[
              { value: '', label: 'Choose…' },
              ...connections.map(({ id, label, readOnly }) => ({ value: id, label: readOnly ? `${label} (read-only)` : label })),
            ]}
          />
          <SelectField
            label="Database"
            value={draft.liveDatabase}
            onChange={(liveDatabase) => setDraft(changeSides(draft, { liveDatabase }))}
            options={[
              { value: '', label: 'Choose…' },
              ...(draft.liveDatabase !== '' && !names.includes(draft.liveDatabase) ? [option(draft.liveDatabase)] : []),
              ...names.map(option),
            ]}
            problem={server.error?.message}
          />
        </div>
      </Card>
    </div>
  )
}

function TableList({ draft, setDraft, tables }: RescueStepProps & { tables: readonly RescueListed[] }) {
  const [text, setText] = useState('')
  const found = tables.filter(({ schema, name }) => `${schema}.${name}`.toLowerCase().includes(text.toLowerCase()))
  // What is gone is what one looks for first.
  const sorted = found.toSorted((a, b) => Number(a.live !== 'gone') - Number(b.live !== 'gone'))
  return (
    <>
      <div className="rescue-find">
        <SearchField
          label="Find a table"
          value={text}
          onChange={setText}
          placeholder="Find a table"
          note={plural(found.length, 'table')}
        />
      </div>
      <div className="wz-scroll" tabIndex={0} role="region" aria-label="Tables of then">
        <table className="tb" aria-label="Tables of then">
          <thead>
            <tr>
              <th>Table</th>
              <th>Now</th>
              <th className="num">Rows then, about</th>
              <th className="num">Rows now, about</th>
              <th className="num">Size then</th>
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, shownRows).map((table) => (
              <tr key={`${table.schema}.${table.name}`}>
                <td className="wrap">
                  <Tick
                    checked={isChosen(draft, table)}
                    onChange={() => setDraft(toggleTable(draft, table))}
                    disabled={table.problem !== ''}
                  >
                    <span className="mono">
                      {table.schema}.{table.name}
                    </span>
                    {table.kind !== 'table' && <span className="t3 sm"> {table.kind}</span>}
                  </Tick>
                  {table.problem !== '' && <div className="sm t3">{table.problem}</div>}
                </td>
                <td>
                  {table.live === 'gone' ? (
                    <Chip tone="warning" icon="warn">
                      gone
                    </Chip>
                  ) : table.live === 'other' ? (
                    <Chip tone="outline">no table</Chip>
                  ) : (
                    <span className="t2">there</span>
                  )}
                </td>
                <td className="num">{about(table.rows)}</td>
                <td className="num">{table.live === 'there' ? about(table.liveRows) : ''}</td>
                <td className="num">{table.size === null ? '' : formatBytes(table.size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {sorted.length > shownRows && (
          <div className="card-body t3">{plural(sorted.length - shownRows, 'more table')}: type to find one.</div>
        )}
        {tables.length === 0 && (
          <EmptyState icon="table" title="No table">
            This database had no table at that moment.
          </EmptyState>
        )}
      </div>
    </>
  )
}

function about(rows: number | null): string {
  return rows === null ? 'not counted' : Math.round(rows).toLocaleString('en-US')
}
