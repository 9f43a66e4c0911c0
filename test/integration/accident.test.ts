// Finding an accident in the WAL of real servers while others work: deleted, truncated, dropped, rewritten; every count exact.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { wishBefore } from '../../renderer/wizards/recoveryPoint/accident/findingWords'
import type { AccidentFinding, AccidentResult, AccidentSubject } from '../../shared/contracts/accident'
import { endMajors } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { stopServersIn, tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf } from './baseSetup'
import { pointRequest, recoverTo, registerArchive, wish } from './recoveryPointSetup'
import { clientOf, printOf } from './recoverySetup'
import { refusal, until } from './walSetup'

const run = promisify(execFile)
const long = process.env.WALKBACK_LONG === '1'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

interface Act {
  xid: number
  /** Microseconds since 1970, by the server. */
  time: number
}

/** What stays of a finding when it is compared with what was done. */
const told = (finding: AccidentFinding | undefined) =>
  finding && {
    ...{ kind: finding.kind, xid: finding.xid, time: finding.time },
    ...{ deleted: finding.deleted, inserted: finding.inserted, updated: finding.updated, rowsBefore: finding.rowsBefore },
  }

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  const acts = new Map<string, Act>()

  const act = (name: string): Act => {
    const found = acts.get(name)
    if (!found) throw new Error(`no act ${name}`)
    return found
  }

  /** In one transaction; its number is the one of its top transaction. */
  async function commit(name: string, statements: string, how = 'COMMIT'): Promise<void> {
    const client = await archiving.cluster.client('shop')
    try {
      await client.query('BEGIN')
      const { rows } = await client.query<{ xid: string }>('SELECT txid_current()::text AS xid')
      await client.query(statements)
      await client.query(how)
      await noteAct(name, Number(rows[0]?.xid))
    } finally {
      await client.end()
    }
  }

  /** It begins some segments before the one that it ends in. */
  async function commitSlowly(): Promise<void> {
    const client = await archiving.cluster.client('shop')
    try {
      await client.query('BEGIN')
      const { rows } = await client.query<{ xid: string }>('SELECT txid_current()::text AS xid')
      await client.query('DELETE FROM slow WHERE id <= 10')
      for (let n = 0; n < 4; n += 1) {
        await archiving.cluster.sql('SELECT txid_current()')
        await switchWal(archiving.cluster)
      }
      await client.query('DELETE FROM slow WHERE id > 95')
      await client.query('COMMIT')
      await noteAct('slow deleted', Number(rows[0]?.xid))
    } finally {
      await client.end()
    }
  }

  async function noteAct(name: string, xid: number): Promise<void> {
    const [row] = await archiving.cluster.sql(
      'SELECT round(extract(epoch FROM pg_xact_commit_timestamp($1::text::xid)) * 1000000)::bigint::text AS time',
      'shop',
      [xid],
    )
    acts.set(name, { xid, time: Number(row?.time) })
  }

  /** VACUUM FULL can be in no transaction: it takes the next number, while nobody else works. */
  async function vacuumFull(name: string, table: string): Promise<void> {
    await archiving.cluster.sql(`VACUUM FULL ${table}`, 'shop')
    const [row] = await archiving.cluster.sql(`SELECT xmin::text AS xid FROM pg_class WHERE oid = '${table}'::regclass`, 'shop')
    await noteAct(name, Number(row?.xid))
  }

  async function search(subject: AccidentSubject, more: object = {}): Promise<AccidentResult> {
    const { result, jobId } = await base.core.api.accident.find({ archiveId, timeline: 1, hours: null, subject, ...more })
    if (result) return result
    const job = await base.core.ended({ jobId: jobId ?? '' })
    expect(job.error).toBeNull()
    return base.core.api.accident.result({ jobId: job.id })
  }

  const table = (name: string): AccidentSubject => ({
    kind: 'table',
    connectionId: login,
    database: 'shop',
    schema: 'public',
    name,
  })

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `accident${major}` })
    const { cluster } = archiving
    login = await base.connect(cluster)
    await cluster.sql('CREATE DATABASE shop')
    await cluster.sql(
      `CREATE TABLE orders (id int PRIMARY KEY, note text);
       CREATE TABLE lines (id int PRIMARY KEY, note text);
       CREATE TABLE lost (id int PRIMARY KEY, note text);
       CREATE TABLE slow (id int);
       INSERT INTO slow SELECT generate_series(1, 100);
       CREATE TABLE fat (id int PRIMARY KEY, body text);
       CREATE TABLE parted (id int, k int) PARTITION BY LIST (k);
       CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
       CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
       CREATE UNLOGGED TABLE quick (id int);
       CREATE VIEW seen AS SELECT * FROM orders;
       INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 30000) i;
       INSERT INTO lines SELECT i, md5(i::text) FROM generate_series(1, 500) i;
       INSERT INTO lost SELECT i, md5(i::text) FROM generate_series(1, 40) i;
       INSERT INTO fat SELECT i, (SELECT string_agg(md5((i * j)::text), '') FROM generate_series(1, 200) j) FROM generate_series(1, 60) i;
       INSERT INTO parted SELECT i, 1 + i % 2 FROM generate_series(1, 300) i`,
      'shop',
    )
    await run(path.join(cluster.bin, 'pgbench'), ['-i', '-s', '1', '-q', 'shop'], {
      env: { ...cluster.toolEnv(), PATH: '/usr/bin:/bin' },
      cwd: '/',
    })
    folderOf(await base.run(base.request(login)))
    // A table that had other files before: emptied, filled anew, rewritten.
    await commit('lines emptied', 'TRUNCATE lines')
    await cluster.sql(`INSERT INTO lines SELECT i, md5(i::text) FROM generate_series(1, 900) i`, 'shop')
    await commit('lines deleted before', 'DELETE FROM lines WHERE id <= 70')
    await vacuumFull('lines vacuumed', 'lines')
    await commit('lines altered', 'ALTER TABLE lines ALTER id TYPE bigint')
    await switchWal(cluster)

    const load = run(path.join(cluster.bin, 'pgbench'), ['-n', '-c', '2', '-T', '5', 'shop'], {
      env: { ...cluster.toolEnv(), PATH: '/usr/bin:/bin' },
      cwd: '/',
    })
    await commit('orders deleted', 'DELETE FROM orders WHERE id <= 10000')
    await commit('orders rolled back', 'DELETE FROM orders', 'ROLLBACK')
    await commit(
      'orders in savepoints',
      `SAVEPOINT a; DELETE FROM orders WHERE id BETWEEN 10001 AND 10300; SAVEPOINT b; DELETE FROM orders WHERE id > 20000;
       ROLLBACK TO b; DELETE FROM orders WHERE id = 10400; SAVEPOINT c; UPDATE orders SET note = 'x' WHERE id BETWEEN 15001 AND 15040`,
    )
    await commit('orders updated', `UPDATE orders SET note = 'y' WHERE id > 29000`)
    await commit(
      'orders copied',
      `INSERT INTO orders SELECT i, 'new' FROM generate_series(50001, 50250) i; DELETE FROM orders WHERE id = 50001`,
    )
    await commit(
      'orders prepared',
      `DELETE FROM orders WHERE id BETWEEN 11001 AND 11500; PREPARE TRANSACTION 'later'`,
      'SELECT 1',
    )
    await cluster.sql(`COMMIT PREPARED 'later'`, 'shop')
    await noteAct('orders prepared', act('orders prepared').xid)
    await commit('lines deleted', 'DELETE FROM lines WHERE id BETWEEN 101 AND 333')
    await commit('lines emptied again', 'TRUNCATE lines')
    await commit('fat deleted', 'DELETE FROM fat WHERE id <= 25')
    await commit('parted deleted', 'DELETE FROM parted WHERE id <= 33')
    await commit('parted moved', 'UPDATE parted SET k = 1 WHERE k = 2 AND id BETWEEN 101 AND 150')
    await commit('parted half emptied', 'TRUNCATE parted_1')
    await commit('lost dropped', 'DROP TABLE lost')
    await load
    await commitSlowly()
    await switchWal(cluster)
    archiveId = await registerArchive(base, archiving.archive, login)
  }, 240_000)

  afterAll(async () => {
    await archiving?.cluster.remove()
  })

  test('deleted and updated rows, by transaction, the greatest loss first', async () => {
    const result = await search(table('orders'))
    expect(result.notes).toEqual([])
    expect(result.subject).toBe('public.orders in shop')
    const rows = { inserted: 0, updated: 0 }
    expect(result.findings.map(told)).toEqual([
      { kind: 'deleted', ...act('orders deleted'), ...rows, deleted: 10_000, rowsBefore: 30_000 },
      { kind: 'deleted', ...act('orders prepared'), ...rows, deleted: 500, rowsBefore: 19_948 },
      { kind: 'deleted', ...act('orders in savepoints'), ...rows, deleted: 301, updated: 40, rowsBefore: 20_000 },
      { kind: 'deleted', ...act('orders copied'), deleted: 1, inserted: 250, updated: 0, rowsBefore: 19_699 },
      { kind: 'updated', ...act('orders updated'), ...rows, deleted: 0, updated: 1000, rowsBefore: 19_699 },
    ])
    // The one that filled it.
    expect(result).toMatchObject({ others: 1, reachesBeginning: true, timeline: 1 })
    expect(result.totals).toEqual({ transactions: 6, deleted: 10_802, inserted: 30_250, updated: 1040 })
    expect(result.findings.every(({ beganEarlier }) => !beganEarlier)).toBe(true)
  }, 60_000)

  test('a table that changed its file five times is followed back', async () => {
    const { findings, notes } = await search(table('lines'))
    expect(notes).toEqual([])
    const none = { deleted: 0, inserted: 0, updated: 0 }
    expect(findings.map(told)).toEqual([
      { kind: 'truncated', ...act('lines emptied again'), ...none, rowsBefore: 597 },
      { kind: 'truncated', ...act('lines emptied'), ...none, rowsBefore: null },
      { kind: 'deleted', ...act('lines deleted'), ...none, deleted: 233, rowsBefore: 830 },
      { kind: 'deleted', ...act('lines deleted before'), ...none, deleted: 70, rowsBefore: 900 },
      { kind: 'rewritten', ...act('lines altered'), ...none, rowsBefore: 830 },
      { kind: 'rewritten', ...act('lines vacuumed'), ...none, rowsBefore: 830 },
    ])
  }, 60_000)

  test('TOAST is not counted, partitions are, and a row that moves between them is an update', async () => {
    const fat = await search(table('fat'))
    expect(fat.findings.map(told)).toEqual([
      { kind: 'deleted', ...act('fat deleted'), deleted: 25, inserted: 0, updated: 0, rowsBefore: 60 },
    ])
    const parted = await search(table('parted'))
    expect(parted.findings.map(told)).toEqual([
      { kind: 'truncated', ...act('parted half emptied'), deleted: 0, inserted: 0, updated: 0, rowsBefore: null },
      { kind: 'deleted', ...act('parted deleted'), deleted: 33, inserted: 0, updated: 0, rowsBefore: null },
      { kind: 'updated', ...act('parted moved'), deleted: 0, inserted: 0, updated: 25, rowsBefore: null },
    ])
    expect(parted.findings[0]?.partitions).toEqual({ touched: 1, of: 2 })
    const leaf = await search(table('parted_2'))
    expect(leaf.findings.map(told)).toEqual([
      { kind: 'deleted', ...act('parted moved'), deleted: 25, inserted: 0, updated: 0, rowsBefore: 133 },
      { kind: 'deleted', ...act('parted deleted'), deleted: 17, inserted: 0, updated: 0, rowsBefore: 150 },
    ])
  }, 60_000)

  test('a dropped table is found among the removed ones, and those that are still there by name', async () => {
    const result = await search({ kind: 'removed', connectionId: login })
    const dropped = result.findings.find(({ xid }) => xid === act('lost dropped').xid)
    // The table, its index, its TOAST table and that one's index.
    expect(dropped).toMatchObject({ kind: 'dropped', database: 'shop', tables: [], fileCount: 4, ...act('lost dropped') })
    const emptied = result.findings.find(({ xid }) => xid === act('lines emptied again').xid)
    expect(emptied).toMatchObject({ kind: 'truncated', tables: ['public.lines'] })
    expect(result.findings[0]?.kind).toBe('dropped')
    expect(result.notes.at(-1)).toMatch(/A cluster that is recovered to just before such a commit still knows its tables/)
    const nameless = await search({ kind: 'removed', connectionId: null })
    expect(nameless.findings.find(({ xid }) => xid === act('lost dropped').xid)).toMatchObject({
      kind: 'dropped',
      database: null,
    })
  }, 60_000)

  test('a longer search is a job, over compressed segments and an unfinished one, and finds the same', async () => {
    const { archive } = archiving
    const other = tempFolder('packed')
    const names = fs
      .readdirSync(archive)
      .filter((name) => /^[0-9A-F]{24}$/.test(name))
      .toSorted()
    for (const [index, name] of names.entries()) {
      const content = fs.readFileSync(path.join(archive, name))
      const last = index === names.length - 1
      if (last) fs.writeFileSync(path.join(other, `${name}.partial`), content)
      else fs.writeFileSync(path.join(other, `${name}.gz`), gzipSync(content, { level: 1 }))
    }
    fs.chownSync(other, testAccount().uid, testAccount().gid)
    const packed = await registerArchive(base, other, login)
    const plain = await search(table('orders'))
    const request = { archiveId: packed, timeline: 1, hours: null, subject: table('orders') }
    const first = await base.core.api.accident.find(request)
    expect(first.result?.findings).toEqual(plain.findings)
    // What was read once is not read again.
    const again = await base.core.api.accident.find(request)
    expect(again.result?.seconds).toBe(first.result?.seconds)
    const { jobId } = await base.core.api.jobs.runAgain({ jobId: await asJob(request) })
    const job = await base.core.ended({ jobId })
    expect(job.error).toBeNull()
    expect(job.result?.headline).toMatch(/^public\.orders in shop: 10,000 rows deleted, at \d{4}-\d\d-\d\d .* UTC\.$/)
    const found = await base.core.api.accident.result({ jobId })
    expect(found.findings).toEqual(plain.findings)
    expect(job.progress).toMatchObject({ unit: 'bytes', done: job.progress?.total })
    expect((await refusal(base.core.api.accident.result({ jobId: 'nobody' }))).code).toBe('not_found')
  }, 120_000)

  /** A job of the same request, as a search that is too long for a call starts one. */
  async function asJob(request: object): Promise<string> {
    const { id } = base.core.app.services.jobs.start({
      ...{
        capability: 'accident',
        title: 'x',
        input: request,
        connectionId: null,
        serverLabel: '',
        steps: [],
        onCancel: '',
        locks: [],
      },
      run: async () => ({ headline: '', facts: [], backupPath: null, database: null }),
    })
    await base.core.ended({ jobId: id })
    return id
  }

  test('only the last segments, where a transaction that began before them says so', async () => {
    const narrow = await search(table('orders'), { hours: 0.000001 })
    expect(narrow.segments).toBeLessThan(3)
    expect(narrow.findings).toEqual([])
    expect(narrow.reachesBeginning).toBe(false)
    const cut = await search(table('slow'), { hours: 0.000001 })
    expect(cut.findings).toMatchObject([{ kind: 'deleted', deleted: 5, beganEarlier: true, xid: act('slow deleted').xid }])
    const whole = await search(table('slow'))
    expect(whole.findings).toMatchObject([{ kind: 'deleted', deleted: 15, beganEarlier: false, rowsBefore: 100 }])
  }, 60_000)

  test('a cluster recovered to just before still knows the dropped table: its file leads to the DROP', async () => {
    const { xid } = act('lost dropped')
    const drop = (await search({ kind: 'removed', connectionId: null })).findings.find((finding) => finding.xid === xid)
    // Before its lock: a server that waits right before the COMMIT would hold that, and the table could not be read.
    const request = await pointRequest(
      { archiveId, wish: wish({ kind: 'lsn', value: drop?.lockedAt }, { inclusive: false }) },
      login,
    )
    const known = new Set((await base.core.api.connections.list({})).connections.map(({ id }) => id))
    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    try {
      const { connections } = await base.core.api.connections.list({})
      const recovered = connections.find(({ id }) => !known.has(id))?.id ?? ''
      const found = await search({ kind: 'table', connectionId: recovered, database: 'shop', schema: 'public', name: 'lost' })
      expect(found.findings.map(told)).toEqual([
        { kind: 'dropped', ...act('lost dropped'), deleted: 0, inserted: 0, updated: 0, rowsBefore: 40 },
      ])
      const query = { jobId: job.id, database: 'shop', sql: 'SELECT count(*) FROM lost', limit: 1 }
      expect((await base.core.api.look.query(query)).rows).toEqual([['40']])
      const removed = await search({ kind: 'removed', connectionId: recovered })
      expect(removed.findings.find((finding) => finding.xid === xid)).toMatchObject({ kind: 'dropped', tables: ['public.lost'] })
    } finally {
      const { systemIdentifier } = await base.core.api.look.status({ jobId: job.id })
      const away = { jobId: job.id, confirm: 'recovered it', systemIdentifier: systemIdentifier ?? '' }
      expect((await base.core.ended(await base.core.api.look.throwAway(away))).error).toBeNull()
    }
  }, 120_000)

  test('what can not be searched is refused with its reason', async () => {
    const ask = async (subject: AccidentSubject, more: object = {}) => {
      const { code, message } = await refusal(
        base.core.api.accident.find({ archiveId, timeline: 1, hours: null, subject, ...more }),
      )
      return `${code}: ${message}`
    }
    const label = (await base.core.api.connections.list({})).connections.find(({ id }) => id === login)?.label
    expect(await ask(table('lost'))).toBe(`not_found: There is no table public.lost in shop on ${label}.`)
    expect(await ask(table('seen'))).toBe('bad_input: public.seen is a view: it has no rows of its own in the WAL.')
    expect(await ask(table('quick'))).toBe(
      'bad_input: public.quick is an unlogged table: what happens to its rows is not in the WAL.',
    )
    expect(await ask(table('orders'), { timeline: 7 })).toBe(`bad_input: ${archiving.archive} holds no WAL of timeline 7.`)
    expect(await ask(table('orders'), { archiveId: 'nobody' })).toBe('not_found: That WAL archive is not known any more.')
  }, 60_000)

  test.runIf(long)(
    'a search of more WAL than is read at once is a job: cancelled it leaves nothing, and again it finds all',
    async () => {
      const { cluster } = archiving
      const { api } = base.core
      for (let n = 0; n < 9; n += 1) {
        await cluster.sql(
          `CREATE TABLE bulk AS SELECT i, repeat(md5(i::text), 6) AS text FROM generate_series(1, 220000) i`,
          'shop',
        )
        await cluster.sql('DROP TABLE bulk', 'shop')
      }
      await switchWal(cluster)
      const untouched = printOf(archiving.archive)
      const request = { archiveId, timeline: 1, hours: null, subject: table('slow') }
      const begun = await api.accident.find(request)
      expect(begun.result).toBeNull()
      const first = { jobId: begun.jobId ?? '' }
      await until('the search to read', async () => {
        const { steps, progress, endedAt } = await api.jobs.get(first)
        if (endedAt !== null) throw new Error('it ended before it could be cancelled')
        return steps.some(({ id, state }) => id === 'search' && state === 'running') && (progress?.done ?? 0) > 0
      })
      await api.jobs.cancel(first)
      const cancelled = await base.core.ended(first)
      expect(cancelled).toMatchObject({ state: 'cancelled', leftovers: [], error: null })
      expect((await refusal(api.accident.result(first))).message).toBe('The result of that search is not kept any more.')
      const scratch = fs.readdirSync(base.core.app.services.paths.scratch).filter((name) => name.startsWith('wal-'))
      expect(scratch).toEqual([])
      const whole = await search(table('slow'))
      expect(Number(whole.bytes)).toBeGreaterThan(384 * 1024 * 1024)
      expect(whole.findings).toMatchObject([{ ...act('slow deleted'), deleted: 15, rowsBefore: 100 }])
      expect((await api.accident.find(request)).result?.findings).toEqual(whole.findings)
      expect(printOf(archiving.archive)).toBe(untouched)
    },
    300_000,
  )

  test('a DELETE that only the pg_wal of the dead cluster holds is found, and the moment right before it can be reached', async () => {
    const { cluster } = archiving
    const { api } = base.core
    const known = new Set((await api.connections.list({})).connections.map(({ id }) => id))
    // A cluster at the archive's end knows the table once its own is dead.
    const end = await pointRequest({ archiveId, wish: wish({ kind: 'lsn', value: (await laneEnd(null))?.lsn }) }, login)
    const job = await recoverTo(base, end)
    expect(job.error).toBeNull()
    try {
      await cluster.sql(`ALTER SYSTEM SET archive_command = 'false'`)
      await cluster.sql('SELECT pg_reload_conf()')
      await cluster.sql('SELECT txid_current(), pg_switch_wal()')
      await commit('slow lost', 'DELETE FROM slow WHERE id BETWEEN 20 AND 61')
      await cluster.sql('SELECT pg_switch_wal()')
      await commit('slow lost at last', 'DELETE FROM slow WHERE id BETWEEN 70 AND 77')
      const recovered = (await api.connections.list({})).connections.find(({ id }) => !known.has(id))?.id ?? ''
      const subject: AccidentSubject = {
        kind: 'table',
        connectionId: recovered,
        database: 'shop',
        schema: 'public',
        name: 'slow',
      }
      const salvage = cluster.dataDir
      const early = await refusal(api.accident.find({ archiveId, timeline: 1, hours: null, subject, salvage }))
      expect(early.code).toBe('preflight')
      expect(early.message).toMatch(/ runs \(process \d+\): its WAL is still being written\. Stop it first\.$/)
      await cluster.stop('kill')
      const before = { archive: printOf(archiving.archive), dead: printOf(salvage) }

      expect((await search(subject)).findings).toMatchObject([{ ...act('slow deleted'), deleted: 15 }])
      const found = await search(subject, { salvage })
      expect(found.notes.filter((note) => !/ waits in recovery at /.test(note))).toEqual([])
      const none = { inserted: 0, updated: 0 }
      expect(found.findings.map(told)).toEqual([
        { kind: 'deleted', ...act('slow lost'), ...none, deleted: 42, rowsBefore: 85 },
        { kind: 'deleted', ...act('slow deleted'), ...none, deleted: 15, rowsBefore: 100 },
        { kind: 'deleted', ...act('slow lost at last'), ...none, deleted: 8, rowsBefore: 43 },
      ])
      // As a job too, and narrow: the dead cluster's last segment alone, with what came before it.
      const again = await api.jobs.runAgain({ jobId: await asJob({ archiveId, timeline: 1, hours: null, subject, salvage }) })
      expect((await base.core.ended(again)).error).toBeNull()
      expect((await api.accident.result(again)).findings).toEqual(found.findings)
      const narrow = await search(subject, { salvage, hours: 0.000001 })
      expect(narrow.findings.map(told)).toMatchObject([{ ...act('slow lost at last'), deleted: 8 }])

      // One click: the wish of the page, planned with the same salvage, and refused without.
      const [first] = found.findings
      if (!first) throw new Error('nothing was found')
      const wanted = wishBefore(first, 1, 'pause')
      const plan = await api.recoveryPoint.plan({ archiveId, backup: null, wish: wanted, salvage })
      expect(plan.blockers).toEqual([])
      expect(plan.salvaged?.length).toBeGreaterThan(0)
      expect(plan.stopsAt).toContain(String(first.xid))
      expect((await api.recoveryPoint.plan({ archiveId, backup: null, wish: wanted })).blockers.length).toBeGreaterThan(0)
      const request = await pointRequest({ archiveId, wish: wanted, salvage }, login)
      expect((await recoverTo(base, request)).error).toBeNull()
      const client = await clientOf(cluster, request.destination.port)('shop')
      expect((await client.query('SELECT count(*)::int AS rows FROM slow')).rows).toEqual([{ rows: 85 }])
      await client.end()
      expect({ archive: printOf(archiving.archive), dead: printOf(salvage) }).toEqual(before)
    } finally {
      await stopServersIn(path.dirname(end.destination.folder))
    }
  }, 240_000)

  async function laneEnd(salvage: string | null) {
    const { lanes } = await base.core.api.recoveryPoint.moments({ archiveId, salvage })
    return lanes.find(({ timeline }) => timeline === 1)?.lastCommit
  }
})
