// Round trips on every major and in every format: dump, drop, restore, the same rows; hostile names byte for byte.
import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quoteIdentifier } from '../../shared/model/identifier'
import { fillHostile, hostile, makeRoles, markerFile } from '../fixtures/restore/hostileDatabase'
import { endMajors, sharedCluster, type TestCluster } from '../support/clusters'
import {
  dropDatabase,
  dump,
  errorsOf,
  exists,
  formats,
  hashes,
  makeDatabase,
  newDatabase,
  type RestoreLab,
  restoreLab,
} from './restoreSetup'

let lab: RestoreLab

beforeAll(async () => {
  fs.rmSync(markerFile, { force: true })
  lab = await restoreLab()
})

afterAll(() => {
  // Whatever the names said, nothing ran them.
  expect(fs.existsSync(markerFile)).toBe(false)
})

const names = [hostile.database, hostile.database2, hostile.database3, `${hostile.database}2`]

async function makeHostile(cluster: TestCluster, database: string) {
  const admin = await cluster.client()
  await makeRoles(admin)
  await admin.end()
  await makeDatabase(cluster, database)
  const client = await cluster.client(database)
  await fillHostile(client)
  await client.end()
}

/** Everything with a name, byte for byte. */
async function catalog(cluster: TestCluster, database: string) {
  return cluster.sql(
    `SELECT n.nspname::text, c.relname::text, c.relkind::text, pg_get_userbyid(c.relowner)::text AS owner, c.relacl::text AS acl,
            (SELECT array_agg(a.attname::text ORDER BY attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0) AS columns,
            obj_description(c.oid) AS comment
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2`,
    database,
  )
}

describe.each(endMajors())('PostgreSQL %i', (major) => {
  test.each(Object.keys(formats) as (keyof typeof formats)[])('%s: hostile names and the same rows', async (format) => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    const database = names[Object.keys(formats).indexOf(format)] ?? ''
    await makeHostile(cluster, database)
    const before = { rows: await hashes(cluster, database), catalog: await catalog(cluster, database) }
    const file = dump(
      cluster,
      database,
      format,
      path.join(lab.folder, `-x "$(touch ${path.basename(markerFile)}) ${major} ${format}`),
    )
    await dropDatabase(cluster, database)

    const facts = await lab.core.api.restore.inspect({ path: file })
    expect(facts).toMatchObject({ format, archive: file, record: null, encoding: 'UTF8' })
    expect(facts.owners).toContain(hostile.role)
    if (format !== 'plain') expect(facts.database).toBe(database)

    const prepared = await lab.core.api.restore.prepare({ connectionId: id, source: { path: file } })
    expect(prepared.toolProblem).toBeNull()
    expect(Math.floor((prepared.tool?.version ?? 0) / 10000)).toBe(major)
    if (format !== 'plain')
      expect(prepared.suggestedTarget).toMatchObject({ kind: 'new', database, owner: 'postgres', encoding: 'UTF8' })

    const target = format === 'plain' ? newDatabase(database, { owner: hostile.role }) : prepared.suggestedTarget
    const request = lab.request(id, file, target, { options: prepared.defaults, analyze: true })
    expect(await lab.blockers(request)).toEqual([])
    const job = await lab.run(request)
    expect(job.error).toBeNull()
    expect(job.issues).toEqual([])
    expect(job.state).toBe('succeeded')
    expect(job.steps.map((step) => [step.id, step.state])).toEqual(
      ['checks', 'create', ...(format === 'plain' ? ['script'] : ['before', 'data', 'after']), 'analyze', 'result'].map(
        (step) => [step, 'done'],
      ),
    )
    expect(job.result?.headline).toBe(
      format === 'plain' ? 'The script ran to its end; nothing failed.' : `All 21 entries are in ${database}.`,
    )
    expect(job.result?.facts.find((fact) => fact.label === 'Rows')?.value).toBe('2,504')
    expect(await hashes(cluster, database)).toEqual(before.rows)
    expect(await catalog(cluster, database)).toEqual(before.catalog)
    const [analyzed] = await cluster.sql(
      `SELECT count(*)::int AS n FROM pg_statistic WHERE starelid = 'public.orders'::regclass`,
      database,
    )
    expect(analyzed?.n).toBe(3)
    await dropDatabase(cluster, database)
  })

  test('a library record: its settings, checksums and globals; locale and owner as in the source', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await cluster.sql(`DROP DATABASE IF EXISTS shop WITH (FORCE)`)
    await cluster.sql(`CREATE DATABASE shop TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`)
    await cluster.sql('CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 1000) i', 'shop')
    const library = path.join(lab.folder, `library${major}`)
    const started = await lab.core.api.dump.start({
      connectionId: id,
      database: 'shop',
      format: 'directory',
      options: {},
      globals: true,
      library,
      label: '',
    })
    const dumped = await lab.core.ended(started)
    expect(dumped.state).toBe('succeeded')
    const record = dumped.result?.backupPath ?? ''
    const before = await hashes(cluster, 'shop')
    const facts = await lab.core.api.restore.inspect({ path: record })
    expect(facts).toMatchObject({ format: 'directory', recordPath: record, database: 'shop' })
    expect(facts.globalsPath).toMatch(/globals\.sql$/)

    // Not dropped: so the suggested name is another.
    const prepared = await lab.core.api.restore.prepare({ connectionId: id, source: { path: record } })
    expect(prepared.suggestedDatabase).toMatch(/^shop_\d{8}_\d{4}$/)
    expect(prepared.suggestedTarget).toMatchObject({ collate: 'C', ctype: 'C.UTF-8', localeProvider: 'libc', owner: 'postgres' })
    const preview = await lab.core.api.restore.preview(lab.request(id, record, prepared.suggestedTarget, { analyze: true }))
    expect(preview.blocked).toBe('')
    expect(preview.commands.map((command) => command.program)).toEqual(['SQL', 'pg_restore', 'vacuumdb'])
    expect(preview.preflight.find((row) => row.id === 'archive')).toMatchObject({
      result: 'pass',
      found: expect.stringMatching(/^All \d+ files match the SHA-256 in the record\.$/),
    })
    const job = await lab.run(lab.request(id, record, prepared.suggestedTarget))
    expect(job.state).toBe('succeeded')
    expect(await hashes(cluster, prepared.suggestedDatabase)).toEqual(before)
    const [locale] = await cluster.sql('SELECT datcollate, datctype FROM pg_database WHERE datname = $1', 'postgres', [
      prepared.suggestedDatabase,
    ])
    expect(locale).toEqual({ datcollate: 'C', datctype: 'C.UTF-8' })
    await dropDatabase(cluster, prepared.suggestedDatabase)

    // One byte changed in a data file: size and list are as before, only the checksum tells.
    const data = fs.readdirSync(facts.archive).find((name) => name !== 'toc.dat') ?? ''
    const damaged = path.join(facts.archive, data)
    const bytes = fs.readFileSync(damaged)
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1
    fs.writeFileSync(damaged, bytes)
    const blocked = await lab.blockers(lab.request(id, record, newDatabase('damaged')))
    expect(blocked.map((row) => [row.id, row.found])).toEqual([
      [
        'archive',
        `${path.relative(record, damaged)} does not have the SHA-256 of its record: its content was changed or damaged.`,
      ],
    ])
    await expect(lab.run(lab.request(id, record, newDatabase('damaged')))).rejects.toMatchObject({ code: 'preflight' })
    fs.writeFileSync(damaged, bytes.subarray(0, bytes.length - 1))
    const cut = await lab.blockers(lab.request(id, record, newDatabase('damaged')))
    expect(cut[0]?.found).toMatch(/has \d+ bytes, its record says \d+: it is cut off\.$/)
    expect(await exists(cluster, 'damaged')).toBe(false)
    await dropDatabase(cluster, 'shop')
  })

  test('into an existing database: refused while it holds something, restored when empty, cleaned when asked', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await makeDatabase(cluster, 'src', ['CREATE TABLE a AS SELECT 1 AS x', 'CREATE VIEW v AS SELECT x FROM a'])
    const file = dump(cluster, 'src', 'custom', path.join(lab.folder, `existing${major}`))
    await makeDatabase(cluster, 'full', ['CREATE TABLE a AS SELECT 2 AS x', 'CREATE TABLE keep AS SELECT 3 AS y'])
    const request = lab.request(id, file, { kind: 'existing', database: 'full' })
    const blocked = await lab.blockers(request)
    expect(blocked).toEqual([
      {
        id: 'database',
        result: 'blocker',
        check: 'Database is not empty',
        found: 'full holds 2 tables (public.a, public.keep).',
        fixes: [
          { label: 'Restore into a new database', action: { kind: 'go-to-step', step: 'destination' } },
          { label: 'Drop objects first', action: { kind: 'set-option', key: 'clean', value: true } },
          { label: 'Restore with errors', action: { kind: 'set-option', key: 'continueOnError', value: true } },
        ],
      },
    ])
    await expect(lab.run(request)).rejects.toThrow('The restore was not started. 1 blocker: Database is not empty.')
    expect((await cluster.sql('SELECT x FROM a', 'full'))[0]?.x).toBe(2)

    const clean = { ...request, options: { clean: true, ifExists: true } }
    const unconfirmed = await lab.blockers(clean)
    expect(unconfirmed.map(({ check, found }) => [check, found])).toEqual([
      ['Dropping objects in full is not confirmed', 'Type the database’s name, full, to go on.'],
    ])
    const { danger } = await lab.core.api.restore.preview(clean)
    expect(danger).toMatchObject({ what: 'clean', database: 'full', host: '127.0.0.1', port: cluster.port, sessions: [] })
    const elsewhere = { name: 'full', systemIdentifier: '1' }
    await expect(lab.run({ ...clean, confirm: elsewhere })).rejects.toThrow(
      '1 blocker: Dropping objects in full is not confirmed.',
    )
    expect((await cluster.sql('SELECT x FROM a', 'full'))[0]?.x).toBe(2)
    const cleaned = await lab.run({ ...clean, confirm: { name: 'full', systemIdentifier: danger?.systemIdentifier ?? null } })
    // What was typed counts once: the stored request asks again.
    expect(cleaned.input).not.toHaveProperty('confirm')
    expect(cleaned.error).toBeNull()
    expect(cleaned.state).toBe('succeeded')
    expect(await cluster.sql('SELECT x, (SELECT y FROM keep) AS y FROM v', 'full')).toEqual([{ x: 1, y: 3 }])

    await makeDatabase(cluster, 'empty')
    const job = await lab.run(lab.request(id, file, { kind: 'existing', database: 'empty' }))
    expect(job.state).toBe('succeeded')
    expect(await hashes(cluster, 'empty')).toEqual(await hashes(cluster, 'src'))

    const missing = await lab.blockers(lab.request(id, file, { kind: 'existing', database: 'nowhere' }))
    expect(missing.map((row) => row.found)).toEqual(['nowhere does not exist on this server.'])
    const taken = await lab.blockers(lab.request(id, file, newDatabase('full')))
    expect(taken.map((row) => row.found)).toEqual(['full exists already on this server.'])
    for (const name of ['src', 'full', 'empty']) await dropDatabase(cluster, name)
  })

  test('scripts: gzip, an error stops it at its line, going on counts it, one transaction keeps nothing', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    const script = [
      'CREATE TABLE a (x int);',
      'INSERT INTO a VALUES (1);',
      '',
      'INSERT INTO nowhere',
      '  VALUES (2);',
      'INSERT INTO a VALUES (3);',
      '',
    ]
    const file = path.join(lab.folder, `bad${major}.sql`)
    fs.writeFileSync(file, script.join('\n'))
    const stopped = await lab.run(lab.request(id, file, newDatabase('s1')))
    expect(stopped.state).toBe('failed')
    expect(stopped.error?.message).toBe(
      'psql stopped before the end of the script (exit status 3): line 5: ERROR:  relation "nowhere" does not exist',
    )
    expect(stopped.issues).toMatchObject([{ object: 'nowhere', statement: 'INSERT INTO nowhere\n  VALUES (2);' }])
    expect(stopped.leftovers).toEqual(['The database s1, created by this job, is incomplete.'])
    expect(await cluster.sql('SELECT x FROM a', 's1')).toEqual([{ x: 1 }])

    const went = await lab.run(lab.request(id, file, newDatabase('s2'), { continueOnError: true }))
    expect(went).toMatchObject({ state: 'succeeded_with_warnings', errorCount: 1, error: null, leftovers: [] })
    expect(went.result?.headline).toBe('Completed with 1 error: these statements did nothing.')
    expect(went.issues[0]?.message).toMatch(/^line 5: ERROR: {2}relation "nowhere" does not exist/)
    expect(await cluster.sql('SELECT x FROM a ORDER BY x', 's2')).toEqual([{ x: 1 }, { x: 3 }])

    await makeDatabase(cluster, 's3')
    const whole = await lab.run(lab.request(id, file, { kind: 'existing', database: 's3' }, { singleTransaction: true }))
    expect(whole.state).toBe('failed')
    expect(whole.error?.hint).toBe(
      'Everything ran in one transaction, so nothing of it was kept. Put the error right and start again.',
    )
    expect(await cluster.sql(`SELECT to_regclass('public.a') AS a`, 's3')).toEqual([{ a: null }])
    const both = await lab.blockers(
      lab.request(id, file, { kind: 'existing', database: 's3' }, { singleTransaction: true, continueOnError: true }),
    )
    expect(both.map((row) => row.id)).toEqual(['option:singleTransaction:0'])

    const good = path.join(lab.folder, `good${major} sql`)
    fs.writeFileSync(good, gzipSync(script.filter((_line, at) => at !== 3 && at !== 4).join('\n')))
    expect(await lab.core.api.restore.inspect({ path: good })).toMatchObject({ format: 'plain' })
    const unpacked = await lab.run(lab.request(id, good, newDatabase('s4')))
    expect(unpacked.state).toBe('succeeded')
    expect(await cluster.sql('SELECT x FROM a ORDER BY x', 's4')).toEqual([{ x: 1 }, { x: 3 }])
    for (const name of ['s1', 's2', 's3', 's4']) await dropDatabase(cluster, name)
    expect(errorsOf(went)).toHaveLength(1)
  })

  test('a script that connects elsewhere: not into a new database; its own databases are named', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    const odd = `o'd"d db`
    await makeDatabase(cluster, odd, ['CREATE TABLE a AS SELECT 7 AS x'])
    const file = dump(cluster, odd, 'plain', path.join(lab.folder, `create${major}.sql`), ['--create'])
    await dropDatabase(cluster, odd)
    expect(await lab.core.api.restore.inspect({ path: file })).toMatchObject({ connects: true, database: odd })
    const blocked = await lab.blockers(lab.request(id, file, newDatabase('fresh')))
    expect(blocked.map((row) => row.id)).toEqual(['connects'])
    expect(blocked[0]?.found).toContain(odd)
    const prepared = await lab.core.api.restore.prepare({ connectionId: id, source: { path: file } })
    expect(prepared.suggestedTarget).toEqual({ kind: 'existing', database: 'postgres' })
    const job = await lab.run(lab.request(id, file, prepared.suggestedTarget))
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(await cluster.sql('SELECT x FROM a', odd)).toEqual([{ x: 7 }])
    await dropDatabase(cluster, odd)
    expect(quoteIdentifier(odd)).toBe(`"o'd""d db"`)
  })
})
