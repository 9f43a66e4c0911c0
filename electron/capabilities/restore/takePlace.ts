// The end of a replacing: what the old database has of its own is tried at the start, and given with both names at the end.
import type { JobIssue } from '../../../shared/jobs/job'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { openServer } from '../../postgres/openServer'
import { carriedSql, type RestorePlan, type RestoreServices } from './planRestore'
import { swapDatabases, tryOwn } from './replaceDatabase'
import type { RunContext } from './runArchive'

/** Throws AppError; the database that was made for it, empty yet, is gone then. */
export async function tryCarrying(plan: RestorePlan, services: RestoreServices, job: JobContext): Promise<void> {
  const { target } = plan.request
  if (target.kind !== 'replace' || target.leaveOwn === true || !plan.replace?.old) return
  const { own } = plan.replace.old
  const client = await openServer(services, plan.connection, undefined, target.database)
  try {
    await tryOwn(client, own, plan.database, target.owner || own.owner)
  } catch (error) {
    await client.query(`DROP DATABASE ${quoteIdentifier(plan.database)}`)
    job.log(`Dropped the database ${plan.database}, which was empty yet.`)
    if (!(error instanceof Error)) throw error
    throw new AppError(
      'postgres',
      `What ${target.database} has of its own can’t be given to another database: ${error.message}.`,
      {
        hint: `Nothing was restored, and ${target.database} is as it was. Connect as a role that may, or leave its properties with the old one.`,
        details: { original: error.message },
        cause: error,
      },
    )
  } finally {
    await client.end()
  }
}

/** Only what is whole takes a name: after errors the old database stays, unless the person agreed to them beforehand. */
export async function takePlace({ plan, job, services }: RunContext, issues: readonly JobIssue[]): Promise<void> {
  const { target, continueOnError } = plan.request
  if (target.kind !== 'replace' || !plan.replace?.old) throw new Error('only a planned replacing changes names')
  const errors = issues.filter(({ severity, harmless }) => severity === 'error' && harmless === null).length
  if (errors > 0 && !continueOnError) {
    throw new AppError(
      'tool_failed',
      `${target.database} was not replaced: the restore had ${errors === 1 ? '1 error' : `${errors} errors`}.`,
      {
        hint:
          `${target.database} is as it was and keeps its name. What was restored is in ${plan.database}: look at it, ` +
          'put the errors right and start again, or choose to restore with errors.',
      },
    )
  }
  job.step('replace')
  // From here on it is seconds, and a cancel in between would help nobody.
  job.signal.throwIfAborted()
  const { database } = target
  const sql = [
    'BEGIN;',
    ...carriedSql(plan).map((statement) => `${statement};`),
    `ALTER DATABASE ${quoteIdentifier(database)} RENAME TO ${quoteIdentifier(plan.replace.kept)};`,
    `ALTER DATABASE ${quoteIdentifier(plan.database)} RENAME TO ${quoteIdentifier(database)};`,
    'COMMIT;',
  ]
  job.command({
    title: `SQL on ${plan.connection.label}`,
    program: 'SQL',
    version: null,
    words: [sql.join('\n')],
    kind: 'sql',
  })
  const carryTo = target.leaveOwn === true ? null : { owner: target.owner }
  const swap = { database, oldOid: plan.replace.old.oid, restored: plan.database, kept: plan.replace.kept, carryTo }
  await swapDatabases(services, plan.connection, { ...swap, endSessions: target.endSessions }, (text) => job.log(text))
  job.log(`${database} is the restored database now; the old one is kept as ${plan.replace.kept}.`)
  job.endStep('replace', 'done', `the old one is ${plan.replace.kept}`)
}
