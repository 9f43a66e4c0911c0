// What a server says of itself and of the role that is connected.
import type { Client } from 'pg'
import { z } from 'zod'
import { type DatabaseFacts, databaseFacts, type ServerFacts, serverFacts } from '../../shared/contracts/connections'
import { majorOf, type PgVersion } from '../../shared/model/pgVersion'

const factsSql = `
  SELECT current_setting('server_version_num')::int4 AS version,
         current_setting('server_version') AS "versionText",
         (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS "dataDirectory",
         COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
         pg_is_in_recovery() AS "inRecovery",
         has_function_privilege('pg_control_system()', 'EXECUTE') AS "mayReadControl",
         json_build_object(
           'name', rolname, 'superuser', rolsuper, 'createDatabase', rolcreatedb, 'createRole', rolcreaterole,
           'replication', rolreplication, 'bypassRls', rolbypassrls,
           'readServerFiles', pg_has_role('pg_read_server_files', 'USAGE'),
           'writeServerFiles', pg_has_role('pg_write_server_files', 'USAGE'),
           'executeServerProgram', pg_has_role('pg_execute_server_program', 'USAGE')) AS role
    FROM pg_roles WHERE rolname = current_user`

const factsRow = serverFacts.omit({ systemIdentifier: true, roundTripMs: true }).extend({ mayReadControl: z.boolean() })

/** `client` is a session of ConnectionStore.open: unqualified names are pg_catalog's. */
export async function readServerFacts(client: Client): Promise<ServerFacts> {
  const begin = performance.now()
  const { rows } = await client.query(factsSql)
  const roundTripMs = Math.round((performance.now() - begin) * 10) / 10
  const { mayReadControl, ...facts } = factsRow.parse(rows[0])
  return { ...facts, systemIdentifier: mayReadControl ? await readSystemIdentifier(client) : null, roundTripMs }
}

/** Throws the driver's error where the role may not (the function is open to all unless somebody revoked it). */
export async function readSystemIdentifier(client: Client): Promise<string> {
  const { rows } = await client.query('SELECT system_identifier::text AS id FROM pg_control_system()')
  return z.object({ id: z.string() }).parse(rows[0]).id
}

/** datlocprovider came with 15; daticulocale (15, 16) became datlocale in 17. */
function localeColumns(version: PgVersion): string {
  const provider = `CASE datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE datlocprovider::text END`
  const major = majorOf(version)
  if (major >= 17) return `${provider} AS "localeProvider", datlocale AS locale`
  if (major >= 15) return `${provider} AS "localeProvider", daticulocale AS locale`
  return `'libc' AS "localeProvider", NULL::text AS locale`
}

/** Every database, templates too. Size is null where the role may not connect; sessions are those of others. */
export async function readDatabases(client: Client, version: PgVersion): Promise<DatabaseFacts[]> {
  const { rows } = await client.query(`
    SELECT datname::text AS name,
           CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
                THEN pg_database_size(oid)::text END AS size,
           pg_get_userbyid(datdba)::text AS owner,
           pg_encoding_to_char(encoding)::text AS encoding,
           ${localeColumns(version)},
           COALESCE(datcollate::text, '') AS collate, COALESCE(datctype::text, '') AS ctype,
           datallowconn AS "allowsConnections", datistemplate AS "isTemplate",
           (SELECT count(*)::int4 FROM pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid()) AS sessions
      FROM pg_database d ORDER BY datistemplate, datname`)
  return z.array(databaseFacts).parse(rows)
}
