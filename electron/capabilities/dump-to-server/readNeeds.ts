// What a database asks of the server it goes to: roles, tablespaces and extensions, as the catalogs of the source say.
import type { Client } from 'pg'
import { z } from 'zod'
import { describeRoles } from '../../postgres/describeRoles'

export interface PipeNeeds {
  /** `words`: what the role is at the source. */
  roles: { name: string; owns: number; grants: number; policies: number; words: string }[]
  tablespaces: { name: string; objects: number }[]
  extensions: { name: string; version: string }[]
}

// The bootstrap superuser (10) is pinned and so in no dependency: what it owns is looked for among objects made later.
const rolesQuery = `
  WITH own AS (
    SELECT refobjid, deptype FROM pg_catalog.pg_shdepend
     WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
       AND dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    UNION ALL SELECT relowner, 'o' FROM pg_catalog.pg_class WHERE relowner = 10 AND oid >= 16384
    UNION ALL SELECT proowner, 'o' FROM pg_catalog.pg_proc WHERE proowner = 10 AND oid >= 16384
    UNION ALL SELECT nspowner, 'o' FROM pg_catalog.pg_namespace WHERE nspowner = 10 AND oid >= 16384
  )
  SELECT r.rolname::text AS name, pg_catalog.count(*) FILTER (WHERE deptype = 'o')::int AS owns,
         pg_catalog.count(*) FILTER (WHERE deptype IN ('a', 'i'))::int AS grants,
         pg_catalog.count(*) FILTER (WHERE deptype = 'r')::int AS policies
    FROM own JOIN pg_catalog.pg_roles r ON r.oid = own.refobjid
   WHERE r.rolname !~ '^pg_' GROUP BY 1 ORDER BY 1`

const tablespacesQuery = `
  SELECT t.spcname::text AS name, pg_catalog.count(*)::int AS objects
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
   WHERE c.oid >= 16384 AND c.relkind <> 't' GROUP BY 1 ORDER BY 1`

const needs = z.object({
  roles: z.array(z.object({ name: z.string(), owns: z.int(), grants: z.int(), policies: z.int() })),
  tablespaces: z.array(z.object({ name: z.string(), objects: z.int() })),
  extensions: z.array(z.object({ name: z.string(), version: z.string() })),
})

/** The client is connected to the database. */
export async function readNeeds(client: Client): Promise<PipeNeeds> {
  const roles = await client.query(rolesQuery)
  const tablespaces = await client.query(tablespacesQuery)
  const extensions = await client.query(
    "SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY 1",
  )
  const read = needs.parse({ roles: roles.rows, tablespaces: tablespaces.rows, extensions: extensions.rows })
  const described = await describeRoles(
    client,
    read.roles.map(({ name }) => name),
  )
  return { ...read, roles: read.roles.map((role) => ({ ...role, words: described.get(role.name) ?? '' })) }
}
