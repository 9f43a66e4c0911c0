// Sequences: where rows came back with higher numbers than theirs they are raised, within the transaction, and never lowered.
import { z } from 'zod'
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../../shared/model/identifier'
import { shownName } from './readTable'
import * as sql from './rescueSql'
import { type Run, runOne } from './run'
import type { TablePlan } from './tablePlan'

const standing = z.object({
  last: z.string(),
  called: z.boolean(),
  increment: z.string(),
  cache: z.string(),
  least: z.string(),
  most: z.string(),
})

/** Of a table that came back, as they stood: they are this transaction's own. */
export async function setOwnSequences(run: Run): Promise<void> {
  for (const { schema, name, last, called, there } of run.plan.dropped.sequences) {
    // One that was there before belongs to others too: it is only ever raised.
    if (there) continue
    const relation = quoteLiteral(qualifiedName(schema, name)).trim()
    await runOne(
      run,
      `SELECT pg_catalog.setval(${relation}::pg_catalog.regclass, ${last}, ${called})`,
      `Setting the sequence ${schema}.${name}`,
    )
    run.job.log(`Sequence ${schema}.${name}: ${last}, as it was.`)
  }
}

export interface RaisedSequence {
  name: string
  from: string
  /** null: it was ahead already. */
  to: string | null
}

const raised = new WeakMap<Run, RaisedSequence[]>()
export const raisedBy = (run: Run): RaisedSequence[] => raised.get(run) ?? []

/** Last before the COMMIT: whoever asks for a number waits from here on. setval would outlive a ROLLBACK, ALTER SEQUENCE does not. */
export async function raiseSequences(run: Run): Promise<void> {
  const found: RaisedSequence[] = []
  raised.set(run, found)
  for (const table of run.plan.tables) {
    const columns = table.asked.way === 'dropped' ? table.past.sequences : (table.now?.sequences ?? [])
    if (table.asked.way === 'new') continue
    for (const each of columns) {
      if (!table.moved.some(({ name }) => name === each.column)) continue
      const one = await raise(run, table, each)
      // That of a table that came back stands as it stood: nothing to say unless it was raised.
      if (one && (one.to !== null || table.asked.way !== 'dropped')) found.push(one)
    }
  }
}

async function raise(
  run: Run,
  table: TablePlan,
  { schema, name, column }: { schema: string; name: string; column: string },
): Promise<RaisedSequence | null> {
  const what = `Raising the sequence ${schema}.${name}`
  const relation = qualifiedName(schema, name)
  const read = async () => {
    const { rows } = await runOne(
      run,
      `SELECT q.last_value::pg_catalog.text AS last, q.is_called AS called, s.seqincrement::pg_catalog.text AS increment, s.seqcache::pg_catalog.text AS cache,
              s.seqmin::pg_catalog.text AS least, s.seqmax::pg_catalog.text AS most
         FROM ${relation} AS q, pg_catalog.pg_sequence AS s WHERE s.seqrelid OPERATOR(pg_catalog.=) ${quoteLiteral(relation).trim()}::pg_catalog.regclass`,
      what,
    )
    return standing.parse(rows[0])
  }
  const now = await read()
  const up = BigInt(now.increment) > 0n
  const from =
    table.asked.way === 'dropped' ? sql.relation({ ...table.into, partitioned: table.past.partitioned }) : sql.stageName(table)
  const { rows } = await runOne(
    run,
    `SELECT pg_catalog.trunc(pg_catalog.${up ? 'max' : 'min'}(s.${quoteIdentifier(column)})::pg_catalog.numeric)::pg_catalog.text AS edge FROM ${from} AS s`,
    what,
  )
  const { edge } = z.object({ edge: z.string().nullable() }).parse(rows[0])
  if (edge === null) return null
  const isBehind = (state: typeof now) => {
    const next = BigInt(state.last) + (state.called ? BigInt(state.increment) : 0n)
    return up ? next <= BigInt(edge) : next >= BigInt(edge)
  }
  const shown = { name: `${schema}.${name}`, from: now.last }
  if (!isBehind(now)) return { ...shown, to: null }
  // Any option takes the lock that keeps nextval out, and leaves the value as it is: only now is it known for sure.
  await runOne(run, `ALTER SEQUENCE ${relation} CACHE ${now.cache}`, what)
  const sure = await read()
  if (!isBehind(sure)) return { ...shown, from: sure.last, to: null }
  const next = BigInt(edge) + BigInt(sure.increment)
  if (next > BigInt(sure.most) || next < BigInt(sure.least)) {
    run.job.issue({
      ...{
        severity: 'warning',
        object: shownName(table.into),
        objectKind: 'SEQUENCE',
        entry: name,
        statement: '',
        harmless: null,
        logLine: null,
      },
      message: `The sequence ${schema}.${name} stays at ${sure.last}: a rescued row has ${edge}, and the sequence ends at ${up ? sure.most : sure.least}.`,
      advice: 'Give the sequence more room, or another range.',
    })
    return { ...shown, to: null }
  }
  await runOne(run, `ALTER SEQUENCE ${relation} RESTART WITH ${next}`, what)
  run.job.log(`Sequence ${schema}.${name}: raised from ${sure.last} to ${next}, past the rescued ${edge}.`)
  return { ...shown, from: sure.last, to: String(next) }
}
