// Export, step 1: a table with its columns, or a query; and the first rows as they are.
import { Card } from '../../../components/Card'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { TextArea, Tick } from '../../../components/fields'
import { Segmented } from '../../../components/Segmented'
import { api } from '../../../rpc/api'
import { useAsk } from '../../../wizard/useAsk'
import type { ExportStepProps } from '../ExportWizard'
import { chooseSource, sourceOf } from '../exportDraft'
import { DatabaseField, TableChooser, type TableFacts } from '../TableChooser'
import { SampleCard } from './SampleCard'

const kinds: readonly TableFacts['kind'][] = [
  'table',
  'partitioned table',
  'partition',
  'foreign table',
  'materialized view',
  'view',
]

export function ExportWhatStep({ connection, draft, setDraft }: ExportStepProps) {
  const { database, schema, name } = draft
  const input = draft.source === 'table' && name !== '' ? { connectionId: connection.id, database, schema, name } : undefined
  const facts = useAsk(input, (question, options) => api.copy.columns(question, options))
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card className="fill" label="What is exported">
          <div className="copy-bar">
            <DatabaseField
              connectionId={connection.id}
              value={database}
              onChange={(chosen) => setDraft(chooseSource(draft, chosen, '', ''))}
            />
            <div className="col">
              <span className="lab">What</span>
              <Segmented
                label="What"
                value={draft.source}
                onChange={(source) => setDraft({ ...draft, source, path: null })}
                options={[
                  { value: 'table', label: 'A table' },
                  { value: 'query', label: 'A query' },
                ]}
              />
            </div>
          </div>
          {draft.source === 'table' ? (
            <TableChooser
              connectionId={connection.id}
              database={database}
              value={{ schema, name }}
              onChange={(table) => setDraft(chooseSource(draft, database, table.schema, table.name))}
              kinds={kinds}
              group="export-table"
            />
          ) : (
            <div className="card-body">
              <TextArea
                label="Query"
                value={draft.sql}
                onChange={(sql) => setDraft({ ...draft, sql })}
                rows={10}
                mono
                placeholder="SELECT id, total FROM sales.orders WHERE placed_at >= DATE '2026-01-01'"
                help="One statement that gives rows. It runs in a read-only transaction, so it can change nothing."
              />
            </div>
          )}
        </Card>
      </div>
      <div className="wz-col scroll">
        {draft.source === 'table' && name !== '' && (
          <Card title="Columns" note={`of ${schema}.${name}`}>
            {facts.error && (
              <div className="card-body">
                <ErrorNote error={facts.error} onRetry={facts.again} />
              </div>
            )}
            {!facts.data && facts.busy && <Loading>Reading the columns…</Loading>}
            {facts.data && (
              <ColumnTicks
                columns={facts.data.columns}
                value={draft.columns}
                onChange={(columns) => setDraft({ ...draft, columns })}
              />
            )}
            {facts.data?.hasChildren === true && facts.data.kind === 'table' && (
              <div className="card-body">
                <Note>
                  Other tables inherit from this one: their rows are not in this export. Export a query, SELECT * FROM the table,
                  to have them all.
                </Note>
              </div>
            )}
          </Card>
        )}
        <SampleCard
          connectionId={connection.id}
          database={database}
          source={database === '' ? undefined : sourceOf(draft)}
          format={draft.format}
          options={{}}
          delay={draft.source === 'query' ? 700 : 200}
        />
      </div>
    </div>
  )
}

function ColumnTicks(props: {
  columns: readonly { name: string; type: string; generated: boolean }[]
  value: readonly string[] | null
  onChange: (columns: string[] | null) => void
}) {
  const { columns, value, onChange } = props
  const usual = columns.filter(({ generated }) => !generated).map(({ name }) => name)
  const taken = value ?? usual
  const set = (names: string[]) => {
    // In the table's order; all the usual ones are the same as no list at all.
    const next = usual.filter((name) => names.includes(name))
    onChange(next.length === usual.length ? null : next)
  }
  const all = taken.length === usual.length ? true : taken.length === 0 ? false : 'mixed'
  return (
    <div className="copy-ticks">
      <Tick checked={all} onChange={(on) => set(on ? usual : [])}>
        <span className="m">All columns</span>
      </Tick>
      {columns.map(({ name, type, generated }) => (
        <Tick
          key={name}
          checked={!generated && taken.includes(name)}
          disabled={generated}
          onChange={(on) => set(on ? [...taken, name] : taken.filter((one) => one !== name))}
        >
          <span className="wrap">{name}</span>{' '}
          <span className="t3 sm">{generated ? `${type}, generated: COPY leaves it out` : type}</span>
        </Tick>
      ))}
    </div>
  )
}
