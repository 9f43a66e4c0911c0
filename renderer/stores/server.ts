// What each server said of itself when it was last asked, by connection.

import type { z } from 'zod'
import { create } from 'zustand'
import type { serverPage } from '../../shared/contracts/connections'
import type { SavedConnection } from '../../shared/model/connection'
import type { KeyValue } from '../components/KeyValues'
import { type ShownError, shownError } from '../format/errors'
import { api } from '../rpc/api'
import { addressOf } from './connections'

export type ServerPage = z.infer<typeof serverPage>

export interface ServerEntry {
  page: ServerPage | null
  error: ShownError | null
  loading: boolean
  /** When the page was last read, ISO. */
  at: string | null
}

const emptyEntry: ServerEntry = { page: null, error: null, loading: false, at: null }

export const useServers = create<{ entries: Readonly<Record<string, ServerEntry>> }>(() => ({ entries: {} }))

function update(id: string, change: Partial<ServerEntry>): void {
  useServers.setState(({ entries }) => ({ entries: { ...entries, [id]: { ...(entries[id] ?? emptyEntry), ...change } } }))
}

/** The last page stays while it is asked again, and when the asking fails. */
export async function loadServer(connectionId: string): Promise<void> {
  if (useServers.getState().entries[connectionId]?.loading === true) return
  update(connectionId, { loading: true })
  try {
    const page = await api.connections.server({ connectionId })
    update(connectionId, { page, error: null, loading: false, at: new Date().toISOString() })
  } catch (error) {
    update(connectionId, { error: shownError(error), loading: false })
  }
}

/** After a connection's settings changed, what its old address said no longer counts. */
export function forgetServer(connectionId: string): void {
  useServers.setState(({ entries }) => {
    const { [connectionId]: _gone, ...rest } = entries
    return { entries: rest }
  })
}

export function useServer(connectionId: string | undefined): ServerEntry {
  return useServers(({ entries }) => (connectionId === undefined ? emptyEntry : (entries[connectionId] ?? emptyEntry)))
}

/** The rows that every destructive dialog shows, so that nobody destroys on the wrong server. */
export function serverFactsRows(connection: SavedConnection, page: ServerPage | null): KeyValue[] {
  const { host, port } = connection.settings
  return [
    { label: 'Server', value: connection.label },
    { label: 'Host', value: host === '' ? addressOf(connection) : host, mono: true },
    { label: 'Port', value: String(port ?? 5432), mono: true },
    { label: 'System identifier', value: page?.facts.systemIdentifier ?? 'not known to this role', mono: true },
    { label: 'Data directory', value: page?.facts.dataDirectory ?? 'not known to this role', mono: true },
  ]
}
