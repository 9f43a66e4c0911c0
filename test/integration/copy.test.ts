// Copying rows out and in: the course's transcript, all or nothing, bad rows kept out and counted, files never lost.
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ExportRequest } from '../../shared/contracts/copy'
import { newestMajor, sharedCluster, type TestCluster, testMajors } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { type CopyBench, startCopyBench } from './copySetup'

let cluster: TestCluster
let bench: CopyBench
let folder: string
const database = 'copying'
const file = (name: string) => path.join(folder, name)
const read = (name: string) => fs.readFileSync(file(name), 'utf8')
const sql = (text: string) => cluster.sql(text, database)

beforeAll(async () => {
  cluster = await sharedCluster(newestMajor())
  await cluster.sql(`CREATE DATABASE ${database}`)
  folder = tempFolder('copy')
  bench = await startCopyBench(cluster, database)
})

describe('the course', () => {
  const rows = [
    { id: '1', s: 'Hello!' },
    { id: '2', s: '' },
    { id: '3', s: null },
  ]

  test.each([
    ['text', '1\tHello!\n2\t\n3\t\\N\n'],
    ['csv', '1,Hello!\n2,""\n3,\n'],
  ] as const)('%s: out and in, an empty string and NULL kept apart', async (format, content) => {
    await sql(
      "DROP TABLE IF EXISTS t; CREATE TABLE t (id numeric, s text); INSERT INTO t VALUES (1, 'Hello!'), (2, ''), (3, NULL)",
    )
    const out = await bench.run(bench.exporting('t', file(`course.${format}`), { format }))
    expect(out).toMatchObject({ state: 'succeeded', result: { headline: `3 rows exported to course.${format}.` } })
    expect(read(`course.${format}`)).toBe(content)
    await sql('TRUNCATE t')
    const back = await bench.run(bench.importing('t', file(`course.${format}`), { format }))
    expect(back).toMatchObject({ state: 'succeeded', result: { headline: '3 rows imported into public.t.' } })
    expect(await sql('SELECT * FROM t ORDER BY id')).toEqual(rows)
    const sample = await bench.core.api.copy.fileSample({ path: file(`course.${format}`), format, options: {}, limit: 10 })
    expect(sample.rows).toEqual([
      ['1', 'Hello!'],
      ['2', ''],
      ['3', null],
    ])
    const preview = await bench.core.api.copy.exportSample({
      connectionId: bench.connectionId,
      database,
      source: { kind: 'table', schema: 'public', name: 't', columns: null },
      format,
      options: {},
      limit: 10,
    })
    expect(preview).toMatchObject({ rows: sample.rows, text: content, columns: [{ name: 'id', type: 'numeric' }, { name: 's' }] })
  })

  test('binary: out and in', async () => {
    expect((await bench.run(bench.exporting('t', file('course.bin'), { format: 'binary' }))).state).toBe('succeeded')
    await sql('TRUNCATE t')
    expect((await bench.run(bench.importing('t', file('course.bin'), { format: 'binary' }))).state).toBe('succeeded')
    expect(await sql('SELECT * FROM t ORDER BY id')).toEqual(rows)
  })
})

describe('files', () => {
  beforeAll(async () => {
    await sql(`CREATE TABLE f (id int, name text); INSERT INTO f SELECT i, 'naïve ' || i FROM generate_series(1, 2000) i`)
    await sql('CREATE TABLE g (id int, name text)')
  })
  const fill = async (name: string, bytes: string | Buffer) => {
    await sql('TRUNCATE g')
    fs.writeFileSync(file(name), bytes)
  }
  const imported = () => sql('SELECT * FROM g ORDER BY id')
  const failure = async (name: string, more = {}) => {
    const job = await bench.run(bench.importing('g', file(name), more))
    expect(job.state).toBe('failed')
    expect(await imported()).toEqual([])
    return job.error
  }

  test('a file that exists is refused; with overwrite it is kept under a dated name', async () => {
    fs.writeFileSync(file('there.csv'), 'precious\n')
    const request = bench.exporting('f', file('there.csv'))
    await expect(bench.core.api.copy.start(request)).rejects.toMatchObject({
      code: 'preflight',
      message: 'The copy was not started. 1 blocker: File.',
      hint: `File: ${file('there.csv')} exists already.`,
    })
    expect(read('there.csv')).toBe('precious\n')
    const job = await bench.run({
      ...request,
      place: { kind: 'client', path: file('there.csv'), compression: 'none', overwrite: true },
    })
    expect(job.state).toBe('succeeded')
    expect(read('there.csv').split('\n')).toHaveLength(2001)
    const aside = fs.readdirSync(folder).filter((name) => /^there\.\d{8}T\d{6}Z\.csv$/.test(name))
    expect(aside).toHaveLength(1)
    expect(read(aside[0] ?? '')).toBe('precious\n')
  })

  test('gzip both ways, told by the content; a cut one is refused', async () => {
    const place = { kind: 'client', path: file('f.csv.gz'), compression: 'gzip', overwrite: false } as const
    expect((await bench.run(bench.exporting('f', '', { place, options: { header: 'true' } }))).state).toBe('succeeded')
    expect(
      gunzipSync(fs.readFileSync(file('f.csv.gz')))
        .toString()
        .split('\n')
        .slice(0, 2),
    ).toEqual(['id,name', '1,naïve 1'])
    fs.copyFileSync(file('f.csv.gz'), file('strange name'))
    const back = await bench.run(bench.importing('g', file('strange name'), { options: { header: 'match' } }))
    expect(back.result?.headline).toBe('2,000 rows imported into public.g.')
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i},${randomBytes(8).toString('hex')}\n`)
    const packed = gzipSync(lines.join(''))
    await fill('cut.gz', packed.subarray(0, packed.length - 1000))
    expect((await failure('cut.gz'))?.message).toBe(`${file('cut.gz')} can’t be unpacked to its end: it is cut off or damaged.`)
    // Two gzip files one behind the other are one stream.
    await fill('two.gz', Buffer.concat([gzipSync('1,a\n'), gzipSync('2,b\n')]))
    expect((await bench.run(bench.importing('g', file('two.gz')))).result?.headline).toBe('2 rows imported into public.g.')
  })

  test('zstd says what is missing where the runtime has none', async () => {
    const { zstd } = await bench.core.api.copy.prepare({ connectionId: bench.connectionId, database })
    const place = { kind: 'client', path: file('z.csv.zst'), compression: 'zstd', overwrite: false } as const
    const preview = await bench.core.api.copy.preview(bench.exporting('f', '', { place }))
    if (zstd.available) expect(preview.blocked).toBe('')
    else expect(preview.preflight[0]).toMatchObject({ result: 'blocker', found: zstd.reason })
  })

  test('a byte order mark is no part of the first value; CRLF is a line end', async () => {
    await fill('bom.csv', '\ufeffid,name\r\n1,a\r\n2,"x\r\ny"\r\n')
    const job = await bench.run(bench.importing('g', file('bom.csv'), { options: { header: 'match' } }))
    expect(job.error).toBeNull()
    expect(await imported()).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'x\r\ny' },
    ])
    await fill('utf16.csv', Buffer.from('\ufeff1,a\n', 'utf16le'))
    await expect(bench.core.api.copy.start(bench.importing('g', file('utf16.csv')))).rejects.toMatchObject({
      hint: expect.stringContaining('utf16.csv is in UTF-16, which PostgreSQL does not read.'),
    })
  })

  test('what is wrong is told with line, column, value and byte', async () => {
    await fill('quoted.csv', '1,"two\nlines"\n2,"more\n\nlines"\nthree,c\n')
    expect(await failure('quoted.csv')).toMatchObject({
      message:
        'Nothing was imported: line 6 of quoted.csv, column id, value “three”: invalid input syntax for type integer: "three".',
      details: { line: 6, column: 'id', value: 'three' },
    })
    await fill('latin.csv', Buffer.from('1,a\n2,caf\xe9\n', 'latin1'))
    expect(await failure('latin.csv')).toMatchObject({
      details: { line: 2, byte: 9 },
      hint: 'Choose the encoding that the file was written in.',
    })
    const right = await bench.run(bench.importing('g', file('latin.csv'), { options: { encoding: 'LATIN1' } }))
    expect(right.state).toBe('succeeded')
    expect((await imported())[1]).toEqual({ id: 2, name: 'café' })
    await fill('nul.csv', '1,a\n2,b\0c\n')
    expect((await failure('nul.csv'))?.message).toBe(
      'Nothing was imported: line 2 of nul.csv, byte 7: there is a NUL byte, which PostgreSQL can’t store in text.',
    )
    await fill('ragged.csv', '1,a\n2,b\n3\n')
    expect((await failure('ragged.csv'))?.message).toBe(
      'Nothing was imported: line 3 of ragged.csv: missing data for column "name".',
    )
    await fill('header.csv', 'id,nom\n1,a\n')
    expect((await failure('header.csv', { options: { header: 'match' } }))?.message).toContain(
      'line 1 of header.csv: column name mismatch in header line field 2: got "nom", expected "name"',
    )
    await fill('wide.csv', '1,a,b\n')
    await expect(bench.core.api.copy.start(bench.importing('g', file('wide.csv')))).rejects.toMatchObject({
      hint: expect.stringContaining('The file’s rows have 3 columns, 2 are expected.'),
    })
  })

  test('a row beyond all measure is refused before memory goes', async () => {
    const handle = fs.openSync(file('huge.csv'), 'w')
    fs.writeSync(handle, '1,a\n2,"')
    for (let i = 0; i < 80; i += 1) fs.writeSync(handle, Buffer.alloc(1024 * 1024, 'x'))
    fs.closeSync(handle)
    await sql('TRUNCATE g')
    expect((await failure('huge.csv', { skipBadRows: true }))?.message).toBe(
      'The file can’t be split into rows: the row that begins in line 2 (byte 4) is longer than 64 MB.',
    )
    fs.rmSync(file('huge.csv'))
  })

  test('columns are mapped by hand and left out; the table is made from the file', async () => {
    await fill('map.csv', 'name,rubbish,id\n"a,b",x,1\n,y,2\n"",z,3\n')
    const mapped = await bench.run(
      bench.importing('g', file('map.csv'), { options: { header: 'true' }, mapping: ['name', null, 'id'] }),
    )
    expect(mapped.error).toBeNull()
    expect(await imported()).toEqual([
      { id: 1, name: 'a,b' },
      { id: 2, name: null },
      { id: 3, name: '' },
    ])
    await fill('map2.csv', '"a",x,1\nb,c,d,e\n')
    expect((await failure('map2.csv', { mapping: ['name', null, 'id'] }))?.message).toBe(
      'Nothing was imported: line 2 of map2.csv: the row has 4 columns, 3 are expected.',
    )
    const sample = await bench.core.api.copy.detectFile({ path: file('map.csv') })
    expect(sample).toMatchObject({ format: 'csv', options: { header: 'true' }, suggestedTable: 'map', compression: 'none' })
    const { columns } = await bench.core.api.copy.fileSample({
      path: file('map.csv'),
      format: 'csv',
      options: { header: 'true' },
      limit: 50,
    })
    expect(columns).toEqual([
      { name: 'name', type: 'text' },
      { name: 'rubbish', type: 'text' },
      { name: 'id', type: 'integer' },
    ])
    const made = bench.importing('ignored', file('map.csv'), {
      target: { schema: 'public', name: 'Made "here"', create: columns },
      options: { header: 'true', freeze: true },
    })
    const preview = await bench.core.api.copy.preview(made)
    expect(preview.commands[0]?.words[0]).toContain(
      'CREATE TABLE "public"."Made ""here""" (\n  "name" text,\n  "rubbish" text,\n  "id" integer\n);',
    )
    expect((await bench.run(made)).state).toBe('succeeded')
    expect(await sql('SELECT count(*)::int AS n FROM "Made ""here"""')).toEqual([{ n: 3 }])
    const again = {
      ...made,
      target: { ...made.target, name: 'unmade', create: columns.map((column) => ({ ...column, type: 'uuid' as const })) },
    }
    expect((await bench.run(again)).state).toBe('failed')
    expect(await sql("SELECT FROM pg_class WHERE relname = 'unmade'")).toEqual([])
  })

  test('TRUNCATE first, WHERE, FREEZE: in one transaction', async () => {
    await fill('where.csv', '1,a\n2,b\n3,c\n')
    await sql("INSERT INTO g VALUES (77, 'old')")
    fs.writeFileSync(file('broken.csv'), '1,a\nx,b\n')
    expect((await bench.run(bench.importing('g', file('broken.csv'), { truncate: true }))).state).toBe('failed')
    expect(await imported()).toEqual([{ id: 77, name: 'old' }])
    const job = await bench.run(
      bench.importing('g', file('where.csv'), { truncate: true, where: 'id <> 2 -- not two', options: { freeze: true } }),
    )
    expect(job.error).toBeNull()
    expect(await imported()).toEqual([
      { id: 1, name: 'a' },
      { id: 3, name: 'c' },
    ])
  })
})

describe('guards', () => {
  const query = (text: string) => bench.exporting('f', file('query.csv'), { source: { kind: 'query', sql: text } })

  test('a query that writes, two statements, and a query that breaks out of its parentheses are refused', async () => {
    await sql('CREATE TABLE victim (i int); INSERT INTO victim VALUES (1)')
    const marker = file('marker')
    for (const [text, words] of [
      ['WITH d AS (DELETE FROM public.victim RETURNING i) SELECT * FROM d', 'read-only transaction'],
      ['SELECT 1; DROP TABLE public.victim', 'cannot insert multiple commands'],
      [`SELECT 1) TO PROGRAM 'touch ${marker}' --`, 'syntax error'],
      ['SELECT 1 /*', 'unterminated /* comment'],
      ['DROP TABLE public.victim', 'The query returns no columns.'],
    ] as const) {
      const refused = await bench.core.api.copy
        .start(query(text))
        .then((job) => bench.core.ended(job))
        .then(
          ({ error }) => error?.message,
          (error: Error) => error.message,
        )
      expect(refused).toContain(words)
    }
    expect(await sql('SELECT * FROM victim')).toEqual([{ i: 1 }])
    expect(fs.existsSync(marker)).toBe(false)
    const good = await bench.run(query('SELECT id, upper(name) AS n FROM f WHERE id < 3 ORDER BY id -- two rows\n;'))
    expect(good.error).toBeNull()
    expect(read('query.csv')).toBe('1,NAÏVE 1\n2,NAÏVE 2\n')
  })

  test('a WHERE that holds a second statement is refused', async () => {
    fs.writeFileSync(file('w.csv'), '1,a\n')
    const job = await bench.run(bench.importing('g', file('w.csv'), { where: 'true); DROP TABLE public.victim; SELECT (1' }))
    expect(job.error?.message).toContain('cannot insert multiple commands')
    expect(await sql('SELECT * FROM victim')).toEqual([{ i: 1 }])
  })

  test('hostile names and values go through as they are', async () => {
    const hostile = `t"; DROP TABLE victim; --\n'\\$é`
    const quoted = hostile.replaceAll('"', '""')
    await sql(`CREATE TABLE "${quoted}" ("${quoted}" text, "a,b" text)`)
    await cluster.sql(`INSERT INTO "${quoted}" VALUES ($1, NULL), ('', $2)`, database, [hostile, '\t\r\n\\N"'])
    for (const format of ['text', 'csv'] as const) {
      const target = file(`${format} 'x" $(touch y).data`)
      const back: ExportRequest['options'] = format === 'csv' ? { header: 'true' } : {}
      const options = format === 'csv' ? { ...back, forceQuote: [hostile] } : back
      expect((await bench.run(bench.exporting(hostile, target, { format, options }))).error).toBeNull()
      await sql(`CREATE TABLE kept AS SELECT * FROM "${quoted}"; TRUNCATE "${quoted}"`)
      expect((await bench.run(bench.importing(hostile, target, { format, options: back, skipBadRows: true }))).error).toBeNull()
      expect(await sql(`(TABLE kept EXCEPT TABLE "${quoted}") UNION ALL (TABLE "${quoted}" EXCEPT TABLE kept)`)).toEqual([])
      expect(await sql(`SELECT count(*)::int AS n FROM "${quoted}"`)).toEqual([{ n: 2 }])
      await sql('DROP TABLE kept')
    }
  })

  test('a connection marked read-only takes no import', async () => {
    const connectionId = await bench.connect(cluster, undefined, true)
    await expect(bench.core.api.copy.start(bench.importing('g', file('w.csv'), { connectionId }))).rejects.toMatchObject({
      code: 'permission',
      message: expect.stringContaining('Importing is blocked'),
    })
    expect((await bench.run(bench.exporting('f', file('readonly.csv'), { connectionId }))).state).toBe('succeeded')
  })

  test('server files and programs: who may, and who may not', async () => {
    const place = { kind: 'server-file', path: path.join(cluster.folder, 's', 'out.csv'), overwrite: false } as const
    expect((await bench.run(bench.exporting('f', '', { place }))).result?.headline).toBe('2,000 rows exported on the server.')
    await expect(bench.core.api.copy.start(bench.exporting('f', '', { place }))).rejects.toMatchObject({
      hint: expect.stringContaining('exists there already, and COPY would replace it'),
    })
    await sql('TRUNCATE g')
    const back = await bench.run(bench.importing('g', '', { place: { kind: 'server-file', path: place.path } }))
    expect(back.result?.headline).toBe('2,000 rows imported into public.g.')
    const program = await bench.run(bench.exporting('f', '', { place: { kind: 'server-program', command: 'wc -l > /dev/null' } }))
    expect(program.state).toBe('succeeded')
    await sql("CREATE ROLE clerk LOGIN PASSWORD 'clerk-pw'; GRANT SELECT ON f TO clerk")
    const connectionId = await bench.connect(cluster, { user: 'clerk', password: 'clerk-pw' })
    const preview = await bench.core.api.copy.preview(
      bench.exporting('f', '', { connectionId, place: { ...place, overwrite: true } }),
    )
    expect(preview.preflight[0]).toMatchObject({
      result: 'blocker',
      found: expect.stringContaining(
        'clerk may not write files on the server: that needs a superuser or a member of pg_write_server_files.',
      ),
    })
    expect((await bench.core.api.copy.preview(bench.importing('f', file('w.csv'), { connectionId }))).preflight[0]?.found).toBe(
      'The role may not write to public.f. Its owner can GRANT INSERT on it.',
    )
  })
})

describe('cancel', () => {
  test('an export leaves no file, an import no row', async () => {
    const slow = bench.exporting('f', file('slow.csv'), {
      source: { kind: 'query', sql: 'SELECT i, pg_sleep(0.001) FROM generate_series(1, 1000000) i' },
    })
    const out = await bench.core.api.copy.start(slow)
    await expect.poll(() => fs.existsSync(file('slow.csv.partial'))).toBe(true)
    await bench.core.api.jobs.cancel(out)
    expect((await bench.core.ended(out)).state).toBe('cancelled')
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('slow'))).toEqual([])

    fs.writeFileSync(file('big.csv'), Array.from({ length: 200_000 }, (_, i) => `${i},name ${i}\n`).join(''))
    await sql(`CREATE TABLE slow (id int, name text);
      CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END';
      CREATE TRIGGER nap BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION nap()`)
    for (const skipBadRows of [false, true]) {
      const job = await bench.core.api.copy.start(bench.importing('slow', file('big.csv'), { skipBadRows }))
      await new Promise((resolve) => setTimeout(resolve, 700))
      await bench.core.api.jobs.cancel(job)
      expect((await bench.core.ended(job)).state).toBe('cancelled')
      expect(await sql('SELECT * FROM slow')).toEqual([])
    }
    expect(
      await sql("SELECT pid FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE '%COPY%' AND pid <> pg_backend_pid()"),
    ).toEqual([])
  }, 60_000)
})

test('from one server’s table into another’s, columns mapped, all or nothing', async () => {
  const oldest = testMajors()[0] ?? newestMajor()
  const other = await sharedCluster(oldest)
  await other.sql('CREATE TABLE far (label text, n int CHECK (n < 5000))')
  const to = {
    connectionId: await bench.connect(other),
    database: 'postgres',
    schema: 'public',
    name: 'far',
    columns: ['n', 'label'],
  }
  const source = { kind: 'table' as const, schema: 'public', name: 'f', columns: null }
  const request = { kind: 'transfer' as const, connectionId: bench.connectionId, database, source, to, truncate: false }
  const run = async (more = {}) => bench.core.ended(await bench.core.api.copy.start({ ...request, ...more }))
  expect((await run()).result?.headline).toContain('2,000 rows copied into public.far on ')
  const hash = 'SELECT md5(string_agg(n || label, chr(10) ORDER BY n)) AS h FROM far'
  const here = await sql('SELECT md5(string_agg(id || name, chr(10) ORDER BY id)) AS h FROM f')
  expect(await other.sql(hash)).toEqual(here)
  const bad = await run({ truncate: true, source: { kind: 'query', sql: "SELECT i, 'x' FROM generate_series(1, 200000) i" } })
  expect(bad.error?.message).toContain('violates check constraint')
  expect(await other.sql(hash)).toEqual(here)
  const broken = await run({
    source: { kind: 'query', sql: "SELECT 1000 / (100000 - i), 'x' FROM generate_series(1, 200000) i" },
  })
  expect(broken.error?.message).toContain('division by zero')
  expect(await other.sql(hash)).toEqual(here)
})
