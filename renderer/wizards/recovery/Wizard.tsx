// Standalone recovery: backup, destination, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import type { StandaloneRequest } from '../../../shared/contracts/recovery'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { formatWhen } from '../../format/time'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { useRecoveryDraft } from '../../stores/recoveryDraft'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import { isAbsolutePath } from '../dump/draft'
import {
  draftOfRecoveryJob,
  emptyRecoveryDraft,
  type RecoveryDraft,
  type RecoveryStep,
  reachableRecoveryStep,
  recoveryRequestOf,
  recoveryStepProblem,
  recoverySteps,
  restoreDraft,
} from './draft'
import type { PlacementStepProps } from './placementSteps'
import { DestinationStep } from './steps/DestinationStep'
import { OptionsStep } from './steps/OptionsStep'
import { ReviewStep } from './steps/ReviewStep'
import { SourceStep } from './steps/SourceStep'
import { useTarget } from './useTarget'

const steps = [
  { id: 'source', label: 'Backup' },
  { id: 'destination', label: 'Destination' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: RecoveryStep; label: string }[]

const place = placeLink('/restore/standalone')

export default function RecoveryWizard({ query }: ScreenProps) {
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} />
  return <Recover wanted={query.get('backup') ?? query.get('path')} />
}

/** Makes a past job's request the draft, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const draft = job.capability === 'recovery' ? draftOfRecoveryJob(job.input) : undefined
    if (draft === undefined) throw new Error('This job is no recovery, so it can not be edited here.')
    return draft
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    useRecoveryDraft.getState().setStandalone(data)
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

export type Inspected = Awaited<ReturnType<typeof api.recovery.inspect>>

export interface SourceStepProps {
  draft: RecoveryDraft
  setDraft: (draft: RecoveryDraft) => void
  facts: Asked<Inspected>
}

function Recover({ wanted }: { wanted: string | null }) {
  const stored = useRecoveryDraft((state) => state.standalone)
  const setDraft = (draft: RecoveryDraft) => useRecoveryDraft.getState().setStandalone(draft)
  const [confirm, setConfirm] = useState<StandaloneRequest['confirm']>(null)
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  useEffect(() => {
    if (wanted === null) return
    useRecoveryDraft.getState().setStandalone(restoreDraft(wanted))
    replacePlace(place)
  }, [wanted])

  const source = isAbsolutePath(stored.source) ? { path: stored.source } : undefined
  const facts = useAsk(source, (input, options) => api.recovery.inspect(input, options), { delay: 400 })
  const prepared = useAsk(source && facts.data ? source : undefined, (input, options) => api.recovery.prepare(input, options))
  const known = facts.data !== undefined
  const other = useTarget(stored, source && facts.data ? stored.source : undefined)
  const base = prepared.data && { ...prepared.data, other: other.data }
  const asked = facts.error !== null || source === undefined || prepared.data !== undefined || prepared.error !== null
  const answered = asked && !other.busy
  const step = answered ? reachableRecoveryStep(stored, known, base, stored.step) : stored.step
  const draft = { ...stored, step }
  const request = recoveryRequestOf(draft, known, base, confirm)
  const preview = useAsk(
    step === 'review' ? request : undefined,
    (input, options) => api.recovery.previewStandalone(input, options),
    { delay: 300, keep: true },
  )
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = recoveryStepProblem(draft, known, base, step)
  const failed = step === 'source' ? facts.error : (prepared.error ?? other.error)
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (failed?.message ?? problem) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.recovery.startStandalone(request)
      setDraft(emptyRecoveryDraft)
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: RecoveryStep) => {
    setStartError(null)
    setConfirm(null)
    setDraft({ ...draft, step: to })
  }
  const placed: PlacementStepProps = {
    draft,
    setDraft: (placement) => setDraft({ ...draft, ...placement }),
    facts: facts.data,
    prepared,
    other,
    proof: 'The server’s log must say that it reached a consistent state at the end of the backup and that it takes connections.',
  }
  const subject = facts.data && `${facts.data.server}, ${formatWhen(facts.data.takenAt)}`
  return (
    <WizardShell
      title="Recover a cluster"
      {...(subject === undefined ? {} : { subject })}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/restore'))}
      startLabel="Start recovery"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (failed !== null || (step === 'review' && !checking))}
      starting={starting}
      enterStarts={draft.kind === 'new'}
      onStartOver={() => {
        setConfirm(null)
        setDraft(emptyRecoveryDraft)
      }}
    >
      {step !== 'source' && facts.error && <ErrorNote error={facts.error} onRetry={facts.again} />}
      {step !== 'source' && prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'source' && <SourceStep {...{ draft, setDraft, facts }} />}
      {step === 'destination' && <DestinationStep {...placed} />}
      {step === 'options' && <OptionsStep {...placed} />}
      {step === 'review' && facts.data && (
        <ReviewStep
          {...placed}
          from={{
            head: 'From the backup',
            what: facts.data.server,
            detail: `${formatWhen(facts.data.takenAt)}, PostgreSQL ${facts.data.major}`,
          }}
          preview={preview}
          confirm={confirm}
          onConfirm={setConfirm}
          onGoTo={(to) => goTo(recoverySteps.find((one) => one === to) ?? 'options')}
          startError={startError}
          starting={starting}
        />
      )}
    </WizardShell>
  )
}
