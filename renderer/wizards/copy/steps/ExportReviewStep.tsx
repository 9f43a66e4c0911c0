// Export, step 4: everything once more before it starts, with the first rows as they will be written.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ErrorNote } from '../../../components/Feedback'
import type { ShownError } from '../../../format/errors'
import { plural } from '../../../format/numbers'
import { optionValue } from '../../../wizard/fixValue'
import { changeOption } from '../../../wizard/optionState'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import type { ExportStepProps } from '../ExportWizard'
import { type ExportDraft, type ExportStep, exportDefaults, exportOptions, exportPath, sourceOf } from '../exportDraft'
import { compressionOf } from '../paths'
import { stepOfFix } from '../steps'
import { formatWords } from './ExportFileStep'
import { SampleCard } from './SampleCard'

const fixSteps = { source: 'what', destination: 'file', columns: 'what', options: 'options' } as const

export interface ExportReviewStepProps extends ExportStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: ExportStep) => void
  startError: ShownError | null
  starting: boolean
}

/** A fix names an option of COPY, or one of the draft's own choices. */
export function applyExportFix(draft: ExportDraft, key: string, value: unknown): ExportDraft {
  if (key === 'overwrite') return { ...draft, overwrite: value === true }
  if ((key === 'path' || key === 'place.path') && typeof value === 'string') {
    return draft.place === 'client' ? { ...draft, path: value } : { ...draft, serverPath: value }
  }
  return { ...draft, changes: changeOption(exportDefaults(draft.format), draft.changes, key, optionValue(value)) }
}

export function ExportReviewStep(props: ExportReviewStepProps) {
  const { connection, draft, setDraft, prepared, lastFolder, preview, onStep, startError, starting } = props
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onStep(stepOfFix(action.step, fixSteps))
    else if (action.kind === 'set-option') setDraft(applyExportFix(draft, action.key, action.value))
  }
  const path = exportPath(draft, prepared.data, lastFolder)
  const compression = draft.place === 'client' ? compressionOf(path) : 'none'
  return (
    <Review
      from={{
        head: 'From',
        what: (
          <>
            {draft.source === 'query' ? 'A query' : `${draft.schema}.${draft.name}`}{' '}
            <span className="t3 w4">
              in {draft.database} on {connection.label}
            </span>
          </>
        ),
        detail: [
          prepared.data ? `PostgreSQL ${formatPgVersion(prepared.data.serverVersion)}` : '',
          draft.source === 'query' ? '' : draft.columns === null ? 'all columns' : plural(draft.columns.length, 'column'),
        ]
          .filter(Boolean)
          .join(', '),
      }}
      into={{
        head:
          draft.place === 'client'
            ? 'Into a file of this machine'
            : draft.place === 'server-file'
              ? `Into a file of ${connection.label}`
              : `To a program on ${connection.label}`,
        what: (
          <span className="mono">
            {draft.place === 'client' ? path : draft.place === 'server-file' ? draft.serverPath : draft.command}
          </span>
        ),
        detail: [`${formatWords[draft.format].label} format`, compression === 'none' ? '' : `compressed with ${compression}`]
          .filter(Boolean)
          .join(', '),
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={
        draft.place === 'client'
          ? { icon: 'lock', text: `${connection.label} is only read`, safe: true }
          : { icon: 'warn', text: `The rows are only read; the server writes on its own machine`, safe: false }
      }
      waiting={starting}
    >
      <SampleCard
        connectionId={connection.id}
        database={draft.database}
        source={sourceOf(draft)}
        format={draft.format}
        options={exportOptions(draft)}
      />
    </Review>
  )
}
