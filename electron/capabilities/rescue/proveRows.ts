// Before the COMMIT: what the live tables hold by now, row by row or by the sum of all, against what the source said.
import { z } from 'zod'
import { AppError } from '../../../shared/rpc/appError'
import { countOf } from '../../jobs/pace'
import { shownName } from './readTable'
import * as sql from './rescueSql'
import { explainRescue, type Run, runOne } from './run'
import type { TablePlan } from './tablePlan'

const sums = z.object({ rows: z.string(), sum: z.string().nullable() })
const proved = z.object({ rows: z.string(), same: z.string() })
const replaced = z.object({ rows: z.string(), same: z.string().nullable(), staged: z.string(), wanted: z.string().nullable() })

/** Throws AppError when anything reads otherwise: then there is no COMMIT. */
export async function proveRows(run: Run, table: TablePlan): Promise<void> {
  const what = `Comparing ${shownName(table.into)} with the source`
  if (table.asked.way === 'missing') return proveMissing(run, table, what)
  if (table.asked.way === 'replace') {
    const found = replaced.parse((await runOne(run, sql.proveReplacedSql(table), what)).rows[0])
    if (found.rows === found.staged && found.same === found.wanted) return
    if (table.key !== null && found.rows === found.staged && mayChange(run, table)) {
      changed(run, table, Number(found.wanted) - Number(found.same))
      return
    }
    throw differs(
      table,
      `${found.rows} rows are there, ${found.staged} came, ${found.same ?? 0} read as ${found.wanted ?? 0} should`,
    )
  }
  const source = await run.source.client.query(sql.sumSourceSql(table)).catch((error: unknown) => {
    run.job.signal.throwIfAborted()
    throw explainRescue(error, what)
  })
  const past = sums.parse(source.rows[0])
  const now = sums.parse((await runOne(run, sql.sumLiveSql(table), what)).rows[0])
  if (past.rows === now.rows && past.sum === now.sum) {
    run.job.log(`${shownName(table.into)}: ${past.rows} rows, hash sum ${past.sum ?? 'of none'}, the same on both sides.`)
    return
  }
  throw differs(
    table,
    `${now.rows} rows with the hash sum ${now.sum ?? 'none'}, at the source ${past.rows} with ${past.sum ?? 'none'}`,
  )
}

async function proveMissing(run: Run, table: TablePlan, what: string): Promise<void> {
  const outcome = run.tables.get(table)
  const found = proved.parse((await runOne(run, sql.proveMissingSql(table), what)).rows[0])
  const [there, same] = [Number(found.rows), Number(found.same)]
  const brought = outcome?.brought ?? 0
  run.job.log(`${shownName(table.into)}: ${brought} rows went in, ${there} are there, ${same} have the hash of the source.`)
  if (there === brought && same === brought) return
  if (there === brought && mayChange(run, table)) {
    changed(run, table, brought - same)
    return
  }
  throw differs(table, `${brought} rows went in, ${there} are there, ${same} of them read as they should`)
}

/** Triggers that were let fire may change rows: that is said, and no failure. */
function mayChange({ plan }: Run, { now }: TablePlan): boolean {
  return plan.request.triggers === 'fire' && (now?.triggers ?? []).length > 0
}

function changed(run: Run, table: TablePlan, rows: number): void {
  const outcome = run.tables.get(table)
  if (outcome) outcome.changedByTriggers = rows
  run.job.issue({
    ...{
      severity: 'warning',
      object: shownName(table.into),
      objectKind: 'TABLE',
      entry: '',
      statement: '',
      harmless: null,
      logLine: null,
    },
    message: `${countOf(rows, 'row')} read otherwise than at the source: triggers of the table changed them.`,
    advice: 'Look at what the triggers do. Kept quiet, they would have left the rows as they were.',
  })
}

function differs(table: TablePlan, how: string): AppError {
  return new AppError('postgres', `${shownName(table.into)} does not read as the source does: ${how}.`, {
    hint: 'A trigger or a rule may change rows as they go in. Rescue as a new table.',
  })
}
