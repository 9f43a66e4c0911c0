// Says where in the file a COPY stopped: line, column, value and byte, from the server's context and the file itself.
import { Buffer, isUtf8 } from 'node:buffer'
import path from 'node:path'
import { DatabaseError } from 'pg'
import { type CopyRecord, type RecordRules, RecordSplitter } from '../../../shared/model/copyRecords'
import { CopyFormatError } from '../../../shared/model/copyText'
import { AppError } from '../../../shared/rpc/appError'
import { explainSqlError } from '../../postgres/sqlError'
import { openInput } from './clientInput'
import { type NulByte, nulHint, nulWords } from './nulByte'

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
  const record = await findRecord(file, rules, skippedBytes, ({ serverLine }) => serverLine >= place.line)
  const line = record?.line ?? place.line
  const byte = record && isOfEncoding(error) ? byteOf(record, error.message, skippedBytes) : undefined
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
  const message = nul ? nulWords : error.message
  return new AppError('postgres', `${outcome}: ${where}: ${message}.`, { hint: hintFor(error, nul), details, cause: error })
}

function hintFor(error: DatabaseError, nul: boolean): string {
  if (nul) return nulHint
  if (isOfEncoding(error)) return 'Choose the encoding that the file was written in.'
  if (error.code?.startsWith('22') || error.code?.startsWith('23')) {
    return 'Mend the row in the file, map the columns differently, or import again and keep bad rows out.'
  }
  return 'The server’s own text says why.'
}

/** Reads the file again up to the row; undefined when it is not found, as in a file that has changed. */
async function findRecord(
  file: string,
  rules: RecordRules,
  skip: number,
  isIt: (record: CopyRecord) => boolean,
): Promise<CopyRecord | undefined> {
  const input = await openInput(file)
  try {
    const splitter = new RecordSplitter(rules)
    let left = skip
    let last: CopyRecord | undefined
    for await (const piece of input.read()) {
      const from = Math.min(left, piece.length)
      left -= from
      for (const record of splitter.push(piece.subarray(from))) {
        if (isIt(record)) return record
        last = record
      }
    }
    return splitter.end().find(isIt) ?? last
  } catch (error) {
    // The server has said what is wrong; that the row is too long to be looked at changes nothing.
    if (error instanceof CopyFormatError || error instanceof AppError) return undefined
    throw error
  } finally {
    await input.close()
  }
}

/** A NUL byte that this side found: the server would not have. */
export async function explainNulByte(
  { file, rules, skippedBytes, outcome }: Omit<FileError, 'error' | 'table'>,
  cause: NulByte,
): Promise<AppError> {
  const record = await findRecord(file, rules, skippedBytes, ({ offset, bytes }) => offset + bytes.length > cause.offset)
  const byte = cause.offset + skippedBytes
  const line = record === undefined ? '' : `line ${record.line} of `
  return new AppError('bad_input', `${outcome}: ${line}${path.basename(file)}, byte ${byte}: ${nulWords}.`, {
    hint: nulHint,
    details: { byte, ...(record === undefined ? {} : { line: record.line }) },
    cause,
  })
}

export function isOfEncoding(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '22021' || error.code === '22P05')
}

/** Of the bytes that an encoding error names, from the file's beginning, unpacked; undefined for other errors. */
export function byteOf(record: Pick<CopyRecord, 'bytes' | 'offset'>, message: string, skipped: number): number | undefined {
  const named = /((?:0x[0-9a-f]{2} ?)+)/.exec(message)?.[1]
  if (!named) return undefined
  const bytes = Buffer.from(named.replaceAll(/0x| /g, ''), 'hex')
  const row = Buffer.from(record.bytes)
  const utf8 = message.includes('for encoding "UTF8"')
  // The server names as many bytes as the first one announces, which can reach beyond the row.
  for (let length = bytes.length; length > 0; length -= 1) {
    const part = bytes.subarray(0, length)
    let at = row.indexOf(part)
    // The beginning of a character that is cut off may stand before in a whole one.
    while (utf8 && at >= 0 && isCharacter(row, at)) at = row.indexOf(part, at + 1)
    if (at >= 0) return record.offset + skipped + at
  }
  return undefined
}

function isCharacter(row: Buffer, at: number): boolean {
  const lead = row[at] ?? 0
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  const bytes = row.subarray(at, at + length)
  return lead !== 0 && bytes.length === length && isUtf8(bytes)
}
