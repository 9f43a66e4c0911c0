// A connection whose running statement can be stopped, and watched, from a second one.
import type { Client } from 'pg'
import type { ConnectionStore, ResolvedConnection } from '../services'

export interface Stoppable {
  client: Client
  pid: number
  /** Asks the server to stop what runs; when it has not after some seconds the connection is cut, which ends it too. */
  cancel(): void
  /** On a connection of its own; undefined when that can't be had. */
  ask<T>(work: (client: Client) => Promise<T>): Promise<T | undefined>
  close(): Promise<void>
}

const patienceMs = 5000

export async function openStoppable(
  connections: Pick<ConnectionStore, 'open'>,
  connection: ResolvedConnection,
  database: string,
  signal: AbortSignal,
): Promise<Stoppable> {
  const client = await connections.open(connection, database, signal)
  let second: Promise<Client> | undefined
  let timer: NodeJS.Timeout | undefined
  const cut = () => void client.connection.stream.destroy()
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid')
    const pid = rows[0]?.pid ?? 0
    const ask = async <T>(work: (client: Client) => Promise<T>): Promise<T | undefined> => {
      try {
        second ??= connections.open(connection, database)
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
