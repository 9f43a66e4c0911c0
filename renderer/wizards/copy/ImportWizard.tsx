// Import from a file: file, target, options, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { importRequest } from '../../../shared/contracts/copy'
import type { JobSnapshot } from '../../../shared/jobs/job'
import type { SavedConnection } from '../../../shared/model/connection'
import { ErrorNote, Loading } from '../../components/Feedback'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { useConnections, useSelectedConnection } from '../../stores/connections'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { loadServer } from '../../stores/server'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import { importDraftOf, keepImport, useCopyDrafts } from './drafts'
import { EditJob } from './EditJob'
import type { CopyPrepared } from './ExportWizard'
import {
  chooseFile,
  chooseTarget,
  draftOfImportJob,
  emptyImportDraft,
  type ImportBase,
  type ImportDraft,
  type ImportStep,
  importRequestOf,
  importStepProblem,
  importSteps,
} from './importDraft'
import { NoServer } from './NoServer'
import { isAbsolutePath } from './paths'
import { reachableStep } from './steps'
import { ImportFileStep } from './steps/ImportFileStep'
import { ImportOptionsStep } from './steps/ImportOptionsStep'
import { ImportReviewStep } from './steps/ImportReviewStep'
import { ImportTargetStep } from './steps/ImportTargetStep'
import { TruncateDialog } from './TruncateDialog'
import { useCopyRun } from './useCopyRun'
import { type ImportFacts, useImportFacts } from './useImportFacts'
import './copyWizard.css'

const labels: Record<ImportStep, string> = { file: 'File', target: 'Target', options: 'Options', review: 'Review' }
const steps = importSteps.map((id) => ({ id, label: labels[id] }))
const place = placeLink('/copy/import')

export default function ImportWizard({ query }: ScreenProps) {
  const connection = useSelectedConnection()
  const loaded = useConnections((state) => state.loaded)
  const jobId = query.get('job')
  if (jobId !== null) {
    return <EditJob jobId={jobId} refusal="This job is no import" read={readJob} keep={keepImport} place={place} />
  }
  if (!loaded) return <Loading />
  if (connection === undefined) return <NoServer title="Import from a file" what="import rows" />
  return <ImportInto key={connection.id} connection={connection} query={query} />
}

/** A file that is not there any more leaves the draft with what the request said of it. */
async function readJob({ input }: JobSnapshot, options: { signal: AbortSignal }) {
  const request = importRequest.safeParse(input).data
  const base: ImportBase = {}
  if (request?.place.kind === 'client') {
    base.detected = await api.copy.detectFile({ path: request.place.path }, options).catch(() => undefined)
  }
  return draftOfImportJob(input, base)
}

export interface ImportStepProps {
  connection: SavedConnection
  draft: ImportDraft
  setDraft: (draft: ImportDraft) => void
  prepared: Asked<CopyPrepared>
  facts: ImportFacts
  base: ImportBase
}

function ImportInto({ connection, query }: { connection: SavedConnection; query: URLSearchParams }) {
  const stored = useCopyDrafts((state) => importDraftOf(state, connection.id))
  const setDraft = (draft: ImportDraft) => keepImport(connection.id, draft)
  const [confirming, setConfirming] = useState(false)
  const [path, database, schema, table] = ['path', 'database', 'schema', 'table'].map((key) => query.get(key))

  useEffect(() => {
    void loadServer(connection.id)
  }, [connection.id])
  useEffect(() => {
    if (!path && !database) return
    let draft = importDraftOf(useCopyDrafts.getState(), connection.id)
    if (path) draft = { ...chooseFile(draft, path), place: 'client' }
    if (database) draft = { ...chooseTarget(draft, database, schema ?? '', table ?? ''), target: 'existing' }
    keepImport(connection.id, { ...draft, step: 'file' })
    replacePlace(place)
  }, [path, database, schema, table, connection.id])

  // What the role may do with the server's files is known before a database is chosen: any one will do to ask.
  const askedAt = stored.database || connection.settings.database
  const prepared = useAsk(askedAt === '' ? undefined : { connectionId: connection.id, database: askedAt }, (input, options) =>
    api.copy.prepare(input, options),
  )
  const facts = useImportFacts(connection.id, stored, prepared.data?.serverVersion)
  const { base } = facts
  const failure = facts.error(stored.step)
  const fileError = facts.error('file')
  const problemOf = (step: ImportStep) => importStepProblem(stored, base, step)
  // Until the file and the table are read, a stored step is not called wrong.
  const step = facts.busy ? stored.step : reachableStep(importSteps, stored.step, problemOf)
  const draft = { ...stored, step }
  const request = importRequestOf(draft, base, connection.id)
  const problem = problemOf(step)
  const run = useCopyRun({
    request,
    step,
    problem: failure !== null && problem !== '' ? failure.message : problem,
    onStarted: () => setDraft({ ...emptyImportDraft, database: draft.database }),
  })
  const goTo = (to: ImportStep) => setDraft({ ...draft, step: to })
  const shared: ImportStepProps = { connection, draft, setDraft, prepared, facts, base }
  const truncates = request?.truncate === true
  const chosen = draft.place === 'client' && isAbsolutePath(draft.path) ? draft.path.split(/[\\/]/).at(-1) : undefined
  return (
    <WizardShell
      title="Import from a file"
      {...(chosen === undefined ? {} : { subject: chosen })}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/copy'))}
      startLabel={truncates ? 'Empty the table and import…' : 'Start import'}
      onStart={() => (truncates ? setConfirming(true) : void run.start())}
      reason={run.reason}
      blocked={run.blocked || (failure !== null && problem !== '')}
      starting={run.starting}
      enterStarts={!truncates}
      onStartOver={() => setDraft(emptyImportDraft)}
    >
      {step !== 'file' && fileError && <ErrorNote error={fileError} onRetry={facts.again} />}
      {step === 'file' && <ImportFileStep {...shared} />}
      {step === 'target' && <ImportTargetStep {...shared} preview={run.preview} />}
      {step === 'options' && <ImportOptionsStep {...shared} preview={run.preview} />}
      {step === 'review' && (
        <ImportReviewStep {...shared} preview={run.preview} onStep={goTo} startError={run.startError} starting={run.starting} />
      )}
      <TruncateDialog
        open={confirming}
        connection={connection}
        database={draft.database}
        table={{ schema: draft.schema, name: draft.name }}
        action="Empty it and import"
        busy={run.starting}
        error={run.startError}
        onConfirm={() => void run.start()}
        onClose={() => setConfirming(false)}
      />
    </WizardShell>
  )
}
