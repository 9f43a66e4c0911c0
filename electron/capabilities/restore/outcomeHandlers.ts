// Answers the calls of the restoreOutcome contract: from the job's own record to the database it filled.
import type { Client } from 'pg'
import type { FailedConstraint as FailedConstraintRef, restoreOutcome } from '../../../shared/contracts/restoreOutcome'
import type { JobIssue, JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { type FailedConstraint, notValidStatement, readFailedConstraint, validateStatement } from '../../library/failedConstraint'
import { withServer } from '../../postgres/openServer'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection } from '../../services'
import { dropKept, readKept, serverPlace } from './keptDatabase'
import type { RestoreServices } from './planRestore'
import { readRowsInTheWay } from './rowsInTheWay'

export function restoreOutcomeHandlers(services: RestoreServices): Handlers<typeof restoreOutcome, AbortSignal> {
  return {
    constraints: async ({ jobId }) => ({ constraints: constraintsOf(endedRestore(services, jobId)) }),
    rows: async ({ jobId, issue }, { signal }) => {
      const { job, found } = issueOf(services, jobId, issue)
      const constraint = constraintOf(found)
      return inside(services, job, signal, (client) => readRowsInTheWay(client, constraint))
    },
    notValid: async ({ jobId, issue }, { signal }) => {
      const { job, found } = issueOf(services, jobId, issue)
      const constraint = constraintOf(found)
      const sql = notValidOf(found)
      const where = await placeOf(services, job, signal)
      const there = await inside(services, job, signal, (client) => exists(client, constraint))
      return {
        ...where,
        database: databaseOf(job),
        table: tableOf(constraint),
        sql,
        validate: validateStatement(constraint),
        there,
      }
    },
    addNotValid: async ({ jobId, issue }, { signal }) => {
      const { job, found } = issueOf(services, jobId, issue)
      services.connections.requireWritable((await resolved(services, job)).id, 'Adding a constraint')
      const { name } = constraintOf(found)
      const sql = notValidOf(found)
      await inside(services, job, signal, (client) => run(client, sql, `Adding ${name} as NOT VALID`))
      return { sql }
    },
    kept: async ({ jobId }, { signal }) => {
      const job = endedRestore(services, jobId)
      const connection = await resolved(services, job)
      return withServer(services, connection, (client) => readKept(client, connection, job), signal)
    },
    dropKept: async ({ jobId, ...confirm }, { signal }) => {
      const job = endedRestore(services, jobId)
      const connection = await resolved(services, job)
      services.connections.requireWritable(connection.id, 'Dropping a database')
      await dropKept(services, connection, job, confirm, signal)
      return {}
    },
  }
}

function endedRestore({ jobs }: RestoreServices, jobId: string): JobSnapshot {
  const job = jobs.get(jobId)
  if (job.capability !== 'restore') {
    throw new AppError('bad_input', `"${job.title}" is no restore.`, { hint: 'Open the page of a restore.' })
  }
  if (!isEnded(job.state)) {
    throw new AppError('conflict', `"${job.title}" has not ended yet.`, { hint: 'Wait until it has.' })
  }
  return job
}

function issueOf(services: RestoreServices, jobId: string, issue: number): { job: JobSnapshot; found: JobIssue } {
  const job = endedRestore(services, jobId)
  const found = job.issues[issue]
  if (found) return { job, found }
  throw new AppError('not_found', `"${job.title}" has no error number ${issue + 1}.`, { hint: 'Open the job’s page again.' })
}

function constraintsOf({ issues }: JobSnapshot): FailedConstraintRef[] {
  return issues.flatMap((issue, index) => {
    const constraint = issue.harmless === null && issue.severity === 'error' ? readable(issue) : null
    if (constraint === null) return []
    const { kind, name } = constraint
    return [{ issue: index, kind, name, table: tableOf(constraint), notValid: notValidStatement(issue.statement) !== null }]
  })
}

function tableOf({ table }: FailedConstraint): string {
  return `${table.schema}.${table.name}`
}

/** Statements are kept up to 2,000 characters, and without passwords: what was cut or hidden is not run again. */
function readable({ statement }: JobIssue): FailedConstraint | null {
  return statement.length < 2000 && !statement.includes("'********'") ? readFailedConstraint(statement) : null
}

function constraintOf(issue: JobIssue): FailedConstraint {
  const constraint = readable(issue)
  if (constraint) return constraint
  throw new AppError('bad_input', 'This error is not about a foreign key, a check or a unique key that can be read.', {
    hint: 'Look at its statement, and put it right by hand.',
  })
}

function notValidOf(issue: JobIssue): string {
  const sql = notValidStatement(issue.statement)
  if (sql !== null) return sql
  throw new AppError('bad_input', 'Only foreign keys and checks can be added as NOT VALID.', {
    hint: 'Put the rows right, then run the failed entries again.',
  })
}

/** An ended job has no other server to choose, as a wizard has. */
async function resolved({ connections }: RestoreServices, job: JobSnapshot): Promise<ResolvedConnection> {
  try {
    if (job.connectionId !== null) return await connections.resolve(job.connectionId)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not_found') throw error
  }
  throw new AppError('not_found', `${job.serverLabel || 'The server of this job'} is no longer among the connections.`, {
    hint: 'Do it with your own tools: the page still says what, and where.',
  })
}

/** The database that was filled: after a failed replacing it still has the name it was given for that time. */
function databaseOf(job: JobSnapshot): string {
  const database = job.result?.database ?? job.outputs[0]?.final
  if (database != null) return database
  throw new AppError('not_found', 'The job filled no database.', { hint: 'Start the restore again.' })
}

async function placeOf(services: RestoreServices, job: JobSnapshot, signal: AbortSignal) {
  const connection = await resolved(services, job)
  return withServer(services, connection, (client) => serverPlace(client, connection), signal)
}

async function inside<T>(
  services: RestoreServices,
  job: JobSnapshot,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { connections } = services
  const connection = await resolved(services, job)
  return withClient({ connections, connection, database: databaseOf(job), signal }, work)
}

async function exists(client: Client, { table, name }: FailedConstraint): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1::text AND c.relname = $2::text AND o.conname = $3::text`,
    [table.schema, table.name, name],
  )
  return rowCount !== 0
}

async function run(client: Client, sql: string, what: string): Promise<void> {
  await client.query('BEGIN READ WRITE')
  try {
    await client.query(`SET LOCAL lock_timeout = '10s'`)
    await client.query(sql)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw explainSqlError(error, what, 'Nothing was changed.')
  }
}
