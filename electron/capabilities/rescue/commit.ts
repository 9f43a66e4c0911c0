// The COMMIT, and the truth about it when the connection is lost meanwhile: the server remembers how a transaction ended.
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseError } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../shared/rpc/appError'
import { withClient } from '../../postgres/withClient'
import type { RescueServices } from './parts'
import { explainRescue, type Run, runOne } from './run'

/** Without a connection. */
const tries = 20
const pauseMs = 500
/** A COMMIT that waits so long may wait for a synchronous standby, or for an answer that is never to come. */
const lookMs = 5000

type Ended = { ok: true } | { ok: false; error: unknown }

/** null: it is committed, by the server's own word. An error is returned, not thrown: it must outlive a cancel. */
export async function commit(services: RescueServices, run: Run): Promise<AppError | null> {
  const { job, target, plan } = run
  job.step('commit')
  const { rows } = await runOne(run, 'SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text AS id', 'The COMMIT')
  const { id } = z.object({ id: z.string() }).parse(rows[0])
  const where = `${plan.request.liveDatabase} on ${plan.open.live.label}`
  const ask = `SELECT pg_xact_status('${id}')`
  job.output({
    ...{ partial: null, final: plan.request.liveDatabase },
    doubt: {
      says: `It was at its COMMIT: the rescue is in ${where} as a whole, or not at all.`,
      hint: `Ask there, before it is run again: ${ask}`,
    },
  })
  // A cancel from here on comes too late.
  const answer: Promise<Ended> = target.client.query('COMMIT').then(
    ({ command }) => (command === 'COMMIT' ? { ok: true } : { ok: false, error: new Error(`the server answered ${command}`) }),
    (error: unknown) => ({ ok: false, error }),
  )
  const ended = await answeredOrKnown(services, run, id, answer)
  if (!ended.ok) {
    const { error: cause } = ended
    if (cause instanceof DatabaseError && !/^(57P|08)/.test(cause.code ?? '')) return explainRescue(cause, 'The COMMIT')
    const status = await askStatus(services, run, id, tries)
    if (status === 'aborted') {
      const text = 'The connection was lost during COMMIT, and the server says that the transaction was rolled back.'
      return new AppError('disconnected', text, { hint: `Nothing was changed in ${where}. Start again.`, cause })
    }
    if (status !== 'committed') {
      const text = `The connection was lost during COMMIT: the rescue may be in ${where} or not.`
      return new AppError('disconnected', text, { hint: `Ask there, once it answers: ${ask}`, cause })
    }
    job.log(`The connection was lost during COMMIT, and the server says that transaction ${id} is committed.`, 'warning')
  }
  job.endStep('commit', 'done', `transaction ${id}`)
  return null
}

/**
 * An answer can be lost while the connection seems to stand: a firewall that forgot it says nothing. What the server says of
 * the transaction tells an end that nobody heard of from a COMMIT that is still going on (pg_xact_status: 'in progress').
 */
async function answeredOrKnown(services: RescueServices, run: Run, id: string, answer: Promise<Ended>): Promise<Ended> {
  for (;;) {
    const first = await Promise.race([answer, delay(lookMs, null, { ref: false })])
    if (first !== null) return first
    const status = await Promise.race([answer, askStatus(services, run, id, 1)])
    if (typeof status === 'object') return status
    if (status !== 'committed' && status !== 'aborted') {
      run.job.log('The COMMIT is not answered yet: it may wait for a synchronous standby.', 'warning')
      continue
    }
    // It may just be on its way.
    const late = await Promise.race([answer, delay(pauseMs, null, { ref: false })])
    if (late !== null) return late
    run.target.client.connection.stream.destroy()
    return { ok: false, error: new Error('the answer to COMMIT did not come') }
  }
}

/** 'committed', 'aborted' or 'in progress'; '' when that can't be known. */
async function askStatus(services: RescueServices, { plan }: Run, id: string, times: number): Promise<string> {
  const asked = { connections: services.connections, connection: plan.open.live, database: plan.request.liveDatabase }
  let last = ''
  for (let count = 0; count < times; count += 1) {
    if (count > 0) await delay(pauseMs)
    try {
      last = await withClient(asked, async (client) => {
        const { rows } = await client.query<{ status: string | null }>(
          'SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8) AS status',
          [id],
        )
        return rows[0]?.status ?? ''
      })
      if (last !== 'in progress') return last
    } catch (error) {
      // After a crash before any of it was on disk: "transaction ID 812 is in the future" (xid8funcs.c).
      if (error instanceof DatabaseError && error.code === '22023') return 'aborted'
      // It may be starting again, or be out of reach for a moment.
    }
  }
  return last
}
