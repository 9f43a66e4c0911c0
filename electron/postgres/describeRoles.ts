// What a role is, in PostgreSQL's words: its attributes, what it is a member of, and how many settings it has. No password.
import type { Client } from 'pg'
import { z } from 'zod'

const rows = z.array(
  z.object({ name: z.string(), attributes: z.array(z.string()), member_of: z.array(z.string()), settings: z.int() }),
)

// The attributes that CREATE ROLE does not give by itself; pg_roles is for everybody to read.
const query = `
  SELECT r.rolname::text AS name,
         pg_catalog.array_remove(ARRAY[
           CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcanlogin THEN 'LOGIN' END,
           CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
           CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
           CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END,
           CASE WHEN r.rolconnlimit <> -1 THEN 'CONNECTION LIMIT ' || r.rolconnlimit END], NULL) AS attributes,
         ARRAY(SELECT DISTINCT g.rolname::text FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
                WHERE m.member = r.oid ORDER BY 1) AS member_of,
         coalesce((SELECT pg_catalog.cardinality(s.setconfig) FROM pg_catalog.pg_db_role_setting s
                    WHERE s.setrole = r.oid AND s.setdatabase = 0), 0) AS settings
    FROM pg_catalog.pg_roles r WHERE r.rolname = ANY ($1::text[])`

/** "LOGIN, CREATEDB; member of staff, audit; 2 settings", by name. A role that is not there has no entry. */
export async function describeRoles(client: Client, names: readonly string[]): Promise<Map<string, string>> {
  const found = rows.parse((await client.query(query, [names])).rows)
  return new Map(
    found.map(({ name, attributes, member_of, settings }) => {
      const parts = [
        attributes.length === 0 ? 'NOLOGIN' : attributes.join(', '),
        member_of.length === 0 ? '' : `member of ${member_of.join(', ')}`,
        settings === 0 ? '' : settings === 1 ? '1 setting' : `${settings} settings`,
      ]
      return [name, parts.filter(Boolean).join('; ')]
    }),
  )
}
