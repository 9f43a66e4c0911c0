// What a rescue will bring and what would stop it: rows counted by key, foreign keys that lead nowhere, unique values that are taken.
import { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { z } from 'zod'
import type { RescueCounts } from '../../../shared/contracts/rescue'
import { splitTextRow } from '../../../shared/model/copyText'
import { qualifiedName, quoteIdentifier } from '../../../shared/model/identifier'
import { explainSqlError } from '../../postgres/sqlError'
import type { Stoppable } from '../../postgres/stoppable'
import { missingRows, readLines } from './compareSides'
import { emptyCounts } from './mergeRows'
import { type ForeignKey, shownName } from './readTable'
import { columnsOutSql, countSourceSql, countTableSql, relation } from './rescueSql'
import type { TablePlan } from './tablePlan'

/** Values of some columns, looked up in a live table: they must be there (a parent), or must not (a unique key). */
interface Probe {
  constraint: string
  /** null for a unique key of the table itself. */
  parent: [string, string] | null
  columns: string[]
  sql: string
  found: { rows: number; values: string[] }
}

const batchRows = 2000
export const shownValues = 20
const rules = { format: 'text' as const, delimiter: 9, quote: 0, escape: 0, null: Buffer.from('\\N') }

/** Of the live table; of one that is gone those it had, where the live database has the table that they lead to. */
async function foreignKeysOf({ now, past, asked }: TablePlan, live: Client): Promise<ForeignKey[]> {
  const keys = (now ?? past).foreignKeys.filter(({ parent: [schema, name] }) => schema !== past.schema || name !== past.name)
  if (asked.way === 'missing') return keys
  const { rows } = await live.query(
    `SELECT t.at::int4 - 1 AS at FROM unnest($1::text[]) WITH ORDINALITY AS t(name, at) WHERE to_regclass(t.name) IS NOT NULL`,
    [keys.map(({ parent }) => qualifiedName(...parent))],
  )
  const there = z.array(z.object({ at: z.int() })).parse(rows)
  return there.flatMap(({ at }) => keys[at] ?? [])
}

async function probesOf(plan: TablePlan, live: Client): Promise<Probe[]> {
  const { now, key, asked } = plan
  if (asked.way !== 'missing' && asked.way !== 'dropped') return []
  const crosses = (names: readonly string[]) => names.every((name) => plan.moved.some((column) => column.name === name))
  const typeOf = (name: string) => plan.moved.find((column) => column.name === name)?.type ?? 'text'
  const values = (names: readonly string[]) => names.map((_, at) => `$${at + 1}::text[]`).join(', ')
  const aliases = (names: readonly string[]) => names.map((_, at) => `v${at + 1}`).join(', ')
  const present = (names: readonly string[]) => names.map((_, at) => `v.v${at + 1} IS NOT NULL`).join(' AND ')
  const lookUp = (
    names: readonly string[],
    others: readonly string[],
    operators: readonly string[],
    exists: string,
    from: string,
  ) => {
    const match = names.map(
      (name, at) => `p.${quoteIdentifier(others[at] ?? '')} ${operators[at] ?? '='} v.v${at + 1}::${typeOf(name)}`,
    )
    return `SELECT v.at::int4 AS at FROM unnest(${values(names)}) WITH ORDINALITY AS v(${aliases(names)}, at)
      WHERE ${present(names)} AND ${exists} (SELECT FROM ${from} AS p WHERE ${match.join(' AND ')})`
  }
  const probe = (constraint: string, parent: [string, string] | null, columns: string[], sql: string): Probe => {
    return { constraint, parent, columns, sql, found: { rows: 0, values: [] } }
  }
  const parents = (await foreignKeysOf(plan, live))
    .filter(({ columns }) => crosses(columns))
    .map(({ name, parent, columns, parentColumns, operators }) =>
      probe(name, parent, columns, lookUp(columns, parentColumns, operators, 'NOT EXISTS', qualifiedName(...parent))),
    )
  if (!now) return parents
  const uniques = now.keys
    .filter((other) => other.name !== key?.name && crosses(other.columns))
    .map(({ name, columns, operators }) =>
      probe(name, null, columns, lookUp(columns, columns, operators, 'EXISTS', relation(now))),
    )
  return [...parents, ...uniques]
}

async function ask(live: Client, probe: Probe, at: number, rows: readonly (string | null)[][]): Promise<void> {
  const values = probe.columns.map((_, index) => rows.map((row) => row[at + index] ?? null))
  const answer = await live.query(probe.sql, values)
  const found = z.array(z.object({ at: z.int() })).parse(answer.rows)
  probe.found.rows += found.length
  for (const { at: place } of found) {
    if (probe.found.values.length >= shownValues) return
    const value = `(${probe.columns.map((_, index) => rows[place - 1]?.[at + index] ?? '').join(', ')})`
    if (!probe.found.values.includes(value)) probe.found.values.push(value)
  }
}

export interface Foretelling {
  plan: TablePlan
  source: Stoppable
  live: Stoppable
  /** A second session of the live database, for what is looked up meanwhile. */
  probe: Client
  signal: AbortSignal
}

/** The sessions have begun to read. Memory does not grow with the tables. */
export async function foretell({ plan, source, live, probe, signal }: Foretelling): Promise<RescueCounts> {
  const began = performance.now()
  const { schema, name } = plan.past
  const { way } = plan.asked
  const what = `Counting the rows of ${shownName(plan.past)}`
  try {
    const probes = await probesOf(plan, probe)
    const byKey = plan.key !== null && (way === 'missing' || way === 'replace')
    const counted = byKey
      ? await countByKey({ plan, source, live, probe, signal }, probes)
      : await countPlain({ plan, source, live, probe, signal }, probes)
    const found = probes.filter((each) => each.found.rows > 0)
    return {
      ...{ schema, name, ...counted },
      orphans: found.flatMap(({ constraint, parent, found: { rows, values } }) =>
        parent ? [{ constraint, parent, rows, values }] : [],
      ),
      taken: found.flatMap(({ constraint, parent, found: { rows, values } }) => (parent ? [] : [{ constraint, rows, values }])),
      seconds: Math.round((performance.now() - began) / 100) / 10,
    }
  } catch (error) {
    signal.throwIfAborted()
    throw explainSqlError(error, what)
  }
}

type Counted = Pick<RescueCounts, 'recovered' | 'live' | 'byKey'>

async function countByKey({ plan, source, live, probe, signal }: Foretelling, probes: readonly Probe[]): Promise<Counted> {
  const counts = emptyCounts()
  const look = lookingUp(probe, probes)
  const rows = missingRows({ plan, source, live, rest: probedColumns(plan, probes), signal, onRows: () => undefined }, counts)
  // The hash comes before what is looked up.
  for await (const batch of rows) for (const line of batch) await look.add(line.subarray(line.indexOf(9) + 1))
  await look.end()
  const { recovered, live: now, ...byKey } = counts
  return { recovered, live: now, byKey }
}

async function countPlain({ plan, source, live, probe, signal }: Foretelling, probes: readonly Probe[]): Promise<Counted> {
  const now = plan.now ? await count(live.client, countTableSql(plan.now)) : null
  if (probes.length === 0) return { recovered: await count(source.client, countSourceSql(plan)), live: now, byKey: null }
  let recovered = 0
  const look = lookingUp(probe, probes)
  for await (const line of readLines(source, columnsOutSql(plan, probedColumns(plan, probes)), signal)) {
    recovered += 1
    await look.add(line)
  }
  await look.end()
  return { recovered, live: now, byKey: null }
}

function probedColumns(plan: TablePlan, probes: readonly Probe[]): string[] {
  return probes.flatMap(({ columns }) =>
    columns.map((column) => `(${plan.moved.find((each) => each.name === column)?.out ?? 'NULL'})::pg_catalog.text`),
  )
}

/** Rows of the probed columns, looked up so many at a time. */
function lookingUp(client: Client, probes: readonly Probe[]) {
  let waiting: (string | null)[][] = []
  const end = async () => {
    const rows = waiting
    waiting = []
    let at = 0
    for (const each of rows.length === 0 ? [] : probes) {
      await ask(client, each, at, rows)
      at += each.columns.length
    }
  }
  return {
    /** With its line end. */
    async add(line: Buffer): Promise<void> {
      if (probes.length === 0) return
      const fields = splitTextRow(line.subarray(0, -1), rules)
      waiting.push(fields.map(({ value }) => (value === null ? null : Buffer.from(value).toString('utf8'))))
      if (waiting.length >= batchRows) await end()
    },
    end,
  }
}

async function count(client: Client, sql: string): Promise<number> {
  const { rows } = await client.query<{ rows: string }>(sql)
  return Number(rows[0]?.rows)
}
