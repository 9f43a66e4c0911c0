// The database whose place a restored one took: what it is called now, how large it is, and the way to drop it.
import { useEffect, useRef, useState } from 'react'
import type { KeptDatabase } from '../../../shared/contracts/restoreOutcome'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { ErrorNote, Loading, Note } from '../../components/Feedback'
import { KeyValues } from '../../components/KeyValues'
import { type ShownError, shownError } from '../../format/errors'
import { formatCount, plural } from '../../format/numbers'
import { api } from '../../rpc/api'
import { useConnections } from '../../stores/connections'
import { useAsk } from '../../wizard/useAsk'
import { placeRows } from './placeRows'

export function KeptCard({ job, name }: { job: JobSnapshot; name: string }) {
  const { data: kept, error, again } = useAsk({ jobId: job.id }, api.restoreOutcome.kept)
  const connection = useConnections(({ connections }) => connections.find(({ id }) => id === job.connectionId))
  const [dropping, setDropping] = useState(false)
  const [dropped, setDropped] = useState(false)
  const said = useRef<HTMLDivElement>(null)
  // The button that had the focus is gone with the database.
  useEffect(() => {
    if (dropped) said.current?.focus()
  }, [dropped])
  const readOnly = connection?.readOnly === true
  const there = !dropped && kept?.there === true
  return (
    <Card title="Old database, kept" padded>
      <div className="col g8">
        <div className="mono b wrap">{name}</div>
        {there && <KeyValues rows={sizeRows(kept)} spread />}
        {!dropped && error !== null && <ErrorNote error={error} onRetry={again} />}
        {!dropped && error === null && kept === undefined && <Loading>Asking {job.serverLabel}…</Loading>}
        <div ref={said} tabIndex={-1} role="status" className="kept-said">
          {dropped && <Note tone="pass">Dropped. Its room on the disk is free again.</Note>}
          {!dropped && error === null && kept?.there === false && (
            <Note tone="neutral">It can not be dropped from here: {kept.why}.</Note>
          )}
        </div>
        {there && (
          <>
            <div className="t2 sm">As it was before the restored one took its place. Drop it once nothing in it is needed.</div>
            {readOnly && (
              <Note tone="neutral">
                {connection.label} is marked read-only: take the mark off in the connection to drop it from here.
              </Note>
            )}
            <div>
              <Button kind="danger" size="s" icon="trash" disabled={readOnly} onClick={() => setDropping(true)}>
                Drop the kept database…
              </Button>
            </div>
          </>
        )}
      </div>
      {dropping && kept !== undefined && (
        <DropKeptDialog
          jobId={job.id}
          kept={kept}
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

function sizeRows({ size, sessions, server, host, port }: KeptDatabase) {
  return [
    { label: 'Size', value: size === null ? 'not readable by this role' : formatBytes(size) },
    { label: 'Sessions', value: sessions === 0 ? 'none connected' : `${formatCount(sessions)} connected` },
    { label: 'Server', value: `${server}, ${host === '' ? 'local socket' : host}:${port}` },
  ]
}

interface DropKeptDialogProps {
  jobId: string
  kept: KeptDatabase
  onClose: () => void
  onDropped: () => void
}

function DropKeptDialog({ jobId, kept, onClose, onDropped }: DropKeptDialogProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const { database, systemIdentifier, sessions } = kept
  const drop = async () => {
    setBusy(true)
    setError(null)
    try {
      await api.restoreOutcome.dropKept({ jobId, confirm: database, systemIdentifier })
      onDropped()
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open
      title="Drop the kept database?"
      facts={placeRows(kept)}
      typeToConfirm={database}
      typeLabel="the database’s name"
      action="Drop the kept database"
      busy={busy}
      error={error}
      onConfirm={() => void drop()}
      onClose={onClose}
    >
      <div className="col g8">
        <span>
          All that it held before the restore is gone at once, and PostgreSQL has no way to take it back. The restored database is
          not touched.
        </span>
        {sessions > 0 && (
          <Note tone="warning">
            {plural(sessions, 'session')} connected to it when last asked: it can be dropped once they are closed.
          </Note>
        )}
      </div>
    </ConfirmDialog>
  )
}
