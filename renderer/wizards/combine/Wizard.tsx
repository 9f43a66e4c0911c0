// Combine a chain of base backups into a full one: the chain and how to copy, then review; then the job's page takes over.
import { useEffect, useState } from 'react'
import { combineRequest } from '../../../shared/contracts/baseBackup'
import type { CommandPreview } from '../../../shared/contracts/dump'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import { formatWhen } from '../../format/time'
import type { ScreenProps } from '../../routes'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'
import { optionValue } from '../../wizard/fixValue'
import { changeOption } from '../../wizard/optionState'
import { Review } from '../../wizard/Review'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { WizardShell } from '../../wizard/WizardShell'
import { ChainStep } from './ChainStep'
import {
  type CombineDraft,
  type CombineStep,
  combineDefaults,
  combineProblem,
  combineRequestOf,
  copyWay,
  emptyCombineDraft,
} from './draft'
import { copyWords } from './words'

const steps = [
  { id: 'options', label: 'Chain and options' },
  { id: 'review', label: 'Review' },
] as const satisfies readonly { id: CombineStep; label: string }[]

export type CombinePrepared = Awaited<ReturnType<typeof api.baseBackup.prepareCombine>>

/** `?backup=` the folder of the chain's last backup, or `?job=` a past combination to edit. */
export default function CombineWizard({ query }: ScreenProps) {
  const backup = query.get('backup')
  const jobId = query.get('job')
  if (jobId !== null) return <EditJob jobId={jobId} />
  if (backup !== null) return <CombineOf key={backup} backup={backup} initial={emptyCombineDraft} />
  return (
    <div className="page">
      <Note>Choose an incremental backup on the Backups page: its chain is what is combined.</Note>
    </div>
  )
}

function EditJob({ jobId }: { jobId: string }) {
  const made = useAsk(jobId, async (id, options) => {
    const job = await api.jobs.get({ jobId: id }, options)
    const input = combineRequest.safeParse(job.input)
    const backup = input.data?.chain.at(-1)
    if (!input.success || backup === undefined) throw new Error('This job combined no chain, so it can not be edited here.')
    let { changes } = emptyCombineDraft
    for (const [key, value] of Object.entries(input.data.options)) changes = changeOption(combineDefaults, changes, key, value)
    return { backup, initial: { step: 'options' as const, changes, library: input.data.library, label: input.data.label } }
  })
  if (made.data) return <CombineOf {...made.data} />
  if (!made.error) return <Loading>Reading the job…</Loading>
  return (
    <div className="page">
      <ErrorNote error={made.error} onRetry={made.again} />
    </div>
  )
}

function CombineOf({ backup, initial }: { backup: string; initial: CombineDraft }) {
  const [stored, setDraft] = useState(initial)
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  const prepared = useAsk({ path: backup }, (input, options) => api.baseBackup.prepareCombine(input, options))
  const base = prepared.data
  const problem = combineProblem(stored, base)
  const step: CombineStep = problem === '' ? stored.step : 'options'
  const draft = { ...stored, step }
  const request = combineRequestOf(draft, base)
  const preview = useAsk(request, (input, options) => api.baseBackup.previewCombine(input, options), { delay: 300, keep: true })
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
  }, [step, again])
  const checking = preview.busy || preview.stale
  const review = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? (prepared.error?.message ?? problem) : step === 'review' ? review : ''
  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.baseBackup.combine(request)
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  const last = base?.chain.at(-1)
  return (
    <WizardShell
      title="Combine into a full backup"
      subject={base === undefined ? undefined : `${base.serverLabel}, ${plural(base.chain.length, 'backup')}`}
      steps={steps}
      step={step}
      onStep={(to) => {
        setStartError(null)
        setDraft({ ...draft, step: to })
      }}
      onLeave={() => navigate(placeLink('/backups', { path: backup }))}
      startLabel="Combine"
      onStart={() => void start()}
      reason={reason}
      blocked={
        reason !== '' && (prepared.error !== null || (base !== undefined && problem !== '') || (step === 'review' && !checking))
      }
      starting={starting}
      onStartOver={() => setDraft(emptyCombineDraft)}
    >
      {prepared.error && <ErrorNote error={prepared.error} onRetry={prepared.again} />}
      {!base && !prepared.error && <Loading>Looking at the chain…</Loading>}
      {base && step === 'options' && <ChainStep base={base} draft={draft} setDraft={setDraft} preview={preview} />}
      {base && last && step === 'review' && (
        <ReviewPage
          base={base}
          last={last}
          draft={draft}
          setDraft={setDraft}
          preview={preview}
          startError={startError}
          starting={starting}
        />
      )}
    </WizardShell>
  )
}

export const promise = { icon: 'lock', text: 'The backups of the chain are only read, and stay', safe: true } as const

interface ReviewPageProps {
  base: CombinePrepared
  last: CombinePrepared['chain'][number]
  draft: CombineDraft
  setDraft: (draft: CombineDraft) => void
  preview: Asked<CommandPreview>
  startError: ShownError | null
  starting: boolean
}

function ReviewPage({ base, last, draft, setDraft, preview, startError, starting }: ReviewPageProps) {
  const sum = base.chain.reduce((bytes, { size }) => bytes + BigInt(size), 0n)
  return (
    <Review
      from={{
        head: 'A chain',
        what: plural(base.chain.length, 'backup'),
        detail: `${base.serverLabel}, PostgreSQL ${formatPgVersion(base.serverVersion)}, ${formatBytes(sum)} in all`,
      }}
      into={{
        head: 'A full backup, in the library',
        what: draft.label.trim() || 'Combined backup',
        detail: `as of ${formatWhen(last.stopTime)}, ${copyWords[copyWay(draft)].label.toLowerCase()}`,
      }}
      preview={preview}
      onFix={({ action }) => {
        if (action.kind === 'go-to-step') setDraft({ ...draft, step: 'options' })
        else if (action.kind === 'set-option') {
          const changes = changeOption(combineDefaults, draft.changes, action.key, optionValue(action.value))
          setDraft({ ...draft, changes })
        }
      }}
      notice={startError && <ErrorNote error={startError} />}
      promise={promise}
      waiting={starting}
    />
  )
}
