// Bad rows: without skipping nothing goes in and the first error says where; with skipping every other row does, and the
// reject file holds the bad ones with the reasons. On every major: 17 and 18 skip by themselves, older ones are searched.
import { Buffer } from 'node:buffer'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endMajors, newestMajor, sharedCluster, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { badCsv, type CopyBench, startCopyBench, strangers } from './copySetup'

const long = process.env.WALKBACK_LONG === '1'
const [count, bad] = long ? [1_000_000, 100] : [10_000, 10]
const database = 'bad rows'

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let bench: CopyBench
  let folder: string
  const { text, badLines } = badCsv(count, count / bad)

  beforeAll(async () => {
    cluster = await sharedCluster(major)
    await cluster.sql(`CREATE DATABASE "${database}"`)
    await cluster.sql('CREATE TABLE goods (id int PRIMARY KEY, name text, amount int NOT NULL)', database)
    bench = await startCopyBench(cluster, database)
    folder = tempFolder('bad')
    fs.writeFileSync(path.join(folder, 'goods.csv'), text)
  })
  afterAll(async () => {
    await bench.core.stop()
    await cluster.remove()
  })

  const importing = (more = {}) =>
    bench.importing('goods', path.join(folder, 'goods.csv'), { options: { header: 'true' }, ...more })
  const counted = async () => Number((await cluster.sql('SELECT count(*) AS count FROM goods', database))[0]?.count)

  test(`${count} rows, ${bad} bad: nothing is imported, the first error names line, column and value`, async () => {
    const job = await bench.run(importing())
    const [line = 0] = badLines
    const value = `oops${line - 1}`
    expect(job.error?.message).toBe(
      `Nothing was imported: line ${line} of goods.csv, column amount, value “${value}”: invalid input syntax for type integer: "${value}".`,
    )
    expect(job).toMatchObject({ state: 'failed', error: { details: { line, column: 'amount', value, sqlstate: '22P02' } } })
    expect(await counted()).toBe(0)
    expect(strangers(folder, ['goods.csv'])).toEqual([])
  })

  test(`${count} rows, ${bad} bad: exactly ${count - bad} arrive, the others are kept with their reasons`, async () => {
    const started = performance.now()
    const preview = await bench.core.api.copy.preview(importing({ skipBadRows: true }))
    expect(preview.writes.slice(2)).toEqual([
      { label: 'Bad rows, if there are any', value: path.join(folder, 'goods.rejected.csv') },
      { label: 'Their lines and reasons', value: path.join(folder, 'goods.rejected.reasons.csv') },
    ])
    expect((await bench.core.api.copy.preview(importing())).writes).toHaveLength(2)
    const job = await bench.run(importing({ skipBadRows: true }))
    if (long) console.log(`PostgreSQL ${major}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
    expect(job).toMatchObject({ state: 'succeeded_with_warnings', warningCount: Math.min(bad, 100) })
    expect(await counted()).toBe(count - bad)
    const rejected = fs.readFileSync(path.join(folder, 'goods.rejected.csv'), 'utf8')
    const source = text.split('\n')
    expect(rejected).toBe(`id,name,amount\n${badLines.map((line) => `${source[line - 1]}\n`).join('')}`)
    const reasons = fs.readFileSync(path.join(folder, 'goods.rejected.reasons.csv'), 'utf8').split('\n')
    expect(reasons).toHaveLength(bad + 2)
    expect(reasons[1]).toContain(`${badLines[0]},amount,oops${(badLines[0] ?? 0) - 1},`)
    expect(reasons.slice(1, -1).map((line) => Number(line.split(',')[0]))).toEqual(badLines)
    expect(strangers(folder, ['goods.csv', 'goods.rejected.csv', 'goods.rejected.reasons.csv'])).toEqual([])
    // The log has the file's lines, also where the server's notices count from a piece's beginning.
    const log = await bench.core.log({ jobId: job.id })
    const told = [...log.matchAll(/\bline (\d+)\b/gi)].map((match) => Number(match[1]))
    expect(told).toEqual(badLines)
  })

  test('every kind of bad row is found: type, length, constraint, missing and extra columns, encoding, quotes', async () => {
    await cluster.sql(
      `CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1);
       CREATE TABLE kinds (id int PRIMARY KEY, name varchar(5) NOT NULL, n int CHECK (n > 0),
         owner int REFERENCES owners DEFERRABLE INITIALLY DEFERRED)`,
      database,
    )
    const file = path.join(folder, 'kinds.csv')
    const rows = [
      ['1,a,1,1', ''],
      ['x,a,1,1', 'id'],
      ['2,too long,1,1', 'name'],
      ['3,,1,1', 'name'],
      ['4,b,0,1', ''],
      ['"5","multi\nline",1,1', ''],
      ['6,c', ''],
      ['7,d,1,1,extra', ''],
      ['8,\xff,1,1', ''],
      ['1,dup,1,1', ''],
      ['9,e,1,77', ''],
      ['10,"a""b",1,1', ''],
      ['11,"\n",1,1', ''],
      ['12,z,99999999999,1', 'n'],
    ] as const
    fs.writeFileSync(file, Buffer.from(`${rows.map(([row]) => row).join('\r\n')}\r\n`, 'latin1'))
    const job = await bench.run(bench.importing('kinds', file, { skipBadRows: true }))
    expect(job.error).toBeNull()
    expect((await cluster.sql('SELECT id, name FROM kinds ORDER BY id', database)) as unknown).toEqual([
      { id: 1, name: 'a' },
      { id: 10, name: 'a"b' },
      { id: 11, name: '\n' },
    ])
    const reasons = fs.readFileSync(path.join(folder, 'kinds.rejected.reasons.csv'), 'utf8')
    const lines = [...reasons.matchAll(/^(\d+),/gm)].map((match) => Number(match[1]))
    // The row with a line break takes two lines of the file.
    expect(lines).toEqual([2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 16])
    for (const words of [
      'too long',
      'duplicate key',
      'missing data for column',
      'extra data after last',
      'invalid byte sequence',
      'foreign key',
    ]) {
      expect(reasons).toContain(words)
    }
    expect(fs.readFileSync(path.join(folder, 'kinds.rejected.csv'), 'latin1').split('\n')).toHaveLength(13)
  })
})

describe('limits', () => {
  let cluster: TestCluster
  let bench: CopyBench
  beforeAll(async () => {
    cluster = await sharedCluster(newestMajor())
    await cluster.sql('CREATE DATABASE limits')
    await cluster.sql('CREATE TABLE n (i int)', 'limits')
    bench = await startCopyBench(cluster, 'limits')
  })

  test('more bad rows than allowed: nothing is imported and no file is left', async () => {
    const folder = tempFolder('limit')
    const file = path.join(folder, 'n.csv')
    fs.writeFileSync(file, '1\nx\n2\ny\nz\n')
    const job = await bench.run(bench.importing('n', file, { skipBadRows: true, maxBadRows: 2 }))
    expect(job.error?.message).toBe('Nothing was imported: more than 2 rows of n.csv are bad.')
    expect(await cluster.sql('SELECT * FROM n', 'limits')).toEqual([])
    expect(strangers(folder, ['n.csv'])).toEqual([])
  })

  test('a file of nothing but bad rows', async () => {
    const folder = tempFolder('limit')
    const file = path.join(folder, 'n.csv')
    fs.writeFileSync(file, 'bad,row\n'.repeat(3000))
    const job = await bench.run(bench.importing('n', file, { options: { delimiter: ';' }, skipBadRows: true }))
    expect(job).toMatchObject({
      state: 'succeeded_with_warnings',
      result: { headline: '0 rows imported into public.n; 3,000 bad rows kept out.' },
    })
    expect(fs.readFileSync(path.join(folder, 'n.rejected.csv'), 'utf8')).toBe('bad,row\n'.repeat(3000))
  })
})
