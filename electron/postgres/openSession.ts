// Opens a connection and sets its session up: known language, no search path, read-only where the connection is marked so.
import type { Client } from 'pg'
import type { PgVersion } from '../../shared/model/pgVersion'
import { AppError } from '../../shared/rpc/appError'
import type { ResolvedConnection } from '../services'
import { type ConnectOptions, connect } from './connect'
import { ConnectError } from './connectError'
import { explainOldServer } from './explainFailure'
import { explainSqlError } from './sqlError'

const oldest = 130_000

/** Only a superuser may set lc_messages; for others the server's language stays, and errors are told apart by code. */
const setUp = `
  SELECT pg_catalog.set_config('search_path', '', false),
         pg_catalog.set_config('DateStyle', 'ISO, YMD', false),
         pg_catalog.set_config('IntervalStyle', 'postgres', false),
         pg_catalog.set_config('default_transaction_read_only', CASE WHEN $1 THEN 'on' ELSE pg_catalog.current_setting('default_transaction_read_only') END, false),
         CASE WHEN pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on'
              THEN pg_catalog.set_config('lc_messages', 'C', false) END,
         pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version,
         pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on' AS superuser`

export interface Session {
  client: Client
  version: PgVersion
  superuser: boolean
}

/** Throws ConnectError, 'version' for a server older than 13. */
export async function openSession(
  connection: ResolvedConnection,
  options: Omit<ConnectOptions, 'replication'> = {},
): Promise<Session> {
  const client = await connect(connection, options)
  const stop = () => client.connection.stream.destroy()
  options.signal?.addEventListener('abort', stop, { once: true })
  try {
    const { rows } = await client.query<{ version: number; superuser: boolean }>(setUp, [connection.readOnly])
    const row = rows[0]
    if (!row) throw new Error('the session query returned no row')
    if (row.version < oldest) throw new ConnectError(explainOldServer(row.version))
    return { client, ...row }
  } catch (error) {
    await client.end()
    if (options.signal?.aborted) throw new AppError('cancelled', 'Connecting was cancelled.', { cause: error })
    throw explainSqlError(error, 'Setting up the session')
  } finally {
    options.signal?.removeEventListener('abort', stop)
  }
}
