// The saved servers, which of them is chosen, and which dialog about them is open.
import { create } from 'zustand'
import type { SavedConnection } from '../../shared/model/connection'
import { type ShownError, shownError } from '../format/errors'
import { api } from '../rpc/api'

export type ConnectionDialog = { kind: 'edit'; id: string | null } | { kind: 'manage' } | null

export interface ConnectionsState {
  connections: readonly SavedConnection[]
  loaded: boolean
  error: ShownError | null
  selectedId: string | null
  dialog: ConnectionDialog
}

const storageKey = 'walkback.server'

export const useConnections = create<ConnectionsState>(() => ({
  connections: [],
  loaded: false,
  error: null,
  selectedId: localStorage.getItem(storageKey),
  dialog: null,
}))

export async function loadConnections(): Promise<void> {
  try {
    const { connections } = await api.connections.list({})
    useConnections.setState((state) => {
      const known = connections.some((connection) => connection.id === state.selectedId)
      return { connections, loaded: true, error: null, selectedId: known ? state.selectedId : (connections[0]?.id ?? null) }
    })
  } catch (error) {
    useConnections.setState({ error: shownError(error) })
  }
}

export function selectConnection(id: string): void {
  localStorage.setItem(storageKey, id)
  useConnections.setState({ selectedId: id })
}

/** null opens the dialog for a new server. */
export function editConnection(id: string | null): void {
  useConnections.setState({ dialog: { kind: 'edit', id } })
}

export function showConnectionDialog(dialog: ConnectionDialog): void {
  useConnections.setState({ dialog })
}

export function useSelectedConnection(): SavedConnection | undefined {
  return useConnections((state) => state.connections.find((connection) => connection.id === state.selectedId))
}

/** `db1.internal:5432`, a socket's folder as it is; what is not given reads as libpq would take it. */
export function addressOf(connection: Pick<SavedConnection, 'settings'>): string {
  const { host, port, service } = connection.settings
  if (host === '' && service !== '') return `service ${service}`
  const address = host === '' ? 'local socket' : host
  if (address.startsWith('/') || address.startsWith('@') || host === '')
    return port === null ? address : `${address} port ${port}`
  return `${address.includes(':') ? `[${address}]` : address}:${port ?? 5432}`
}
