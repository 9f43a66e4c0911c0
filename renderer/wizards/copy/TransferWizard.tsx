// Table to another server: source, destination, review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { transferRequest } from '../../../shared/contracts/copy'
import type { JobSnapshot } from '../../../shared/jobs/job'
import type { SavedConnection } from '../../../shared/model/connection'
import { Loading } from '../../components/Feedback'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { useConnections, useSelectedConnection } from '../../stores/connections'
import { navigate, placeLink, replacePlace } from '../../stores/navigation'
import { loadServer } from '../../stores/server'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import { keepTransfer, transferDraftOf, useCopyDrafts } from './drafts'
import { EditJob } from './EditJob'
import { NoServer } from './NoServer'
import { reachableStep } from './steps'
import { TransferDestinationStep } from './steps/TransferDestinationStep'
import { TransferReviewStep } from './steps/TransferReviewStep'
import { TransferSourceStep } from './steps/TransferSourceStep'
import { TruncateDialog } from './TruncateDialog'
import {
  chooseFrom,
  draftOfTransferJob,
  emptyTransferDraft,
  type TransferBase,
  type TransferDraft,
  type TransferStep,
  transferRequestOf,
  transferStepProblem,
  transferSteps,
} from './transferDraft'
import { useCopyRun } from './useCopyRun'
import './copyWizard.css'

const labels: Record<TransferStep, string> = { source: 'Source', destination: 'Destination', review: 'Review' }
const steps = transferSteps.map((id) => ({ id, label: labels[id] }))
const place = placeLink('/copy/table')

export default function TransferWizard({ query }: ScreenProps) {
  const connection = useSelectedConnection()
  const loaded = useConnections((state) => state.loaded)
  const jobId = query.get('job')
  if (jobId !== null) {
    const refusal = 'This job copies no table to another server'
    return <EditJob jobId={jobId} refusal={refusal} read={readJob} keep={keepTransfer} place={place} />
  }
  if (!loaded) return <Loading />
  if (connection === undefined) return <NoServer title="Table to another server" what="copy a table" />
  return <TransferFrom key={connection.id} connection={connection} query={query} />
}

/** The source's columns tell which of them the request left out. */
async function readJob({ input }: JobSnapshot, options: { signal: AbortSignal }) {
  const request = transferRequest.safeParse(input).data
  if (request?.source.kind !== 'table') return undefined
  const { connectionId, database, source } = request
  const table = { connectionId, database, schema: source.schema, name: source.name }
  const columns = await api.copy.columns(table, options).catch(() => undefined)
  return draftOfTransferJob(input, { source: columns?.columns })
}

export type TableColumns = Awaited<ReturnType<typeof api.copy.columns>>

export interface TransferStepProps {
  connection: SavedConnection
  /** The server that rows go to, once it is chosen and known. */
  destination: SavedConnection | undefined
  draft: TransferDraft
  setDraft: (draft: TransferDraft) => void
  source: Asked<TableColumns>
  target: Asked<TableColumns>
  base: TransferBase
}

function TransferFrom({ connection, query }: { connection: SavedConnection; query: URLSearchParams }) {
  const stored = useCopyDrafts((state) => transferDraftOf(state, connection.id))
  const destination = useConnections((state) => state.connections.find(({ id }) => id === stored.toConnectionId))
  const setDraft = (draft: TransferDraft) => keepTransfer(connection.id, draft)
  const [confirming, setConfirming] = useState(false)
  const [database, schema, table] = ['database', 'schema', 'table'].map((key) => query.get(key))

  useEffect(() => {
    void loadServer(connection.id)
    if (stored.toConnectionId !== '' && stored.toConnectionId !== connection.id) void loadServer(stored.toConnectionId)
  }, [connection.id, stored.toConnectionId])
  useEffect(() => {
    if (!database) return
    const kept = transferDraftOf(useCopyDrafts.getState(), connection.id)
    keepTransfer(connection.id, { ...chooseFrom(kept, database, schema ?? '', table ?? ''), step: 'source' })
    replacePlace(place)
  }, [database, schema, table, connection.id])

  const from = { connectionId: connection.id, database: stored.database, schema: stored.schema, name: stored.name }
  const source = useAsk(stored.name === '' ? undefined : from, (input, options) => api.copy.columns(input, options))
  const into = {
    connectionId: stored.toConnectionId,
    database: stored.toDatabase,
    schema: stored.toSchema,
    name: stored.toName,
  }
  const target = useAsk(stored.toName === '' ? undefined : into, (input, options) => api.copy.columns(input, options))
  const base: TransferBase = { source: source.data?.columns, target: target.data?.columns }
  const problemOf = (step: TransferStep) => transferStepProblem(stored, base, step, connection.id)
  const step = source.busy || target.busy ? stored.step : reachableStep(transferSteps, stored.step, problemOf)
  const draft = { ...stored, step }
  const problem = problemOf(step)
  const failure = step === 'destination' && problem !== '' ? (source.error ?? target.error) : null
  const run = useCopyRun({
    request: transferRequestOf(draft, base, connection.id),
    step,
    problem: failure?.message ?? problem,
    onStarted: () => setDraft({ ...emptyTransferDraft, database: draft.database }),
  })
  const goTo = (to: TransferStep) => setDraft({ ...draft, step: to })
  const shared: TransferStepProps = { connection, destination, draft, setDraft, source, target, base }
  return (
    <WizardShell
      title="Table to another server"
      {...(draft.name === '' ? {} : { subject: `${draft.schema}.${draft.name}` })}
      steps={steps}
      step={step}
      onStep={goTo}
      onLeave={() => navigate(placeLink('/copy'))}
      startLabel={draft.truncate ? 'Empty the table and copy…' : 'Start copy'}
      onStart={() => (draft.truncate ? setConfirming(true) : void run.start())}
      reason={run.reason}
      blocked={run.blocked || failure !== null}
      starting={run.starting}
      enterStarts={!draft.truncate}
      onStartOver={() => setDraft(emptyTransferDraft)}
    >
      {step === 'source' && <TransferSourceStep {...shared} />}
      {step === 'destination' && <TransferDestinationStep {...shared} />}
      {step === 'review' && (
        <TransferReviewStep {...shared} preview={run.preview} onStep={goTo} startError={run.startError} starting={run.starting} />
      )}
      {destination !== undefined && (
        <TruncateDialog
          open={confirming}
          connection={destination}
          database={draft.toDatabase}
          table={{ schema: draft.toSchema, name: draft.toName }}
          action="Empty it and copy"
          busy={run.starting}
          error={run.startError}
          onConfirm={() => void run.start()}
          onClose={() => setConfirming(false)}
        />
      )}
    </WizardShell>
  )
}
