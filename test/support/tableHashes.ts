// The oracle of dump and restore tests: what every table, sequence and large object of a database holds, as hashes.
import type { Client } from 'pg'
import { quoteIdentifier } from '../../shared/model/identifier'

export interface DatabaseHashes {
  /** By `schema.table`: row count and an order-independent hash of all rows. Partitions count, their parents don't. */
  tables: Record<string, { rows: string; hash: string }>
  sequences: Record<string, { lastValue: string; isCalled: boolean }>
  largeObjects: { count: number; hash: string }
}

/** Runs as a superuser: row security would hide rows. Comparable between majors. */
export async function hashTables(client: Client): Promise<DatabaseHashes> {
  await client.query(
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET row_security = off; SET search_path = ''",
  )
  const relations = await client.query<{ schema: string; name: string; kind: string }>(`
    SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't' AND c.relispopulated
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
    ORDER BY 1, 2`)
  const hashes: DatabaseHashes = { tables: {}, sequences: {}, largeObjects: { count: 0, hash: '0' } }
  for (const { schema, name, kind } of relations.rows) {
    const relation = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
    if (kind === 'S') {
      const found = await client.query<{ last: string; called: boolean }>(
        `SELECT last_value::text AS last, is_called AS called FROM ${relation}`,
      )
      const row = found.rows[0]
      if (row) hashes.sequences[`${schema}.${name}`] = { lastValue: row.last, isCalled: row.called }
    } else {
      const found = await client.query<{ rows: string; hash: string }>(
        `SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(_walkback_row::text, 0)::numeric), 0)::text AS hash
         FROM ONLY ${relation} AS _walkback_row`,
      )
      const row = found.rows[0]
      if (row) hashes.tables[`${schema}.${name}`] = row
    }
  }
  const objects = await client.query<{ count: number; hash: string }>(`
    SELECT count(DISTINCT loid)::int AS count,
           coalesce(sum(hashtextextended(loid::text || ':' || pageno::text || ':' || md5(data), 0)::numeric), 0)::text AS hash
    FROM pg_largeobject`)
  if (objects.rows[0]) hashes.largeObjects = objects.rows[0]
  return hashes
}
