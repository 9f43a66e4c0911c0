// Copies rows from one server's table or query into another's table: COPY out piped into COPY in, text format.
import type { JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import type { JobContext } from '../../jobs/jobTypes'
import { copyAcross } from '../../postgres/copyAcross'
import { explainSqlError } from '../../postgres/sqlError'
import { explainCopyError } from './copyError'
import { countOf, rate, startPace } from './copyProgress'
import { type CopyServices, openCopySession } from './copySession'
import { beginReadOnly, describeQuery } from './exportSample'
import type { TransferPlan } from './planCopy'
import { beginImport } from './runImport'

export async function runTransfer(services: CopyServices, plan: TransferPlan, job: JobContext): Promise<JobResult> {
  const { request } = plan
  const { to } = request
  services.connections.requireWritable(to.connectionId, 'Importing')
  for (const command of plan.shown) job.command(command)
  job.step('rows')
  const startedAt = performance.now()
  const source = await openCopySession(services, request.connectionId, request.database, job.signal)
  job.onCleanup('closing the source', () => source.close())
  const target = await openCopySession(services, to.connectionId, to.database, job.signal)
  job.onCleanup('closing the target', () => target.close())
  await beginReadOnly(source.client)
  if (request.source.kind === 'query') await describeQuery(source.client, request.source.sql)
  await beginImport(target.client)
  const what = `Copying into ${to.schema}.${to.name}`
  for (const statement of plan.before) {
    await target.client.query(statement).catch((error: unknown) => {
      throw explainSqlError(error, what)
    })
  }
  const stop = () => target.cancel()
  job.signal.addEventListener('abort', stop, { once: true })
  const pace = startPace(job)
  const { sent, taken, bytes } = await copyAcross({
    out: { client: source.client, sql: plan.outSql, cancel: source.cancel },
    into: { client: target.client, sql: plan.inSql },
    signal: job.signal,
    onRows: (rows, through) => {
      const total = plan.sourceRows !== null && plan.sourceRows > rows ? plan.sourceRows : null
      pace.show({ done: rows, total, unit: 'rows', label: formatBytes(through) })
    },
  })
    .catch((reason: unknown) => {
      job.signal.throwIfAborted()
      throw explainCopyError(reason, { what })
    })
    .finally(() => {
      job.signal.removeEventListener('abort', stop)
      pace.end()
    })
  job.signal.throwIfAborted()
  if (taken !== sent) job.log(`${sent} rows were sent, ${taken} went in: a trigger left out the others.`, 'warning')
  job.endStep('rows', 'done', `${countOf(taken, 'row')}, ${rate(taken, startedAt)}`)
  job.step('commit')
  await target.client.query('COMMIT').catch((error: unknown) => {
    throw explainSqlError(error, `${what}: the COMMIT`)
  })
  job.endStep('commit', 'done')
  return {
    headline: `${countOf(taken, 'row')} copied into ${to.schema}.${to.name} on ${plan.serverLabel}.`,
    facts: [
      { label: 'Table', value: `${to.schema}.${to.name}`, mono: true },
      { label: 'Rows', value: taken.toLocaleString('en-US'), mono: false },
      { label: 'Data', value: formatBytes(bytes), mono: false },
    ],
    backupPath: null,
    database: to.database,
  }
}
