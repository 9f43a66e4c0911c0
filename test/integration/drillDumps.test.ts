// Drills of dumps: each format, a whole cluster's script and a set, restored into an empty cluster that is thrown away again.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DrillRequest, DrillResult } from '../../shared/contracts/drill'
import type { JobSnapshot } from '../../shared/jobs/job'
import { backupRecord } from '../../shared/model/backupRecord'
import { newestOrAll, sharedCluster, type TestCluster } from '../support/clusters'
import { processesIn, tempFolder } from '../support/tempFolder'
import { type BaseCore, baseCore } from './baseSetup'
import { tablespaceFolder } from './clusterSetup'
import { refusal, until } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

const formats = ['custom', 'directory', 'tar', 'plain'] as const

describe.each(newestOrAll())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let login: string
  let place: string
  const dumps = new Map<string, string>()

  beforeAll(async () => {
    cluster = await sharedCluster(major)
    login = await base.connect(cluster)
    place = tempFolder('scratch')
    const fast = tablespaceFolder(cluster, 'fast "disk"')
    for (const statement of [
      'CREATE ROLE app LOGIN',
      'CREATE ROLE "read ers"',
      'GRANT "read ers" TO app',
      `CREATE TABLESPACE "fast disk" OWNER app LOCATION '${fast}'`,
      `CREATE DATABASE shop OWNER app TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
      `CREATE DATABASE "other; db"`,
      `ALTER ROLE app IN DATABASE shop SET work_mem = '13MB'`,
      'GRANT CONNECT ON DATABASE shop TO "read ers"',
    ]) {
      await cluster.sql(statement)
    }
    await cluster.sql(
      `CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 3000) i;
       CREATE TABLE quick TABLESPACE "fast disk" AS SELECT i AS id FROM generate_series(1, 40) i;
       ALTER TABLE orders OWNER TO app; GRANT SELECT ON orders TO "read ers"; CREATE TABLE empty (x int)`,
      'shop',
    )
    await cluster.sql('CREATE TABLE t AS SELECT 1 AS x', 'other; db')
    const common = { connectionId: login, library: base.library, label: '' }
    const runs: [string, Promise<{ jobId: string }>][] = [
      ...formats.map((format): [string, Promise<{ jobId: string }>] => [
        format,
        base.core.api.dump.start({ ...common, database: 'shop', format, options: {}, globals: format === 'custom' }),
      ]),
      ['cluster', base.core.api.clusterDump.start({ ...common, what: 'cluster', options: {} })],
      [
        'set',
        base.core.api.clusterDump.start({
          ...common,
          ...{ what: 'set', databases: ['shop', 'other; db', 'postgres'], atOnce: 2, rolePasswords: true, options: {} },
        }),
      ],
    ]
    for (const [name, started] of runs) dumps.set(name, backupOf(await base.core.ended(await started)))
  }, 240_000)

  const backupOf = (job: JobSnapshot) => {
    expect(job.error).toBeNull()
    return job.result?.backupPath ?? ''
  }
  const request = (backup: string, more: Partial<DrillRequest> = {}): DrillRequest => ({
    ...{ backup, place, point: null, user: 'postgres' },
    ...more,
  })
  const run = async (backup: string, more: Partial<DrillRequest> = {}) =>
    base.core.ended(await base.core.api.drill.start(request(backup, more)))
  const drills = (folder: string) =>
    backupRecord
      .parse(JSON.parse(fs.readFileSync(path.join(folder, 'walkback.json'), 'utf8')))
      .verifications.filter(({ level }) => level === 'drill')
  const resultOf = async (job: JobSnapshot): Promise<DrillResult> => {
    const found = (await base.core.api.drill.list({})).drills.find(({ jobId }) => jobId === job.id)
    if (!found) throw new Error(`no result: ${JSON.stringify(job.error)}`)
    return found
  }
  const nothingLeft = () => {
    expect(fs.readdirSync(place)).toEqual([])
    expect(processesIn(place)).toEqual([])
  }
  const shop = { name: 'shop', tables: 3, rows: 3040 }

  test.each(formats)(
    'a %s dump: its rows are the dump’s own, and nothing is left',
    async (format) => {
      const backup = dumps.get(format) ?? ''
      const job = await run(backup)
      expect(job.error).toBeNull()
      expect(job.state).toBe('succeeded')
      const result = await resultOf(job)
      expect(result).toMatchObject({
        ok: true,
        problem: '',
        how: 'restored',
        target: expect.stringMatching(`^into an empty cluster of PostgreSQL ${major}`),
      })
      expect(result.databases).toContainEqual(expect.objectContaining(shop))
      expect(result.proved.join('\n')).toMatch(/3 tables have exactly the rows that the backup holds of them: 3,040 rows\./)
      const globals = result.notProved.join('\n')
      if (format === 'custom') {
        expect(result.proved.join('\n')).toContain('after 3 roles and tablespaces from the saved globals')
        expect(globals).not.toContain('Roles: ')
      } else {
        expect(globals).toContain('Roles: app, read ers were made in scratch by name alone, without login')
        expect(globals).toContain('Tablespaces: fast disk, made in scratch by name alone')
      }
      expect(drills(backup)).toEqual([
        {
          ...{ at: result.at, level: 'drill', ok: true },
          detail: expect.stringMatching(
            /^Restored to scratch into an empty cluster of PostgreSQL [\d.]+ in [\d.]+ s; 3,040 rows in 3 tables read, 3 databases dumped to nowhere\.$/,
          ),
        },
      ])
      expect(result.phases.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          ...['Make a scratch cluster', 'Compare rows with the backup', 'Check structure', 'Dump to nowhere'],
          format === 'plain' ? 'Restore the script' : 'Restore data',
        ]),
      )
      nothingLeft()
    },
    120_000,
  )

  test('a cluster’s script: its tablespaces are not made where they are, and each database has its rows', async () => {
    const backup = dumps.get('cluster') ?? ''
    const job = await run(backup)
    expect(job.error).toBeNull()
    const result = await resultOf(job)
    expect(result.databases).toEqual(
      expect.arrayContaining([expect.objectContaining(shop), expect.objectContaining({ name: 'other; db', rows: 1 })]),
    )
    expect(result.proved.join('\n')).toContain('4 tables have exactly the rows that the backup holds of them: 3,041 rows.')
    const versions = fs.readdirSync(tablespaceOf(cluster))
    expect(versions).toHaveLength(1)
    nothingLeft()
  }, 120_000)

  const tablespaceOf = (one: TestCluster) => path.join(one.folder, 'fast "disk"')

  test('a set: every database of it, with its roles', async () => {
    const backup = dumps.get('set') ?? ''
    const job = await run(backup, { amcheck: major >= 14 ? { heapallindexed: true, jobs: 1 } : {} })
    expect(job.error).toBeNull()
    const result = await resultOf(job)
    expect(result.databases).toEqual(
      expect.arrayContaining([expect.objectContaining(shop), expect.objectContaining({ name: 'other; db', rows: 1 })]),
    )
    expect(result.proved.join('\n')).toContain('Restored into an empty cluster')
    expect(result.proved.join('\n')).toContain('4 tables have exactly the rows that the backup holds of them: 3,041 rows.')
    expect(result.phases.map(({ name }) => name)).toEqual(expect.arrayContaining(['Database shop', 'Database other; db']))
    if (major >= 14)
      expect(job.commands.find(({ program }) => program === 'pg_amcheck')?.words).toEqual(
        expect.arrayContaining(['--heapallindexed', '--jobs=1', '--all']),
      )
    nothingLeft()
  }, 120_000)

  /** The text of a plain dump changed, and its checksum in the record with it. */
  function changed(backup: string, change: (text: string) => string): string {
    const folder = path.join(tempFolder('changed'), 'backup')
    fs.cpSync(backup, folder, { recursive: true })
    const at = path.join(folder, 'walkback.json')
    const record = backupRecord.parse(JSON.parse(fs.readFileSync(at, 'utf8')))
    const file = path.join(folder, record.artifact)
    fs.writeFileSync(file, change(fs.readFileSync(file, 'latin1')), 'latin1')
    const entry = record.files.find((one) => one.path === record.artifact)
    if (!entry) throw new Error('the script is not in the record')
    const content = fs.readFileSync(file)
    Object.assign(entry, { size: String(content.length), sha256: createHash('sha256').update(content).digest('hex') })
    fs.writeFileSync(at, JSON.stringify(record))
    return folder
  }

  test('an extension that is missing and rows that do not go in make a failed drill, which says which', async () => {
    const folder = changed(dumps.get('plain') ?? '', (text) =>
      text
        .replace('CREATE TABLE public.orders', 'CREATE EXTENSION nowhere;\n\nCREATE TABLE public.orders')
        .replace(/\n1\t[0-9a-f]{32}\n/, '\n1\tone\n1\tagain\n'),
    )
    const job = await run(folder)
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(/^\d errors while restoring\. The extension nowhere is not installed here\. The first: /)
    const result = await resultOf(job)
    expect(result).toMatchObject({ ok: false, problem: job.error?.message })
    expect(result.errors?.first.map(({ message }) => message).join('\n')).toMatch(
      /could not create unique index|extension "nowhere"/,
    )
    // The rest was looked at all the same.
    expect(result.databases).toContainEqual(expect.objectContaining({ name: 'shop' }))
    expect(drills(folder).at(-1)).toEqual({ at: result.at, level: 'drill', ok: false, detail: job.error?.message })
    const { html } = await base.core.api.drill.report({ jobId: job.id })
    expect(html).toContain('Failed: ')
    expect(html).toContain('What could not be restored')
    nothingLeft()
  }, 120_000)

  test('rows that the dump has and the database has not are told', async () => {
    // A trigger that drops every second row: the restore itself ends well.
    const folder = changed(dumps.get('plain') ?? '', (text) =>
      text.replace(
        'COPY public.quick',
        `CREATE FUNCTION public.half() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN CASE WHEN NEW.id % 2 = 0 THEN NEW END; END';
         CREATE TRIGGER half BEFORE INSERT ON public.quick FOR EACH ROW EXECUTE FUNCTION public.half();\n\nCOPY public.quick`,
      ),
    )
    const job = await run(folder)
    expect(job.error?.message).toBe(
      '1 error while restoring: TABLE DATA public.quick: The script holds 40 rows of it. The table has 20 rows.',
    )
    nothingLeft()
  }, 120_000)

  test('a damaged archive is a failed drill, with the file named', async () => {
    const folder = path.join(tempFolder('damaged'), 'backup')
    fs.cpSync(dumps.get('custom') ?? '', folder, { recursive: true })
    const record = backupRecord.parse(JSON.parse(fs.readFileSync(path.join(folder, 'walkback.json'), 'utf8')))
    const file = path.join(folder, record.artifact)
    const content = fs.readFileSync(file)
    content[content.length - 100] = (content[content.length - 100] ?? 0) ^ 0xff
    fs.writeFileSync(file, content)
    const job = await run(folder)
    expect(job.state).toBe('failed')
    expect(drills(folder).at(-1)).toMatchObject({ ok: false, detail: expect.stringContaining(path.basename(file)) })
    nothingLeft()
  }, 120_000)

  test('a cancel leaves no server, no folder and no result', async () => {
    const backup = dumps.get('directory') ?? ''
    const before = drills(backup).length
    const { jobId } = await base.core.api.drill.start(request(backup))
    await until('a running server', () =>
      fs.readdirSync(place).some((name) => fs.existsSync(path.join(place, name, 'data/postmaster.pid'))),
    )
    await base.core.api.jobs.cancel({ jobId })
    const job = await base.core.ended({ jobId })
    expect(job.state).toBe('cancelled')
    expect(job.leftovers).toEqual([])
    expect(drills(backup).length).toBe(before)
    nothingLeft()
  }, 120_000)

  test('is refused with its reason, before anything is made', async () => {
    const backup = dumps.get('custom') ?? ''
    const ask = async (more: Partial<DrillRequest>) => (await refusal(base.core.api.drill.start(request(backup, more)))).message
    const wish = { kind: 'end', timeline: 1, inclusive: true, action: 'promote' } as const
    expect(await ask({ point: { archiveId: 'none', wish } })).toBe('A dump brings back one moment alone: that at which it began.')
    expect(await ask({ amcheck: { all: true } })).toBe(
      major < 14
        ? 'The options of pg_amcheck do not fit: PostgreSQL 13 has no pg_amcheck: the extension amcheck looks at every btree index, where it is installed, and tables are read by counting and dumping.'
        : 'The options of pg_amcheck do not fit: --all is set by the drill itself.',
    )
    if (major >= 14 && major < 17) {
      expect(await ask({ amcheck: { checkunique: true } })).toMatch(/has no --checkunique; it came with pg_amcheck 17\.$/)
    }
    const settings = await base.core.api.host.settings({})
    const future = path.join(tempFolder('future'), 'backup')
    fs.cpSync(backup, future, { recursive: true })
    const at = path.join(future, 'walkback.json')
    const record = backupRecord.parse(JSON.parse(fs.readFileSync(at, 'utf8')))
    record.source.serverVersion = 990_001
    fs.writeFileSync(at, JSON.stringify(record))
    expect((await refusal(base.core.api.drill.start(request(future)))).message).toBe(
      'No server of PostgreSQL 99 or newer is on this machine: the dump has nowhere to go.',
    )
    expect((await base.core.api.drill.prepare({ backup: future })).problem).toContain('apt install postgresql-99')
    expect(settings).toEqual(await base.core.api.host.settings({}))
    nothingLeft()
  })
})
