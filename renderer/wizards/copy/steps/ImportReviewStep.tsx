// Import, step 4: everything once more before it starts.
import { z } from 'zod'
import { copyFormats } from '../../../../shared/contracts/copy'
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { Card } from '../../../components/Card'
import { ErrorNote } from '../../../components/Feedback'
import { RowsTable } from '../../../components/RowsTable'
import type { ShownError } from '../../../format/errors'
import { plural } from '../../../format/numbers'
import { optionValue } from '../../../wizard/fixValue'
import { changeOption } from '../../../wizard/optionState'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import type { ImportStepProps } from '../ImportWizard'
import { type ImportBase, type ImportDraft, type ImportStep, importDefaults, importFormat, newTableName } from '../importDraft'
import { stepOfFix } from '../steps'
import { formatWords } from './ExportFileStep'
import { importPromise } from './ImportOptionsStep'

const fixSteps = { source: 'file', destination: 'target', columns: 'target', options: 'options' } as const

export interface ImportReviewStepProps extends ImportStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: ImportStep) => void
  startError: ShownError | null
  starting: boolean
}

/** A fix names an option of COPY, or one of the draft's own choices. */
export function applyImportFix(draft: ImportDraft, base: ImportBase, key: string, value: unknown): ImportDraft {
  if (key === 'truncate') return { ...draft, truncate: value === true }
  if (key === 'skipBadRows') return { ...draft, skipBadRows: value === true }
  if (key === 'format') return { ...draft, format: z.enum(copyFormats).catch(importFormat(draft, base)).parse(value) }
  if (key === 'mapping') return { ...draft, mapping: null }
  if (key === 'where' && typeof value === 'string') return { ...draft, where: value }
  return { ...draft, changes: changeOption(importDefaults(draft, base), draft.changes, key, optionValue(value)) }
}

export function ImportReviewStep(props: ImportReviewStepProps) {
  const { connection, draft, setDraft, prepared, facts, base, preview, onStep, startError, starting } = props
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onStep(stepOfFix(action.step, fixSteps))
    else if (action.kind === 'set-option') setDraft(applyImportFix(draft, base, action.key, action.value))
  }
  const made = draft.target === 'create'
  const file = facts.file.data
  const sample = facts.sample.data
  return (
    <Review
      from={{
        head:
          draft.place === 'client'
            ? 'From a file of this machine'
            : draft.place === 'server-file'
              ? `From a file of ${connection.label}`
              : `From a program on ${connection.label}`,
        what: (
          <span className="mono">
            {draft.place === 'client' ? draft.path : draft.place === 'server-file' ? draft.serverPath : draft.command}
          </span>
        ),
        detail: [
          `${formatWords[importFormat(draft, base)].label} format`,
          file === undefined || draft.place !== 'client' ? '' : formatBytes(file.size),
          file === undefined || file.compression === 'none' ? '' : `compressed with ${file.compression}`,
        ]
          .filter(Boolean)
          .join(', '),
      }}
      into={{
        head: made ? 'Into a new table' : draft.truncate ? 'Into a table that is emptied first' : 'Into a table, beside its rows',
        what: (
          <>
            {made ? `${draft.newSchema}.${newTableName(draft, base)}` : `${draft.schema}.${draft.name}`}{' '}
            <span className="t3 w4">
              in {draft.database} on {connection.label}
            </span>
          </>
        ),
        detail: [
          prepared.data ? `PostgreSQL ${formatPgVersion(prepared.data.serverVersion)}` : '',
          draft.skipBadRows ? 'bad rows are skipped' : 'all rows or none',
        ]
          .filter(Boolean)
          .join(', '),
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={importPromise(draft.truncate && !made)}
      waiting={starting}
    >
      {sample && (
        <Card title="First rows" note={`as they are read, ${plural(sample.columns.length, 'column')}`}>
          <RowsTable
            label="First rows of the file"
            columns={sample.columns.map(({ name }) => ({ name }))}
            rows={sample.rows}
            empty="The file holds no rows."
          />
        </Card>
      )}
    </Review>
  )
}
