// The two decisions that can't be taken back: promote, and throw away, which wants its name typed.
import { useState } from 'react'
import type { LookHolds, LookStanding } from '../../../shared/contracts/look'
import { formatBytes } from '../../../shared/model/byteCount'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import type { KeyValue } from '../../components/KeyValues'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'

function whereRows({ host, port, systemIdentifier, dataDirectory, server }: LookStanding): KeyValue[] {
  return [
    { label: 'Recovered from', value: server },
    { label: 'Host', value: host, mono: true },
    { label: 'Port', value: String(port), mono: true },
    { label: 'System identifier', value: systemIdentifier ?? 'not known', mono: true },
    { label: 'Data directory', value: dataDirectory, mono: true },
  ]
}

/** Starts a job and goes to its page. */
function useDecision(start: () => Promise<{ jobId: string }>) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const decide = async () => {
    setBusy(true)
    setError(null)
    try {
      const { jobId } = await start()
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  return { busy, error, decide }
}

export interface PromoteDialogProps {
  standing: LookStanding
  timeline: number | null
  onClose: () => void
}

export function PromoteDialog({ standing, timeline, onClose }: PromoteDialogProps) {
  const { jobId, server } = standing
  const { busy, error, decide } = useDecision(() => api.look.promote({ jobId }))
  return (
    <ConfirmDialog
      open
      title="Promote the recovered cluster?"
      facts={whereRows(standing)}
      action="Promote"
      destructive={false}
      busy={busy}
      error={error}
      onConfirm={() => void decide()}
      onClose={onClose}
    >
      It leaves recovery and takes writes, on timeline {timeline ?? 'of its own'}. It can go neither later nor earlier after that,
      and is not thrown away from here any more. It archives nothing until you set that up. {server} goes on beside it, untouched.
    </ConfirmDialog>
  )
}

export interface ThrowAwayDialogProps {
  standing: LookStanding
  holds: LookHolds | undefined
  onClose: () => void
}

export function ThrowAwayDialog({ standing, holds, onClose }: ThrowAwayDialogProps) {
  const { jobId, name, server } = standing
  const systemIdentifier = standing.systemIdentifier ?? ''
  const { busy, error, decide } = useDecision(() => api.look.throwAway({ jobId, confirm: name, systemIdentifier }))
  const others = [...(holds?.places.slice(1).map(({ path }) => path) ?? []), ...(holds?.pristine ?? [])]
  return (
    <ConfirmDialog
      open
      title="Throw the recovered cluster away?"
      facts={[
        ...whereRows(standing),
        ...others.map((path, index) => ({ label: `And ${index + 1}`, value: path, mono: true })),
        ...(holds ? [{ label: 'Size', value: formatBytes(holds.bytes) }] : []),
      ]}
      typeToConfirm={name}
      typeLabel="the folder’s name"
      action="Throw it away"
      busy={busy}
      error={error}
      onConfirm={() => void decide()}
      onClose={onClose}
    >
      Its server is stopped, and these folders are deleted. The backup, the archive and {server} stay as they are: it can be
      recovered again.
    </ConfirmDialog>
  )
}
