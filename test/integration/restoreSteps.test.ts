// Restores that are cut into pieces: section by section, and committed after so many objects; what a stop leaves is told as it is.
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { endMajors, sharedCluster, type TestCluster, testMajors } from '../support/clusters'
import { dropDatabase, dump, hashes, makeDatabase, newDatabase, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab

beforeAll(async () => {
  lab = await restoreLab()
})

const tables = 12
const source = [
  `DO $$ BEGIN FOR n IN 10..${9 + tables} LOOP
     EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, pad text)', n);
     EXECUTE format('INSERT INTO t%s SELECT i, md5(i::text) FROM generate_series(1, 100) i', n);
   END LOOP; END $$`,
  'ALTER TABLE t11 ADD FOREIGN KEY (id) REFERENCES t10',
]
const countTables = async (cluster: TestCluster, database: string) =>
  Number((await cluster.sql(`SELECT count(*) AS n FROM pg_tables WHERE tablename ~ '^t\\d\\d$'`, database))[0]?.n)

describe.each(endMajors())('PostgreSQL %i', (major) => {
  test('section by section, the whole is the same as at once', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await makeDatabase(cluster, 'cut', source)
    const file = dump(cluster, 'cut', 'directory', path.join(lab.folder, `cut${major}`))
    await dropDatabase(cluster, 'sections')
    const into = { kind: 'existing', database: 'sections' } as const
    const first = await lab.run(lab.request(id, file, newDatabase('sections'), { options: { section: ['pre-data'] } }))
    expect(first).toMatchObject({ state: 'succeeded', issues: [] })
    expect(await cluster.sql('SELECT count(*)::int AS n FROM t10', 'sections')).toEqual([{ n: 0 }])
    const rest = { options: { section: ['data', 'post-data'], jobs: 2 } }
    const told = async (section: string[]) =>
      (await lab.core.api.restore.preview(lab.request(id, file, into, { options: { section } }))).preflight
        .filter((row) => row.id === 'database')
        .map(({ result, found }) => `${result}: ${found.replace(/^.*\)\. /, '')}`)
    expect(await told(['data', 'post-data'])).toEqual(['warning: The rows are added to those that are there.'])
    expect(await told(['post-data'])).toEqual([
      'warning: Indexes, constraints and triggers are added to the tables that are there.',
    ])
    expect(await told(['pre-data', 'data'])).toEqual([expect.stringMatching(/^blocker: sections holds 12 tables/)])
    const second = await lab.run(lab.request(id, file, into, { ...rest, checkRows: true }))
    expect(second).toMatchObject({ state: 'succeeded', issues: [], result: { rowCheck: { by: 'rows', matched: tables } } })
    expect(await hashes(cluster, 'sections')).toEqual(await hashes(cluster, 'cut'))
    expect(
      await cluster.sql(
        `SELECT count(*)::int AS n FROM pg_constraint WHERE contype IN ('p', 'f') AND conrelid >= 16384`,
        'sections',
      ),
    ).toEqual([{ n: tables + 1 }])
    for (const name of ['cut', 'sections']) await dropDatabase(cluster, name)
  }, 60_000)
})

describe.each(testMajors().filter((major) => major >= 17))('PostgreSQL %i', (major) => {
  test('committed after every 5 objects: whole, or up to the first error, with what is there named', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await makeDatabase(cluster, 'sized', source)
    const file = dump(cluster, 'sized', 'custom', path.join(lab.folder, `sized${major}`))
    await dropDatabase(cluster, 'pieces')
    const whole = await lab.run(
      lab.request(id, file, newDatabase('pieces'), { options: { transactionSize: 5 }, checkRows: true }),
    )
    expect(whole).toMatchObject({ state: 'succeeded', issues: [], result: { rowCheck: { by: 'rows', matched: tables } } })
    expect(await hashes(cluster, 'pieces')).toEqual(await hashes(cluster, 'sized'))

    await makeDatabase(cluster, 'pieces', ['CREATE TABLE t19 (mine int)'])
    const into = { kind: 'existing', database: 'pieces' } as const
    const stopped = await lab.run(lab.request(id, file, into, { options: { transactionSize: 5 }, continueOnError: true }))
    expect(stopped.state).toBe('failed')
    expect(stopped.error?.message).toMatch(
      /^pg_restore stopped before the end \(exit status 1\): could not execute query: ERROR: {2}relation "t19" already exists$/,
    )
    expect(stopped.issues).toMatchObject([{ object: 'public.t19', objectKind: 'TABLE' }])
    expect(stopped.error?.hint).toBe(
      'What earlier transactions restored is kept, the last one was undone. Put the error right and restore into a new database.',
    )
    expect(stopped.leftovers).toEqual(['The database pieces holds what was restored until then.'])
    const there = await countTables(cluster, 'pieces')
    expect(there).toBeGreaterThan(1)
    expect(there).toBeLessThan(tables)
    for (const name of ['sized', 'pieces']) await dropDatabase(cluster, name)
  }, 60_000)
})

test('where it can not be: the reason before the start', async () => {
  const [oldest = 13] = testMajors()
  const cluster = await sharedCluster(oldest)
  const id = await lab.connect(cluster)
  await makeDatabase(cluster, 'plainly', ['CREATE TABLE t (x int)'])
  const file = dump(cluster, 'plainly', 'custom', path.join(lab.folder, 'plainly'))
  const said = async (options: Record<string, number | boolean>) =>
    (await lab.blockers(lab.request(id, file, newDatabase('never'), { options }))).map(({ check, found }) => [check, found])
  const together = ['Option --single-transaction', "--single-transaction and --transaction-size can't be used together."]
  expect(await said({ transactionSize: 5, singleTransaction: true })).toContainEqual(together)
  if (oldest < 17)
    expect(await said({ transactionSize: 5 })).toEqual([
      [
        'Option --transaction-size',
        expect.stringMatching(/^pg_restore \d+\.\d+ has no --transaction-size; it came with pg_restore 17\.$/),
      ],
    ])
  await dropDatabase(cluster, 'plainly')
})
