// Recovery to a moment by other ways: two branches of timelines with a stray history beside them, a gap, an archive that is closed,
// and a cancel.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { segmentName } from '../../shared/model/walFile'
import { endMajors, type TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, archived, startArchiving } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf } from './baseSetup'
import {
  foldersOf,
  type Mark,
  makeHistory,
  mark,
  marksOn,
  pointRequest,
  prepareMarks,
  recoverTo,
  registerArchive,
  wish,
} from './recoveryPointSetup'
import { clientOf, factsOf, printOf, stopServer } from './recoverySetup'
import { refusal, until } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

const majors = endMajors()

describe.each(majors.filter((major) => major === majors[0] || major === majors.at(-1)))('PostgreSQL %i, branches', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let marks: Mark[]
  let branch: Mark[]
  const folders: string[] = []

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `pitb${major}` })
    const { cluster, archive } = archiving
    login = await base.connect(cluster)
    await prepareMarks(cluster)
    folderOf(await base.run(base.request(login)))
    marks = await makeHistory(archiving)
    archiveId = await registerArchive(base, archive, login)
    // Recovered to mark 3 and promoted; it archives into the same folder from then on, as the new main cluster.
    const request = await pointRequest(
      { archiveId, wish: wish({ kind: 'xid', value: marks[2]?.xid }, { action: 'promote' }) },
      login,
    )
    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    expect(factsOf(job).get('Timeline')).toBe('2')
    const { folder, port } = request.destination
    folders.push(folder)
    const auto = path.join(folder, 'postgresql.auto.conf')
    const command = `cp %p "${archive}/%f.tmp" && mv "${archive}/%f.tmp" "${archive}/%f"`
    fs.writeFileSync(auto, `${fs.readFileSync(auto, 'utf8')}archive_mode = on\narchive_command = '${command}'\n`)
    const control = (action: string) =>
      execFileSync(path.join(cluster.bin, 'pg_ctl'), [action, '-w', '-D', folder, '-l', path.join(folder, 'log', 'server.log')], {
        ...testAccount().spawn,
        cwd: '/',
        env: { PATH: '/usr/bin:/bin' },
        stdio: 'ignore',
      })
    control('restart')
    const sql: TestCluster['sql'] = async (text, database = 'postgres', values = []) => {
      const client = await clientOf(cluster, port)(database)
      try {
        return (await client.query(text, values)).rows as Awaited<ReturnType<TestCluster['sql']>>
      } finally {
        await client.end()
      }
    }
    const recovered: TestCluster = { ...cluster, dataDir: folder, port, sql }
    branch = []
    for (const id of [101, 102, 103]) branch.push(await mark(recovered, id))
    await sql('SELECT pg_switch_wal()')
    await archived(recovered)
    control('stop')
    // The server writes it where a promotion happens, and archives it only if archiving was on by then.
    execFileSync('cp', ['-p', path.join(folder, 'pg_wal', '00000002.history'), archive])
    // Of a drill that strayed in.
    fs.writeFileSync(path.join(archive, '00000009.history'), '1\t0/1000000\tno recovery target specified\n')
    await cluster.stop('fast')
  }, 240_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  async function reach(asked: ReturnType<typeof wish>, ids: number[]): Promise<void> {
    const request = await pointRequest({ archiveId, wish: asked }, login)
    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    try {
      expect((await marksOn(archiving.cluster, request.destination.port)).ids).toEqual(ids)
    } finally {
      stopServer(archiving.cluster, request.destination.folder)
    }
    fs.rmSync(path.dirname(request.destination.folder), { recursive: true })
  }

  test('always the branch that was asked for, before the fork and after it', async () => {
    const { lanes } = await base.core.api.recoveryPoint.moments({ archiveId })
    expect(lanes.map(({ timeline, parent }) => [timeline, parent])).toEqual([
      [1, null],
      [2, 1],
    ])
    const untouched = printOf(archiving.archive)
    await reach(wish({ kind: 'time', value: marks[4]?.time }), [1, 2, 3, 4, 5])
    await reach(wish({ kind: 'time', value: branch[1]?.time }, { timeline: 2 }), [1, 2, 3, 101, 102])
    await reach(wish({ kind: 'xid', value: marks[1]?.xid }), [1, 2])
    await reach(wish({ kind: 'xid', value: marks[1]?.xid }, { timeline: 2 }), [1, 2])
    expect(printOf(archiving.archive)).toBe(untouched)
  }, 240_000)

  test('a promotion takes the first number that the archive does not have', async () => {
    const request = await pointRequest(
      { archiveId, wish: wish({ kind: 'xid', value: marks[1]?.xid }, { action: 'promote' }) },
      login,
    )
    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    expect(factsOf(job).get('Timeline')).toBe('3')
    stopServer(archiving.cluster, request.destination.folder)
    fs.rmSync(path.dirname(request.destination.folder), { recursive: true })
  }, 120_000)
})

describe(`PostgreSQL ${majors.at(-1)}, what goes wrong`, () => {
  let archiving: ArchivingCluster
  let login: string
  let marks: Mark[]

  beforeAll(async () => {
    archiving = await startArchiving({ major: majors.at(-1) ?? 18, segmentSize: 1, prefix: 'pitw' })
    login = await base.connect(archiving.cluster)
    await prepareMarks(archiving.cluster)
    folderOf(await base.run(base.request(login)))
    marks = await makeHistory(archiving)
    marks.push(...(await makeHistory(archiving, 7)))
    marks.push(...(await makeHistory(archiving, 13)))
  }, 180_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  /** Of the account postgres, in a folder that it may enter. */
  function copyOfArchive(): string {
    const copy = path.join(tempFolder('pitcopy'), 'archive')
    execFileSync('cp', ['-a', archiving.archive, copy])
    fs.chmodSync(path.dirname(copy), 0o755)
    return copy
  }

  test('a gap: a moment before it is reached, one after it and the end are refused', async () => {
    const copy = copyOfArchive()
    const id = await registerArchive(base, copy, login)
    const { around, moments } = {
      around: await base.core.api.recoveryPoint.neighbours({ archiveId: id, timeline: 1, time: marks[6]?.time ?? 0 }),
      moments: await base.core.api.recoveryPoint.moments({ archiveId: id }),
    }
    const size = moments.segmentSize ?? 0
    const [high = '0', low = '0'] = (around.before?.lsn ?? '').split('/')
    const number = ((BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)) / BigInt(size)
    const missing = segmentName({ timeline: 1, number }, size)
    fs.rmSync(path.join(copy, missing))
    const fresh = await base.core.api.recoveryPoint.moments({ archiveId: id })
    expect(fresh.lanes[0]?.gaps).toMatchObject([{ names: [missing, missing], segments: 1 }])
    const early = await base.core.api.recoveryPoint.plan({
      archiveId: id,
      backup: null,
      wish: wish({ kind: 'time', value: marks[3]?.time }),
    })
    expect(early.blockers).toEqual([])
    for (const asked of [wish({ kind: 'time', value: marks[13]?.time }), wish({ kind: 'end' }, { action: 'promote' })]) {
      const request = await pointRequest({ archiveId: id, wish: asked }, login)
      const { code, message } = await refusal(base.core.api.recoveryPoint.start(request))
      expect(code).toBe('preflight')
      expect(message).toContain(`${missing} is missing: nothing after`)
      expect(foldersOf(request)).toEqual([])
    }
    // Shortened instead: named by what is wrong with it.
    fs.copyFileSync(path.join(archiving.archive, missing), path.join(copy, missing))
    fs.truncateSync(path.join(copy, missing), 8192)
    await base.core.api.recoveryPoint.moments({ archiveId: id })
    const request = await pointRequest({ archiveId: id, wish: wish({ kind: 'time', value: marks[13]?.time }) }, login)
    const { message } = await refusal(base.core.api.recoveryPoint.start(request))
    expect(message).toContain(`${missing} has 8,192 of ${size.toLocaleString('en-US')} bytes: nothing after`)
  })

  test('what the server’s account may not read is copied for it', async () => {
    const copy = copyOfArchive()
    const id = await registerArchive(base, copy, login)
    fs.chownSync(copy, 0, 0)
    fs.chmodSync(copy, 0o700)
    const untouched = printOf(copy)
    const request = await pointRequest({ archiveId: id, wish: wish({ kind: 'time', value: marks[3]?.time }) }, login)
    const { preflight, blocked } = await base.core.api.recoveryPoint.preview(request)
    expect(blocked).toBe('')
    expect(preflight.find((row) => row.id === 'archive')?.found).toMatch(
      new RegExp(
        `^postgres may not read ${fs.realpathSync(copy)}: the \\d+ files that are needed, .* are copied into the new data directory`,
      ),
    )
    expect((await recoverTo(base, request)).error).toBeNull()
    try {
      expect((await marksOn(archiving.cluster, request.destination.port)).ids).toEqual([1, 2, 3, 4])
    } finally {
      stopServer(archiving.cluster, request.destination.folder)
    }
    expect(printOf(copy)).toBe(untouched)
    fs.rmSync(path.dirname(request.destination.folder), { recursive: true })
  }, 120_000)

  test('the script does the same on a machine without Walkback', async () => {
    const id = await registerArchive(base, copyOfArchive(), login)
    const request = await pointRequest({ archiveId: id, wish: wish({ kind: 'time', value: marks[7]?.time }) }, login)
    const { script } = await base.core.api.recoveryPoint.preview(request)
    const text = (script ?? '').replaceAll('sudo -u postgres ', 'runuser -u postgres -- ')
    execFileSync('sh', ['-s'], { input: text, cwd: '/', stdio: ['pipe', 'ignore', 'pipe'] })
    const { folder, port } = request.destination
    try {
      await until('the pause', () =>
        /pausing at the end of recovery/.test(fs.readFileSync(path.join(folder, 'log', 'server.log'), 'utf8')),
      )
      expect(await marksOn(archiving.cluster, port)).toEqual({ ids: [1, 2, 3, 4, 5, 6, 7, 8], recovering: true })
    } finally {
      stopServer(archiving.cluster, folder)
    }
    fs.rmSync(path.dirname(folder), { recursive: true })
  }, 120_000)

  test('a cancel leaves archive and backup as they were, the destination plainly unfinished, and a new start works', async () => {
    const id = await registerArchive(base, copyOfArchive(), login)
    const { folder: archive } = (await base.core.api.walArchive.list({})).archives.find((one) => one.id === id) ?? { folder: '' }
    const untouched = printOf(archive)
    const request = await pointRequest({ archiveId: id, wish: wish({ kind: 'time', value: marks[9]?.time }) }, login)
    const started = await base.core.api.recoveryPoint.start(request)
    await until('the copy', () => foldersOf(request).some((name) => name.endsWith('.partial')))
    await base.core.api.jobs.cancel(started)
    const job = await base.core.ended(started)
    expect(job.state).toBe('cancelled')
    expect(foldersOf(request)).toEqual(['recovered it.partial'])
    expect(printOf(archive)).toBe(untouched)
    const again = await base.core.ended(await base.core.api.jobs.runAgain(started))
    expect(again.error).toBeNull()
    expect(foldersOf(request)).toEqual(['recovered it'])
    try {
      expect((await marksOn(archiving.cluster, request.destination.port)).ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    } finally {
      stopServer(archiving.cluster, request.destination.folder)
    }
    fs.rmSync(path.dirname(request.destination.folder), { recursive: true })
    expect(printOf(archive)).toBe(untouched)
  }, 120_000)
})
