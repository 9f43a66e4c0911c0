// Rows of one table across: into a new table at once, or into a temporary one where they wait to be written in one statement.
import { Buffer } from 'node:buffer'
import { AppError } from '../../../shared/rpc/appError'
import { countOf, rate, startPace } from '../../jobs/pace'
import { copyAcross } from '../../postgres/copyAcross'
import { copyIn } from '../../postgres/copyStream'
import { missingRows } from './compareSides'
import { emptyCounts } from './mergeRows'
import { shownName } from './readTable'
import * as sql from './rescueSql'
import { explainRescue, type Run, runAll, runOne } from './run'
import { newSql } from './showRescue'
import type { TablePlan } from './tablePlan'

export async function bringRows(run: Run, table: TablePlan): Promise<void> {
  const { job, plan } = run
  const step = `rows-${plan.request.tables.indexOf(table.asked) + 1}`
  job.step(step)
  const startedAt = performance.now()
  if (table.asked.way === 'missing') {
    await stage(run, table, (into) => stageMissing(run, table, into))
    const counts = run.tables.get(table)?.counts
    job.endStep(
      step,
      'done',
      `${countOf(counts?.missing ?? 0, 'row')} missing of ${(counts?.recovered ?? 0).toLocaleString('en-US')}`,
    )
    return
  }
  if (table.asked.way === 'replace') {
    await stage(run, table, (into) => across(run, table, sql.stageOutSql(table), into))
  } else {
    const made = table.asked.way === 'new' ? newSql(plan, table) : null
    const what = `Creating ${shownName(table.into)}`
    if (made) await runAll(run, made.before, what)
    await across(run, table, sql.outSql(table), sql.inSql(table))
    if (made) await runAll(run, made.after, what)
  }
  const brought = run.tables.get(table)?.brought ?? 0
  job.endStep(step, 'done', `${countOf(brought, 'row')}, ${rate(brought, startedAt)}`)
}

async function stage(run: Run, table: TablePlan, fill: (into: string) => Promise<void>): Promise<void> {
  const what = `Making room for the rows of ${shownName(table.past)}`
  await runOne(run, sql.stageSql(table), what)
  await fill(sql.stageInSql(table))
  await runOne(run, `ANALYZE ${sql.stageName(table)}`, what)
}

async function stageMissing(run: Run, table: TablePlan, into: string): Promise<void> {
  const { job, source, reader, target } = run
  const pace = startPace(job)
  const counts = emptyCounts()
  const total = table.past.estimatedRows
  const onRows = (recovered: number) =>
    pace.show({
      done: recovered,
      total: total !== null && total > recovered ? total : null,
      unit: 'rows',
      label: `${shownName(table.past)}: ${countOf(counts.missing, 'row')} missing`,
    })
  const rest = table.moved.map(({ out }) => out)
  const rows = missingRows({ plan: table, source, live: reader, rest, signal: job.signal, onRows }, counts)
  try {
    const taken = await copyIn(target.client, into, flat(rows), job.signal)
    job.signal.throwIfAborted()
    if (taken !== counts.missing) throw lost(table, counts.missing, taken)
  } catch (error) {
    job.signal.throwIfAborted()
    throw explainRescue(error, `Comparing the rows of ${shownName(table.past)}`)
  } finally {
    pace.end()
  }
  if (counts.unkeyed > 0) {
    throw new AppError(
      'preflight',
      `${countOf(counts.unkeyed, 'row')} of ${shownName(table.past)} have no key, or one that comes twice: they can't be told apart by it.`,
      { hint: 'Choose another key, or rescue as a new table.' },
    )
  }
  run.tables.set(table, { brought: 0, counts })
}

async function* flat(batches: AsyncGenerator<Buffer[], void, undefined>): AsyncGenerator<Buffer, void, undefined> {
  for await (const batch of batches) yield Buffer.concat(batch)
}

async function across(run: Run, table: TablePlan, out: string, into: string): Promise<void> {
  const { job, source, target } = run
  const pace = startPace(job)
  const total = table.past.estimatedRows
  try {
    const { sent, taken } = await copyAcross({
      out: { client: source.client, sql: out, cancel: source.cancel },
      into: { client: target.client, sql: into },
      signal: job.signal,
      onRows: (rows) =>
        pace.show({
          done: rows,
          total: total !== null && total > rows ? total : null,
          unit: 'rows',
          label: shownName(table.past),
        }),
    })
    job.signal.throwIfAborted()
    if (sent !== taken) throw lost(table, sent, taken)
    run.tables.set(table, { brought: taken })
  } catch (error) {
    job.signal.throwIfAborted()
    throw explainRescue(error, `Copying the rows of ${shownName(table.past)}`)
  } finally {
    pace.end()
  }
}

function lost(table: TablePlan, sent: number, taken: number): AppError {
  return new AppError(
    'postgres',
    `${countOf(sent, 'row')} of ${shownName(table.past)} were sent, ${taken.toLocaleString('en-US')} arrived.`,
    {
      hint: 'Look at the log of the live server.',
    },
  )
}
