// Copy a database to another server: source, destination, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { pipeRequest } from '../../../shared/contracts/pipe'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { useConnections, useSelectedConnection } from '../../stores/connections'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { NeedServer } from '../../wizard/NeedServer'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import {
  draftOfPipeJob,
  emptyPipeDraft,
  type PipeDraft,
  type PipeStep,
  pipeRequestOf,
  pipeStepProblem,
  reachablePipeStep,
  usePipeDraft,
} from './draft'
import { DestinationStep } from './steps/DestinationStep'
import { OptionsStep } from './steps/OptionsStep'
import { ReviewStep } from './steps/ReviewStep'
import { SourceStep } from './steps/SourceStep'

const steps = [
  { id: 'source', label: 'Source' },
  { id: 'destination', label: 'Destination' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: PipeStep; label: string }[]

const place = placeLink('/restore/server')

export type PipePrepared = Awaited<ReturnType<typeof api.dumpToServer.prepare>>

export interface PipeStepProps {
  connections: readonly SavedConnection[]
  draft: PipeDraft
  setDraft: (draft: PipeDraft) => void
  prepared: Asked<PipePrepared>
}

export default function DumpToServerWizard({ query }: ScreenProps) {
  const selected = useSelectedConnection()
  const { loaded, connections } = useConnections()
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} />
  if (!loaded) return <Loading />
  if (selected === undefined) return <NeedServer what="copy a database" />
  return <CopyDatabase connections={connections} selected={selected.id} />
}

/** Makes a past job's request the draft, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const input = pipeRequest.safeParse(job.input)
    if (job.capability !== 'dump-to-server' || !input.success)
      throw new Error('This job is not a copy to a server, so it can not be edited here.')
    const { connectionId, database, destinationId } = input.data
    const draft = draftOfPipeJob(job.input, await api.dumpToServer.prepare({ connectionId, database, destinationId }, options))
    if (draft === undefined) throw new Error('The request of this job can not be read by this version.')
    return draft
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    usePipeDraft.getState().setDraft(data)
    replacePlace(place)
  }, [data])
  if (made.error) {
    return (
      <div className="page">
        <ErrorNote error={made.error} onRetry={made.again} />
      </div>
    )
  }
  return <Loading>Reading the job…</Loading>
}

function CopyDatabase({ connections, selected }: { connections: readonly SavedConnection[]; selected: string }) {
  const { draft: kept, setDraft } = usePipeDraft()
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)

  // A server that was removed is chosen anew; the source begins as the server at the top of the window.
  const known = (id: string) => (connections.some((connection) => connection.id === id) ? id : '')
  const connectionId = known(kept.connectionId) || selected
  const other = connections.filter(({ id, readOnly }) => id !== connectionId && !readOnly)
  const destinationId = known(kept.destinationId) || (other.length === 1 ? (other[0]?.id ?? '') : '')
  const database = connectionId === kept.connectionId ? kept.database : ''
  const stored = { ...kept, connectionId, destinationId, database }

  const input = database !== '' && destinationId !== '' ? { connectionId, database, destinationId } : undefined
  const prepared = useAsk(input, (asked, options) => api.dumpToServer.prepare(asked, options))
  // Until the servers have answered, a stored step is not called wrong.
  const answered = input === undefined || prepared.data !== undefined
  const step = answered ? reachablePipeStep(stored, prepared.data, stored.step) : stored.step
  const draft = { ...stored, step }
  const request = pipeRequestOf(draft, prepared.data)
  const preview = useAsk(
    step === 'options' || step === 'review' ? request : undefined,
    (asked, options) => api.dumpToServer.preview(asked, options),
    { delay: 300, keep: true },
  )
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = pipeStepProblem(draft, prepared.data, step)
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const failed = step === 'source' ? null : prepared.error
  const reason = problem !== '' ? (failed?.message ?? problem) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.dumpToServer.start(request)
      setDraft(emptyPipeDraft)
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: PipeStep) => {
    setStartError(null)
    setDraft({ ...draft, step: to })
  }
  const shared: PipeStepProps = { connections, draft, setDraft, prepared }
  return (
    <WizardShell
      title="Copy a database to another server"
      {...(database === '' ? {} : { subject: database })}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/restore'))}
      startLabel="Start copy"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (failed !== null || (step === 'review' && !checking))}
      starting={starting}
      enterStarts={draft.kind === 'new'}
      onStartOver={() => setDraft(emptyPipeDraft)}
    >
      {step !== 'source' && prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'source' && <SourceStep {...shared} />}
      {step === 'destination' && <DestinationStep {...shared} />}
      {step === 'options' && <OptionsStep {...shared} preview={preview} />}
      {step === 'review' && (
        <ReviewStep {...shared} preview={preview} onStep={goTo} startError={startError} starting={starting} />
      )}
    </WizardShell>
  )
}
