// The job: rows out of the recovered cluster into the live one, all in one transaction there, proved before its COMMIT.
import type { RescueRequest } from '../../../shared/contracts/rescue'
import type { JobResult } from '../../../shared/jobs/job'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { openStoppable } from '../../postgres/stoppable'
import { messageOf } from '../../process/systemError'
import { applyRows } from './applyRows'
import { bringRows } from './bringRows'
import { commit } from './commit'
import { describeRescue } from './describeRescue'
import { bringLargeObjects } from './largeObjects'
import { asText, beginReading, findSides, withSides } from './openSides'
import type { Parts, RescueServices } from './parts'
import { planRescue } from './planRescue'
import { checkRescue, refuseBlocked } from './preflightRescue'
import { proveRows } from './proveRows'
import { type Run, runAll, runOne } from './run'
import { raiseSequences, setOwnSequences } from './sequences'
import { settingsSql } from './showRescue'

export async function runRescue(
  services: RescueServices,
  parts: Parts,
  request: RescueRequest,
  job: JobContext,
): Promise<JobResult> {
  const startedAt = performance.now()
  services.connections.requireWritable(request.live, 'Rescuing')
  job.step('checks')
  const sides = await findSides(services, parts, request, job.signal)
  const unchanged = `Nothing was changed in ${request.liveDatabase} on ${sides.live.label}: all of it is one transaction.`
  job.output({
    ...{ partial: null, final: request.liveDatabase },
    doubt: { says: `${unchanged} The server rolls it back.`, hint: 'Run it again.' },
  })
  // What happens after the COMMIT, as connections are closed, says nothing about it.
  const state: { ended: { run: Run; failed: AppError | null } | null } = { ended: null }
  try {
    await withSides(services, sides, request, job.signal, async (open) => {
      const plan = await planRescue(services, open, request, job.signal)
      const rows = checkRescue(plan, [])
      for (const { result, check, found } of rows)
        job.log(`${result}: ${check}: ${found}`, result === 'pass' ? 'info' : 'warning')
      refuseBlocked(rows)
      for (const command of plan.shown) job.command(command)
      const reader = await openStoppable(services.connections, sides.live, request.liveDatabase, job.signal)
      const stop = () => reader.cancel()
      job.signal.addEventListener('abort', stop, { once: true })
      try {
        const run: Run = { job, plan, source: open.source, target: open.target, reader, tables: new Map() }
        open.target.client.on('notice', ({ message = '' }) => job.log(`NOTICE: ${message}`))
        await rescue(run)
        job.signal.throwIfAborted()
        state.ended = { run, failed: await commit(services, run) }
      } finally {
        job.signal.removeEventListener('abort', stop)
        await reader.close()
      }
    })
  } catch (error) {
    if (state.ended === null) throw nothingChanged(job, error, unchanged)
    job.log(`A connection did not end well after the COMMIT: ${messageOf(error)}`, 'warning')
  }
  if (state.ended === null) throw new AppError('internal', 'The rescue ended without a COMMIT.', { hint: unchanged })
  const { run, failed } = state.ended
  if (failed) {
    // A cancelled job has no error of its own, and this must be read all the same.
    if (job.signal.aborted) job.leftover(`${failed.message} ${failed.hint ?? ''}`.trim())
    throw failed
  }
  return describeRescue(run, startedAt)
}

function nothingChanged(job: JobContext, error: unknown, unchanged: string): unknown {
  if (job.signal.aborted) {
    job.log(unchanged)
    return error
  }
  if (!(error instanceof AppError)) return error
  return new AppError(error.code, error.message, {
    hint: [error.hint, unchanged].filter(Boolean).join(' '),
    ...(error.details ? { details: error.details } : {}),
    cause: error,
  })
}

async function rescue(run: Run): Promise<void> {
  const { job, plan, source, reader } = run
  const { dropped, open, request } = plan
  await beginReading(source.client, open.past.version)
  await beginReading(reader.client, open.now.version)
  const timeouts = open.now.version >= 170_000 ? '; SET LOCAL transaction_timeout TO 0' : ''
  await runOne(run, `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${asText}${timeouts}; ${settingsSql(plan)}`, 'Beginning')
  if (dropped.before.length > 0) {
    job.step('definition')
    await runOne(run, 'SET LOCAL check_function_bodies TO off', 'Beginning')
    await runAll(run, dropped.before, 'Bringing back the definition')
    job.endStep('definition', 'done', `${dropped.before.length} statements`)
  }
  for (const table of plan.tables) await bringRows(run, table)
  await reader.client.query('ROLLBACK')
  job.step('apply')
  await applyRows(run)
  if (plan.largeObjects.length > 0) run.largeObjects = await bringLargeObjects(run)
  job.endStep('apply', 'done', request.triggers === 'fire' ? 'triggers fired' : '')
  job.step('prove')
  await runOne(run, asText, 'Comparing')
  for (const table of plan.tables) await proveRows(run, table)
  job.endStep('prove', 'done', 'as at the source')
  if (dropped.after.length > 0) {
    job.step('rest')
    await setOwnSequences(run)
    await runAll(run, dropped.after, 'Bringing back keys, indexes and triggers')
    job.endStep('rest', 'done', `${dropped.after.length} statements`)
  }
  await raiseSequences(run)
}

export function rescueSteps(request: RescueRequest): { id: string; label: string }[] {
  const dropped = request.tables.some(({ way }) => way === 'dropped')
  return [
    { id: 'checks', label: 'Checks' },
    ...(dropped ? [{ id: 'definition', label: 'Definition' }] : []),
    ...request.tables.map(({ schema, name }, at) => ({ id: `rows-${at + 1}`, label: `Rows of ${schema}.${name}` })),
    { id: 'apply', label: 'Write' },
    { id: 'prove', label: 'Compare with the source' },
    ...(dropped ? [{ id: 'rest', label: 'Keys, indexes, triggers' }] : []),
    { id: 'commit', label: 'Commit' },
  ]
}
