// Odd files against the oldest and the newest server: Walkback's splitter and its preview read what the server reads; what is
// wrong is told with line and byte; a row that no server takes is refused while memory stays small.
import { Buffer } from 'node:buffer'
import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rulesFor } from '../../electron/capabilities/copy/fileRules'
import { copyIn } from '../../electron/postgres/copyStream'
import { RecordSplitter, splitRow } from '../../shared/model/copyRecords'
import { CopyFormatError } from '../../shared/model/copyText'
import { copyOptionsSql } from '../../shared/tools/copyCommand'
import type { OptionValues } from '../../shared/tools/defineTool'
import { newestOrAll, sharedCluster, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { goldenFiles, goldenRows } from '../unit/copy/copyGolden'
import { type CopyBench, startCopyBench } from './copySetup'

const long = process.env.WALKBACK_LONG === '1'
const database = 'edges'
type Rows = (string | null)[][]

const alphabet = fc.constantFrom(
  ...['a', 'b', ',', ';', '\t', '"', "'", '\\', 'N', 'n', 'x', '1', '7', '.', '\n', '\r', '\r\n', 'é', ' '],
  ...['\\N', '""', '\\.', '\n\\.\n', 'a,b\n', '"a","b"\n', '1\t2\n', 'a;b\n', '\0', '\ufeff', '\\303', '\\0'],
)
const content = fc.array(alphabet, { maxLength: 24 }).map((parts) => parts.join(''))
const options = fc.constantFrom<{ format: 'text' | 'csv' } & Record<string, string | boolean>>(
  { format: 'text' },
  { format: 'text', delimiter: ',' },
  { format: 'text', null: 'N', delimiter: ';' },
  { format: 'text', emptyIsNull: true },
  { format: 'csv' },
  { format: 'csv', delimiter: ';', quote: "'" },
  { format: 'csv', escape: '\\' },
  { format: 'csv', null: 'N' },
  { format: 'csv', delimiter: '\t', escape: "'" },
)

describe.each(newestOrAll())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let client: Client
  let bench: CopyBench
  let folder: string
  let version: number
  const file = (name: string) => path.join(folder, name)

  beforeAll(async () => {
    cluster = await sharedCluster(major)
    await cluster.sql(`CREATE DATABASE ${database}`)
    client = await cluster.client(database)
    await client.query('CREATE TABLE s (n serial, a text, b text); CREATE TABLE g (id int, name text)')
    version = Number((await client.query<{ v: string }>("SELECT current_setting('server_version_num') AS v")).rows[0]?.v)
    bench = await startCopyBench(cluster, database)
    folder = tempFolder('edges')
  })
  afterAll(async () => {
    await bench.core.stop()
    await cluster.remove()
  })

  /** null: the server refuses. */
  async function byServer(bytes: Uint8Array, all: OptionValues): Promise<Rows | null> {
    await client.query('TRUNCATE s')
    const source = (async function* () {
      yield Buffer.from(bytes)
    })()
    try {
      await copyIn(client, `COPY s (a, b) FROM STDIN WITH ${copyOptionsSql(all)}`, source)
    } catch {
      return null // that is its answer
    }
    const { rows } = await client.query<{ a: string | null; b: string | null }>('SELECT a, b FROM s ORDER BY n')
    return rows.map(({ a, b }) => [a, b])
  }

  /** Byte by byte, so that every boundary is met; null when a row is none of two columns. */
  function bySplitter(bytes: Uint8Array, all: OptionValues): Rows | null {
    const rules = rulesFor(all, version)
    const splitter = new RecordSplitter(rules)
    const records = Array.from(bytes, (_, at) => splitter.push(bytes.slice(at, at + 1))).flat()
    records.push(...splitter.end())
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    try {
      const rows = records.map((record) => {
        if (record.problem !== '') throw new CopyFormatError(record.problem)
        return splitRow(record.bytes, rules).map(({ value }) => (value === null ? null : decoder.decode(value)))
      })
      return rows.some((row) => row.length !== 2 || row.some((value) => value?.includes('\0'))) ? null : rows
    } catch (error) {
      // Bytes made by escapes need not be UTF-8.
      if (error instanceof CopyFormatError || error instanceof TypeError) return null
      throw error
    }
  }

  test('the files whose rows are known are read like that', async () => {
    for (const golden of goldenFiles) {
      const rows = await byServer(Buffer.from(golden.file), golden.options)
      expect({ name: golden.name, rows }).toEqual({ name: golden.name, rows: goldenRows(golden, major) })
    }
  })

  test('the splitter reads what the server reads, and refuses what it refuses', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(content, options, async (text, all) => {
        const bytes = Buffer.from(text)
        const theirs = await byServer(bytes, all)
        if (theirs) accepted += 1
        expect(bySplitter(bytes, all)).toEqual(theirs)
      }),
      { numRuns: long ? 20_000 : 1500 },
    )
    expect(accepted).toBeGreaterThan(100)
  }, 300_000)

  test('the preview shows what the server reads, and a problem where it refuses', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(content, options, async (text, all) => {
        fs.writeFileSync(file('preview'), text)
        const { format, ...others } = all
        const sample = await bench.core.api.copy.fileSample({
          path: file('preview'),
          format,
          options: others,
          limit: 200,
          serverVersion: version,
        })
        // A byte order mark at the beginning is taken off before anything is sent.
        const theirs = await byServer(Buffer.from(text.startsWith('\ufeff') ? text.slice(1) : text), all)
        const odd = sample.problems.length > 0 || (sample.rows.length > 0 && sample.columns.length !== 2)
        expect(odd).toBe(theirs === null)
        if (theirs === null) return
        accepted += 1
        expect(sample.rows).toEqual(theirs)
      }),
      { numRuns: long ? 5000 : 700 },
    )
    expect(accepted).toBeGreaterThan(50)
  }, 300_000)

  const failing = async (name: string, bytes: Buffer, more = {}) => {
    await client.query('TRUNCATE g')
    fs.writeFileSync(file(name), bytes)
    const job = await bench.run(bench.importing('g', file(name), more))
    expect(job.state).toBe('failed')
    expect((await client.query('SELECT * FROM g')).rows).toEqual([])
    return job.error
  }
  /** A row of three lines, so that rows, the server's lines and the file's are three different counts. */
  const lead = Array.from({ length: 20_000 }, (_, row) => `${row},"two\nlines and\r\nmore ${row}"\n`).join('')
  const lines = lead.split('\n').length

  test.each([
    ['in the second line', '1,a\n', 2],
    ['far into the file, behind rows of several lines', lead, lines],
  ])('a wrong encoding is named with line and byte, and so is a NUL byte: %s', async (_where, before, line) => {
    const at = Buffer.byteLength(before) + 5
    const latin = Buffer.concat([Buffer.from(`${before}2,caf`), Buffer.from('\xe9\n3,c\n', 'latin1')])
    expect(await failing('latin.csv', latin)).toMatchObject({
      code: 'postgres',
      message: expect.stringContaining(
        `Nothing was imported: line ${line} of latin.csv, byte ${at}: invalid byte sequence for encoding "UTF8": 0xe9`,
      ),
      hint: 'Choose the encoding that the file was written in.',
      details: { line, byte: at },
    })
    const nul = Buffer.from(`${before}2,caf\0e\n3,c\n`)
    expect(await failing('nul.csv', nul)).toMatchObject({
      message: `Nothing was imported: line ${line} of nul.csv, byte ${at}: there is a NUL byte, which PostgreSQL can’t store in text.`,
      details: { line, byte: at },
    })
    const windows = Buffer.concat([Buffer.from(`${before}2,caf`), Buffer.from('\x81\n', 'latin1')])
    expect(await failing('windows.csv', windows, { options: { encoding: 'WIN1252' } })).toMatchObject({
      message: expect.stringContaining(`line ${line} of windows.csv, byte ${at}: character with byte sequence 0x81`),
      details: { line, byte: at },
    })
  })

  test('where bad rows are kept out, rows of a wrong encoding are among them, with their lines', async () => {
    await client.query('TRUNCATE g')
    fs.writeFileSync(
      file('mixed.csv'),
      Buffer.concat([Buffer.from('1,"a\nb"\n2,'), Buffer.from('\xe9\n3,x\0y\n4,d\n', 'latin1')]),
    )
    const job = await bench.run(bench.importing('g', file('mixed.csv'), { skipBadRows: true }))
    expect(job.result?.headline).toBe('2 rows imported into public.g; 2 bad rows kept out.')
    expect(fs.readFileSync(file('mixed.rejected.csv'), 'latin1')).toBe('2,\xe9\n3,x\0y\n')
    const reasons = fs.readFileSync(file('mixed.rejected.reasons.csv'), 'utf8').split('\n')
    expect(reasons.slice(1, 3)).toEqual([
      expect.stringMatching(/^3,,,"?invalid byte sequence for encoding ""UTF8"": 0xe9/),
      expect.stringMatching(/^4,,,"?invalid byte sequence for encoding ""UTF8"": 0x00/),
    ])
  })

  test('ragged rows and another header', async () => {
    const rows = (...texts: string[]) => Buffer.from(`id,name\n${'1,a\n'.repeat(50)}${texts.join('\n')}\n`)
    const header = { options: { header: 'true' } }
    expect((await failing('few.csv', rows('7'), header))?.message).toBe(
      'Nothing was imported: line 52 of few.csv: missing data for column "name".',
    )
    expect((await failing('many.csv', rows('7,b,c'), header))?.message).toBe(
      'Nothing was imported: line 52 of many.csv: extra data after last expected column.',
    )
    fs.writeFileSync(file('header.csv'), 'id,nom\n1,a\n')
    const match = bench.importing('g', file('header.csv'), { options: { header: 'match' } })
    if (major < 15) {
      await expect(bench.core.api.copy.start(match)).rejects.toMatchObject({
        code: 'preflight',
        hint: expect.stringContaining('has no HEADER=match; it came with PostgreSQL 15.'),
      })
      return
    }
    expect((await bench.run(match)).error?.message).toBe(
      'Nothing was imported: line 1 of header.csv: column name mismatch in header line field 2: got "nom", expected "name".',
    )
  })

  test('a row of more than 1 GB is refused before memory goes, here and on the server', async () => {
    await client.query('TRUNCATE g')
    // Packed members one behind the other are one stream: 1.1 GB in about a megabyte.
    const block = gzipSync(Buffer.alloc(16 * 1024 * 1024, 'x'), { level: 1 })
    const blocks = Array.from({ length: 70 }, () => block)
    fs.writeFileSync(file('field.csv.gz'), Buffer.concat([gzipSync('1,a\n"2","two\n'), ...blocks, gzipSync('"\n')]))
    const peak = watchMemory(cluster)
    const job = await bench.run(bench.importing('g', file('field.csv.gz')))
    const { here, server } = peak.end()
    expect(job.error).toMatchObject({
      code: 'bad_input',
      message:
        'Nothing was imported: the row that begins in line 2 of field.csv.gz (byte 4) is longer than 1 GB, the most that a server takes.',
      hint: 'A quote that is never closed makes everything behind it one row. Check quote, escape and delimiter.',
      details: { line: 2, byte: 4 },
    })
    expect((await client.query('SELECT * FROM g')).rows).toEqual([])
    if (long) console.log(`PostgreSQL ${major}: ${here} MB more here, ${server} MB in the server's process`)
    expect(here).toBeLessThan(200)
    // 64 MB are sent, in buffers that double and are converted; a gigabyte would be seen.
    expect(server).toBeLessThan(500)
  }, 120_000)

  test('a row of 70 MB is taken', async () => {
    await client.query('TRUNCATE g')
    const value = Buffer.alloc(70 * 1024 * 1024, 'y')
    fs.writeFileSync(file('wide.csv'), Buffer.concat([Buffer.from('\ufeff1,a\n2,'), value, Buffer.from('\n3,b\n')]))
    const job = await bench.run(bench.importing('g', file('wide.csv')))
    expect(job.error).toBeNull()
    expect((await client.query('SELECT id, length(name) AS n FROM g ORDER BY id')).rows).toEqual([
      { id: 1, n: 1 },
      { id: 2, n: value.length },
      { id: 3, n: 1 },
    ])
    fs.rmSync(file('wide.csv'))
  })
})

/** The most MB that this process held beyond what it held before, and the most of any of the cluster's processes by itself. */
function watchMemory(cluster: TestCluster): { end(): { here: number; server: number } } {
  const before = process.memoryUsage().rss
  const most = { here: 0, server: 0 }
  const timer = setInterval(() => {
    most.here = Math.max(most.here, process.memoryUsage().rss - before)
    for (const pid of fs
      .readFileSync(`/proc/${cluster.pid()}/task/${cluster.pid()}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)) {
      try {
        const anonymous = /RssAnon:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        most.server = Math.max(most.server, Number(anonymous ?? 0) * 1024)
      } catch {
        // It has ended since.
      }
    }
  }, 20)
  const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024)
  return {
    end: () => {
      clearInterval(timer)
      return { here: megabytes(most.here), server: megabytes(most.server) }
    },
  }
}
