// Step 4: everything once more before it starts, with the preflight and its fixes.
import { z } from 'zod'
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { dumpFormats } from '../../../../shared/model/backupRecord'
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ErrorNote } from '../../../components/Feedback'
import type { ShownError } from '../../../format/errors'
import { optionValue } from '../../../wizard/fixValue'
import { changeOption } from '../../../wizard/optionState'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import { compressionWord } from '../contents'
import { type DumpBase, type DumpDraft, type DumpStep, defaultsFor, dumpOptions, dumpSteps, formatOf, labelOf } from '../draft'
import type { DumpStepProps } from '../Wizard'

export interface ReviewStepProps extends DumpStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: DumpStep) => void
  startError: ShownError | null
  starting: boolean
}

export function ReviewStep({ connection, draft, setDraft, prepared, preview, onStep, startError, starting }: ReviewStepProps) {
  const base = prepared.data
  if (!base) return null
  const values = dumpOptions(draft, base)
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onStep(dumpSteps.find((step) => step === action.step) ?? 'options')
    else if (action.kind === 'set-option') setDraft(applyFix(draft, base, action.key, action.value))
  }
  const jobs = Number(values.jobs ?? 1)
  return (
    <Review
      from={{
        head: 'From',
        what: (
          <>
            {draft.database} <span className="t3 w4">on {connection.label}</span>
          </>
        ),
        detail: [
          `PostgreSQL ${formatPgVersion(base.serverVersion)}`,
          base.databaseSize === null ? '' : formatBytes(base.databaseSize),
        ]
          .filter(Boolean)
          .join(', '),
      }}
      into={{
        head: 'Into the library',
        what: labelOf(draft, base).trim() || draft.database,
        detail: [
          `${formatOf(draft, base)} format`,
          jobs > 1 ? `${jobs} jobs` : 'one job',
          compressionWord(values.compress, formatOf(draft, base)),
          draft.globals ? 'with roles and tablespaces' : 'without roles and tablespaces',
        ]
          .filter(Boolean)
          .join(', '),
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={{ icon: 'lock', text: `${connection.label} is only read`, safe: true }}
      waiting={starting}
    />
  )
}

/** A fix names an option of pg_dump, or one of the draft's own choices. */
export function applyFix(draft: DumpDraft, base: DumpBase, key: string, value: unknown): DumpDraft {
  if (key === 'globals') return { ...draft, globals: value === true }
  if (key === 'format') return { ...draft, format: z.enum(dumpFormats).catch(formatOf(draft, base)).parse(value) }
  if (key === 'library' && typeof value === 'string') return { ...draft, library: value }
  if (key === 'label' && typeof value === 'string') return { ...draft, label: value }
  return { ...draft, changes: changeOption(defaultsFor(formatOf(draft, base), base), draft.changes, key, optionValue(value)) }
}
