// Parts of an archive: what is ticked is restored, and nothing else; what it needs is named; rows are counted on both sides.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readToc } from '../../electron/capabilities/restore/readToc'
import type { ArchiveContents, RestoreRequest } from '../../shared/contracts/restore'
import { readContents } from '../../shared/model/archiveColumns'
import { missingNeeds, withNeeds } from '../../shared/model/archiveGraph'
import { type ArchiveEntry, isChoosable, packIds } from '../../shared/model/archiveSelection'
import { manyKinds } from '../fixtures/restore/manyKinds'
import { newestMajor, sharedCluster, type TestCluster, testMajors } from '../support/clusters'
import {
  dropDatabase,
  dump,
  errorsOf,
  exists,
  type Format,
  hashes,
  makeDatabase,
  newDatabase,
  type RestoreLab,
  restoreLab,
} from './restoreSetup'

const patterns = process.env.WALKBACK_LONG === '1' ? 100 : 10
const newest = newestMajor()

let lab: RestoreLab
let cluster: TestCluster
let connection: string

beforeAll(async () => {
  lab = await restoreLab()
  cluster = await sharedCluster(newest)
  connection = await lab.connect(cluster)
  await makeDatabase(cluster, 'kinds', [...manyKinds])
}, 120_000)

afterAll(async () => {
  await dropDatabase(cluster, 'kinds')
})

function archive(format: Format): string {
  const file = path.join(lab.folder, `kinds.${format}`)
  return fs.existsSync(file) ? file : dump(cluster, 'kinds', format, file)
}

async function contentsOf(file: string): Promise<{ contents: ArchiveContents; entries: ArchiveEntry[] }> {
  const contents = await lab.core.api.restore.contents({ path: file })
  return { contents, entries: readContents(contents).entries }
}

const idOf = (entries: readonly ArchiveEntry[], kind: string, tag: string): number => {
  const found = entries.find((entry) => entry.kind === kind && entry.tag === tag)
  if (!found) throw new Error(`there is no ${kind} ${tag}`)
  return found.id
}

/** Every definition with a name; rows and sequence positions are always in a dump, and are compared by themselves. */
const always = new Set(['TABLE DATA', 'SEQUENCE SET', 'STATISTICS DATA'])
const words = (entries: readonly ArchiveEntry[]) =>
  entries
    .filter((entry) => isChoosable(entry) && !always.has(entry.kind))
    .map(({ kind, schema, tag }) => `${kind}|${schema ?? ''}|${tag}`)
    .toSorted()

function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}

describe('the table of contents', () => {
  test.each(['custom', 'directory', 'tar'] as const)('%s: every entry, with the sizes of data', async (format) => {
    const file = archive(format)
    const { contents, entries } = await contentsOf(file)
    const { sizes } = readContents(contents)
    expect(entries.length).toBeGreaterThan(60)
    expect(words(entries)).toContain('FK CONSTRAINT|sales|items items_order_id_fkey')
    expect(words(entries)).toContain('TABLE|odd name|a table')
    expect(sizes.get(idOf(entries, 'TABLE DATA', 'plain'))).toBeGreaterThan(1000)
    expect(sizes.get(idOf(entries, 'TABLE', 'plain'))).toBeUndefined()
    expect(missingNeeds(entries, new Set(entries.map(({ id }) => id)))).toEqual([])
  })

  test('a script has none', async () => {
    await expect(lab.core.api.restore.contents({ path: archive('plain') })).rejects.toThrow(
      'An SQL script has no table of contents: it is run from its first line to its last.',
    )
  })
})

describe('ticks', () => {
  test.each(Array.from({ length: patterns }, (_, at) => at + 1))(
    'pattern %i: what is restored is what was ticked',
    async (seed) => {
      const file = archive(seed % 2 === 0 ? 'directory' : 'custom')
      const { contents, entries } = await contentsOf(file)
      const random = numbers(seed * 7919)
      const share = [0.05, 0.2, 0.5, 0.8][seed % 4] ?? 0.5
      const picked = new Set(entries.filter(() => random() < share).map(({ id }) => id))
      if (picked.size === 0) picked.add(idOf(entries, 'TABLE DATA', 'plain'))
      const ticked = withNeeds(entries, picked)
      const database = `ticks_${seed}`
      const request = lab.request(connection, file, newDatabase(database), {
        options: seed % 3 === 0 ? { jobs: 3 } : {},
        checkRows: true,
        choice: { toc: contents.toc, ids: packIds(ticked) },
      })
      if (ticked.size > picked.size) {
        const rows = await lab.blockers({ ...request, choice: { toc: contents.toc, ids: packIds(picked) } })
        expect(rows.map(({ id }) => id)).toEqual(['dependencies'])
      }
      const preview = await lab.core.api.restore.preview(request)
      const list = preview.commands.flatMap((command) => command.words).find((word) => word.startsWith('--use-list='))
      expect(list === undefined).toBe(ticked.size === entries.length)
      if (list !== undefined) expect(fs.statSync(list.slice('--use-list='.length)).mode & 0o777).toBe(0o600)
      const job = await lab.run(request)
      expect(job.error).toBeNull()
      expect(job.issues).toEqual([])
      expect(job.state).toBe('succeeded')

      // What a dump of the restored database holds is what was ticked.
      const again = dump(cluster, database, 'custom', path.join(lab.folder, database))
      const restored = (await readToc(again)).entries
      expect(words(restored)).toEqual(words(entries.filter(({ id }) => ticked.has(id))))
      const [before, after] = [await hashes(cluster, 'kinds'), await hashes(cluster, database)]
      const rowsOf = (id: number) => {
        const entry = entries.find((each) => each.id === id)
        return entry?.kind === 'TABLE DATA' ? [`${entry.schema}.${entry.tag}`] : []
      }
      const full = new Set([...ticked].flatMap(rowsOf))
      const check = job.result?.rowCheck
      expect(check).toMatchObject({ by: 'rows', tables: full.size, matched: full.size, different: [], left: [] })
      for (const [table, hash] of Object.entries(after.tables)) {
        const key = table.replaceAll('"', '')
        if (full.has(key)) expect(hash, table).toEqual(before.tables[table])
        else if (key !== 'sales.sums' && key !== 'public.parts') expect(hash, table).toMatchObject({ rows: '0' })
      }
      fs.rmSync(again)
      await dropDatabase(cluster, database)
    },
    60_000,
  )

  test('a choice made for another archive, or naming what it does not have, is refused; nothing is created', async () => {
    const file = path.join(lab.folder, 'remade.dump')
    dump(cluster, 'kinds', 'custom', file)
    const { contents, entries } = await contentsOf(file)
    const choice = { toc: contents.toc, ids: packIds([idOf(entries, 'TABLE', 'plain')]) }
    const request = lab.request(connection, file, newDatabase('other'), { choice })
    await expect(lab.run({ ...request, choice: { ...choice, ids: '999999' } })).rejects.toThrow(
      'The choice names entries that the archive does not have.',
    )
    await expect(lab.run({ ...request, choice: { ...choice, ids: '9-1' } })).rejects.toThrow('The choice names entries')
    dump(cluster, 'kinds', 'custom', file, ['--exclude-table=public.plain'])
    await expect(lab.run(request)).rejects.toThrow(
      'The archive is not the one whose objects were chosen: it was made anew since.',
    )
    const nothing = await lab.blockers({ ...request, choice: { toc: (await contentsOf(file)).contents.toc, ids: '' } })
    expect(nothing.map(({ found }) => found)).toEqual(['No object is ticked.'])
    expect(await exists(cluster, 'other')).toBe(false)
  })

  test('one table into another database: refused where it is already, added where it is not', async () => {
    const file = archive('custom')
    const { contents, entries } = await contentsOf(file)
    const ids = entries.filter(({ tag }) => tag === 'plain').map(({ id }) => id)
    await makeDatabase(cluster, 'elsewhere', ['CREATE TABLE public.mine AS SELECT 1 AS x'])
    const request: RestoreRequest = lab.request(
      connection,
      file,
      { kind: 'existing', database: 'elsewhere' },
      {
        choice: { toc: contents.toc, ids: packIds(ids) },
        checkRows: true,
      },
    )
    const job = await lab.run(request)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(job.result?.rowCheck).toMatchObject({ by: 'rows', tables: 1, matched: 1, rows: 500 })
    expect(
      await cluster.sql(
        'SELECT (SELECT count(*)::int FROM public.plain) AS plain, (SELECT x FROM public.mine) AS mine',
        'elsewhere',
      ),
    ).toEqual([{ plain: 500, mine: 1 }])
    const there = await lab.blockers(request)
    expect(there.map(({ check, found }) => [check, found])).toEqual([
      ['Objects are there already', 'elsewhere has public.plain.'],
    ])
    // Rows alone need their table, which is there: they are added, and not taken for the archive's count.
    const rows = { ...request, choice: { toc: contents.toc, ids: packIds([idOf(entries, 'TABLE DATA', 'plain')]) } }
    const more = await lab.run(rows)
    expect(more.state).toBe('succeeded')
    expect(more.result?.rowCheck).toMatchObject({ matched: 0, left: [{ table: 'public.plain', why: 'it held rows before' }] })
    await dropDatabase(cluster, 'elsewhere')
  })
})

describe('row counts', () => {
  test('a table that does not get all of its rows is an error, although pg_restore has none', async () => {
    const file = archive('custom')
    const { contents, entries } = await contentsOf(file)
    await makeDatabase(cluster, 'filtered', [
      'CREATE TABLE public.plain (i int, m text)',
      `CREATE FUNCTION public.drop_some() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.i % 100 = 0 THEN RETURN NULL; END IF; RETURN NEW; END'`,
      'CREATE TRIGGER filter BEFORE INSERT ON public.plain FOR EACH ROW EXECUTE FUNCTION public.drop_some()',
    ])
    const choice = { toc: contents.toc, ids: packIds([idOf(entries, 'TABLE DATA', 'plain')]) }
    const request = lab.request(connection, file, { kind: 'existing', database: 'filtered' }, { choice, checkRows: true })
    const job = await lab.run(request)
    expect(job.state).toBe('succeeded_with_warnings')
    expect(errorsOf(job).map(({ object, message }) => [object, message])).toEqual([
      ['public.plain', 'The archive holds 500 rows of it. The table has 495 rows.'],
    ])
    expect(job.result?.rowCheck?.different).toEqual([{ table: 'public.plain', expected: 500, found: 495 }])
    await dropDatabase(cluster, 'filtered')
  })

  test('not asked for: only that the tables are there; rows as INSERTs can not be counted, and that is said', async () => {
    const quick = await lab.run(lab.request(connection, archive('custom'), newDatabase('quick')))
    expect(quick.result?.rowCheck).toMatchObject({ by: 'presence', tables: 9, matched: 9, rows: 0, different: [] })
    await dropDatabase(cluster, 'quick')
    const file = dump(cluster, 'kinds', 'custom', path.join(lab.folder, 'inserts'), ['--inserts', '--table=public.plain'])
    const job = await lab.run(lab.request(connection, file, newDatabase('quick'), { checkRows: true }))
    expect(job.state).toBe('succeeded')
    expect(job.result?.rowCheck).toMatchObject({ by: 'presence', matched: 1 })
    expect(job.steps.find(({ id }) => id === 'rows')?.detail).toBe('1 table matches, rows not counted')
    await dropDatabase(cluster, 'quick')
  })
})

test('the failed entries alone, once what they lacked is there', async () => {
  await cluster.sql('DROP ROLE IF EXISTS absent')
  await cluster.sql('CREATE ROLE absent')
  await makeDatabase(cluster, 'lacking', [
    'CREATE TABLE t AS SELECT i FROM generate_series(1, 10) i',
    'GRANT SELECT ON t TO absent',
    'CREATE TABLE owned (x int)',
    'ALTER TABLE owned OWNER TO absent',
    'CREATE POLICY p ON t TO absent USING (true)',
  ])
  const file = dump(cluster, 'lacking', 'custom', path.join(lab.folder, 'lacking'))
  await dropDatabase(cluster, 'lacking')
  await cluster.sql('DROP ROLE absent')
  const job = await lab.run(lab.request(connection, file, newDatabase('lacking'), { continueOnError: true }))
  expect(job.state).toBe('succeeded_with_warnings')
  expect(
    errorsOf(job)
      .map(({ objectKind }) => objectKind)
      .toSorted(),
  ).toEqual(['ACL', 'POLICY', 'TABLE'])
  // The table is there and only lacks its owner: creating it again would fail.
  expect(job.result?.failed).toMatchObject({ count: 2 })
  await cluster.sql('CREATE ROLE absent')
  const { failed } = job.result ?? {}
  if (!failed) throw new Error('the job named no failed entries')
  const again = lab.request(
    connection,
    file,
    { kind: 'existing', database: 'lacking' },
    { choice: { toc: failed.toc, ids: failed.ids } },
  )
  const second = await lab.run(again)
  expect(second.error).toBeNull()
  expect(second.state).toBe('succeeded')
  expect(second.result?.headline).toBe('All 2 entries are in lacking.')
  const [made] = await cluster.sql(
    `SELECT (SELECT count(*)::int FROM pg_policy) AS policies, has_table_privilege('absent', 'public.t', 'SELECT') AS granted`,
    'lacking',
  )
  expect(made).toEqual({ policies: 1, granted: true })
  await dropDatabase(cluster, 'lacking')
  await cluster.sql('DROP ROLE absent')
})

test('on the oldest major too', async () => {
  const oldest = await sharedCluster(testMajors()[0] ?? newest)
  const id = await lab.connect(oldest)
  await makeDatabase(oldest, 'kinds', [...manyKinds])
  const file = dump(oldest, 'kinds', 'directory', path.join(lab.folder, 'oldest'))
  const { contents, entries } = await contentsOf(file)
  const ticked = withNeeds(
    entries,
    new Set([idOf(entries, 'FK CONSTRAINT', 'items items_order_id_fkey'), idOf(entries, 'TABLE DATA', 'items')]),
  )
  expect(ticked.has(idOf(entries, 'TABLE DATA', 'orders'))).toBe(true)
  expect(ticked.has(idOf(entries, 'TABLE DATA', 'plain'))).toBe(false)
  const choice = { toc: contents.toc, ids: packIds(ticked) }
  const job = await lab.run(lab.request(id, file, newDatabase('part'), { choice, checkRows: true, options: { jobs: 2 } }))
  expect(job.state).toBe('succeeded')
  expect(job.result?.rowCheck).toMatchObject({ by: 'rows', tables: 2, matched: 2, rows: 800 })
  await dropDatabase(oldest, 'part')
  await dropDatabase(oldest, 'kinds')
})
