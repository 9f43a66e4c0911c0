// Drops a database after its name was typed, having said where it is and what backup of it there is.
import { useState } from 'react'
import type { SavedConnection } from '../../../shared/model/connection'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { Note } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { plural } from '../../format/numbers'
import { formatAgo } from '../../format/time'
import { api } from '../../rpc/api'
import { type ServerPage, serverFactsRows } from '../../stores/server'
import type { DatabaseProtection } from './protection'

export interface DropDatabaseDialogProps {
  connection: SavedConnection
  page: ServerPage
  database: string
  protection: DatabaseProtection | undefined
  onClose: () => void
  onDropped: () => void
}

export function DropDatabaseDialog({ connection, page, database, protection, onClose, onDropped }: DropDatabaseDialogProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const drop = async () => {
    setBusy(true)
    setError(null)
    try {
      await api.connections.dropDatabase({ connectionId: connection.id, database, confirm: database })
      onDropped()
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  const last = protection?.last
  const sessions = protection?.database.sessions ?? 0
  return (
    <ConfirmDialog
      open
      title={`Drop the database ${database}?`}
      facts={[...serverFactsRows(connection, page), { label: 'Database', value: database, mono: true }]}
      typeToConfirm={database}
      typeLabel="the database’s name"
      action="Drop the database"
      busy={busy}
      error={error}
      onConfirm={() => void drop()}
      onClose={onClose}
    >
      <div className="col g8">
        <span>All its tables and rows are gone at once. PostgreSQL has no way to take it back.</span>
        {last && protection.check !== 'failed' ? (
          <Note tone="neutral">Its last dump is {formatAgo(last.record.startedAt)}; what was written since is in no dump.</Note>
        ) : (
          <Note tone="warning">There is no good dump of it in the libraries.</Note>
        )}
        {sessions > 0 && <Note tone="warning">{plural(sessions, 'session')} connected to it when last asked.</Note>}
      </div>
    </ConfirmDialog>
  )
}
