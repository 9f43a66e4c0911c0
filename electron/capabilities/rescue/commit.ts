// The COMMIT, and the truth about it when the connection is lost meanwhile: the server remembers how a transaction ended.
import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseError } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../shared/rpc/appError'
import { withClient } from '../../postgres/withClient'
import type { RescueServices } from './parts'
import { explainRescue, type Run, runOne } from './run'

const tries = 20
const pauseMs = 500

export async function commit(services: RescueServices, run: Run): Promise<void> {
  const { job, target, plan } = run
  job.step('commit')
  const { rows } = await runOne(run, 'SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text AS id', 'The COMMIT')
  const { id } = z.object({ id: z.string() }).parse(rows[0])
  try {
    // A cancel from here on comes too late, and the server does not hear it.
    await target.client.query('COMMIT')
  } catch (error) {
    if (error instanceof DatabaseError && !/^(57P|08)/.test(error.code ?? '')) throw explainRescue(error, 'The COMMIT')
    const status = await askStatus(services, run, id)
    const where = `${plan.request.liveDatabase} on ${plan.open.live.label}`
    if (status === 'aborted') {
      throw new AppError(
        'disconnected',
        'The connection was lost during COMMIT, and the server says that the transaction was rolled back.',
        {
          hint: `Nothing was changed in ${where}. Start again.`,
          cause: error,
        },
      )
    }
    if (status !== 'committed') {
      throw new AppError('disconnected', `The connection was lost during COMMIT: the rescue may be in ${where} or not.`, {
        hint: `Ask there, once it answers: SELECT pg_xact_status('${id}')`,
        cause: error,
      })
    }
    job.log(`The connection was lost during COMMIT, and the server says that transaction ${id} is committed.`, 'warning')
  }
  job.endStep('commit', 'done', `transaction ${id}`)
}

async function askStatus(services: RescueServices, { plan }: Run, id: string): Promise<string> {
  const asked = { connections: services.connections, connection: plan.open.live, database: plan.request.liveDatabase }
  for (let count = 0; count < tries; count += 1) {
    try {
      const status = await withClient(asked, async (client) => {
        const { rows } = await client.query<{ status: string | null }>(
          'SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8) AS status',
          [id],
        )
        return rows[0]?.status ?? ''
      })
      if (status !== 'in progress') return status
    } catch (error) {
      // It may be starting again.
      if (!(error instanceof AppError)) throw error
    }
    await delay(pauseMs)
  }
  return ''
}
