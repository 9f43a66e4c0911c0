// The rows that stand in the way of a constraint: the first of them and how many, in a transaction that changes nothing.
import { type Client, DatabaseError } from 'pg'
import type { RowsInTheWay } from '../../../shared/contracts/restoreOutcome'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { type FailedConstraint, rowsInTheWay, type TableName } from '../../library/failedConstraint'
import { explainSqlError } from '../../postgres/sqlError'

const shown = 20
const countedUpTo = 100_000
/** Characters of one value. */
const longest = 1000

export async function readRowsInTheWay(client: Client, constraint: FailedConstraint): Promise<RowsInTheWay> {
  const { table } = constraint
  const what = `Looking for the rows of ${table.schema}.${table.name}`
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    await client.query(`SET LOCAL statement_timeout = '15s'; SET LOCAL lock_timeout = '5s'`)
    const columns = await columnsOf(client, table)
    const partitioned = constraint.kind === 'foreign key' && (await isPartitioned(client, constraint.references))
    const { from, groups } = rowsInTheWay(constraint, partitioned)
    const sql = groups.length === 0 ? plainSql(columns, from) : groupedSql(columns, from, groups)
    const { rows } = await client.query<(string | null)[]>({ text: `${sql}\nLIMIT ${shown}`, rowMode: 'array' })
    const total = rows.length < shown ? rows.length : await count(client, sql)
    return {
      columns,
      rows,
      total: total === null ? null : Math.min(total, countedUpTo),
      more: total !== null && total > countedUpTo,
      why: whyOf(constraint),
      sql: `${sql}\nLIMIT ${shown};`,
    }
  } catch (error) {
    throw explainSqlError(error, what, 'Look at the statement of the error, and at the rows by hand.')
  } finally {
    await client.query('ROLLBACK').catch(() => undefined)
  }
}

function whyOf(constraint: FailedConstraint): string {
  if (constraint.kind === 'check') return `do not satisfy CHECK (${constraint.expression})`
  if (constraint.kind === 'unique') return `share (${constraint.keys.join(', ')}) with another row`
  const { schema, name } = constraint.references
  return `point to a row that ${schema}.${name} does not have`
}

type Columns = RowsInTheWay['columns']

/** By the type's own output function, as psql shows a value; a cast to text would not always. */
function asText({ name }: Columns[number]): string {
  const value = `t.${quoteIdentifier(name)}`
  return `CASE WHEN ${value} IS DISTINCT FROM NULL THEN left(format('%s', ${value}), ${longest}) END`
}

function plainSql(columns: Columns, from: string): string {
  const list = columns.map((column) => `${asText(column)} AS ${quoteIdentifier(column.name)}`).join(',\n       ')
  return `SELECT ${list}\nFROM ${from}`
}

/** Rows of one key stand together. */
function groupedSql(columns: Columns, from: string, groups: readonly string[]): string {
  const keys = groups.join(', ')
  const inner = columns.map((column, index) => `${asText(column)} AS c${index}`)
  const all = [...inner, `count(*) OVER (PARTITION BY ${keys}) AS same`, `dense_rank() OVER (ORDER BY ${keys}) AS place`]
  const list = columns.map((column, index) => `c${index} AS ${quoteIdentifier(column.name)}`).join(', ')
  return `SELECT ${list}\nFROM (SELECT ${all.join(',\n       ')}\n      FROM ${from}) AS d\nWHERE same > 1 ORDER BY place`
}

/** null when it takes too long. Must be the transaction's last statement. */
async function count(client: Client, sql: string): Promise<number | null> {
  try {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM (${sql}\nLIMIT ${countedUpTo + 1}) AS found`,
    )
    return rows[0]?.count ?? null
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '57014') return null
    throw error
  }
}

// The names are compared as text: a parameter of type name would be cut to 63 bytes and could match another relation.
const relationSql = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = $2::text`

async function columnsOf(client: Client, { schema, name }: TableName): Promise<Columns> {
  const { rows } = await client.query<Columns[number]>(
    `SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_attribute a
     WHERE a.attrelid = (SELECT c.oid ${relationSql}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [schema, name],
  )
  if (rows.length > 0) return rows
  throw new AppError('not_found', `There is no table ${schema}.${name} in this database.`, {
    hint: 'It was not restored, or dropped meanwhile.',
  })
}

async function isPartitioned(client: Client, { schema, name }: TableName): Promise<boolean> {
  const { rows } = await client.query<{ partitioned: boolean }>(`SELECT c.relkind = 'p' AS partitioned ${relationSql}`, [
    schema,
    name,
  ])
  return rows[0]?.partitioned === true
}
