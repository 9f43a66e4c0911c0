// Restore from a dump: source, objects, destination, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import type { ArchiveContents, ArchiveFacts, RestoreRequest } from '../../../shared/contracts/restore'
import { restoreRequest } from '../../../shared/contracts/restore'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { selectConnection, useConnections, useSelectedConnection } from '../../stores/connections'
import { useDrafts } from '../../stores/drafts'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { loadServer } from '../../stores/server'
import { NeedServer } from '../../wizard/NeedServer'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import { sourceSubject } from './describe'
import {
  chooseServer,
  chooseSource,
  draftOfFailed,
  draftOfRestoreJob,
  emptyRestoreDraft,
  isReadable,
  type RestoreDraft,
  type RestoreStep,
  reachableRestoreStep,
  restoreRequestOf,
  restoreStepProblem,
  withDestination,
} from './draft'
import { DestinationStep } from './steps/DestinationStep'
import { ObjectsStep } from './steps/ObjectsStep'
import { OptionsStep } from './steps/OptionsStep'
import { ReviewStep } from './steps/ReviewStep'
import { SourceStep } from './steps/SourceStep'
import './restore.css'

const steps = [
  { id: 'source', label: 'Source' },
  { id: 'objects', label: 'Objects' },
  { id: 'destination', label: 'Destination' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: RestoreStep; label: string }[]

const place = placeLink('/restore/dump')

export default function RestoreWizard({ query }: ScreenProps) {
  const connection = useSelectedConnection()
  const loaded = useConnections((state) => state.loaded)
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} failed={query.get('failed') !== null} />
  if (!loaded) return <Loading />
  if (connection === undefined) return <NeedServer what="restore into a server" />
  return <RestoreInto connection={connection} wanted={query.get('backup') ?? query.get('path')} />
}

/** Makes a past job's request the draft, or what of it failed, then shows that. */
function EditJob({ jobId, failed }: { jobId: string; failed: boolean }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const input = restoreRequest.safeParse(job.input)
    if (job.capability !== 'restore' || !input.success)
      throw new Error('This job is not a restore, so it can not be edited here.')
    const { connectionId, source } = input.data
    const base = await api.restore.prepare({ connectionId, source }, options)
    const draft = failed ? draftOfFailed(job, base) : draftOfRestoreJob(job.input, base)
    if (draft === undefined) throw new Error('The request of this job can not be read by this version.')
    return draft
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    useDrafts.getState().setRestore(data)
    selectConnection(data.connectionId)
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

export type RestorePrepared = Awaited<ReturnType<typeof api.restore.prepare>>

export interface RestoreStepProps {
  connection: SavedConnection
  draft: RestoreDraft
  setDraft: (draft: RestoreDraft) => void
  facts: Asked<ArchiveFacts>
  prepared: Asked<RestorePrepared>
  contents: Asked<ArchiveContents>
}

function RestoreInto({ connection, wanted }: { connection: SavedConnection; wanted: string | null }) {
  const kept = useDrafts((state) => state.restore)
  const stored = chooseServer(kept, connection.id)
  const setDraft = (draft: RestoreDraft) => useDrafts.getState().setRestore(draft)
  const [starting, setStarting] = useState(false)
  // What was typed holds for this review only: it is no part of the draft.
  const [confirm, setConfirm] = useState<NonNullable<RestoreRequest['confirm']> | null>(null)
  const [startError, setStartError] = useState<ShownError | null>(null)

  useEffect(() => {
    void loadServer(connection.id)
  }, [connection.id])
  useEffect(() => {
    if (wanted === null) return
    const state = useDrafts.getState()
    const chosen = chooseSource(chooseServer(state.restore, connection.id), wanted)
    state.setRestore(chosen)
    replacePlace(place)
  }, [wanted, connection.id])

  const source = isReadable(stored.source) ? { path: stored.source } : undefined
  const facts = useAsk(source, (input, options) => api.restore.inspect(input, options), { delay: 400 })
  const prepareInput = source && facts.data ? { connectionId: connection.id, source } : undefined
  // A script has no table of contents.
  const archive = source && facts.data && facts.data.format !== 'plain' ? { ...source, size: facts.data.size } : undefined
  const contents = useAsk(archive, ({ path }, options) => api.restore.contents({ path }, options))
  const prepared = useAsk(prepareInput, (input, options) => api.restore.prepare(input, options))

  // Until the source is read and the server has answered, a stored step is not called wrong.
  const answered = facts.error !== null || source === undefined || prepared.data !== undefined
  const step = answered ? reachableRestoreStep(stored, facts.data, prepared.data, stored.step) : stored.step
  const draft = { ...withDestination(stored, prepared.data), step }
  const asked = restoreRequestOf(draft, facts.data, prepared.data)
  const request = asked && confirm !== null && confirm.name === asked.target.database ? { ...asked, confirm } : asked
  const preview = useAsk(
    step === 'options' || step === 'review' ? request : undefined,
    (input, options) => api.restore.preview(input, options),
    {
      delay: 300,
      keep: true,
    },
  )
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = restoreStepProblem(draft, facts.data, prepared.data, step)
  const failed = step === 'source' ? facts.error : prepared.error
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reading = step === 'source' && facts.busy ? 'Reading the source…' : ''
  const reason = problem !== '' ? (failed?.message ?? (reading || problem)) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.restore.start(request)
      setDraft({ ...emptyRestoreDraft, connectionId: connection.id })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: RestoreStep) => {
    setStartError(null)
    setConfirm(null)
    setDraft({ ...draft, step: to })
  }
  const subject = facts.data && sourceSubject(facts.data, draft.source)
  const shared: RestoreStepProps = { connection, draft, setDraft, facts, prepared, contents }
  return (
    <WizardShell
      title="Restore from a dump"
      {...(subject === undefined ? {} : { subject })}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/restore'))}
      startLabel="Start restore"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (failed !== null || (step === 'review' && !checking))}
      starting={starting}
      enterStarts={draft.kind === 'new'}
      onStartOver={() => setDraft({ ...emptyRestoreDraft, connectionId: connection.id })}
    >
      {step !== 'source' && facts.error && <ErrorNote error={facts.error} onRetry={facts.again} />}
      {step !== 'source' && prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'source' && <SourceStep {...shared} />}
      {step === 'objects' && <ObjectsStep {...shared} />}
      {step === 'destination' && <DestinationStep {...shared} />}
      {step === 'options' && <OptionsStep {...shared} preview={preview} />}
      {step === 'review' && (
        <ReviewStep
          {...shared}
          preview={preview}
          onStep={goTo}
          onConfirm={setConfirm}
          startError={startError}
          starting={starting}
        />
      )}
    </WizardShell>
  )
}
