// A rescue whose wire, locks or application fails at the worst moment: what is said of the live database is what is there.
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RescueRequest } from '../../shared/contracts/rescue'
import { newestMajor } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { type CommitFate, type WireProxy, wireProxy } from '../support/wireProxy'
import { type BaseCore, baseCore } from './baseSetup'
import { factsOf } from './recoverySetup'
import { foundIn, type RescueStory, type Shop, shopOf, startStory, tableOf } from './rescueSetup'
import { refusal, until } from './walSetup'

const long = process.env.WALKBACK_LONG === '1'
const many = long ? 400_000 : 60_000
const kills = long ? 12 : 3

let base: BaseCore
let story: RescueStory
let shop: Shop
let proxy: WireProxy
/** The live database through the proxy. */
let wired: string
let serve: ServeProcess | undefined

const connection = (id: string | null, port: number) => ({
  ...{ id, label: 'over the wire', colour: 'slate' as const, readOnly: false },
  settings: {
    ...{ host: '127.0.0.1', port, database: 'postgres', user: 'postgres', sslmode: 'disable' as const },
    ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
  },
  password: { kind: 'set' as const, password: story.archiving.cluster.password, remember: false },
})

beforeAll(async () => {
  base = await baseCore()
  const sql = `CREATE TABLE big (id bigint PRIMARY KEY, filler text);
               INSERT INTO big (id, filler) SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, ${many}) i;
               CREATE EXTENSION citext SCHEMA public; CREATE DOMAIN nick AS citext;
               CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
               CREATE TABLE people (name citext PRIMARY KEY, age int); CREATE TABLE nicks (name nick PRIMARY KEY, age int);
               CREATE TABLE places (name text COLLATE no_case PRIMARY KEY, size int);
               INSERT INTO people VALUES ('Anna', 1), ('Bert', 2), ('Cleo', 3), ('Ähm', 4); INSERT INTO nicks SELECT name, age FROM people;
               INSERT INTO places VALUES ('Rome', 1), ('Oslo', 2), ('Bonn', 3);`
  story = await startStory(base, newestMajor(), {}, sql)
  shop = shopOf(base, story)
  proxy = await wireProxy(story.archiving.cluster.port)
  wired = (await base.core.api.connections.save(connection(null, proxy.port))).id
}, 400_000)

afterAll(async () => {
  await serve?.kill()
  await proxy.close()
  await story.archiving.cluster.remove()
})

/** The rows of a table that is emptied in part first, over the wire. */
async function bringBack(fate: CommitFate, more: Partial<RescueRequest> = {}) {
  await shop.sql('DELETE FROM drift WHERE id > 15')
  Object.assign(proxy, { fate, met: 0 })
  const job = await base.core.api.rescue.start(shop.request([tableOf('drift', 'missing')], { live: wired, ...more }))
  return job
}
const rowsThere = async () => (await shop.sql('SELECT count(*)::int FROM drift'))[0]?.count

/** Of rescues; their transactions too. */
async function leftSessions(): Promise<Record<string, unknown>[]> {
  return shop.sql(
    `SELECT state, query FROM pg_stat_activity WHERE datname = 'shop' AND application_name = 'walkback' AND pid <> pg_backend_pid()`,
  )
}

test('a COMMIT whose answer is lost: the server is asked, and the rows are there', async () => {
  const job = await base.core.ended(await bringBack('unheard'))
  expect(proxy.met).toBe(1)
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
  expect(job.steps.find(({ id }) => id === 'commit')?.detail).toMatch(/^transaction \d+$/)
  expect(await base.core.log({ jobId: job.id })).toMatch(
    /The connection was lost during COMMIT, and the server says that transaction \d+ is committed\./,
  )
  expect(await rowsThere()).toBe(20)
}, 60_000)

test('a COMMIT that never reached the server: rolled back, and said so', async () => {
  const started = await bringBack('unsent')
  const job = await base.core.ended(started)
  expect(proxy.met).toBe(1)
  expect(job.state).toBe('failed')
  expect(job.error).toMatchObject({
    code: 'disconnected',
    message: 'The connection was lost during COMMIT, and the server says that the transaction was rolled back.',
    hint: 'Nothing was changed in shop on over the wire. Start again.',
  })
  expect(await rowsThere()).toBe(15)
  expect(await leftSessions()).toEqual([])
}, 60_000)

test('an answer that never comes over a connection that stands: looked for, whether cancelled or not', async () => {
  const started = await bringBack('silent')
  await until('the COMMIT', () => proxy.met === 1)
  await base.core.api.jobs.cancel(started)
  const job = await base.core.ended(started)
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
  expect(await rowsThere()).toBe(20)
}, 60_000)

test.runIf(long)(
  'a server that is out of reach from then on: what can be asked there is said, cancelled or not',
  async () => {
    const job = await base.core.ended(await bringBack('gone'))
    expect(job.error?.message).toBe('The connection was lost during COMMIT: the rescue may be in shop on over the wire or not.')
    const ask = /^Ask there, once it answers: (SELECT pg_xact_status\('\d+'\))$/.exec(job.error?.hint ?? '')?.[1] ?? ''
    expect(await shop.sql(ask)).toEqual([{ pg_xact_status: 'committed' }])
    expect(await rowsThere()).toBe(20)

    proxy.fate = 'pass'
    const started = await bringBack('gone')
    await until('the COMMIT', () => proxy.met === 1)
    await base.core.api.jobs.cancel(started)
    const cancelled = await base.core.ended(started)
    expect(cancelled.state).toBe('cancelled')
    expect(cancelled.leftovers).toEqual([
      expect.stringMatching(
        /^The connection was lost during COMMIT: the rescue may be in shop on over the wire or not\. Ask there, once it answers: SELECT pg_xact_status\('\d+'\)$/,
      ),
    ])
  },
  90_000,
)

test.runIf(long)(
  'a COMMIT that waits for a synchronous standby is waited for',
  async () => {
    const { cluster } = story.archiving
    await cluster.sql(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`)
    await cluster.sql('SELECT pg_reload_conf()')
    await delay(1000)
    await shop.sql('SET synchronous_commit TO local; DELETE FROM drift WHERE id > 15')
    Object.assign(proxy, { fate: 'pass', met: 0 })
    const started = await base.core.api.rescue.start(shop.request([tableOf('drift', 'missing')], { live: wired }))
    await until('the wait', async () => (await base.core.log(started)).includes('may wait for a synchronous standby'))
    expect((await base.core.api.jobs.get(started)).state).toBe('running')
    await cluster.sql('ALTER SYSTEM RESET synchronous_standby_names')
    await cluster.sql('SELECT pg_reload_conf()')
    expect((await base.core.ended(started)).state).toBe('succeeded')
    expect(await rowsThere()).toBe(20)
  },
  90_000,
)

test('a large object that reads back otherwise stops the rescue before the COMMIT', async () => {
  proxy.fate = 'pass'
  await shop.sql(`DELETE FROM photos; SELECT lo_unlink(oid) FROM pg_largeobject_metadata`)
  const before = await shop.print()
  proxy.replace = { what: 'small', by: 'smell' }
  const job = await shop.run([tableOf('photos', 'missing')], { live: wired })
  proxy.replace = null
  expect(job.error?.message).toBe('The large object 700004 does not read as it was written.')
  expect(job.error?.hint).toBe('Nothing was changed in shop on over the wire: all of it is one transaction.')
  expect(await shop.print()).toEqual(before)
  expect(await shop.sql('SELECT FROM pg_largeobject_metadata')).toEqual([])
  expect((await shop.run([tableOf('photos', 'missing')], { live: wired })).error).toBeNull()
  expect(await shop.sql("SELECT convert_from(lo_get(700004), 'UTF8') AS text")).toEqual([{ text: 'small' }])
}, 60_000)

test('keys that see no case: citext is told by its own equality, a nondeterministic collation is refused with the reason', async () => {
  for (const table of ['people', 'nicks']) {
    await shop.sql(
      `DELETE FROM ${table} WHERE name IN ('Anna', 'Bert', 'Ähm'); INSERT INTO ${table} VALUES ('ANNA', 1), ('Dora', 5), ('ähm', 4)`,
    )
    const missing = await shop.preview([tableOf(table, 'missing')])
    expect(foundIn(missing, 'rows')).toEqual([
      'pass: 1 row of 4 is missing in the live table and comes back. 2 rows differ and stay as they are now: (anna), (ähm). 1 row came since and stays.',
    ])
    expect((await shop.run([tableOf(table, 'missing')])).error).toBeNull()
    expect((await shop.sql(`SELECT name::text FROM ${table} ORDER BY age`)).map(({ name }) => name)).toEqual([
      ...['ANNA', 'Bert', 'Cleo', 'ähm', 'Dora'],
    ])
    // To replace them is to have them as they were written, too.
    const job = await shop.run([tableOf(table, 'replace', { newName: `${table}_before` })], { confirm: `public.${table}` })
    expect(job.error).toBeNull()
    expect(factsOf(job).get(`public.${table}`)).toBe('0 inserted, 2 changed, 1 deleted')
    expect((await shop.sql(`SELECT name::text FROM ${table} ORDER BY age`)).map(({ name }) => name)).toEqual([
      ...['Anna', 'Bert', 'Cleo', 'Ähm'],
    ])
  }
  await shop.sql(`DELETE FROM places WHERE name <> 'Bonn'; INSERT INTO places VALUES ('ROME', 1)`)
  const why =
    'Its collation no_case is nondeterministic: it calls values equal that are written otherwise, so rows can’t be told apart by what they say.'
  expect((await refusal(shop.run([tableOf('places', 'missing')]))).message).toBe(`The key places_pkey: ${why}`)
  const named = await shop.preview([tableOf('places', 'replace', { newName: 'places_before', key: 'places_pkey' })])
  expect(foundIn(named, 'key')).toEqual([`blocker: ${why}`])
  const whole = await shop.run([tableOf('places', 'replace', { newName: 'places_before' })], { confirm: 'public.places' })
  expect(whole.error).toBeNull()
  expect(await shop.sql('SELECT name::text FROM places ORDER BY size')).toEqual(
    ['Rome', 'Oslo', 'Bonn'].map((name) => ({ name })),
  )
}, 60_000)

test('a lock that is not had in time, and a deadlock: given up with the reason, nothing changed', async () => {
  await shop.sql('DELETE FROM orders WHERE id > 990')
  const before = await shop.print()
  const tables = [tableOf('orders', 'replace', { newName: 'o_before' }), tableOf('lines', 'replace', { newName: 'l_before' })]
  const other = await story.archiving.cluster.client('shop')
  await other.query('BEGIN; LOCK TABLE lines IN ROW EXCLUSIVE MODE')
  const late = await shop.run(tables, { confirm: '2 tables in shop', lockSeconds: 1 })
  expect(late.error?.message).toBe(
    'Locking public.orders took too long and was given up: canceling statement due to lock timeout.',
  )
  expect(late.error?.hint).toMatch(
    /^Another session may hold a lock on it; try again when it has ended\. Nothing was changed in shop on pg/,
  )
  expect(await shop.print()).toEqual(before)

  // It waits for lines, and who has that waits for orders.
  await other.query(`SET deadlock_timeout TO '1h'`)
  const started = await base.core.api.rescue.start(shop.request(tables, { confirm: '2 tables in shop', lockSeconds: 30 }))
  await until('the rescue to wait', async () => {
    const rows = await shop.sql(`SELECT FROM pg_stat_activity WHERE application_name = 'walkback' AND wait_event_type = 'Lock'`)
    return rows.length > 0
  })
  const waiting = other.query('LOCK TABLE orders IN ROW EXCLUSIVE MODE')
  const job = await base.core.ended(started)
  await waiting
  await other.query('ROLLBACK')
  await other.end()
  expect(job.error?.message).toBe('Locking public.orders failed: deadlock detected.')
  expect(job.error?.hint).toMatch(
    /^Another session waited for what the rescue held, and held what it waited for: the server ended the rescue\. Start again\. Nothing was changed in shop on pg/,
  )
  expect(await shop.print()).toEqual(before)
}, 60_000)

/** So that there is old data beside, and something to do in each of its statements. */
async function disturb(): Promise<void> {
  const [known] = await shop.sql(`SELECT to_regclass('public.big_kept') AS kept`)
  if (known?.kept == null) {
    await shop.sql(`UPDATE big SET filler = 'now' WHERE id % 2 = 0`)
    const job = await shop.run([tableOf('big', 'replace', { newName: 'big_kept' })], { confirm: 'public.big' })
    expect(job.error).toBeNull()
  }
  await shop.sql(
    `DELETE FROM big WHERE id % 3 = 0; UPDATE big SET filler = 'later' WHERE id % 2 = 0; INSERT INTO big VALUES (-1, 'since')`,
  )
}

const replaceBig = () => shop.request([tableOf('big', 'replace', { newName: 'big_before' })], { confirm: 'public.big' })
const missingBig = () => shop.request([tableOf('big', 'missing')])
const statements = ['COPY', 'CREATE TABLE', 'DELETE', 'UPDATE', 'INSERT']
const working = (statement: string) =>
  `SELECT FROM pg_stat_activity WHERE datname = 'shop' AND application_name = 'walkback' AND state = 'active' AND query LIKE '${statement}%'`

test('a cancel in each statement of a replacing: all as it was, what is kept of before is there, no session is left', async () => {
  await disturb()
  const before = await shop.print()
  const caught: string[] = []
  for (const statement of long ? statements : ['CREATE TABLE', 'UPDATE']) {
    const job = await base.core.api.rescue.start(replaceBig())
    for (;;) {
      if ((await shop.sql(working(statement))).length > 0) break
      if ((await base.core.api.jobs.get(job)).endedAt !== null) throw new Error(`it ended before its ${statement} was seen`)
    }
    await base.core.api.jobs.cancel(job)
    const ended = await base.core.ended(job)
    if (ended.state === 'cancelled') caught.push(statement)
    expect(ended.state).toBe('cancelled')
    expect(await base.core.log(job)).toContain('Nothing was changed in shop on pg')
    expect(await shop.print()).toEqual(before)
    expect(await leftSessions()).toEqual([])
  }
  expect(caught.length).toBe(long ? 5 : 2)
  expect(Object.keys(before.tables)).toContain('public.big_kept')
}, 120_000)

async function open(): Promise<RemoteCore> {
  serve = await startServe({ dataFolder: base.core.dataFolder })
  const core = await connectServe(serve)
  // Passwords are held in memory alone.
  const { connections } = await core.api.connections.list({})
  for (const { id, settings } of connections) {
    if (id === wired) await core.api.connections.save(connection(id, proxy.port))
    else if (settings.port === story.archiving.cluster.port) {
      await core.api.connections.save({ ...connection(id, settings.port), label: 'live' })
    }
  }
  return core
}

test(
  `the application is killed in the middle, ${kills} times: the server rolls back, and the next start says so`,
  async () => {
    await base.core.stop()
    proxy.fate = 'pass'
    const before = await shop.print()
    const requests = [replaceBig, missingBig]
    for (let kill = 0; kill < kills; kill += 1) {
      const core = await open()
      const { jobId } = await core.api.rescue.start(requests[kill % 2]?.() ?? missingBig())
      const statement = kill % 2 === 1 ? 'COPY' : (statements[(kill + 2) % statements.length] ?? '')
      for (;;) {
        if ((await shop.sql(working(statement))).length > 0) break
        if ((await core.api.jobs.get({ jobId })).endedAt !== null) throw new Error(`it ended before its ${statement} was seen`)
      }
      core.close()
      await serve?.kill()
      await until('its sessions to end', async () => (await leftSessions()).length === 0)
      expect(await shop.print()).toEqual(before)
      const after = await open()
      const job = await after.api.jobs.get({ jobId })
      expect(job.state).toBe('interrupted')
      expect(job.error?.message).toMatch(
        / Nothing was changed in shop on [^:]+: all of it is one transaction\. The server rolls it back\.$/,
      )
      expect(job.error?.hint).toBe('Run it again.')
      expect(job.leftovers).toEqual([])
      after.close()
      await serve?.stop()
    }

    // At its COMMIT.
    const core = await open()
    proxy.fate = 'silent'
    proxy.met = 0
    const { jobId } = await core.api.rescue.start({ ...missingBig(), live: wired })
    await until('the COMMIT', () => proxy.met === 1)
    core.close()
    await serve?.kill()
    proxy.fate = 'pass'
    const after = await open()
    const job = await after.api.jobs.get({ jobId })
    expect(job.error?.message).toMatch(
      / It was at its COMMIT: the rescue is in shop on over the wire as a whole, or not at all\.$/,
    )
    const ask = /^Ask there, before it is run again: (SELECT pg_xact_status\('\d+'\))$/.exec(job.error?.hint ?? '')?.[1] ?? ''
    await until('the end', async () => (await shop.sql(ask))[0]?.pg_xact_status === 'committed')
    const [row] = await shop.sql('SELECT count(*) FILTER (WHERE id > 0)::int AS whole FROM big')
    expect(row).toEqual({ whole: many })
    // And it works again.
    const again = await after.api.rescue.start(replaceBig())
    expect((await jobEnd(after.api, again.jobId)).error).toBeNull()
    expect(
      await shop.sql(`SELECT count(*)::int, count(*) FILTER (WHERE filler = repeat(md5(id::text), 4))::int AS whole FROM big`),
    ).toEqual([{ count: many, whole: many }])
    after.close()
    await serve?.stop()
  },
  60_000 * (kills + 3),
)
