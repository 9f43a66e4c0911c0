// Salvage at its edges: a dead cluster that had been promoted, archives that are packed or streamed with a .partial, a dead
// cluster of another account; each recovered, and the rows counted that are there.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readArchiveIndex } from '../../electron/archive/readArchiveIndex'
import { readSalvage, type SalvageProgress } from '../../electron/archive/readSalvage'
import { toLsn } from '../../shared/model/lsn'
import type { RecoveryWish } from '../../shared/model/recoveryWish'
import { newestOrAll } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, newTimeline, startArchiving, switchWal } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf } from './baseSetup'
import {
  type Mark,
  mark,
  marksOn,
  pointRequest,
  prepareMarks,
  recoverTo,
  registerArchive,
  salvageOffers,
  wish,
} from './recoveryPointSetup'
import { factsOf, printOf, stopServer } from './recoverySetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

/** With the full counts each way is run; without, each is planned, and those that say most are run. */
const full = process.env.WALKBACK_LONG === '1'
const toTheEnd = (timeline: number) => wish({ kind: 'end' }, { action: 'promote', timeline })

describe.each(newestOrAll())('PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let dead: string
  /** Copies of archives and of the dead cluster. */
  let copies: string
  const streams = new Map<string, string>()
  const marks: Mark[] = []
  const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

  beforeAll(async () => {
    // A recovery with archive_mode=on keeps nothing for the archiver (XLogArchiveCheckDone): what it holds is by wal_keep_size.
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `edges${major}`, conf: { wal_keep_size: "'64MB'" } })
    const { cluster, archive } = archiving
    dead = cluster.dataDir
    copies = tempFolder('edges')
    fs.chmodSync(copies, 0o755)
    login = await base.connect(cluster)
    await prepareMarks(cluster)
    const readers = ['plain', 'gzip'].map((how) => {
      const folder = path.join(copies, `stream ${how}`)
      fs.mkdirSync(folder, { mode: 0o755 })
      streams.set(how, folder)
      return receive(how, folder)
    })
    folderOf(await base.run(base.request(login, { verify: false })))
    const add = async (from: number, to: number) => {
      for (const id of ids(from, to)) marks.push(await mark(cluster, id))
    }
    for (const id of [1, 2, 3]) {
      await add(id, id)
      await switchWal(cluster)
    }
    // From here on the streams alone get it, until they end.
    await cluster.sql(`ALTER SYSTEM SET archive_command = 'false'`)
    await cluster.sql('SELECT pg_reload_conf()')
    await add(4, 6)
    await endStreams(readers)
    // From here on nobody does. Then it is promoted.
    await add(7, 7)
    await cluster.sql('SELECT pg_switch_wal()')
    await add(8, 8)
    await newTimeline(cluster)
    await add(9, 10)
    await cluster.sql('SELECT pg_switch_wal()')
    await add(11, 12)
    await cluster.stop('kill')
    archiveId = await registerArchive(base, archive, null)
  }, 240_000)

  afterAll(() => archiving?.cluster.remove())

  function receive(how: string, folder: string): ChildProcess {
    const { cluster } = archiving
    const argv = ['-D', folder, '--no-loop', '--synchronous', ...(how === 'gzip' ? ['--compress=1'] : [])]
    return spawn(path.join(cluster.bin, 'pg_receivewal'), argv, {
      env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
      stdio: 'ignore',
    })
  }

  /** Once both have everything; packed bytes reach the file at the program's end. */
  async function endStreams(readers: ChildProcess[]): Promise<void> {
    const { cluster } = archiving
    const wanted = toLsn(String((await cluster.sql('SELECT pg_current_wal_flush_lsn()::text AS lsn'))[0]?.lsn))
    const reached = async () => {
      const rows = await cluster.sql(
        `SELECT flush_lsn::text AS lsn FROM pg_stat_replication WHERE application_name LIKE '%receivewal%'`,
      )
      return rows.filter(({ lsn }) => lsn !== null && toLsn(String(lsn)) >= wanted).length
    }
    for (const end = Date.now() + 30_000; (await reached()) < readers.length; ) {
      if (Date.now() > end) throw new Error('the streams did not get there')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    for (const reader of readers) {
      const ended = new Promise((resolve) => reader.once('exit', resolve))
      reader.kill('SIGINT')
      await ended
    }
  }

  /** To a new folder, and what is there then. */
  async function recovered(asked: { archiveId: string; salvage?: string; wish: RecoveryWish }) {
    const request = await pointRequest(asked, login)
    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    const { folder, port } = request.destination
    const found = await marksOn(archiving.cluster, port)
    const log = fs.existsSync(path.join(folder, 'walkback', 'restore.log'))
      ? fs.readFileSync(path.join(folder, 'walkback', 'restore.log'), 'utf8')
      : ''
    stopServer(archiving.cluster, folder)
    fs.rmSync(path.dirname(folder), { recursive: true })
    return { ...found, facts: factsOf(job), log }
  }
  const copyOf = (name: string) => {
    const copy = path.join(copies, name)
    execFileSync('cp', ['-a', dead, copy])
    return copy
  }
  const offerOf = async (of: string, folder = dead) => {
    const offer = (await salvageOffers(base, of, [folder])).find(({ named }) => named)
    if (!offer) throw new Error('no offer')
    return offer
  }
  const planOf = (of: string, asked: RecoveryWish, salvage = dead) =>
    base.core.api.recoveryPoint.plan({ archiveId: of, backup: null, wish: asked, salvage })

  test('a cluster that had been promoted: the new timeline, of which the archive knows nothing, and the old one', async () => {
    const untouched = [printOf(dead), printOf(archiving.archive)]
    const offer = await offerOf(archiveId)
    expect(offer.problem).toBe('')
    expect(offer.warnings).toEqual([])
    expect(offer.timeline).toBe(2)
    expect(offer.files[0]).toMatchObject({ name: '00000002.history', kind: 'history' })
    expect(offer.files.map(({ name }) => Number.parseInt(name.slice(0, 8), 16))).toEqual(expect.arrayContaining([1, 2]))
    const moments = await base.core.api.recoveryPoint.moments({ archiveId, salvage: dead })
    expect(moments.lanes.map(({ timeline }) => timeline)).toEqual([1, 2])
    expect(moments.mainTimeline).toBe(2)
    expect(moments.problems).toEqual([])

    for (const timeline of [1, 2]) expect((await planOf(archiveId, toTheEnd(timeline))).blockers).toEqual([])
    if (!full) return
    const latest = await recovered({ archiveId, salvage: dead, wish: toTheEnd(2) })
    expect(latest).toMatchObject({ ids: ids(1, 12), recovering: false })
    expect(latest.log).toContain('restored: 00000002.history from walkback/salvage/00000002.history, salvaged')
    expect(latest.facts.get('Timeline')).toBe('3')
    expect(latest.facts.get('Last commit')).toMatch(new RegExp(`^transaction ${marks.at(-1)?.xid}, .* from the salvaged WAL$`))
    // Along the old one up to where the new one began.
    expect(await recovered({ archiveId, salvage: dead, wish: toTheEnd(1) })).toMatchObject({ ids: ids(1, 8) })
    expect([printOf(dead), printOf(archiving.archive)]).toEqual(untouched)
  }, 240_000)

  test('how far a pg_wal is read is told, and it can be called off on the way', async () => {
    const { services } = base.core.app
    const { signal } = new AbortController()
    const index = await readArchiveIndex(services, archiving.archive, { signal })
    const folder = path.join(copyOf('told'), 'pg_wal')
    const names = fs.readdirSync(folder).filter((name) => /^(?:[0-9A-F]{24}(?:\.partial)?|[0-9A-F]{8}\.history)$/.test(name))
    const told: SalvageProgress[] = []
    const stop = new AbortController()
    const onProgress = (progress: SalvageProgress) => {
      told.push(progress)
      if (progress.what === 'records') stop.abort()
    }
    await expect(readSalvage(services, { folder, index, signal: stop.signal, onProgress })).rejects.toThrow(/abort/i)
    const files = told.filter(({ what }) => what === 'files')
    expect(files.map(({ done }) => done)).toEqual(names.map((_, at) => at))
    expect(files.every(({ total }) => total === names.length)).toBe(true)
    const before = told.length
    const whole = await readSalvage(services, { folder, index, signal, onProgress: (progress) => void told.push(progress) })
    const records = told.slice(before).filter(({ what }) => what === 'records')
    const segments = whole.ok ? whole.wal.segments.length : 0
    expect(segments).toBeGreaterThan(3)
    expect(records.at(-1)).toMatchObject({ done: records.at(-1)?.total })
    expect(records.at(-1)?.total).toBeGreaterThan(0)
    // Who leaves gets no answer, and the next one does.
    for await (const event of base.core.api.recoveryPoint.salvage({ archiveId, folders: [dead] })) {
      expect(event.kind).toMatch(/reading|offers/)
      break
    }
    expect((await offerOf(archiveId)).problem).toBe('')
  }, 120_000)

  test('an archive with the new timeline’s history alone, and one with another history of that number', async () => {
    const withHistory = path.join(copies, 'with history')
    execFileSync('cp', ['-a', archiving.archive, withHistory])
    fs.copyFileSync(path.join(dead, 'pg_wal', '00000002.history'), path.join(withHistory, '00000002.history'))
    const id = await registerArchive(base, withHistory, null)
    expect((await planOf(id, toTheEnd(2))).blockers).toEqual([])
    expect((await offerOf(id)).files.filter(({ kind }) => kind === 'history')).toEqual([])

    const another = path.join(copies, 'another history')
    execFileSync('cp', ['-a', archiving.archive, another])
    fs.writeFileSync(path.join(another, '00000002.history'), '1\t0/100000\tno recovery target specified\n')
    const other = await registerArchive(base, another, null)
    const says = `00000002.history in ${dead}/pg_wal names another way than 00000002.history in the archive: the two went apart, and nothing is salvaged.`
    expect((await offerOf(other)).problem).toBe(says)
    expect((await planOf(other, toTheEnd(1))).blockers).toEqual([{ reason: 'salvage', says, nearest: null, nearestSays: '' }])
  }, 120_000)

  test.each(['plain', 'gzip'])(
    'a stream (%s) that ended in a .partial: the dead one’s segment goes on where that one ends',
    async (how) => {
      const folder = streams.get(how) ?? ''
      const partial = fs.readdirSync(folder).filter((name) => name.includes('.partial'))
      expect(partial).toHaveLength(1)
      const untouched = printOf(folder)
      const id = await registerArchive(base, folder, null)
      const bare = await base.core.api.recoveryPoint.moments({ archiveId: id })
      expect(bare.lanes[0]?.lastCommit?.xid).toBe(marks[5]?.xid)
      const offer = await offerOf(id)
      expect(offer.problem).toBe('')
      expect(offer.files.map(({ name }) => name)).toContain(partial[0]?.slice(0, 24))
      // plain: to the new timeline's end; packed: to a commit in the segment that the stream has a part of.
      const asked = how === 'plain' ? toTheEnd(2) : wish({ kind: 'xid', value: marks[6]?.xid }, { action: 'promote' })
      expect((await planOf(id, asked)).blockers).toEqual([])
      if (how === 'gzip' && !full) return
      const done = await recovered({ archiveId: id, salvage: dead, wish: asked })
      expect(done.ids).toEqual(ids(1, how === 'plain' ? 12 : 7))
      expect(done.log).toContain(`restored: ${partial[0]?.slice(0, 24)} from walkback/salvage/`)
      expect(printOf(folder)).toBe(untouched)
    },
    240_000,
  )

  test('an archive that is packed, in each of the three ways, and a dead cluster of another account', async () => {
    const packed = path.join(copies, 'packed')
    execFileSync('cp', ['-a', archiving.archive, packed])
    const programs = [
      ['gzip', 'gz'],
      ['lz4', 'lz4'],
      ['zstd', 'zst'],
    ] as const
    const segments = fs.readdirSync(packed).filter((name) => /^[0-9A-F]{24}$/.test(name))
    for (const [at, name] of segments.toSorted().entries()) {
      const [program, suffix] = programs[at % 3] ?? programs[0]
      const file = path.join(packed, name)
      execFileSync(program, ['-q', ...(program === 'gzip' ? ['-k'] : []), '-c', file], {
        stdio: ['ignore', fs.openSync(`${file}.${suffix}`, 'w'), 'inherit'],
      })
      fs.rmSync(file)
    }
    const id = await registerArchive(base, packed, null)
    const theirs = copyOf('of daemon')
    execFileSync('chown', ['-R', 'daemon:', theirs])
    const untouched = [printOf(theirs), printOf(packed)]
    const offer = await offerOf(id, theirs)
    expect(offer).toMatchObject({ problem: '', warnings: [], timeline: 2 })
    const done = await recovered({ archiveId: id, salvage: theirs, wish: toTheEnd(2) })
    expect(done.ids).toEqual(ids(1, 12))
    for (const [, suffix] of programs) expect(done.log).toMatch(new RegExp(`from ${packed}/[0-9A-F]{24}\\.${suffix}$`, 'm'))
    expect([printOf(theirs), printOf(packed)]).toEqual(untouched)

    // The last one that both have tells that they went apart, packed or not.
    const both = segments.toSorted().filter((name) => fs.existsSync(path.join(theirs, 'pg_wal', name)))
    const last = both.at(-1) ?? ''
    const handle = fs.openSync(path.join(theirs, 'pg_wal', last), 'r+')
    fs.writeSync(handle, Buffer.alloc(8, 0xa5), 0, 8, 500_000)
    fs.closeSync(handle)
    expect((await offerOf(id, theirs)).problem).toMatch(
      new RegExp(`^${last} in ${theirs}/pg_wal is not the same as ${last}\\.(gz|lz4|zst) in the archive: `),
    )
  }, 240_000)
})
