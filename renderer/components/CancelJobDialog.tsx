// Asks before a running job is cancelled, and says what becomes of what it wrote.

import { useEffect, useState } from 'react'
import type { JobSnapshot } from '../../shared/jobs/job'
import { isEnded } from '../../shared/jobs/transitions'
import { type ShownError, shownError } from '../format/errors'
import { said } from '../format/said'
import { api } from '../rpc/api'
import { useJobs } from '../stores/jobs'
import { ConfirmDialog } from './ConfirmDialog'

/** Jobs say it as a phrase or as sentences; here it is a sentence. */
export function cancelSentence(onCancel: string): string {
  if (onCancel === '') return 'It stops where it is.'
  const ended = /[.!?]$/.test(onCancel) ? onCancel : `${onCancel}.`
  return ended.charAt(0).toUpperCase() + ended.slice(1)
}

export function CancelJobDialog({
  job,
  onClose,
}: {
  job: Pick<JobSnapshot, 'id' | 'title' | 'onCancel' | 'endless'>
  onClose: () => void
}) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  // The job goes on while the question stands: once it has ended there is nothing left to cancel.
  const over = useJobs((state) => state.jobs.some((each) => each.id === job.id && isEnded(each.state)))
  useEffect(() => {
    if (over) onClose()
  }, [over, onClose])
  const cancel = async () => {
    setBusy(true)
    try {
      await api.jobs.cancel({ jobId: job.id })
      onClose()
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open
      title={`${job.endless === true ? 'Stop' : 'Cancel'} ${said(job.title)}?`}
      action={job.endless === true ? 'Stop' : 'Cancel the job'}
      cancelLabel="Let it run"
      busy={busy}
      error={error}
      onConfirm={() => void cancel()}
      onClose={onClose}
    >
      {cancelSentence(job.onCancel)}
    </ConfirmDialog>
  )
}
