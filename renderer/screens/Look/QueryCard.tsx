// A person's own query of the recovered cluster: read-only, thirty seconds at the most, its rows as the server writes them.
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import type { LookRows, LookTable } from '../../../shared/contracts/look'
import { qualifiedName } from '../../../shared/model/identifier'
import { Button } from '../../components/Button'
import { CellValue } from '../../components/CellValue'
import { Chip } from '../../components/Chip'
import { ErrorNote } from '../../components/Feedback'
import { SelectField } from '../../components/fields'
import { isCancelled, type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import { api } from '../../rpc/api'
import { isNumericOid } from './lookWords'
import { sqlParts } from './sqlParts'

const limits = ['100', '500', '1000'] as const

export interface QueryCardProps {
  jobId: string
  database: string
  databases: readonly string[]
  port: number
  onDatabase: (database: string) => void
  /** A table to begin with. */
  suggested: LookTable | undefined
}

interface Answer {
  rows: LookRows
  database: string
}

export function QueryCard({ jobId, database, databases, port, onDatabase, suggested }: QueryCardProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const [limit, setLimit] = useState<(typeof limits)[number]>('100')
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [error, setError] = useState<ShownError | null>(null)
  const [running, setRunning] = useState(false)
  const control = useRef<AbortController | null>(null)
  useEffect(() => () => control.current?.abort(), [])
  const sql = typed ?? (suggested ? `SELECT * FROM ${qualifiedName(suggested.schema, suggested.table)};` : '')
  const run = async () => {
    if (sql.trim() === '' || running) return
    const own = new AbortController()
    control.current = own
    setRunning(true)
    setError(null)
    try {
      const rows = await api.look.query({ jobId, database, sql, limit: Number(limit) }, { signal: own.signal })
      setAnswer({ rows, database })
    } catch (cause) {
      setAnswer(null)
      if (!isCancelled(cause)) setError(shownError(cause))
    } finally {
      setRunning(false)
    }
  }
  return (
    <section className="card look-query" aria-label="Query the recovered cluster">
      <div className="card-head">
        <h2 className="el">Query the recovered cluster</h2>
        <Chip tone="outline" icon="lock">
          read-only, 30 s limit
        </Chip>
        <span className="sp" />
        <SelectField
          label="Rows at the most"
          className="look-limit"
          value={limit}
          onChange={setLimit}
          options={limits.map((value) => ({ value, label: `${value} rows` }))}
        />
        <SelectField
          label="Database to ask"
          className="look-db"
          value={database}
          onChange={onDatabase}
          options={databases.map((name) => ({ value: name, label: name }))}
        />
        {running ? (
          <Button size="s" icon="stop" onClick={() => control.current?.abort()}>
            Stop
          </Button>
        ) : (
          <Button size="s" icon="play" disabled={sql.trim() === ''} onClick={() => void run()}>
            Run
          </Button>
        )}
      </div>
      <Editor value={sql} onChange={setTyped} onRun={() => void run()} />
      <div className="look-answer" aria-live="polite" aria-busy={running}>
        {error && (
          <div className="card-body">
            <ErrorNote error={error} />
          </div>
        )}
        {answer && <Rows rows={answer.rows} />}
      </div>
      <div className="look-foot row t3 sm" role="status">
        {running
          ? 'Asking…'
          : answer
            ? `${answer.rows.more ? `the first ${plural(answer.rows.rows.length, 'row')}` : plural(answer.rows.rows.length, 'row')}, ${answer.rows.milliseconds.toFixed(1)} ms, in ${answer.database} on port ${port}`
            : ''}
        <span className="sp" />
        <span aria-hidden="true">
          <span className="kbd">Ctrl</span> <span className="kbd">Enter</span> runs it
        </span>
      </div>
    </section>
  )
}

interface EditorProps {
  value: string
  onChange: (value: string) => void
  onRun: () => void
}

/** The words are drawn by the text behind the field; the field draws the caret and the selection. */
function Editor({ value, onChange, onRun }: EditorProps) {
  const id = useId()
  const behind = useRef<HTMLPreElement>(null)
  const lines = value.split('\n').length
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    onRun()
  }
  return (
    <div className="look-editor">
      <label htmlFor={id} className="sr">
        SQL
      </label>
      <div className="look-gutter" aria-hidden="true">
        {Array.from({ length: Math.max(2, lines) }, (_one, index) => `${index + 1}\n`).join('')}
      </div>
      <div className="look-text">
        <pre ref={behind} aria-hidden="true">
          {sqlParts(value).map(({ text, keyword }, index) =>
            keyword ? (
              <span key={index} className="k">
                {text}
              </span>
            ) : (
              text
            ),
          )}{' '}
        </pre>
        <textarea
          id={id}
          value={value}
          rows={Math.min(8, Math.max(2, lines))}
          spellCheck={false}
          autoComplete="off"
          placeholder="SELECT … one query; nothing can be written"
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={onKeyDown}
          onScroll={(event) => {
            if (behind.current) behind.current.scrollLeft = event.currentTarget.scrollLeft
            if (behind.current) behind.current.scrollTop = event.currentTarget.scrollTop
          }}
        />
      </div>
    </div>
  )
}

function Rows({ rows: { columns, rows } }: { rows: LookRows }) {
  return (
    // Scrolls in both directions, so the keyboard must be able to reach it.
    <div className="look-scroll" tabIndex={0} role="group" aria-label="Rows of the query">
      <table className="tb dense rows">
        <thead>
          <tr>
            {columns.map(({ name, type }, at) => (
              <th key={`${at}-${name}`} className={`mono${isNumericOid(type) ? ' num' : ''}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={`${index}-${row[0] ?? ''}`}>
              {row.map((value, at) => (
                <td key={at} className={`mono${isNumericOid(columns[at]?.type ?? 0) ? ' num' : ''}`}>
                  <CellValue value={value} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <div className="card-body t3">No row.</div>}
    </div>
  )
}
