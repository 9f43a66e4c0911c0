// Dumps that go wrong: each ends in a clear state with words of its own, and nothing that looks like a backup stays.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { recordName } from '../../electron/library/recordFile'
import type { JobSnapshot } from '../../shared/jobs/job'
import { newestMajor, sharedCluster, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { context, type DumpApp, dumpApp, filesBelow, foldersIn, makeShop, only } from './dumpSetup'

let app: DumpApp
let cluster: TestCluster
let id: string

beforeAll(async () => {
  app = await dumpApp()
  cluster = await sharedCluster(newestMajor())
  await makeShop(cluster, 'big', 400_000)
  id = await app.connect(cluster)
})

beforeEach(() => fs.rmSync(app.library, { recursive: true, force: true }))

afterAll(() => app.close())

/** Starts a dump and holds it right after pg_dump has connected: it waits for a locked table until `release` is called. */
async function heldDump(
  connection = id,
  server = cluster,
  options = {},
): Promise<{ jobId: string; release: () => Promise<void> }> {
  const holder = await server.client('big')
  // Sizes are asked for before, and would wait for this lock too; they give up after 2 s.
  const request = app.request(connection, 'big', { options: { jobs: 2, lockWaitTimeout: '60s', ...options } })
  await holder.query('BEGIN; LOCK TABLE sales.customers IN ACCESS EXCLUSIVE MODE')
  const { jobId } = await app.dump.start(request, context)
  await waitFor('pg_dump waiting for the lock', async () => {
    const rows = await server.sql(
      `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%' AND datname = 'big'`,
    )
    return rows.length > 0
  })
  return {
    jobId,
    release: async () => {
      await holder.query('ROLLBACK')
      await holder.end()
    },
  }
}

/** The same, and on until rows are written. */
async function dumpInFlow(connection = id, server = cluster): Promise<string> {
  // INSERT for each row and the slowest gzip, so that there is time to do something to it.
  const { jobId } = await app.dump.start(
    app.request(connection, 'big', { options: { jobs: 2, inserts: true, compress: '9' } }),
    context,
  )
  await waitFor('rows being written', async () => {
    const rows = await server.sql(`SELECT 1 FROM pg_stat_activity WHERE query ~ '^(DECLARE|FETCH|COPY)' AND datname = 'big'`)
    return rows.length > 0 && filesBelow(app.library).some((file) => file.includes('.partial'))
  })
  return jobId
}

async function waitFor(what: string, ready: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (!(await ready())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function expectNothingLeft(job: JobSnapshot): void {
  expect(foldersIn(app.library)).toEqual([])
  expect(filesBelow(app.library)).toEqual([])
  expect(job.leftovers).toEqual([])
  expect(job.result).toBeNull()
  expect(fs.readdirSync(app.services.paths.scratch)).toEqual([])
}

/** Every process of the job, by the folder it writes. */
function programsOf(job: JobSnapshot, program = ''): number[] {
  const partial = only(job.outputs).partial ?? ''
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return command.includes(partial) && command.includes(program)
      } catch {
        return false // gone since
      }
    })
    .map(Number)
}

describe('a program older than the server', () => {
  const pairs = testMajors().flatMap((tool) =>
    testMajors()
      .filter((server) => server > tool)
      .map((server) => [tool, server] as const),
  )

  it.each(pairs)('pg_dump %i is refused for a server of %i before anything is written', async (tool, server) => {
    const old = await dumpApp([tool])
    try {
      const target = await sharedCluster(server)
      const connection = await old.connect(target)
      const words = new RegExp(
        `^The newest pg_dump here is ${tool}\\.\\d+, but the server is ${server}\\.\\d+\\. pg_dump can't dump a server newer than itself\\.`,
      )
      const prepared = await old.dump.prepare({ connectionId: connection, database: 'postgres' }, context)
      expect(prepared.tool).toBeNull()
      expect(prepared.toolProblem?.message).toMatch(words)
      const preview = await old.dump.preview(old.request(connection, 'postgres'), context)
      expect(preview.commands).toEqual([])
      expect(preview.blocked).toMatch(words)
      expect(preview.preflight[0]).toMatchObject({ id: 'tool', result: 'blocker' })
      await expect(old.dump.start(old.request(connection, 'postgres'), context)).rejects.toMatchObject({
        code: 'version_mismatch',
        message: expect.stringMatching(words),
        hint: expect.stringContaining(`postgresql-client-${server}`),
      })
      expect(fs.existsSync(old.library)).toBe(false)
      expect(old.services.jobs.list()).toEqual([])
    } finally {
      await old.close()
    }
  })
})

describe('cancel', () => {
  it('while pg_dump writes rows removes everything', async () => {
    const jobId = await dumpInFlow()
    app.services.jobs.cancel(jobId)
    const job = await app.services.jobs.ended(jobId)
    expect(job.state).toBe('cancelled')
    expectNothingLeft(job)
    expect(programsOf(job)).toEqual([])
  })

  it('while pg_dump waits for a lock removes everything and leaves no session behind', async () => {
    const { jobId, release } = await heldDump()
    app.services.jobs.cancel(jobId)
    const job = await app.services.jobs.ended(jobId)
    await release()
    expect(job.state).toBe('cancelled')
    expectNothingLeft(job)
    await waitFor('the sessions to end', async () => {
      const rows = await cluster.sql(
        `SELECT 1 FROM pg_stat_activity WHERE datname = 'big' AND application_name ~ 'walkback|pg_dump' AND application_name <> 'walkback tests'`,
      )
      return rows.length === 0
    })
  })

  it.each(['checks', 'globals', 'read', 'checksums', 'record'])('at the step %s removes everything', async (step) => {
    const { jobId } = await app.dump.start(app.request(id, 'big', { options: { jobs: 2, compress: '1' } }), context)
    await waitFor(`the step ${step}`, async () => {
      const job = app.services.jobs.get(jobId)
      return job.endedAt !== null || job.steps.some((each) => each.id === step && each.state !== 'pending')
    })
    app.services.jobs.cancel(jobId)
    const job = await app.services.jobs.ended(jobId)
    // Quick steps may be over before the cancel comes; then the backup is whole.
    if (job.state === 'succeeded') {
      expect(fs.existsSync(path.join(job.result?.backupPath ?? '', recordName))).toBe(true)
      return
    }
    expect(job.state).toBe('cancelled')
    expectNothingLeft(job)
  })
})

describe('a program that is killed', () => {
  it('is told as such, with what may be the cause', async () => {
    const jobId = await dumpInFlow()
    const [leader] = programsOf(app.services.jobs.get(jobId)).toSorted((a, b) => a - b)
    process.kill(leader ?? 0, 'SIGKILL')
    const job = await app.services.jobs.ended(jobId)
    expect(job.state).toBe('failed')
    expect(job.error).toMatchObject({ code: 'tool_failed' })
    expect(job.error?.message).toMatch(/^pg_dump [\d.]+ was ended by the signal SIGKILL, which did not come from Walkback\.$/)
    expect(job.error?.hint).toContain('out of memory')
    expectNothingLeft(job)
    expect(programsOf(job)).toEqual([])
  })

  it('is told when it is one of its workers', async () => {
    const jobId = await dumpInFlow()
    const worker = programsOf(app.services.jobs.get(jobId))
      .toSorted((a, b) => a - b)
      .at(-1)
    process.kill(worker ?? 0, 'SIGKILL')
    const job = await app.services.jobs.ended(jobId)
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(/^pg_dump [\d.]+ failed: one of its parallel workers was ended from outside\.$/)
    expectNothingLeft(job)
  })
})

describe('a check that could not end', () => {
  it('keeps what pg_dump had finished, as unfinished and named', async () => {
    const { jobId } = await app.dump.start(app.request(id, 'big', { options: { jobs: 2, inserts: true } }), context)
    // Reading takes a few hundredths of a second: looked for in every turn of the loop, not now and then.
    for (let reader: number | undefined; reader === undefined; await new Promise((resolve) => setImmediate(resolve))) {
      const job = app.services.jobs.get(jobId)
      if (job.endedAt !== null) throw new Error('the dump ended before its reading could be killed')
      if (job.steps.find(({ id }) => id === 'read')?.startedAt == null) continue
      reader = programsOf(job, 'pg_restore')[0]
      if (reader !== undefined) process.kill(reader, 'SIGKILL')
    }
    const job = await app.services.jobs.ended(jobId)
    const partial = only(job.outputs).partial ?? ''
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(/^pg_restore [\d.]+ was ended by the signal SIGKILL/)
    expect(job.leftovers).toEqual([partial])
    expect(foldersIn(app.library)).toEqual([path.relative(app.library, partial)])
    expect(fs.existsSync(path.join(partial, recordName))).toBe(false)
    expect((await app.backups.list({}, context)).backups).toEqual([])
    expect((await app.backups.list({}, context)).oddities).toMatchObject([{ path: partial, kind: 'partial' }])
  })
})

describe('a server', () => {
  it('killed midway is a lost connection', async () => {
    const own = await startCluster({ major: newestMajor() })
    try {
      await makeShop(own, 'big', 400_000)
      const connection = await app.connect(own)
      const jobId = await dumpInFlow(connection, own)
      await own.stop('kill')
      const job = await app.services.jobs.ended(jobId)
      expect(job.state).toBe('failed')
      expect(job.error).toMatchObject({ code: 'disconnected' })
      expect(job.error?.message).toMatch(/^pg_dump [\d.]+ failed: the connection to the server was lost\.$/)
      expectNothingLeft(job)
    } finally {
      await own.remove()
    }
  })

  it('that is not there is refused at once, with nothing written', async () => {
    const own = await startCluster({ major: newestMajor() })
    const connection = await app.connect(own)
    await own.remove()
    await expect(app.dump.start(app.request(connection, 'postgres'), context)).rejects.toThrow(
      `Nothing listens on 127.0.0.1, port ${own.port}`,
    )
    expect(fs.existsSync(app.library)).toBe(false)
  })

  it('without the database says so', async () => {
    await expect(app.dump.start(app.request(id, 'not there'), context)).rejects.toThrow('There is no database not there')
    expect(fs.existsSync(app.library)).toBe(false)
  })
})

describe('a password', () => {
  it('changed between the checks and the dump is told as such, and not shown', async () => {
    await cluster.sql(`CREATE ROLE changing LOGIN SUPERUSER PASSWORD 'Before_12345'`)
    const connection = await app.connect(cluster, { user: 'changing', password: 'Before_12345' })
    const { jobId, release } = await heldDump(connection)
    await cluster.sql(`ALTER ROLE changing PASSWORD 'After_12345'`)
    await release()
    const job = await app.services.jobs.ended(jobId)
    expect(job.state).toBe('failed')
    expect(job.error).toMatchObject({ code: 'permission' })
    expect(job.error?.message).toMatch(/^pg_dump [\d.]+ failed: the server refused the password of changing\.$/)
    expect(job.error?.hint).toContain('Enter the new one in the connection')
    expect(JSON.stringify(job) + (await app.log(jobId))).not.toMatch(/Before_12345|After_12345/)
    expectNothingLeft(job)
  })
})

describe('locks and privileges midway', () => {
  it('a table that stays locked ends the dump with the lock named', async () => {
    const { jobId, release } = await heldDump(id, cluster, { lockWaitTimeout: '500ms' })
    const job = await app.services.jobs.ended(jobId)
    await release()
    expect(job.state).toBe('failed')
    expect(job.error).toMatchObject({ code: 'postgres' })
    expect(job.error?.message).toMatch(/stayed locked by another session for too long\.$/)
    expectNothingLeft(job)
  })

  it('a privilege that is taken away is named', async () => {
    await cluster.sql(`CREATE ROLE losing LOGIN PASSWORD 'losing1'; GRANT pg_read_all_data TO losing`)
    const connection = await app.connect(cluster, { user: 'losing', password: 'losing1' })
    const { jobId, release } = await heldDump(connection, cluster, { jobs: 1 })
    await cluster.sql('REVOKE pg_read_all_data FROM losing')
    await release()
    const job = await app.services.jobs.ended(jobId)
    expect(job.state).toBe('failed')
    expect(job.error).toMatchObject({ code: 'permission' })
    expect(job.error?.message).toMatch(/^pg_dump [\d.]+ failed: the role may not read the (table|schema|sequence) /)
    expectNothingLeft(job)
  })
})

describe('a full disk', () => {
  const small = path.join(tempFolder('full'), 'small disk')

  beforeAll(() => {
    fs.mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', small])
  })

  afterAll(() => {
    execFileSync('umount', ['--lazy', small])
  })

  it.each(['directory', 'custom', 'plain', 'tar'] as const)('ends a %s dump with nothing left', async (format) => {
    const options = {
      ...(format === 'directory' ? { jobs: 2 } : {}),
      ...(format === 'tar' || format === 'plain' ? {} : { compress: '1' }),
    }
    const { jobId } = await app.dump.start(app.request(id, 'big', { library: small, format, options }), context)
    const job = await app.services.jobs.ended(jobId)
    expect(job.state).toBe('failed')
    expect(job.error).toMatchObject({ code: 'tool_failed', hint: expect.stringContaining('another disk') })
    expect(job.error?.message).toMatch(/^pg_dump [\d.]+ failed: the disk is full\.$/)
    expect(foldersIn(small)).toEqual([])
    expect(filesBelow(small)).toEqual([])
    expect(job.leftovers).toEqual([])
  })

  it('is foreseen: a warning when it will be tight, a blocker when it can not fit', async () => {
    const tight = await app.dump.preview(app.request(id, 'big', { library: small }), context)
    expect(tight.preflight.find((row) => row.id === 'space')).toMatchObject({ result: 'warning' })
    fs.writeFileSync(path.join(small, 'ballast'), Buffer.alloc(5 * 1024 * 1024))
    const hopeless = await app.dump.preview(app.request(id, 'big', { library: small }), context)
    expect(hopeless.blocked).toMatch(/^Only [\d.]+ MB are free and the tables hold [\d.]+ MB: the dump can't fit\.$/)
    await expect(app.dump.start(app.request(id, 'big', { library: small }), context)).rejects.toMatchObject({
      code: 'preflight',
      message: hopeless.blocked,
    })
    expect(filesBelow(small)).toEqual([path.join(small, 'ballast')])
  })
})
