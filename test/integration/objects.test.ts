// What is inside a database, and the first rows of a relation, on real servers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { objectsHandlers } from '../../electron/capabilities/objects/handlers'
import { objects as contract } from '../../shared/contracts/objects'
import { quoteIdentifier } from '../../shared/model/identifier'
import { startCluster, type TestCluster, testMajors } from '../support/clusters'
import { draft, newStore } from './connectionsSetup'

const signal = new AbortController().signal
const nasty = `T"x'; DROP TABLE kinds; --\n$(x)`

describe.each(testMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let connectionId = ''
  const { store } = newStore()
  const handlers = objectsHandlers({ connections: store })
  const tables = async (database = 'postgres') =>
    contract.methods.tables.output.parse(await handlers.tables({ connectionId, database }, { signal }))
  const rows = async (name: string, limit = 10, schema = 'public') =>
    contract.methods.rows.output.parse(
      await handlers.rows({ connectionId, database: 'postgres', schema, name, limit }, { signal }),
    )

  beforeAll(async () => {
    cluster = await startCluster({ major, prefix: `objects${major}` })
    await cluster.sql(`
      CREATE SCHEMA "only Functions"; CREATE FUNCTION "only Functions".f() RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE TABLE kinds (id int PRIMARY KEY, b bool, c char(3), i inet, j json, p point, a int[], t text)`)
    await cluster.sql(
      `INSERT INTO kinds VALUES (1, true, 'x', '10.0.0.1', '{"a": 1}', '(1,2)', '{1,NULL}', ''), (2, NULL, NULL, NULL, NULL, NULL, NULL, repeat('ä', 20000))`,
    )
    await cluster.sql(
      'CREATE TABLE parts (d int) PARTITION BY RANGE (d); CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10)',
    )
    await cluster.sql(
      `CREATE TABLE ${quoteIdentifier(nasty)} (${quoteIdentifier(nasty)} text); INSERT INTO ${quoteIdentifier(nasty)} VALUES ('in')`,
    )
    await cluster.sql(
      'CREATE VIEW seen AS SELECT id FROM kinds; CREATE MATERIALIZED VIEW kept AS SELECT id FROM kinds; CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS one WITH NO DATA',
    )
    await cluster.sql(
      'CREATE TYPE pair AS (x int, y int); CREATE TABLE composites (p pair); INSERT INTO composites VALUES (ROW(NULL, NULL)), (NULL)',
    )
    await cluster.sql('CREATE TABLE empty (); CREATE SEQUENCE counter')
    await cluster.sql('SELECT lo_from_bytea(0, $1)', 'postgres', ['\\x00'])
    await cluster.sql('ANALYZE kinds')
    const { id } = await store.save({ ...draft(cluster), label: 'one', colour: 'slate', readOnly: false })
    connectionId = id
  })
  afterAll(() => cluster?.remove())

  test('every relation with its kind, size and estimate; the rest counted', async () => {
    const found = await tables()
    const kinds = Object.fromEntries(found.tables.map(({ name, kind }) => [name, kind]))
    expect(kinds).toEqual({
      kinds: 'table',
      parts: 'partitioned table',
      part1: 'partition',
      [nasty]: 'table',
      seen: 'view',
      kept: 'materialized view',
      unfilled: 'materialized view',
      composites: 'table',
      empty: 'table',
      counter: 'sequence',
    })
    const [size] = await cluster.sql(`SELECT pg_total_relation_size('kinds')::text AS size`)
    const table = found.tables.find(({ name }) => name === 'kinds')
    expect(table).toMatchObject({ schema: 'public', estimatedRows: 2, size: size?.size })
    expect(found.tables.find(({ name }) => name === 'seen')).toMatchObject({ estimatedRows: null, size: null })
    expect(found).toMatchObject({ largeObjects: 1, functions: 1, extensions: ['plpgsql'] })
  })

  test('sizes are estimated while another session holds a table', async () => {
    const client = await cluster.client()
    await client.query('BEGIN; LOCK TABLE kinds IN ACCESS EXCLUSIVE MODE')
    const found = await tables()
    await client.end()
    expect(found.tables.find(({ name }) => name === 'kinds')?.size).toMatch(/^\d+$/)
  })

  test('rows as the server writes them: NULL is not empty, long values are cut', async () => {
    const read = await rows('kinds')
    expect(read.columns.slice(0, 3)).toEqual([
      { name: 'id', type: 'integer' },
      { name: 'b', type: 'boolean' },
      { name: 'c', type: 'character(3)' },
    ])
    expect(read.rows).toEqual([
      ['1', 't', 'x  ', '10.0.0.1', '{"a": 1}', '(1,2)', '{1,NULL}', ''],
      ['2', null, null, null, null, null, null, 'ä'.repeat(10_000)],
    ])
    expect(read.count).toBe('2')
    expect((await rows('kinds', 1)).rows).toHaveLength(1)
    expect(await rows(nasty)).toEqual({ columns: [{ name: nasty, type: 'text' }], rows: [['in']], count: '1' })
    expect((await rows('composites')).rows).toEqual([['(,)'], [null]])
    expect(await rows('empty')).toEqual({ columns: [], rows: [], count: '0' })
    expect((await rows('seen')).count).toBe('2')
    expect((await rows('counter')).count).toBe('1')
  })

  test('nothing can be written by looking, and a count that takes too long is left out', async () => {
    await cluster.sql(
      `CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.kinds VALUES (99); RETURN 1; END'`,
    )
    await cluster.sql('CREATE VIEW trap AS SELECT writes() AS w')
    await expect(rows('trap')).rejects.toThrow('cannot execute INSERT in a read-only transaction')
    await cluster.sql(
      'CREATE VIEW slow AS SELECT g FROM generate_series(1, 100) g WHERE pg_sleep(CASE WHEN g > 2 THEN 1 ELSE 0 END) IS NOT NULL',
    )
    const slow = await rows('slow', 2)
    expect(slow).toMatchObject({ rows: [['1'], ['2']], count: null })
    expect((await cluster.sql('SELECT count(*)::int AS n FROM kinds'))[0]?.n).toBe(2)
  })

  test('refusals: gone, not allowed, not filled, no such database', async () => {
    await expect(rows('nosuch')).rejects.toThrow('There is no table or view public.nosuch in this database.')
    const long = 'x'.repeat(63)
    await cluster.sql(`CREATE TABLE ${long} ()`)
    await expect(rows(`${long}y`)).rejects.toThrow(`There is no table or view public.${long}y`)
    await expect(rows('unfilled')).rejects.toThrow('materialized view "unfilled" has not been populated')
    await expect(tables('nosuch')).rejects.toThrow('There is no database nosuch on this server.')
    await cluster.sql(`CREATE ROLE ordinary LOGIN PASSWORD '${cluster.password}'`)
    const { id } = await store.save({ ...draft(cluster, { user: 'ordinary' }), label: 'two', colour: 'slate', readOnly: false })
    await expect(
      handlers.rows({ connectionId: id, database: 'postgres', schema: 'public', name: 'kinds', limit: 1 }, { signal }),
    ).rejects.toMatchObject({ code: 'permission', message: expect.stringContaining('permission denied for table kinds') })
  })
})
