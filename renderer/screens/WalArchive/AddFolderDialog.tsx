// Registers a folder that something else fills with WAL: which folder, and of which server.
import { useState } from 'react'
import { Button } from '../../components/Button'
import { Dialog } from '../../components/Dialog'
import { ErrorNote } from '../../components/Feedback'
import { SelectField, TextField } from '../../components/fields'
import { PathField } from '../../components/PathField'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useConnections } from '../../stores/connections'

export function AddFolderDialog({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const connections = useConnections((state) => state.connections)
  const [folder, setFolder] = useState('')
  const [label, setLabel] = useState('')
  const [connectionId, setConnection] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const add = async () => {
    if (folder.trim() === '' || busy) return
    setBusy(true)
    setError(null)
    try {
      await api.walArchive.register({ folder: folder.trim(), label, connectionId: connectionId === '' ? null : connectionId })
      onAdded()
    } catch (cause) {
      setError(shownError(cause))
      setBusy(false)
    }
  }
  return (
    <Dialog
      open
      title="Add a folder of WAL"
      onClose={onClose}
      locked={busy}
      onSubmit={() => void add()}
      footNote="The folder is only read; nothing is ever written into it."
      actions={
        <>
          <Button onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button kind="primary" type="submit" busy={busy} disabled={folder.trim() === ''}>
            Add
          </Button>
        </>
      }
    >
      <div className="col g12">
        <PathField
          label="Folder"
          value={folder}
          onChange={setFolder}
          help="On the machine that runs Walkback: where archive_command or pg_receivewal writes."
          autoFocus
        />
        <SelectField
          label="Server"
          value={connectionId}
          onChange={setConnection}
          options={[
            { value: '', label: 'None of the saved ones' },
            ...connections.map((connection) => ({ value: connection.id, label: connection.label })),
          ]}
        />
        <TextField label="Name" value={label} onChange={setLabel} placeholder="The server’s, or the folder’s" />
        {error && <ErrorNote error={error} />}
      </div>
    </Dialog>
  )
}
