// Dump a database: database, objects, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { formatBytes } from '../../../shared/model/byteCount'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { selectConnection, useConnections, useSelectedConnection } from '../../stores/connections'
import { dumpDraftOf, useDrafts } from '../../stores/drafts'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { loadServer, useServer } from '../../stores/server'
import { NeedServer } from '../../wizard/NeedServer'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import {
  chooseDatabase,
  type DumpDraft,
  type DumpStep,
  draftOfDumpJob,
  dumpStepProblem,
  emptyDumpDraft,
  reachableDumpStep,
  requestOf,
} from './draft'
import { DatabaseStep } from './steps/DatabaseStep'
import { ObjectsStep } from './steps/ObjectsStep'
import { OptionsStep } from './steps/OptionsStep'
import { ReviewStep } from './steps/ReviewStep'
import { useObjectTree } from './useObjectTree'
import { useTicks } from './useTicks'

const steps = [
  { id: 'database', label: 'Database' },
  { id: 'objects', label: 'Objects' },
  { id: 'options', label: 'Options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: DumpStep; label: string }[]

const place = placeLink('/backup/dump')

export default function DumpWizard({ query }: ScreenProps) {
  const connection = useSelectedConnection()
  const loaded = useConnections((state) => state.loaded)
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} />
  if (!loaded) return <Loading />
  if (connection === undefined) return <NeedServer what="dump a database" />
  return <DumpOf key={connection.id} connection={connection} wanted={query.get('database')} />
}

/** Makes a past job's request the draft of its server, then shows that. */
function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const parsed = draftInput(job.input)
    if (job.capability !== 'dump' || parsed === undefined)
      throw new Error('This job is not a dump, so it can not be edited here.')
    const base = await api.dump.prepare(parsed, options)
    const draft = draftOfDumpJob(job.input, base)
    if (draft === undefined) throw new Error('The request of this job can not be read by this version.')
    return { connectionId: parsed.connectionId, draft }
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    useDrafts.getState().setDump(data.connectionId, data.draft)
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

function draftInput(input: unknown): { connectionId: string; database: string } | undefined {
  if (typeof input !== 'object' || input === null || !('connectionId' in input) || !('database' in input)) return undefined
  const { connectionId, database } = input
  return typeof connectionId === 'string' && typeof database === 'string' ? { connectionId, database } : undefined
}

export type DumpPrepared = Awaited<ReturnType<typeof api.dump.prepare>>

export interface DumpStepProps {
  connection: SavedConnection
  draft: DumpDraft
  setDraft: (draft: DumpDraft) => void
  prepared: Asked<DumpPrepared>
}

function DumpOf({ connection, wanted }: { connection: SavedConnection; wanted: string | null }) {
  const stored = useDrafts((state) => dumpDraftOf(state, connection.id))
  const setDraft = (draft: DumpDraft) => useDrafts.getState().setDump(connection.id, draft)
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  const [showOption, setShowOption] = useState<string>()
  const server = useServer(connection.id)

  useEffect(() => {
    void loadServer(connection.id)
  }, [connection.id])
  useEffect(() => {
    if (wanted === null) return
    const state = useDrafts.getState()
    const chosen = chooseDatabase(dumpDraftOf(state, connection.id), wanted)
    state.setDump(connection.id, chosen.step === 'database' ? { ...chosen, step: 'objects' } : chosen)
    replacePlace(place)
  }, [wanted, connection.id])

  const target = stored.database === '' ? undefined : { connectionId: connection.id, database: stored.database }
  const prepared = useAsk(target, (input, options) => api.dump.prepare(input, options))
  // A stored step may have lost its ground: the server is asked again, and until it answers the step is not called wrong.
  const step = prepared.data === undefined ? stored.step : reachableDumpStep(stored, prepared.data, stored.step)
  const draft = { ...stored, step }
  const request = requestOf(draft, prepared.data, connection.id)
  const objects = useObjectTree(connection.id, step === 'database' ? '' : stored.database)
  // The tree comes first: both ask the server for everything in the database.
  const wantsPreview = step === 'options' || step === 'review' || (step === 'objects' && objects.loaded !== undefined)
  const preview = useAsk(wantsPreview ? request : undefined, (input, options) => api.dump.preview(input, options), {
    delay: 300,
    keep: true,
  })
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])

  const version = prepared.data?.tool?.version ?? prepared.data?.serverVersion
  const ticking = useTicks(objects.loaded?.tree, version, draft, setDraft)

  const unfit = step === 'objects' ? ticking.problem : ''
  const problem = unfit || dumpStepProblem(draft, prepared.data, step)
  const checking = preview.busy || preview.stale
  const blocked = preview.data?.blocked ?? ''
  const reviewReason = preview.error ? preview.error.message : checking ? 'Checking…' : blocked
  const preparing = prepared.error !== null && step !== 'database' ? prepared.error.message : ''
  const reason = problem !== '' ? preparing || problem : step === 'review' ? reviewReason : ''

  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.dump.start(request)
      setDraft({ ...emptyDumpDraft, library: draft.library, globals: draft.globals })
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const goTo = (to: DumpStep) => {
    setStartError(null)
    setDraft({ ...draft, step: to })
  }
  const size = prepared.data?.databaseSize ?? server.page?.databases.find(({ name }) => name === draft.database)?.size
  const shared: DumpStepProps = { connection, draft, setDraft, prepared }
  return (
    <WizardShell
      title="Dump a database"
      {...(draft.database === '' ? {} : { subject: size == null ? draft.database : `${draft.database}, ${formatBytes(size)}` })}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/backup'))}
      startLabel="Start dump"
      onStart={() => void start()}
      reason={reason}
      blocked={reason !== '' && (preparing !== '' || unfit !== '' || (step === 'review' && !checking))}
      starting={starting}
      onStartOver={() => {
        setShowOption(undefined)
        setDraft(emptyDumpDraft)
      }}
    >
      {step === 'database' && <DatabaseStep {...shared} server={server} />}
      {step !== 'database' && prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'objects' && (
        <ObjectsStep
          {...shared}
          preview={preview}
          objects={objects}
          ticking={ticking}
          onShowOption={(key) => {
            setShowOption(key)
            goTo('options')
          }}
        />
      )}
      {step === 'options' && <OptionsStep {...shared} preview={preview} show={showOption} />}
      {step === 'review' && (
        <ReviewStep {...shared} preview={preview} onStep={goTo} startError={startError} starting={starting} />
      )}
    </WizardShell>
  )
}
