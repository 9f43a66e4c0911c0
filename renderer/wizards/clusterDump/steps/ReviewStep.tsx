// Step 3: everything once more before it starts, with the preflight and its fixes.
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
import {
  type ClusterBase,
  type ClusterDraft,
  type ClusterStep,
  chosenDatabases,
  clusterOptions,
  clusterSteps,
  scriptDefaults,
} from '../draft'
import type { ClusterStepProps } from '../Wizard'
import { whatWords } from '../words'

export interface ReviewStepProps extends ClusterStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: ClusterStep) => void
  startError: ShownError | null
  starting: boolean
}

export function ReviewStep({ connection, draft, setDraft, prepared, preview, onStep, startError, starting }: ReviewStepProps) {
  const base = prepared.data
  if (!base) return null
  const databases = chosenDatabases(draft, base)
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onStep(clusterSteps.find((step) => step === action.step) ?? 'options')
    else if (action.kind === 'set-option') setDraft(applyClusterFix(draft, base, action.key, action.value))
  }
  const jobs = Number(clusterOptions(draft, base).jobs ?? 1)
  const atOnce = Math.min(draft.atOnce ?? base.set.atOnce, databases.length)
  const passwords = draft.rolePasswords ? 'with passwords of roles' : 'without passwords of roles'
  return (
    <Review
      from={{
        head: 'From',
        what: (
          <>
            {draft.what === 'set' ? plural(databases.length, 'database') : whatWords[draft.what].label}{' '}
            <span className="t3 w4">on {connection.label}</span>
          </>
        ),
        detail: `PostgreSQL ${formatPgVersion(base.serverVersion)}${draft.what === 'set' ? `: ${databases.join(', ')}` : ''}`,
      }}
      into={{
        head: 'Into the library',
        what: draft.label.trim() || (draft.what === 'set' ? 'One set' : 'One script'),
        detail:
          draft.what === 'set'
            ? `directory format, ${plural(atOnce, 'database')} at once by ${plural(jobs, 'job')} each, ${passwords}`
            : 'plain SQL, not compressed',
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={{ icon: 'lock', text: `${connection.label} is only read`, safe: true }}
      waiting={starting}
    />
  )
}

/** A fix names an option of the program, or one of the draft's own choices. */
export function applyClusterFix(draft: ClusterDraft, base: ClusterBase, key: string, value: unknown): ClusterDraft {
  if (key === 'rolePasswords') return { ...draft, rolePasswords: value === true }
  if (key === 'atOnce' && typeof value === 'number') return { ...draft, atOnce: value }
  if (draft.what === 'set') {
    return { ...draft, setChanges: changeOption(base.set.options, draft.setChanges, key, optionValue(value)) }
  }
  return {
    ...draft,
    scriptChanges: changeOption(scriptDefaults(draft.what, base), draft.scriptChanges, key, optionValue(value)),
  }
}
