// The beginning of a client file: its byte order mark, its first rows, and what they say of its format.
import { Buffer } from 'node:buffer'
import path from 'node:path'
import { TextDecoder } from 'node:util'
import type { z } from 'zod'
import type { copy as copyContract } from '../../../shared/contracts/copy'
import { guessType } from '../../../shared/model/columnTypes'
import { type CopyRecord, type RecordRules, RecordSplitter, splitRow } from '../../../shared/model/copyRecords'
import { CopyFormatError } from '../../../shared/model/copyText'
import type { PgVersion } from '../../../shared/model/pgVersion'
import { AppError } from '../../../shared/rpc/appError'
import type { OptionValues } from '../../../shared/tools/defineTool'
import { openInput } from './clientInput'
import { decoderFor, encodingOf, hasHeader, rulesFor } from './fileRules'

type FileSample = z.infer<typeof copyContract.methods.fileSample.output>
type Detected = z.infer<typeof copyContract.methods.detectFile.output>

const startBytes = 256 * 1024
const longestShown = 1000
/** Whose rules are taken while no server is chosen. */
const newest: PgVersion = 180000
const bom = Buffer.from([0xef, 0xbb, 0xbf])
const binarySignature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')

interface FileStart {
  bytes: Buffer
  whole: boolean
  size: number
  compression: Detected['compression']
}

async function readStart(file: string): Promise<FileStart> {
  const input = await openInput(file)
  try {
    const parts: Buffer[] = []
    let length = 0
    let whole = true
    for await (const piece of input.read()) {
      parts.push(piece)
      length += piece.length
      if (length < startBytes) continue
      whole = false
      break
    }
    return { bytes: Buffer.concat(parts), whole, size: input.size, compression: input.compression }
  } finally {
    await input.close()
  }
}

export function withoutBom(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(bom) ? bytes.subarray(3) : bytes
}

/** The server has no UTF-16: every second byte would be a NUL. */
export function refuseUtf16(head: Buffer, file: string): void {
  const mark = head.subarray(0, 2).toString('hex')
  if (mark !== 'fffe' && mark !== 'feff') return
  throw new AppError('bad_input', `${path.basename(file)} is in UTF-16, which PostgreSQL does not read.`, {
    hint: `Save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 ${file} > new file`,
  })
}

export async function detectFile(file: string): Promise<Detected> {
  const start = await readStart(file)
  refuseUtf16(start.bytes, file)
  const notes: string[] = []
  const suggestedTable = tableName(file)
  const common = { size: String(start.size), compression: start.compression, suggestedTable, notes }
  if (start.bytes.subarray(0, binarySignature.length).equals(binarySignature)) return { ...common, format: 'binary', options: {} }
  const bytes = withoutBom(start.bytes)
  if (bytes.length < start.bytes.length) notes.push('The file begins with a byte order mark, which is left out.')
  if (bytes.length === 0) notes.push('The file is empty.')
  if (bytes.includes(0)) notes.push(`The file holds a NUL byte (byte ${bytes.indexOf(0)}), which PostgreSQL can’t store in text.`)
  const options: Detected['options'] = {}
  if (!isUtf8(bytes, start.whole)) {
    options.encoding = 'WIN1252'
    notes.push('The file is not in UTF-8; WIN1252 is a guess. Check the letters with accents.')
  }
  const format = guessFormat(bytes, path.basename(file))
  if (format.delimiter !== (format.format === 'csv' ? ',' : '\t')) options.delimiter = format.delimiter
  const all = { ...options, format: format.format }
  const { records } = firstRecords(bytes, start.whole, rulesFor(all, newest), 50)
  if (format.format === 'csv' && looksLikeHeader(records, all)) options.header = 'true'
  return { ...common, format: format.format, options }
}

function isUtf8(bytes: Buffer, whole: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole })
    return true
  } catch {
    return false // that is the answer
  }
}

/** Text format has tabs and backslashes and needs no quotes; of CSV's delimiters the one that stands in every line. */
function guessFormat(bytes: Buffer, name: string): { format: 'text' | 'csv'; delimiter: string } {
  const lines = bytes
    .toString('latin1')
    .split(/\r\n|\n|\r/)
    .slice(0, 50)
  const filled = lines.filter((line) => line !== '')
  const named = /\.(csv|tsv|txt|tab|copy)(\.(gz|zst))?$/i.exec(name)?.[1]?.toLowerCase()
  const tabs = filled.length > 0 && filled.every((line) => line.includes('\t'))
  const marks = filled.some((line) => line.includes('\\N'))
  if (named !== 'csv' && named !== 'tsv' && (tabs || marks)) return { format: 'text', delimiter: '\t' }
  if (marks && tabs) return { format: 'text', delimiter: '\t' }
  const [first = ''] = filled
  const counts = [',', ';', '\t', '|'].map((delimiter) => ({
    delimiter,
    count: first.replace(/"([^"]|"")*"/g, '').split(delimiter).length - 1,
  }))
  const best = counts.toSorted((a, b) => b.count - a.count)[0]
  const delimiter = best && best.count > 0 ? best.delimiter : ','
  return named === undefined && best?.count === 0 ? { format: 'text', delimiter: '\t' } : { format: 'csv', delimiter }
}

function looksLikeHeader(records: readonly CopyRecord[], options: OptionValues): boolean {
  const [first, ...others] = records
  if (!first || first.problem !== '' || others.length === 0) return false
  const sample = readValues(records, options)
  const [head = [], ...rows] = sample
  const names = head.map((value) => value ?? '')
  if (names.some((name) => name.trim() === '' || name.length > 63) || new Set(names).size !== names.length) return false
  if (names.some((name) => guessType([name]) !== 'text')) return false
  const typed = names.some((_, column) => guessType(rows.map((row) => row[column] ?? null)) !== 'text')
  return typed || names.every((name) => /^[\p{L}_][\p{L}\p{N}_ .-]*$/u.test(name))
}

function readValues(records: readonly CopyRecord[], options: OptionValues): (string | null)[][] {
  const rules = rulesFor(options, newest)
  const decoder = decoderFor(options)
  return records
    .filter((record) => record.problem === '')
    .map((record) => splitRow(record.bytes, rules).map(({ value }) => (value === null ? null : decoder.decode(value))))
}

function firstRecords(bytes: Buffer, whole: boolean, rules: RecordRules, limit: number) {
  const splitter = new RecordSplitter(rules)
  const records = splitter.push(bytes)
  if (whole) records.push(...splitter.end())
  return { records: records.slice(0, limit), lineEnd: splitter.lineEnd, complete: whole && records.length <= limit }
}

/** As the server would read them with these options. */
export async function fileSample(
  file: string,
  options: OptionValues,
  limit: number,
  server: PgVersion = newest,
): Promise<FileSample> {
  if (options.format === 'binary') return { columns: [], rows: [], text: '', problems: [] }
  const start = await readStart(file)
  refuseUtf16(start.bytes, file)
  const bytes = encodingOf(options) === 'UTF8' ? withoutBom(start.bytes) : start.bytes
  const decoder = decoderFor(options)
  const rules = rulesFor(options, server)
  const header = hasHeader(options)
  const problems: FileSample['problems'] = []
  const { records } = firstRecords(bytes, start.whole, rules, limit + (header ? 1 : 0))
  if (records.length === 0 && bytes.length > 0 && !start.whole) {
    problems.push({ line: 1, message: `The first row is longer than ${startBytes / 1024} kB, or a quote in it is never closed.` })
  }
  const rows: (string | null)[][] = []
  let names: string[] | undefined
  let width: number | undefined
  for (const record of records) {
    const values = rowOf(record, rules, decoder, problems)
    if (!values) continue
    width ??= values.length
    if (header && names === undefined) {
      names = values.map((value) => value ?? '')
      continue
    }
    if (values.length !== width) {
      problems.push({ line: record.line, message: `The row has ${countColumns(values.length)}; the first has ${width}.` })
    }
    rows.push(values)
  }
  const count = Math.max(width ?? 0, 0)
  const columns = Array.from({ length: count }, (_, column) => ({
    name: names?.[column]?.trim() || `column${column + 1}`,
    type: guessType(rows.map((row) => row[column] ?? null)),
  }))
  return { columns, rows: rows.map((row) => row.map(shorten)), text: decoder.decode(bytes.subarray(0, 4000)), problems }
}

function countColumns(count: number): string {
  return count === 1 ? '1 column' : `${count} columns`
}

function rowOf(
  record: CopyRecord,
  rules: RecordRules,
  decoder: TextDecoder,
  problems: FileSample['problems'],
): (string | null)[] | undefined {
  if (record.problem !== '') {
    problems.push({ line: record.line, message: `In this row ${record.problem}.` })
    return undefined
  }
  try {
    const nul = record.bytes.indexOf(0)
    if (nul >= 0)
      problems.push({ line: record.line, message: `The row holds a NUL byte (byte ${record.offset + nul} of the file).` })
    const values = splitRow(record.bytes, rules).map(({ value }) => (value === null ? null : decoder.decode(value)))
    if (nul < 0 && values.some((value) => value?.includes('\0')))
      problems.push({ line: record.line, message: 'The row has digits that stand for a NUL byte, which PostgreSQL can’t store.' })
    if (values.some((value) => value?.includes('\ufffd'))) {
      problems.push({ line: record.line, message: 'The row holds bytes that are no text in this encoding.' })
    }
    return values
  } catch (error) {
    if (!(error instanceof CopyFormatError)) throw error
    problems.push({ line: record.line, message: `In this row ${error.message}.` })
    return undefined
  }
}

export function shorten(value: string | null): string | null {
  return value !== null && value.length > longestShown ? `${value.slice(0, longestShown)}…` : value
}

/** orders-2026.csv.gz suggests orders_2026. */
function tableName(file: string): string {
  const stem = path
    .basename(file)
    .replace(/\.(gz|zst)$/i, '')
    .replace(/\.[^.]*$/, '')
  const plain = stem
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_]+/gu, '_')
    .replace(/^_+|_+$/g, '')
  return plain === '' ? 'imported' : plain.slice(0, 40)
}
