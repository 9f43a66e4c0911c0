// Practice clusters on every major: made, filled, stopped, crashed, recovered, refused and removed, with real servers.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type { Client } from 'pg'
import { build } from 'vite'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { PracticeName } from '../../electron/capabilities/practice/practiceFolder'
import { shopRows } from '../../electron/capabilities/practice/sample/shopRows'
import { withClient } from '../../electron/postgres/withClient'
import type { Exercise, PracticeCluster } from '../../shared/contracts/practice'
import { toLsn } from '../../shared/model/lsn'
import { AppError } from '../../shared/rpc/appError'
import { binFolder, newestMajor, newestOrAll, sharedCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { startCore, type TestCore } from '../support/core'
import { hashTables } from '../support/tableHashes'
import { processesIn, readPostmasterPid, tempFolder } from '../support/tempFolder'

async function cluster(core: TestCore, name: PracticeName): Promise<PracticeCluster> {
  const { clusters } = await core.api.practice.list({})
  const found = clusters.find((candidate) => candidate.name === name)
  if (!found) throw new Error(`no cluster ${name} in the list`)
  return found
}

async function make(core: TestCore, name: PracticeName, major: number, fill: boolean) {
  const job = await core.api.practice.make({ name, folder: binFolder(major), fill })
  return core.ended(job)
}

function query<T>(core: TestCore, name: PracticeName, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const { connections } = core.app.services
  return connections.resolve(`practice-${name}`).then((connection) => withClient({ connections, connection, database }, work))
}

const dataOf = (core: TestCore, name: PracticeName) => path.join(core.dataFolder, 'practice', name, 'data')

async function refusal(promise: Promise<unknown>): Promise<{ code: string; message: string; hint: string | undefined }> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof AppError)) throw new Error(`no AppError but ${String(error)}`)
  return { code: error.code, message: error.message, hint: error.hint }
}

/** Every text file below a folder, data directories left out. */
function textsBelow(folder: string): { file: string; text: string }[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'data' ? [] : textsBelow(file)
    return entry.isFile() ? [{ file, text: fs.readFileSync(file, 'latin1') }] : []
  })
}

// Every major's cluster is made, filled and walked in the browser too.
describe.each(newestOrAll())('PostgreSQL %i', (major) => {
  let core: TestCore
  beforeAll(async () => {
    core = await startCore()
  })

  it('makes main with the sample data, counted and whole', async () => {
    const before = await core.api.practice.list({})
    expect(before.problem).toBeNull()
    expect(before.clusters.map(({ name, state }) => [name, state])).toEqual([
      ['main', 'absent'],
      ['replica', 'absent'],
    ])
    expect(before.installations.map(({ folder }) => folder)).toContain(binFolder(major))

    const started = performance.now()
    const job = await make(core, 'main', major, true)
    const seconds = (performance.now() - started) / 1000
    process.stdout.write(`PostgreSQL ${major}: practice cluster made and filled in ${seconds.toFixed(1)} s\n`)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(seconds).toBeLessThan(60)
    expect(job.steps.map(({ state }) => state)).not.toContain('pending')
    expect(job.leftovers).toEqual([])

    const main = await cluster(core, 'main')
    expect(main).toMatchObject({ state: 'running', stateText: 'Running', filled: true, connectionId: 'practice-main' })
    expect(Math.floor((main.version ?? 0) / 10000)).toBe(major)
    expect(Number(main.size)).toBeGreaterThan(100e6)
    const connection = core.app.services.connections.get('practice-main')
    expect(connection).toMatchObject({ label: 'practice main', colour: 'teal', practice: 'main', password: 'none' })

    await query(core, 'main', 'shop', async (client) => {
      for (const { table, rows } of shopRows) {
        const counted = await client.query(`SELECT count(*)::int AS n FROM ${table}`)
        expect([table, counted.rows[0].n]).toEqual([table, rows])
      }
      const size = await client.query('SELECT pg_database_size(current_database())::float8 AS bytes')
      expect(size.rows[0].bytes).toBeGreaterThan(80e6)
      expect(size.rows[0].bytes).toBeLessThan(200e6)
      const facts = await client.query(`SELECT
        (SELECT count(*)::int FROM pg_inherits WHERE inhparent = 'sales.order_events'::regclass) AS partitions,
        (SELECT count(*)::int FROM pg_matviews) AS matviews,
        (SELECT count(*)::int FROM pg_policies) AS policies,
        (SELECT count(*)::int FROM pg_trigger WHERE NOT tgisinternal) AS triggers,
        (SELECT count(*)::int FROM pg_largeobject_metadata) AS objects,
        (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f' AND NOT convalidated) AS invalid,
        (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'toolbox'::regnamespace) AS relations_in_toolbox,
        (SELECT count(*)::int FROM audit.changes) AS changes,
        (SELECT sum(orders)::int FROM reporting.daily_sales) AS reported,
        (SELECT count(*)::int FROM pg_extension WHERE extname IN ('pgcrypto', 'pg_trgm')) AS extensions,
        (SELECT count(*)::int FROM pg_stats WHERE schemaname = 'sales') > 0 AS analyzed`)
      expect(facts.rows[0]).toMatchObject({ partitions: 9, matviews: 1, policies: 2, objects: 2, invalid: 0 })
      expect(facts.rows[0]).toMatchObject({ relations_in_toolbox: 0, changes: 500, extensions: 2, analyzed: true })
      expect(facts.rows[0].triggers).toBeGreaterThanOrEqual(4)
      expect(facts.rows[0].reported).toBeGreaterThan(100_000)
    })
    const course = await query(core, 'main', 'course', (client) => client.query('SELECT id, s FROM public.t ORDER BY id'))
    expect(course.rows).toEqual([
      { id: '1', s: 'Hello!' },
      { id: '2', s: '' },
      { id: '3', s: null },
    ])
    const settings = await query(core, 'main', 'postgres', (client) =>
      client.query(`SELECT name, setting FROM pg_settings WHERE name IN
        ('wal_level', 'max_wal_senders', 'max_replication_slots', 'summarize_wal', 'data_checksums', 'lc_messages', 'password_encryption', 'listen_addresses')`),
    )
    expect(Object.fromEntries(settings.rows.map(({ name, setting }) => [name, setting]))).toEqual({
      wal_level: 'replica',
      max_wal_senders: '10',
      max_replication_slots: '10',
      data_checksums: 'on',
      lc_messages: 'C',
      password_encryption: 'scram-sha-256',
      listen_addresses: '127.0.0.1',
      ...(major >= 17 ? { summarize_wal: 'on' } : {}),
    })
    const logins = await query(core, 'main', 'postgres', (client) =>
      client.query("SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'shop%' ORDER BY 1"),
    )
    expect(logins.rows.map(({ rolname, rolcanlogin }) => [rolname, rolcanlogin])).toEqual([
      ['shop_app', false],
      ['shop_owner', false],
      ['shop_readonly', false],
    ])
  })

  it('shows the password nowhere but in its 0600 passfile', async () => {
    const practice = path.join(core.dataFolder, 'practice/main')
    const passfile = path.join(practice, 'pgpass')
    expect(fs.statSync(passfile).mode & 0o777).toBe(0o600)
    const password = /^127\.0\.0\.1:\*:\*:postgres:(\S{32})$/m.exec(fs.readFileSync(passfile, 'utf8'))?.[1] ?? ''
    expect(password).toHaveLength(32)
    const holders = textsBelow(core.dataFolder).filter(({ text }) => text.includes(password))
    expect(holders.map(({ file }) => file)).toEqual([passfile])
    for (const job of core.app.services.jobs.list()) expect(JSON.stringify(job)).not.toContain(password)
    expect(execFileSync('ps', ['axeww'], { encoding: 'utf8', maxBuffer: 64e6 })).not.toContain(password)
    expect(fs.statSync(path.join(practice, 'data')).mode & 0o777).toBe(0o700)
  })

  it('holds what a dump can carry: restored elsewhere it is equal', async () => {
    const { connections } = core.app.services
    const { env, remove } = await connections.toolEnvironment(await connections.resolve('practice-main'))
    const file = path.join(tempFolder('dump'), 'shop.dump')
    const tool = (name: string, ...argv: string[]) =>
      execFileSync(path.join(binFolder(major), name), ['--no-password', ...argv], {
        env: { ...process.env, ...env },
        stdio: 'pipe',
      })
    tool('pg_dump', '--format=custom', '--compress=0', `--file=${file}`, '--dbname=shop')
    tool('createdb', 'shop_again')
    tool('pg_restore', '--exit-on-error', '--dbname=shop_again', file)
    await remove()
    const again = await query(core, 'main', 'shop_again', (client) => hashTables(client))
    expect(again).toEqual(await query(core, 'main', 'shop', (client) => hashTables(client)))
    await query(core, 'main', 'postgres', (client) => client.query('DROP DATABASE shop_again'))
  })

  it('fills again to equal content, and what was added is gone', async () => {
    const before = await query(core, 'main', 'shop', async (client) => {
      const hashes = await hashTables(client)
      await client.query(
        'DELETE FROM sales.payments; CREATE TABLE shop.mine (n int); UPDATE crm.customers SET full_name = full_name WHERE id < 10',
      )
      return hashes
    })
    const job = await core.ended(await core.api.practice.fill({ name: 'main' }))
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const after = await query(core, 'main', 'shop', (client) => hashTables(client))
    expect(after).toEqual(before)
    const databases = await query(core, 'main', 'postgres', (client) =>
      client.query('SELECT datname FROM pg_database ORDER BY 1'),
    )
    expect(databases.rows.map(({ datname }) => datname)).toEqual(['course', 'postgres', 'shop', 'template0', 'template1'])
  })

  it('does what the labs ask for, and says where in the WAL it was', async () => {
    const done = async (exercise: Exercise) => core.api.practice.exercise({ exercise })
    const rows = (database: string, sql: string) =>
      query(core, 'main', database, async (client) => (await client.query(sql)).rows)
    const refused = await refusal(done('change'))
    expect(refused).toMatchObject({ code: 'not_found', message: 'There is no table lab.t1 on main.', hint: 'Create it first.' })

    const table = await done('table')
    expect(table).toMatchObject({ exercise: 'table', rows: 3, before: {} })
    expect(await rows('course', 'SELECT * FROM lab.t1 ORDER BY 1')).toEqual([
      { id: 1, colour: 'red' },
      { id: 2, colour: 'blue' },
      { id: 3, colour: 'green' },
    ])
    const change = await done('change')
    expect(change).toMatchObject({ rows: 3, before: { 'lab.t1': '3' }, systemIdentifier: table.systemIdentifier })
    expect(toLsn(change.from) >= toLsn(table.to) && toLsn(change.to) > toLsn(change.from)).toBe(true)
    expect((await rows('course', 'SELECT colour FROM lab.t1 ORDER BY id')).map(({ colour }) => colour)).toEqual([
      'crimson',
      'navy',
      'olive',
    ])

    // Twice: the second one takes the place of the first.
    await done('database')
    expect(await done('database')).toMatchObject({ rows: 3 })
    expect(await rows('lab_later', 'SELECT count(*)::int AS n FROM public.t')).toEqual([{ n: 3 }])
    await rows('postgres', 'DROP DATABASE lab_later')

    const accident = await done('accident')
    expect(accident).toMatchObject({ rows: 10_000, before: { 'sales.payments': '120000', 'crm.notes': '15000' } })
    expect(accident.at.slice(0, 10)).toBe(new Date().toISOString().slice(0, 10))
    expect(await rows('shop', "SELECT count(*)::int AS n, to_regclass('crm.notes') AS gone FROM sales.payments")).toEqual([
      { n: 110_000, gone: null },
    ])
    const again = await refusal(done('accident'))
    expect(again.message).toBe('There is no table crm.notes on main.')
    expect(again.hint).toBe('Rescue it, or fill main with the sample data again.')
    expect(await rows('shop', 'SELECT count(*)::int AS n FROM sales.payments')).toEqual([{ n: 110_000 }])
  })

  it('refuses to fill while its connection is marked read-only', async () => {
    const { id, label, colour, settings } = core.app.services.connections.get('practice-main')
    const mark = (readOnly: boolean) =>
      core.app.services.connections.save({ id, label, colour, settings, readOnly, password: { kind: 'keep' } })
    await mark(true)
    expect((await refusal(core.api.practice.fill({ name: 'main' }))).message).toBe(
      'Filling is blocked: practice main is marked read-only.',
    )
    expect((await refusal(core.api.practice.exercise({ exercise: 'table' }))).message).toBe(
      'The exercise is blocked: practice main is marked read-only.',
    )
    await mark(false)
  })

  it('fills no other server, wherever its connection leads', async () => {
    const other = await sharedCluster(major)
    await other.sql('CREATE DATABASE shop')
    await other.sql('CREATE TABLE kept AS SELECT 42 AS n', 'shop')
    const { connections, paths } = core.app.services
    const { id, label, colour, settings, readOnly } = connections.get('practice-main')
    const passfile = path.join(paths.data, 'other-pgpass')
    fs.writeFileSync(passfile, `*:*:*:*:${other.password}\n`, { mode: 0o600 })
    const elsewhere = { ...settings, host: '127.0.0.1', port: other.port, user: other.superuser, passfile }
    const draft = { id, label, colour, readOnly, password: { kind: 'keep' as const } }
    expect((await refusal(connections.save({ ...draft, settings: elsewhere }))).message).toBe(
      'practice main belongs to the practice cluster main: its host, port and user stay as they are.',
    )
    // As an older file, or one that was edited by hand, may say.
    connections.putPractice({ id, label, colour, readOnly, settings: elsewhere, practice: 'main' })
    try {
      const job = await core.ended(await core.api.practice.fill({ name: 'main' }))
      expect(job.error?.message).toBe(`Another PostgreSQL server answers on port ${other.port}.`)
      const refused = await refusal(core.api.practice.exercise({ exercise: 'accident' }))
      expect(refused.message).toBe(`Another PostgreSQL server answers on port ${other.port}.`)
      expect(job.state).toBe('failed')
      expect(await other.sql('SELECT n FROM kept', 'shop')).toEqual([{ n: 42 }])
      expect(await other.sql("SELECT rolname FROM pg_roles WHERE rolname = 'shop_owner'")).toEqual([])
    } finally {
      connections.putPractice({ id, label, colour, readOnly, settings, practice: 'main' })
      await other.sql('DROP DATABASE shop')
    }
  })

  it('a fill that is cancelled leaves the databases as they were', async () => {
    const before = await query(core, 'main', 'shop', async (client) => {
      await client.query('CREATE TABLE shop.mine AS SELECT 1 AS n')
      return hashTables(client)
    })
    const job = await core.api.practice.fill({ name: 'main' })
    await expect
      .poll(() => core.app.services.jobs.get(job.jobId).progress?.done ?? 0, { timeout: 60_000, interval: 20 })
      .toBeGreaterThan(10_000)
    await core.api.jobs.cancel(job)
    const ended = await core.ended(job)
    expect(ended.state).toBe('cancelled')
    expect(await query(core, 'main', 'shop', (client) => hashTables(client))).toEqual(before)
    const databases = await query(core, 'main', 'postgres', (client) =>
      client.query("SELECT datname FROM pg_database WHERE datname LIKE '%partial%'"),
    )
    expect(databases.rows).toEqual([])
    expect((await cluster(core, 'main')).filled).toBe(true)
  })

  it('stops cleanly and starts again', async () => {
    const pid = readPostmasterPid(dataOf(core, 'main'))
    const stopped = await core.ended(await core.api.practice.stop({ name: 'main' }))
    expect(stopped).toMatchObject({ state: 'succeeded', result: { headline: 'Practice cluster main was shut down cleanly.' } })
    expect(processesIn(dataOf(core, 'main'))).toEqual([])
    const { port, state, stateText, startedAt } = await cluster(core, 'main')
    expect([state, stateText, startedAt]).toEqual(['stopped', 'Stopped, shut down cleanly', null])
    expect(await refusal(core.api.practice.stop({ name: 'main' }))).toEqual({
      code: 'conflict',
      message: 'Practice cluster main does not run.',
      hint: 'Start it first.',
    })
    const started = await core.ended(await core.api.practice.start({ name: 'main' }))
    expect(started).toMatchObject({
      state: 'succeeded',
      result: { headline: `Practice cluster main runs on port ${port} and was connected to.` },
    })
    expect(readPostmasterPid(dataOf(core, 'main'))).not.toBe(pid)
    expect((await refusal(core.api.practice.start({ name: 'main' }))).message).toBe(
      `Practice cluster main runs already, on port ${port}.`,
    )
  })

  it('is unclean after a crash, and recovers what was committed', async () => {
    await query(core, 'main', 'course', (client) =>
      client.query("INSERT INTO public.t VALUES (4, 'before the crash'); SELECT pg_switch_wal()"),
    )
    process.kill(readPostmasterPid(dataOf(core, 'main')) ?? 0, 'SIGKILL')
    await expect.poll(() => processesIn(dataOf(core, 'main')), { timeout: 20_000 }).toEqual([])
    const crashed = await cluster(core, 'main')
    expect(crashed.state).toBe('unclean')
    expect(crashed.stateText).toBe('Not running, and not shut down cleanly ("in production"): it recovers by itself when started')
    const started = await core.ended(await core.api.practice.start({ name: 'main' }))
    expect(started.error).toBeNull()
    expect(started.result?.headline).toContain('It had not been shut down cleanly and has recovered by itself')
    const rows = await query(core, 'main', 'course', (client) => client.query('SELECT s FROM public.t WHERE id = 4'))
    expect(rows.rows).toEqual([{ s: 'before the crash' }])
  })

  it('takes another port when its own is taken, and its connection follows', async () => {
    await core.ended(await core.api.practice.stop({ name: 'main' }))
    const { port } = await cluster(core, 'main')
    const squatter = net.createServer()
    await new Promise<void>((resolve) => squatter.listen(port ?? 0, '127.0.0.1', resolve))
    try {
      const started = await core.ended(await core.api.practice.start({ name: 'main' }))
      const moved = await cluster(core, 'main')
      expect(moved.port).not.toBe(port)
      expect(started.result?.headline).toBe(
        `Practice cluster main runs on port ${moved.port} and was connected to. Port ${port} was taken by another program; its connection was changed.`,
      )
      expect(core.app.services.connections.get('practice-main').settings.port).toBe(moved.port)
      await query(core, 'main', 'shop', (client) => client.query('SELECT 1'))
    } finally {
      await new Promise((resolve) => squatter.close(resolve))
    }
  })

  it('makes an empty replica beside it, of the same password', async () => {
    const job = await make(core, 'replica', major, false)
    expect(job.error).toBeNull()
    const replica = await cluster(core, 'replica')
    expect(replica).toMatchObject({ state: 'running', filled: false, connectionId: 'practice-replica' })
    expect(replica.port).not.toBe((await cluster(core, 'main')).port)
    expect(replica.systemIdentifier).not.toBe((await cluster(core, 'main')).systemIdentifier)
    expect(core.app.services.connections.get('practice-replica')).toMatchObject({ label: 'practice replica', colour: 'violet' })
    const passfile = (name: PracticeName) => fs.readFileSync(path.join(core.dataFolder, 'practice', name, 'pgpass'), 'utf8')
    expect(passfile('replica')).toBe(passfile('main'))
  })

  it('outlives the application, and is found again', async () => {
    const pid = readPostmasterPid(dataOf(core, 'main'))
    await core.stop()
    expect(processesIn(dataOf(core, 'main'))).toContain(pid)
    core = await startCore({ dataFolder: core.dataFolder })
    expect((await cluster(core, 'main')).state).toBe('running')
    expect(readPostmasterPid(dataOf(core, 'main'))).toBe(pid)
  })

  it('removes a running cluster only after its name was typed', async () => {
    expect(await refusal(core.api.practice.remove({ name: 'main', confirm: 'Main' }))).toEqual({
      code: 'bad_input',
      message: 'To remove practice cluster main with all data in it, type its name: main',
      hint: undefined,
    })
    expect((await cluster(core, 'main')).state).toBe('running')
    const removed = await core.ended(await core.api.practice.remove({ name: 'main', confirm: 'main' }))
    expect(removed.error).toBeNull()
    expect(fs.existsSync(path.join(core.dataFolder, 'practice/main'))).toBe(false)
    expect(core.app.services.connections.list().map(({ id }) => id)).toEqual(['practice-replica'])
    expect((await cluster(core, 'replica')).state).toBe('running')
    await core.ended(await core.api.practice.remove({ name: 'replica', confirm: 'replica' }))
    expect(processesIn(dataOf(core, 'replica'))).toEqual([])
    expect(core.app.services.connections.list()).toEqual([])
  })
})

describe('refusals', () => {
  const major = newestMajor()

  it('a make that is cancelled leaves an unfinished cluster with nothing running, to be made anew', async () => {
    const core = await startCore()
    const job = await core.api.practice.make({ name: 'main', folder: binFolder(major), fill: true })
    expect(await refusal(core.api.practice.make({ name: 'main', folder: binFolder(major), fill: true }))).toMatchObject({
      code: 'conflict',
    })
    await expect
      .poll(() => core.app.services.jobs.get(job.jobId).progress?.done ?? 0, { timeout: 60_000, interval: 20 })
      .toBeGreaterThan(0)
    await core.api.jobs.cancel(job)
    const ended = await core.ended(job)
    expect(ended.state).toBe('cancelled')
    expect(ended.leftovers.join()).toContain('an unfinished practice cluster, nothing runs in it')
    expect(processesIn(dataOf(core, 'main'))).toEqual([])
    expect((await cluster(core, 'main')).state).toBe('unfinished')
    expect((await refusal(core.api.practice.start({ name: 'main' }))).message).toBe(
      'Practice cluster main is unfinished: making it was interrupted.',
    )
    const again = await core.ended(await core.api.jobs.runAgain(job))
    expect(again.error).toBeNull()
    expect(await cluster(core, 'main')).toMatchObject({ state: 'running', filled: true })
    expect((await refusal(core.api.practice.make({ name: 'main', folder: binFolder(major), fill: true }))).message).toBe(
      'There is already a practice cluster main.',
    )
    await core.ended(await core.api.practice.remove({ name: 'main', confirm: 'main' }))
  })

  it('a make that is cancelled during initdb leaves nothing running and no password file', async () => {
    const core = await startCore()
    const job = await core.api.practice.make({ name: 'replica', folder: binFolder(major), fill: false })
    await expect
      .poll(() => fs.existsSync(path.join(dataOf(core, 'replica'), 'PG_VERSION')), { timeout: 30_000, interval: 5 })
      .toBe(true)
    await core.api.jobs.cancel(job)
    expect((await core.ended(job)).state).toBe('cancelled')
    expect(fs.existsSync(path.join(core.dataFolder, 'practice/replica/initdb-password'))).toBe(false)
    expect(processesIn(dataOf(core, 'replica'))).toEqual([])
    expect((await cluster(core, 'replica')).state).toBe('unfinished')
    const removed = await core.ended(await core.api.practice.remove({ name: 'replica', confirm: 'replica' }))
    expect(removed.error).toBeNull()
    expect((await cluster(core, 'replica')).state).toBe('absent')
  })

  it('a folder without our marker is neither used nor removed', async () => {
    const core = await startCore()
    const folder = path.join(core.dataFolder, 'practice/main')
    fs.mkdirSync(folder)
    fs.writeFileSync(path.join(folder, 'thesis.txt'), 'the only copy')
    const words = { code: 'conflict', message: `${folder} was not made by Walkback: it has no practice.json of ours.` }
    expect(await refusal(core.api.practice.remove({ name: 'main', confirm: 'main' }))).toMatchObject(words)
    expect(await refusal(core.api.practice.make({ name: 'main', folder: binFolder(major), fill: false }))).toMatchObject(words)
    expect(await refusal(core.api.practice.start({ name: 'main' }))).toMatchObject(words)
    // Somebody else's marker, and that of the other cluster, don't count either.
    fs.writeFileSync(path.join(folder, 'practice.json'), '{"madeBy":"walkback practice","name":"replica"}')
    expect(await refusal(core.api.practice.remove({ name: 'main', confirm: 'main' }))).toMatchObject(words)
    expect(fs.readFileSync(path.join(folder, 'thesis.txt'), 'utf8')).toBe('the only copy')
    expect(await cluster(core, 'main')).toMatchObject({
      state: 'absent',
      stateText: `${folder} is there, but Walkback did not make it`,
    })
  })

  it('a link in place of the folder is not followed', async () => {
    const core = await startCore()
    expect((await make(core, 'replica', major, false)).error).toBeNull()
    await core.ended(await core.api.practice.stop({ name: 'replica' }))
    const folder = path.join(core.dataFolder, 'practice/replica')
    const elsewhere = path.join(tempFolder('elsewhere'), 'replica')
    fs.renameSync(folder, elsewhere)
    fs.symlinkSync(elsewhere, folder)
    const removed = await core.ended(await core.api.practice.remove({ name: 'replica', confirm: 'replica' }))
    expect(removed.error).toMatchObject({ code: 'conflict', message: `${folder} is a link to another place.` })
    expect(fs.existsSync(path.join(elsewhere, 'data/PG_VERSION'))).toBe(true)
  })

  it('a data folder with blanks, quotes and a long name serves, without a socket where its path is too long', async () => {
    const core = await startCore({ dataFolder: path.join(tempFolder('odd'), "it's, my data", 'x'.repeat(60)) })
    const made = await make(core, 'replica', major, false)
    expect(made.error).toBeNull()
    const shown = await query(core, 'replica', 'postgres', (client) => client.query('SHOW unix_socket_directories'))
    expect(shown.rows[0].unix_socket_directories).toBe('')
    const short = await startCore({ dataFolder: path.join(tempFolder('odd'), "it's, my data") })
    expect((await make(short, 'replica', major, false)).error).toBeNull()
    const { port } = await cluster(short, 'replica')
    expect(fs.existsSync(path.join(short.dataFolder, `practice/replica/sockets/.s.PGSQL.${port}`))).toBe(true)
  })

  it('a data folder that a shell would read as more than a path is refused', async () => {
    const base = tempFolder('shell')
    const core = await startCore({ dataFolder: path.join(base, '$(touch owned)') })
    const { problem } = await core.api.practice.list({})
    expect(problem?.message).toBe(`The path ${core.dataFolder}/practice holds "$", which pg_ctl would hand to a shell.`)
    expect(await refusal(core.api.practice.make({ name: 'main', folder: binFolder(major), fill: false }))).toMatchObject({
      code: 'preflight',
      message: problem?.message,
    })
    expect(fs.readdirSync(path.join(core.dataFolder, 'practice'))).toEqual([])
  })

  it.runIf(process.getuid?.() === 0)('a data folder that the account can not reach is named, with the command', async () => {
    const base = tempFolder('closed')
    const core = await startCore({ dataFolder: path.join(base, 'walkback') })
    fs.chmodSync(base, 0o700)
    expect((await core.api.practice.list({})).problem).toEqual({
      message: `The account postgres can't enter ${base}, so it can't run a server below it.`,
      hint: `Start Walkback with another data folder, such as WALKBACK_DATA=/var/lib/walkback, or run: chmod o+x ${base}`,
    })
    fs.chmodSync(base, 0o711)
    expect((await core.api.practice.list({})).problem).toBeNull()
  })

  it('a server that does not start is told in its own words', async () => {
    const core = await startCore()
    expect((await make(core, 'replica', major, false)).error).toBeNull()
    await core.ended(await core.api.practice.stop({ name: 'replica' }))
    const conf = path.join(dataOf(core, 'replica'), 'postgresql.conf')
    fs.appendFileSync(conf, 'shared_buffers = plenty\n')
    const failed = await core.ended(await core.api.practice.start({ name: 'replica' }))
    expect(failed.state).toBe('failed')
    expect(failed.error?.message).toBe(`The server did not start: FATAL:  configuration file "${conf}" contains errors`)
    expect(failed.error?.hint).toBe('Correct the setting that the log names, and start again.')
    expect(await core.log({ jobId: failed.id })).toContain('invalid value for parameter "shared_buffers": "plenty"')
    expect((await cluster(core, 'replica')).state).toBe('stopped')
  })

  it('what is not there, and what the replica is not for', async () => {
    const core = await startCore()
    expect(await refusal(core.api.practice.start({ name: 'main' }))).toEqual({
      code: 'not_found',
      message: 'There is no practice cluster main.',
      hint: 'Make it first.',
    })
    expect((await refusal(core.api.practice.remove({ name: 'main', confirm: 'main' }))).code).toBe('not_found')
    expect((await refusal(core.api.practice.make({ name: 'replica', folder: binFolder(major), fill: true }))).message).toBe(
      'The replica stays empty: it is there to recover into.',
    )
    expect((await refusal(core.api.practice.make({ name: 'main', folder: '/tmp', fill: true }))).message).toBe(
      'There is no PostgreSQL server in /tmp.',
    )
  })
})

describe('as an account that is not root, in processes of their own', () => {
  const major = newestMajor()
  const account = testAccount()
  let folder: string
  let bundle: string

  beforeAll(async () => {
    folder = tempFolder('account')
    fs.mkdirSync(path.join(folder, 'home'))
    fs.chownSync(path.join(folder, 'home'), account.uid, account.gid)
    await build({
      configFile: false,
      logLevel: 'silent',
      ssr: { noExternal: true, external: ['vitest', 'pg-native'] },
      build: { ssr: path.resolve('test/support/practiceChild.ts'), outDir: path.join(folder, 'bundle'), target: 'node20' },
    })
    bundle = path.join(folder, 'bundle/practiceChild.js')
    fs.chmodSync(path.dirname(bundle), 0o755)
  })

  function run(command: string) {
    const { VITEST: _, ...env } = process.env
    const child = spawn(process.execPath, [bundle, path.join(folder, 'home/walkback'), command, String(major)], {
      cwd: '/',
      env: { ...env, HOME: path.join(folder, 'home') },
      stdio: ['ignore', 'pipe', 'inherit'],
      ...account.spawn,
    })
    const lines: unknown[] = []
    let rest = ''
    child.stdout.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString('utf8')).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts.map((line): unknown => JSON.parse(line)))
    })
    const ended = new Promise<unknown>((resolve) => child.once('close', () => resolve(lines.at(-1))))
    return { child, lines, ended }
  }
  const listed = z.object({
    account: z.string(),
    problem: z.null(),
    clusters: z.array(z.object({ name: z.string(), state: z.string(), filled: z.boolean() })),
  })

  it('a make that is killed with the application is unfinished, can be made anew and removed', async () => {
    const killed = run('make')
    const moved = z.array(z.object({ done: z.number() }))
    await expect.poll(() => moved.parse(killed.lines).at(-1)?.done ?? 0, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0)
    killed.child.kill('SIGKILL')
    await killed.ended
    const data = path.join(folder, 'home/walkback/practice/main/data')
    // Its server was started to outlive the application, and does.
    expect(processesIn(data)).not.toEqual([])
    const list = listed.parse(await run('list').ended)
    expect(list.account).toBe(`${account.name}: the account Walkback runs as`)
    expect(list.clusters[0]).toEqual({ name: 'main', state: 'unfinished', filled: false })
    expect(await run('make').ended).toEqual({ state: 'succeeded', error: null })
    expect(listed.parse(await run('list').ended).clusters[0]).toEqual({ name: 'main', state: 'running', filled: true })
    expect(fs.statSync(data).uid).toBe(account.uid)
    expect(await run('remove').ended).toEqual({ state: 'succeeded', error: null })
    expect(processesIn(data)).toEqual([])
    expect(fs.existsSync(path.dirname(data))).toBe(false)
  })
})
