// What the server says of itself and of all its databases, for a dump of the whole cluster.
import type { Client } from 'pg'
import { z } from 'zod'
import type { ClusterDatabase } from '../../../shared/contracts/clusterDump'
import type { BackupSource } from '../../../shared/model/backupRecord'
import { openServer } from '../../postgres/openServer'
import { readDatabases } from '../../postgres/serverFacts'
import { readServer } from '../../postgres/serverState'
import type { ResolvedConnection } from '../../services'
import type { ClusterServices } from './parts'

export interface Cluster {
  version: number
  user: string
  superuser: boolean
  /** May read every table: a superuser, or a member of pg_read_all_data (14 and newer). */
  readsAll: boolean
  inRecovery: boolean
  systemIdentifier: string | null
  dataChecksums: boolean | null
  databases: ClusterDatabase[]
  /** null where the role may not know. */
  freeConnections: number | null
}

const factsRow = z.object({ checksums: z.string().nullable(), reads_all: z.boolean(), free: z.coerce.number().nullable() })
const connectRows = z.array(z.object({ name: z.string(), may: z.boolean() }))

const factsQuery = `
  SELECT current_setting('data_checksums', true) AS checksums,
         current_setting('is_superuser') = 'on' OR coalesce((SELECT pg_has_role(oid, 'USAGE') FROM pg_roles
           WHERE rolname = 'pg_read_all_data'), false) AS reads_all,
         (SELECT setting::int FROM pg_settings WHERE name = 'max_connections')
           - CASE WHEN current_setting('is_superuser') = 'on' THEN 0
                  ELSE (SELECT setting::int FROM pg_settings WHERE name = 'superuser_reserved_connections') END
           - (SELECT sum(numbackends) FROM pg_stat_database)::int AS free`

export async function readCluster(
  services: ClusterServices,
  connection: ResolvedConnection,
  signal: AbortSignal,
): Promise<Cluster> {
  const client = await openServer(services, connection, signal)
  try {
    return await ask(client)
  } finally {
    await client.end()
  }
}

async function ask(client: Client): Promise<Cluster> {
  const server = await readServer(client)
  const facts = factsRow.parse((await client.query(factsQuery)).rows[0])
  const databases = await readDatabases(client, server.version)
  const { rows } = await client.query(
    `SELECT datname::text AS name, has_database_privilege(oid, 'CONNECT') AS may FROM pg_database`,
  )
  const mayConnect = new Map(connectRows.parse(rows).map(({ name, may }) => [name, may]))
  return {
    version: server.version,
    user: server.user,
    superuser: server.superuser,
    readsAll: facts.reads_all,
    inRecovery: server.inRecovery,
    systemIdentifier: server.systemIdentifier,
    dataChecksums: facts.checksums === null ? null : facts.checksums === 'on',
    databases: databases.map(({ name, size, owner, encoding, isTemplate, allowsConnections }) => ({
      name,
      size,
      owner,
      encoding,
      isTemplate,
      allowsConnections,
      mayConnect: mayConnect.get(name) ?? false,
    })),
    freeConnections: facts.free,
  }
}

/** The source of a record that is of no single database. */
export function clusterSource(cluster: Cluster, connection: ResolvedConnection, databases: readonly string[]): BackupSource {
  const chosen = cluster.databases.filter(({ name }) => databases.includes(name))
  const known = chosen.every(({ size }) => size !== null)
  return {
    label: connection.label,
    host: connection.settings.host,
    port: connection.settings.port,
    database: null,
    systemIdentifier: cluster.systemIdentifier,
    serverVersion: cluster.version,
    dataChecksums: cluster.dataChecksums,
    encoding: null,
    localeProvider: null,
    collate: null,
    ctype: null,
    locale: null,
    collationVersion: null,
    owner: null,
    databaseSize: known ? sizeOf(chosen).toString() : null,
  }
}

/** Sizes that the role may not know count nothing. */
export function sizeOf(databases: readonly Pick<ClusterDatabase, 'size'>[]): bigint {
  return databases.reduce((sum, { size }) => sum + BigInt(size ?? '0'), 0n)
}
