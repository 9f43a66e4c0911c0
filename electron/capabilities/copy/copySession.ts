// Connections for copying: one that runs the statements, and a second one that can stop it and watch it.
import type { Client } from 'pg'
import type { Services } from '../../services'

export type CopyServices = Pick<Services, 'connections' | 'jobs' | 'settings'>

export interface CopySession {
  client: Client
  pid: number
  /** Asks the server to stop what runs; when it has not after some seconds the connection is cut, which ends it too. */
  cancel(): void
  /** On a connection of its own; undefined when that can't be had. */
  ask<T>(work: (client: Client) => Promise<T>): Promise<T | undefined>
  close(): Promise<void>
}

const patienceMs = 5000

export async function openCopySession(
  services: Pick<CopyServices, 'connections'>,
  connectionId: string,
  database: string,
  signal: AbortSignal,
): Promise<CopySession> {
  const connection = await services.connections.resolve(connectionId)
  const client = await services.connections.open(connection, database, signal)
  let second: Promise<Client> | undefined
  let timer: NodeJS.Timeout | undefined
  const cut = () => void client.connection.stream.destroy()
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid')
    const pid = rows[0]?.pid ?? 0
    const ask = async <T>(work: (client: Client) => Promise<T>): Promise<T | undefined> => {
      try {
        second ??= services.connections.open(connection, database)
        return await work(await second)
      } catch {
        // Too many connections, or a server that goes down: progress and a gentle stop can be done without.
        const failed = second
        second = undefined
        void failed?.then(
          (other) => other.end(),
          () => undefined,
        )
        return undefined
      }
    }
    return {
      client,
      pid,
      ask,
      cancel: () => {
        timer ??= setTimeout(cut, patienceMs)
        void ask((other) => other.query('SELECT pg_catalog.pg_cancel_backend($1)', [pid]))
      },
      close: async () => {
        clearTimeout(timer)
        await client.end()
        // It may still be opening, for a stop that came at the very end.
        await second?.then(
          (other) => other.end(),
          () => undefined,
        )
      },
    }
  } catch (error) {
    await client.end()
    throw error
  }
}
