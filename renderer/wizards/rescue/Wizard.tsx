// Rescue: tables of a recovered cluster into a live database. Tables, how, review; then the job's page takes over.

import { useEffect, useState } from 'react'
import type { RescuePrepared } from '../../../shared/contracts/rescue'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { useConnections } from '../../stores/connections'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { zoneNow } from '../../stores/zone'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import {
  draftOfLink,
  draftOfRescueJob,
  emptyRescueDraft,
  type RescueDraft,
  type RescueStep,
  reachableRescueStep,
  rescueRequestOf,
  rescueStepProblem,
  sidesOf,
  useRescueDraft,
} from './draft'
import { HowStep } from './steps/HowStep'
import { ReviewStep } from './steps/ReviewStep'
import { TablesStep } from './steps/TablesStep'
import './rescue.css'

const steps = [
  { id: 'tables', label: 'Tables' },
  { id: 'how', label: 'How' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: RescueStep; label: string }[]

export type Standing = Awaited<ReturnType<typeof api.look.status>>

export interface RescueStepProps {
  connections: readonly SavedConnection[]
  standing: Standing
  draft: RescueDraft
  setDraft: (draft: RescueDraft) => void
  prepared: Asked<RescuePrepared>
}

const ownZone = () => zoneNow() || Intl.DateTimeFormat().resolvedOptions().timeZone

export default function RescueWizard({ params, query }: ScreenProps) {
  const jobId = params.jobId ?? ''
  const edited = query.get('job')
  const { loaded, connections } = useConnections()
  const kept = useRescueDraft(({ draft }) => draft)
  useEffect(() => {
    if (edited !== null) return
    const draft = draftOfLink(useRescueDraft.getState().draft, jobId, query, ownZone())
    if (draft === undefined) return
    useRescueDraft.getState().setDraft(draft)
    replacePlace(placeLink(`/rescue/${encodeURIComponent(jobId)}`))
  }, [jobId, edited, query])
  if (edited !== null) return <EditJob jobId={edited} />
  if (!loaded || kept.jobId !== jobId) return <Loading />
  return <Rescue jobId={jobId} connections={connections} />
}

/** Makes a past job's request the draft, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const draft = job.capability === 'rescue' ? draftOfRescueJob(job.input) : undefined
    if (draft === undefined) throw new Error('This job is no rescue, so it can not be edited here.')
    return { ...draft, zone: ownZone() }
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    useRescueDraft.getState().setDraft(data)
    replacePlace(placeLink(`/rescue/${encodeURIComponent(data.jobId)}`))
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

function Rescue({ jobId, connections }: { jobId: string; connections: readonly SavedConnection[] }) {
  const { draft: stored, setDraft } = useRescueDraft()
  const [confirm, setConfirm] = useState<string | null>(null)
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  const standing = useAsk({ jobId }, (input, options) => api.look.status(input, options))

  const sides = sidesOf(stored)
  const input =
    sides && stored.tables.length > 0
      ? {
          ...sides,
          tables: stored.tables.map(({ schema, name }): [string, string] => [schema, name]),
          zone: stored.zone || ownZone(),
        }
      : undefined
  const prepared = useAsk(input, (asked, options) => api.rescue.prepare(asked, options), { delay: 300, keep: true })
  // Until both servers have answered, a stored step is not called wrong.
  const step = prepared.busy ? stored.step : reachableRescueStep(stored, prepared.data)
  const draft = { ...stored, step }
  const request = rescueRequestOf(draft, prepared.data, confirm)
  const preview = useAsk(step === 'review' ? request : undefined, (asked, options) => api.rescue.preview(asked, options), {
    delay: 300,
    keep: true,
  })
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = rescueStepProblem(draft, prepared.data, step)
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Reading both sides…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (prepared.error?.message ?? problem) : step === 'review' ? reviewReason : ''
  const replaces = request?.tables.some(({ way }) => way === 'replace') === true

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const started = await api.rescue.start(request)
      setDraft({ ...emptyRescueDraft, jobId })
      navigate(placeLink(`/jobs/${encodeURIComponent(started.jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: RescueStep) => {
    setStartError(null)
    setConfirm(null)
    setDraft({ ...draft, step: to })
  }
  if (standing.error) {
    return (
      <div className="page">
        <ErrorNote error={standing.error} onRetry={standing.again} />
      </div>
    )
  }
  if (!standing.data) return <Loading>Asking the recovered cluster…</Loading>
  const shared: RescueStepProps = { connections, standing: standing.data, draft, setDraft, prepared }
  return (
    <WizardShell
      title="Rescue tables"
      promise="The recovered cluster is only read"
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink(`/look/${encodeURIComponent(jobId)}`))}
      startLabel="Start rescue"
      onStart={() => void start()}
      reason={reason}
      blocked={
        reason !== '' && (prepared.error !== null || (prepared.data?.problem ?? '') !== '' || (step === 'review' && !checking))
      }
      starting={starting}
      enterStarts={!replaces}
      onStartOver={() => {
        setConfirm(null)
        setDraft({ ...emptyRescueDraft, jobId, zone: ownZone() })
      }}
    >
      {standing.data.problem !== '' && (
        <ErrorNote error={shownError(new Error(standing.data.problem))} onRetry={standing.again} />
      )}
      {prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'tables' && <TablesStep {...shared} />}
      {step === 'how' && <HowStep {...shared} />}
      {step === 'review' && (
        <ReviewStep
          {...shared}
          preview={preview}
          confirm={confirm}
          onConfirm={setConfirm}
          onStep={goTo}
          startError={startError}
          starting={starting}
        />
      )}
    </WizardShell>
  )
}
