// Row counts of every table of a recovered cluster's database, beside those of a live one.
import { type ClientBase, DatabaseError } from 'pg'
import type { LookCompareEvent, LookCounting, LookRowCounts, LookTable } from '../../../../shared/contracts/look'
import { explainSqlError } from '../../../postgres/sqlError'
import { tellThenResult } from '../../../rpc/tellThenResult'
import type { RecoveryServices } from '../parts'
import { bothSides, type CompareRequest, type Side } from './bothSides'

/** Of one table's count. */
const countMs = 10_000

interface Counted {
  rows: number | null
  /** null where it is locked. */
  bytes: string | null
  /** Why it was not counted; ''. */
  why: string
}

/** Milliseconds between two times that it is said where it is. */
const pace = { first: 300, next: 300 }

/** Where both sides are, and at the end what was counted. Whoever leaves it ends the counting. */
export function compareLook(
  services: RecoveryServices,
  request: CompareRequest,
  signal: AbortSignal,
): AsyncGenerator<LookCompareEvent, void, undefined> {
  const at: Record<Side, LookCounting | null> = { recovered: null, live: null }
  return tellThenResult(async (tell: (event: LookCompareEvent) => void, left): Promise<LookCompareEvent> => {
    const counts = await countBoth(services, request, AbortSignal.any([signal, left]), (side, counting) => {
      at[side] = counting
      tell({ kind: 'counting', ...at })
    })
    return { kind: 'counted', counts }
  }, pace)
}

async function countBoth(
  services: RecoveryServices,
  request: CompareRequest,
  signal: AbortSignal,
  onCounting: (side: Side, counting: LookCounting) => void,
): Promise<LookRowCounts> {
  const { recovered, live, about } = await bothSides(services, request, signal, (client, side) =>
    countTables(client, signal, (counting) => onCounting(side, counting)),
  )
  const names = [...new Set([...recovered.keys(), ...live.keys()])].toSorted()
  return { ...about, tables: names.map((name) => tableOf(name, recovered.get(name), live.get(name))) }
}

/** Exported for its tests. undefined: it is not there. */
export function tableOf(name: string, then: Counted | undefined, today: Counted | undefined): LookTable {
  const [schema = '', table = ''] = name.split('\0')
  const why = [
    ...(then?.why ? [`${then.why} in the recovered one`] : []),
    ...(today?.why ? [`${today.why} in the live one`] : []),
  ]
  return {
    ...{ schema, table, recovered: then?.rows ?? null, live: today?.rows ?? null },
    ...{ says: verdict(then, today), bytes: then?.bytes ?? null, why: why.join('; ') },
  }
}

function verdict(then: Counted | undefined, today: Counted | undefined): LookTable['says'] {
  if (then === undefined) return 'only live'
  if (today === undefined) return 'only recovered'
  if (then.rows === null || today.rows === null) return 'unknown'
  return today.rows === then.rows ? 'same' : today.rows < then.rows ? 'fewer' : 'more'
}

/** Exact, in one read-only snapshot. */
async function countTables(
  client: ClientBase,
  signal: AbortSignal,
  onCounting: (counting: LookCounting) => void,
): Promise<Map<string, Counted>> {
  const counts = new Map<string, Counted>()
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    const { rows } = await client.query<{ schema: string; name: string; quoted: string }>(
      `SELECT n.nspname AS schema, c.relname AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2`,
    )
    for (const { schema, name, quoted } of rows) {
      signal.throwIfAborted()
      const at = { table: `${schema}.${name}`, done: counts.size, of: rows.length }
      onCounting({ ...at, bytes: null })
      counts.set(`${schema}\0${name}`, await count(client, quoted, (bytes) => onCounting({ ...at, bytes })))
    }
  } catch (error) {
    throw explainSqlError(error, 'Counting rows')
  } finally {
    await client.query('ROLLBACK').catch(() => undefined) // the connection may be gone: then so is the transaction
  }
  return counts
}

/** By SQLSTATE. Unlogged tables are empty in recovery and can't be read: "cannot access temporary or unlogged relations". */
const notCounted: Readonly<Record<string, string>> = {
  '57014': `takes longer than ${countMs / 1000} s`,
  '55P03': 'is locked',
  '42501': 'is closed to this role',
  '55000': 'is not populated',
  '0A000': 'can’t be read while in recovery',
}

async function count(client: ClientBase, quoted: string, onSize: (bytes: string) => void): Promise<Counted> {
  await client.query(`SAVEPOINT one; SET LOCAL statement_timeout = '${countMs}ms'; SET LOCAL lock_timeout = '2s'`)
  let bytes: string | null = null
  try {
    // It takes a lock, too (dbsize.c), and would wait for it without an end among the names.
    const size = await client.query<{ bytes: string }>(
      `SELECT coalesce(pg_catalog.pg_total_relation_size($1::pg_catalog.regclass), 0)::pg_catalog.text AS bytes`,
      [quoted],
    )
    bytes = size.rows[0]?.bytes ?? null
    if (bytes !== null) onSize(bytes)
    const { rows } = await client.query<{ count: string }>(`SELECT pg_catalog.count(*) AS count FROM ${quoted}`)
    return { rows: Number(rows[0]?.count), bytes, why: '' }
  } catch (error) {
    const why = error instanceof DatabaseError ? notCounted[error.code ?? ''] : undefined
    if (why === undefined) throw error
    return { rows: null, bytes, why }
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one').catch(() => undefined) // as above
  }
}
