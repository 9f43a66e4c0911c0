// Everything a server can hold, dumped and restored by the application, comes back exactly: the definitions as pg_dump
// writes them, and every row, sequence and large object.
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DumpRequest } from '../../shared/contracts/dump'
import { newestMajor, startCluster, type TestCluster, testMajors } from '../support/clusters'
import {
  databaseProperties,
  definitions,
  everythingExtensions,
  leftOut,
  makeEverything,
  makeEverythingGlobals,
} from '../support/everything'
import { hashes, makeDatabase, newDatabase, type RestoreLab, restoreLab, dump as writeDump } from './restoreSetup'

const source = 'every"thing; ü'
const long = process.env.WALKBACK_LONG === '1'
const formats: DumpRequest['format'][] = long ? ['directory', 'custom', 'tar', 'plain'] : ['directory']
const pairs = (
  [
    [13, 18],
    [15, 17],
  ] as const
).filter((pair) => pair.every((major) => testMajors().includes(major)))

let lab: RestoreLab
const clusters = new Map<number, Promise<TestCluster>>()
const connections = new Map<number, string>()

beforeAll(async () => {
  lab = await restoreLab()
})

afterAll(async () => {
  await Promise.all([...clusters.values()].map(async (cluster) => (await cluster).remove()))
})

/** A cluster with the database of everything. */
function everything(major: number): Promise<TestCluster> {
  const known = clusters.get(major)
  if (known) return known
  const made = startCluster({
    major,
    conf: { wal_level: 'logical' },
    prefix: `every${major}`,
    extensions: everythingExtensions,
  }).then(async (cluster) => {
    await makeEverything(cluster, major, source)
    connections.set(major, await lab.connect(cluster))
    return cluster
  })
  clusters.set(major, made)
  return made
}

async function dump(major: number, format: DumpRequest['format']): Promise<string> {
  const connectionId = connections.get(major) ?? ''
  const job = await lab.core.ended(
    await lab.core.api.dump.start({
      connectionId,
      database: source,
      format,
      options: format === 'directory' ? { jobs: 2 } : {},
      globals: true,
      library: path.join(lab.folder, 'library'),
      label: `${major} ${format}`,
    }),
  )
  expect(job.error).toBeNull()
  expect(job.issues).toEqual([])
  return job.result?.backupPath ?? ''
}

test('security labels are left out, since there is no provider of them', async () => {
  const cluster = await everything(newestMajor())
  expect(leftOut).toHaveLength(1)
  await expect(cluster.sql("SECURITY LABEL ON SCHEMA ev IS 'x'", source)).rejects.toThrow(
    'no security label providers have been loaded',
  )
}, 60_000)

describe.each(testMajors())('PostgreSQL %i', (major) => {
  test.each(formats)(
    'a %s dump of everything restores to the same',
    async (format) => {
      const cluster = await everything(major)
      const before = { definitions: definitions(cluster, source), hashes: await hashes(cluster, source) }
      const backup = await dump(major, format)
      const database = `again; ${format}`
      // One job: two can wait for each other at ALTER INDEX ATTACH, PostgreSQL then ends one of them (deadlock detected).
      const job = await lab.run(lab.request(connections.get(major) ?? '', backup, newDatabase(database)))
      expect(job.error).toBeNull()
      expect(job.issues.filter((issue) => issue.severity === 'error')).toEqual([])
      const after = { definitions: definitions(cluster, database), hashes: await hashes(cluster, database) }
      expect(after.definitions).toBe(before.definitions)
      expect(after.hashes).toEqual(before.hashes)
      const properties = await databaseProperties(cluster, database)
      // A script of pg_dump says nothing of the database itself without --create, and then it makes one of the same name.
      if (format === 'plain') expect(properties).toMatchObject({ limit: -1, comment: null, settings: null })
      else expect(properties).toEqual(await databaseProperties(cluster, source))
      // The oracle sees: a database with one thing less is not the same.
      await cluster.sql('DROP POLICY everybody ON ev.parent', database)
      expect(definitions(cluster, database)).not.toBe(before.definitions)
    },
    120_000,
  )
})

/** What pg_dump itself does not carry: the same after a restore by its own programs alone. */
test('what differs after a restore, and why', async () => {
  const cluster = await everything(newestMajor())
  await makeDatabase(cluster, 'differs', [
    // CREATE TABLE ... INHERITS puts the parent's columns first (pg_dump keeps the order only for pg_upgrade).
    'CREATE TABLE mother (a integer); CREATE TABLE adopted (own integer, a integer); ALTER TABLE adopted INHERIT mother',
    // A definition is what is dumped of a materialized view: its rows are those of the day of the restore.
    'CREATE TABLE t (id integer PRIMARY KEY, r integer REFERENCES t); CREATE MATERIALIZED VIEW stale AS SELECT * FROM t; INSERT INTO t VALUES (1, 1), (2, 1)',
    // Triggers of constraints are the server's own: that they were disabled is not dumped.
    'ALTER TABLE t DISABLE TRIGGER ALL',
    // An index that CREATE INDEX CONCURRENTLY left unfinished is none.
    "CREATE INDEX unfinished ON t (r); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'unfinished'::regclass",
    // What was changed about an extension's own objects, privileges apart, comes back as the extension makes it.
    "CREATE EXTENSION hstore; COMMENT ON TYPE hstore IS 'ours'",
  ])
  const connection = connections.get(newestMajor()) ?? ''
  const file = writeDump(cluster, 'differs', 'custom', path.join(lab.folder, 'differs'))
  const job = await lab.run(lab.request(connection, file, newDatabase('differs again')))
  expect(job.issues).toEqual([])
  const state = async (database: string) =>
    (
      await cluster.sql(
        `SELECT (SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'adopted'::regclass AND attnum > 0) AS columns,
                (SELECT count(*)::int FROM stale) AS stale, to_regclass('unfinished')::text AS index,
                (SELECT string_agg(DISTINCT tgenabled::text, '') FROM pg_trigger WHERE tgrelid = 't'::regclass) AS triggers,
                obj_description('hstore'::regtype, 'pg_type') AS comment`,
        database,
      )
    )[0]
  expect(await state('differs')).toEqual({ columns: 'own a', stale: 0, index: 'unfinished', triggers: 'D', comment: 'ours' })
  expect(await state('differs again')).toEqual({ columns: 'a own', stale: 2, index: null, triggers: 'O', comment: null })
}, 60_000)

/** What the newer pg_dump knows to be a default of the older server, and the older one, to which it is no choice, does not write. */
function onlyNewer(from: number, to: number): { statement: string; why: string }[] {
  const subscriptions = ['"odd ""subscription""; --"', 'without_slot', ...(from >= 15 ? ['two_phase', 'binary_14'] : [])]
  const all = [
    { since: 15, why: 'the owner of public changed with 15', statement: 'ALTER SCHEMA public OWNER TO pg_database_owner' },
    {
      since: 15,
      why: 'pg_dump writes what was said of public since 15',
      statement: "COMMENT ON SCHEMA public IS 'standard public schema'",
    },
    { since: 15, why: 'sequences can be unlogged since 15', statement: 'ALTER SEQUENCE ev.unlogged_id_seq SET UNLOGGED' },
    ...subscriptions.flatMap((name) => [
      { since: 16, why: 'run_as_owner', statement: `ALTER SUBSCRIPTION ${name} SET (run_as_owner = false)` },
      { since: 18, why: 'streaming is parallel', statement: `ALTER SUBSCRIPTION ${name} SET (streaming = parallel)` },
    ]),
    { since: 17, why: 'MAINTAIN came with 17', statement: 'REVOKE MAINTAIN ON ev.booking FROM postgres' },
  ]
  return all.filter(({ since }) => from < since && since <= to)
}

/**
 * Between majors the two servers write the same view differently, so their dumps can't be compared as they are. What the
 * newer server must have is what PostgreSQL itself makes of the source there: the newer pg_dump's script of the source, run by
 * the newer psql into an empty database. The application went another way (the older pg_dump, an archive, pg_restore).
 */
describe.each(pairs)('from PostgreSQL %i to %i', (from, to) => {
  test('everything restores with the same rows and definitions', async () => {
    const [older, newer] = [await everything(from), await everything(to)]
    await makeEverythingGlobals(newer)
    const before = await hashes(older, source)
    const reference = `reference ${from}`
    await newer.sql(`CREATE DATABASE "${reference}" TEMPLATE template0`)
    // Servers since 15.20 keep pg_attver among a column's options, which pg_dumps of before take for one that can be set.
    const script = definitions(older, source, to)
      .replace(/\(pg_attver=\d+, /g, '(')
      .replace(/SET \(pg_attver=\d+\);/g, 'RESET (n_distinct);')
    execFileSync(path.join(newer.bin, 'psql'), ['--no-psqlrc', '--quiet', '--output=/dev/null', '--set=ON_ERROR_STOP=1'], {
      env: { PATH: '/usr/bin:/bin', PGOPTIONS: '-c client_min_messages=error', ...newer.toolEnv(), PGDATABASE: reference },
      input: script,
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    for (const { statement } of onlyNewer(from, to)) await newer.sql(statement, reference)
    const database = `from ${from}`
    const backup = await dump(from, 'directory')
    const job = await lab.run(lab.request(connections.get(to) ?? '', backup, newDatabase(database)))
    expect(job.error).toBeNull()
    expect(job.issues.filter((issue) => issue.severity === 'error')).toEqual([])
    expect(await hashes(newer, database)).toEqual(before)
    expect(await databaseProperties(newer, database)).toEqual(await databaseProperties(older, source))
    expect(definitions(newer, database)).toBe(definitions(newer, reference))
  }, 120_000)
})
