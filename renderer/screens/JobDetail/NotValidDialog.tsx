// Adds a constraint as NOT VALID, having shown the statement and where it runs; then says how its rows are checked later.
import { useState } from 'react'
import type { FailedConstraint, NotValidPlan } from '../../../shared/contracts/restoreOutcome'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { Button } from '../../components/Button'
import { CommandText } from '../../components/CommandBlock'
import { CopyButton } from '../../components/CopyButton'
import { Dialog } from '../../components/Dialog'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { KeyValues } from '../../components/KeyValues'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useConnections } from '../../stores/connections'
import { useAsk } from '../../wizard/useAsk'
import { placeRows } from './placeRows'

export interface NotValidDialogProps {
  job: JobSnapshot
  constraint: FailedConstraint
  onAdded: () => void
  onClose: () => void
}

export function NotValidDialog({ job, constraint, onAdded, onClose }: NotValidDialogProps) {
  const ref = { jobId: job.id, issue: constraint.issue }
  const { data: plan, error, again } = useAsk(ref, api.restoreOutcome.notValid)
  const connection = useConnections(({ connections }) => connections.find(({ id }) => id === job.connectionId))
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<ShownError | null>(null)
  const [done, setDone] = useState(false)
  const there = done || plan?.there === true
  const readOnly = connection?.readOnly === true
  const add = async () => {
    setBusy(true)
    setFailure(null)
    try {
      await api.restoreOutcome.addNotValid(ref)
      setDone(true)
      onAdded()
    } catch (cause) {
      setFailure(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      title={
        <>
          {there ? '' : 'Add '}
          <span className="issue-title mono">{constraint.name}</span>
          {done ? ' is added' : there ? ' is there already' : ' as NOT VALID?'}
        </>
      }
      width={640}
      locked={busy}
      onClose={onClose}
      footNote={
        readOnly && !there ? `${connection.label} is marked read-only: take the mark off in the connection to add it.` : undefined
      }
      actions={
        there ? (
          <Button key="close" kind="primary" autoFocus onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button onClick={onClose} disabled={busy} autoFocus>
              Cancel
            </Button>
            <Button kind="primary" busy={busy} disabled={plan === undefined || readOnly} onClick={() => void add()}>
              Add as NOT VALID
            </Button>
          </>
        )
      }
    >
      {error !== null && <ErrorNote error={error} onRetry={again} />}
      {plan === undefined && error === null && <Loading>Asking {job.serverLabel}…</Loading>}
      {plan !== undefined && error === null && (
        <div className="col g12">
          {there ? <Later plan={plan} name={constraint.name} done={done} /> : <Before plan={plan} />}
          {failure !== null && <ErrorNote error={failure} />}
        </div>
      )}
    </Dialog>
  )
}

function Before({ plan }: { plan: NotValidPlan }) {
  return (
    <>
      <div className="t2">
        PostgreSQL then checks every row that is added or changed. The rows that are there stay as they are and are not checked
        until you have them validated. For a moment it locks the table; it waits 10 s for that at most.
      </div>
      <div className="where way-where">
        <KeyValues rows={[...placeRows(plan), { label: 'Table', value: plan.table, mono: true }]} labelWidth={112} />
      </div>
      <Statement label="The statement" sql={plan.sql} />
    </>
  )
}

function Later({ plan, name, done }: { plan: NotValidPlan; name: string; done: boolean }) {
  return (
    <>
      <Note tone={done ? 'pass' : 'neutral'}>
        {done ? 'Added: ' : ''}
        <span className="mono">{name}</span> {done ? 'is on' : 'is there on'} <span className="mono">{plan.table}</span> in{' '}
        <span className="mono">{plan.database}</span>
        {done ? ', NOT VALID. New and changed rows are checked from now on.' : ': nothing is left to add.'}
      </Note>
      <div className="t2">
        {done ? 'Once the rows in the way are put right, have' : 'If it is still NOT VALID, have'} PostgreSQL check all rows with
        this statement. It reads the whole table; others can read and write it meanwhile.
      </div>
      <Statement label="To validate it" sql={plan.validate} />
    </>
  )
}

function Statement({ label, sql }: { label: string; sql: string }) {
  return (
    <section aria-label={label}>
      <div className="row way-head">
        <h3 className="lab">{label}</h3>
        <span className="sp" />
        <CopyButton text={sql} />
      </div>
      <CommandText command={{ title: '', program: '', version: null, words: [sql], kind: 'sql' }} />
    </section>
  )
}
