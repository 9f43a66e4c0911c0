// Connects to a server for work that is not about one of its databases.
import type { Client } from 'pg'
import type { ResolvedConnection, Services } from '../services'
import { ConnectError } from './connectError'

/** Connects to the connection's own database, or to another where that one can't be entered. */
export async function openServer(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  signal?: AbortSignal,
  except?: string,
): Promise<Client> {
  const names = [...new Set([connection.settings.database, 'postgres', 'template1'])].filter(
    (name) => name !== except && name !== '',
  )
  let last: unknown
  for (const name of names) {
    try {
      return await services.connections.open(connection, name, signal)
    } catch (error) {
      if (!(error instanceof ConnectError) || error.words.failure !== 'database') throw error
      last = error
    }
  }
  throw last
}

export async function withServer<T>(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  work: (client: Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const client = await openServer(services, connection, signal)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
