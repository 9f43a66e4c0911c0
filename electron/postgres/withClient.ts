// Opens a connection for one piece of work and closes it afterwards, whatever happens.
import type { Client } from 'pg'
import { AppError } from '../../shared/rpc/appError'
import type { ConnectionStore, ResolvedConnection } from '../services'

export interface ClientWork {
  connections: Pick<ConnectionStore, 'open'>
  connection: ResolvedConnection
  database?: string
  signal?: AbortSignal
}

/** An abort closes the connection at once; what the server still does ends by its own time limits. */
export async function withClient<T>(
  { connections, connection, database, signal }: ClientWork,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connections.open(connection, database, signal)
  const stop = () => client.connection.stream.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await work(client)
  } catch (error) {
    if (signal?.aborted) throw new AppError('cancelled', 'Cancelled.', { cause: error })
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
    await client.end()
  }
}
