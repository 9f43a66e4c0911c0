// Step 3: the checks and the commands once more before the slot is made.
import { useState } from 'react'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ConfirmDialog } from '../../../components/ConfirmDialog'
import { ErrorNote, Note } from '../../../components/Feedback'
import { type ShownError, shownError } from '../../../format/errors'
import { api } from '../../../rpc/api'
import { serverFactsRows, useServer } from '../../../stores/server'
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
  const [limit, setLimit] = useState<SlotLimit | null>(null)
  const [limited, setLimited] = useState(false)
  const base = prepared.data
  if (!base) return null
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'limit-slots') setLimit(action)
    else if (action.kind === 'set-option' && action.key === 'unlimited') setDraft({ ...draft, unlimited: action.value === true })
    else onStep('archive')
  }
  return (
    <>
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
        notice={
          <>
            {startError && <ErrorNote error={startError} />}
            {limited && <Note tone="pass">The limit is in force, for every slot of the server.</Note>}
          </>
        }
        promise={{ icon: 'info', text: 'It goes on until it is stopped. The slot keeps WAL until it is dropped.', safe: true }}
        waiting={starting}
      />
      <LimitDialog
        connection={connection}
        limit={limit}
        onClose={() => setLimit(null)}
        onDone={() => {
          setLimit(null)
          setLimited(true)
          prepared.again()
          preview.again()
        }}
      />
    </>
  )
}

type SlotLimit = Extract<PreflightFix['action'], { kind: 'limit-slots' }>

interface LimitDialogProps extends Pick<StreamStepProps, 'connection'> {
  limit: SlotLimit | null
  onClose: () => void
  onDone: () => void
}

function LimitDialog({ connection, limit, onClose, onDone }: LimitDialogProps) {
  const { page } = useServer(connection.id)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const run = async (megabytes: number) => {
    setBusy(true)
    setError(null)
    try {
      await api.walArchiveStream.limitSlots({ connectionId: connection.id, megabytes })
      onDone()
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open={limit !== null}
      title="Limit the WAL that slots keep?"
      action="Set the limit"
      destructive={false}
      busy={busy}
      error={error}
      facts={serverFactsRows(connection, page)}
      onConfirm={() => limit && void run(limit.megabytes)}
      onClose={() => {
        setError(null)
        onClose()
      }}
    >
      <p>
        It counts for every slot of the server. A slot that falls further behind loses its WAL: then the archive has a gap, and
        the server goes on. {limit?.why} These statements will run, without a restart:
      </p>
      <pre className="mono sm" style={{ marginTop: 8, whiteSpace: 'pre-wrap' }}>
        {(limit?.statements ?? []).join('\n')}
      </pre>
    </ConfirmDialog>
  )
}
