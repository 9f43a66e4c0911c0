// Step 3: the checks with their fixes, the SQL as it will run, what is offered besides, and the typed confirmation.

import { useState } from 'react'
import { z } from 'zod'
import type { RescuePreview } from '../../../../shared/contracts/rescue'
import { formatPgVersion } from '../../../../shared/model/pgVersion'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { Card } from '../../../components/Card'
import { CopyButton } from '../../../components/CopyButton'
import { ErrorNote } from '../../../components/Feedback'
import { TextField } from '../../../components/fields'
import { KeyValues } from '../../../components/KeyValues'
import type { ShownError } from '../../../format/errors'
import { plural } from '../../../format/numbers'
import { said } from '../../../format/said'
import { Review } from '../../../wizard/Review'
import type { Asked } from '../../../wizard/useAsk'
import { changeTable, choiceOf, factsOf, isChosen, type RescueDraft, type RescueStep, rescueSteps, wayOf } from '../draft'
import type { RescueStepProps } from '../Wizard'

export interface ReviewStepProps extends RescueStepProps {
  preview: Asked<RescuePreview>
  confirm: string | null
  onConfirm: (typed: string | null) => void
  onStep: (step: RescueStep) => void
  startError: ShownError | null
  starting: boolean
}

export function ReviewStep(props: ReviewStepProps) {
  const { draft, setDraft, prepared, preview, onConfirm, onStep, startError, starting, standing } = props
  const base = prepared.data
  if (!base) return null
  const onFix = ({ action }: PreflightFix) => {
    if (action.kind === 'go-to-step') onStep(rescueSteps.find((step) => step === action.step) ?? 'how')
    else if (action.kind === 'set-option')
      setDraft(
        applyFix(draft, action.key, action.value, (table) => {
          const facts = factsOf(base, table)
          return facts ? wayOf(table, facts) : 'missing'
        }),
      )
  }
  const danger = preview.data?.danger ?? null
  return (
    <Review
      from={{
        head: 'From the recovered cluster',
        what: (
          <>
            {draft.database} <span className="t3 w4">of {standing.server}</span>
          </>
        ),
        detail: `as it was at ${said(base.recovered.momentSays)}, PostgreSQL ${formatPgVersion(base.recovered.version)}`,
      }}
      into={{
        head: 'Into the live database',
        what: (
          <>
            {draft.liveDatabase} <span className="t3 w4">on {base.live.label}</span>
          </>
        ),
        detail: `${plural(draft.tables.length, 'table')}, PostgreSQL ${formatPgVersion(base.live.version)}`,
      }}
      preview={preview}
      onFix={onFix}
      notice={
        <>
          {startError && <ErrorNote error={startError} />}
          {danger && <ConfirmCard danger={danger} onConfirm={onConfirm} />}
        </>
      }
      promise={
        danger
          ? { icon: 'warn', text: 'The rows that are replaced are kept in tables of their own', safe: false }
          : { icon: 'lock', text: 'Rows that are there stay as they are', safe: true }
      }
      waiting={starting}
    >
      {(preview.data?.offered ?? []).length > 0 && <Offered offered={preview.data?.offered ?? []} />}
    </Review>
  )
}

function ConfirmCard({
  danger,
  onConfirm,
}: {
  danger: NonNullable<RescuePreview['danger']>
  onConfirm: (typed: string | null) => void
}) {
  const [typed, setTyped] = useState('')
  const { text, label, host, port, systemIdentifier, database, tables } = danger
  const change = (next: string) => {
    setTyped(next)
    onConfirm(next === text ? next : null)
  }
  return (
    <Card title={tables.length === 1 ? `Replace the rows of ${text}?` : `Replace the rows of ${text}?`} padded>
      <div className="col g8">
        <div className="t2">Their rows of now are kept, and the tables stay the same for everything that depends on them.</div>
        <KeyValues
          labelWidth={128}
          rows={[
            { label: 'Server', value: `${label}, ${host === '' ? 'this machine' : host}:${port}`, mono: true },
            { label: 'System identifier', value: systemIdentifier ?? 'not readable by this role', mono: true },
            { label: 'Database', value: database, mono: true },
            ...tables.map(({ table, kept }) => ({ label: table, value: `kept as ${kept}`, mono: true })),
          ]}
        />
        <TextField
          label={
            <>
              Type <span className="mono b">{text}</span> to go on
            </>
          }
          value={typed}
          onChange={change}
          mono
        />
      </div>
    </Card>
  )
}

function Offered({ offered }: { offered: RescuePreview['offered'] }) {
  const text = offered.map(({ statement }) => (statement.endsWith(';') ? statement : `${statement};`)).join('\n\n')
  return (
    <Card
      title="Gone with it, not made here"
      note={offered.map(({ what }) => what).join(', ')}
      actions={<CopyButton text={text}>Copy</CopyButton>}
    >
      <pre className="code bare" style={{ maxHeight: 240, overflow: 'auto' }} tabIndex={0} role="region" aria-label="Statements">
        {text}
      </pre>
    </Card>
  )
}

const pair = z.tuple([z.string(), z.string()])

/** A fix names a choice, and for those of one table the table: `newName:["public","orders"]`. */
export function applyFix(
  draft: RescueDraft,
  key: string,
  value: unknown,
  wayNow: (table: RescueDraft['tables'][number]) => string,
): RescueDraft {
  if (key === 'triggers') return { ...draft, triggers: value === 'fire' ? 'fire' : 'quiet' }
  if (key === 'addTable') {
    const added = pair.safeParse(value)
    if (!added.success || isChosen(draft, { schema: added.data[0], name: added.data[1] })) return draft
    return { ...draft, tables: [...draft.tables, choiceOf(...added.data)] }
  }
  const colon = key.indexOf(':')
  const named = pair.safeParse(parse(key.slice(colon + 1)))
  if (colon < 0 || !named.success) return draft
  const [schema, name] = named.data
  const table = draft.tables.find((each) => each.schema === schema && each.name === name)
  if (!table) return draft
  switch (key.slice(0, colon)) {
    case 'leaveOut':
      return changeTable(draft, table, { leaveOut: z.array(z.string()).catch([]).parse(value) })
    case 'newName':
      return changeTable(draft, table, wayNow(table) === 'replace' ? { keptName: String(value) } : { newName: String(value) })
    case 'owner':
      return changeTable(draft, table, { owner: String(value) })
    case 'skipTaken':
      return changeTable(draft, table, { skipTaken: value === true })
    default:
      return draft
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not one of ours
  }
}
