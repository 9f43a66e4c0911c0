// Table to another server, step 2: the table that is written, and which column goes where.
import { Card } from '../../../components/Card'
import { ErrorNote, Loading, Note } from '../../../components/Feedback'
import { SelectField, Tick } from '../../../components/fields'
import { useConnections } from '../../../stores/connections'
import { takers } from '../mapping'
import { DatabaseField, TableChooser, type TableFacts } from '../TableChooser'
import type { TransferStepProps } from '../TransferWizard'
import { chooseTo, transferMapping } from '../transferDraft'
import { ColumnMap } from './ColumnMap'

const kinds: readonly TableFacts['kind'][] = ['table', 'partitioned table', 'partition', 'foreign table', 'view']

export function TransferDestinationStep({ connection, destination, draft, setDraft, source, target, base }: TransferStepProps) {
  const connections = useConnections((state) => state.connections)
  const to = { connectionId: draft.toConnectionId, database: draft.toDatabase, schema: draft.toSchema, name: draft.toName }
  const columns = takers(base.source ?? [])
  return (
    <div className="wz-cols copy-target">
      <div className="wz-col">
        {destination?.readOnly === true && (
          <Note tone="blocker">
            {destination.label} is marked read-only in Walkback: nothing is copied into it. Choose another server, or change the
            mark in the server's settings.
          </Note>
        )}
        <Card className="fill" label="Destination">
          <div className="copy-bar two">
            <SelectField
              label="Server to copy to"
              value={draft.toConnectionId}
              onChange={(id) => setDraft(chooseTo(draft, { connectionId: id, database: '', schema: '', name: '' }))}
              options={[
                { value: '', label: 'Choose a server' },
                ...connections.map(({ id, label, readOnly }) => ({
                  value: id,
                  label: `${label}${id === connection.id ? ' (the source)' : ''}${readOnly ? ' (read-only)' : ''}`,
                })),
              ]}
            />
            {draft.toConnectionId !== '' && (
              <DatabaseField
                connectionId={draft.toConnectionId}
                label="Database there"
                value={draft.toDatabase}
                onChange={(database) => setDraft(chooseTo(draft, { ...to, database, schema: '', name: '' }))}
              />
            )}
          </div>
          {draft.toConnectionId === '' ? (
            <div className="card-body t3">Choose a server, then a database and a table that is there.</div>
          ) : (
            <TableChooser
              connectionId={draft.toConnectionId}
              database={draft.toDatabase}
              value={{ schema: draft.toSchema, name: draft.toName }}
              onChange={(table) => setDraft(chooseTo(draft, { ...to, ...table }))}
              kinds={kinds}
              group="transfer-target"
            />
          )}
        </Card>
      </div>
      <div className="wz-col scroll">
        {source.error && <ErrorNote error={source.error} onRetry={source.again} />}
        {target.error && <ErrorNote error={target.error} onRetry={target.again} />}
        {draft.toName === '' && (
          <Card title="Columns" padded>
            <p className="t2">
              Choose the table to copy into, and see which column goes where. The table must be there: a dump of its definition,
              restored, makes it.
            </p>
          </Card>
        )}
        {draft.toName !== '' && !target.data && target.busy && <Loading>Reading the table…</Loading>}
        {base.source && base.target && (
          <>
            <Card
              title={`Into ${draft.toSchema}.${draft.toName}`}
              note={draft.mapping === null ? 'as the names say' : 'changed by hand'}
            >
              <ColumnMap
                head="Column of the source"
                columns={columns.map(({ name }) => name)}
                types={columns.map(({ type }) => type)}
                table={base.target}
                mapping={transferMapping(draft, base)}
                onChange={(mapping) => setDraft({ ...draft, mapping })}
              />
            </Card>
            <Card label="Rows that are there" padded>
              <Tick
                checked={draft.truncate}
                onChange={(truncate) => setDraft({ ...draft, truncate })}
                help="In the same transaction: when the copy fails, the old rows stay. You are asked for the table’s name before it starts."
              >
                Empty the table first <span className="mono t3">TRUNCATE</span>
              </Tick>
            </Card>
          </>
        )}
      </div>
    </div>
  )
}
