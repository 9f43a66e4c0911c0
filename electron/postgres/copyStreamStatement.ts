// Runs one statement over the extended protocol on the driver's connection: what COPY out, COPY in and plain COPY share.
import type { Duplex } from 'node:stream'
import type { Client, Connection, DatabaseError } from 'pg'

export interface Field {
  name: string
  dataTypeID: number
  dataTypeModifier: number
}

export interface StatementEvents {
  /** Sends the first messages. */
  send(stream: Duplex): void
  copyIn?(stream: Duplex): void
  fields?(fields: Field[]): void
  /** The statement failed; the server waits for Sync unless that was sent with the first messages. */
  failed?(stream: Duplex): void
}

/** "COPY 3", or '' when nothing was executed. Rejects with the server's DatabaseError or the connection's error. */
export function runStatement(client: Client, events: StatementEvents): Promise<string> {
  return new Promise((resolve, reject) => {
    let tag = ''
    client.query({
      submit: (connection: Connection) => events.send(connection.stream),
      handleRowDescription: (message: { fields: Field[] }) => events.fields?.(message.fields),
      handleDataRow: () => undefined,
      handlePortalSuspended: () => undefined,
      handleEmptyQuery: () => undefined,
      handleCopyData: () => undefined,
      handleCopyInResponse: (connection: Connection) => events.copyIn?.(connection.stream),
      handleCommandComplete: (message: { text: string }) => {
        tag = message.text
      },
      handleError: (error: DatabaseError | Error, connection: Connection) => {
        events.failed?.(connection.stream)
        reject(error)
      },
      handleReadyForQuery: () => resolve(tag),
    })
  })
}

/** The rows of "COPY 3"; 0 for anything else. */
export function rowsOf(tag: string): number {
  return Number(/^COPY (\d+)$/.exec(tag)?.[1] ?? 0)
}
