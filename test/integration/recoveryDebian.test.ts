// Recovery in Debian's layout: a base backup whose settings lay under /etc, to a new folder with the saved ones, and in the
// place of a stopped cluster, whose own settings stay and whose data directory is kept.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PointRequest, PointRunRequest } from '../../shared/contracts/recoveryPoint'
import { binFolder } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { type DebianTestCluster, makeDebianCluster } from '../support/debianCluster'
import { readPostmasterPid, tempFolder, waitUntilNoProcessIn } from '../support/tempFolder'
import { type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { factsOf, newPlace, printOf, recover, recoveryRequest, stopServer } from './recoverySetup'

const password = 'of the trial'
let base: BaseCore
let main: DebianTestCluster & { undo(): void }
let login: string
let backup: string

beforeAll(async () => {
  main = await makeDebianCluster()
  base = await baseCore()
  main.control('start')
  main.sql(`ALTER ROLE postgres PASSWORD '${password}'`)
  main.sql(`CREATE TABLE t AS SELECT i AS n FROM generate_series(1, 1000) i`)
  const { id } = await base.core.api.connections.save({
    ...{ id: null, label: 'debian main', colour: 'slate', readOnly: false },
    settings: {
      ...{ host: '127.0.0.1', port: main.port, database: 'postgres', user: 'postgres', sslmode: 'prefer' },
      ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password, remember: false },
  })
  login = id
  backup = folderOf(await base.run(base.request(login)))
  expect(recordIn(backup).configuration.map(({ original }) => path.basename(original))).toContain('postgresql.conf')
}, 240_000)

afterAll(() => {
  main?.control('stop')
  main?.undo()
})

async function count(port: number): Promise<string> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' })
  await client.connect()
  const { rows } = await client.query<{ n: string }>('SELECT count(*)::text AS n FROM t')
  await client.end()
  return rows[0]?.n ?? ''
}

test('to a new folder, with the saved settings adapted; the original goes on', async () => {
  const untouched = printOf(backup)
  const request = await recoveryRequest(backup, { login })
  const { folder, port } = newPlace(request)
  const job = await recover(base.core, request)
  expect(job.error).toBeNull()
  expect(job.issues).toEqual([])
  expect(job.state).toBe('succeeded')
  expect(printOf(backup)).toBe(untouched)
  main.sql('INSERT INTO t VALUES (0)')
  expect(await count(port)).toBe('1000')
  expect(await count(main.port)).toBe('1001')
  const text = fs.readFileSync(path.join(folder, 'postgresql.conf'), 'utf8')
  expect(text).toContain(`# Walkback: data_directory = '${main.dataDirectory}'`)
  expect(fs.existsSync(path.join(folder, 'pg_hba.conf'))).toBe(true)
  stopServer({ bin: binFolder(15) }, folder)
}, 240_000)

test('in the place of a stopped cluster: refused while it runs, and without its name; then it is kept', async () => {
  const replica = await makeDebianCluster('replica')
  try {
    replica.control('start')
    const target = { kind: 'cluster' as const, dataDirectory: replica.dataDirectory }
    const request = await recoveryRequest(backup, { login, destination: target })
    const start = (more = {}) => base.core.api.recovery.startStandalone({ ...request, ...more })
    await expect(start()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(
        new RegExp(
          `^15/replica runs on \\S+ \\(process \\d+, port ${replica.port}\\)\\. Stop it first: files are never put under a running server\\.$`,
        ),
      ),
    })
    replica.control('stop')
    const { control } = await base.core.api.localClusters.inspect({ dataDirectory: replica.dataDirectory })
    const systemIdentifier = control?.systemIdentifier ?? ''
    for (const confirm of [null, { name: 'replica', systemIdentifier }, { name: '15/replica', systemIdentifier: '1' }]) {
      await expect(start({ confirm })).rejects.toMatchObject({
        code: 'preflight',
        message: expect.stringMatching(
          new RegExp(
            `^Type 15/replica: that is 15/replica on \\S+, port ${replica.port}, system identifier ${systemIdentifier}, in ${replica.dataDirectory}\\.$`,
          ),
        ),
      })
    }
    const before = printOf(replica.dataDirectory)
    const settings = printOf(replica.configDirectory)
    const confirmed = { ...request, confirm: { name: '15/replica', systemIdentifier } }
    const preview = await base.core.api.recovery.previewStandalone(confirmed)
    expect(preview.blocked).toBe('')
    expect(preview.renames).toMatchObject([{ from: replica.dataDirectory }])
    const job = await recover(base.core, confirmed)
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    const facts = factsOf(job)
    expect(facts.get('Start it later')).toBe('pg_ctlcluster 15 replica start')
    const kept = facts.get('Kept from before') ?? ''
    expect(kept).toMatch(new RegExp(`^${replica.dataDirectory}\\.before-\\d{4}-\\d\\d-\\d\\dT\\d{6}Z$`))
    expect(printOf(kept)).toBe(before)
    expect(printOf(replica.configDirectory)).toBe(settings)
    const found = fs.statSync(replica.dataDirectory)
    expect([found.uid, found.mode & 0o777]).toEqual([testAccount().uid, 0o700])
    expect(await count(replica.port)).toBe('1000')
    replica.control('stop')
    replica.control('start')
    expect(await count(replica.port)).toBe('1000')
    replica.control('stop')
  } finally {
    replica.undo()
  }
}, 240_000)

describe('to a moment', () => {
  let archive: string
  let archiveId: string
  const marks: { id: number; xid: number; time: number }[] = []
  const insert = (id: number) => {
    main.sql(`INSERT INTO marks VALUES (${id})`)
    const [xid, time] = main
      .sql(`SELECT xmin, round(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM marks WHERE id = ${id}`)
      .split('|')
    marks.push({ id, xid: Number(xid), time: Number(time) })
  }
  const status = () => fs.readdirSync(path.join(main.dataDirectory, 'pg_wal', 'archive_status'))
  const settled = async (done: () => boolean) => {
    for (const end = Date.now() + 30_000; !done(); ) {
      if (Date.now() > end) throw new Error('it did not come to that')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const rows = async (port: number) => {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' })
    await client.connect()
    try {
      const found = await client.query<{ id: number }>('SELECT id FROM marks ORDER BY id')
      const state = await client.query<{ on: boolean }>('SELECT pg_is_in_recovery() AS on')
      return { ids: found.rows.map(({ id }) => id), recovering: state.rows[0]?.on }
    } finally {
      await client.end()
    }
  }
  const inPlaceOf = async (
    { dataDirectory, name }: DebianTestCluster,
    point: Omit<PointRequest, 'archiveId' | 'backup'>,
  ): Promise<PointRunRequest> => {
    const { control } = await base.core.api.localClusters.inspect({ dataDirectory })
    return {
      point: { archiveId, backup: null, ...point },
      ...{ destination: { kind: 'cluster', dataDirectory }, tablespaces: {}, verify: false, login },
      confirm: { name, systemIdentifier: control?.systemIdentifier ?? '' },
    }
  }
  const runScript = async (request: PointRunRequest) => {
    const { script, blocked } = await base.core.api.recoveryPoint.preview(request)
    expect(blocked).toBe('')
    return () => execFileSync('sh', ['-s'], { input: script ?? '', cwd: '/', encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
  }

  beforeAll(async () => {
    archive = path.join(tempFolder('debianarchive'), 'archive')
    fs.mkdirSync(archive, { mode: 0o755 })
    fs.chownSync(archive, testAccount().uid, testAccount().gid)
    fs.chmodSync(path.dirname(archive), 0o755)
    for (const [name, value] of [
      ['track_commit_timestamp', 'on'],
      ['archive_mode', 'on'],
      ['archive_command', `cp %p "${archive}/%f.tmp" && mv "${archive}/%f.tmp" "${archive}/%f"`],
    ]) {
      main.sql(`ALTER SYSTEM SET ${name} = '${value}'`)
    }
    main.control('stop')
    main.control('start')
    main.sql('CREATE TABLE marks (id int PRIMARY KEY)')
    folderOf(await base.run(base.request(login, { verify: false })))
    for (const id of [1, 2, 3, 4]) insert(id)
    main.sql('SELECT pg_switch_wal()')
    await settled(() => !status().some((name) => name.endsWith('.ready')))
    archiveId = (await base.core.api.walArchive.register({ folder: archive, label: 'of debian', connectionId: login })).id
  }, 240_000)

  test('in the place of another stopped cluster: paused there, and by the script at another moment', async () => {
    const replica = await makeDebianCluster('replica')
    try {
      const settings = printOf(replica.configDirectory)
      const before = printOf(replica.dataDirectory)
      const wish = { kind: 'time' as const, timeline: 1, inclusive: true, action: 'pause' as const }
      const request = await inPlaceOf(replica, { wish: { ...wish, value: marks[1]?.time ?? 0 } })
      const job = await base.core.ended(await base.core.api.recoveryPoint.start(request))
      expect(job.error).toBeNull()
      expect(job.issues).toEqual([])
      expect(await rows(replica.port)).toEqual({ ids: [1, 2], recovering: true })
      const facts = factsOf(job)
      expect(printOf(facts.get('Kept from before') ?? '')).toBe(before)
      expect(printOf(replica.configDirectory)).toBe(settings)
      expect(facts.get('Start it later')).toBe('pg_ctlcluster 15 replica start')
      replica.control('stop')

      const script = await runScript(await inPlaceOf(replica, { wish: { ...wish, value: marks[2]?.time ?? 0 } }))
      replica.control('start')
      expect(script).toThrow(/A server runs in .*replica: stop it first\./)
      replica.control('stop')
      script()
      await settled(() =>
        /pausing at the end of recovery/.test(
          fs
            .readFileSync(replica.logFile, 'utf8')
            .split(/starting PostgreSQL/)
            .at(-1) ?? '',
        ),
      )
      expect(await rows(replica.port)).toEqual({ ids: [1, 2, 3], recovering: true })
      replica.control('stop')
    } finally {
      replica.undo()
    }
  }, 240_000)

  test('in its own place after it died, with what was not archived; the same by the script', async () => {
    main.sql(`ALTER SYSTEM SET archive_command = 'false'`)
    main.sql('SELECT pg_reload_conf()')
    for (const id of [5, 6, 7, 8]) {
      insert(id)
      if (id === 6) main.sql('SELECT pg_switch_wal()')
    }
    const pid = readPostmasterPid(main.dataDirectory)
    process.kill(pid ?? 0, 'SIGQUIT')
    await waitUntilNoProcessIn(main.dataDirectory, 20_000)
    const before = printOf(main.dataDirectory)
    const wasArchived = printOf(archive)
    const all = { ids: marks.map(({ id }) => id), recovering: false }
    const request = await inPlaceOf(main, {
      ...{ wish: { kind: 'end', timeline: 1, inclusive: true, action: 'promote' }, salvage: main.dataDirectory },
    })
    const script = await runScript(request)
    const job = await base.core.ended(await base.core.api.recoveryPoint.start(request))
    expect(job.error).toBeNull()
    expect(await rows(main.port)).toEqual(all)
    const facts = factsOf(job)
    expect(facts.get('Last commit')).toMatch(new RegExp(`^transaction ${marks.at(-1)?.xid}, .* from the salvaged WAL$`))
    const kept = facts.get('Kept from before') ?? ''
    expect(printOf(kept)).toBe(before)
    // As it was, for the script.
    main.control('stop')
    fs.rmSync(main.dataDirectory, { recursive: true })
    fs.renameSync(kept, main.dataDirectory)
    script()
    await settled(() =>
      /archive recovery complete/.test(
        fs
          .readFileSync(main.logFile, 'utf8')
          .split(/starting PostgreSQL/)
          .at(-1) ?? '',
      ),
    )
    await settled(() => !main.sql('SELECT pg_is_in_recovery()').startsWith('t'))
    expect(await rows(main.port)).toEqual(all)
    const [aside] = fs.readdirSync(path.dirname(main.dataDirectory)).filter((name) => name.startsWith('main.before-'))
    expect(printOf(path.join(path.dirname(main.dataDirectory), aside ?? ''))).toBe(before)
    expect(printOf(archive)).toBe(wasArchived)
  }, 240_000)
})
