// Turns the summarizing of WAL on, which incremental backups need [17].
import { AppError } from '../../../shared/rpc/appError'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { Services } from '../../services'

export const summarizeStatements = ['ALTER SYSTEM SET summarize_wal = on;', 'SELECT pg_reload_conf();'] as const

/** ALTER SYSTEM can't run in a transaction, so each statement goes by itself. Returns when the server says that it is on. */
export async function turnSummarizeOn(
  services: Pick<Services, 'connections'>,
  connectionId: string,
  signal: AbortSignal,
): Promise<{ statements: string[] }> {
  services.connections.requireWritable(connectionId, 'Changing a setting of the server')
  const connection = await services.connections.resolve(connectionId)
  await withClient({ connections: services.connections, connection, signal }, async (client) => {
    try {
      for (const statement of summarizeStatements) await client.query(statement)
      for (let look = 0; look < 50; look += 1) {
        const { rows } = await client.query<{ on: boolean }>(
          "SELECT setting = 'on' AS on FROM pg_catalog.pg_settings WHERE name = 'summarize_wal'",
        )
        if (rows[0]?.on === true) return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    } catch (error) {
      throw explainSqlError(error, 'Turning summarize_wal on')
    }
    throw new AppError('postgres', 'summarize_wal was set, and the server has not taken it over.', {
      hint: 'A setting on its command line may stand above it: look into pg_settings (source) and the server’s log.',
    })
  })
  return { statements: [...summarizeStatements] }
}
