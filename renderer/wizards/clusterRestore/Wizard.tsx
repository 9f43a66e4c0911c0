// Restore a set of databases: set, roles and tablespaces, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { clusterRestoreRequest } from '../../../shared/contracts/clusterDump'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import { formatWhen } from '../../format/time'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { useClusterDrafts } from '../../stores/clusterDrafts'
import { selectConnection, useConnections, useSelectedConnection } from '../../stores/connections'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { NeedServer } from '../../wizard/NeedServer'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import { isAbsolutePath } from '../dump/draft'
import {
  chooseSet,
  chooseSetServer,
  draftOfSetJob,
  emptySetDraft,
  reachableSetStep,
  type SetDraft,
  type SetStep,
  setRequestOf,
  setStepProblem,
} from './draft'
import { GlobalsStep } from './steps/GlobalsStep'
import { OptionsStep } from './steps/OptionsStep'
import { ReviewStep } from './steps/ReviewStep'
import { SetStepView } from './steps/SetStep'

const steps = [
  { id: 'set', label: 'Set' },
  { id: 'globals', label: 'Roles, tablespaces' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: SetStep; label: string }[]

const place = placeLink('/restore/cluster')

export default function ClusterRestoreWizard({ query }: ScreenProps) {
  const connection = useSelectedConnection()
  const loaded = useConnections((state) => state.loaded)
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} />
  if (!loaded) return <Loading />
  if (connection === undefined) return <NeedServer what="restore into a server" />
  return <RestoreSet connection={connection} wanted={query.get('backup') ?? query.get('path')} />
}

/** Makes a past job's request the draft, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const input = clusterRestoreRequest.safeParse(job.input)
    if (job.capability !== 'cluster-restore' || !input.success)
      throw new Error('This job is no restore of a set, so it can not be edited here.')
    const { connectionId, source } = input.data
    const draft = draftOfSetJob(job.input, await api.clusterDump.prepareRestore({ connectionId, source }, options))
    if (draft === undefined) throw new Error('The request of this job can not be read by this version.')
    return draft
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    useClusterDrafts.getState().setRestore(data)
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

export type InspectedSet = Awaited<ReturnType<typeof api.clusterDump.inspectSet>>
export type SetPrepared = Awaited<ReturnType<typeof api.clusterDump.prepareRestore>>

export interface SetStepProps {
  connection: SavedConnection
  draft: SetDraft
  setDraft: (draft: SetDraft) => void
  facts: Asked<InspectedSet>
  prepared: Asked<SetPrepared>
}

function RestoreSet({ connection, wanted }: { connection: SavedConnection; wanted: string | null }) {
  const kept = useClusterDrafts((state) => state.restore)
  const stored = chooseSetServer(kept, connection.id)
  const setDraft = (draft: SetDraft) => useClusterDrafts.getState().setRestore(draft)
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  useEffect(() => {
    if (wanted === null) return
    const state = useClusterDrafts.getState()
    state.setRestore(chooseSet(chooseSetServer(state.restore, connection.id), wanted))
    replacePlace(place)
  }, [wanted, connection.id])

  const source = isAbsolutePath(stored.source) ? { path: stored.source } : undefined
  const facts = useAsk(source, (input, options) => api.clusterDump.inspectSet(input, options), { delay: 400 })
  const prepareInput = source && facts.data ? { connectionId: connection.id, source } : undefined
  const prepared = useAsk(prepareInput, (input, options) => api.clusterDump.prepareRestore(input, options))
  const answered = facts.error !== null || source === undefined || prepared.data !== undefined
  const step = answered ? reachableSetStep(stored, facts.data, prepared.data, stored.step) : stored.step
  const draft = { ...stored, step }
  const request = setRequestOf(draft, facts.data, prepared.data)
  const preview = useAsk(
    step === 'options' || step === 'review' ? request : undefined,
    (input, options) => api.clusterDump.previewRestore(input, options),
    { delay: 300, keep: true },
  )
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = setStepProblem(draft, facts.data, prepared.data, step)
  const failed = step === 'set' ? facts.error : prepared.error
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (failed?.message ?? problem) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.clusterDump.startRestore(request)
      setDraft({ ...emptySetDraft, connectionId: connection.id })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: SetStep) => {
    setStartError(null)
    setDraft({ ...draft, step: to })
  }
  const shared: SetStepProps = { connection, draft, setDraft, facts, prepared }
  const subject =
    facts.data && `${plural(facts.data.record.databases.length, 'database')}, ${formatWhen(facts.data.record.startedAt)}`
  return (
    <WizardShell
      title="Restore a set"
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
      onStartOver={() => setDraft({ ...emptySetDraft, connectionId: connection.id })}
    >
      {step !== 'set' && facts.error && <ErrorNote error={facts.error} onRetry={facts.again} />}
      {step !== 'set' && prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'set' && <SetStepView {...shared} />}
      {step === 'globals' && <GlobalsStep {...shared} />}
      {step === 'options' && <OptionsStep {...shared} preview={preview} />}
      {step === 'review' && (
        <ReviewStep {...shared} preview={preview} onStep={goTo} startError={startError} starting={starting} />
      )}
    </WizardShell>
  )
}
