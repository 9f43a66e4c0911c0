// Table to another server, step 1: the table that is read.
import { Card } from '../../../components/Card'
import { ErrorNote, Note } from '../../../components/Feedback'
import { DatabaseField, TableChooser, type TableFacts } from '../TableChooser'
import type { TransferStepProps } from '../TransferWizard'
import { chooseFrom } from '../transferDraft'
import { SampleCard } from './SampleCard'

const kinds: readonly TableFacts['kind'][] = [
  'table',
  'partitioned table',
  'partition',
  'foreign table',
  'materialized view',
  'view',
]

export function TransferSourceStep({ connection, draft, setDraft, source }: TransferStepProps) {
  const { database, schema, name } = draft
  return (
    <div className="wz-cols">
      <div className="wz-col">
        <Card className="fill" label="Source">
          <div className="copy-bar one">
            <DatabaseField
              connectionId={connection.id}
              label={`Database of ${connection.label}`}
              value={database}
              onChange={(chosen) => setDraft(chooseFrom(draft, chosen, '', ''))}
              help="Another server is chosen at the top of the window."
            />
          </div>
          <TableChooser
            connectionId={connection.id}
            database={database}
            value={{ schema, name }}
            onChange={(table) => setDraft(chooseFrom(draft, database, table.schema, table.name))}
            kinds={kinds}
            group="transfer-source"
          />
        </Card>
      </div>
      <div className="wz-col scroll">
        {source.error && <ErrorNote error={source.error} onRetry={source.again} />}
        {source.data?.hasChildren === true && source.data.kind === 'table' && (
          <Note>Other tables inherit from this one: their rows are not copied. Copy each of them.</Note>
        )}
        <SampleCard
          connectionId={connection.id}
          database={database}
          source={name === '' ? undefined : { kind: 'table', schema, name, columns: null }}
          format="text"
          options={{}}
        />
      </div>
    </div>
  )
}
