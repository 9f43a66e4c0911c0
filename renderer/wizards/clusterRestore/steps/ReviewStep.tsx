// Step 4: everything once more before it starts, with the preflight and its fixes.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ErrorNote } from '../../../components/Feedback'
import type { ShownError } from '../../../format/errors'
import { plural } from '../../../format/numbers'
import { formatWhen } from '../../../format/time'
import { serverOf } from '../../../screens/Backups/catalog'
import { optionValue } from '../../../wizard/fixValue'
import { changeOption } from '../../../wizard/optionState'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import type { WrittenCardProps } from '../../../wizard/WrittenCard'
import { type SetBase, type SetDraft, type SetFacts, type SetStep, setDatabases, setSteps, tickSetDatabase } from '../draft'
import type { SetStepProps } from '../Wizard'

export interface ReviewStepProps extends SetStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: SetStep) => void
  startError: ShownError | null
  starting: boolean
}

export function promiseOf(server: string): WrittenCardProps['promise'] {
  return { icon: 'lock', text: `No database of ${server} that holds anything is touched`, safe: true }
}

export function ReviewStep({
  connection,
  draft,
  setDraft,
  facts,
  prepared,
  preview,
  onStep,
  startError,
  starting,
}: ReviewStepProps) {
  const base = prepared.data
  if (!base || !facts.data) return null
  const { record } = facts.data
  const set = facts.data
  const chosen = setDatabases(draft, set)
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onStep(setSteps.find((step) => step === action.step) ?? 'options')
    else if (action.kind === 'set-option') setDraft(applySetFix(draft, set, base, action.key, action.value))
  }
  return (
    <Review
      from={{
        head: 'From the set',
        what: (
          <>
            {plural(chosen.length, 'database')} <span className="t3 w4">of {serverOf(record)}</span>
          </>
        ),
        detail: `${formatWhen(record.startedAt)}, PostgreSQL ${formatPgVersion(record.source.serverVersion)}`,
      }}
      into={{
        head: 'Into new databases, from template0',
        what: connection.label,
        detail: [
          `PostgreSQL ${formatPgVersion(base.serverVersion)}`,
          `${plural(Math.min(draft.atOnce ?? base.atOnce, chosen.length), 'database')} at once`,
          draft.globals ? 'missing roles and tablespaces created' : 'no roles or tablespaces created',
          draft.analyze ? 'ANALYZE' : '',
        ]
          .filter(Boolean)
          .join(', '),
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={promiseOf(connection.label)}
      waiting={starting}
    />
  )
}

/** A fix names an option of pg_restore, or one of the draft's own choices. */
export function applySetFix(draft: SetDraft, facts: SetFacts, base: SetBase, key: string, value: unknown): SetDraft {
  if (key === 'globals') return { ...draft, globals: value === true }
  if (key === 'leaveOut' && typeof value === 'string') return tickSetDatabase(draft, facts, value, false)
  return { ...draft, changes: changeOption(base.options, draft.changes, key, optionValue(value)) }
}
