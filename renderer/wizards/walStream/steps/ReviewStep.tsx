// Step 3: the checks and the commands once more before the slot is made.
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ErrorNote } from '../../../components/Feedback'
import type { ShownError } from '../../../format/errors'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import { folderOf, type StreamStep, slotOf } from '../draft'
import type { StreamPreview, StreamStepProps } from '../Wizard'

export interface ReviewStepProps extends StreamStepProps {
  preview: Asked<StreamPreview>
  onStep: (step: StreamStep) => void
  startError: ShownError | null
  starting: boolean
}

export function ReviewStep({ connection, draft, setDraft, prepared, preview, onStep, startError, starting }: ReviewStepProps) {
  const base = prepared.data
  if (!base) return null
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'set-option' && action.key === 'unlimited') setDraft({ ...draft, unlimited: action.value === true })
    else onStep('archive')
  }
  return (
    <Review
      from={{
        head: 'From',
        what: connection.label,
        detail: `PostgreSQL ${formatPgVersion(base.serverVersion)}, through the slot ${slotOf(draft, base)}`,
      }}
      into={{
        head: 'Into the folder',
        what: <span className="mono wrap">{folderOf(draft, base)}</span>,
        detail:
          draft.compress === '' ? (draft.synchronous ? 'flushed at once' : 'not compressed') : `compressed, ${draft.compress}`,
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={{ icon: 'info', text: 'It goes on until it is stopped. The slot keeps WAL until it is dropped.', safe: true }}
      waiting={starting}
    />
  )
}
