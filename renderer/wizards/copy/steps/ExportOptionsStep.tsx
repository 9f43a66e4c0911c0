// Export, step 3: COPY's own options; the statement and the first rows follow.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import { CommandList } from '../../../components/CommandBlock'
import { ErrorNote, Loading } from '../../../components/Feedback'
import { api } from '../../../rpc/api'
import { OptionForm } from '../../../wizard/OptionForm'
import { type Asked, useAsk } from '../../../wizard/useAsk'
import { copyCommand, optionsElsewhere } from '../copyOptions'
import type { ExportStepProps } from '../ExportWizard'
import { exportDefaults, exportOptions, sourceOf } from '../exportDraft'
import { SampleCard } from './SampleCard'

export function ExportOptionsStep({
  connection,
  draft,
  setDraft,
  prepared,
  preview,
}: ExportStepProps & { preview: Asked<CommandPreview> }) {
  const { database, schema, name, format } = draft
  const input = draft.source === 'table' && name !== '' ? { connectionId: connection.id, database, schema, name } : undefined
  const facts = useAsk(input, (question, options) => api.copy.columns(question, options))
  const base = prepared.data
  if (!base) return prepared.error ? null : <Loading>Asking {connection.label}…</Loading>
  const names = Object.fromEntries((facts.data?.columns ?? []).map((column) => [column.name, column.name]))
  return (
    <div className="wz-cols">
      <div className="wz-col scroll">
        <OptionForm
          tool={copyCommand}
          versions={{ tool: base.serverVersion, server: base.serverVersion }}
          note={`COPY in PostgreSQL ${formatPgVersion(base.serverVersion)}`}
          defaults={exportDefaults(format)}
          changes={draft.changes}
          onChange={(changes) => setDraft({ ...draft, changes })}
          given={{ format, direction: 'to' }}
          elsewhere={optionsElsewhere('to')}
          names={{ forceQuote: names }}
        />
      </div>
      <div className="wz-col">
        {preview.error && <ErrorNote error={preview.error} onRetry={preview.again} />}
        <div className="cmdwrap">
          <CommandList commands={preview.data?.commands ?? []} width={48} />
        </div>
        <SampleCard
          connectionId={connection.id}
          database={database}
          source={sourceOf(draft)}
          format={format}
          options={exportOptions(draft)}
          asText
        />
      </div>
    </div>
  )
}
