// Table to another server, step 3: everything once more before it starts.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ErrorNote } from '../../../components/Feedback'
import type { ShownError } from '../../../format/errors'
import { plural } from '../../../format/numbers'
import { addressOf } from '../../../stores/connections'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import { stepOfFix } from '../steps'
import type { TransferStepProps } from '../TransferWizard'
import { type TransferStep, transferMapping } from '../transferDraft'
import { importPromise } from './ImportOptionsStep'

const fixSteps = { source: 'source', destination: 'destination', columns: 'destination', options: 'destination' } as const

export interface TransferReviewStepProps extends TransferStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: TransferStep) => void
  startError: ShownError | null
  starting: boolean
}

export function TransferReviewStep(props: TransferReviewStepProps) {
  const { connection, destination, draft, setDraft, base, preview, onStep, startError, starting } = props
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onStep(stepOfFix(action.step, fixSteps))
    else if (action.kind === 'set-option' && action.key === 'truncate') setDraft({ ...draft, truncate: action.value === true })
  }
  const taken = transferMapping(draft, base).filter((to) => to !== null).length
  return (
    <Review
      from={{
        head: 'From',
        what: (
          <>
            {draft.schema}.{draft.name}{' '}
            <span className="t3 w4">
              in {draft.database} on {connection.label}
            </span>
          </>
        ),
        detail: `${addressOf(connection)}, ${plural(taken, 'column')}`,
      }}
      into={{
        head: draft.truncate ? 'Into a table that is emptied first' : 'Into a table, beside its rows',
        what: (
          <>
            {draft.toSchema}.{draft.toName}{' '}
            <span className="t3 w4">
              in {draft.toDatabase} on {destination?.label ?? 'a server that is not saved any more'}
            </span>
          </>
        ),
        detail: destination === undefined ? '' : addressOf(destination),
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={draft.truncate ? importPromise(true) : { icon: 'lock', text: `${connection.label} is only read`, safe: true }}
      waiting={starting}
    />
  )
}
