// Take a base backup: source, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { baseBackupRequest } from '../../../shared/contracts/baseBackup'
import { formatBytes } from '../../../shared/model/byteCount'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { baseDraftOf, useBaseDrafts } from '../../stores/baseDrafts'
import { selectConnection, useConnections, useSelectedConnection } from '../../stores/connections'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { loadServer } from '../../stores/server'
import { NeedServer } from '../../wizard/NeedServer'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import {
  type BaseDraft,
  type BaseStep,
  baseRequestOf,
  baseStepProblem,
  draftOfBaseJob,
  emptyBaseDraft,
  reachableBaseStep,
} from './draft'
import { OptionsStep } from './steps/OptionsStep'
import { ReviewStep } from './steps/ReviewStep'
import { SourceStep } from './steps/SourceStep'

const steps = [
  { id: 'source', label: 'Source' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: BaseStep; label: string }[]

const place = placeLink('/backup/base')

export default function BaseBackupWizard({ query }: ScreenProps) {
  const connection = useSelectedConnection()
  const loaded = useConnections((state) => state.loaded)
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} />
  if (!loaded) return <Loading />
  if (connection === undefined) return <NeedServer what="take a base backup" />
  return <BaseOf key={connection.id} connection={connection} />
}

/** Makes a past job's request the draft of its server, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const input = baseBackupRequest.safeParse(job.input)
    if (job.capability !== 'base-backup' || !input.success)
      throw new Error('This job is no base backup, so it can not be edited here.')
    const { connectionId } = input.data
    const draft = draftOfBaseJob(job.input, await api.baseBackup.prepare({ connectionId }, options))
    if (draft === undefined) throw new Error('The request of this job can not be read by this version.')
    return { connectionId, draft }
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    useBaseDrafts.getState().setBase(data.connectionId, data.draft)
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

export type BasePrepared = Awaited<ReturnType<typeof api.baseBackup.prepare>>

export interface BaseStepProps {
  connection: SavedConnection
  draft: BaseDraft
  setDraft: (draft: BaseDraft) => void
  prepared: Asked<BasePrepared>
}

function BaseOf({ connection }: { connection: SavedConnection }) {
  const stored = useBaseDrafts((state) => baseDraftOf(state, connection.id))
  const setDraft = (draft: BaseDraft) => useBaseDrafts.getState().setBase(connection.id, draft)
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  useEffect(() => {
    void loadServer(connection.id)
  }, [connection.id])
  const prepared = useAsk({ connectionId: connection.id }, (input, options) => api.baseBackup.prepare(input, options))
  const base = prepared.data
  const step = base === undefined ? stored.step : reachableBaseStep(stored, base, stored.step)
  const draft = { ...stored, step }
  const request = baseRequestOf(draft, base, connection.id)
  const preview = useAsk(step === 'source' ? undefined : request, (input, options) => api.baseBackup.preview(input, options), {
    delay: 300,
    keep: true,
  })
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = baseStepProblem(draft, base, step)
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (prepared.error?.message ?? problem) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.baseBackup.start(request)
      setDraft({ ...emptyBaseDraft, library: draft.library })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: BaseStep) => {
    setStartError(null)
    setDraft({ ...draft, step: to })
  }
  const size = base?.clusterSize == null ? '' : `, ${formatBytes(base.clusterSize)}`
  const shared: BaseStepProps = { connection, draft, setDraft, prepared }
  return (
    <WizardShell
      title="Take a base backup"
      subject={`${connection.label}${size}`}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/backup'))}
      startLabel="Start base backup"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (prepared.error !== null || (step === 'review' && !checking))}
      starting={starting}
      onStartOver={() => setDraft(emptyBaseDraft)}
    >
      {prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'source' && <SourceStep {...shared} />}
      {step === 'options' && <OptionsStep {...shared} preview={preview} />}
      {step === 'review' && (
        <ReviewStep {...shared} preview={preview} onStep={goTo} startError={startError} starting={starting} />
      )}
    </WizardShell>
  )
}
