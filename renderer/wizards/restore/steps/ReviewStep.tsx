// Step 5: everything once more before it starts, with the preflight and its fixes.
import { useState } from 'react'
import { z } from 'zod'
import type { CommandPreview } from '../../../../shared/contracts/dump'
import type { RestoreDanger, RestoreRequest } from '../../../../shared/contracts/restore'
import { withNeeds } from '../../../../shared/model/archiveGraph'
import { unpackIds } from '../../../../shared/model/archiveSelection'
import type { PreflightFix, PreflightRow } from '../../../../shared/model/preflight'
import { ErrorNote, Note } from '../../../components/Feedback'
import { type ShownError, shownError } from '../../../format/errors'
import { api } from '../../../rpc/api'
import { optionValue } from '../../../wizard/fixValue'
import { changeOption } from '../../../wizard/optionState'
import { Review, type Side } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import { choiceOfIds } from '../contentsChoice'
import { sourceDetail, sourceName, sourceTime } from '../describe'
import { type RestoreBase, type RestoreDraft, type RestoreStep, restoreOptions, restoreSteps, targetOf } from '../draft'
import { promiseOf } from '../promise'
import { treeOf } from '../useContentsTree'
import type { RestoreStepProps } from '../Wizard'
import { ConfirmCard } from './ConfirmCard'

type Applied = Awaited<ReturnType<typeof api.restore.applyGlobals>>

export interface ReviewStepProps extends RestoreStepProps {
  preview: Asked<CommandPreview & { danger: RestoreDanger | null }>
  onConfirm: (confirm: NonNullable<RestoreRequest['confirm']> | null) => void
  onStep: (step: RestoreStep) => void
  startError: ShownError | null
  starting: boolean
}

export function ReviewStep({
  connection,
  draft,
  setDraft,
  facts,
  prepared,
  contents,
  preview,
  onConfirm,
  onStep,
  startError,
  starting,
}: ReviewStepProps) {
  const [applying, setApplying] = useState(false)
  const [applied, setApplied] = useState<Applied | null>(null)
  const [applyError, setApplyError] = useState<ShownError | null>(null)
  const base = prepared.data
  if (!base || !facts.data) return null
  const time = sourceTime(facts.data)
  const script = facts.data.format === 'plain'

  const applyGlobals = async (roles: string[], tablespaces: string[]) => {
    setApplying(true)
    setApplied(null)
    setApplyError(null)
    try {
      setApplied(
        await api.restore.applyGlobals({ connectionId: connection.id, source: { path: draft.source }, roles, tablespaces }),
      )
    } catch (error) {
      setApplyError(shownError(error))
    } finally {
      setApplying(false)
      prepared.again()
      preview.again()
    }
  }
  const addMissing = async () => {
    const ids = draft.choice === null ? undefined : unpackIds(draft.choice.ids)
    if (ids === undefined || !contents.data) return
    const tree = await treeOf(contents.data)
    setDraft({ ...draft, choice: choiceOfIds(tree, withNeeds(tree.entries, ids)) })
  }
  const onFix = ({ action }: PreflightFix, row: PreflightRow) => {
    // The database that exists stands in the way: the way on is a new one.
    if (action.kind === 'go-to-step' && action.step === 'destination' && row.id === 'database' && draft.kind === 'existing') {
      setDraft({ ...draft, kind: 'new', step: 'destination' })
    } else if (action.kind === 'go-to-step') onStep(restoreSteps.find((step) => step === action.step) ?? 'options')
    else if (action.kind === 'set-option' && action.key === 'objects.add') void addMissing()
    else if (action.kind === 'set-option') setDraft(applyFix(draft, base, script, action.key, action.value))
    else if (action.kind === 'apply-globals') void applyGlobals(action.roles, action.tablespaces)
  }
  return (
    <Review
      from={{
        head: 'From',
        what: [sourceName(facts.data, draft.source), time].filter(Boolean).join(', '),
        detail: `${sourceDetail(facts.data)}, ${chosenWords(draft)}`,
      }}
      into={intoSide(draft, base, connection.label)}
      preview={preview}
      onFix={onFix}
      notice={
        <>
          {applyError && <ErrorNote error={applyError} />}
          {applied && <AppliedNote applied={applied} />}
          {startError && <ErrorNote error={startError} />}
          {preview.data?.danger && <ConfirmCard danger={preview.data.danger} onConfirm={onConfirm} />}
        </>
      }
      promise={promiseOf(draft, facts.data, connection.label)}
      waiting={starting || applying}
    />
  )
}

function AppliedNote({ applied }: { applied: Applied }) {
  return (
    <>
      {applied.created.length > 0 && (
        <Note tone="pass">
          <div role="status">Created from the saved globals: {applied.created.join(', ')}.</div>
        </Note>
      )}
      {applied.failed.length > 0 && (
        <Note tone="blocker">
          {applied.failed.map(({ name, message }) => (
            <div key={name}>
              <span className="mono">{name}</span> was not created: {message}
            </div>
          ))}
        </Note>
      )}
      {applied.created.length + applied.failed.length === 0 && <Note>Nothing had to be created.</Note>}
    </>
  )
}

function chosenWords({ choice }: RestoreDraft): string {
  if (choice === null) return 'everything'
  const count = unpackIds(choice.ids)?.length ?? 0
  return count === 1 ? '1 chosen entry' : `${count.toLocaleString('en-US')} chosen entries`
}

function intoSide(draft: RestoreDraft, base: RestoreBase, server: string): Side {
  const target = targetOf(draft, base)
  const values = restoreOptions(draft, base)
  const jobs = values.jobs === undefined ? '' : Number(values.jobs) > 1 ? `${String(values.jobs)} jobs` : 'one job'
  const what = (
    <>
      {target.database} <span className="t3 w4">on {server}</span>
    </>
  )
  if (target.kind === 'existing') {
    const clean = values.clean === true ? 'objects of the same names are dropped first' : 'adds to what is there'
    return { head: 'Into a database that exists', what, detail: [clean, jobs].filter(Boolean).join(', ') }
  }
  const head = target.kind === 'new' ? 'Into a new database, from template0' : 'In the place of a database, which is kept'
  const locale = [target.localeProvider, target.locale || target.collate].filter(Boolean).join(' ')
  const owner = target.owner === '' ? '' : `owner ${target.owner}`
  return {
    head,
    what,
    detail: [target.encoding, locale, owner, jobs].filter(Boolean).join(', '),
  }
}

const ownText = ['newDatabase', 'owner', 'tablespace', 'encoding', 'collate', 'ctype', 'locale'] as const
const ownSwitch = ['analyze', 'continueOnError', 'singleTransaction'] as const

/**
 * A fix names an option of the program, or one of the draft's own choices ("target.owner", "analyze"). One transaction is
 * the draft's choice for a script and an option of pg_restore for an archive.
 */
export function applyFix(draft: RestoreDraft, base: RestoreBase, script: boolean, key: string, value: unknown): RestoreDraft {
  const name = key.replace(/^target\./, '').replace(/^database$/, 'newDatabase')
  const text = ownText.find((own) => own === name)
  if (text !== undefined && key.startsWith('target.') && typeof value === 'string') return { ...draft, [text]: value }
  if (name === 'localeProvider') {
    return { ...draft, localeProvider: z.enum(['', 'libc', 'icu', 'builtin']).catch('').parse(value) }
  }
  if (key === 'target.leaveOwn') return { ...draft, leaveOwn: value === true }
  if (key === 'target.endSessions') return { ...draft, endSessions: value === true }
  const own = ownSwitch.find((one) => one === key)
  if (own !== undefined && (script || own !== 'singleTransaction')) return { ...draft, [own]: value === true }
  return { ...draft, changes: changeOption(base.defaults, draft.changes, key, optionValue(value)) }
}
