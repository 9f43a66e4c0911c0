// Dump a cluster: what, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { clusterDumpRequest } from '../../../shared/contracts/clusterDump'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { clusterDraftOf, useClusterDrafts } from '../../stores/clusterDrafts'
import { selectConnection, useConnections, useSelectedConnection } from '../../stores/connections'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { NeedServer } from '../../wizard/NeedServer'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import {
  type ClusterDraft,
  type ClusterStep,
  chosenDatabases,
  clusterRequestOf,
  clusterStepProblem,
  draftOfClusterJob,
  emptyClusterDraft,
  reachableClusterStep,
} from './draft'
import { OptionsStep } from './steps/OptionsStep'
import { ReviewStep } from './steps/ReviewStep'
import { WhatStep } from './steps/WhatStep'
import { whatWords } from './words'

const steps = [
  { id: 'what', label: 'What' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: ClusterStep; label: string }[]

export default function ClusterDumpWizard({ query }: ScreenProps) {
  const connection = useSelectedConnection()
  const loaded = useConnections((state) => state.loaded)
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} />
  if (!loaded) return <Loading />
  if (connection === undefined) return <NeedServer what="dump a cluster" />
  return <DumpCluster key={connection.id} connection={connection} />
}

/** Makes a past job's request the draft of its server, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const input = clusterDumpRequest.safeParse(job.input)
    if (job.capability !== 'cluster-dump' || !input.success)
      throw new Error('This job is no dump of a cluster, so it can not be edited here.')
    const { connectionId } = input.data
    const draft = draftOfClusterJob(job.input, await api.clusterDump.prepare({ connectionId }, options))
    if (draft === undefined) throw new Error('The request of this job can not be read by this version.')
    return { connectionId, draft }
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    useClusterDrafts.getState().setDump(data.connectionId, data.draft)
    selectConnection(data.connectionId)
    replacePlace(placeLink('/backup/cluster'))
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

export type ClusterPrepared = Awaited<ReturnType<typeof api.clusterDump.prepare>>

export interface ClusterStepProps {
  connection: SavedConnection
  draft: ClusterDraft
  setDraft: (draft: ClusterDraft) => void
  prepared: Asked<ClusterPrepared>
}

function DumpCluster({ connection }: { connection: SavedConnection }) {
  const stored = useClusterDrafts((state) => clusterDraftOf(state, connection.id))
  const setDraft = (draft: ClusterDraft) => useClusterDrafts.getState().setDump(connection.id, draft)
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  const prepared = useAsk({ connectionId: connection.id }, (input, options) => api.clusterDump.prepare(input, options))
  const base = prepared.data
  const step = base === undefined ? stored.step : reachableClusterStep(stored, base, stored.step)
  const draft = { ...stored, step }
  const request = clusterRequestOf(draft, base, connection.id)
  const preview = useAsk(step === 'what' ? undefined : request, (input, options) => api.clusterDump.preview(input, options), {
    delay: 300,
    keep: true,
  })
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const problem = clusterStepProblem(draft, base, step)
  const checking = preview.busy || preview.stale
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (prepared.error?.message ?? problem) : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.clusterDump.start(request)
      setDraft({ ...emptyClusterDraft, library: draft.library })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: ClusterStep) => {
    setStartError(null)
    setDraft({ ...draft, step: to })
  }
  const subject =
    draft.what === 'set' && base !== undefined
      ? plural(chosenDatabases(draft, base).length, 'database')
      : whatWords[draft.what].label
  const shared: ClusterStepProps = { connection, draft, setDraft, prepared }
  return (
    <WizardShell
      title="Dump a cluster"
      subject={subject}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/backup'))}
      startLabel="Start dump"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (prepared.error !== null || (step === 'review' && !checking))}
      starting={starting}
      onStartOver={() => setDraft(emptyClusterDraft)}
    >
      {prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'what' && <WhatStep {...shared} />}
      {step === 'options' && <OptionsStep {...shared} preview={preview} />}
      {step === 'review' && (
        <ReviewStep {...shared} preview={preview} onStep={goTo} startError={startError} starting={starting} />
      )}
    </WizardShell>
  )
}
