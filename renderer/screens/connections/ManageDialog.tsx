// All saved servers: choose, edit, remove.
import { useState } from 'react'
import type { SavedConnection } from '../../../shared/model/connection'
import { Button, IconButton } from '../../components/Button'
import { Chip } from '../../components/Chip'
import { ConfirmDialog } from '../../components/ConfirmDialog'
import { Dialog } from '../../components/Dialog'
import { EmptyState } from '../../components/Feedback'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import {
  addressOf,
  editConnection,
  loadConnections,
  selectConnection,
  showConnectionDialog,
  useConnections,
} from '../../stores/connections'
import { forgetServer } from '../../stores/server'
import { connectionColour } from '../../theme/connectionColours'

const passwordWords = { none: 'none kept', memory: 'until Walkback ends', encrypted: 'kept, encrypted' } as const

export function ManageDialog() {
  const connections = useConnections((state) => state.connections)
  const [removing, setRemoving] = useState<SavedConnection | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const close = () => showConnectionDialog(null)
  const remove = async (connection: SavedConnection) => {
    setBusy(true)
    setError(null)
    try {
      await api.connections.remove({ connectionId: connection.id })
      forgetServer(connection.id)
      await loadConnections()
      setRemoving(null)
    } catch (cause) {
      setError(shownError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Dialog
        open
        title="Servers"
        width={860}
        onClose={close}
        actions={
          <Button kind="primary" icon="plus" onClick={() => editConnection(null)}>
            Add a server…
          </Button>
        }
      >
        {connections.length === 0 ? (
          <EmptyState icon="server" title="No server yet" />
        ) : (
          <table className="tb dense">
            <thead>
              <tr>
                <th>Name</th>
                <th>Address</th>
                <th>Password</th>
                <th>
                  <span className="sr">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {connections.map((connection) => (
                <tr key={connection.id}>
                  <td>
                    <span className="row">
                      <span className="swatch" style={{ background: connectionColour[connection.colour].value }} />
                      <button
                        type="button"
                        className="plain-link el"
                        onClick={() => {
                          selectConnection(connection.id)
                          close()
                        }}
                      >
                        {connection.label}
                      </button>
                      {connection.readOnly && (
                        <Chip tone="outline" icon="lock">
                          read-only
                        </Chip>
                      )}
                      {connection.practice !== null && (
                        <Chip tone="outline" icon="practice">
                          practice
                        </Chip>
                      )}
                    </span>
                  </td>
                  <td className="mono wrap">{addressOf(connection)}</td>
                  <td className="t2 nw">{passwordWords[connection.password]}</td>
                  <td>
                    <span className="row g4" style={{ justifyContent: 'flex-end' }}>
                      <IconButton
                        icon="edit"
                        size="s"
                        label={`Edit ${connection.label}`}
                        onClick={() => editConnection(connection.id)}
                      />
                      {connection.practice === null && (
                        <IconButton
                          icon="trash"
                          size="s"
                          label={`Remove ${connection.label}`}
                          onClick={() => setRemoving(connection)}
                        />
                      )}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Dialog>
      {removing && (
        <ConfirmDialog
          open
          title={`Remove ${removing.label} from the list?`}
          action="Remove from the list"
          busy={busy}
          error={error}
          facts={[{ label: 'Address', value: addressOf(removing), mono: true }]}
          onConfirm={() => void remove(removing)}
          onClose={() => {
            setRemoving(null)
            setError(null)
          }}
        >
          Only how to reach it is forgotten, with its kept password. The server, its databases and its backups stay as they are.
        </ConfirmDialog>
      )}
    </>
  )
}
