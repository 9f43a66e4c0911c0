// Step 3: which server, and a new database (the default), one that exists, or the place of one.

import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { Card } from '../../../components/Card'
import { Chip } from '../../../components/Chip'
import { Loading, Note } from '../../../components/Feedback'
import { SelectField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import { addressOf, selectConnection, useConnections } from '../../../stores/connections'
import { useServer } from '../../../stores/server'
import { ChoiceCards } from '../../../wizard/ChoiceCards'
import type { RestoreStepProps } from '../Wizard'
import { ExistingDatabase } from './ExistingDatabase'
import { NewDatabase } from './NewDatabase'
import { ReplacedDatabase } from './ReplacedDatabase'

export function DestinationStep(props: RestoreStepProps) {
  const { connection, draft, setDraft, prepared } = props
  const connections = useConnections((state) => state.connections)
  const { page } = useServer(connection.id)
  const base = prepared.data
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <Card title="Server">
          <div className="fieldgrid">
            <SelectField
              label="Restore into"
              value={connection.id}
              onChange={selectConnection}
              options={connections.map(({ id, label, readOnly }) => ({
                value: id,
                label: readOnly ? `${label} (read-only)` : label,
              }))}
              help="The same choice as at the top of the window."
            />
            <div className="col" style={{ justifyContent: 'center' }}>
              <span className="mono">{addressOf(connection)}</span>
              <span className="t3 sm">{page ? `PostgreSQL ${formatPgVersion(page.facts.version)}` : ''}</span>
            </div>
          </div>
          {connection.readOnly && (
            <div className="card-body">
              <Note tone="blocker">
                {connection.label} is marked read-only in Walkback: nothing is restored into it. Choose another server, or change
                the mark in the server's settings.
              </Note>
            </div>
          )}
        </Card>
        {!base && !prepared.error && <Loading>Asking {connection.label}…</Loading>}
        {base && (
          <Card title="Database">
            <ChoiceCards
              legend="Destination"
              value={draft.kind ?? 'new'}
              onChange={(kind) => setDraft({ ...draft, kind })}
              options={[
                {
                  value: 'new',
                  label: 'A new database',
                  help: 'Made from template0 for this restore. Nothing that exists is touched: look at it, then decide.',
                },
                {
                  value: 'existing',
                  label: 'A database that exists',
                  help: 'What is restored is added to what is there. Objects that exist already count as errors.',
                  disabled: base.databases.length === 0,
                },
                {
                  value: 'replace',
                  label: 'The place of a database',
                  help: 'Restored beside it, then the names change at once. The old one is kept under another name.',
                  disabled: base.databases.length === 0,
                },
              ]}
            />
            {draft.kind === 'new' && <NewDatabase {...props} base={base} />}
            {draft.kind === 'existing' && <ExistingDatabase {...props} base={base} />}
            {draft.kind === 'replace' && <ReplacedDatabase {...props} base={base} />}
          </Card>
        )}
      </div>
      <div className="wz-col scroll">
        {base && (
          <Card
            title="Program"
            padded
            actions={
              base.tool ? (
                <Chip tone="pass" icon="check">
                  found
                </Chip>
              ) : (
                <Chip tone="blocker" icon="block">
                  missing
                </Chip>
              )
            }
          >
            {base.tool ? (
              <KeyValues
                labelWidth={84}
                rows={[
                  { label: 'Program', value: `${base.tool.program} ${formatPgVersion(base.tool.version)}` },
                  { label: 'Path', value: base.tool.path, mono: true },
                  { label: 'Server', value: `PostgreSQL ${formatPgVersion(base.serverVersion)}` },
                ]}
              />
            ) : (
              <>
                <div className="m">{base.toolProblem?.message}</div>
                <div className="t2">{base.toolProblem?.hint}</div>
              </>
            )}
          </Card>
        )}
        <Card title="Afterwards" padded>
          <p className="t2">
            The job compares what was restored with what the archive holds, and lists every error by the object it belongs to. A
            restore that ended with errors is never shown as a success.
          </p>
        </Card>
      </div>
    </div>
  )
}
