// Says where in the file a COPY stopped: line, column, value and byte, from the server's context and the file itself.
import { Buffer } from 'node:buffer'
import path from 'node:path'
import { DatabaseError } from 'pg'
import { type CopyRecord, type RecordRules, RecordSplitter } from '../../../shared/model/copyRecords'
import { CopyFormatError } from '../../../shared/model/copyText'
import { AppError } from '../../../shared/rpc/appError'
import { explainSqlError } from '../../postgres/sqlError'
import { openInput } from './clientInput'

export interface CopyPlace {
  /** As the server counts. */
  line: number
  column: string
  /** null where the server shows none. */
  value: string | null
}

/**
 * From the context "COPY orders, line 3, column price: "abc"", of which only COPY and the name are the same in every language
 * the server speaks. The name is the table's without its schema.
 */
export function readContext(where: string | undefined, table: string): CopyPlace | undefined {
  for (const line of (where ?? '').split('\n').toReversed()) {
    const start = `COPY ${table}, `
    if (!line.startsWith(start)) continue
    const match = /^\D*(\d+)(?:, \S+ (.+?): (?:"(.*)|[^"]*)|: "(.*))?$/s.exec(line.slice(start.length))
    if (!match?.[1]) continue
    const value = match[3] ?? match[4]
    return { line: Number(match[1]), column: match[2] ?? '', value: value === undefined ? null : value.replace(/"$/, '') }
  }
  return undefined
}

/** `what` reads like "Importing into public.t". */
export function explainCopyError(error: unknown, { what, hint }: { what: string; hint?: string }): AppError {
  if (error instanceof DatabaseError && error.code === '25006') {
    return new AppError('permission', `${what} failed: ${error.message}.`, {
      hint: 'An export only reads: take what writes out of the query.',
      details: { original: error.message, sqlstate: error.code },
      cause: error,
    })
  }
  return explainSqlError(error, what, hint)
}

export interface FileError {
  error: DatabaseError
  file: string
  table: string
  rules: RecordRules
  /** Bytes at the beginning that were not sent: a byte order mark. */
  skippedBytes: number
  /** "Nothing was imported" */
  outcome: string
}

/** The first error of an import from a client file, with the place in the file. */
export async function explainFileError({ error, file, table, rules, skippedBytes, outcome }: FileError): Promise<AppError> {
  const place = readContext(error.where, table)
  const base = path.basename(file)
  const details: Record<string, string | number> = { original: error.message, sqlstate: error.code ?? '' }
  if (!place)
    return new AppError('postgres', `${outcome}: ${error.message}.`, {
      hint: 'The server’s own text says why.',
      details,
      cause: error,
    })
  const record = await findRecord(file, rules, place.line, skippedBytes)
  const line = record?.line ?? place.line
  const byte = record ? byteOf(record, error, skippedBytes) : undefined
  const nul = error.code === '22021' && error.message.endsWith(': 0x00')
  const where = [
    `line ${line} of ${base}`,
    ...(place.column === '' ? [] : [`column ${place.column}`]),
    ...(place.column !== '' && place.value !== null ? [`value “${place.value}”`] : []),
    ...(byte === undefined ? [] : [`byte ${byte}`]),
  ].join(', ')
  details.line = line
  if (place.column !== '') details.column = place.column
  if (place.value !== null) details.value = place.value
  if (byte !== undefined) details.byte = byte
  const message = nul ? 'there is a NUL byte, which PostgreSQL can’t store in text' : error.message
  return new AppError('postgres', `${outcome}: ${where}: ${message}.`, { hint: hintFor(error, nul), details, cause: error })
}

function hintFor(error: DatabaseError, nul: boolean): string {
  if (nul) return 'Take the NUL bytes out of the file: tr -d "\\000" < file > new file'
  if (error.code === '22021' || error.code === '22P05') return 'Choose the encoding that the file was written in.'
  if (error.code?.startsWith('22') || error.code?.startsWith('23')) {
    return 'Mend the row in the file, map the columns differently, or import again and keep bad rows out.'
  }
  return 'The server’s own text says why.'
}

/** Reads the file again up to the row; undefined when it is not found, as in a file that has changed. */
async function findRecord(file: string, rules: RecordRules, serverLine: number, skip: number): Promise<CopyRecord | undefined> {
  const input = await openInput(file)
  try {
    const splitter = new RecordSplitter(rules)
    let left = skip
    let last: CopyRecord | undefined
    for await (const piece of input.read()) {
      const from = Math.min(left, piece.length)
      left -= from
      for (const record of splitter.push(piece.subarray(from))) {
        if (record.serverLine >= serverLine) return record
        last = record
      }
    }
    return splitter.end().find((record) => record.serverLine >= serverLine) ?? last
  } catch (error) {
    // The server has said what is wrong; that the row is too long to be looked at changes nothing.
    if (error instanceof CopyFormatError || error instanceof AppError) return undefined
    throw error
  } finally {
    await input.close()
  }
}

/** Of the bytes that an encoding error names, from the file's beginning, unpacked; undefined for other errors. */
function byteOf(record: CopyRecord, error: DatabaseError, skipped: number): number | undefined {
  if (error.code !== '22021' && error.code !== '22P05') return undefined
  const named = /((?:0x[0-9a-f]{2} ?)+)/.exec(error.message)?.[1]
  if (!named) return undefined
  const bytes = Buffer.from(named.replaceAll(/0x| /g, ''), 'hex')
  // The server names as many bytes as the first one announces, which can reach beyond the row.
  for (let length = bytes.length; length > 0; length -= 1) {
    const at = Buffer.from(record.bytes).indexOf(bytes.subarray(0, length))
    if (at >= 0) return record.offset + skipped + at
  }
  return undefined
}
