// Imports a client file row by row where rows or columns may be left out: what the table does not take is kept beside the file.
import { Buffer } from 'node:buffer'
import { DatabaseError } from 'pg'
import type { JobFact, JobResult } from '../../../shared/jobs/job'
import { majorOf } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { OptionValues } from '../../../shared/tools/defineTool'
import type { JobContext } from '../../jobs/jobTypes'
import { copyIn } from '../../postgres/copyStream'
import type { ClientInput } from './clientInput'
import { byteOf, explainCopyError, isOfEncoding } from './copyError'
import { countOf, pacedRows, startPace } from './copyProgress'
import type { CopySession } from './copySession'
import { importSql, optionsOf } from './copySql'
import { encodingOf, rulesFor } from './fileRules'
import { BadRow, startLoader } from './loadRows'
import { missesNul, nulHint, nulReason, nulWords } from './nulByte'
import type { ImportPlan } from './planCopy'
import { openRejects, type Reject, type RejectFiles } from './rejectFile'
import { readRows, type SentRow } from './rowSource'
import { asksMatch, checkedStart, commitImport, fileName, headerOf, unchanged } from './runImport'

/** Told one by one on the job's page; all are in the file. */
const mostIssues = 100

export async function importRows(
  session: CopySession,
  plan: ImportPlan,
  job: JobContext,
  input: ClientInput,
): Promise<JobResult> {
  const { request, server } = plan
  const { client } = session
  const startedAt = performance.now()
  const options = optionsOf(request, 'from')
  const { header: _header, ...plain } = options
  const native = request.skipBadRows && majorOf(server.version) >= 17 && /^(C|POSIX|en)\b/.test(await messagesOf(session))
  const batchOptions: OptionValues = native ? { ...plain, onError: 'ignore', logVerbosity: 'verbose' } : plain
  let header: SentRow | undefined
  const rejects = openRejects(job, input.path, () => header?.record.bytes ?? null)
  let read = 0
  let sent = 0
  const pace = startPace(job)
  const told = pacedRows()
  const bom = { bytes: 0 }
  const loader = startLoader({
    client,
    sql: importSql(request, plan.columns, batchOptions),
    csv: request.format === 'csv',
    table: request.target.name,
    native,
    skip: request.skipBadRows,
    signal: job.signal,
    onRejects: (rows) => takeRejects(plan, job, rejects, rows),
  })
  try {
    // Constraints that wait for the end of the transaction would fail there, where no row can be told.
    if (request.skipBadRows) await client.query('SET CONSTRAINTS ALL IMMEDIATE')
    const pieces = input.read((bytes) => {
      read += bytes
    })
    const encoding = encodingOf(options)
    const rows = readRows(checkedStart(pieces, request.place, encoding, bom), {
      noNul: missesNul(server.version) ? encoding : '',
      rules: rulesFor(options, server.version),
      header: headerOf(plan),
      keep: request.mapping?.includes(null) ? request.mapping.map((column) => column !== null) : null,
      onHeader: (row) => {
        header = row
      },
    })
    let matched = !asksMatch(plan)
    for await (const batch of rows) {
      if (!matched && header) await matchHeader(session, plan, header, options)
      matched = true
      await loader.load(batch)
      sent += batch.length
      pace.show({ done: Math.min(read, input.size), total: input.size, unit: 'bytes', label: told(sent) })
    }
    await rejects.flush()
    const result = await commitImport(session, plan, job, {
      rows: loader.loaded,
      startedAt,
      facts: resultFacts(sent, loader.loaded, rejects),
      ...(rejects.count === 0 ? {} : { headline: headlineOf(plan, loader.loaded, rejects) }),
    })
    await rejects.publish().catch((error: unknown) => {
      const { message, hint } = error instanceof AppError ? error : { message: String(error), hint: undefined }
      throw new AppError('conflict', `The rows are imported. ${message}`, { hint, cause: error })
    })
    return result
  } catch (error) {
    job.signal.throwIfAborted()
    if (error instanceof BadRow) throw explainBadRow(error, plan, bom.bytes)
    throw error instanceof DatabaseError ? explainCopyError(error, { what: plan.title }) : error
  } finally {
    pace.end()
  }
}

/** The server's messages are read only where their words are known. */
async function messagesOf(session: CopySession): Promise<string> {
  const { rows } = await session.client.query<{ messages: string }>(
    "SELECT pg_catalog.current_setting('lc_messages') AS messages",
  )
  return rows[0]?.messages ?? ''
}

async function takeRejects(plan: ImportPlan, job: JobContext, files: RejectFiles, rows: readonly Reject[]): Promise<void> {
  const before = files.count
  await files.add(rows)
  const { schema, name } = plan.request.target
  for (const row of rows.slice(0, Math.max(0, mostIssues - before))) {
    const message = `Line ${row.line}${row.column === '' ? '' : `, column ${row.column}`}${row.value === null ? '' : `, value “${row.value}”`}: ${row.reason}`
    job.log(message, 'warning')
    job.issue({
      severity: 'warning',
      object: `${schema}.${name}`,
      objectKind: 'TABLE',
      entry: '',
      message,
      statement: '',
      harmless: null,
      advice: 'Mend the row in the reject file and import that.',
      logLine: null,
    })
  }
  if (before <= mostIssues && files.count > mostIssues) {
    job.log(`More than ${mostIssues} rows are bad: all of them, with their reasons, are in ${files.reasonsPath}.`, 'warning')
  }
  const { maxBadRows } = plan.request
  if (maxBadRows === null || files.count <= maxBadRows) return
  throw new AppError('postgres', `${unchanged}: more than ${countOf(maxBadRows, 'row')} of ${fileName(plan)} are bad.`, {
    hint: 'Look at the first of them below; the delimiter, the encoding or the mapping may be wrong.',
  })
}

/** Only the first line, compared by the server itself. */
async function matchHeader(session: CopySession, plan: ImportPlan, header: SentRow, options: OptionValues): Promise<void> {
  const line = Buffer.concat([header.bytes ?? header.record.bytes, Buffer.from('\n')])
  const source = (async function* () {
    yield line
  })()
  await copyIn(session.client, importSql({ ...plan.request, where: '' }, plan.columns, options), source).catch(
    (error: unknown) => {
      if (!(error instanceof DatabaseError)) throw error
      throw new AppError('postgres', `${unchanged}: line 1 of ${fileName(plan)}: ${error.message}.`, {
        hint: 'Map the columns by hand, or read the header without comparing it.',
        details: { original: error.message, sqlstate: error.code ?? '', line: 1 },
        cause: error,
      })
    },
  )
}

function explainBadRow({ reject, cause }: BadRow, plan: ImportPlan, skippedBytes: number): AppError {
  const nul = reject.reason === nulReason(encodingOf(optionsOf(plan.request, 'from')))
  const byte = nul || isOfEncoding(cause) ? byteOf(reject, reject.reason, skippedBytes) : undefined
  const value = reject.value === null ? '' : `, value “${reject.value}”`
  const column = reject.column === '' ? '' : `, column ${reject.column}${value}`
  const place = `${column}${byte === undefined ? '' : `, byte ${byte}`}`
  const reason = nul ? nulWords : reject.reason
  return new AppError('postgres', `${unchanged}: line ${reject.line} of ${fileName(plan)}${place}: ${reason}.`, {
    hint: nul ? nulHint : 'Mend the row in the file, or import again and keep bad rows out.',
    details: {
      line: reject.line,
      ...(byte === undefined ? {} : { byte }),
      ...(reject.column === '' ? {} : { column: reject.column }),
      ...(reject.value === null ? {} : { value: reject.value }),
      original: reject.reason,
    },
    cause,
  })
}

function headlineOf(plan: ImportPlan, loaded: number, rejects: RejectFiles): string {
  const { schema, name } = plan.request.target
  return `${countOf(loaded, 'row')} imported into ${schema}.${name}; ${countOf(rejects.count, 'bad row')} kept out.`
}

/** Every row read is in the table, among the bad ones, or left out by WHERE or a trigger. */
function resultFacts(sent: number, loaded: number, rejects: RejectFiles): JobFact[] {
  const leftOut = sent - loaded - rejects.count
  return [
    { label: 'Rows in the file', value: sent.toLocaleString('en-US'), mono: false },
    ...(leftOut > 0 ? [{ label: 'Left out by WHERE or a trigger', value: leftOut.toLocaleString('en-US'), mono: false }] : []),
    ...(rejects.count === 0
      ? []
      : [
          { label: 'Bad rows', value: rejects.count.toLocaleString('en-US'), mono: false },
          { label: 'Kept in', value: rejects.rowsPath, mono: true },
          { label: 'Reasons in', value: rejects.reasonsPath, mono: true },
        ]),
  ]
}
