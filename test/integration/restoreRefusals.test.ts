// What a restore refuses, how it ends when something breaks, and that nothing is told better than it is. On every major.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { knowsRestrict } from '../../electron/capabilities/restore/chooseTool'
import { runRestore } from '../../electron/capabilities/restore/runRestore'
import type { RestoreRequest } from '../../shared/contracts/restore'
import type { JobSnapshot } from '../../shared/jobs/job'
import { parsePgVersion } from '../../shared/model/pgVersion'
import { fillHostile, hostile, makeRoles } from '../fixtures/restore/hostileDatabase'
import { binFolder, newestOrAll, sharedCluster, startCluster, type TestCluster, testMajors } from '../support/clusters'
import {
  dropDatabase,
  dump,
  dumpGlobals,
  errorsOf,
  exists,
  hashes,
  makeDatabase,
  newDatabase,
  type RestoreLab,
  restoreLab,
} from './restoreSetup'

let lab: RestoreLab

beforeAll(async () => {
  lab = await restoreLab()
})

async function waitFor(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Starts the job without the checks before it, as when the server changed in between. */
function startUnchecked(request: RestoreRequest, steps: string[]): Promise<JobSnapshot> {
  const { services } = lab.core.app
  const job = services.jobs.start({
    capability: 'restore',
    title: 'unchecked',
    input: request,
    connectionId: request.connectionId,
    serverLabel: '',
    steps: steps.map((id) => ({ id, label: id })),
    onCancel: '',
    locks: [],
    run: (context) => runRestore(request, context, services),
  })
  return services.jobs.ended(job.id)
}

/** A table that takes half a second a row to load: its CHECK became slow once the rows were in. */
async function makeSlow(cluster: TestCluster, database: string, rows: number): Promise<void> {
  const slow = (seconds: number) =>
    `CREATE OR REPLACE FUNCTION public.slow(int) RETURNS boolean LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_catalog.pg_sleep(${seconds}); RETURN true; END $$`
  await makeDatabase(cluster, database, [
    slow(0),
    'CREATE TABLE public.a AS SELECT 1 AS x',
    'CREATE TABLE public.z (x int CHECK (public.slow(x)))',
    `INSERT INTO public.z SELECT generate_series(1, ${rows})`,
    slow(0.5),
  ])
}

async function loading(cluster: TestCluster): Promise<boolean> {
  const rows = await cluster.sql(`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY public.z%' AND wait_event = 'PgSleep'`)
  return rows.length > 0
}

describe.each(newestOrAll())('PostgreSQL %i', (major) => {
  test('a missing role: the exact blocker; created from the saved globals with its password; then clean', async () => {
    const source = await sharedCluster(major)
    const folder = path.join(lab.folder, `roles${major}`)
    fs.mkdirSync(folder)
    const hash = `SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$${'A'.repeat(43)}=:${'B'.repeat(43)}=`
    await source.sql(`CREATE ROLE bob LOGIN PASSWORD '${hash}'; CREATE ROLE team; GRANT team TO bob; CREATE ROLE "other o"`)
    await makeDatabase(source, 'roles', [
      'CREATE TABLE a (x int)',
      'CREATE TABLE b (x int)',
      'ALTER TABLE a OWNER TO bob',
      'GRANT SELECT ON b TO bob',
      'GRANT SELECT ON b TO "other o"',
    ])
    const file = dump(source, 'roles', 'custom', path.join(folder, 'roles.dump'))
    dumpGlobals(source, path.join(folder, 'globals.sql'))
    await dropDatabase(source, 'roles')
    await source.sql('DROP ROLE bob; DROP ROLE "other o"')

    const id = await lab.connect(source)
    const request = lab.request(id, file, newDatabase('roles'))
    const blocked = await lab.blockers(request)
    const create = (name: string) => ({
      label: 'Create from saved globals',
      action: { kind: 'apply-globals', roles: [name], tablespaces: [] },
    })
    const noOwners = { label: 'No owners', action: { kind: 'set-option', key: 'noOwner', value: true } }
    const noPrivileges = { label: 'No privileges', action: { kind: 'set-option', key: 'noPrivileges', value: true } }
    const anyway = { label: 'Restore with errors', action: { kind: 'set-option', key: 'continueOnError', value: true } }
    const at = (name: string) => blocked.find((row) => row.id === `role:${name}`)
    expect(blocked).toHaveLength(2)
    expect(at('bob')).toEqual({
      id: 'role:bob',
      result: 'blocker',
      check: 'Role bob is missing',
      found: 'Owns 1 object and has 1 grant.',
      fixes: [create('bob'), noOwners, noPrivileges, anyway],
    })
    expect(at('other o')).toMatchObject({ found: 'Has 1 grant.', fixes: [create('other o'), noPrivileges, anyway] })
    await expect(lab.run(request)).rejects.toMatchObject({
      code: 'preflight',
      details: { blockers: expect.arrayContaining(['role:bob']) },
    })
    expect(await lab.blockers({ ...request, options: { noOwner: true, noPrivileges: true } })).toEqual([])

    // Restored with errors: every object that lacks something is named, and the rest is there.
    const partly = await lab.run({ ...request, options: { continueOnError: true } })
    expect(partly.state).toBe('succeeded_with_warnings')
    expect(partly.errorCount).toBe(2)
    expect(
      errorsOf(partly)
        .map(({ object, objectKind, message }) => [object, objectKind, message])
        .toSorted((a, b) => String(a).localeCompare(String(b))),
    ).toEqual([
      ['public.a', 'TABLE', 'ERROR:  role "bob" does not exist'],
      ['public.b', 'ACL', 'ERROR:  role "bob" does not exist'],
    ])
    expect(partly.result?.headline).toMatch(/^Completed with 2 errors: \d+ of \d+ entries restored\.$/)
    const issue = partly.issues[0]
    const lines = (await lab.core.log({ jobId: partly.id })).split('\n')
    expect(lines[issue?.logLine ?? -1]).toContain('does not exist')
    await dropDatabase(source, 'roles')

    const globals = { connectionId: id, source: { path: file }, roles: ['bob', 'nobody', 'postgres'], tablespaces: [] }
    expect(await lab.core.api.restore.applyGlobals(globals)).toEqual({
      created: ['bob'],
      failed: [
        { name: 'nobody', message: 'The saved globals do not hold this role.' },
        { name: 'postgres', message: 'A role of this name exists already; it was left as it is.' },
      ],
    })
    const [bob] = await source.sql(
      `SELECT rolpassword, pg_has_role('bob', 'team', 'MEMBER') AS team FROM pg_authid WHERE rolname = 'bob'`,
    )
    expect(bob).toEqual({ rolpassword: hash, team: true })
    expect(source.log()).not.toContain(hash)
    expect((await lab.core.api.restore.applyGlobals({ ...globals, roles: ['other o'] })).created).toEqual(['other o'])
    const job = await lab.run(request)
    expect(job.error).toBeNull()
    expect(job).toMatchObject({ state: 'succeeded', issues: [] })
    await dropDatabase(source, 'roles')
    await source.sql('DROP ROLE bob; DROP ROLE "other o"; DROP ROLE team')
  })

  test('globals that fail say why, without the password hash; a read-only connection creates none', async () => {
    const cluster = await sharedCluster(major)
    const folder = path.join(lab.folder, `globals${major}`)
    fs.mkdirSync(folder)
    fs.writeFileSync(path.join(folder, 'x.sql'), 'SELECT 1;')
    fs.writeFileSync(
      path.join(folder, 'globals.sql'),
      "CREATE ROLE half;\nALTER ROLE half WITH NONSENSE PASSWORD 'SCRAM-SHA-256$4096:secret';\nCREATE TABLESPACE nowhere LOCATION '/nonexistent/wb';\n",
    )
    const id = await lab.connect(cluster)
    const request = { connectionId: id, source: { path: path.join(folder, 'x.sql') }, roles: ['half'], tablespaces: ['nowhere'] }
    const outcome = await lab.core.api.restore.applyGlobals(request)
    expect(outcome.created).toEqual([])
    expect(outcome.failed.map(({ name }) => name)).toEqual(['half', 'nowhere'])
    expect(outcome.failed[0]?.message).toContain('nonsense')
    expect(outcome.failed[1]?.message).toContain('/nonexistent/wb')
    expect(JSON.stringify(outcome)).not.toContain('secret')
    expect(cluster.log()).not.toContain('4096:secret')
    expect(await cluster.sql(`SELECT 1 FROM pg_roles WHERE rolname = 'half'`)).toEqual([])
    const readOnly = await lab.connect(cluster, { readOnly: true })
    await expect(lab.core.api.restore.applyGlobals({ ...request, connectionId: readOnly })).rejects.toMatchObject({
      code: 'permission',
    })
  })

  test('a read-only connection: a blocker in the table, and refused at start', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster, { readOnly: true })
    await makeDatabase(cluster, 'ro', ['CREATE TABLE t (x int)'])
    const file = dump(cluster, 'ro', 'custom', path.join(lab.folder, `ro${major}`))
    const request = lab.request(id, file, newDatabase('ro2'))
    const label = lab.core.app.services.connections.get(id).label
    const blocked = await lab.blockers(request)
    expect(blocked.map((row) => row.id)).toEqual(['connection'])
    expect(blocked[0]?.found).toContain(label)
    const refused = await lab.run(request).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'permission' })
    expect(refused instanceof Error ? refused.message : '').toMatch(/^Restoring/)
    expect(await exists(cluster, 'ro2')).toBe(false)
    await dropDatabase(cluster, 'ro')
  })

  test('a truncated archive: blocked where it shows before, failed clearly where it shows only while reading', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await makeDatabase(cluster, 'cut', ['CREATE TABLE big AS SELECT i, md5(i::text) AS m FROM generate_series(1, 20000) i'])
    const file = dump(cluster, 'cut', 'custom', path.join(lab.folder, `cut${major}`))
    const whole = fs.readFileSync(file)
    fs.writeFileSync(file, whole.subarray(0, whole.length - 5000))
    const job = await lab.run(lab.request(id, file, newDatabase('cut2')))
    expect(job.state).toBe('failed')
    expect(job.error?.code).toBe('tool_failed')
    expect(job.error?.message).toMatch(
      /^pg_restore stopped before the end \(exit status 1\): could not (read from input file|uncompress data)/,
    )
    expect(job.error?.hint).toBe(
      'The archive is cut off or damaged. Choose another backup, or copy this one again from where it was made.',
    )
    expect(job.leftovers).toEqual(['The database cut2, created by this job, is incomplete.'])

    for (const format of ['directory', 'tar', 'plain'] as const) {
      const part = dump(cluster, 'cut', format, path.join(lab.folder, `cut${major}-${format}`))
      if (format === 'directory') fs.rmSync(path.join(part, fs.readdirSync(part).find((name) => name !== 'toc.dat') ?? ''))
      else fs.truncateSync(part, fs.statSync(part).size - 20_000)
      const blocked = await lab.blockers(lab.request(id, part, newDatabase('cut3')))
      expect(blocked.map((row) => row.check)).toEqual(['Archive is damaged'])
    }
    fs.writeFileSync(file, whole.subarray(0, 200))
    await expect(lab.core.api.restore.inspect({ path: file })).rejects.toThrow(/ends inside its table of contents/)
    for (const name of ['cut', 'cut2']) await dropDatabase(cluster, name)
  })

  test.each([1, 2])('cancelled while loading with %i jobs: the database it created is dropped', async (jobs) => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await makeSlow(cluster, 'slow', 100)
    const file = dump(cluster, 'slow', 'custom', path.join(lab.folder, `slow${major}-${jobs}`))
    const request = lab.request(id, file, newDatabase('cancelled'), { options: { jobs } })
    const started = await lab.core.api.restore.start(request)
    await waitFor('COPY', () => loading(cluster))
    expect(await exists(cluster, 'cancelled')).toBe(true)
    // The same database by a second job: a conflict, not a race.
    await expect(lab.core.api.restore.start(request)).rejects.toMatchObject({ code: 'preflight' })
    expect((await lab.core.api.jobs.get(started)).onCancel).toBe(
      'The database cancelled, which this restore creates, is dropped.',
    )
    await lab.core.api.jobs.cancel(started)
    const job = await lab.core.ended(started)
    expect(job).toMatchObject({ state: 'cancelled', leftovers: [] })
    expect(await exists(cluster, 'cancelled')).toBe(false)
    expect(await loading(cluster)).toBe(false)

    // An existing database is never dropped.
    await makeDatabase(cluster, 'stays')
    const into = await lab.core.api.restore.start(lab.request(id, file, { kind: 'existing', database: 'stays' }))
    await waitFor('COPY', () => loading(cluster))
    await expect(
      lab.core.api.restore.start(lab.request(id, file, { kind: 'existing', database: 'stays' })),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^(conflict|preflight)$/),
    })
    await lab.core.api.jobs.cancel(into)
    const left = await lab.core.ended(into)
    expect(left).toMatchObject({ state: 'cancelled', leftovers: ['The database stays holds what was restored until then.'] })
    expect(await exists(cluster, 'stays')).toBe(true)
    for (const name of ['slow', 'stays']) await dropDatabase(cluster, name)
  })

  test('its session is ended while loading: failed, although pg_restore goes on and calls the errors ignored', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await makeSlow(cluster, 'slow', 100)
    const file = dump(cluster, 'slow', 'custom', path.join(lab.folder, `ended${major}`))
    const started = await lab.core.api.restore.start(lab.request(id, file, newDatabase('ended')))
    await waitFor('COPY', () => loading(cluster))
    await cluster.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY public.z%'`)
    const job = await lab.core.ended(started)
    expect(job.state).toBe('failed')
    expect(job.error?.message).toBe(
      'The connection to the server was lost while restoring: FATAL:  terminating connection due to administrator command',
    )
    expect(job.leftovers).toEqual(['The database ended, created by this job, is incomplete.'])
    for (const name of ['slow', 'ended']) await dropDatabase(cluster, name)
  })

  test('the server is killed while loading: failed, named as incomplete', async () => {
    const cluster = await startCluster({ major })
    const id = await lab.connect(cluster)
    await makeSlow(cluster, 'slow', 100)
    const file = dump(cluster, 'slow', 'directory', path.join(lab.folder, `killed${major}`))
    const started = await lab.core.api.restore.start(lab.request(id, file, newDatabase('killed'), { analyze: true }))
    await waitFor('COPY', () => loading(cluster))
    await cluster.stop('immediate')
    const job = await lab.core.ended(started)
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(/^The connection to the server was lost while restoring: /)
    expect(job.error?.hint).toBe(
      'The connection to the server was lost. Look whether the server runs, then start the restore again.',
    )
    expect(job.leftovers).toEqual(['The database killed, created by this job, is incomplete.'])
    expect(job.steps.find((step) => step.id === 'result')?.state).not.toBe('done')
    await cluster.remove()
  })

  test('what changes between the checks and the job is seen by the job', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await makeDatabase(cluster, 'late', ['CREATE TABLE t AS SELECT 1 AS x'])
    const file = dump(cluster, 'late', 'custom', path.join(lab.folder, `late${major}`))
    const job = await startUnchecked(lab.request(id, file, newDatabase('late')), [
      'checks',
      'create',
      'before',
      'data',
      'after',
      'result',
    ])
    expect(job).toMatchObject({ state: 'failed', error: { code: 'preflight' }, leftovers: [] })
    expect(await cluster.sql('SELECT x FROM t', 'late')).toEqual([{ x: 1 }])
    await dropDatabase(cluster, 'late')
  })

  test('a role without rights: CREATEDB, ownership and schema rights are asked for by name', async () => {
    const cluster = await sharedCluster(major)
    await cluster.sql(`CREATE ROLE clerk LOGIN PASSWORD 'clerks'; CREATE ROLE boss`)
    await makeDatabase(cluster, 'office', ['CREATE TABLE t AS SELECT 1 AS x', 'ALTER TABLE t OWNER TO boss'])
    const file = dump(cluster, 'office', 'custom', path.join(lab.folder, `office${major}`))
    const id = await lab.connect(cluster, { user: 'clerk', password: 'clerks' })
    const request = lab.request(id, file, newDatabase('office2'))
    const blocked = await lab.blockers(request)
    expect(blocked.map((row) => [row.id, row.found]).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ['owners', 'clerk is not a member of boss: giving them their objects fails.'],
      ['privileges', 'clerk may not create databases: it has neither CREATEDB nor SUPERUSER.'],
    ])
    await cluster.sql('ALTER ROLE clerk CREATEDB')
    const job = await lab.run({ ...request, options: { noOwner: true } })
    expect(errorsOf(job)).toEqual([])
    expect(job.error).toBeNull()
    expect(await cluster.sql('SELECT tableowner FROM pg_tables WHERE tablename = $1', 'office2', ['t'])).toEqual([
      { tableowner: 'clerk' },
    ])
    for (const name of ['office', 'office2']) await dropDatabase(cluster, name)
    await cluster.sql('DROP ROLE clerk; DROP ROLE boss')
  })

  test('options that would lead elsewhere are refused, not dropped', async () => {
    const cluster = await sharedCluster(major)
    const id = await lab.connect(cluster)
    await makeDatabase(cluster, 'opt', ['CREATE TABLE t (x int)'])
    const file = dump(cluster, 'opt', 'tar', path.join(lab.folder, `opt${major}`))
    const found = async (options: RestoreRequest['options']) =>
      (await lab.blockers(lab.request(id, file, newDatabase('opt2'), { options }))).map((row) => row.found)
    expect(await found({ host: 'evil' })).toEqual(['--host is set by Walkback.'])
    expect(await found({ dbname: 'other' })).toEqual(['--dbname is set by Walkback.'])
    expect(await found({ create: true })).toHaveLength(1)
    expect(await found({ jobs: 2 })).toEqual(['A tar archive can be restored by one job only.'])
    expect(await found({ nonsense: true })).toEqual(['pg_restore has no option named "nonsense".'])
    await dropDatabase(cluster, 'opt')
  })

  test('the password is in no command line, environment, log or record', async () => {
    const cluster = await sharedCluster(major)
    const secret = 'S3cret-restore-pass'
    await cluster.sql(`CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '${secret}'`)
    const id = await lab.connect(cluster, { user: 'keeper', password: secret })
    await makeSlow(cluster, 'pass', 4)
    const seen: string[] = []
    for (const format of ['custom', 'plain'] as const) {
      const file = dump(cluster, 'pass', format, path.join(lab.folder, `pass${major}${format}`))
      const started = await lab.core.api.restore.start(lab.request(id, file, newDatabase(`pass-${format}`), { analyze: true }))
      const ended = lab.core.ended(started)
      const running = () => lab.core.app.services.jobs.running().some((job) => job.id === started.jobId)
      while (running()) {
        for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
          for (const part of ['cmdline', 'environ']) {
            const content = readIfThere(`/proc/${pid}/${part}`)
            if (content.includes(secret)) seen.push(`${part} ${content}`)
          }
        }
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      const job = await ended
      expect(job.error).toBeNull()
      expect(JSON.stringify(job)).not.toContain(secret)
      expect(await lab.core.log(started)).not.toContain(secret)
      await dropDatabase(cluster, `pass-${format}`)
    }
    expect(seen).toEqual([])
    for (const file of fs.readdirSync(lab.core.dataFolder, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) expect(readIfThere(path.join(file.parentPath, file.name))).not.toContain(secret)
    }
    await dropDatabase(cluster, 'pass')
    await cluster.sql('DROP ROLE keeper')
  })
})

function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES'].includes(String(error.code))) return ''
    throw error
  }
}

test('what is no dump is refused, each with the way to go', async () => {
  const make = (name: string, content: string | Buffer) => {
    const file = path.join(lab.folder, name)
    fs.writeFileSync(file, content)
    return file
  }
  const refusal = async (file: string) => {
    const error = await lab.core.api.restore.inspect({ path: file }).catch((problem: unknown) => problem)
    return error instanceof Error ? error.message : JSON.stringify(error)
  }
  const base = path.join(lab.folder, 'base backup')
  fs.mkdirSync(base)
  fs.writeFileSync(path.join(base, 'PG_VERSION'), '18\n')
  expect(await refusal(base)).toBe(`${base} is a base backup or data directory of a whole cluster, not a dump.`)
  expect(await refusal(path.join(lab.folder, 'none'))).toBe(`There is nothing at ${path.join(lab.folder, 'none')}.`)
  expect(await refusal('relative')).toBe('relative is not an absolute path.')
  expect(await refusal(make('empty', ''))).toMatch(/is empty: the dump that made it failed\.$/)
  expect(await refusal(make('x.sql', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0])))).toMatch(/is compressed with zstd\.$/)
  expect(await refusal(make('copy', Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0', 'latin1')))).toMatch(/COPY’s binary format/)
  expect(await refusal(make('y.dump', Buffer.from([1, 2, 0, 4])))).toMatch(
    /is neither an archive of pg_dump nor an SQL script\.$/,
  )
  const partial = path.join(lab.folder, 'x.partial')
  fs.mkdirSync(partial)
  expect(await refusal(partial)).toMatch(/is unfinished: the dump that wrote it did not end\.$/)
})

function installedVersion(major: number): number {
  const text = execFileSync(path.join(binFolder(major), 'psql'), ['--version'], { encoding: 'utf8' })
  return parsePgVersion(text) ?? 0
}

describe('between majors', () => {
  const pairs: [number, number][] = [
    [13, 18],
    [15, 17],
    [17, 15],
    [18, 13],
  ]
  test.each(pairs.filter((pair) => pair.every((major) => testMajors().includes(major))))('%i to %i', async (from, to) => {
    const source = await sharedCluster(from)
    const target = await sharedCluster(to)
    for (const cluster of [source, target]) {
      const admin = await cluster.client()
      await makeRoles(admin)
      await admin.end()
    }
    await makeDatabase(source, hostile.database)
    const client = await source.client(hostile.database)
    await fillHostile(client)
    await client.end()
    const id = await lab.connect(target)
    const older = from > to
    for (const format of ['directory', 'plain'] as const) {
      const file = dump(source, hostile.database, format, path.join(lab.folder, `from${from}to${to}${format}`))
      const prepared = await lab.core.api.restore.prepare({ connectionId: id, source: { path: file } })
      // An archive of 17 and newer can't be read by older programs; else the destination's own are taken.
      // psql 18 for a script with \\restrict where the destination's own minor is too old for that.
      const own = installedVersion(to)
      const reader = older && (format === 'directory' || !knowsRestrict(own)) ? 18 : to
      expect(Math.floor((prepared.tool?.version ?? 0) / 10000)).toBe(reader)
      const request = lab.request(id, file, newDatabase('moved'), { options: { ...prepared.defaults } })
      const { preflight } = await lab.core.api.restore.preview(request)
      const tools = preflight.find((row) => row.id === 'tools')
      expect(tools?.result).toBe(older ? (format === 'plain' ? 'blocker' : 'warning') : 'pass')
      if (older) expect(tools?.found).toContain('transaction_timeout')
      const job = await lab.run({ ...request, continueOnError: older && format === 'plain' })
      expect(job.error).toBeNull()
      expect(errorsOf(job)).toEqual([])
      // The one harmless error is shown with its reason, and does not make the outcome look worse than it is.
      expect(job.issues.map((issue) => issue.harmless !== null)).toEqual(older ? [true] : [])
      if (older) expect(job.issues[0]?.harmless).toMatch(/time limit transaction_timeout .* Nothing is missing\.$/)
      expect(job.state).toBe('succeeded')
      expect(await hashes(target, 'moved')).toEqual(await hashes(source, hostile.database))
      await dropDatabase(target, 'moved')
    }
    await dropDatabase(source, hostile.database)
  })

  test.runIf([13, 17].every((major) => testMajors().includes(major)))(
    'an archive newer than every pg_restore here is refused with the versions named',
    async () => {
      const source = await sharedCluster(17)
      const target = await sharedCluster(15)
      await makeDatabase(source, 'newer', ['CREATE TABLE t (x int)'])
      const file = dump(source, 'newer', 'custom', path.join(lab.folder, 'newer'))
      const id = await lab.connect(target)
      const { services } = lab.core.app
      const { restoreHandlers } = await import('../../electron/capabilities/restore/handlers')
      const all = await services.tools.installations()
      const old = all.filter((each) => each.version < 160000)
      const limited = restoreHandlers({ ...services, tools: { ...services.tools, installations: async () => old } })
      const signal = new AbortController().signal
      const prepared = await limited.prepare({ connectionId: id, source: { path: file } }, { signal })
      expect(prepared.tool).toBeNull()
      expect(prepared.toolProblem?.message).toMatch(
        /^This archive was made by pg_dump 17\.\d+ \(archive version 1\.16\); the newest pg_restore here is 15\.\d+, which can’t read it\.$/,
      )
      expect(prepared.toolProblem?.hint).toBe('Install the client programs of PostgreSQL 17, or name their folder in Settings.')
      await expect(limited.start(lab.request(id, file, newDatabase('newer2')), { signal })).rejects.toMatchObject({
        code: 'version_mismatch',
      })
      await dropDatabase(source, 'newer')
    },
  )
})
