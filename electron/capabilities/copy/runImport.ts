// Runs one import as a job: everything in one transaction, so that the table is as it was unless all of it went in.
import { Buffer } from 'node:buffer'
import { basename } from 'node:path'
import { type Client, DatabaseError } from 'pg'
import type { JobResult } from '../../../shared/jobs/job'
import { AppError } from '../../../shared/rpc/appError'
import { isAsked } from '../../../shared/tools/defineTool'
import type { JobContext } from '../../jobs/jobTypes'
import { copyIn, runOne } from '../../postgres/copyStream'
import { explainSqlError } from '../../postgres/sqlError'
import { type ClientInput, openInput } from './clientInput'
import { explainCopyError, explainFileError, explainNulByte } from './copyError'
import { countOf, pacedRows, rate, startPace, watchServer } from './copyProgress'
import { type CopyServices, type CopySession, openCopySession } from './copySession'
import { importSql, optionsOf } from './copySql'
import { encodingOf, hasHeader, rulesFor } from './fileRules'
import { refuseUtf16, withoutBom } from './fileStart'
import { importRows } from './importRows'
import { missesNul, NulByte, refuseNul } from './nulByte'
import type { ImportPlan } from './planCopy'
import { guardRows } from './rowGuard'

export const unchanged = 'Nothing was imported'

/** What ON_ERROR ignore says of rows (17). */
const skippedNotice = /^(skipping row due to data type incompatibility|\d+ rows? (was|were) skipped)/

export async function runImport(services: CopyServices, plan: ImportPlan, job: JobContext): Promise<JobResult> {
  const { request } = plan
  services.connections.requireWritable(request.connectionId, 'Importing')
  for (const command of plan.shown) job.command(command)
  job.step('rows')
  const session = await openCopySession(services, request.connectionId, request.database, job.signal)
  job.onCleanup('closing the connection', () => session.close())
  await beginImport(session.client)
  for (const statement of plan.before) {
    await session.client.query(statement).catch((error: unknown) => {
      throw explainSqlError(error, plan.title)
    })
  }
  job.signal.addEventListener('abort', session.cancel, { once: true })
  job.onCleanup('ending the watch', () => job.signal.removeEventListener('abort', session.cancel))
  const { place } = request
  const split = place.kind === 'client' && (request.skipBadRows || request.mapping?.includes(null) === true)
  session.client.on('notice', ({ message = '' }) => {
    // Of a piece of the file: the server counts lines from the piece's beginning, and importRows tells them as the file has them.
    if (!split || !skippedNotice.test(message)) job.log(`NOTICE: ${message}`)
  })
  if (place.kind !== 'client') return importOnServer(session, plan, job)
  const input = await openInput(place.path)
  job.onCleanup('closing the file', () => input.close())
  if (split) return importRows(session, plan, job, input)
  return importWhole(session, plan, job, input)
}

/** As psql's own session would be: what the role has set decides how dates are read and where triggers look for names. */
export async function beginImport(client: Client): Promise<void> {
  await client.query(
    'BEGIN; SET LOCAL search_path TO DEFAULT; SET LOCAL "DateStyle" TO DEFAULT; SET LOCAL "IntervalStyle" TO DEFAULT; SET LOCAL client_min_messages TO notice',
  )
}

/** The file goes to the server as it is; the server splits it. */
async function importWhole(session: CopySession, plan: ImportPlan, job: JobContext, input: ClientInput): Promise<JobResult> {
  const { request } = plan
  const startedAt = performance.now()
  const options = optionsOf(request, 'from')
  const bom = { bytes: 0 }
  const pace = startPace(job)
  let read = 0
  let rowsSoFar = 0
  const told = pacedRows()
  const show = () =>
    pace.show({
      done: Math.min(read, input.size),
      total: input.size,
      unit: 'bytes',
      label: told(rowsSoFar),
    })
  const stopWatching = watchServer(session, null, plan.server.version, (now) => {
    rowsSoFar = now.rows
    show()
  })
  const pieces = input.read((bytes) => {
    read += bytes
    show()
  })
  const rules = rulesFor(options, plan.server.version)
  try {
    const text = checkedStart(pieces, request.place, encodingOf(options), bom)
    const source =
      request.format === 'binary'
        ? pieces
        : guardRows(missesNul(plan.server.version) ? refuseNul(text) : text, {
            file: input.path,
            rules,
            skipped: () => bom.bytes,
          })
    const rows = await copyIn(session.client, importSql(request, plan.columns, options), source, job.signal)
    await stopWatching()
    return await commitImport(session, plan, job, { rows, startedAt, facts: [] })
  } catch (error) {
    job.signal.throwIfAborted()
    if (error instanceof NulByte)
      throw await explainNulByte({ file: input.path, rules, skippedBytes: bom.bytes, outcome: unchanged }, error)
    if (!(error instanceof DatabaseError) || request.place.kind !== 'client') throw explainCopyError(error, { what: plan.title })
    await session.client.query('ROLLBACK')
    const explain = { error, file: request.place.path, table: request.target.name, skippedBytes: bom.bytes, outcome: unchanged }
    throw await explainFileError({ ...explain, rules })
  } finally {
    await stopWatching()
    pace.end()
  }
}

/** Takes a UTF-8 byte order mark off, which the server would take for part of the first value; refuses UTF-16. */
export async function* checkedStart(
  pieces: AsyncIterable<Buffer>,
  place: ImportPlan['request']['place'],
  encoding: string,
  bom: { bytes: number },
): AsyncGenerator<Buffer, void, undefined> {
  let first = true
  for await (const piece of pieces) {
    if (!first) {
      yield piece
      continue
    }
    first = false
    if (place.kind === 'client') refuseUtf16(piece, place.path)
    const rest = encoding === 'UTF8' ? withoutBom(piece) : piece
    bom.bytes = piece.length - rest.length
    yield rest
  }
}

export interface Imported {
  rows: number
  startedAt: number
  facts: JobResult['facts']
  headline?: string
}

export async function commitImport(session: CopySession, plan: ImportPlan, job: JobContext, done: Imported): Promise<JobResult> {
  const { schema, name, create } = plan.request.target
  job.signal.throwIfAborted()
  job.endStep('rows', 'done', `${countOf(done.rows, 'row')}, ${rate(done.rows, done.startedAt)}`)
  job.step('commit')
  await session.client.query('COMMIT').catch((error: unknown) => {
    if (error instanceof DatabaseError) throw explainSqlError(error, `${unchanged}: the COMMIT`)
    throw new AppError('disconnected', 'The connection was lost during COMMIT: the rows may be in or not.', {
      hint: `Count the rows of ${schema}.${name} before importing again.`,
      cause: error,
    })
  })
  job.endStep('commit', 'done')
  const into = create === null ? `${schema}.${name}` : `the new table ${schema}.${name}`
  return {
    headline: done.headline ?? `${countOf(done.rows, 'row')} imported into ${into}.`,
    facts: [
      { label: create === null ? 'Table' : 'New table', value: `${schema}.${name}`, mono: true },
      { label: 'Rows', value: done.rows.toLocaleString('en-US'), mono: false },
      ...(plan.request.place.kind === 'client' ? [{ label: 'File', value: plan.request.place.path, mono: true }] : []),
      ...done.facts,
    ],
    backupPath: null,
    database: plan.request.database,
  }
}

async function importOnServer(session: CopySession, plan: ImportPlan, job: JobContext): Promise<JobResult> {
  const { request } = plan
  const startedAt = performance.now()
  const pace = startPace(job)
  const told = pacedRows()
  const stopWatching = watchServer(session, job, plan.server.version, ({ bytes, total, rows }) =>
    pace.show({ done: bytes, total, unit: 'bytes', label: told(rows) }),
  )
  try {
    const rows = await runOne(session.client, importSql(request, plan.columns, optionsOf(request, 'from')))
    await stopWatching()
    return await commitImport(session, plan, job, { rows, startedAt, facts: [] })
  } catch (error) {
    job.signal.throwIfAborted()
    const where = error instanceof DatabaseError && error.where ? ` (${error.where.split('\n').at(-1)})` : ''
    const explained = explainCopyError(error, { what: plan.title })
    if (where === '') throw explained
    throw new AppError(explained.code, `${unchanged}. ${explained.message.replace(/\.$/, '')}${where}.`, {
      ...(explained.hint === undefined ? {} : { hint: explained.hint }),
      details: explained.details,
      cause: error,
    })
  } finally {
    await stopWatching()
    pace.end()
  }
}

/** What the file begins with is no row. */
export function headerOf(plan: ImportPlan): boolean {
  return hasHeader(optionsOf(plan.request, 'from'))
}

export function asksMatch(plan: ImportPlan): boolean {
  return isAsked(plan.request.options.header) && plan.request.options.header === 'match'
}

export const fileName = (plan: ImportPlan): string =>
  plan.request.place.kind === 'client' ? basename(plan.request.place.path) : plan.request.target.name
