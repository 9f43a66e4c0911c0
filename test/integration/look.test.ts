// A look at a cluster that waits at its target: asked read-only, compared with the live one, taken further, promoted, thrown away.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LookCompareEvent } from '../../shared/contracts/look'
import type { JobSnapshot } from '../../shared/jobs/job'
import { endMajors } from '../support/clusters'
import { type ArchivingCluster, startArchiving } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf } from './baseSetup'
import {
  type Mark,
  makeHistory,
  marksOn,
  pointRequest,
  prepareMarks,
  recoverTo,
  registerArchive,
  wish,
} from './recoveryPointSetup'
import { factsOf, printOf, stopServer } from './recoverySetup'
import { refusal, until } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

const majors = endMajors()

describe.each(majors)('PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let marks: Mark[]
  let job: JobSnapshot
  let place: { folder: string; port: number }

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `look${major}` })
    login = await base.connect(archiving.cluster)
    await prepareMarks(archiving.cluster)
    await archiving.cluster.sql('CREATE ROLE clerk; CREATE ROLE mover')
    await archiving.cluster.sql(
      `CREATE TABLE gone AS SELECT generate_series(1, 40) AS id;
       CREATE UNLOGGED TABLE loose AS SELECT 1 AS id;
       CREATE TABLE orders (id int PRIMARY KEY, note text DEFAULT 'none', qty int CHECK (qty > 0));
       CREATE INDEX orders_note ON orders (note);
       CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
       CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER stamped BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION stamp();
       CREATE VIEW cheap AS SELECT id FROM orders WHERE qty < 10;
       CREATE SCHEMA old CREATE TABLE kept (id int, other text);
       CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN amount AS int CHECK (VALUE > 0);
       CREATE TYPE pair AS (a int, b text); CREATE STATISTICS spread ON id, qty FROM orders; CREATE SEQUENCE tickets;
       CREATE POLICY own ON orders FOR SELECT TO clerk USING (qty > 1); CREATE RULE quiet AS ON DELETE TO orders DO INSTEAD NOTHING;
       GRANT SELECT ON orders TO clerk; GRANT UPDATE (note) ON orders TO clerk;
       CREATE FUNCTION heed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
       CREATE EVENT TRIGGER heeds ON ddl_command_end WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION heed()`,
      'shop',
    )
    folderOf(await base.run(base.request(login)))
    marks = await makeHistory(archiving)
    await archiving.cluster.sql(
      `DROP TABLE gone;
       DROP INDEX orders_note;
       DROP TRIGGER stamped ON orders;
       ALTER TABLE orders DROP CONSTRAINT orders_qty_check, ALTER note SET DEFAULT 'some', ADD COLUMN price numeric(10,2) NOT NULL DEFAULT 0;
       CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n + n';
       CREATE OR REPLACE VIEW cheap AS SELECT id FROM orders WHERE qty < 5;
       DROP SCHEMA old CASCADE;
       DROP EXTENSION citext; ALTER TYPE mood ADD VALUE 'worse'; ALTER DOMAIN amount SET DEFAULT 1; ALTER TYPE pair ADD ATTRIBUTE c int;
       DROP STATISTICS spread; DROP POLICY own ON orders; CREATE OR REPLACE RULE quiet AS ON DELETE TO orders DO ALSO NOTHING;
       REVOKE SELECT ON orders FROM clerk; REVOKE UPDATE (note) ON orders FROM clerk; ALTER EVENT TRIGGER heeds DISABLE;
       ALTER TABLE orders OWNER TO mover; ALTER SEQUENCE tickets OWNER TO mover;
       CREATE VIEW dear AS SELECT id FROM orders WHERE qty > 100`,
      'shop',
    )
    await archiving.cluster.sql('CREATE TABLE fresh AS SELECT 1 AS id', 'shop')
    marks.push(...(await makeHistory(archiving, 7)))
    archiveId = await registerArchive(base, archiving.archive, login)
    const request = await pointRequest({ archiveId, wish: wish({ kind: 'xid', value: marks[3]?.xid }) }, login)
    place = request.destination
    job = await recoverTo(base, request)
    expect(job.error).toBeNull()
  }, 240_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  test('stands paused where it was asked to, with the evidence, and is found among all', async () => {
    const { look } = base.core.api
    const standing = await look.status({ jobId: job.id })
    const kept = marks[3]
    expect(standing).toMatchObject({
      ...{ state: 'paused', port: place.port, name: 'recovered it', problem: '', archiveId, promoted: false, stopped: '' },
      ...{ host: os.hostname(), user: 'postgres', bound: '', busy: null },
      asAsked: { yes: true, says: 'The server’s log and the position it stopped at were compared with what was asked for.' },
      evidence: { lastCommit: { xid: kept?.xid, time: kept?.time }, timeline: 1 },
    })
    expect(standing.databases).toEqual(['postgres', 'shop'])
    expect(standing.evidence?.lines[0]).toMatch(new RegExp(`^recovery stopping after commit of transaction ${kept?.xid}, time `))
    expect(standing.evidence?.lines.at(-1)).toMatch(/^(?:pausing at the end of recovery|recovery has paused)/)
    expect(standing.evidence?.lsn).toBe(standing.replayed?.lsn)
    expect(Date.parse(standing.replayed?.lastTransaction ?? '')).toBe(Math.floor((kept?.time ?? 0) / 1000))
    expect(standing.took.all).toBeGreaterThan(0)
    expect(standing.took.copy).toBeGreaterThan(0)
    const { looks } = await look.list({})
    expect(looks.filter(({ dataDirectory }) => dataDirectory === place.folder)).toMatchObject([
      { jobId: job.id, state: 'paused', promoted: false, port: place.port, lastCommit: { xid: kept?.xid } },
    ])
    const holds = await look.holds({ jobId: job.id })
    expect(Number(holds.bytes)).toBeGreaterThan(10_000_000)
    expect(holds.places.map((one) => one.path)).toEqual([place.folder])
    expect((await refusal(look.status({ jobId: 'nobody' }))).code).toBe('not_found')
  })

  test('is asked read-only, and says in calm words what it does not do', async () => {
    const { look } = base.core.api
    const ask = (sql: string, limit = 10) => look.query({ jobId: job.id, database: 'shop', sql, limit })
    expect(await ask("SELECT id, NULL AS nothing, '' AS empty FROM marks ORDER BY id;")).toMatchObject({
      columns: [{ name: 'id' }, { name: 'nothing' }, { name: 'empty' }],
      rows: [
        ['1', null, ''],
        ['2', null, ''],
        ['3', null, ''],
        ['4', null, ''],
      ],
      more: false,
    })
    expect(await ask('SELECT id FROM gone ORDER BY id', 3)).toMatchObject({ rows: [['1'], ['2'], ['3']], more: true })
    const asksOnly = 'A look takes one query: SELECT, WITH, VALUES or TABLE. Nothing can be written here.'
    const refused: [sql: string, message: string | RegExp, hint: string | RegExp][] = [
      ['DELETE FROM marks', 'That is no query, and nothing was run.', asksOnly],
      ['SELECT 1; COMMIT; DELETE FROM marks', 'One query at a time.', 'Take out what stands behind the semicolon.'],
      ['WITH gone AS (DELETE FROM marks RETURNING id) SELECT * FROM gone', /^Nothing can be written here: /, asksOnly],
      [
        'SELECT id\nFROM marks\nWHERE nothing = 1',
        'The query failed: column "nothing" does not exist, in line 3.',
        'The server’s own words; nothing was changed.',
      ],
      ['SELECT id FRM marks m', 'The query has a syntax error at or near "marks".', asksOnly],
    ]
    for (const [sql, message, hint] of refused) {
      const said = await refusal(ask(sql))
      expect(said.message).toMatch(message)
      expect(said.hint).toMatch(hint)
    }
    for (const sql of [
      'SELECT pg_promote()',
      'SELECT pg_wal_replay_resume()',
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
    ]) {
      expect((await refusal(ask(sql))).message).toMatch(
        major < 14
          ? /^pg_\w+ does something to the server: here one only looks\.$/
          : /permission denied for function|must be a superuser to terminate|[Pp]ermission denied to terminate/,
      )
    }
    expect((await look.status({ jobId: job.id })).state).toBe('paused')
    expect((await ask('SELECT count(*) FROM marks')).rows).toEqual([['4']])
  })

  /** All that is said on the way, and the answer. */
  async function compare(live: string, database = 'shop') {
    const said: LookCompareEvent[] = []
    for await (const event of base.core.api.look.compare({ jobId: job.id, database, live })) said.push(event)
    const last = said.at(-1)
    if (last?.kind !== 'counted') throw new Error('the counting ended without an answer')
    return { said, counts: last.counts }
  }

  test('is compared with the live cluster, table by table, and never with itself', async () => {
    const { look } = base.core.api
    const { counts: compared } = await compare(login)
    expect(compared.sameCluster).toBe(true)
    expect(compared.live.id).toBe(login)
    const bytes = expect.stringMatching(/^\d+$/)
    const why = ''
    expect(compared.tables).toEqual([
      { schema: 'old', table: 'kept', recovered: 0, live: null, says: 'only recovered', bytes, why },
      { schema: 'public', table: 'fresh', recovered: null, live: 1, says: 'only live', bytes: null, why },
      { schema: 'public', table: 'gone', recovered: 40, live: null, says: 'only recovered', bytes, why },
      {
        ...{ schema: 'public', table: 'loose', recovered: null, live: 1, says: 'unknown', bytes },
        why: 'can’t be read while in recovery in the recovered one',
      },
      { schema: 'public', table: 'marks', recovered: 4, live: 12, says: 'more', bytes, why },
      { schema: 'public', table: 'orders', recovered: 0, live: 0, says: 'same', bytes, why },
    ])
    const { connections, suggested } = await look.lives({ jobId: job.id })
    expect(suggested).toBe(login)
    const itself = connections.find(({ is }) => is === 'itself')
    expect(connections.find(({ id }) => id === login)).toMatchObject({ is: 'source', says: 'the cluster of the backup' })
    expect(itself?.label).toMatch(/ to transaction \d+$/)
    expect((await refusal(compare(itself?.id ?? ''))).message).toBe(`${itself?.label} is the recovered cluster itself.`)
    expect((await refusal(compare(login, 'nowhere'))).message).toMatch(/nowhere/)
  }, 60_000)

  test('while a table is counted it is said which one of how many, and leaving ends it on both servers', async () => {
    const { cluster } = archiving
    const other = await cluster.client('shop')
    await other.query('BEGIN; LOCK TABLE marks')
    // It waits for the lock on the live side, 2 s at the most; to be measured, too, a table must not be locked.
    const { said, counts } = await compare(login)
    const counting = said.filter((event) => event.kind === 'counting')
    expect(counting.map((event) => event.live)).toContainEqual({ table: 'public.marks', done: 2, of: 4, bytes: null })
    expect(counts.tables.find(({ table }) => table === 'marks')).toMatchObject({
      ...{ recovered: 4, live: null, says: 'unknown', why: 'is locked in the live one' },
    })
    for await (const event of base.core.api.look.compare({ jobId: job.id, database: 'shop', live: login })) {
      if (event.kind === 'counting' && event.live?.table === 'public.marks') break
    }
    await other.query('ROLLBACK')
    await other.end()
    await until('the sessions to end', async () => {
      const rows = await cluster.sql(`SELECT FROM pg_stat_activity WHERE datname = 'shop' AND application_name = 'walkback'`)
      return rows.length === 0
    })
  }, 60_000)

  test('definitions are compared: what live has lost, what changed, what is new', async () => {
    const { differences, different, same } = await base.core.api.look.compareSchema({
      ...{ jobId: job.id, database: 'shop', live: login },
    })
    const shown = differences.map(({ says, kind, schema, table, name }) => `${says} ${kind} ${schema} ${table} ${name}`)
    expect(shown).toEqual([
      'missing extension   citext',
      'missing schema old  old',
      'missing table public  gone',
      'missing constraint public orders orders_qty_check',
      'missing index public orders orders_note',
      'missing statistics public orders spread',
      'missing trigger public orders stamped',
      'missing policy public orders own',
      'missing privileges public orders note',
      'changed event trigger   heeds',
      'changed type public  amount',
      'changed view public  cheap',
      'changed type public  mood',
      'changed column public orders note',
      'changed rule public orders quiet',
      'changed owner public  orders',
      'changed privileges public  orders',
      'changed type public  pair',
      'changed owner public  tickets',
      'changed function public  twice(n integer)',
      'added view public  dear',
      'added table public  fresh',
      'added column public orders price',
    ])
    expect(different).toBe(shown.length)
    expect(same).toBeGreaterThan(5)
    const find = (name: string, kind?: string) =>
      differences.find((one) => one.name === name && (kind === undefined || one.kind === kind))
    expect(find('note', 'privileges')).toMatchObject({ of: 'column', recovered: 'UPDATE TO clerk', live: null })
    expect(find('orders', 'owner')).toMatchObject({ of: 'table', recovered: 'postgres', live: 'mover' })
    expect(find('tickets')).toMatchObject({ of: 'sequence', recovered: 'postgres', live: 'mover' })
    expect(find('orders', 'privileges')?.recovered).toMatch(/^DELETE, INSERT, .*TRUNCATE, UPDATE TO its owner\nSELECT TO clerk$/)
    expect(find('orders', 'privileges')?.live).toMatch(/^DELETE, INSERT, .*TRUNCATE, UPDATE TO its owner$/)
    expect(find('own')?.recovered).toBe('PERMISSIVE FOR SELECT TO clerk USING ((qty > 1))')
    expect(find('mood')).toMatchObject({ recovered: "ENUM ('good', 'bad')", live: "ENUM ('good', 'bad', 'worse')" })
    expect(find('amount')?.live).toBe('DOMAIN OVER integer DEFAULT 1 CONSTRAINT amount_check CHECK ((VALUE > 0))')
    expect(find('pair')).toMatchObject({ recovered: 'ROW (a integer, b text)', live: 'ROW (a integer, b text, c integer)' })
    expect(find('citext')?.recovered).toMatch(/^VERSION [\d.]+ SCHEMA public$/)
    expect(find('heeds')?.live).toBe('ON ddl_command_end WHEN TAG IN (CREATE CAST) EXECUTE FUNCTION public.heed() -- disabled')
    expect(find('note', 'column')).toMatchObject({ recovered: "text DEFAULT 'none'::text", live: "text DEFAULT 'some'::text" })
    expect(find('orders_note')).toMatchObject({
      ...{ recovered: 'CREATE INDEX orders_note ON public.orders USING btree (note)', live: null },
    })
    expect(find('price')).toMatchObject({ recovered: null, live: 'numeric(10,2) NOT NULL DEFAULT 0' })
    expect(find('twice(n integer)')?.recovered).toContain('SELECT n * 2')
  }, 60_000)

  test('goes on to a later moment and never back, and is thrown away by its name', async () => {
    const { look, connections } = base.core.api
    const untouched = printOf(archiving.archive)
    const backward = wish({ kind: 'xid', value: marks[1]?.xid })
    const early = await refusal(look.resume({ jobId: job.id, wish: backward }))
    expect(early.code).toBe('preflight')
    const forward = /^That moment is at [0-9A-F/]+, and [0-9A-F/]+ was replayed already: WAL only runs forward\.$/
    expect(early.message).toMatch(forward)
    expect((await look.move({ jobId: job.id, way: 'later', wish: backward })).refused?.message).toMatch(forward)
    const held = await refusal(look.resume({ jobId: job.id, wish: wish({ kind: 'time', value: marks[3]?.time }) }))
    expect(held.message).toMatch(/^It holds everything up to .* UTC already\.$/)
    expect((await look.status({ jobId: job.id })).state).toBe('paused')

    const next = wish({ kind: 'time', value: marks[9]?.time })
    const move = await look.move({ jobId: job.id, way: 'later', wish: next })
    expect(move).toMatchObject({ refused: null, how: 'replay', estimate: { copySeconds: 0 } })
    expect(move.says[0]).toMatch(
      /^Nothing is copied: the server is stopped, gets the later target, and replays .* of WAL from where it stands\.$/,
    )
    const later = await base.core.ended(await look.resume({ jobId: job.id, wish: next }))
    expect(later.error).toBeNull()
    expect(factsOf(later).get('State')).toBe('paused')
    expect(await marksOn(archiving.cluster, place.port)).toEqual({ ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], recovering: true })
    const auto = fs.readFileSync(path.join(place.folder, 'postgresql.auto.conf'), 'utf8')
    expect(auto.match(/^recovery_target(?:_time|_lsn|_xid|_name)? = /gm)).toEqual(['recovery_target_time = '])
    // One connection leads to it: the former one named a moment that it is not at any more.
    const saved = (await connections.list({})).connections.filter(({ settings }) => settings.port === place.port)
    expect(saved.map(({ label }) => label)).toEqual([expect.stringContaining(' to the time ')])

    // The first job's cluster is the later one's now.
    const former = await refusal(look.promote({ jobId: job.id }))
    expect(former.code).toBe('not_found')
    expect(former.message).toContain(`Another recovery has ${place.folder} since, to the time `)
    const systemIdentifier = (await look.status({ jobId: later.id })).systemIdentifier ?? ''
    const away = (confirm: string, shown = systemIdentifier) =>
      look.throwAway({ jobId: later.id, confirm, systemIdentifier: shown })
    expect((await refusal(away('it'))).message).toBe(
      `Type recovered it to throw away the cluster in ${place.folder}, port ${place.port}.`,
    )
    expect((await refusal(away('recovered it', '1'))).message).toBe(
      `The system identifier shown was 1, and it is ${systemIdentifier}.`,
    )
    // Somebody's folder of that name is neither taken for the cluster's own nor removed in its stead.
    const strange = `${place.folder}.partial`
    fs.mkdirSync(strange)
    fs.writeFileSync(path.join(strange, 'mine'), 'x')
    expect((await refusal(away('recovered it'))).message).toBe(`${strange} is there: it would be mixed up with what is removed.`)
    expect(fs.readdirSync(strange)).toEqual(['mine'])
    fs.rmSync(strange, { recursive: true })
    expect((await look.status({ jobId: later.id })).state).toBe('paused')
    const gone = await base.core.ended(await away('recovered it'))
    expect(gone.error).toBeNull()
    expect(gone.result?.headline).toMatch(/^recovered it, recovered from pg\d+ \d+, is gone: [\d.]+ MB were removed\.$/)
    expect(factsOf(gone).get('Removed')).toMatch(/, [\d.]+ MB$/)
    expect(factsOf(gone).get('Connection, removed')).toContain(' to the time ')
    expect(fs.readdirSync(path.dirname(place.folder))).toEqual([])
    expect((await connections.list({})).connections.some(({ settings }) => settings.port === place.port)).toBe(false)
    expect((await refusal(look.status({ jobId: later.id }))).message).toBe('That cluster is not there any more.')
    expect((await refusal(base.core.api.jobs.runAgain({ jobId: gone.id }))).message).toBe("This can't be run again from here.")
    expect(printOf(archiving.archive)).toBe(untouched)
  }, 240_000)

  test('is promoted once, as a job with evidence, and never thrown away after that', async () => {
    const { look } = base.core.api
    const request = await pointRequest({ archiveId, wish: wish({ kind: 'xid', value: marks[3]?.xid }) }, login)
    const own = await recoverTo(base, request)
    const { folder, port } = request.destination
    expect(own.error).toBeNull()
    const promoted = await base.core.ended(await look.promote({ jobId: own.id }))
    expect(promoted.error).toBeNull()
    expect(promoted.result?.headline).toMatch(
      / was promoted to timeline 2: a cluster of its own on port \d+, as it was at transaction \d+\.$/,
    )
    expect(factsOf(promoted).get('Timeline')).toBe('2')
    expect(factsOf(promoted).get('Its log')).toContain('selected new timeline ID: 2')
    expect(await look.status({ jobId: own.id })).toMatchObject({ state: 'promoted', promoted: true, problem: '' })
    expect((await refusal(look.promote({ jobId: own.id }))).message).toBe(`The cluster in ${folder} was promoted already.`)
    const { systemIdentifier } = await look.status({ jobId: own.id })
    expect(
      (await refusal(look.throwAway({ jobId: own.id, confirm: 'recovered it', systemIdentifier: systemIdentifier ?? '' })))
        .message,
    ).toMatch(new RegExp(`^The cluster in ${folder} is on its own now \\(.*\\): somebody may work in it\\.$`))
    expect(await marksOn(archiving.cluster, port)).toEqual({ ids: [1, 2, 3, 4], recovering: false })
    // Its server ended: it is started as what it is.
    stopServer(archiving.cluster, folder)
    expect(await look.status({ jobId: own.id })).toMatchObject({
      ...{ state: 'stopped', promoted: true },
      stopped: 'It was promoted, and its server is shut down. Started again, it goes on as a cluster of its own.',
    })
    const again = await base.core.ended(await look.start({ jobId: own.id }))
    expect(again.error).toBeNull()
    expect(factsOf(again).get('Asked')).toBe('as postgres: it is out of recovery')
    expect(await marksOn(archiving.cluster, port)).toEqual({ ids: [1, 2, 3, 4], recovering: false })
  }, 120_000)
})
