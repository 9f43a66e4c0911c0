// Any file with one fault somewhere: nothing is imported and the fault is named with its line, byte or value; with bad rows kept
// out just that row is. Any header against the table: as the server itself decides.
import { Buffer } from 'node:buffer'
import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyIn } from '../../electron/postgres/copyStream'
import { endMajors, sharedCluster, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { type CopyBench, startCopyBench } from './copySetup'

const long = process.env.WALKBACK_LONG === '1'
const database = 'faults'

const text = fc
  .array(fc.constantFrom('a', 'é', ',', '"', ' ', '\n', '\r\n', '\\', "'", '\\.', 'NULL', ''), { maxLength: 6 })
  .map((parts) => parts.join(''))
/** The server refuses a lone carriage return or line feed of the other kind outside quotes only; all are quoted here. */
const csv = (value: string) => (/^$|[",\n\r\\]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)

const faults = {
  nul: { bytes: Buffer.from('7,ab\0c'), at: 4 },
  'nul between quotes': { bytes: Buffer.from('7,"a,\0"'), at: 5 },
  encoding: { bytes: Buffer.from('7,a\xe9 b', 'latin1'), at: 3 },
  'encoding, a character cut off': { bytes: Buffer.from('7,"\xc3"', 'latin1'), at: 3 },
  'encoding, as in the character before it': { bytes: Buffer.from('7,\xc3\xa9\xc3', 'latin1'), at: 4 },
  short: { bytes: Buffer.from('7'), at: null },
  long: { bytes: Buffer.from('7,a,b'), at: null },
  type: { bytes: Buffer.from('seven,a'), at: null },
} as const
type Fault = keyof typeof faults

const said: Record<Fault, (line: number, byte: number) => RegExp> = {
  nul: (line, byte) =>
    new RegExp(`line ${line} of f\\.csv, byte ${byte}: there is a NUL byte, which PostgreSQL can’t store in text\\.$`),
  'nul between quotes': (line, byte) => said.nul(line, byte),
  encoding: (line, byte) => new RegExp(`line ${line} of f\\.csv, byte ${byte}: invalid byte sequence for encoding "UTF8": 0xe9`),
  'encoding, a character cut off': (line, byte) =>
    new RegExp(`line ${line} of f\\.csv, byte ${byte}: invalid byte sequence for encoding "UTF8": 0xc3`),
  'encoding, as in the character before it': (line, byte) => said['encoding, a character cut off'](line, byte),
  short: (line) => new RegExp(`line ${line} of f\\.csv: missing data for column "name"\\.$`),
  long: (line) => new RegExp(`line ${line} of f\\.csv: extra data after last expected column\\.$`),
  type: (line) =>
    new RegExp(`line ${line} of f\\.csv, column id, value “seven”: invalid input syntax for type integer: "seven"\\.$`),
}

const fileWithFault = fc.record({
  before: fc.array(text, { minLength: 1, maxLength: 8 }),
  after: fc.array(text, { maxLength: 3 }),
  fault: fc.constantFrom<Fault>(...(Object.keys(faults) as Fault[])),
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  ended: fc.boolean(),
})

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let client: Client
  let bench: CopyBench
  let folder: string
  const file = (name: string) => path.join(folder, name)

  beforeAll(async () => {
    cluster = await sharedCluster(major)
    await cluster.sql(`CREATE DATABASE ${database}`)
    client = await cluster.client(database)
    await client.query('CREATE TABLE g (id int, name text)')
    bench = await startCopyBench(cluster, database)
    folder = tempFolder('faults')
  })
  afterAll(async () => {
    await bench.core.stop()
    await cluster.remove()
  })

  const rows = async () => (await client.query<{ name: string }>('SELECT name FROM g ORDER BY id')).rows.map(({ name }) => name)

  test('one fault in any file: nothing goes in, and where it is, is told; or all but that row go in', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fileWithFault, async ({ before, after, fault, eol, bom, ended }) => {
        const { bytes, at } = faults[fault]
        const lead = `${bom ? '\ufeff' : ''}${before.map((name, id) => `${id},${csv(name)}${eol}`).join('')}`
        const rest = after.map((name, id) => `${id + 100},${csv(name)}`).join(eol)
        const tail = after.length > 0 ? `${eol}${rest}${ended ? eol : ''}` : ended ? eol : ''
        fs.writeFileSync(file('f.csv'), Buffer.concat([Buffer.from(lead), bytes, Buffer.from(tail)]))
        await client.query('TRUNCATE g')

        const line = lead.split('\n').length
        const job = await bench.run(bench.importing('g', file('f.csv')))
        expect(job.state).toBe('failed')
        expect(job.error?.message).toMatch(/^Nothing was imported: /)
        expect(job.error?.message).toMatch(said[fault](line, Buffer.byteLength(lead) + (at ?? 0)))
        expect(job.error?.details).toMatchObject({ line, ...(at === null ? {} : { byte: Buffer.byteLength(lead) + at }) })
        expect(await rows()).toEqual([])

        // A column that is left out: the rows are split here, and the same is told.
        const mapped = await bench.run(bench.importing('g', file('f.csv'), { mapping: [null, 'name'] }))
        if (fault === 'type') expect(mapped.state).toBe('succeeded')
        else expect(mapped.error?.details).toMatchObject({ line, ...(at === null ? {} : { byte: Buffer.byteLength(lead) + at }) })
        if (fault.startsWith('nul')) expect(mapped.error?.message).toMatch(said.nul(line, Buffer.byteLength(lead) + (at ?? 0)))
        await client.query('TRUNCATE g')

        const kept = await bench.run(bench.importing('g', file('f.csv'), { skipBadRows: true }))
        expect(kept.error).toBeNull()
        expect(await rows()).toEqual([...before, ...after])
        const reject = fs.readFileSync(file('f.rejected.csv'))
        expect(reject.toString('latin1').trimEnd()).toBe(bytes.toString('latin1'))
        expect(fs.readFileSync(file('f.rejected.reasons.csv'), 'utf8').split('\n')[1]).toMatch(new RegExp(`^${line},`))
        for (const name of ['f.rejected.csv', 'f.rejected.reasons.csv']) fs.rmSync(file(name))
        seen.add(fault)
      }),
      { numRuns: long ? 400 : 25 },
    )
    expect(seen.size).toBeGreaterThan(3)
  }, 600_000)

  test.each(['LATIN1', 'SQL_ASCII'])('a NUL byte cuts no value in a database in %s', async (encoding) => {
    const name = `of ${encoding}`
    await cluster.sql(`CREATE DATABASE "${name}" TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`)
    await cluster.sql('CREATE TABLE g (id int, name text)', name)
    const content = (cut: string) => Buffer.from(`1,\xe9\n2,${cut}\n3,"x"\n`, 'latin1')
    for (const [format, cut, at] of [
      ['csv', 'ab\0c', 8],
      ['csv', '"ab\0"', 9],
      ['text', 'ab\0c', 8],
    ] as const) {
      fs.writeFileSync(file('n.csv'), content(cut))
      const request = bench.importing('g', file('n.csv'), { format, database: name, options: { encoding, delimiter: ',' } })
      const job = await bench.run(request)
      expect(job.error).toMatchObject({
        message: `Nothing was imported: line 2 of n.csv, byte ${at}: there is a NUL byte, which PostgreSQL can’t store in text.`,
        hint: 'Take the NUL bytes out of the file: tr -d "\\000" < file > new file',
        details: { line: 2, byte: at },
      })
      expect(await cluster.sql('SELECT FROM g', name)).toEqual([])
      const kept = await bench.run({ ...request, skipBadRows: true })
      expect(kept.result?.headline).toBe('2 rows imported into public.g; 1 bad row kept out.')
      expect(fs.readFileSync(file('n.rejected.csv'))).toEqual(Buffer.from(`2,${cut}\n`, 'latin1'))
      for (const each of ['n.rejected.csv', 'n.rejected.reasons.csv']) fs.rmSync(file(each))
      await cluster.sql('TRUNCATE g', name)
    }
  })

  const headers = fc.array(fc.constantFrom('id', 'name', 'ID', ' id', '"id"', '"na""me"', 'nom', ''), {
    minLength: 1,
    maxLength: 3,
  })

  // HEADER match came with 15; before, it is refused before the start.
  if (major < 15) return
  test('any header that must match: taken and refused as the server does by itself', async () => {
    let taken = 0
    const header = fc.oneof({ weight: 1, arbitrary: fc.constant(['id', 'name']) }, { weight: 3, arbitrary: headers })
    await fc.assert(
      fc.asyncProperty(header, fc.boolean(), async (names, skipBadRows) => {
        const content = `${names.join(',')}\n1,a\n`
        fs.writeFileSync(file('h.csv'), content)
        await client.query('TRUNCATE g')
        const source = (async function* () {
          yield Buffer.from(content)
        })()
        const theirs = await copyIn(client, 'COPY g FROM STDIN WITH (FORMAT csv, HEADER match)', source).then(
          () => '',
          (error: Error) => error.message,
        )
        const whole = await rows()
        await client.query('TRUNCATE g')
        const request = bench.importing('g', file('h.csv'), { options: { header: 'match' }, skipBadRows })
        const ours = await bench.core.api.copy
          .start(request)
          .then((job) => bench.core.ended(job))
          .then(
            ({ error }) => error?.message ?? '',
            (error: Error) => `${error.message} ${'hint' in error ? String(error.hint) : ''}`,
          )
        expect({ names, refused: ours !== '', rows: await rows() }).toEqual({ names, refused: theirs !== '', rows: whole })
        if (theirs === '') taken += 1
        else expect(ours).toMatch(theirs.includes('column name mismatch') ? /column name mismatch|columns/ : /header|columns/)
      }),
      { numRuns: long ? 200 : 25 },
    )
    expect(taken).toBeGreaterThan(1)
  }, 300_000)
})
