// Cold backup: cluster, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { formatBytes } from '../../../shared/model/byteCount'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import {
  type ColdDraft,
  type ColdStep,
  coldRequestOf,
  coldStepProblem,
  draftOfColdJob,
  emptyColdDraft,
  reachableColdStep,
  useColdDraft,
} from './draft'
import { ClusterStep } from './steps/ClusterStep'
import { OptionsStep } from './steps/OptionsStep'
import { ReviewStep } from './steps/ReviewStep'

const steps = [
  { id: 'cluster', label: 'Cluster' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: ColdStep; label: string }[]

export type ColdPrepared = Awaited<ReturnType<typeof api.coldBackup.prepare>>

export interface ColdStepProps {
  draft: ColdDraft
  setDraft: (draft: ColdDraft) => void
  prepared: Asked<ColdPrepared>
}

export default function ColdBackupWizard({ query }: ScreenProps) {
  const jobId = query.get('job')
  return jobId === null ? <ColdBackup /> : <EditJob jobId={jobId} />
}

/** Makes a past job's request the draft, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const draft = job.capability === 'cold-backup' ? draftOfColdJob(job.input) : undefined
    if (draft === undefined) throw new Error('This job is not a cold backup, so it can not be edited here.')
    return draft
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    useColdDraft.getState().setDraft(data)
    replacePlace(placeLink('/backup/cold'))
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

function ColdBackup() {
  const { draft: stored, setDraft } = useColdDraft()
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  const { dataDirectory } = stored
  const prepared = useAsk(dataDirectory === '' ? undefined : { dataDirectory }, (input, options) =>
    api.coldBackup.prepare(input, options),
  )
  const base = prepared.data
  // A stored step may have lost its ground: until the cluster was looked at, it is not called wrong.
  const step = base === undefined && prepared.busy ? stored.step : reachableColdStep(stored, base, stored.step)
  const draft = { ...stored, step }
  const request = coldRequestOf(draft, base)
  const preview = useAsk(step === 'cluster' ? undefined : request, (input, options) => api.coldBackup.preview(input, options), {
    delay: 300,
    keep: true,
  })
  // On arriving at the review everything is looked at anew: somebody may have started the cluster.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = coldStepProblem(draft, base, step)
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (prepared.error?.message ?? problem) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.coldBackup.start(request)
      setDraft({ ...emptyColdDraft, dataDirectory, library: draft.library })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: ColdStep) => {
    setStartError(null)
    setDraft({ ...draft, step: to })
  }
  const shared: ColdStepProps = { draft, setDraft, prepared }
  return (
    <WizardShell
      title="Cold backup"
      {...(base === undefined ? {} : { subject: `${base.cluster.name}, ${formatBytes(base.size)}` })}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/backup'))}
      startLabel="Start backup"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (prepared.error !== null || base?.cluster.running != null || (step === 'review' && !checking))}
      starting={starting}
      onStartOver={() => setDraft(emptyColdDraft)}
    >
      {step === 'cluster' && <ClusterStep {...shared} />}
      {step !== 'cluster' && prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'options' && <OptionsStep {...shared} preview={preview} />}
      {step === 'review' && (
        <ReviewStep {...shared} preview={preview} onStep={goTo} startError={startError} starting={starting} />
      )}
    </WizardShell>
  )
}
