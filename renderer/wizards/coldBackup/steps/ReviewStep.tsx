// Step 3: everything once more before it starts, with the checks and their fixes.
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatBytes } from '../../../../shared/model/byteCount'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ErrorNote } from '../../../components/Feedback'
import type { ShownError } from '../../../format/errors'
import { plural } from '../../../format/numbers'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import type { ColdDraft, ColdStep } from '../draft'
import type { ColdStepProps } from '../Wizard'

export interface ReviewStepProps extends ColdStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: ColdStep) => void
  startError: ShownError | null
  starting: boolean
}

export function ReviewStep({ draft, setDraft, prepared, preview, onStep, startError, starting }: ReviewStepProps) {
  const base = prepared.data
  if (!base) return null
  const { cluster } = base
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') {
      // What runs, runs since the last look: the first step looks anew.
      if (action.step === 'source') prepared.again()
      onStep(action.step === 'source' ? 'cluster' : 'options')
    } else if (action.kind === 'set-option') setDraft(applyColdFix(draft, action.key, action.value))
  }
  const settings =
    base.configuration.length > 0 && draft.configuration ? `, ${plural(base.configuration.length, 'settings file')}` : ''
  const spaces = base.tablespaces.length > 0 ? `, ${plural(base.tablespaces.length, 'tablespace')}` : ''
  return (
    <Review
      from={{
        head: 'From the stopped cluster',
        what: (
          <>
            {cluster.name} <span className="t3 w4">on {base.hostname}</span>
          </>
        ),
        detail: `PostgreSQL ${cluster.major}, ${cluster.dataDirectory}`,
      }}
      into={{
        head: 'Into the library',
        what: draft.label.trim() || 'Cold backup',
        detail: `${plural(base.files, 'file')}, ${formatBytes(base.size)}${spaces}${settings}`,
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={{ icon: 'lock', text: `${cluster.name} is only read`, safe: true }}
      waiting={starting}
    />
  )
}

export function applyColdFix(draft: ColdDraft, key: string, value: unknown): ColdDraft {
  if (key === 'configuration') return { ...draft, configuration: value === true }
  if (key === 'pageChecksums') return { ...draft, pageChecksums: value === true }
  return draft
}
