// What the live database has besides the chosen tables: roles, schemas, names that are taken, types, tablespaces.
import type { Client } from 'pg'
import { z } from 'zod'
import { type ImplicitCasts, readImplicitCasts } from './compareColumns'

const strings = z.array(z.string())
const row = z.object({
  /** `may`: a table can be given to it. */
  roles: z.array(z.object({ name: z.string(), may: z.boolean() })),
  schemas: z.array(z.object({ name: z.string(), mayCreate: z.boolean() })),
  /** schema, name and what it is, of the schemas that were asked for; a type's name is taken as a table's is. */
  taken: z.array(z.tuple([z.string(), z.string(), z.string()])),
  /** Of those that were asked for, the ones that are there. */
  types: strings,
  collations: strings,
  tablespaces: strings,
})

export interface LiveFacts {
  roles: Map<string, { may: boolean }>
  schemas: Map<string, { mayCreate: boolean }>
  /** By schema: names and what has them. */
  taken: Map<string, Map<string, string>>
  types: Set<string>
  collations: Set<string>
  tablespaces: Set<string>
  casts: ImplicitCasts
}

const factsSql = `
  SELECT (SELECT json_agg(json_build_object('name', rolname, 'may', pg_has_role(oid, 'MEMBER')) ORDER BY rolname) FROM pg_roles) AS roles,
         (SELECT json_agg(json_build_object('name', nspname, 'mayCreate', has_schema_privilege(oid, 'CREATE'))) FROM pg_namespace) AS schemas,
         COALESCE((SELECT json_agg(json_build_array(n.nspname, t.name, t.what)) FROM pg_namespace n, LATERAL (
             SELECT c.relname AS name, CASE c.relkind WHEN 'r' THEN 'a table' WHEN 'p' THEN 'a partitioned table' WHEN 'i' THEN 'an index'
                      WHEN 'I' THEN 'an index' WHEN 'S' THEN 'a sequence' WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view'
                      WHEN 'f' THEN 'a foreign table' ELSE 'a type' END AS what
               FROM pg_class c WHERE c.relnamespace = n.oid
             UNION ALL
             SELECT y.typname, 'a type' FROM pg_type y
              WHERE y.typnamespace = n.oid AND (y.typrelid = 0 AND y.typelem = 0)) AS t
            WHERE n.nspname = ANY ($1::text[])), '[]') AS taken,
         COALESCE((SELECT json_agg(t) FROM unnest($2::text[]) AS t WHERE to_regtype(t) IS NOT NULL), '[]') AS types,
         COALESCE((SELECT json_agg(t) FROM unnest($3::text[]) AS t WHERE to_regcollation(t) IS NOT NULL), '[]') AS collations,
         (SELECT json_agg(spcname) FROM pg_tablespace) AS tablespaces`

export async function readLiveFacts(
  client: Client,
  asked: { schemas: readonly string[]; types: readonly string[]; collations: readonly string[] },
): Promise<LiveFacts> {
  const { rows } = await client.query(factsSql, [asked.schemas, asked.types, asked.collations])
  const facts = row.parse(rows[0])
  const taken = new Map(asked.schemas.map((schema) => [schema, new Map<string, string>()]))
  for (const [schema, name, what] of facts.taken) taken.get(schema)?.set(name, what)
  return {
    roles: new Map(facts.roles.map(({ name, may }) => [name, { may }])),
    schemas: new Map(facts.schemas.map(({ name, mayCreate }) => [name, { mayCreate }])),
    taken,
    types: new Set(facts.types),
    collations: new Set(facts.collations),
    tablespaces: new Set(facts.tablespaces),
    casts: await readImplicitCasts(client),
  }
}
