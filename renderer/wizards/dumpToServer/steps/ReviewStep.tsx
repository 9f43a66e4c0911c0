// Step 4: everything once more before it starts, with the preflight and its fixes.
import { useState } from 'react'
import type { CommandPreview } from '../../../../shared/contracts/dump'
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../../shared/model/preflight'
import { ErrorNote, Note } from '../../../components/Feedback'
import { type ShownError, shownError } from '../../../format/errors'
import { api } from '../../../rpc/api'
import { optionValue } from '../../../wizard/fixValue'
import { changeOption } from '../../../wizard/optionState'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import { type PipeBase, type PipeDraft, type PipeStep, pipeSteps, targetOf } from '../draft'
import type { PipeStepProps } from '../Wizard'

export interface ReviewStepProps extends PipeStepProps {
  preview: Asked<CommandPreview>
  onStep: (step: PipeStep) => void
  startError: ShownError | null
  starting: boolean
}

type Made = Awaited<ReturnType<typeof api.dumpToServer.createRoles>>

export function ReviewStep(props: ReviewStepProps) {
  const { connections, draft, setDraft, prepared, preview, onStep, startError, starting } = props
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  const [makeError, setMakeError] = useState<ShownError | null>(null)
  const base = prepared.data
  if (!base) return null
  const label = (id: string) => connections.find((connection) => connection.id === id)?.label ?? ''

  const createRoles = async (roles: string[]) => {
    setMaking(true)
    setMade(null)
    setMakeError(null)
    try {
      const { connectionId, database, destinationId } = draft
      setMade(await api.dumpToServer.createRoles({ connectionId, database, destinationId, roles }))
    } catch (error) {
      setMakeError(shownError(error))
    } finally {
      setMaking(false)
      prepared.again()
      preview.again()
    }
  }
  const onFix = ({ action }: PreflightFix, row: PreflightRow) => {
    // The database that exists stands in the way: the way on is a new one.
    if (action.kind === 'go-to-step' && row.id === 'database' && draft.kind === 'existing') {
      setDraft({ ...draft, kind: 'new', step: 'destination' })
    } else if (action.kind === 'go-to-step') onStep(pipeSteps.find((step) => step === action.step) ?? 'options')
    else if (action.kind === 'set-option') setDraft(applyFix(draft, base, action.key, action.value))
    else if (action.kind === 'apply-globals') void createRoles(action.roles)
  }
  const target = targetOf(draft, base)
  const size = base.databaseSize === null ? '' : formatBytes(base.databaseSize)
  const owner = target.kind === 'new' && target.owner !== '' ? `owner ${target.owner}` : ''
  return (
    <Review
      from={{
        head: 'From',
        what: (
          <>
            {draft.database} <span className="t3 w4">on {label(draft.connectionId)}</span>
          </>
        ),
        detail: [`PostgreSQL ${formatPgVersion(base.sourceVersion)}`, size].filter(Boolean).join(', '),
      }}
      into={{
        head: target.kind === 'new' ? 'Into a new database, from template0' : 'Into a database that exists',
        what: (
          <>
            {target.database} <span className="t3 w4">on {label(draft.destinationId)}</span>
          </>
        ),
        detail: [`PostgreSQL ${formatPgVersion(base.destinationVersion)}`, owner].filter(Boolean).join(', '),
      }}
      preview={preview}
      onFix={onFix}
      notice={
        <>
          {makeError && <ErrorNote error={makeError} />}
          {made && <MadeNote made={made} />}
          {startError && <ErrorNote error={startError} />}
        </>
      }
      promise={{ icon: 'lock', text: `${label(draft.connectionId)} is only read`, safe: true }}
      waiting={starting || making}
    />
  )
}

function MadeNote({ made }: { made: Made }) {
  const whole = made.created.filter(({ how }) => how === 'as-source')
  const bare = made.created.filter(({ how }) => how === 'bare')
  return (
    <>
      {whole.length > 0 && (
        <Note tone="pass">
          <div role="status">
            Created as at the source, without a password:
            {whole.map(({ name, words }) => (
              <div key={name}>
                <span className="mono">{name}</span> <span className="t2">{words}</span>
              </div>
            ))}
          </div>
        </Note>
      )}
      {bare.map(({ name, words }) => (
        <Note key={name} tone="warning">
          <span className="mono">{name}</span> was created bare, without login and rights: objects can belong to it. {words}
        </Note>
      ))}
      {made.notes.map((note) => (
        <Note key={note} tone="warning">
          {note}
        </Note>
      ))}
      {made.failed.map(({ name, message }) => (
        <Note key={name} tone="blocker">
          <span className="mono">{name}</span> was not created: {message}
        </Note>
      ))}
    </>
  )
}

/** A fix names an option of pg_restore, or one of the draft's own choices. */
export function applyFix(draft: PipeDraft, base: PipeBase, key: string, value: unknown): PipeDraft {
  if (key === 'continueOnError' || key === 'analyze') return { ...draft, [key]: value === true }
  return { ...draft, restoreChanges: changeOption(base.restoreDefaults, draft.restoreChanges, key, optionValue(value)) }
}
