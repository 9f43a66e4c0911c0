// A rescue on real servers: rows that were deleted, rows that are replaced, tables beside, and a table that was dropped.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endMajors, sharedCluster } from '../support/clusters'
import { type BaseCore, baseCore } from './baseSetup'
import { clientOf, factsOf } from './recoverySetup'
import { foundIn, type RescueStory, type Shop, shopOf, shopSql, startStory, tableOf } from './rescueSetup'
import { refusal } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let story: RescueStory
  let shop: Shop

  beforeAll(async () => {
    story = await startStory(base, major)
    shop = shopOf(base, story)
  }, 240_000)

  afterAll(async () => {
    await story.archiving.cluster.remove()
  })

  test('lists both sides, and prepares names, keys and ways', async () => {
    await shop.sql('DROP TABLE stock CASCADE')
    const { rescue } = base.core.api
    const sides = { jobId: story.job.id, database: 'shop', live: story.live, liveDatabase: 'shop' }
    const { tables } = await rescue.tables(sides)
    expect(tables.find(({ name }) => name === 'stock')).toMatchObject({ live: 'gone', kind: 'table', problem: '' })
    expect(tables.find(({ name }) => name === 'parts_2025')).toMatchObject({ live: 'there', kind: 'partition' })
    const prepared = await rescue.prepare({
      ...sides,
      tables: [
        ['public', 'orders'],
        ['public', 'stock'],
        ['public', 'bare'],
      ],
      zone: 'Pacific/Auckland',
    })
    expect(prepared.problem).toBe('')
    const suffix = new Intl.DateTimeFormat('sv-SE', {
      ...{ timeZone: 'Pacific/Auckland', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
    })
      .format(new Date(prepared.recovered.moment))
      .replace(':', '')
      .replaceAll(/[- ]/g, '_')
    expect(prepared.tables.map(({ name, suggested, newName }) => ({ name, suggested, newName }))).toEqual([
      { name: 'orders', suggested: 'missing', newName: `orders_${suffix}` },
      { name: 'stock', suggested: 'dropped', newName: `stock_${suffix}` },
      { name: 'bare', suggested: 'new', newName: `bare_${suffix}` },
    ])
    const [orders, stock, bare] = prepared.tables
    expect(orders?.keys).toEqual([{ name: 'orders_pkey', columns: ['id'], primary: true, problem: '' }])
    expect(orders?.triggers).toEqual(['noted on public.orders'])
    expect(orders?.dependents).toEqual(['view public.totals', 'foreign key lines_order_id_fkey of public.lines'])
    expect(stock?.lost.map(({ what }) => what)).toEqual(['view public.low_stock', 'foreign key counted_stock of public.counted'])
    expect(bare?.ways.find(({ way }) => way === 'missing')?.problem).toBe(
      'It has no primary key and no unique key in the live database, so its rows can’t be told apart.',
    )
    expect((await refusal(rescue.prepare({ ...sides, tables: [['public', 'nothing']], zone: 'UTC' }))).message).toBe(
      'There is no table public.nothing in the recovered database.',
    )
  })

  test('missing rows come back beside everything written since, and what differs stays', async () => {
    await shop.sql(`DELETE FROM orders WHERE id % 10 = 0`)
    await shop.sql(
      `UPDATE orders SET total = 0 WHERE id IN (1, 2); INSERT INTO orders (customer_id, total) VALUES (5, 5); TRUNCATE audit`,
    )
    const preview = await shop.preview([tableOf('orders', 'missing'), tableOf('lines', 'missing')])
    expect(preview.blocked).toBe('')
    expect(preview.counts).toMatchObject([
      {
        name: 'orders',
        recovered: 1000,
        live: 901,
        byKey: { missing: 100, same: 898, different: 2, onlyLive: 1, differing: ['(1)', '(2)'] },
      },
      { name: 'lines', recovered: 2000, live: 1800, byKey: { missing: 200, same: 1800, different: 0, onlyLive: 0 } },
    ])
    expect(foundIn(preview, 'order')).toEqual(['pass: public.orders, public.lines: parents first.'])
    expect(foundIn(preview, 'orphans')).toEqual([
      expect.stringMatching(
        /^pass: 200 rows of public\.lines lead to rows that public\.orders has not: .* They come along, before these\.$/,
      ),
    ])
    const sql = preview.commands.map(({ words }) => words.join('')).join('\n')
    expect(sql).toContain('OVERRIDING SYSTEM VALUE')
    expect(sql).toContain('ALTER TABLE ONLY "public"."orders" DISABLE TRIGGER "noted"')

    // Children alone: the parents are named, and nothing is written.
    const alone = await shop.preview([tableOf('lines', 'missing')])
    expect(foundIn(alone, 'orphans')).toEqual([
      expect.stringMatching(
        /^blocker: 200 rows of public\.lines lead to rows that public\.orders has not: \(\d+\), .* and others\.$/,
      ),
    ])
    const before = await shop.print()
    const refused = await shop.run([tableOf('lines', 'missing')])
    expect(refused.state).toBe('failed')
    expect(refused.error?.message).toMatch(
      /^Inserting into public\.lines failed: insert or update on table "lines" violates foreign key constraint "lines_order_id_fkey"\. Key \(order_id\)=\(\d+\) is not present in table "orders"\.$/,
    )
    expect(refused.error?.hint).toMatch(
      /^A row that it leads to is not there\. Rescue that table too\. Nothing was changed in shop on pg/,
    )
    expect(await shop.print()).toEqual(before)

    const job = await shop.run([tableOf('lines', 'missing'), tableOf('orders', 'missing')])
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(job.result?.headline).toMatch(
      /^300 rows of 2 tables were rescued in shop on pg.*, compared with the source before the COMMIT\.$/,
    )
    expect(job.result?.rowCheck).toMatchObject({ tables: 2, matched: 2, rows: 300 })
    expect(factsOf(job).get('Differ, left as they are now')).toBe('2 rows: (1), (2)')
    expect(factsOf(job).get('Sequence public.orders_id_seq')).toMatch(/^left at 1001: it is ahead$/)
    expect(
      await shop.sql(
        `SELECT count(*)::int, sum(total)::text AS total, count(tags)::int AS tags, max(twice)::text AS twice FROM orders`,
      ),
    ).toEqual([{ count: 1001, total: '625626.25', tags: 1000, twice: '2500.00' }])
    expect(await shop.sql('SELECT * FROM audit')).toEqual([])
    expect(await shop.sql(`SELECT tgenabled FROM pg_trigger WHERE tgname = 'noted'`)).toEqual([{ tgenabled: 'O' }])

    const again = await shop.preview([tableOf('orders', 'missing')])
    expect(foundIn(again, 'rows')).toEqual([
      'warning: 0 rows of 1,000 are missing in the live table and come back. 2 rows differ and stay as they are now: (1), (2). 1 row came since and stays.',
    ])
  }, 60_000)

  test('identity columns, and unique values that are taken by now', async () => {
    await shop.sql(`SET session_replication_role = replica; DELETE FROM customers WHERE id IN (10, 11, 12)`)
    await shop.sql(`INSERT INTO customers (email, name) VALUES ('c11@x', 'came back by herself')`)
    const preview = await shop.preview([tableOf('customers', 'missing')])
    expect(foundIn(preview, 'taken')).toEqual([
      'blocker: 1 row of public.customers has a value that another row has by now: (c11@x).',
    ])
    const before = await shop.print()
    const failed = await shop.run([tableOf('customers', 'missing')])
    expect(failed.error?.message).toBe(
      'Inserting into public.customers failed: duplicate key value violates unique constraint "customers_email_key". Key (email)=(c11@x) already exists.',
    )
    expect(await shop.print()).toEqual(before)
    const job = await shop.run([tableOf('customers', 'missing', { skipTaken: true })])
    expect(job.error).toBeNull()
    expect(factsOf(job).get('public.customers')).toBe('2 rows came back, of 100 then')
    expect(factsOf(job).get('Left out')).toBe('1 row: (11)')
    expect(await shop.sql('SELECT id, email FROM customers WHERE id IN (10, 11, 12) ORDER BY id')).toEqual([
      { id: 10, email: 'c10@x' },
      { id: 12, email: 'c12@x' },
    ])
  }, 60_000)

  test('a new table beside it, named by the moment; a taken name is refused with the next free one', async () => {
    await shop.sql('CREATE VIEW orders_then AS SELECT 1 AS one')
    const taken = await shop.preview([tableOf('orders', 'new', { newName: 'orders_then' })])
    expect(foundIn(taken, 'name')).toEqual([
      'blocker: public.orders_then is taken by a view of the live database. orders_then_2 is free.',
    ])
    expect((await refusal(shop.run([tableOf('orders', 'new', { newName: 'orders_then' })]))).message).toBe(
      'public.orders_then is taken by a view of the live database. orders_then_2 is free.',
    )
    const long = 'ö'.repeat(40)
    expect((await refusal(shop.run([tableOf('orders', 'new', { newName: long })]))).message).toBe(
      'The name is 80 bytes long; PostgreSQL would cut it to 63.',
    )
    await shop.sql('ALTER TABLE moods ALTER COLUMN mood TYPE text; DROP TYPE mood')
    const job = await shop.run([
      tableOf('orders', 'new', { newName: 'orders_then_2', owner: 'shop_owner' }),
      tableOf('odd "name"', 'new', { newName: 'odd_then' }),
      tableOf('moods', 'new', { newName: 'moods_then' }),
      tableOf('parts', 'new', { newName: 'parts_then' }),
    ])
    expect(job.error).toBeNull()
    expect(job.result?.rowCheck).toMatchObject({ tables: 4, matched: 4, rows: 1000 + 50 + 2 + 30 })
    expect(
      await shop.sql(`SELECT count(*)::int, sum(total)::text AS total, sum(twice)::text AS twice FROM orders_then_2`),
    ).toEqual([{ count: 1000, total: '625625.00', twice: '1251250.00' }])
    expect(await shop.sql('SELECT id, mood FROM moods_then ORDER BY id')).toEqual([
      { id: 1, mood: 'good' },
      { id: 2, mood: 'bad' },
    ])
    const [made] = await shop.sql(
      `SELECT pg_get_userbyid(relowner) AS owner, obj_description(oid) AS comment, (SELECT contype FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p') AS key
         FROM pg_class c WHERE relname = 'orders_then_2'`,
    )
    expect(made).toMatchObject({ owner: 'shop_owner', key: 'p' })
    expect(made?.comment).toMatch(/^Rows of public\.orders as they were at transaction \d+, .* UTC, rescued by Walkback$/)
  }, 60_000)

  test('columns that changed since: filled, cast, left out with consent, or refused', async () => {
    await shop.sql(
      `ALTER TABLE drift DROP COLUMN dropped; ALTER TABLE drift ALTER COLUMN small TYPE bigint; ALTER TABLE drift ALTER COLUMN wide TYPE varchar(20);
       ALTER TABLE drift ADD COLUMN fresh text NOT NULL DEFAULT 'since'; DELETE FROM drift WHERE id > 15;
       ALTER TABLE retyped ALTER COLUMN at TYPE timestamptz; DELETE FROM retyped`,
    )
    const preview = await shop.preview([tableOf('drift', 'missing')])
    expect(foundIn(preview, 'columns')).toEqual([
      'blocker: The live table has no dropped any more. Leave it out, or rescue as a new table, which has all columns.',
    ])
    expect((await refusal(shop.run([tableOf('drift', 'missing')]))).message).toBe(
      'The live table has no dropped any more. Leave it out, or rescue as a new table, which has all columns.',
    )
    expect((await refusal(shop.run([tableOf('retyped', 'missing')]))).message).toBe(
      'Column at has another type now: What timestamp without time zone means as timestamp with time zone depends on the time zone.',
    )
    const job = await shop.run([tableOf('drift', 'missing', { leaveOut: ['dropped'] })])
    expect(job.error).toBeNull()
    expect(await shop.sql('SELECT * FROM drift WHERE id > 14 ORDER BY id LIMIT 2')).toEqual([
      { id: 15, kept: 'kept 15', small: '15', wide: 'w15', fresh: 'since' },
      { id: 16, kept: 'kept 16', small: '16', wide: 'w16', fresh: 'since' },
    ])
    await shop.sql(
      'ALTER TABLE drift ADD COLUMN must int; UPDATE drift SET must = 1; ALTER TABLE drift ALTER COLUMN must SET NOT NULL',
    )
    expect((await refusal(shop.run([tableOf('drift', 'missing', { leaveOut: ['dropped'] })]))).message).toBe(
      'must was added since, is NOT NULL and has no default: nothing says what to put there.',
    )
  }, 60_000)

  test('a unique key in place of a primary one; a table without any is not compared', async () => {
    await shop.sql(`DELETE FROM "odd ""name""" WHERE code < 'k2'`)
    const key = 'odd "name"_code_key'
    const job = await shop.run([tableOf('odd "name"', 'missing', { key })])
    expect(job.error).toBeNull()
    expect(await shop.sql('SELECT count(*)::int FROM "odd ""name"""')).toEqual([{ count: 50 }])
    expect((await refusal(shop.run([tableOf('odd "name"', 'missing')]))).message).toBe(
      'public.odd "name" has no primary key that crosses: choose a unique key.',
    )
    expect((await refusal(shop.run([tableOf('orders', 'missing', { key: 'nothing' })]))).message).toBe(
      'public.orders has no unique key nothing in the live database.',
    )
  }, 60_000)

  test('tables that lead to each other go by deferred constraints, or are refused with the reason', async () => {
    await shop.sql(`BEGIN; SET CONSTRAINTS ALL DEFERRED; DELETE FROM b_ring; DELETE FROM a_ring; COMMIT`)
    const tables = [tableOf('b_ring', 'missing'), tableOf('a_ring', 'missing')]
    const preview = await shop.preview(tables)
    expect(foundIn(preview, 'order')).toEqual([
      'pass: public.a_ring, public.b_ring: parents first. Foreign keys that lead in a circle are checked at the end (DEFERRABLE).',
    ])
    const job = await shop.run(tables)
    expect(job.error).toBeNull()
    expect(await shop.sql('SELECT (SELECT count(*)::int FROM a_ring) AS a, (SELECT count(b)::int FROM a_ring) AS b')).toEqual([
      { a: 5, b: 5 },
    ])
    await shop.sql('ALTER TABLE a_ring ALTER CONSTRAINT a_to_b NOT DEFERRABLE')
    expect((await refusal(shop.run(tables))).message).toBe(
      'These foreign keys lead in a circle and are checked at once, so no table can be filled first: b_ring_a_fkey of public.b_ring, a_to_b of public.a_ring. Rescue the tables one by one, as new tables, or make one of the keys DEFERRABLE.',
    )
  }, 60_000)

  test('partitioned tables are filled through their root', async () => {
    await shop.sql('DELETE FROM parts WHERE id > 8')
    const job = await shop.run([tableOf('parts', 'missing')])
    expect(job.error).toBeNull()
    expect(
      await shop.sql('SELECT (SELECT count(*)::int FROM parts_2025) AS a, (SELECT count(*)::int FROM parts_2026) AS b'),
    ).toEqual([{ a: 11, b: 19 }])
  }, 60_000)

  test('large objects that rows lead to come along, with contents, owner and rights; those that are there stay', async () => {
    const describeSql = `SELECT m.oid::int AS oid, md5(lo_get(m.oid)) AS hash, length(lo_get(m.oid)) AS bytes, pg_get_userbyid(lomowner) AS owner,
                                lomacl::text AS rights, obj_description(m.oid, 'pg_largeobject') AS comment
                           FROM pg_largeobject_metadata m ORDER BY 1`
    const before = await shop.sql(describeSql)
    expect(before.map(({ bytes }) => bytes)).toEqual([1_400_000, 1_048_576, 0, 5, 17])
    await shop.sql(
      `DELETE FROM photos; SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid <> 700004; SELECT lo_put(700004, 0, 'SMALL')`,
    )
    const preview = await shop.preview([tableOf('photos', 'missing')])
    expect(foundIn(preview, 'large-objects')).toEqual([
      'pass: public.photos.image, public.photos.thumb lead to large objects: those that the live database has no more come along, with owner and rights.',
    ])
    const job = await shop.run([tableOf('photos', 'missing')])
    expect(job.error).toBeNull()
    expect(factsOf(job).get('Large objects')).toBe('3 large objects, 2.34 MB, read back and the same')
    const after = await shop.sql(describeSql)
    expect(after.filter(({ oid }) => oid !== 700004)).toEqual(before.filter(({ oid }) => oid !== 700004 && oid !== 700005))
    // Another has written to that one since: it is his.
    expect(await shop.sql("SELECT convert_from(lo_get(700004), 'UTF8') AS text")).toEqual([{ text: 'SMALL' }])
    expect(await shop.sql('SELECT count(*)::int FROM photos')).toEqual([{ count: 3 }])
    await shop.sql('DELETE FROM photos WHERE id = 3')
    const again = await shop.run([tableOf('photos', 'missing')])
    expect(factsOf(again).get('Large objects')).toBe('all are there, none was brought')
  }, 60_000)

  test('a dropped table comes back with all that it had, and what it lost is offered', async () => {
    await shop.sql('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM shop_gone')
    await story.archiving.cluster.sql('DROP ROLE shop_gone')
    await shop.sql('ALTER ROLE shop_owner RENAME TO shop_boss')
    const none = await shop.preview([tableOf('stock', 'dropped')])
    expect(foundIn(none, 'owner')).toEqual([
      'blocker: It belonged to shop_owner, and there is no such role in the live cluster. Choose another owner.',
    ])
    expect(foundIn(none, 'left-out')).toEqual(['warning: rights of shop_gone: no such role in the live cluster.'])
    const table = tableOf('stock', 'dropped', { owner: 'shop_boss' })
    // One of its parents is still missing, since another took her address.
    expect(foundIn(await shop.preview([table]), 'orphans')).toEqual([
      'blocker: 2 rows of public.stock lead to rows that public.customers has not: (11).',
    ])
    await shop.sql(`UPDATE customers SET email = NULL WHERE email = 'c11@x'`)
    expect((await shop.run([tableOf('customers', 'missing')])).error).toBeNull()
    const preview = await shop.preview([table])
    expect(preview.blocked).toBe('')
    expect(preview.offered.map(({ statement }) => statement)).toEqual([
      expect.stringMatching(/^CREATE VIEW "public"\."low_stock" AS\n SELECT/),
      'ALTER TABLE "public"."counted" ADD CONSTRAINT "counted_stock" FOREIGN KEY (stock) REFERENCES public.stock(id);',
    ])
    expect(foundIn(preview, 'parents')).toEqual([
      'warning: Foreign keys to public.customers are made at the end: whoever writes there waits for the COMMIT.',
    ])
    const blocked = await shop.story.archiving.cluster.sql('CREATE INDEX stock_sku ON orders (id)', 'shop')
    expect(blocked).toEqual([])
    expect((await refusal(shop.run([table]))).message).toBe(
      'public.stock_sku is an index in the live database: it would have to have that name.',
    )
    await shop.sql("DROP INDEX stock_sku; SELECT setval('loose', 9999)")
    const job = await shop.run([table])
    expect(job.error).toBeNull()
    expect(job.result?.headline).toMatch(/^public\.stock came back with 200 rows in shop on /)
    for (const { statement } of preview.offered) await shop.sql(statement)
    const describeSql = `
      SELECT (SELECT json_agg(pg_get_constraintdef(k.oid) ORDER BY k.conname) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 'n') AS constraints,
             (SELECT json_agg(pg_get_indexdef(i.indexrelid) ORDER BY 1) FROM pg_index i WHERE i.indrelid = c.oid) AS indexes,
             (SELECT json_agg(json_build_array(a.attname, a.attidentity, a.attgenerated, a.attnotnull, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)) ORDER BY a.attnum)
                FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
             (SELECT json_agg(pg_get_triggerdef(t.oid)) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS triggers,
             (SELECT json_agg(json_build_array(polname, pg_get_expr(polqual, polrelid))) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
             c.relrowsecurity AS rls, obj_description(c.oid) AS comment, obj_description('stock_sku'::regclass) AS "indexComment",
             (SELECT json_build_array(last_value, is_called) FROM stock_id_seq) AS sequence, (SELECT json_agg(stock ORDER BY id) FROM stock) AS rows
        FROM pg_class c WHERE c.oid = 'public.stock'::regclass`
    // Not by a look's query: its role is one that row security binds.
    const recovered = await clientOf(story.archiving.cluster, story.place.port)('shop')
    const all = `SELECT ARRAY[constraints::text, indexes::text, columns::text, triggers::text, policies::text, rls::text, comment, "indexComment", sequence::text, rows::text] AS all FROM (${describeSql}) AS d`
    const there = (await recovered.query(all)).rows
    await recovered.end()
    expect(await shop.sql(all)).toEqual(there)
    expect(
      await shop.sql(`SELECT pg_get_userbyid(relowner) AS owner, relacl::text FROM pg_class WHERE relname = 'stock'`),
    ).toEqual([{ owner: 'shop_boss', relacl: expect.stringMatching(/^\{shop_boss=.*,shop_reader=r\/shop_boss\}$/) }])
    expect(await shop.sql('SELECT last_value::int AS last FROM loose')).toEqual([{ last: 9999 }])
    expect(await shop.sql('SELECT count(*)::int FROM low_stock')).toEqual([{ count: 120 }])
    expect((await refusal(shop.run([table]))).message).toBe('public.stock is there: its rows can be brought back into it.')
  }, 120_000)

  test('into a live cluster of another major, in text that both read alike', async () => {
    const ends = endMajors()
    const other = major === ends[0] ? ends.at(-1) : ends[0]
    // With one major alone there is no other.
    if (other === undefined || other === major) return
    const cluster = await sharedCluster(other)
    const database = `moved ${major}`
    for (const role of ['shop_reader', 'shop_gone', 'shop_owner']) {
      const known = await cluster.sql('SELECT FROM pg_roles WHERE rolname = $1', 'postgres', [role])
      if (known.length === 0) await cluster.sql(`CREATE ROLE ${role}`)
    }
    await cluster.sql(`CREATE DATABASE "${database}"`)
    await cluster.sql(shopSql, database)
    await cluster.sql(
      `DELETE FROM orders WHERE id > 500; UPDATE orders SET tags = NULL WHERE id = 1; DROP TABLE stock CASCADE`,
      database,
    )
    const live = await base.connect(cluster)
    const sides = { live, liveDatabase: database }
    const names = ['missing', 'missing', 'new'] as const
    const tables = ['orders', 'lines', 'odd "name"'].map((name, at) =>
      tableOf(name, names[at] ?? 'new', names[at] === 'new' ? { newName: 'odd_then' } : {}),
    )
    // A definition goes to a newer server; to an older one it may hold what that does not know.
    if (other > major) tables.push(tableOf('stock', 'dropped'))
    const preview = await shop.preview(tables, sides)
    expect(preview.blocked).toBe('')
    expect(preview.counts.find(({ name }) => name === 'orders')?.byKey).toMatchObject({ missing: 500, different: 1, same: 499 })
    expect(foundIn(preview, 'version')).toEqual(
      other > major ? [] : [expect.stringMatching(/^warning: The live cluster is of PostgreSQL/)],
    )
    const job = await shop.run(tables, sides)
    expect(job.error).toBeNull()
    expect(
      await cluster.sql('SELECT count(*)::int, sum(total)::text AS total, count(tags)::int AS tags FROM orders', database),
    ).toEqual([{ count: 1000, total: '625625.00', tags: 999 }])
  }, 120_000)
})
