// The first rows of a relation as the server writes them, in a transaction that can't change anything.
import { type Client, DatabaseError } from 'pg'
import { z } from 'zod'
import type { objects } from '../../../shared/contracts/objects'
import { qualifiedName, quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'

type Rows = z.infer<typeof objects.methods.rows.output>

/** Characters of one value. */
const longest = 10_000

/* The names are compared as text: a parameter of type name would be cut to 63 bytes and could match another relation. */

const columnsSql = `
  SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1::text AND c.relname = $2::text AND a.attnum > 0 AND NOT a.attisdropped
   ORDER BY a.attnum`

const existsSql = `
  SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1::text AND c.relname = $2::text AND c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S')`

/**
 * format() writes a value by its type's own output function, as psql shows it; a cast to text would not always (bool, inet,
 * char(n)). IS DISTINCT FROM NULL tells a null row from a row of nulls and needs no = operator.
 */
function asText(column: string): string {
  const value = `t.${quoteIdentifier(column)}`
  return `CASE WHEN ${value} IS DISTINCT FROM NULL THEN pg_catalog.left(pg_catalog.format('%s', ${value}), ${longest}) END`
}

export async function readRows(client: Client, of: { schema: string; name: string; limit: number }): Promise<Rows> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await client.query(`SET LOCAL statement_timeout = '15s'; SET LOCAL lock_timeout = '5s'`)
  if ((await client.query(existsSql, [of.schema, of.name])).rows.length === 0) {
    throw new AppError('not_found', `There is no table or view ${of.schema}.${of.name} in this database.`, {
      hint: 'Refresh the list; it may have been dropped or renamed.',
    })
  }
  const columns = z
    .array(z.object({ name: z.string(), type: z.string() }))
    .parse((await client.query(columnsSql, [of.schema, of.name])).rows)
  const relation = qualifiedName(of.schema, of.name)
  // A view may call functions that need the role's own search path, as they do for everybody else.
  await client.query('SET LOCAL search_path TO DEFAULT')
  const list = columns.map(({ name }) => asText(name)).join(', ')
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${list} FROM ${relation} AS t LIMIT ${of.limit}`,
    rowMode: 'array',
  })
  const count = await exactCount(client, relation)
  await client.query('ROLLBACK')
  return { columns, rows, count }
}

/** null when it takes longer than 5 s. Must be the transaction's last statement. */
async function exactCount(client: Client, relation: string): Promise<string | null> {
  await client.query(`SET LOCAL statement_timeout = '5s'`)
  try {
    const { rows } = await client.query(`SELECT pg_catalog.count(*)::pg_catalog.text AS count FROM ${relation} AS t`)
    return z.object({ count: z.string() }).parse(rows[0]).count
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '57014') return null
    throw error
  }
}
