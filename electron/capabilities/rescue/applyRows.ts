// The staged rows into the live tables: what is kept is kept first, nothing cascades, and triggers are quiet if so chosen.
import { z } from 'zod'
import { qualifiedName } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { countOf } from '../../jobs/pace'
import { asRole } from './openSides'
import { shownName } from './readTable'
import * as sql from './rescueSql'
import { countOne, type Run, runAll, runOne } from './run'
import { keptSql } from './showRescue'
import type { TablePlan } from './tablePlan'

const restRow = z.object({ there: z.string(), others: z.string(), keys: z.array(z.string()) })

export async function applyRows(run: Run): Promise<void> {
  const { plan } = run
  const replaced = plan.tables.filter(({ asked }) => asked.way === 'replace')
  const staged = plan.tables.filter(({ asked }) => asked.way === 'replace' || asked.way === 'missing')
  const quiet = plan.request.triggers === 'quiet' ? staged.map(sql.triggerSql) : []
  if (plan.order.deferred) await runOne(run, 'SET CONSTRAINTS ALL DEFERRED', 'Deferring constraints')
  const deleted = new Map<TablePlan, number>()
  const kept = new Map<TablePlan, number>()
  for (const table of replaced) await lockTable(run, table)
  for (const table of replaced) kept.set(table, await keepRows(run, table))
  for (const table of replaced) {
    if (sql.updateSql(table) !== null) await runOne(run, sql.changedTableSql(table), `Comparing ${shownName(table.into)}`)
  }
  await runOne(run, asRole, 'Writing')
  for (const { off } of quiet) await runAll(run, off, 'Keeping triggers quiet')
  // Children first: what leads to a row goes before the row.
  for (const table of replaced.toReversed()) deleted.set(table, await deleteRows(run, table))
  for (const table of plan.tables) {
    if (table.asked.way === 'missing') await insertMissing(run, table)
    if (table.asked.way === 'replace') {
      await replaceRows(run, table, { kept: kept.get(table) ?? 0, deleted: deleted.get(table) ?? 0 })
    }
  }
  // Before an ALTER TABLE: it is refused while checks of its rows are still to come.
  await runOne(run, 'SET CONSTRAINTS ALL IMMEDIATE', 'Checking the constraints')
  for (const { on } of quiet) await runAll(run, on, 'Waking triggers')
}

/** Tables whose foreign key would act on a deleted row are locked too: no row that leads to one may come in between. */
async function lockTable(run: Run, { into, now }: TablePlan): Promise<void> {
  const what = `Locking ${shownName(into)}`
  await runOne(run, sql.lockSql(into), what)
  const acting = (now?.referencedBy ?? []).filter(({ onDelete }) => onDelete !== 'a' && onDelete !== 'r')
  for (const { child } of acting) await runOne(run, `LOCK TABLE ${qualifiedName(...child)} IN SHARE ROW EXCLUSIVE MODE`, what)
}

async function keepRows(run: Run, table: TablePlan): Promise<number> {
  const what = `Keeping the rows of ${shownName(table.into)}`
  const [copy = '', ...rest] = keptSql(table)
  const { count } = await runOne(run, copy, what)
  await runAll(run, rest, what)
  const there = await countOne(run, sql.countLiveSql(table), what)
  if (there !== count) throw new AppError('postgres', `${shownName(table.into)} has ${there} rows, and ${count} were kept.`)
  return count
}

async function deleteRows(run: Run, table: TablePlan): Promise<number> {
  const name = shownName(table.into)
  if (table.key !== null) {
    for (const reference of table.now?.referencedBy ?? []) {
      const leading = await countOne(run, sql.childrenSql(table, reference), `Looking for rows that lead to ${name}`)
      if (leading === 0) continue
      const child = reference.child.join('.')
      throw new AppError(
        'preflight',
        `${countOf(leading, 'row')} of ${child} ${leading === 1 ? 'leads' : 'lead'} to rows of ${name} that would go (foreign key ${reference.name}).`,
        { hint: `Replace ${child} too, or bring back the missing rows only.` },
      )
    }
  }
  return (await runOne(run, sql.deleteSql(table), `Deleting from ${name}`)).count
}

async function insertMissing(run: Run, table: TablePlan): Promise<void> {
  const what = `Inserting into ${shownName(table.into)}`
  await runOne(run, sql.insertedTableSql(table), what)
  const { count } = await runOne(run, sql.insertMissingSql(table), what)
  const outcome = run.tables.get(table)
  if (!outcome) throw new AppError('internal', `${shownName(table.into)} was not compared.`)
  outcome.brought = count
  if (count === outcome.counts?.missing) return
  const rest = restRow.parse((await runOne(run, sql.leftOutSql(table), what)).rows[0])
  outcome.there = Number(rest.there)
  outcome.leftOut = { rows: Number(rest.others), keys: rest.keys }
}

async function replaceRows(run: Run, table: TablePlan, { kept, deleted }: { kept: number; deleted: number }): Promise<void> {
  const name = shownName(table.into)
  const update = sql.updateSql(table)
  const updated = update === null ? 0 : (await runOne(run, update, `Updating ${name}`)).count
  const inserted = (await runOne(run, sql.insertAllSql(table), `Inserting into ${name}`)).count
  const brought = run.tables.get(table)?.brought ?? 0
  run.tables.set(table, { brought, replaced: { kept, deleted, updated, inserted } })
}
