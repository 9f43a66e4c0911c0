// Export to a file: what, where to, options, review; then the job's page takes over.
import { useEffect } from 'react'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { useConnections, useSelectedConnection } from '../../stores/connections'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { loadServer } from '../../stores/server'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import { exportDraftOf, keepExport, rememberFolder, useCopyDrafts } from './drafts'
import { EditJob } from './EditJob'
import {
  chooseSource,
  draftOfExportJob,
  type ExportDraft,
  type ExportStep,
  emptyExportDraft,
  exportPath,
  exportRequestOf,
  exportStepProblem,
  exportSteps,
} from './exportDraft'
import { NoServer } from './NoServer'
import { folderOf } from './paths'
import { reachableStep } from './steps'
import { ExportFileStep } from './steps/ExportFileStep'
import { ExportOptionsStep } from './steps/ExportOptionsStep'
import { ExportReviewStep } from './steps/ExportReviewStep'
import { ExportWhatStep } from './steps/ExportWhatStep'
import { useCopyRun } from './useCopyRun'
import './copyWizard.css'

const labels: Record<ExportStep, string> = { what: 'What', file: 'File', options: 'Options', review: 'Review' }
const steps = exportSteps.map((id) => ({ id, label: labels[id] }))
const place = placeLink('/copy/export')

export default function ExportWizard({ query }: ScreenProps) {
  const connection = useSelectedConnection()
  const loaded = useConnections((state) => state.loaded)
  const jobId = query.get('job')
  if (jobId !== null) {
    return (
      <EditJob
        jobId={jobId}
        refusal="This job is no export"
        read={async ({ input }) => draftOfExportJob(input)}
        keep={keepExport}
        place={place}
      />
    )
  }
  if (!loaded) return <Loading />
  if (connection === undefined) return <NoServer title="Export to a file" what="export rows" />
  return <ExportFrom key={connection.id} connection={connection} query={query} />
}

export type CopyPrepared = Awaited<ReturnType<typeof api.copy.prepare>>

export interface ExportStepProps {
  connection: SavedConnection
  draft: ExportDraft
  setDraft: (draft: ExportDraft) => void
  prepared: Asked<CopyPrepared>
  lastFolder: string
}

function ExportFrom({ connection, query }: { connection: SavedConnection; query: URLSearchParams }) {
  const stored = useCopyDrafts((state) => exportDraftOf(state, connection.id))
  const lastFolder = useCopyDrafts((state) => state.lastFolder)
  const setDraft = (draft: ExportDraft) => keepExport(connection.id, draft)
  const [database, schema, table] = ['database', 'schema', 'table'].map((key) => query.get(key))

  useEffect(() => {
    void loadServer(connection.id)
  }, [connection.id])
  useEffect(() => {
    if (!database) return
    const kept = exportDraftOf(useCopyDrafts.getState(), connection.id)
    const chosen = chooseSource(kept, database, schema ?? '', table ?? '')
    keepExport(connection.id, { ...chosen, source: 'table', step: 'what' })
    replacePlace(place)
  }, [database, schema, table, connection.id])

  const target = stored.database === '' ? undefined : { connectionId: connection.id, database: stored.database }
  const prepared = useAsk(target, (input, options) => api.copy.prepare(input, options))
  const base = prepared.data
  const problemOf = (step: ExportStep) => exportStepProblem(stored, base, lastFolder, step)
  // Until the server has answered, a stored step is not called wrong.
  const step = base === undefined && target !== undefined ? stored.step : reachableStep(exportSteps, stored.step, problemOf)
  const draft = { ...stored, step }
  const request = exportRequestOf(draft, base, lastFolder, connection.id)
  const failed = prepared.error !== null && step !== 'what' ? prepared.error.message : ''
  const run = useCopyRun({
    request,
    step,
    problem: failed || problemOf(step),
    onStarted: () => {
      if (draft.place === 'client') rememberFolder(folderOf(exportPath(draft, base, lastFolder)))
      setDraft({ ...emptyExportDraft, database: draft.database, format: draft.format })
    },
  })
  const goTo = (to: ExportStep) => setDraft({ ...draft, step: to })
  const shared: ExportStepProps = { connection, draft, setDraft, prepared, lastFolder }
  const subject = draft.source === 'query' ? `a query in ${draft.database}` : `${draft.schema}.${draft.name}`
  return (
    <WizardShell
      title="Export to a file"
      {...(problemOf('what') === '' ? { subject } : {})}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/copy'))}
      startLabel="Start export"
      onStart={() => void run.start()}
      reason={run.reason}
      blocked={run.blocked || failed !== ''}
      starting={run.starting}
      enterStarts={!draft.overwrite}
      onStartOver={() => setDraft(emptyExportDraft)}
    >
      {step !== 'what' && prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {step === 'what' && <ExportWhatStep {...shared} />}
      {step === 'file' && <ExportFileStep {...shared} />}
      {step === 'options' && <ExportOptionsStep {...shared} preview={run.preview} />}
      {step === 'review' && (
        <ExportReviewStep {...shared} preview={run.preview} onStep={goTo} startError={run.startError} starting={run.starting} />
      )}
    </WizardShell>
  )
}
