// Lists what is inside a database: relations with size and estimated rows, and counts of the rest.
import { type Client, DatabaseError } from 'pg'
import { z } from 'zod'
import { objects, tableFacts } from '../../../shared/contracts/objects'

type Tables = z.infer<typeof objects.methods.tables.output>

/** Above this the exact sizes, which ask the file system for each relation, take longer than a person waits. */
const exactSizes = 20_000

/** Everything but the system's schemas; pg_temp and pg_toast are among them. */
const ours = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

/** reltuples is -1 (13: 0 with no pages) until the first VACUUM or ANALYZE. Views and sequences have no rows to estimate. */
const tablesSql = (size: string): string => `
  SELECT n.nspname::text AS schema, c.relname::text AS name,
         CASE WHEN c.relkind = 'p' THEN 'partitioned table'
              WHEN c.relkind = 'f' THEN 'foreign table'
              WHEN c.relispartition THEN 'partition'
              WHEN c.relkind = 'r' THEN 'table'
              WHEN c.relkind = 'm' THEN 'materialized view'
              WHEN c.relkind = 'v' THEN 'view'
              ELSE 'sequence' END AS kind,
         CASE WHEN c.relkind IN ('r', 'p', 'f', 'm') AND c.reltuples >= 0 AND (c.reltuples > 0 OR c.relpages > 0)
              THEN c.reltuples::float8 END AS "estimatedRows",
         CASE WHEN c.relkind IN ('r', 'm', 'S') THEN (${size})::text END AS size
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S') AND ${ours}
   ORDER BY n.nspname, c.relname`

const exact = 'pg_total_relation_size(c.oid)'
/** By the pages counted at the last VACUUM or ANALYZE, without indexes. */
const estimated = `NULLIF(c.relpages, 0)::int8 * current_setting('block_size')::int8`

const countsSql = `
  SELECT (SELECT count(*)::int4 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}) AS relations,
         (SELECT count(*)::int4 FROM pg_largeobject_metadata) AS "largeObjects",
         (SELECT count(*)::int4 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE ${ours} AND NOT EXISTS (SELECT FROM pg_depend d
             WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')) AS functions,
         (SELECT COALESCE(json_agg(extname ORDER BY extname), '[]') FROM pg_extension) AS extensions`

const counts = z.object({ relations: z.int(), largeObjects: z.int(), functions: z.int(), extensions: z.array(z.string()) })

/** `client` is a session of ConnectionStore.open. Nothing is written. */
export async function readTables(client: Client): Promise<Tables> {
  await client.query(`SET statement_timeout = '60s'; SET lock_timeout = '2s'`)
  const { relations, ...others } = counts.parse((await client.query(countsSql)).rows[0])
  const { rows } = await client.query(tablesSql(relations > exactSizes ? estimated : exact)).catch((error: unknown) => {
    // An exact size takes a lock that a running ALTER TABLE, VACUUM FULL or restore holds back.
    if (error instanceof DatabaseError && error.code === '55P03') return client.query(tablesSql(estimated))
    throw error
  })
  return { tables: z.array(tableFacts).parse(rows), ...others }
}
