// Drops one database after its name was typed, never by force, and says on which server.
import { type Client, DatabaseError } from 'pg'
import { z } from 'zod'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { ConnectError } from '../../postgres/connectError'
import { place } from '../../postgres/explainFailure'
import { readServerFacts } from '../../postgres/serverFacts'
import { explainSqlError } from '../../postgres/sqlError'
import type { ConnectionStore, ResolvedConnection } from '../../services'

export interface DropRequest {
  connectionId: string
  database: string
  confirm: string
}

/** Throws AppError; the database is untouched then. */
export async function dropDatabase(connections: ConnectionStore, request: DropRequest, signal: AbortSignal): Promise<void> {
  const { connectionId, database, confirm } = request
  connections.requireWritable(connectionId, `Dropping the database ${database}`)
  if (confirm !== database) {
    throw new AppError('bad_input', 'The name typed is not the name of the database.', {
      hint: `Type ${database} exactly, capital letters and spaces included.`,
    })
  }
  const connection = await connections.resolve(connectionId)
  const client = await openBeside(connections, connection, database, signal)
  try {
    const { systemIdentifier } = await readServerFacts(client)
    const where = `${place(connection.settings)} (system identifier ${systemIdentifier ?? 'not readable'})`
    await refuseTemplateOrMissing(client, database, where)
    if (signal.aborted) throw new AppError('cancelled', `Cancelled: ${database} was not dropped.`)
    await client.query(`DROP DATABASE ${quoteIdentifier(database)}`).catch(async (error: unknown) => {
      throw await explainDrop(client, error, database, where)
    })
  } finally {
    await client.end()
  }
}

/** A database can't be dropped from inside itself: the connection's own is left for postgres or template1. */
async function openBeside(
  connections: ConnectionStore,
  connection: ResolvedConnection,
  database: string,
  signal: AbortSignal,
): Promise<Client> {
  const candidates = [...new Set([connection.settings.database, 'postgres', 'template1'])].filter((name) => name !== database)
  let last: ConnectError | undefined
  for (const candidate of candidates) {
    try {
      return await connections.open(connection, candidate, signal)
    } catch (error) {
      if (!(error instanceof ConnectError) || !['database', 'pg_hba', 'password-missing'].includes(error.words.failure))
        throw error
      last = error
    }
  }
  throw new AppError(
    'conflict',
    `${database} can't be dropped: no other database of ${place(connection.settings)} can be entered.`,
    {
      hint: `A database is dropped from another one. ${last?.words.message ?? ''} ${last?.words.hint ?? ''}`.trim(),
      ...(last ? { cause: last } : {}),
    },
  )
}

async function refuseTemplateOrMissing(client: Client, database: string, where: string): Promise<void> {
  // ::text, for a parameter of type name would be cut to 63 bytes and could so match another database.
  const { rows } = await client.query('SELECT datistemplate AS template FROM pg_database WHERE datname = $1::text', [database])
  if (rows.length === 0) {
    throw new AppError('not_found', `There is no database ${database} on ${where}.`, {
      hint: 'Refresh the list; somebody may have dropped it.',
    })
  }
  if (z.object({ template: z.boolean() }).parse(rows[0]).template) {
    throw new AppError('conflict', `${database} on ${where} is a template database and is not dropped.`, {
      hint: `If it must go: ALTER DATABASE ${quoteIdentifier(database)} IS_TEMPLATE false; first.`,
    })
  }
}

async function explainDrop(client: Client, error: unknown, database: string, where: string): Promise<AppError> {
  // object_in_use: sessions, prepared transactions, logical slots or subscriptions.
  if (!(error instanceof DatabaseError) || error.code !== '55006') {
    return explainSqlError(error, `Dropping ${database} on ${where}`)
  }
  const { rows } = await client.query(
    `SELECT COALESCE(NULLIF(application_name, ''), 'unnamed') AS name, count(*)::int4 AS count
       FROM pg_stat_activity WHERE datname = $1::text GROUP BY 1 ORDER BY 2 DESC, 1`,
    [database],
  )
  const sessions = z.array(z.object({ name: z.string(), count: z.number() })).parse(rows)
  const total = sessions.reduce((sum, { count }) => sum + count, 0)
  const names = sessions.map(({ name, count }) => (count === 1 ? name : `${name} (${count})`)).join(', ')
  const original = [error.message, error.detail].filter(Boolean).join('\n')
  const inTheWay =
    total === 0 ? (error.detail ?? error.message) : `${total} ${total === 1 ? 'session uses' : 'sessions use'} it: ${names}.`
  return new AppError('conflict', `${database} on ${where} was not dropped: ${inTheWay}`, {
    hint: total === 0 ? 'End what uses it, then try again.' : 'Close these applications, then try again. Nothing was changed.',
    details: { original, sessions: total },
    cause: error,
  })
}
