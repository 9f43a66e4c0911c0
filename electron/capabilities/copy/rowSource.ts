// The rows of a client file in batches: the header apart, columns that are left out taken off, line ends made one kind.
import { Buffer } from 'node:buffer'
import { type CopyRecord, type RecordRules, RecordSplitter, splitRow } from '../../../shared/model/copyRecords'
import { CopyFormatError } from '../../../shared/model/copyText'
import { AppError } from '../../../shared/rpc/appError'
import { nulReason } from './nulByte'

/** A row as it is sent, and where it is from. */
export interface SentRow {
  /** Without a line end; null when it can't be sent at all, for the reason. */
  bytes: Uint8Array | null
  reason: string
  record: CopyRecord
}

export interface RowSourceOptions {
  rules: RecordRules
  header: boolean
  /** Which of the file's columns are sent; null for all, as they stand. */
  keep: readonly boolean[] | null
  /** The encoding's name where rows with NUL bytes are kept from the server; '' leaves them to it. */
  noNul: string
  onHeader(header: SentRow): void
}

const mostRows = 10_000
const mostBytes = 4 * 1024 * 1024

export async function* readRows(
  pieces: AsyncIterable<Buffer>,
  { rules, header, keep, noNul, onHeader }: RowSourceOptions,
): AsyncGenerator<SentRow[], void, undefined> {
  const splitter = new RecordSplitter(rules)
  let headerDue = header
  let batch: SentRow[] = []
  let bytes = 0
  const take = (record: CopyRecord) => {
    const row = withoutNul(project(record, rules, keep), noNul)
    if (headerDue) {
      headerDue = false
      onHeader(row)
      return
    }
    batch.push(row)
    bytes += record.bytes.length
  }
  const full = () => batch.length >= mostRows || bytes >= mostBytes
  const give = () => {
    const given = batch
    batch = []
    bytes = 0
    return given
  }
  try {
    for await (const piece of pieces) {
      for (const record of splitter.push(piece)) {
        take(record)
        if (full()) yield give()
      }
      if (splitter.ended) break
    }
    for (const record of splitter.end()) take(record)
    if (batch.length > 0) yield give()
  } catch (error) {
    if (!(error instanceof CopyFormatError)) throw error
    throw new AppError('bad_input', `The file can’t be split into rows: ${error.message}.`, {
      hint: 'A quote that is never closed makes everything behind it one row. Check quote, escape and delimiter.',
    })
  }
}

/** Of what would be sent: a column that is left out may hold one. */
function withoutNul(row: SentRow, encoding: string): SentRow {
  if (encoding === '' || row.bytes?.includes(0) !== true) return row
  return { ...row, bytes: null, reason: nulReason(encoding) }
}

function project(record: CopyRecord, rules: RecordRules, keep: readonly boolean[] | null): SentRow {
  if (record.problem !== '') return { bytes: null, reason: record.problem, record }
  if (!keep) return { bytes: record.bytes, reason: '', record }
  try {
    const fields = splitRow(record.bytes, rules)
    if (fields.length !== keep.length) {
      return { bytes: null, reason: `the row has ${fields.length} columns, ${keep.length} are expected`, record }
    }
    const parts = fields
      .filter((_, index) => keep[index])
      .flatMap(({ from, to }, index) => {
        const part = record.bytes.subarray(from, to)
        return index === 0 ? [part] : [Uint8Array.of(rules.delimiter), part]
      })
    return { bytes: notEndMark(Buffer.concat(parts), rules), reason: '', record }
  } catch (error) {
    if (!(error instanceof CopyFormatError)) throw error
    return { bytes: null, reason: error.message, record }
  }
}

/** A lone \. would end the data when it stands by itself, which it did not in the file. */
function notEndMark(bytes: Buffer, rules: RecordRules): Buffer {
  if (bytes.length !== 2 || bytes.toString('latin1') !== '\\.') return bytes
  return rules.format === 'text' ? Buffer.from('.') : Buffer.from([rules.quote, 0x5c, 0x2e, rules.quote])
}
