// Large objects that rescued rows lead to, and that the live database has no more: they come along, in the same transaction.
//
// A row holds no more than a large object's number (a column of type oid, or of a domain over it such as lo): without its
// object it would be worth nothing. An object of that number that is there is left as it is.
import { createHash } from 'node:crypto'
import type { Client } from 'pg'
import { z } from 'zod'
import { formatBytes } from '../../../shared/model/byteCount'
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../../shared/model/identifier'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { countOf } from '../../jobs/pace'
import { row } from '../../library/preflightRow'
import type { OpenSides } from './openSides'
import { explainRescue, type Run, runOne } from './run'
import type { TablePlan } from './tablePlan'

/** A column that leads to large objects of then. */
export interface LargeObjectColumn {
  table: TablePlan
  column: string
}

export interface LargeObjectOutcome {
  objects: number
  bytes: number
  /** Owners and grantees of then that the live cluster has no more. */
  gone: string[]
}

const chunk = 1024 * 1024
const numbers = z.array(z.object({ oid: z.string() }))
const facts = z.object({
  owner: z.string().nullable(),
  comment: z.string().nullable(),
  grants: z.array(z.object({ grantee: z.string(), privilege: z.enum(['SELECT', 'UPDATE']), grantable: z.boolean() })),
})

const oidColumnsSql = `
  SELECT a.attname AS name FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
   WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
     AND 'oid'::regtype IN (t.oid, (WITH RECURSIVE base AS (
           SELECT t.typbasetype AS oid UNION ALL SELECT d.typbasetype FROM base JOIN pg_type d ON d.oid = base.oid WHERE d.typbasetype <> 0)
         SELECT base.oid FROM base JOIN pg_type d ON d.oid = base.oid WHERE d.typbasetype = 0 LIMIT 1))
   ORDER BY a.attnum`

/** Numbers of other things (pg_class's, say) are in such columns, too: one counts when a large object of then has its number. */
export async function readLargeObjectColumns({ source }: OpenSides, tables: readonly TablePlan[]): Promise<LargeObjectColumn[]> {
  const { client } = source
  const any = await client.query<{ any: boolean }>('SELECT EXISTS (SELECT FROM pg_largeobject_metadata) AS any')
  if (any.rows[0]?.any !== true) return []
  const found: LargeObjectColumn[] = []
  for (const table of tables) {
    const relation = qualifiedName(table.past.schema, table.past.name)
    const columns = await client.query<{ name: string }>(oidColumnsSql, [relation])
    for (const { name } of columns.rows) {
      if (!table.moved.some((column) => column.name === name)) continue
      const leads = await client.query<{ leads: boolean }>(
        `SELECT EXISTS (SELECT FROM ${relation} r JOIN pg_largeobject_metadata m ON m.oid = r.${quoteIdentifier(name)}::oid) AS leads`,
      )
      if (leads.rows[0]?.leads === true) found.push({ table, column: name })
    }
  }
  return found
}

export function largeObjectRows(columns: readonly LargeObjectColumn[]): PreflightRow[] {
  if (columns.length === 0) return []
  const shown = columns.map(({ table, column }) => `${table.past.schema}.${table.past.name}.${column}`).join(', ')
  return [
    row(
      'large-objects',
      'pass',
      'Large objects',
      `${shown} ${columns.length === 1 ? 'leads' : 'lead'} to large objects: those that the live database has no more come along, with owner and rights.`,
    ),
  ]
}

/** After the rows are in. Each object is read back before the COMMIT. Throws AppError; then nothing of it stays. */
export async function bringLargeObjects(run: Run): Promise<LargeObjectOutcome> {
  const { job, plan, source } = run
  const outcome = { objects: 0, bytes: 0, gone: new Set<string>() }
  const wanted = new Set<string>()
  for (const { table, column } of plan.largeObjects) {
    const name = quoteIdentifier(column)
    const { rows } = await runOne(
      run,
      `SELECT DISTINCT ${name}::oid::text AS oid FROM ${qualifiedName(table.into.schema, table.into.name)}
        WHERE ${name} IS NOT NULL AND ${name}::oid NOT IN (SELECT oid FROM pg_largeobject_metadata)`,
      'Looking for large objects',
    )
    for (const { oid } of numbers.parse(rows)) wanted.add(oid)
  }
  const there = await read(
    run,
    source.client,
    'SELECT oid::text AS oid FROM pg_largeobject_metadata WHERE oid = ANY ($1::oid[]) ORDER BY oid',
    [[...wanted]],
  )
  const oids = numbers.parse(there)
  for (const { oid } of oids) {
    job.progress({ done: outcome.objects, total: oids.length, unit: 'objects', label: 'large objects' })
    outcome.bytes += await bringOne(run, oid)
    for (const role of await giveRights(run, oid)) outcome.gone.add(role)
    outcome.objects += 1
  }
  job.progress(null)
  return { ...outcome, gone: [...outcome.gone] }
}

export function largeObjectWords({ objects, bytes }: LargeObjectOutcome): string {
  return `${countOf(objects, 'large object')}, ${formatBytes(bytes)}, read back and the same`
}

async function bringOne(run: Run, oid: string): Promise<number> {
  const what = `Bringing the large object ${oid}`
  const { target, source, job } = run
  await runOne(run, `SELECT lo_create(${oid})`, what)
  for (let at = 0; ; at += chunk) {
    const [piece] = z
      .array(z.object({ data: z.instanceof(Buffer) }))
      .parse(await read(run, source.client, 'SELECT lo_get($1::oid, $2::int8, $3::int4) AS data', [oid, at, chunk]))
    const data = piece?.data ?? Buffer.alloc(0)
    if (data.length > 0) {
      await read(run, target.client, 'SELECT lo_put($1::oid, $2::int8, $3::bytea)', [oid, at, data], what)
    }
    // One byte more is asked for at its end: what is longer there than here is no copy.
    const end = data.length < chunk
    const [back] = z
      .array(z.object({ hash: z.string() }))
      .parse(
        await read(
          run,
          target.client,
          "SELECT encode(sha256(lo_get($1::oid, $2::int8, $3::int4)), 'hex') AS hash",
          [oid, at, end ? data.length + 1 : chunk],
          what,
        ),
      )
    if (back?.hash !== createHash('sha256').update(data).digest('hex')) {
      throw new AppError('postgres', `The large object ${oid} does not read as it was written.`)
    }
    job.signal.throwIfAborted()
    if (end) return at + data.length
  }
}

/** Returns the roles of then that are not there, or that the role which connects may not give things to. */
async function giveRights(run: Run, oid: string): Promise<string[]> {
  const { plan, source } = run
  const rows = await read(
    run,
    source.client,
    `SELECT (SELECT rolname::text FROM pg_roles WHERE oid = m.lomowner) AS owner, obj_description(m.oid, 'pg_largeobject') AS comment,
            COALESCE((SELECT json_agg(json_build_object('grantee', COALESCE(g.rolname, 'PUBLIC'), 'privilege', x.privilege_type, 'grantable', x.is_grantable))
                        FROM aclexplode(m.lomacl) x LEFT JOIN pg_roles g ON g.oid = x.grantee
                       WHERE x.grantee <> m.lomowner AND (x.grantee = 0 OR g.oid IS NOT NULL)), '[]') AS grants
       FROM pg_largeobject_metadata m WHERE m.oid = $1::oid`,
    [oid],
  )
  const { owner, comment, grants } = facts.parse(rows[0])
  const what = `Giving the large object ${oid} its rights`
  const missing: string[] = []
  if (comment !== null) await runOne(run, `COMMENT ON LARGE OBJECT ${oid} IS ${quoteLiteral(comment)}`, what)
  for (const { grantee, privilege, grantable } of grants) {
    if (grantee !== 'PUBLIC' && !plan.facts.roles.has(grantee)) {
      missing.push(grantee)
      continue
    }
    const to = grantee === 'PUBLIC' ? 'PUBLIC' : quoteIdentifier(grantee)
    await runOne(run, `GRANT ${privilege} ON LARGE OBJECT ${oid} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`, what)
  }
  // Last: who gave it away may not change it any more.
  const role = owner === null ? undefined : plan.facts.roles.get(owner)
  if (owner !== null && owner !== plan.open.now.user) {
    if (role && (role.may || plan.open.now.superuser))
      await runOne(run, `ALTER LARGE OBJECT ${oid} OWNER TO ${quoteIdentifier(owner)}`, what)
    else missing.push(owner)
  }
  return missing
}

async function read(
  run: Run,
  client: Client,
  sql: string,
  values: unknown[],
  what = 'Reading large objects',
): Promise<unknown[]> {
  const result = await client.query(sql, values).catch((error: unknown) => {
    run.job.signal.throwIfAborted()
    throw explainRescue(error, what)
  })
  return result.rows
}
