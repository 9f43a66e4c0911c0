// Step 3: everything once more before it starts, with the preflight and its fixes.
import { useState } from 'react'
import { z } from 'zod'
import { baseBackupFormats } from '../../../../shared/contracts/baseBackup'
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { ConfirmDialog } from '../../../components/ConfirmDialog'
import { ErrorNote, Note } from '../../../components/Feedback'
import { type ShownError, shownError } from '../../../format/errors'
import { formatWhen } from '../../../format/time'
import { api } from '../../../rpc/api'
import { serverFactsRows, useServer } from '../../../stores/server'
import { optionValue } from '../../../wizard/fixValue'
import { changeOption } from '../../../wizard/optionState'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import {
  type BaseBase,
  type BaseDraft,
  type BaseStep,
  baseOptions,
  baseSteps,
  defaultsFor,
  formatOf,
  parentOf,
  targetOf,
} from '../draft'
import type { BaseStepProps } from '../Wizard'
import { promiseOf, walMethods, walWords } from '../words'

export interface ReviewStepProps extends BaseStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: BaseStep) => void
  startError: ShownError | null
  starting: boolean
}

export function ReviewStep(props: ReviewStepProps) {
  const { connection, draft, setDraft, prepared, preview, onStep, startError, starting } = props
  const [statements, setStatements] = useState<readonly string[] | null>(null)
  const [turnedOn, setTurnedOn] = useState(false)
  const base = prepared.data
  if (!base) return null
  const options = baseOptions(draft, base)
  const target = targetOf(options)
  const parent = base.parents.find(({ path }) => path === parentOf(draft, base))
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onStep(baseSteps.find((step) => step === action.step) ?? 'options')
    else if (action.kind === 'set-option') setDraft(applyFix(draft, base, action.key, action.value))
    else if (action.kind === 'summarize-wal') setStatements(action.statements)
  }
  const method = walMethods.find((value) => value === options.walMethod) ?? 'stream'
  return (
    <>
      <Review
        from={{
          head: parent ? 'What changed' : 'The whole cluster',
          what: connection.label,
          detail: [
            `PostgreSQL ${formatPgVersion(base.serverVersion)}`,
            base.clusterSize === null ? '' : formatBytes(base.clusterSize),
            parent ? `since the backup of ${formatWhen(parent.startedAt)}` : '',
          ]
            .filter(Boolean)
            .join(', '),
        }}
        into={{
          head: target === null ? 'Into the library' : 'To a target',
          what: target ?? (draft.label.trim() || 'Base backup'),
          detail: [
            target === null ? `${formatOf(draft, base)} format` : '',
            `WAL: ${walWords[method].label.toLowerCase()}`,
            target !== null ? '' : draft.verify ? 'checked afterwards' : 'not checked',
          ]
            .filter(Boolean)
            .join(', '),
        }}
        preview={preview}
        onFix={onFix}
        notice={
          <>
            {startError && <ErrorNote error={startError} />}
            {turnedOn && <Note tone="pass">summarize_wal is on. The server summarizes its WAL from now.</Note>}
          </>
        }
        promise={promiseOf(connection.label, options)}
        waiting={starting}
      />
      <SummarizeDialog
        connectionId={connection.id}
        connection={connection}
        statements={statements}
        onClose={() => setStatements(null)}
        onDone={() => {
          setStatements(null)
          setTurnedOn(true)
          prepared.again()
          preview.again()
        }}
      />
    </>
  )
}

interface SummarizeDialogProps extends Pick<BaseStepProps, 'connection'> {
  connectionId: string
  statements: readonly string[] | null
  onClose: () => void
  onDone: () => void
}

function SummarizeDialog({ connection, connectionId, statements, onClose, onDone }: SummarizeDialogProps) {
  const { page } = useServer(connectionId)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const run = async () => {
    setBusy(true)
    setError(null)
    try {
      await api.baseBackup.summarize({ connectionId })
      onDone()
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open={statements !== null}
      title="Turn summarize_wal on?"
      action="Turn it on"
      destructive={false}
      busy={busy}
      error={error}
      facts={serverFactsRows(connection, page)}
      onConfirm={() => void run()}
      onClose={() => {
        setError(null)
        onClose()
      }}
    >
      <p>
        The server then notes in <span className="mono">pg_wal/summaries</span> which blocks changed. It needs no restart and
        little room. These statements will run:
      </p>
      <pre className="mono sm" style={{ marginTop: 8, whiteSpace: 'pre-wrap' }}>
        {(statements ?? []).join('\n')}
      </pre>
    </ConfirmDialog>
  )
}

/** A fix names an option of pg_basebackup, or one of the draft's own choices. */
export function applyFix(draft: BaseDraft, base: BaseBase, key: string, value: unknown): BaseDraft {
  if (key === 'parent') return { ...draft, incremental: false }
  if (key === 'verify') return { ...draft, verify: value === true }
  if (key === 'configuration') return { ...draft, configuration: value === true }
  if (key === 'format') return { ...draft, format: z.enum(baseBackupFormats).catch(formatOf(draft, base)).parse(value) }
  return { ...draft, changes: changeOption(defaultsFor(formatOf(draft, base), base), draft.changes, key, optionValue(value)) }
}
