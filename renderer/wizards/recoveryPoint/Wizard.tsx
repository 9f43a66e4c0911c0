// Restore to a point in time: cluster, moment, destination, options, review; then the job's page takes over.

import { useEffect, useState } from 'react'
import type { StandaloneRequest } from '../../../shared/contracts/recovery'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { said } from '../../format/said'
import { fullMoment } from '../../format/zone'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { usePointDraft } from '../../stores/pointDraft'
import { useZone } from '../../stores/zone'
import { useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import type { PlacementStepProps } from '../recovery/placementSteps'
import { DestinationStep } from '../recovery/steps/DestinationStep'
import { OptionsStep } from '../recovery/steps/OptionsStep'
import { ReviewStep } from '../recovery/steps/ReviewStep'
import { targetIn } from '../recovery/useTarget'
import {
  chooseCluster,
  draftOfPointJob,
  emptyPointDraft,
  immediateDraft,
  type PointDraft,
  type PointState,
  type PointStep,
  pointRunRequestOf,
  pointStepProblem,
  pointSteps,
  reachablePointStep,
} from './draft'
import { MomentStep } from './steps/MomentStep'
import { SalvageCard } from './steps/SalvageCard'
import { SalvageFiles } from './steps/SalvageFiles'
import { SourceStep } from './steps/SourceStep'
import { type PointFacts, usePoint } from './usePoint'
import './recoveryPoint.css'

const steps = [
  { id: 'source', label: 'Source' },
  { id: 'moment', label: 'Moment' },
  { id: 'destination', label: 'Destination' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: PointStep; label: string }[]

const place = placeLink('/restore/point')

export default function PointWizard({ query }: ScreenProps) {
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} />
  return <Recover query={query} />
}

/** Makes a past job's request the draft, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const draft = job.capability === 'recovery' ? draftOfPointJob(job.input) : undefined
    if (draft === undefined) throw new Error('This job is no recovery to a point in time, so it can not be edited here.')
    return draft
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    usePointDraft.getState().setPoint(data)
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

export interface PointStepProps {
  draft: PointDraft
  setDraft: (draft: PointDraft) => void
  facts: PointFacts
}

/**
 * `?system=`, `?archive=` and `?backup=` of links that lead here: they choose the source, and the moment comes next; with
 * `?target=immediate` that is chosen as well, everything else at its safe default, and the review comes next.
 */
function takeLink(query: URLSearchParams): boolean {
  const [system, archive, backup] = [query.get('system') ?? '', query.get('archive') ?? '', query.get('backup')]
  if (system === '' && archive === '') return false
  const state = usePointDraft.getState()
  if (query.get('target') === 'immediate') {
    state.setPoint(immediateDraft(system, archive, { backup, timeline: Number(query.get('timeline')) || null }))
    return true
  }
  const draft = chooseCluster(state.point, system, archive)
  state.setPoint({ ...draft, backup: backup ?? draft.backup, step: 'moment' })
  return true
}

function Recover({ query }: { query: URLSearchParams }) {
  const stored = usePointDraft((state) => state.point)
  const setDraft = (draft: PointDraft) => usePointDraft.getState().setPoint(draft)
  const zone = useZone()
  const [confirm, setConfirm] = useState<StandaloneRequest['confirm']>(null)
  const [typed, setTyped] = useState('')
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  useEffect(() => {
    if (takeLink(query)) replacePlace(place)
  }, [query])

  const facts = usePoint(stored)
  const { moments, plan, prepared, other } = facts
  const blocked = plan.data !== undefined && plan.data.blockers.length > 0
  const state: PointState = {
    moments: moments.data,
    planned: plan.stale || plan.data === undefined ? 'waiting' : blocked ? 'blocked' : 'yes',
    typed,
    base: prepared.data && { ...prepared.data, other: other.data },
  }
  // Answers that are on their way do not throw one back to an earlier step.
  const asking = moments.busy || plan.busy || prepared.busy || other.busy
  const step = asking ? stored.step : reachablePointStep(stored, state, stored.step)
  const draft = { ...stored, step }
  const request = pointRunRequestOf(draft, state, confirm)
  const preview = useAsk(step === 'review' ? request : undefined, (input, options) => api.recoveryPoint.preview(input, options), {
    delay: 300,
    keep: true,
  })
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])
  const catalog = useAsk(step === 'source' || step === 'moment' ? undefined : {}, (input, options) =>
    api.backups.list(input, options),
  )
  const record = catalog.data?.backups.find(({ path }) => path === plan.data?.backup?.path)?.record
  const physical = record && 'tablespaces' in record && 'configuration' in record ? record : undefined

  const problem = pointStepProblem(draft, state, step)
  const failed = moments.error ?? (step === 'source' ? null : plan.error) ?? prepared.error ?? other.error
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (failed?.message ?? problem) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.recoveryPoint.start(request)
      setDraft(emptyPointDraft)
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: PointStep) => {
    setStartError(null)
    setConfirm(null)
    setDraft({ ...draft, step: to })
  }
  const shared: PointStepProps = { draft, setDraft, facts }
  const placed: PlacementStepProps = {
    draft,
    setDraft: (placement) => setDraft({ ...draft, ...placement }),
    facts: physical,
    prepared,
    other,
    proof: 'The server’s log must say that it stopped where it was asked to; the stop is compared with the request.',
  }
  const server = moments.data?.server
  return (
    <WizardShell
      title="Restore to a point in time"
      {...(server === undefined || draft.kind === 'cluster' ? {} : { promise: `${server} stays untouched` })}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/restore'))}
      startLabel="Start recovery"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (failed !== null || state.planned === 'blocked' || (step === 'review' && !checking))}
      starting={starting}
      enterStarts={draft.kind === 'new'}
      onStartOver={() => {
        setConfirm(null)
        setDraft(emptyPointDraft)
      }}
    >
      {step !== 'source' && moments.error && <ErrorNote error={moments.error} onRetry={moments.again} />}
      {step !== 'source' && prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'source' && <SourceStep {...shared} />}
      {step === 'moment' && <MomentStep {...shared} onTyped={setTyped} />}
      {step === 'destination' && (
        <DestinationStep
          {...placed}
          besides={
            <SalvageCard
              {...{ draft, setDraft }}
              offers={facts.offers}
              inPlaceOf={targetIn(draft, prepared.data, other.data)?.dataDirectory ?? ''}
              onMoment={() => goTo('moment')}
            />
          }
        />
      )}
      {step === 'options' && <OptionsStep {...placed} />}
      {step === 'review' && plan.data && moments.data && (
        <ReviewStep
          {...placed}
          from={{
            head: 'From the backup and the archive',
            what: moments.data.server,
            detail:
              plan.data.stopTime === null
                ? said(plan.data.stopsAt)
                : `as it was at ${fullMoment(plan.data.stopTime, zone)}, timeline ${plan.data.timeline}`,
          }}
          preview={preview}
          confirm={confirm}
          onConfirm={setConfirm}
          onGoTo={(to) => goTo(pointSteps.find((one) => one === to) ?? 'options')}
          startError={startError}
          starting={starting}
        >
          {preview.data?.salvage && <SalvageFiles offer={preview.data.salvage} />}
        </ReviewStep>
      )}
    </WizardShell>
  )
}
