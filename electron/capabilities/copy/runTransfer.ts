// Copies rows from one server's table or query into another's table: COPY out piped into COPY in, text format.
import type { Buffer } from 'node:buffer'
import type { JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { copyIn, copyOut } from '../../postgres/copyStream'
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
  const pipe = openPipe()
  const pace = startPace(job)
  let messages = 0
  let bytes = 0
  let first: { reason: unknown } | undefined
  const note = (reason: unknown) => {
    first ??= { reason }
    pipe.fail(reason)
    throw reason
  }
  const [out, into] = await Promise.allSettled([
    copyOut(source.client, plan.outSql, {
      cancel: source.cancel,
      signal: job.signal,
      write: async (chunks, counted) => {
        await pipe.write(chunks)
        messages += counted
        for (const chunk of chunks) bytes += chunk.length
        const total = plan.sourceRows !== null && plan.sourceRows > messages ? plan.sourceRows : null
        pace.show({ done: messages, total, unit: 'rows', label: formatBytes(bytes) })
      },
    }).then((rows) => {
      pipe.end()
      return rows
    }, note),
    copyIn(target.client, plan.inSql, pipe.read(), job.signal).catch(note),
  ])
  job.signal.removeEventListener('abort', stop)
  pace.end()
  job.signal.throwIfAborted()
  if (out.status === 'rejected' || into.status === 'rejected') throw explainCopyError(asFirst(first).reason, { what })
  if (into.value !== out.value)
    job.log(`${out.value} rows were sent, ${into.value} went in: a trigger left out the others.`, 'warning')
  job.endStep('rows', 'done', `${countOf(into.value, 'row')}, ${rate(into.value, startedAt)}`)
  job.step('commit')
  await target.client.query('COMMIT').catch((error: unknown) => {
    throw explainSqlError(error, `${what}: the COMMIT`)
  })
  job.endStep('commit', 'done')
  return {
    headline: `${countOf(into.value, 'row')} copied into ${to.schema}.${to.name} on ${plan.serverLabel}.`,
    facts: [
      { label: 'Table', value: `${to.schema}.${to.name}`, mono: true },
      { label: 'Rows', value: into.value.toLocaleString('en-US'), mono: false },
      { label: 'Data', value: formatBytes(bytes), mono: false },
    ],
    backupPath: null,
    database: to.database,
  }
}

function asFirst(first: { reason: unknown } | undefined): { reason: unknown } {
  return first ?? { reason: new AppError('internal', 'The copy failed without a reason.') }
}

/** One piece at a time: the writer waits until the reader has taken what it was given. */
function openPipe() {
  let given: Buffer[] = []
  let ended = false
  let failure: { reason: unknown } | undefined
  let wakeReader = () => undefined as void
  let wakeWriter = () => undefined as void
  return {
    write: async (chunks: Buffer[]) => {
      if (failure) throw failure.reason
      given = chunks
      wakeReader()
      await new Promise<void>((resolve) => {
        wakeWriter = resolve
        if (failure || given.length === 0) resolve()
      })
      if (failure) throw asFirst(failure).reason
    },
    end: () => {
      ended = true
      wakeReader()
    },
    fail: (reason: unknown) => {
      failure ??= { reason }
      wakeReader()
      wakeWriter()
    },
    read: async function* (): AsyncGenerator<Buffer, void, undefined> {
      for (;;) {
        if (failure) throw failure.reason
        const chunks = given
        given = []
        if (chunks.length > 0) {
          yield* chunks
          wakeWriter()
          continue
        }
        if (ended) return
        await new Promise<void>((resolve) => {
          wakeReader = resolve
          if (failure || ended || given.length > 0) resolve()
        })
      }
    },
  }
}
