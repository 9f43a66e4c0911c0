// The first rows of an export as the server will write them, in a transaction that can't change anything.
import { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { z } from 'zod'
import type { CopySource, copy as copyContract, ExportRequest } from '../../../shared/contracts/copy'
import { RecordSplitter, splitRow } from '../../../shared/model/copyRecords'
import { AppError } from '../../../shared/rpc/appError'
import { copyProblems } from '../../../shared/tools/copyCommand'
import type { OptionValues } from '../../../shared/tools/defineTool'
import { copyOut, describeOne } from '../../postgres/copyStream'
import { explainCopyError } from './copyError'
import { optionsOf, sampleSql, withoutEnd } from './copySql'
import { decoderFor, hasHeader, rulesFor } from './fileRules'
import { shorten } from './fileStart'
import { copiedColumns, findTable, noTable, readCopyServer } from './readFacts'

type ExportSample = z.infer<typeof copyContract.methods.exportSample.output>

const sampleBytes = 4 * 1024 * 1024

/** READ ONLY is the guard of the query: what writes is refused by the server. */
export async function beginReadOnly(client: Client): Promise<void> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
  // A query or a view may call functions that need the role's own search path, as they do for everybody else.
  await client.query('SET LOCAL search_path TO DEFAULT')
}

/** The query must be one statement by itself: then it can't end the parentheses it is put into. Its columns. */
export async function describeQuery(client: Client, sql: string): Promise<{ name: string; type: string }[]> {
  const fields = await describeOne(client, withoutEnd(sql)).catch((error: unknown) => {
    throw explainCopyError(error, { what: 'The query' })
  })
  if (fields.length === 0) {
    throw new AppError('bad_input', 'The query returns no columns.', { hint: 'Write a SELECT, VALUES or TABLE statement.' })
  }
  const { rows } = await client.query({
    text: 'SELECT pg_catalog.format_type(o, m) AS type FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::int4[])) AS f(o, m)',
    values: [fields.map((field) => field.dataTypeID), fields.map((field) => field.dataTypeModifier)],
  })
  const types = z.array(z.object({ type: z.string().nullable() })).parse(rows)
  return fields.map((field, index) => ({ name: field.name, type: types[index]?.type ?? '' }))
}

export async function exportColumns(client: Client, source: CopySource): Promise<{ name: string; type: string }[]> {
  if (source.kind === 'query') return describeQuery(client, source.sql)
  const table = await findTable(client, source.schema, source.name)
  if (!table) throw noTable(source.schema, source.name)
  const plain = table.kind === 'table'
  const wanted = source.columns ?? (plain ? copiedColumns(table) : table.columns.map(({ name }) => name))
  return wanted.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name)
    if (!column)
      throw new AppError('not_found', `${source.schema}.${source.name} has no column ${name}.`, {
        hint: 'Choose the columns again.',
      })
    return { name, type: column.type }
  })
}

export async function exportSample(
  client: Client,
  request: Pick<ExportRequest, 'source' | 'format' | 'options'>,
  limit: number,
): Promise<ExportSample> {
  const server = await readCopyServer(client)
  await beginReadOnly(client)
  await client.query("SET LOCAL statement_timeout = '20s'; SET LOCAL lock_timeout = '5s'")
  const columns = await exportColumns(client, request.source)
  const binary = request.format === 'binary'
  const options: OptionValues = binary ? { direction: 'to', format: 'csv' } : optionsOf(request, 'to')
  const [problem] = copyProblems(options, server.version)
  if (problem) throw new AppError('bad_input', problem.message, { hint: `Change ${problem.flag}.` })
  const source: CopySource =
    request.source.kind === 'table' ? { ...request.source, columns: columns.map(({ name }) => name) } : request.source
  const parts: Buffer[] = []
  let length = 0
  await copyOut(client, sampleSql(source, limit, options), {
    write: async (chunks) => {
      for (const chunk of chunks) {
        // Wide rows: what is more than the window can show is let go.
        if (length < sampleBytes) parts.push(chunk)
        length += chunk.length
      }
    },
    cancel: () => void client.connection.stream.destroy(),
  }).catch((error: unknown) => {
    throw explainCopyError(error, { what: 'Reading the first rows' })
  })
  await client.query('ROLLBACK')
  const bytes = Buffer.concat(parts)
  const rules = rulesFor(options, server.version)
  const decoder = decoderFor(options)
  const splitter = new RecordSplitter(rules)
  const records = [...splitter.push(bytes), ...(length <= sampleBytes ? splitter.end() : [])]
  const rows = records
    .slice(hasHeader(options) ? 1 : 0)
    .map((record) => splitRow(record.bytes, rules).map(({ value }) => shorten(value === null ? null : decoder.decode(value))))
  return { columns, rows, text: binary ? '' : decoder.decode(bytes.subarray(0, 4000)) }
}
