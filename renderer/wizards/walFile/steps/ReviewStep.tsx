// Step 3: the difference, the checks and the statements once more before anything is changed.
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ErrorNote } from '../../../components/Feedback'
import type { ShownError } from '../../../format/errors'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import { type FileStep, folderOf, restartOf, timeoutOf } from '../draft'
import { SettingsTable } from '../SettingsTable'
import type { FilePreview, FileStepProps } from '../Wizard'

export interface ReviewStepProps extends FileStepProps {
  preview: Asked<FilePreview>
  onStep: (step: FileStep) => void
  startError: ShownError | null
  starting: boolean
}

export function ReviewStep({ connection, draft, setDraft, prepared, preview, onStep, startError, starting }: ReviewStepProps) {
  const base = prepared.data
  if (!base) return null
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'set-option' && action.key === 'replace') setDraft({ ...draft, replace: action.value === true })
    else onStep('archive')
  }
  const seconds = timeoutOf(draft, base)
  const restarts = preview.data?.takes === 'restart'
  const now = restartOf(draft, base) === 'now'
  return (
    <Review
      from={{ head: 'Server', what: connection.label, detail: `PostgreSQL ${formatPgVersion(base.serverVersion)}` }}
      into={{
        head: 'Into the folder',
        what: <span className="mono wrap">{folderOf(draft, base)}</span>,
        detail: seconds === '0' ? 'no archive_timeout' : `a segment at least every ${seconds} s while something is written`,
      }}
      preview={preview}
      onFix={onFix}
      notice={startError && <ErrorNote error={startError} />}
      promise={
        restarts
          ? {
              icon: 'warn',
              text: now ? `${connection.label} is restarted` : `In force once ${connection.label} is restarted`,
              safe: false,
            }
          : { icon: 'lock', text: `${connection.label} goes on without a restart`, safe: true }
      }
      waiting={starting}
    >
      {preview.data && <SettingsTable changes={preview.data.changes} />}
    </Review>
  )
}
