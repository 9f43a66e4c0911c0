// A look into a database: its tables with rows and sizes, and the first rows of one, read-only.
import Drawer from '@mui/material/Drawer'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { z } from 'zod'
import type { contracts } from '../../../shared/contracts'
import { formatBytes } from '../../../shared/model/byteCount'
import type { SavedConnection } from '../../../shared/model/connection'
import { IconButton } from '../../components/Button'
import { EmptyState, ErrorNote, Loading } from '../../components/Feedback'
import { Icon, type IconName } from '../../components/Icon'
import { SearchField } from '../../components/SearchField'
import { isCancelled, type ShownError, shownError } from '../../format/errors'
import { formatCount, plural } from '../../format/numbers'
import { api } from '../../rpc/api'
import { RowsView } from './RowsView'
import './inside.css'

type Tables = z.infer<typeof contracts.objects.methods.tables.output>
type Table = Tables['tables'][number]

const kindIcon: Readonly<Record<Table['kind'], IconName>> = {
  table: 'table',
  'partitioned table': 'table',
  partition: 'part',
  'foreign table': 'external',
  'materialized view': 'view',
  view: 'view',
  sequence: 'seq',
}

export default function LookInside({
  connection,
  database,
  onClose,
}: {
  connection: SavedConnection
  database: string
  onClose: () => void
}) {
  const [found, setFound] = useState<Tables | null>(null)
  const [error, setError] = useState<ShownError | null>(null)
  const [chosen, setChosen] = useState<Table | null>(null)
  const connectionId = connection.id
  useEffect(() => {
    const leaving = new AbortController()
    api.objects.tables({ connectionId, database }, { signal: leaving.signal }).then(setFound, (cause: unknown) => {
      if (!isCancelled(cause)) setError(shownError(cause))
    })
    return () => leaving.abort()
  }, [connectionId, database])
  return (
    <Drawer
      anchor="right"
      open
      onClose={onClose}
      slotProps={{
        paper: { role: 'dialog', 'aria-modal': true, 'aria-label': `Inside ${database}`, sx: { width: 'min(1080px, 92vw)' } },
      }}
    >
      <div className="inside">
        <div className="dialog-head">
          <h2>Inside {database}</h2>
          <span className="t3 el">
            on {connection.label}
            {found &&
              `, ${plural(found.tables.length, 'object')}, ${plural(found.functions, 'function')}, ${plural(found.largeObjects, 'large object')}${found.extensions.length > 0 ? `, extensions ${found.extensions.join(', ')}` : ''}`}
          </span>
          <span className="sp" />
          <IconButton icon="x" label="Close" onClick={onClose} />
        </div>
        {error && (
          <div className="card-body">
            <ErrorNote error={error} />
          </div>
        )}
        {!found && !error && <Loading>Reading the list of tables…</Loading>}
        {found && (
          <div className="inside-body">
            <TableList tables={found.tables} chosen={chosen} onChoose={setChosen} />
            {chosen ? (
              <RowsView
                key={`${chosen.schema}.${chosen.name}`}
                connectionId={connectionId}
                database={database}
                schema={chosen.schema}
                name={chosen.name}
              />
            ) : (
              <EmptyState icon="table" title="Choose a table to see its first rows">
                Nothing is changed: rows are read in a read-only transaction.
              </EmptyState>
            )}
          </div>
        )}
      </div>
    </Drawer>
  )
}

function TableList({
  tables,
  chosen,
  onChoose,
}: {
  tables: readonly Table[]
  chosen: Table | null
  onChoose: (table: Table) => void
}) {
  const [text, setText] = useState('')
  const scroller = useRef<HTMLDivElement>(null)
  const shown = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    return tables.filter((table) =>
      words.every((word) => `${table.schema}.${table.name} ${table.kind}`.toLowerCase().includes(word)),
    )
  }, [tables, text])
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 44,
    overscan: 12,
  })
  return (
    <div className="inside-list">
      <div className="inside-search">
        <SearchField
          label={`Find in ${plural(tables.length, 'object')}`}
          value={text}
          onChange={setText}
          width="100%"
          note={text === '' ? undefined : formatCount(shown.length)}
        />
      </div>
      <div className="inside-scroll" ref={scroller}>
        {shown.length === 0 && (
          <div className="card-body t3">{tables.length === 0 ? 'There are no tables.' : 'Nothing is called that.'}</div>
        )}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((item) => {
            const table = shown[item.index]
            if (!table) return null
            return (
              <button
                key={item.key}
                type="button"
                className={`inside-row${table === chosen ? ' on' : ''}`}
                style={{ transform: `translateY(${item.start}px)` }}
                aria-pressed={table === chosen}
                onClick={() => onChoose(table)}
              >
                <Icon name={kindIcon[table.kind]} className="t3" />
                <span className="sp col">
                  <span className="mono el">
                    {table.schema}.{table.name}
                  </span>
                  <span className="sm t3 el">
                    {table.kind}
                    {table.estimatedRows !== null && table.estimatedRows >= 0
                      ? `, about ${formatCount(table.estimatedRows)} rows`
                      : ''}
                  </span>
                </span>
                <span className="sm t2 nw">{table.size === null ? '' : formatBytes(table.size)}</span>
              </button>
            )
          })}
        </div>
      </div>
    </div>
  )
}
