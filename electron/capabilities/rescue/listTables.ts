// The tables of a recovered database beside those of the live one: what is there, what is gone.
import type { Client } from 'pg'
import { z } from 'zod'
import type { RescueListed } from '../../../shared/contracts/rescue'

const ours = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`

const recoveredSql = `
  SELECT n.nspname::text AS schema, c.relname::text AS name,
         CASE WHEN c.relispartition THEN 'partition' WHEN c.relkind = 'p' THEN 'partitioned table' ELSE 'table' END AS kind,
         CASE WHEN c.reltuples >= 0 AND (c.reltuples > 0 OR c.relpages > 0) THEN c.reltuples::float8 END AS rows,
         CASE WHEN c.relkind = 'r' THEN (c.relpages::int8 * current_setting('block_size')::int8)::text END AS size,
         c.relpersistence = 'u' AS unlogged
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${ours} ORDER BY n.nspname, c.relname`

const liveSql = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind IN ('r', 'p') AS "isTable",
         CASE WHEN c.relkind IN ('r', 'p') AND c.reltuples >= 0 AND (c.reltuples > 0 OR c.relpages > 0) THEN c.reltuples::float8 END AS rows
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}`

const recoveredRow = z.object({
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['table', 'partitioned table', 'partition']),
  rows: z.number().nullable(),
  size: z.string().nullable(),
  unlogged: z.boolean(),
})
const liveRow = z.object({ schema: z.string(), name: z.string(), isTable: z.boolean(), rows: z.number().nullable() })

export const unloggedProblem = 'It is unlogged: its rows are in no WAL, so they were not recovered.'

export async function listTables(recovered: Client, live: Client, recovering: boolean): Promise<RescueListed[]> {
  const there = z.array(recoveredRow).parse((await recovered.query(recoveredSql)).rows)
  const now = z.array(liveRow).parse((await live.query(liveSql)).rows)
  const known = new Map(now.map((each) => [`${each.schema}\0${each.name}`, each]))
  return there.map(({ unlogged, ...table }) => {
    const found = known.get(`${table.schema}\0${table.name}`)
    return {
      ...table,
      live: found === undefined ? 'gone' : found.isTable ? 'there' : 'other',
      liveRows: found?.rows ?? null,
      problem: unlogged && recovering ? unloggedProblem : '',
    }
  })
}
