// COPY's text and CSV split by its rules: files and their rows, the places that are told of them, and any cut into pieces.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rulesFor } from '../../../electron/capabilities/copy/fileRules'
import { type CopyRecord, RecordSplitter, splitRow } from '../../../shared/model/copyRecords'
import { RowEnds } from '../../../shared/model/copyRowEnds'
import { CopyFormatError } from '../../../shared/model/copyText'
import type { OptionValues } from '../../../shared/tools/defineTool'
import { goldenFiles, goldenRows } from './copyGolden'

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Cut at the offsets; all records. */
function split(bytes: Uint8Array, options: OptionValues, version: number, cuts: readonly number[] = []): CopyRecord[] {
  const splitter = new RecordSplitter(rulesFor(options, version))
  const edges = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
  const records = edges.slice(1).flatMap((edge, index) => splitter.push(bytes.slice(edges[index], edge)))
  return [...records, ...splitter.end()]
}

/** null when a row is none of two columns, or none at all. */
function rowsOf(bytes: Uint8Array, options: OptionValues, version: number): (string | null)[][] | null {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    const rows = split(bytes, options, version).map((record) => {
      if (record.problem !== '') throw new CopyFormatError(record.problem)
      return splitRow(record.bytes, rulesFor(options, version)).map(({ value }) =>
        value === null ? null : decoder.decode(value),
      )
    })
    return rows.some((row) => row.length !== 2 || row.some((value) => value?.includes('\0'))) ? null : rows
  } catch (error) {
    if (error instanceof CopyFormatError || error instanceof TypeError) return null
    throw error
  }
}

describe.each([13, 18])('as PostgreSQL %i reads it', (major) => {
  test.each(goldenFiles)('$name', (golden) => {
    expect(rowsOf(bytesOf(golden.file), golden.options, major * 10_000)).toEqual(goldenRows(golden, major))
  })
})

describe('places', () => {
  test('lines are the file’s, the server’s are counted as it does, offsets are bytes', () => {
    const records = split(bytesOf('é,b\r\n"c\r\nd\ne",f\r\ng,h'), { format: 'csv' }, 180000)
    expect(records.map(({ line, lastLine, serverLine, offset }) => ({ line, lastLine, serverLine, offset }))).toEqual([
      { line: 1, lastLine: 1, serverLine: 1, offset: 0 },
      { line: 2, lastLine: 4, serverLine: 3, offset: 6 },
      { line: 5, lastLine: 5, serverLine: 4, offset: 18 },
    ])
  })
  test('what is no row says why', () => {
    const problems = (file: string, options: OptionValues) => split(bytesOf(file), options, 180000).map(({ problem }) => problem)
    expect(problems('a,b\n"c', { format: 'csv' })).toEqual(['', 'a quote is opened and never closed'])
    expect(problems('a\nb\rc\n', { format: 'text' })).toEqual(['', 'a carriage return stands where lines end otherwise'])
    expect(problems('a\r\nb\nc\r\n', { format: 'text' })).toEqual(['', 'a line feed stands where lines end otherwise'])
    expect(problems('a\\.\n', { format: 'text' })).toEqual(['the mark that ends the data (\\.) is not alone in its line'])
  })
  test('letters of two bytes whose second looks like a backslash or a quote are letters', () => {
    // SJIS 0x95 0x5c, followed by a line end.
    const file = Uint8Array.of(0x95, 0x5c, 0x0a, 0x61, 0x0a)
    expect(split(file, { format: 'text', encoding: 'SJIS' }, 180000).map(({ offset }) => offset)).toEqual([0, 3])
    expect(split(file, { format: 'text', encoding: 'UTF8' }, 180000)).toHaveLength(1)
  })
  test('a row beyond the longest is refused with its line and byte', () => {
    const splitter = new RecordSplitter({ ...rulesFor({ format: 'csv' }, 180000), longest: 2 * 1024 * 1024 })
    splitter.push(bytesOf('a\n"'))
    const push = () => {
      for (let pieces = 0; pieces < 4; pieces += 1) splitter.push(new Uint8Array(1024 * 1024).fill(0x78))
    }
    expect(push).toThrow('the row that begins in line 2 (byte 2) is longer than 2 MB')
  })
})

const alphabet = fc.constantFrom(
  'a',
  ',',
  '\t',
  '"',
  "'",
  '\\',
  '.',
  '\n',
  '\r',
  '\r\n',
  'é',
  '\\N',
  '""',
  'a,b\n',
  '"a\nb",c\n',
  '\\\n',
)
const file = fc.array(alphabet, { maxLength: 40 }).map((parts) => bytesOf(parts.join('')))
const cuts = fc.array(fc.nat(80), { maxLength: 8 })
const options = fc.constantFrom<OptionValues>(
  { format: 'text' },
  { format: 'csv' },
  { format: 'csv', escape: '\\' },
  { format: 'csv', quote: "'" },
  { format: 'text', encoding: 'SJIS' },
  { format: 'csv', encoding: 'BIG5' },
)

test('where a file is cut into pieces changes nothing', () => {
  fc.assert(
    fc.property(file, options, cuts, (bytes, all, at) => {
      expect(split(bytes, all, 180000, at)).toEqual(split(bytes, all, 180000))
    }),
    { numRuns: 3000 },
  )
})

/** The offsets at which rows end, found without splitting. */
function ends(bytes: Uint8Array, all: OptionValues, at: readonly number[]): number[] {
  const scanner = new RowEnds(rulesFor(all, 180000))
  const edges = [0, ...at.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
  return edges.slice(1).flatMap((edge, index) => {
    const from = edges[index] ?? 0
    const end = scanner.scan(bytes.slice(from, edge))
    return end < 0 ? [] : [from + end]
  })
}

describe('row ends without splitting', () => {
  /** A file with one kind of line end, and where its rows but the last end. */
  const ofOneKind = fc.tuple(file, options, fc.constantFrom('\n', '\r\n', '\r')).map(([mixed, all, lineEnd]) => {
    const plain = new TextDecoder().decode(mixed).replaceAll('\r', '').replaceAll('\\.', '')
    const bytes = bytesOf(plain.replaceAll('\n', lineEnd))
    const records = split(bytes, all, 180000)
    return { bytes, all, wanted: records.slice(1).map(({ offset }) => offset) }
  })
  test('are found in whatever pieces, so that no row is taken for longer than it is', () => {
    fc.assert(
      fc.property(ofOneKind, cuts, ({ bytes, all, wanted }, at) => {
        const edges = [0, ...at.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
        const found = ends(bytes, all, at)
        for (const [index, edge] of edges.slice(1).entries()) {
          const inside = (one: number) => one > (edges[index] ?? 0) && one <= edge
          const last = wanted.filter(inside).at(-1)
          if (last !== undefined) expect(found.find(inside)).toBeGreaterThanOrEqual(last)
        }
      }),
      { numRuns: 5000 },
    )
  })
  test('nothing else is taken for one where lines end in LF', () => {
    fc.assert(
      fc.property(ofOneKind, ({ bytes, all, wanted }) => {
        fc.pre(!bytes.includes(0x0d))
        const single = Array.from({ length: bytes.length }, (_, index) => index + 1)
        // Behind the last row's line end no other row begins.
        expect(ends(bytes, all, single).filter((end) => !wanted.includes(end) && end < bytes.length)).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })
})
