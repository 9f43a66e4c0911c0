// The replication slot that a base backup left on the server: what it keeps, and the way to drop it.
import { useEffect, useRef, useState } from 'react'
import type { LeftSlot } from '../../../shared/contracts/baseBackup'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { KeyValues } from '../../components/KeyValues'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useConnections } from '../../stores/connections'
import { useAsk } from '../../wizard/useAsk'
import { serverRows } from './placeRows'

/** Of a job that did not succeed. */
export function leftSlotOf(job: JobSnapshot): string | null {
  if (job.state !== 'interrupted' && job.state !== 'failed' && job.state !== 'cancelled') return null
  return job.outputs.find((output) => output.slot !== undefined)?.slot?.name ?? null
}

export function LeftSlotCard({ job, name }: { job: JobSnapshot; name: string }) {
  const { data: left, error, again } = useAsk({ jobId: job.id }, api.baseBackup.leftSlot)
  const connection = useConnections(({ connections }) => connections.find(({ id }) => id === job.connectionId))
  const [dropping, setDropping] = useState(false)
  const [dropped, setDropped] = useState(false)
  const said = useRef<HTMLDivElement>(null)
  // The button that had the focus is gone with the slot.
  useEffect(() => {
    if (dropped) said.current?.focus()
  }, [dropped])
  const readOnly = connection?.readOnly === true
  const there = !dropped && left?.there === true
  return (
    <Card title="Replication slot" padded>
      <div className="col g8">
        <div className="mono b wrap">{name}</div>
        {there && <KeyValues rows={slotRows(left)} spread />}
        {!dropped && error !== null && <ErrorNote error={error} onRetry={again} />}
        {!dropped && error === null && left === undefined && <Loading>Asking {job.serverLabel}…</Loading>}
        <div ref={said} tabIndex={-1} role="status" className="kept-said">
          {dropped && <Note tone="pass">Dropped. The server keeps no WAL for it any more.</Note>}
          {!dropped && error === null && left?.there === false && (
            <Note tone="neutral">Nothing to drop from here: {left.why}.</Note>
          )}
        </div>
        {there && (
          <>
            <div className="t2 sm">
              This backup made it and is of no use. Until it is dropped the server keeps all WAL from there on, in the end until
              its disk is full.
            </div>
            {left.pid !== null && <Note tone="warning">Process {left.pid} of the server is using it. Stop that first.</Note>}
            {readOnly && (
              <Note tone="neutral">
                {connection.label} is marked read-only: take the mark off in the connection to drop it from here.
              </Note>
            )}
            <div className="row">
              <Button
                kind="danger"
                size="s"
                icon="trash"
                disabled={readOnly || left.pid !== null}
                onClick={() => setDropping(true)}
              >
                Drop the slot…
              </Button>
              {left.pid !== null && (
                <Button size="s" onClick={again}>
                  Ask again
                </Button>
              )}
            </div>
          </>
        )}
      </div>
      {dropping && left !== undefined && (
        <DropSlotDialog
          jobId={job.id}
          left={left}
          onClose={() => {
            setDropping(false)
            if (!dropped) again()
          }}
          onDropped={() => {
            setDropping(false)
            setDropped(true)
          }}
        />
      )}
    </Card>
  )
}

function slotRows({ keptBytes, restartLsn, server, host, port }: LeftSlot) {
  return [
    { label: 'Keeps', value: keptBytes === null ? 'nothing yet' : `${formatBytes(keptBytes)} of WAL` },
    { label: 'From', value: restartLsn ?? 'not reserved', mono: restartLsn !== null },
    { label: 'Server', value: `${server}, ${host === '' ? 'local socket' : host}:${port}` },
  ]
}

interface DropSlotDialogProps {
  jobId: string
  left: LeftSlot
  onClose: () => void
  onDropped: () => void
}

function DropSlotDialog({ jobId, left, onClose, onDropped }: DropSlotDialogProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const { slot, systemIdentifier, statement } = left
  const drop = async () => {
    setBusy(true)
    setError(null)
    try {
      await api.baseBackup.dropLeftSlot({ jobId, confirm: slot, systemIdentifier })
      onDropped()
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open
      title="Drop the replication slot?"
      facts={[
        ...serverRows(left),
        { label: 'Slot', value: slot, mono: true },
        { label: 'Statement', value: statement, mono: true },
      ]}
      typeToConfirm={slot}
      typeLabel="the slot’s name"
      action="Drop the slot"
      busy={busy}
      error={error}
      onConfirm={() => void drop()}
      onClose={onClose}
    >
      The WAL that it keeps is let go at the server’s next checkpoint. A standby or a program that was set up with this slot
      meanwhile would lose what it has not received yet.
    </ConfirmDialog>
  )
}
