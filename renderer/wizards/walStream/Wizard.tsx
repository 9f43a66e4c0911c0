// Streaming archive: server, folder and settings, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useConnections, useSelectedConnection } from '../../stores/connections'
import { navigate, placeLink } from '../../stores/navigation'
import { NeedServer } from '../../wizard/NeedServer'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import { archivesPlace } from '../wal/places'
import {
  emptyStreamDraft,
  reachableStreamStep,
  type StreamDraft,
  type StreamStep,
  streamRequestOf,
  streamStepProblem,
  useStreamDraft,
} from './draft'
import { ArchiveStep } from './steps/ArchiveStep'
import { ReviewStep } from './steps/ReviewStep'
import { ServerStep } from './steps/ServerStep'

const steps = [
  { id: 'server', label: 'Server' },
  { id: 'archive', label: 'Archive' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: StreamStep; label: string }[]

export type StreamPrepared = Awaited<ReturnType<typeof api.walArchiveStream.prepare>>
export type StreamPreview = Awaited<ReturnType<typeof api.walArchiveStream.preview>>

export interface StreamStepProps {
  connection: SavedConnection
  connections: readonly SavedConnection[]
  draft: StreamDraft
  setDraft: (draft: StreamDraft) => void
  prepared: Asked<StreamPrepared>
}

export default function WalStreamWizard() {
  const selected = useSelectedConnection()
  const { loaded, connections } = useConnections()
  if (!loaded) return <Loading />
  if (selected === undefined) return <NeedServer what="stream its WAL" />
  return <SetUp connection={selected} connections={connections} />
}

function SetUp({ connection, connections }: { connection: SavedConnection; connections: readonly SavedConnection[] }) {
  const { draft: kept, setDraft } = useStreamDraft()
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  const connectionId = connection.id
  const stored = kept.connectionId === connectionId ? kept : { ...emptyStreamDraft, connectionId }
  const prepared = useAsk({ connectionId }, (asked, options) => api.walArchiveStream.prepare(asked, options))
  const step = prepared.data ? reachableStreamStep(stored, prepared.data, stored.step) : stored.step
  const draft = { ...stored, step }
  const request = streamRequestOf(draft, prepared.data)
  const preview = useAsk(
    step === 'server' ? undefined : request,
    (asked, options) => api.walArchiveStream.preview(asked, options),
    { delay: 300, keep: true },
  )
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = streamStepProblem(draft, prepared.data, step)
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (prepared.error?.message ?? problem) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.walArchiveStream.start(request)
      setDraft(emptyStreamDraft)
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: StreamStep) => {
    setStartError(null)
    setDraft({ ...draft, step: to })
  }
  const shared: StreamStepProps = { connection, connections, draft, setDraft, prepared }
  return (
    <WizardShell
      title="Set up a streaming archive"
      subject={connection.label}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink(archivesPlace))}
      startLabel="Start streaming"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (prepared.error !== null || (step === 'review' && !checking))}
      starting={starting}
      enterStarts={false}
      onStartOver={() => setDraft({ ...emptyStreamDraft, connectionId })}
    >
      {prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'server' && <ServerStep {...shared} />}
      {step === 'archive' && <ArchiveStep {...shared} preview={preview} />}
      {step === 'review' && (
        <ReviewStep {...shared} preview={preview} onStep={goTo} startError={startError} starting={starting} />
      )}
    </WizardShell>
  )
}
