// Makes the database that a job fills, from template0, and drops it when the job comes to nothing.
import { quoteIdentifier } from '../../shared/model/identifier'
import { AppError } from '../../shared/rpc/appError'
import type { JobContext } from '../jobs/jobTypes'
import { openServer } from '../postgres/openServer'
import type { ResolvedConnection, Services } from '../services'
import { hidePasswords } from './sqlText'

export interface MadeDatabase {
  connection: ResolvedConnection
  database: string
  job: JobContext
  services: Pick<Services, 'connections'>
}

/** The step `create` of a job. Returns true: from here on the database is the job's to drop. `nothing`: what was not done. */
export async function createDatabase(
  { connection, database, job, services }: MadeDatabase,
  sql: string,
  nothing: string,
): Promise<true> {
  job.step('create')
  job.command({ title: `SQL on ${connection.label}`, program: 'SQL', version: null, words: [`${sql};`], kind: 'sql' })
  const client = await openServer(services, connection, job.signal)
  try {
    job.signal.throwIfAborted()
    await client.query(sql)
  } catch (error) {
    if (job.signal.aborted || !(error instanceof Error)) throw error
    throw new AppError('postgres', `The database ${database} could not be created: ${error.message}.`, {
      hint: `${nothing} Change the destination and start again.`,
      details: { original: error.message },
      cause: error,
    })
  } finally {
    await client.end()
  }
  job.log(`Created the database ${database} from template0.`)
  job.endStep('create', 'done', 'from template0')
  return true
}

/** Works after a cancel too. Returns whether it is gone; what could not be dropped is named as a leftover. */
export async function dropMadeDatabase(
  { connection, database, job, services }: MadeDatabase,
  shown = database,
): Promise<boolean> {
  try {
    // Not the job's signal: that one may have been aborted.
    const client = await openServer(services, connection, undefined, database)
    try {
      await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)} WITH (FORCE)`)
    } finally {
      await client.end()
    }
    job.log(`Dropped the database ${shown}, which this job had created.`)
    return true
  } catch (error) {
    const why = hidePasswords(error instanceof Error ? error.message : String(error))
    job.log(`The database ${shown} could not be dropped: ${why}`, 'error')
    job.leftover(`The database ${shown}, created by this job, is incomplete; it could not be dropped: ${why}`)
    return false
  }
}
