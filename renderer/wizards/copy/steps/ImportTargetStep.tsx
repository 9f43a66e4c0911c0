// Import, step 2: a table that is there with its columns mapped, or a new one made from the file.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { newColumnTypes } from '../../../../shared/model/columnTypes'
import { Card } from '../../../components/Card'
import { CellValue } from '../../../components/CellValue'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { SelectField, TextField, Tick } from '../../../components/fields'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import type { Asked } from '../../../wizard/useAsk'
import type { ImportStepProps } from '../ImportWizard'
import { chooseTarget, isSplit, type MadeColumn, madeColumns, mappingOf, newTableName } from '../importDraft'
import { DatabaseField, TableChooser, type TableFacts } from '../TableChooser'
import { ColumnMap } from './ColumnMap'

const kinds: readonly TableFacts['kind'][] = ['table', 'partitioned table', 'partition', 'foreign table', 'view']

export function ImportTargetStep(props: ImportStepProps & { preview: Asked<CommandPreview> }) {
  const { connection, draft, setDraft, prepared, base } = props
  const split = isSplit(draft, base)
  const schemas = prepared.data?.schemas ?? []
  return (
    <div className="wz-cols copy-target">
      <div className="wz-col">
        {(connection.readOnly || prepared.data?.readOnly === true) && (
          <Note tone="blocker">
            {connection.label} is marked read-only in Walkback: nothing is imported into it. Choose another server at the top, or
            change the mark in the server's settings.
          </Note>
        )}
        <Card className="fill" label="Target">
          <div className="copy-bar one">
            <DatabaseField
              connectionId={connection.id}
              value={draft.database}
              onChange={(database) => setDraft(chooseTarget(draft, database, '', ''))}
            />
          </div>
          <ChoiceCards
            legend="Target"
            value={draft.target}
            onChange={(target) => setDraft({ ...draft, target })}
            options={[
              { value: 'existing', label: 'A table that is there', help: 'Rows are added to those that it has.' },
              {
                value: 'create',
                label: 'A new table',
                help: split ? 'Made from the columns of the file.' : 'Needs a text or CSV file of this machine.',
                disabled: !split,
              },
            ]}
          />
          {draft.target === 'existing' ? (
            <TableChooser
              connectionId={connection.id}
              database={draft.database}
              value={{ schema: draft.schema, name: draft.name }}
              onChange={(table) => setDraft(chooseTarget(draft, draft.database, table.schema, table.name))}
              kinds={kinds}
              group="import-table"
            />
          ) : (
            <div className="fieldgrid">
              <SelectField
                label="Schema"
                value={draft.newSchema}
                onChange={(newSchema) => setDraft({ ...draft, newSchema })}
                options={[...new Set([draft.newSchema, ...schemas])].map((value) => ({ value, label: value }))}
                mono
              />
              <TextField
                label="Name of the new table"
                value={newTableName(draft, base)}
                onChange={(newName) => setDraft({ ...draft, newName })}
                mono
              />
            </div>
          )}
        </Card>
      </div>
      <div className="wz-col scroll">
        {draft.target === 'existing' ? <Mapped {...props} split={split} /> : <Made {...props} />}
      </div>
    </div>
  )
}

function Mapped({ draft, setDraft, facts, base, split }: ImportStepProps & { split: boolean }) {
  if (draft.name === '') {
    return (
      <Card title="Columns" padded>
        <p className="t2">Choose a table to see where the columns of the file go.</p>
      </Card>
    )
  }
  if (facts.table.error) return <ErrorNote error={facts.table.error} onRetry={facts.table.again} />
  if (!facts.table.data) return <Loading>Reading the table…</Loading>
  if (!split) {
    return (
      <Card title="Columns" padded>
        <p className="t2">
          {draft.place === 'client' ? 'A binary file' : 'What the server reads'} goes into the table’s columns in the table’s
          order:
        </p>
        <p className="mono wrap" style={{ marginTop: 8 }}>
          {facts.table.data.columns
            .filter(({ generated }) => !generated)
            .map(({ name }) => name)
            .join(', ')}
        </p>
      </Card>
    )
  }
  const columns = base.sample?.columns ?? []
  return (
    <Card title={`Into ${draft.schema}.${draft.name}`} note={draft.mapping === null ? 'as the names say' : 'changed by hand'}>
      <ColumnMap
        head="Column of the file"
        columns={columns.map(({ name }) => name)}
        sample={facts.sample.data?.rows[0]}
        table={facts.table.data.columns}
        mapping={mappingOf(draft, base)}
        onChange={(mapping) => setDraft({ ...draft, mapping })}
      />
    </Card>
  )
}

function Made({ draft, setDraft, facts, base, preview }: ImportStepProps & { preview: Asked<CommandPreview> }) {
  const columns = madeColumns(draft, base)
  const set = (index: number, change: Partial<MadeColumn>) =>
    setDraft({ ...draft, made: columns.map((column, at) => (at === index ? { ...column, ...change } : column)) })
  return (
    <>
      <Card title="Columns of the new table" note="types guessed from the first rows">
        <table className="tb copy-map" aria-label="Columns of the new table">
          <thead>
            <tr>
              <th style={{ width: 56 }}>Take</th>
              <th>Name</th>
              <th>Type</th>
              <th>First value</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column, index) => {
              const first = facts.sample.data?.rows[0]?.[index]
              return (
                <tr key={index}>
                  <td>
                    <Tick checked={column.take} onChange={(take) => set(index, { take })} label={`Take ${column.name}`} />
                  </td>
                  <td>
                    <TextField
                      label={`Name of column ${index + 1}`}
                      value={column.name}
                      onChange={(name) => set(index, { name })}
                      disabled={!column.take}
                      mono
                    />
                  </td>
                  <td>
                    <SelectField
                      label={`Type of ${column.name}`}
                      value={column.type}
                      onChange={(type) => set(index, { type })}
                      options={newColumnTypes.map((value) => ({ value, label: value }))}
                      disabled={!column.take}
                      mono
                    />
                  </td>
                  <td className="mono">{first !== undefined && <CellValue value={first} />}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </Card>
      {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
      <CommandList commands={preview.data?.commands ?? []} width={80} />
    </>
  )
}
