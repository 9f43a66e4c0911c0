// Runs one export as a job: in a read-only transaction, under a .partial name, flushed and counted before it gets its name.
import { basename } from 'node:path'
import type { JobResult } from '../../../shared/jobs/job'
import { formatBytes } from '../../../shared/model/byteCount'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { copyOut } from '../../postgres/copyStream'
import { openOutput, partialName } from './clientOutput'
import { explainCopyError } from './copyError'
import { countOf, rate, startPace } from './copyProgress'
import { type CopyServices, type CopySession, openCopySession } from './copySession'
import { optionsOf } from './copySql'
import { exportOnServer } from './exportOnServer'
import { beginReadOnly, describeQuery } from './exportSample'
import { hasHeader } from './fileRules'
import type { ExportPlan } from './planCopy'

export async function runExport(services: CopyServices, plan: ExportPlan, job: JobContext): Promise<JobResult> {
  const { request } = plan
  for (const command of plan.shown) job.command(command)
  job.step('rows')
  const session = await openCopySession(services, request.connectionId, request.database, job.signal)
  job.onCleanup('closing the connection', () => session.close())
  const log = (notice: { message?: string | undefined }) => job.log(`NOTICE: ${notice.message ?? ''}`)
  session.client.on('notice', log)
  await beginReadOnly(session.client)
  // Asked again, since what starts need not be what was previewed.
  if (request.source.kind === 'query') await describeQuery(session.client, request.source.sql)
  return request.place.kind === 'client' ? exportToClient(session, plan, job, request.place) : exportOnServer(session, plan, job)
}

async function exportToClient(
  session: CopySession,
  plan: ExportPlan,
  job: JobContext,
  place: Extract<ExportPlan['request']['place'], { kind: 'client' }>,
): Promise<JobResult> {
  const startedAt = performance.now()
  const partial = partialName(place.path)
  job.output({ partial, final: place.path })
  const output = await openOutput(place.path, partial, place.compression)
  job.onCleanup('removing the unfinished file', () => output.discard())
  const pace = startPace(job)
  let messages = 0
  let bytes = 0
  const estimate = plan.table?.estimatedRows ?? null
  const rows = await copyOut(session.client, plan.sql, {
    cancel: session.cancel,
    signal: job.signal,
    write: async (chunks, counted) => {
      await output.write(chunks)
      messages += counted
      for (const chunk of chunks) bytes += chunk.length
      const total = estimate !== null && estimate > messages ? estimate : null
      pace.show({ done: messages, total, unit: 'rows', label: formatBytes(bytes) })
    },
  }).catch((error: unknown) => {
    throw explainCopyError(error, { what: plan.title })
  })
  job.signal.throwIfAborted()
  pace.end()
  requireAllRows(plan, rows, messages)
  await session.client.query('COMMIT')
  job.endStep('rows', 'done', `${countOf(rows, 'row')}, ${rate(rows, startedAt)}`)
  job.step('file')
  const size = await output.flush()
  job.signal.throwIfAborted()
  const aside = await output.publish(place.overwrite)
  if (aside !== '') job.log(`The file that was there is now ${aside}.`)
  job.endStep('file', 'done', formatBytes(size))
  return {
    headline: `${countOf(rows, 'row')} exported to ${basename(place.path)}.`,
    facts: [
      { label: 'File', value: place.path, mono: true },
      { label: 'Rows', value: rows.toLocaleString('en-US'), mono: false },
      {
        label: 'Size',
        value: place.compression === 'none' ? formatBytes(size) : `${formatBytes(size)}, of ${formatBytes(bytes)}`,
        mono: false,
      },
      ...(aside === '' ? [] : [{ label: 'The file that was there', value: aside, mono: true }]),
    ],
    backupPath: null,
    database: plan.request.database,
  }
}

/** Every row is one message: what came must be what the server says it sent. A binary file has a head and an end too. */
function requireAllRows(plan: ExportPlan, rows: number, messages: number): void {
  if (plan.request.format === 'binary') return
  const header = hasHeader(optionsOf(plan.request, 'to')) ? 1 : 0
  if (messages === rows + header) return
  throw new AppError('tool_failed', `The server sent ${rows} rows and ${messages - header} arrived.`, {
    hint: 'Run the export again. The unfinished file is removed.',
  })
}
