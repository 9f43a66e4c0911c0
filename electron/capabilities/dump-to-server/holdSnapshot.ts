// A transaction on the source that stays open for the whole job: pg_dump reads in its snapshot, and the rows are counted in it.
import type { Client } from 'pg'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import type { PipePlan, PipeServices } from './planPipe'

export interface HeldSnapshot {
  client: Client
  /** For pg_dump's --snapshot. */
  snapshot: string
}

/** Ends with the job. Throws AppError when the server gives no snapshot. */
export async function holdSnapshot(services: PipeServices, plan: PipePlan, job: JobContext): Promise<HeldSnapshot> {
  const client = await services.connections.open(plan.source.connection, plan.request.database, job.signal)
  job.onCleanup('end the snapshot', () => client.end())
  // It does nothing while the pipe runs, and must not be ended for that.
  await client.query(`
    SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0`)
  if (plan.source.facts.record.serverVersion >= 170000) await client.query('SET transaction_timeout = 0')
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_catalog.pg_export_snapshot() AS snapshot')
  const snapshot = rows[0]?.snapshot
  if (snapshot === undefined) throw new AppError('postgres', 'The source gave no snapshot.')
  job.log(`The moment of the copy is the snapshot ${snapshot}.`)
  return { client, snapshot }
}
