// A rescue that replaces, fires triggers, meets others at work, is cancelled or killed: the live database is whole afterwards.
import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newestMajor } from '../support/clusters'
import { type BaseCore, baseCore } from './baseSetup'
import { factsOf } from './recoverySetup'
import { foundIn, type RescueStory, type Shop, shopOf, startStory, tableOf } from './rescueSetup'
import { refusal, until } from './walSetup'

const long = process.env.WALKBACK_LONG === '1'
/** Rows of the large table. */
const many = long ? 1_000_000 : 120_000

let base: BaseCore
let story: RescueStory
let shop: Shop

beforeAll(async () => {
  base = await baseCore()
  const sql = `CREATE TABLE big (id bigint PRIMARY KEY, filler text, at timestamptz DEFAULT now());
               INSERT INTO big (id, filler) SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, ${many}) i;`
  story = await startStory(base, newestMajor(), {}, sql)
  shop = shopOf(base, story)
}, 400_000)

afterAll(async () => {
  await story.archiving.cluster.remove()
})

test('refuses the recovered cluster itself, a read-only connection, and one in recovery', async () => {
  const { core } = base
  const { cluster } = story.archiving
  const own = await core.api.connections.list({})
  const recovered = own.connections.find(({ settings }) => settings.port === story.place.port)
  if (!recovered) throw new Error('the recovery saved no connection')
  const tables = [tableOf('orders', 'new', { newName: 'orders_then' })]
  const self = await refusal(core.api.rescue.start(shop.request(tables, { live: recovered.id })))
  expect(self.message).toMatch(
    new RegExp(
      `^${recovered.label} is the recovered cluster itself \\(system identifier \\d+, port ${story.place.port}, data directory ${story.place.folder}\\): choose the live one\\.$`,
    ),
  )
  const readOnly = await core.api.connections.save({
    id: null,
    label: 'look only',
    colour: 'red',
    readOnly: true,
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres' },
      ...{ sslmode: 'disable', sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  expect((await refusal(core.api.rescue.start(shop.request(tables, { live: readOnly.id })))).message).toBe(
    'Rescuing is blocked: look only is marked read-only.',
  )
  const preview = await core.api.rescue.preview(shop.request(tables, { live: readOnly.id }))
  expect(foundIn(preview, 'live')).toEqual(['blocker: look only is marked read-only: nothing is rescued into it.'])
  expect((await refusal(core.api.rescue.start({ ...shop.request(tables), jobId: 'nobody' }))).code).toBe('not_found')
}, 60_000)

test('replaces in place: what depends on the table lives on, and its rows of now are kept', async () => {
  await shop.sql(
    `DELETE FROM orders WHERE id > 990; UPDATE orders SET total = total + 1 WHERE id <= 3; INSERT INTO orders (id, customer_id, total) VALUES (5000, 7, 1); TRUNCATE audit`,
  )
  const table = tableOf('orders', 'replace', { newName: 'orders_before' })
  const preview = await shop.preview([table])
  expect(preview.danger).toMatchObject({
    text: 'public.orders',
    database: 'shop',
    tables: [{ table: 'public.orders', kept: 'public.orders_before' }],
  })
  expect(preview.blocked).toBe('1 blocker: Confirmation')
  expect(foundIn(preview, 'rows')).toEqual([
    'pass: 10 rows come back, 3 become what they were, 1 that came since go (and are kept), 987 are the same.',
  ])
  expect(foundIn(preview, 'in-place')).toEqual([
    'warning: Its rows are copied to public.orders_before first, then replaced in place. It stays the same table: view public.totals, foreign key lines_order_id_fkey of public.lines live on.',
  ])
  expect((await refusal(shop.run([table]))).message).toMatch(
    /^Type public\.orders: its rows in shop on pg\d+ 1, 127\.0\.0\.1:\d+, system identifier \d+ are replaced\.$/,
  )
  expect((await refusal(shop.run([table], { confirm: 'orders' }))).code).toBe('preflight')

  // A row of another table would have gone along by ON DELETE CASCADE.
  await shop.sql(`INSERT INTO lines VALUES (5000, 1, 'of a new order')`)
  const before = await shop.print()
  const led = await shop.run([table], { confirm: 'public.orders' })
  expect(led.error?.message).toBe(
    '1 row of public.lines leads to rows of public.orders that would go (foreign key lines_order_id_fkey).',
  )
  expect(await shop.print()).toEqual(before)

  const job = await shop.run([table, tableOf('lines', 'replace', { newName: 'lines_before' })], { confirm: '2 tables in shop' })
  expect(job.error).toBeNull()
  expect(factsOf(job).get('public.orders')).toBe('10 inserted, 3 changed, 1 deleted')
  expect(await shop.sql('SELECT count(*)::int, sum(total)::text AS total, max(id) AS max FROM orders')).toEqual([
    { count: 1000, total: '625625.00', max: 1000 },
  ])
  expect(await shop.sql('SELECT count(*)::int, max(id) AS max FROM orders_before')).toEqual([{ count: 991, max: 5000 }])
  expect(
    await shop.sql('SELECT (SELECT count(*)::int FROM lines) AS now, (SELECT count(*)::int FROM lines_before) AS kept'),
  ).toEqual([{ now: 2000, kept: 1981 }])
  expect(await shop.sql('SELECT sum(total)::text AS total FROM totals')).toEqual([{ total: '625625.00' }])
  expect(await shop.sql('SELECT * FROM audit')).toEqual([])

  // Without a key every row is replaced.
  await shop.sql('UPDATE bare SET b = NULL; INSERT INTO bare VALUES (99, NULL)')
  const bare = await shop.run([tableOf('bare', 'replace', { newName: 'bare_before' })], { confirm: 'public.bare' })
  expect(bare.error).toBeNull()
  expect(await shop.sql('SELECT count(*)::int, count(b)::int AS b FROM bare')).toEqual([{ count: 90, b: 90 }])
}, 120_000)

test('triggers fire where that is chosen, and what they change is said', async () => {
  await shop.sql(`DELETE FROM orders WHERE id = 77`)
  await shop.sql(
    `CREATE FUNCTION upset() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.total := 0; RETURN NEW; END $$;
     CREATE TRIGGER upset BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION upset(); ALTER TABLE orders ENABLE ALWAYS TRIGGER upset; TRUNCATE audit`,
  )
  const job = await shop.run([tableOf('orders', 'missing')], { triggers: 'fire' })
  expect(job.state).toBe('succeeded_with_warnings')
  expect(job.issues.map(({ message }) => message)).toEqual([
    '1 row read otherwise than at the source: triggers of the table changed them.',
  ])
  expect(await shop.sql('SELECT what FROM audit')).toEqual([{ what: 'INSERT 77' }])
  await shop.sql(`DELETE FROM orders WHERE id = 77; TRUNCATE audit`)
  expect((await shop.run([tableOf('orders', 'missing')])).state).toBe('succeeded')
  expect(await shop.sql('SELECT total::text FROM orders WHERE id = 77')).toEqual([{ total: '96.25' }])
  expect(
    await shop.sql(`SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal ORDER BY 1`),
  ).toEqual([
    { tgname: 'noted', tgenabled: 'O' },
    { tgname: 'upset', tgenabled: 'A' },
  ])
  await shop.sql('DROP TRIGGER upset ON orders')
}, 60_000)

test('a sequence that fell behind is raised within the transaction', async () => {
  await shop.sql(`DELETE FROM orders WHERE id > 900; ALTER SEQUENCE orders_id_seq RESTART WITH 500`)
  const job = await shop.run([tableOf('orders', 'missing'), tableOf('lines', 'missing')])
  expect(job.error).toBeNull()
  expect(factsOf(job).get('Sequence public.orders_id_seq')).toBe('raised from 500, the next number is 1001')
  expect(await shop.sql(`SELECT nextval('orders_id_seq')::int AS next`)).toEqual([{ next: 1001 }])
}, 60_000)

test('gives up when a lock is held, with nothing changed', async () => {
  await shop.sql('DELETE FROM orders WHERE id = 5')
  const before = await shop.print()
  const other = await story.archiving.cluster.client('shop')
  await other.query('BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE')
  const job = await shop.run([tableOf('orders', 'missing')], { lockSeconds: 1 })
  await other.query('ROLLBACK')
  await other.end()
  expect(job.error?.message).toBe(
    'Keeping triggers quiet took too long and was given up: canceling statement due to lock timeout.',
  )
  expect(job.error?.hint).toMatch(
    /^Another session may hold a lock on it; try again when it has ended\. Nothing was changed in shop on pg/,
  )
  expect(await shop.print()).toEqual(before)
  expect((await shop.run([tableOf('orders', 'missing'), tableOf('lines', 'missing')])).error).toBeNull()
}, 60_000)

test(`${many} rows: others go on writing, and memory stays flat`, async () => {
  await shop.sql('DELETE FROM big WHERE id % 4 <> 0')
  const writer = await story.archiving.cluster.client('shop')
  const written = { count: 0, stop: false }
  const writing = (async () => {
    while (!written.stop) {
      written.count += 1
      // New rows, and some that the rescue brings back too: what is there first stays.
      await writer.query('INSERT INTO big (id, filler) VALUES ($1, $2)', [-written.count, 'since'])
      await writer.query(`INSERT INTO big (id, filler) VALUES ($1, 'by hand') ON CONFLICT DO NOTHING`, [written.count * 4 + 1])
      await delay(5)
    }
  })()
  globalThis.gc?.()
  const at = process.memoryUsage().rss
  let peak = at
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 20)
  const began = performance.now()
  const job = await shop.run([tableOf('big', 'missing')])
  const seconds = (performance.now() - began) / 1000
  clearInterval(timer)
  written.stop = true
  await writing
  await writer.end()
  expect(job.error).toBeNull()
  const mb = Math.round((peak - at) / 1024 / 1024)
  process.stdout.write(
    `rescue of ${Math.round(many * 0.75)} of ${many} rows: ${seconds.toFixed(1)} s, memory grew by ${mb} MB, ${written.count} written meanwhile\n`,
  )
  expect(mb).toBeLessThan(150)
  expect(written.count).toBeGreaterThan(3)
  const [row] = await shop.sql(
    `SELECT count(*) FILTER (WHERE id > 0 AND id <= ${many})::int AS whole, count(*) FILTER (WHERE filler = 'since')::int AS since,
            count(*) FILTER (WHERE id > 0 AND filler <> 'by hand' AND filler <> repeat(md5(id::text), 4))::int AS wrong FROM big`,
  )
  expect(row).toEqual({ whole: many, since: written.count, wrong: 0 })
}, 300_000)

async function started(): Promise<{ jobId: string }> {
  const job = await base.core.api.rescue.start(shop.request([tableOf('big', 'missing')]))
  await until('rows to come in', async () => {
    const { steps } = await base.core.api.jobs.get(job)
    return steps.some(({ id, state }) => id.startsWith('rows') && state === 'running')
  })
  return job
}

const ourBackend = `SELECT pid FROM pg_stat_activity WHERE datname = 'shop' AND application_name = 'walkback' AND (query LIKE 'COPY "pg_temp"%' OR query LIKE 'COPY pg_temp%' OR query LIKE 'INSERT INTO%' OR query LIKE 'WITH inserted%')`

test('a cancel midway leaves the live database as it was', async () => {
  await shop.sql('DELETE FROM big WHERE id % 3 = 0')
  const before = await shop.print()
  const job = await started()
  await delay(200)
  await base.core.api.jobs.cancel(job)
  const ended = await base.core.ended(job)
  expect(ended.state).toBe('cancelled')
  expect(await shop.print()).toEqual(before)
  expect(await base.core.log(job)).toContain('Nothing was changed in shop on pg')
}, 120_000)

test('a live server that is killed midway has nothing of it afterwards', async () => {
  const { cluster } = story.archiving
  const before = await shop.print()
  const job = await started()
  let pid = 0
  await until('the backend', async () => {
    const rows = await shop.sql(ourBackend)
    pid = Number(rows[0]?.pid ?? 0)
    return pid > 0
  })
  execFileSync('kill', ['-9', String(pid)])
  const ended = await base.core.ended(job)
  expect(ended.state).toBe('failed')
  expect(ended.error?.message).toMatch(
    /failed: the connection to the server was lost\.$|terminating connection because of crash of another server process/,
  )
  expect(ended.error?.hint).toContain('Nothing was changed in shop on pg')
  await until('the server', async () => {
    try {
      await cluster.sql('SELECT 1')
      return true
    } catch {
      return false
    }
  })
  // A sequence's WAL is 32 numbers ahead, which a crash leaves it at.
  expect((await shop.print()).tables).toEqual(before.tables)
  expect((await shop.run([tableOf('big', 'missing')])).error).toBeNull()
}, 180_000)

test('a promoted cluster is rescued from as well', async () => {
  expect((await base.core.ended(await base.core.api.look.promote({ jobId: story.job.id }))).error).toBeNull()
  const job = await shop.run([tableOf('moods', 'new', { newName: 'moods_then' })])
  expect(job.error).toBeNull()
  expect(await shop.sql('SELECT count(*)::int FROM moods_then')).toEqual([{ count: 2 }])
}, 60_000)
