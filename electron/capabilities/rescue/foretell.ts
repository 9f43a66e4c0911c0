// What a rescue will bring and what would stop it: rows counted by key, foreign keys that lead nowhere, unique values that are taken.
import { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { z } from 'zod'
import type { RescueCounts } from '../../../shared/contracts/rescue'
import { splitTextRow } from '../../../shared/model/copyText'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { explainSqlError } from '../../postgres/sqlError'
import type { Stoppable } from '../../postgres/stoppable'
import { missingRows } from './compareSides'
import { emptyCounts } from './mergeRows'
import { shownName } from './readTable'
import { countSourceSql, countTableSql, relation } from './rescueSql'
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
const shownValues = 20
const rules = { format: 'text' as const, delimiter: 9, quote: 0, escape: 0, null: Buffer.from('\\N') }

function probesOf(plan: TablePlan): Probe[] {
  const { now, key } = plan
  if (!now) return []
  const crosses = (names: readonly string[]) => names.every((name) => plan.moved.some((column) => column.name === name))
  const typeOf = (name: string) => plan.moved.find((column) => column.name === name)?.type ?? 'text'
  const values = (names: readonly string[]) => names.map((_, at) => `$${at + 1}::text[]`).join(', ')
  const aliases = (names: readonly string[]) => names.map((_, at) => `v${at + 1}`).join(', ')
  const present = (names: readonly string[]) => names.map((_, at) => `v.v${at + 1} IS NOT NULL`).join(' AND ')
  const lookUp = (names: readonly string[], exists: string, from: string, match: string) =>
    `SELECT v.at::int4 AS at FROM unnest(${values(names)}) WITH ORDINALITY AS v(${aliases(names)}, at)
      WHERE ${present(names)} AND ${exists} (SELECT FROM ${from} AS p WHERE ${match})`
  const parents = now.foreignKeys
    .filter(({ parent, columns }) => !(parent[0] === now.schema && parent[1] === now.name) && crosses(columns))
    .map(({ name, parent, columns, parentColumns, operators }): Probe => {
      const match = columns.map((column, at) => {
        return `p.${quoteIdentifier(parentColumns[at] ?? '')} ${operators[at] ?? '='} v.v${at + 1}::${typeOf(column)}`
      })
      const from = `${quoteIdentifier(parent[0])}.${quoteIdentifier(parent[1])}`
      return {
        constraint: name,
        parent,
        columns,
        sql: lookUp(columns, 'NOT EXISTS', from, match.join(' AND ')),
        found: { rows: 0, values: [] },
      }
    })
  const uniques = now.keys
    .filter((other) => other.name !== key?.name && crosses(other.columns))
    .map((other): Probe => {
      const match = other.columns.map(
        (column, at) => `p.${quoteIdentifier(column)} ${other.operators[at] ?? '='} v.v${at + 1}::${typeOf(column)}`,
      )
      return {
        ...{ constraint: other.name, parent: null, columns: other.columns, found: { rows: 0, values: [] } },
        sql: lookUp(other.columns, 'EXISTS', relation(now), match.join(' AND ')),
      }
    })
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
  const said = () => ({ schema, name, seconds: Math.round((performance.now() - began) / 100) / 10 })
  const what = `Counting the rows of ${shownName(plan.past)}`
  if (plan.key === null || plan.asked.way === 'new' || plan.asked.way === 'dropped') {
    const [recovered, now] = await Promise.all([
      count(source.client, countSourceSql(plan), what),
      plan.now ? count(live.client, countTableSql(plan.now), what) : null,
    ])
    return { ...said(), recovered, live: now, byKey: null, orphans: [], taken: [] }
  }
  const probes = plan.asked.way === 'missing' ? probesOf(plan) : []
  const rest = probes.flatMap(({ columns }) =>
    columns.map((column) => `(${plan.moved.find((each) => each.name === column)?.out ?? 'NULL'})::pg_catalog.text`),
  )
  const counts = emptyCounts()
  let waiting: (string | null)[][] = []
  const lookUp = async () => {
    const rows = waiting
    waiting = []
    let at = 0
    for (const each of probes) {
      await ask(probe, each, at, rows)
      at += each.columns.length
    }
  }
  try {
    for await (const batch of missingRows({ plan, source, live, rest, signal, onRows: () => undefined }, counts)) {
      if (probes.length === 0) continue
      for (const line of batch) {
        const fields = splitTextRow(line.subarray(0, -1), rules)
        waiting.push(fields.slice(1).map(({ value }) => (value === null ? null : Buffer.from(value).toString('utf8'))))
      }
      if (waiting.length >= batchRows) await lookUp()
    }
    if (waiting.length > 0) await lookUp()
  } catch (error) {
    signal.throwIfAborted()
    throw explainSqlError(error, what)
  }
  const { recovered, live: now, ...byKey } = counts
  const found = probes.filter((each) => each.found.rows > 0)
  return {
    ...said(),
    ...{ recovered, live: now, byKey },
    orphans: found.flatMap(({ constraint, parent, found: { rows, values } }) =>
      parent ? [{ constraint, parent, rows, values }] : [],
    ),
    taken: found.flatMap(({ constraint, parent, found: { rows, values } }) => (parent ? [] : [{ constraint, rows, values }])),
  }
}

async function count(client: Client, sql: string, what: string): Promise<number> {
  const { rows } = await client.query<{ rows: string }>(sql).catch((error: unknown) => {
    throw explainSqlError(error, what)
  })
  return Number(rows[0]?.rows)
}
