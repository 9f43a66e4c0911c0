// A database straight from one server to another: the same rows, refusals with their words, and ends that leave nothing half.
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PipeRequest, PipeTarget } from '../../shared/contracts/pipe'
import { quoteIdentifier } from '../../shared/model/identifier'
import { newestMajor, sharedCluster, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { definitions, makeEverything, makeEverythingGlobals } from '../support/everything'
import { errorsOf, exists, hashes, makeDatabase, type RestoreLab, restoreLab } from './restoreSetup'

const newest = newestMajor()
const oldest = testMajors()[0] ?? newest
const hostile = `my "shop"; DROP DATABASE postgres; -- 'x' = ü`
let lab: RestoreLab
let source: TestCluster
let destination: TestCluster
let from: string
let into: string

beforeAll(async () => {
  lab = await restoreLab()
  source = await startCluster({ major: newest, prefix: 'pipeFrom' })
  destination = await sharedCluster(newest)
  from = await lab.connect(source)
  into = await lab.connect(destination)
}, 60_000)

afterAll(async () => {
  await source?.remove()
  await destination?.remove()
})

function made(database: string): PipeTarget {
  const empty = { owner: '', encoding: 'UTF8', localeProvider: '', collate: '', ctype: '', locale: '', tablespace: '' } as const
  return { kind: 'new', database, ...empty }
}

function request(database: string, target: string | PipeTarget, more: Partial<PipeRequest> = {}): PipeRequest {
  return {
    connectionId: from,
    destinationId: into,
    database,
    target: typeof target === 'string' ? made(target) : target,
    dumpOptions: {},
    restoreOptions: {},
    analyze: false,
    continueOnError: false,
    ...more,
  }
}

const api = () => lab.core.api.dumpToServer
const run = async (asked: PipeRequest) => lab.core.ended(await api().start(asked))
const rowsOf = async (asked: PipeRequest) => (await api().preview(asked)).preflight
const blockers = async (asked: PipeRequest) => (await rowsOf(asked)).filter((row) => row.result === 'blocker')

function commandLines(): string[] {
  return execFileSync('ps', ['-eo', 'pid=,args=']).toString().split('\n')
}

/** Our programs on the source's or the destination's port. */
function programs(program: 'pg_dump' | 'pg_restore', cluster: TestCluster): number[] {
  return commandLines()
    .filter((line) => new RegExp(`^\\s*\\d+ \\S*/${program} `).test(line) && line.includes(`--port=${cluster.port}`))
    .map((line) => Number.parseInt(line, 10))
}

/** Its rows go in slowly, and only where it is not at home: 80 MB, of which a few a second. */
async function makeSlow(database: string): Promise<void> {
  await makeDatabase(source, database, [
    `CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
       IF pg_catalog.current_database() <> '${database}' THEN PERFORM pg_catalog.pg_sleep(0.05); END IF; RETURN true; END $$`,
    'CREATE TABLE big (id integer, t text, CHECK (public.slow()))',
    `ALTER TABLE big ALTER COLUMN t SET STORAGE EXTERNAL`,
    `INSERT INTO big SELECT n, repeat(md5(n::text), 1250) FROM generate_series(1, 2000) n`,
  ])
}

/** Both programs run, and rows are on their way. */
async function untilMoving(jobId: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const job = lab.core.app.services.jobs.get(jobId)
    if (/"public.big" .* through the pipe/.test(job.progress?.label ?? '') && programs('pg_restore', destination).length === 1)
      return
    if (job.endedAt !== null) throw new Error(`it ended: ${JSON.stringify(job.error)}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  throw new Error('it did not begin to move')
}

describe('what it copies', () => {
  test.each([...new Set([oldest, newest])])(
    `everything of PostgreSQL %i into ${newest}, and no password anywhere`,
    async (major) => {
      const old = await startCluster({ major, conf: { wal_level: 'logical' }, prefix: 'pipeOld' })
      try {
        await makeEverything(old, major, 'every "thing"')
        await makeEverythingGlobals(destination)
        const seen = new Set<string>()
        const watcher = setInterval(() => {
          for (const line of commandLines()) seen.add(line)
        }, 100)
        const target = `from ${major}`
        const connectionId = await lab.connect(old)
        const job = await run(request('every "thing"', target, { connectionId, analyze: true }))
        clearInterval(watcher)
        expect(job.error).toBeNull()
        expect(job.issues.filter((issue) => issue.severity === 'error')).toEqual([])
        const before = await hashes(old, 'every "thing"')
        expect(await hashes(destination, target)).toEqual(before)
        expect(job.result?.headline).toMatch(
          /^every "thing" is in from \d+ on pg\d+ \d+: [\d,]+ rows in \d+ tables, the same on both sides\./,
        )
        if (major === newest) expect(definitions(destination, target)).toBe(definitions(old, 'every "thing"'))
        const said = JSON.stringify(job) + (await lab.core.log({ jobId: job.id })) + [...seen].join('\n')
        expect([...seen].some((line) => line.includes('pg_dump'))).toBe(true)
        for (const { password } of [old, destination]) expect(said).not.toContain(password)
      } finally {
        await old.remove()
      }
    },
    120_000,
  )

  test('a database of a hostile name, as it was when the copy began although rows are added meanwhile', async () => {
    await makeDatabase(source, hostile, [
      'CREATE TABLE t (id serial PRIMARY KEY, v text)',
      "INSERT INTO t (v) SELECT 'x' FROM generate_series(1, 50000)",
    ])
    const before = await hashes(source, hostile)
    const writer = await source.client(hostile)
    let stop = false
    const writing = (async () => {
      while (!stop) await writer.query("INSERT INTO t (v) VALUES ('meanwhile')")
    })()
    const job = await run(request(hostile, `${hostile}2`))
    stop = true
    await writing
    await writer.end()
    expect(job.error).toBeNull()
    expect(job.issues).toEqual([])
    expect(job.state).toBe('succeeded')
    const rows = Number((await destination.sql('SELECT count(*)::int AS n FROM t', `${hostile}2`))[0]?.n)
    const there = Number((await source.sql('SELECT count(*)::int AS n FROM t', hostile))[0]?.n)
    expect(rows).toBeGreaterThanOrEqual(50_000)
    expect(there).toBeGreaterThan(rows)
    expect(Object.keys(before.tables)).toEqual(['public.t'])
    // The same request again: now the name is taken.
    await expect(lab.core.api.jobs.runAgain({ jobId: job.id })).rejects.toThrow('Database name is taken')
  }, 60_000)
})

describe('what it refuses', () => {
  test('a role that is missing, until it is made; with errors when asked to go on', async () => {
    await source.sql('CREATE ROLE "only ""here"""')
    await makeDatabase(source, 'owned', [
      'CREATE TABLE t (id integer)',
      'INSERT INTO t VALUES (1)',
      'ALTER TABLE t OWNER TO "only ""here"""',
    ])
    const asked = request('owned', 'owned')
    const [missing] = await blockers(asked)
    expect(missing).toMatchObject({
      id: 'role:only "here"',
      check: 'Role only "here" is missing',
      found: 'It owns 1 object. At the source: NOLOGIN.',
    })
    expect(missing?.fixes.map(({ label }) => label)).toEqual(['Create it as at the source', 'No owners', 'Copy with errors'])
    await expect(api().start(asked)).rejects.toThrow('The copy was not started. 1 blocker: Role only "here" is missing.')
    expect(await exists(destination, 'owned')).toBe(false)

    const job = await run({ ...asked, continueOnError: true })
    expect(job.state).toBe('succeeded_with_warnings')
    expect(errorsOf(job)).toHaveLength(1)
    expect(errorsOf(job)[0]).toMatchObject({
      object: 't',
      objectKind: 'TABLE',
      message: 'ERROR:  role "only "here"" does not exist',
    })
    expect(job.result?.headline).toMatch(/^Completed with 1 error: owned on pg\d+ \d+ is not whole\.$/)

    const asking = { connectionId: from, database: 'owned', destinationId: into }
    expect(await api().createRoles({ ...asking, roles: ['only "here"'] })).toEqual({
      created: [{ name: 'only "here"', how: 'as-source', words: 'NOLOGIN' }],
      failed: [],
      notes: [],
    })
    const whole = await run(request('owned', 'owned 2'))
    expect(whole.issues).toEqual([])
    expect(whole.state).toBe('succeeded')
  }, 60_000)

  test('a name that is taken, a database that is not empty or is the source itself, a read-only server, what a pipe can’t do', async () => {
    await makeDatabase(source, 'full', ['CREATE TABLE t (id integer)'])
    await makeDatabase(destination, 'full', ['CREATE TABLE t (id integer)'])
    const first = async (asked: PipeRequest) => (await blockers(asked)).map(({ check, found }) => `${check}: ${found}`)
    expect(await first(request('full', 'full'))).toEqual([
      expect.stringMatching(/^Database name is taken: full exists already on pg/),
    ])
    expect(await first(request('full', { kind: 'existing', database: 'full' }))).toEqual([
      'Database is not empty: full holds 1 table (public.t) and 0 other objects.',
    ])
    expect(await first(request('full', { kind: 'existing', database: 'full' }, { destinationId: from }))).toEqual([
      'Source and destination are the same: full can’t be copied into itself.',
    ])
    expect(await first(request('full', 'n', { dumpOptions: { snapshot: 'x' }, restoreOptions: { jobs: 4 } }))).toEqual([
      'Option --snapshot: Walkback takes the snapshot itself, so that the rows can be counted in it.',
      'Option --jobs: A pipe can’t be read by several jobs: dump to a directory and restore that instead.',
    ])
    const readOnly = await lab.connect(destination, { readOnly: true })
    await expect(api().start(request('full', 'n', { destinationId: readOnly }))).rejects.toThrow('read-only')
    await expect(
      api().createRoles({ connectionId: from, database: 'full', destinationId: readOnly, roles: ['x'] }),
    ).rejects.toThrow('read-only')
    expect(await exists(destination, 'n')).toBe(false)
  }, 60_000)

  test.runIf(oldest !== newest)('programs that are older than the source', async () => {
    const { settings } = lab.core.app.services
    const all = settings.get()
    const only = all.installationFolders.filter((folder) => folder.includes(`/${oldest}/`))
    settings.save({ ...all, installationFolders: only })
    try {
      const prepared = await api().prepare({ connectionId: from, destinationId: into, database: 'full' })
      // The system's own 15 is found as well.
      if (newest > 15) expect(prepared.dump.problem?.message).toMatch(/can't dump a server newer than itself/)
      else expect(prepared.dump.tool).not.toBeNull()
    } finally {
      settings.save(all)
    }
  })
})

describe('how it ends', () => {
  beforeAll(() => makeSlow('slow'), 60_000)

  /** While it is filled it has a name of its own, so that nothing half-made has the name that was asked for. */
  const beside = '_copying_\\d{8}_\\d{6}'
  const madeBeside = async (database: string) => {
    const { length } = `${database}_copying_`
    const rows = await destination.sql('SELECT datname FROM pg_database')
    return rows.map(({ datname }) => String(datname)).filter((name) => name.slice(0, length) === `${database}_copying_`)
  }

  const leavesNothing = async (database: string) => {
    expect(await exists(destination, database)).toBe(false)
    expect(await madeBeside(database)).toEqual([])
    expect([...programs('pg_dump', source), ...programs('pg_restore', destination)]).toEqual([])
    expect((await source.sql("SELECT 1 FROM pg_stat_activity WHERE datname = 'slow'")).length).toBe(0)
  }

  test('cancelled: both programs end, the new database is dropped, and the pipe held no more than it may', async () => {
    const { jobId } = await api().start(request('slow', 'cancelled'))
    await untilMoving(jobId)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    // pg_dump could have sent all 80 MB by now.
    expect(lab.core.app.services.jobs.get(jobId).progress?.label).toMatch(/(kB|KB|KiB| [1-9]\.?\d* M\w*B) through the pipe$/)
    lab.core.app.services.jobs.cancel(jobId)
    const job = await lab.core.ended({ jobId })
    expect(job.state).toBe('cancelled')
    expect(job.leftovers).toEqual([])
    expect(await lab.core.log({ jobId })).toMatch(
      new RegExp(`Dropped the database cancelled${beside} on pg\\d+ \\d+, which this job had created\\.`),
    )
    await leavesNothing('cancelled')
  }, 60_000)

  test.each(['pg_dump', 'pg_restore'] as const)(
    '%s is killed: the other ends too, the database is dropped and named',
    async (program) => {
      const { jobId } = await api().start(request('slow', `killed ${program}`))
      await untilMoving(jobId)
      const [pid] = programs(program, program === 'pg_dump' ? source : destination)
      process.kill(pid ?? 0, 'SIGKILL')
      const job = await lab.core.ended({ jobId })
      expect(job.state).toBe('failed')
      expect(job.error?.message).toMatch(
        program === 'pg_dump'
          ? /^pg_dump [\d.]+ was ended by the signal SIGKILL, which did not come from Walkback\.$/
          : /^pg_restore stopped before the end \(ended by SIGKILL\)/,
      )
      expect(job.error?.hint).toMatch(
        new RegExp(`The database killed ${program}${beside} on pg\\d+ \\d+, which this job had made, was dropped\\.$`),
      )
      await leavesNothing(`killed ${program}`)
    },
    60_000,
  )

  test('the source’s session dies: failed, and the database is dropped', async () => {
    const { jobId } = await api().start(request('slow', 'no source'))
    await untilMoving(jobId)
    await source.stop('immediate')
    const job = await lab.core.ended({ jobId })
    await source.start()
    expect(job.state).toBe('failed')
    expect(job.error?.code).toBe('disconnected')
    expect(job.error?.message).toMatch(/pg_dump [\d.]+ failed: the connection to the server was lost\.$/)
    await leavesNothing('no source')
  }, 60_000)

  test('the destination dies: failed, and the database that could not be dropped is named', async () => {
    const { jobId } = await api().start(request('slow', 'no destination'))
    await untilMoving(jobId)
    await destination.stop('immediate')
    const job = await lab.core.ended({ jobId })
    await destination.start()
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(/^The connection to the destination, pg\d+ \d+, was lost: /)
    expect(job.leftovers).toEqual([
      expect.stringMatching(
        new RegExp(
          `^The database no destination${beside} on pg\\d+ \\d+, created by this job, is incomplete; it could not be dropped: `,
        ),
      ),
    ])
    expect(await exists(destination, 'no destination')).toBe(false)
    const [left = ''] = await madeBeside('no destination')
    expect(job.leftovers[0]).toContain(left)
    expect(programs('pg_dump', source)).toEqual([])
    await destination.sql(`DROP DATABASE ${quoteIdentifier(left)}`)
  }, 60_000)
})
