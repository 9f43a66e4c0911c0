// Everything a server's page shows, read over one connection.
import { z } from 'zod'
import type { ServerPage } from '../../../shared/contracts/connections'
import { readReadiness } from '../../postgres/readiness'
import { readDatabases, readServerFacts } from '../../postgres/serverFacts'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { ConnectionStore, ResolvedConnection } from '../../services'

const isoUtc = (time: string): string => `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** archive_library (15) is what archives when set; the command is unused then. */
const archivingSql = `
  SELECT current_setting('archive_mode') AS mode,
         COALESCE('archive_library: ' || NULLIF(current_setting('archive_library', true), ''),
                  current_setting('archive_command')) AS command,
         ${isoUtc('last_archived_time')} AS "lastArchivedAt",
         ${isoUtc('last_failed_time')} AS "lastFailedAt",
         ${isoUtc('pg_postmaster_start_time()')} AS "startedAt"
    FROM pg_stat_archiver`

const archivingRow = z.object({
  mode: z.string(),
  command: z.string(),
  lastArchivedAt: z.string().nullable(),
  lastFailedAt: z.string().nullable(),
  startedAt: z.string(),
})

export function readServerPage(
  connections: Pick<ConnectionStore, 'open'>,
  connection: ResolvedConnection,
  signal: AbortSignal,
): Promise<ServerPage> {
  return withClient({ connections, connection, signal }, async (client) => {
    try {
      await client.query("SET statement_timeout = '30s'")
      const facts = await readServerFacts(client)
      const databases = await readDatabases(client, facts.version)
      const { rows } = await client.query(archivingSql)
      const { startedAt, ...archiving } = archivingRow.parse(rows[0])
      const readiness = await readReadiness(client, facts, connection, signal)
      return { facts, databases, archiving, readiness, startedAt }
    } catch (error) {
      if (error instanceof z.ZodError) throw error
      throw explainSqlError(error, `Reading what ${connection.label} says of itself`)
    }
  })
}
