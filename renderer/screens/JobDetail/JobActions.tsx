// What can be done with a job: cancel it, run it again, edit and run it, remove it from the list.

import { useState } from 'react'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { Button, IconButton } from '../../components/Button'
import { CancelJobDialog } from '../../components/CancelJobDialog'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { wizardOf } from '../../components/jobWords'
import { type ShownError, shownError } from '../../format/errors'
import { said } from '../../format/said'
import { api } from '../../rpc/api'
import { selectConnection, useConnections } from '../../stores/connections'
import { navigate, placeLink } from '../../stores/navigation'

type Asking = 'cancel' | 'again' | 'remove' | null

export function JobActions({ job }: { job: JobSnapshot }) {
  const [asking, setAsking] = useState<Asking>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const connections = useConnections((state) => state.connections)
  const wizard = wizardOf(job)
  const ended = isEnded(job.state)
  const close = () => {
    setAsking(null)
    setError(null)
  }
  const attempt = async (action: () => Promise<void>) => {
    setBusy(true)
    setError(null)
    try {
      await action()
      close()
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  const runAgain = async () => {
    const started = await api.jobs.runAgain({ jobId: job.id })
    navigate(placeLink(`/jobs/${encodeURIComponent(started.jobId)}`))
  }
  const remove = async () => {
    await api.jobs.remove({ jobId: job.id })
    navigate('#/jobs')
  }
  const edit = () => {
    // The wizard works on the server chosen at the top, which must be the job's own.
    if (connections.some((connection) => connection.id === job.connectionId)) selectConnection(job.connectionId ?? '')
    navigate(placeLink(wizard ?? '/jobs', { job: job.id }))
  }
  return (
    <div className="row">
      {ended && <IconButton icon="trash" label="Remove from the list" onClick={() => setAsking('remove')} />}
      {ended && <Button onClick={() => setAsking('again')}>Run again</Button>}
      {wizard !== undefined && <Button onClick={edit}>Edit and run…</Button>}
      {(job.state === 'running' || job.state === 'queued') && (
        <Button kind="danger" icon="x" onClick={() => setAsking('cancel')}>
          {job.endless === true ? 'Stop' : 'Cancel'}
        </Button>
      )}
      {asking === 'cancel' && <CancelJobDialog job={job} onClose={close} />}
      <ConfirmDialog
        open={asking === 'again'}
        title={`Run ${said(job.title)} again?`}
        action="Run again"
        destructive={false}
        busy={busy}
        error={error}
        onConfirm={() => void attempt(runAgain)}
        onClose={close}
      >
        The same request as before, as a new job{job.serverLabel === '' ? '' : ` on ${job.serverLabel}`}. What stands in its way
        is checked again before it starts.
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'remove'}
        title={`Remove ${said(job.title)} from the list?`}
        action="Remove"
        busy={busy}
        error={error}
        onConfirm={() => void attempt(remove)}
        onClose={close}
      >
        Its record and its log are removed; what the job made stays where it is.
      </ConfirmDialog>
    </div>
  )
}
