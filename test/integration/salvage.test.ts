// Salvage: a cluster dies with WAL that its archive does not have. In its place, to the end and to moments in between, every
// committed row is there; without salvage exactly those that were archived. And what must not be salvaged is refused.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withClient } from '../../electron/postgres/withClient'
import type { PointRunRequest } from '../../shared/contracts/recoveryPoint'
import type { RecoveryWish } from '../../shared/model/recoveryWish'
import { binFolder, newestMajor, newestOrAll, startCluster } from '../support/clusters'
import { readPostmasterPid, tempFolder, waitUntilNoProcessIn } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'
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
  salvageOffers,
  wish,
} from './recoveryPointSetup'
import { factsOf, printOf, stopServer } from './recoverySetup'
import { refusal } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

const promote = { action: 'promote' } as const
const toTheEnd = wish({ kind: 'end' }, promote)

describe.each(newestOrAll())('PostgreSQL %i, in place of a practice cluster that was killed', (major) => {
  const inPractice = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
    const { connections } = base.core.app.services
    const connection = await connections.resolve('practice-main')
    return withClient({ connections, connection }, async (client) => (await client.query(text, values)).rows)
  }
  const insert = async (id: number): Promise<Mark> => {
    await inPractice('INSERT INTO public.marks VALUES ($1)', [id])
    const [row] = await inPractice(
      `SELECT xmin::text AS xid, round(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint::text AS time
         FROM public.marks WHERE id = $1`,
      [id],
    )
    return { id, xid: Number(row?.xid), time: Number(row?.time) }
  }
  const ids = async () => (await inPractice('SELECT id FROM public.marks ORDER BY id')).map((row) => Number(row.id))
  const set = async (name: string, value: string) => {
    await inPractice(`ALTER SYSTEM SET ${name} = '${value.replaceAll("'", "''")}'`)
    await inPractice('SELECT pg_reload_conf()')
  }
  const settled = async (done: () => boolean) => {
    for (const end = Date.now() + 30_000; !done(); ) {
      if (Date.now() > end) throw new Error('it did not come to that')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const status = (ending: string) =>
    fs.readdirSync(path.join(dataDirectory, 'pg_wal', 'archive_status')).filter((name) => name.endsWith(ending))

  let dataDirectory: string
  let archive: string
  let archiveId: string
  const marks: Mark[] = []
  const archivedIds: number[] = []

  beforeAll(async () => {
    const { api, dataFolder } = base.core
    const made = await base.core.ended(await api.practice.make({ name: 'main', folder: binFolder(major), fill: false }))
    expect(made.error).toBeNull()
    dataDirectory = fs.realpathSync(path.join(dataFolder, 'practice', 'main', 'data'))
    archive = path.join(tempFolder(`salvage${major}`), 'archive')
    fs.mkdirSync(archive, { mode: 0o755 })
    const { uid, gid } = fs.statSync(dataDirectory)
    fs.chownSync(archive, uid, gid)
    await set('track_commit_timestamp', 'on')
    await set('archive_mode', 'on')
    await set('archive_command', `cp %p "${archive}/%f.tmp" && mv "${archive}/%f.tmp" "${archive}/%f"`)
    await base.core.ended(await api.practice.stop({ name: 'main' }))
    await base.core.ended(await api.practice.start({ name: 'main' }))
    await inPractice('CREATE TABLE public.marks (id int PRIMARY KEY)')
    folderOf(await base.run(base.request('practice-main', { verify: false })))
    for (let id = 1; id <= 3; id += 1) marks.push(await insert(id))
    await inPractice('SELECT pg_switch_wal()')
    await settled(() => status('.ready').length === 0)
    archivedIds.push(...marks.map(({ id }) => id))
    // From here on nothing is archived any more: two whole segments, and one that is being written.
    await set('archive_command', 'false')
    for (let id = 4; id <= 12; id += 1) {
      marks.push(await insert(id))
      if (id === 6 || id === 9) await inPractice('SELECT pg_switch_wal()')
    }
    await settled(() => status('.ready').length >= 2)
    archiveId = await registerArchive(base, archive, 'practice-main')
  }, 240_000)

  afterAll(async () => {
    await base.core.api.practice.stop({ name: 'main' }).then(
      (job) => base.core.ended(job),
      () => undefined,
    )
    await base.core.ended(await base.core.api.practice.remove({ name: 'main', confirm: 'main' }))
  })

  async function inPlace(asked: RecoveryWish, salvage: boolean, confirmed = true): Promise<PointRunRequest> {
    const { name, control } = await base.core.api.localClusters.inspect({ dataDirectory })
    const confirm = confirmed ? { name, systemIdentifier: control?.systemIdentifier ?? '' } : null
    return {
      point: { archiveId, backup: null, wish: asked, salvage: salvage ? dataDirectory : null },
      ...{ destination: { kind: 'cluster', dataDirectory }, tablespaces: {}, verify: false, login: null, confirm },
    }
  }

  test('while it runs it is refused; once killed it is offered, and every committed row is there', async () => {
    const { api } = base.core
    const running = await salvageOffers(base, archiveId)
    expect(running).toMatchObject([{ name: 'practice main', dataDirectory, files: [] }])
    expect(running[0]?.problem).toMatch(/^practice main runs \(process \d+\): its WAL is still being written\. Stop it first\.$/)
    const early = await api.recoveryPoint.plan((await inPlace(toTheEnd, true)).point)
    expect(early.blockers).toMatchObject([{ reason: 'salvage', says: running[0]?.problem }])

    process.kill(readPostmasterPid(dataDirectory) ?? 0, 'SIGKILL')
    await waitUntilNoProcessIn(dataDirectory, 20_000)
    const before = printOf(dataDirectory)
    const wasArchived = printOf(archive)

    const [offer] = await salvageOffers(base, archiveId)
    expect(offer).toMatchObject({ problem: '', warnings: [], walFolder: path.join(dataDirectory, 'pg_wal') })
    expect(offer?.files.map(({ kind }) => kind)).toEqual(['complete', 'complete', 'last'])
    expect(offer?.with?.lastCommit?.xid).toBe(marks.at(-1)?.xid)
    expect(offer?.without?.lastCommit?.xid).toBe(marks[2]?.xid)
    expect(offer?.says).toMatch(
      /^With it recovery reaches to [0-9A-F/]+, last commit 20\S+ \S+ UTC, instead of to [0-9A-F/]+, last commit 20\S+ \S+ UTC\.$/,
    )

    // The moments: without it they end with the archive, with it where the server died; the lane says which part is which.
    const bare = await api.recoveryPoint.moments({ archiveId })
    expect(bare.lanes[0]?.lastCommit?.xid).toBe(marks[2]?.xid)
    expect(bare.lanes[0]?.salvaged).toBeUndefined()
    const full = await api.recoveryPoint.moments({ archiveId, salvage: dataDirectory })
    expect(full.lanes[0]?.lastCommit?.xid).toBe(marks.at(-1)?.xid)
    expect(full.lanes[0]?.salvaged).toMatchObject([{ segments: 3, fromLsn: offer?.files[0]?.from, toLsn: offer?.with?.reaches }])
    expect(full.lanes[0]?.endLsn).toBe(offer?.with?.reaches)
    const late = wish({ kind: 'time', value: marks[7]?.time })
    expect((await api.recoveryPoint.plan({ archiveId, backup: null, wish: late })).blockers).toMatchObject([
      { reason: 'after-end' },
    ])
    const around = await api.recoveryPoint.neighbours({
      archiveId,
      salvage: dataDirectory,
      timeline: 1,
      time: marks[7]?.time ?? 0,
    })
    expect([around.before?.xid, around.after?.xid]).toEqual([marks[7]?.xid, marks[8]?.xid])

    // In place, to the end: not without its name.
    const { message } = await refusal(api.recoveryPoint.start(await inPlace(toTheEnd, true, false)))
    expect(message).toMatch(/^Type practice main: /)
    const request = await inPlace(toTheEnd, true)
    const preview = await api.recoveryPoint.preview(request)
    expect(preview.blocked).toBe('')
    expect(preview.salvage).toEqual(offer)
    expect(preview.plan.salvaged).toEqual(offer?.files.map(({ name }) => name))
    expect(preview.preflight.find(({ id }) => id === 'salvage')?.found).toBe(
      `3 files of ${path.join(dataDirectory, 'pg_wal')} are copied from practice main, which stays as it is. ${offer?.says}`,
    )
    expect(printOf(dataDirectory)).toBe(before)
    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    expect(job.issues).toEqual([])
    expect(await ids()).toEqual(marks.map(({ id }) => id))
    const facts = factsOf(job)
    expect(facts.get('Last commit')).toMatch(new RegExp(`^transaction ${marks.at(-1)?.xid}, .* UTC, from the salvaged WAL$`))
    const [firstName = '', , lastName = ''] = offer?.files.map(({ name }) => name.slice(-10)) ?? []
    expect(facts.get('Salvaged WAL')).toBe(`3 files of practice main; recovery fetched 3: …${firstName} to …${lastName}`)
    const fetched = fs.readFileSync(path.join(dataDirectory, 'walkback', 'restore.log'), 'utf8')
    for (const { name } of offer?.files ?? [])
      expect(fetched).toContain(`restored: ${name} from walkback/salvage/${name}, salvaged`)
    const kept = facts.get('Kept from before') ?? ''
    expect(printOf(kept)).toBe(before)
    expect(printOf(archive)).toBe(wasArchived)

    // Back to how it was, for each of the other moments.
    const again = async () => {
      await base.core.ended(await api.practice.stop({ name: 'main' }))
      fs.rmSync(dataDirectory, { recursive: true })
      const aside = fs.readdirSync(path.dirname(dataDirectory)).find((name) => name.startsWith('data.before-'))
      fs.renameSync(path.join(path.dirname(dataDirectory), aside ?? ''), dataDirectory)
      expect(printOf(dataDirectory)).toBe(before)
    }
    const between: [RecoveryWish, number][] = [
      [wish({ kind: 'time', value: marks[7]?.time }), 8],
      ...(process.env.WALKBACK_LONG === '1'
        ? [[wish({ kind: 'xid', value: marks[10]?.xid }, promote), 11] as [RecoveryWish, number]]
        : []),
    ]
    for (const [asked, last] of between) {
      await again()
      const next = await recoverTo(base, await inPlace(asked, true))
      expect(next.error).toBeNull()
      expect(await ids()).toEqual(marks.slice(0, last).map(({ id }) => id))
    }
    // Without salvage exactly those that were archived.
    await again()
    const without = await recoverTo(base, await inPlace(toTheEnd, false))
    expect(without.error).toBeNull()
    expect(await ids()).toEqual(archivedIds)
    expect(factsOf(without).has('Salvaged WAL')).toBe(false)
    expect(printOf(archive)).toBe(wasArchived)
  }, 360_000)
})

describe(`PostgreSQL ${newestMajor()}, to a new folder`, () => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let marks: Mark[]
  /** Copies of the dead cluster lie here, each spoilt in its own way. */
  let copies: string

  beforeAll(async () => {
    archiving = await startArchiving({ major: newestMajor(), segmentSize: 1, prefix: 'salvagenew' })
    const { cluster, archive } = archiving
    // A checkpoint keeps old segments to be used again, but never more than there is room for.
    await cluster.sql(`ALTER SYSTEM SET min_wal_size = '16MB'`)
    await cluster.sql('SELECT pg_reload_conf()')
    login = await base.connect(cluster)
    await prepareMarks(cluster)
    folderOf(await base.run(base.request(login, { verify: false })))
    marks = await makeHistory(archiving)
    for (let n = 0; n < 4; n += 1) {
      await cluster.sql('INSERT INTO marks SELECT -1 - $1::int', 'shop', [n])
      await switchWal(cluster)
    }
    // What is archived already is kept to be used again, under names of the future.
    await cluster.sql('CHECKPOINT')
    marks.push(...(await makeHistory(archiving, 7)))
    await cluster.sql(`ALTER SYSTEM SET archive_command = 'false'`)
    await cluster.sql('SELECT pg_reload_conf()')
    await cluster.sql('CREATE TABLE filler (text text)', 'shop')
    // Records go on over the ends of segments: nothing is switched.
    for (let id = 13; id <= 24; id += 1) {
      await cluster.sql(`INSERT INTO filler SELECT repeat(md5(n::text), 20) FROM generate_series(1, 400) n`, 'shop')
      marks.push(await mark(cluster, id))
    }
    await cluster.stop('kill')
    archiveId = await registerArchive(base, archive, null)
    copies = tempFolder('salvagecopies')
    fs.chmodSync(copies, 0o755)
  }, 240_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  const copyOf = (name: string) => {
    const copy = path.join(copies, name)
    execFileSync('cp', ['-a', archiving.cluster.dataDir, copy])
    return copy
  }
  const planOf = (salvage: string, asked = toTheEnd) =>
    base.core.api.recoveryPoint.plan({ archiveId, backup: null, wish: asked, salvage })
  const refusedWith = async (salvage: string, says: string) => {
    expect((await base.core.api.recoveryPoint.moments({ archiveId, salvage })).problems).toContain(says)
    expect((await planOf(salvage)).blockers).toEqual([{ reason: 'salvage', says, nearest: null, nearestSays: '' }])
    const request = await pointRequest({ archiveId, wish: toTheEnd, salvage }, login)
    expect(await refusal(base.core.api.recoveryPoint.start(request))).toMatchObject({ code: 'preflight', message: says })
    expect(foldersOf(request)).toEqual([])
  }
  const lastFile = async (salvage: string) => {
    const request = await pointRequest({ archiveId, wish: toTheEnd, salvage }, login)
    const { salvage: offer } = await base.core.api.recoveryPoint.preview(request)
    const file = offer?.files.find(({ kind }) => kind === 'last')
    if (!offer || !file) throw new Error('nothing is salvaged')
    return { offer, file }
  }

  test('to the end, by Walkback and by the script: the rows that were committed, and nothing else was changed', async () => {
    const { cluster, archive } = archiving
    const dead = cluster.dataDir
    const [before, wasArchived] = [printOf(dead), printOf(archive)]
    const { offer } = await lastFile(dead)
    expect(offer.files.length).toBeGreaterThan(2)
    expect(offer.left.map(({ why }) => why)).toContainEqual(
      expect.stringMatching(/^is kept to be used again: it begins like [0-9A-F]{24} /),
    )
    const expected = [-4, -3, -2, -1, ...marks.map(({ id }) => id)]
    const request = await pointRequest({ archiveId, wish: toTheEnd, salvage: dead }, login)
    const { script } = await base.core.api.recoveryPoint.preview(request)
    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    const { folder, port } = request.destination
    expect((await marksOn(cluster, port)).ids).toEqual(expected)
    expect(factsOf(job).get('Last commit')).toMatch(new RegExp(`^transaction ${marks.at(-1)?.xid}, .* from the salvaged WAL$`))
    stopServer(cluster, folder)
    fs.rmSync(path.dirname(folder), { recursive: true })

    const text = (script ?? '').replaceAll('sudo -u postgres ', 'runuser -u postgres -- ')
    execFileSync('sh', ['-s'], { input: text, cwd: '/', stdio: ['pipe', 'ignore', 'pipe'] })
    for (const end = Date.now() + 30_000; (await marksOn(cluster, port)).recovering; ) {
      if (Date.now() > end) throw new Error('it was not promoted')
    }
    expect((await marksOn(cluster, port)).ids).toEqual(expected)
    stopServer(cluster, folder)
    fs.rmSync(path.dirname(folder), { recursive: true })
    expect(printOf(dead)).toBe(before)
    expect(printOf(archive)).toBe(wasArchived)
  }, 240_000)

  test('a pg_wal on a disk of its own; one that is gone', async () => {
    const copy = copyOf('linked')
    const elsewhere = path.join(copies, 'wal disk')
    fs.renameSync(path.join(copy, 'pg_wal'), elsewhere)
    fs.symlinkSync(elsewhere, path.join(copy, 'pg_wal'))
    const { offer } = await lastFile(copy)
    expect(offer.walFolder).toBe(elsewhere)
    expect((await base.core.api.recoveryPoint.moments({ archiveId, salvage: copy })).lanes[0]?.lastCommit?.xid).toBe(
      marks.at(-1)?.xid,
    )
    fs.renameSync(elsewhere, `${elsewhere} gone`)
    await refusedWith(
      copy,
      `${copy}/pg_wal is not there, or leads nowhere: there is no WAL to be salvaged. If it was on a disk of its own, mount that one. Or go on without: then the archive’s end is the end.`,
    )
  }, 120_000)

  test('the WAL of another cluster, and of a copy that went on by itself', async () => {
    const { archive } = archiving
    const { systemIdentifier } = await base.core.api.recoveryPoint.moments({ archiveId })
    const other = await startCluster({ major: newestMajor(), prefix: 'salvageother' })
    try {
      await other.stop()
      const { control } = await base.core.api.localClusters.inspect({ dataDirectory: other.dataDir })
      const foreign = control?.systemIdentifier ?? ''
      await refusedWith(
        other.dataDir,
        `${other.dataDir} is of the cluster ${foreign}, and the archive ${archive} of ${systemIdentifier}: nothing of its WAL is salvaged.`,
      )
      // Its own control file, and the other's WAL.
      const copy = copyOf('mixed')
      fs.rmSync(path.join(copy, 'pg_wal'), { recursive: true })
      fs.symlinkSync(path.join(other.dataDir, 'pg_wal'), path.join(copy, 'pg_wal'))
      const [first] = fs
        .readdirSync(path.join(copy, 'pg_wal'))
        .filter((name) => /^[0-9A-F]{24}$/.test(name))
        .toSorted()
      await refusedWith(
        copy,
        `${first} in ${other.dataDir}/pg_wal is of the cluster ${foreign}, and the archive ${archive} of ${systemIdentifier}: nothing of it is salvaged.`,
      )
    } finally {
      await other.remove()
    }
    const copy = copyOf('apart')
    const both = fs
      .readdirSync(path.join(copy, 'pg_wal'))
      .filter((name) => /^[0-9A-F]{24}$/.test(name) && fs.existsSync(path.join(archive, name)))
    const last = both.toSorted().at(-1) ?? ''
    flip(path.join(copy, 'pg_wal', last), 500_000)
    await refusedWith(
      copy,
      `${last} in ${copy}/pg_wal is not the same as ${last} in the archive: it is of a copy of the cluster that went on by itself, or one of the two is damaged. Nothing of it is salvaged.`,
    )
  }, 180_000)

  test('a last segment that is damaged, and one that can’t be read, are said', async () => {
    const copy = copyOf('damaged')
    const { file } = await lastFile(copy)
    const size = 1024 * 1024
    const end = Number(BigInt(`0x${(file.to ?? '').split('/')[1]}`) % BigInt(size))
    flip(path.join(copy, 'pg_wal', file.file), Math.floor(end / 2))
    const moments = await base.core.api.recoveryPoint.moments({ archiveId, salvage: copy })
    const said = moments.problems.find((text) => text.startsWith(`${file.file} in ${copy}/pg_wal is damaged at `))
    expect(said).toMatch(
      /: no record can be read there, and there is WAL after it, at [0-9A-F/]+\. Nothing after that can be reached\.$/,
    )
    expect((await planOf(copy)).blockers).toMatchObject([{ reason: 'damage' }])
    // What is before the damage is reached all the same, by the position that is offered.
    const nearest = (await planOf(copy)).blockers[0]?.nearest
    expect(nearest?.kind).toBe('lsn')
    if (nearest) expect((await planOf(copy, nearest)).blockers).toEqual([])
    fs.truncateSync(path.join(copy, 'pg_wal', file.file), 300)
    const cut = await base.core.api.recoveryPoint.moments({ archiveId, salvage: copy })
    expect(cut.problems).toContain(`${file.file} in ${copy}/pg_wal can’t be salvaged: it has 300 of 1,048,576 bytes.`)
  }, 120_000)

  test('where the archive has a segment cut short, the whole one is taken before it', async () => {
    const { cluster, archive } = archiving
    const copy = path.join(copies, 'archive')
    execFileSync('cp', ['-a', archive, copy])
    const both = fs
      .readdirSync(copy)
      .filter((name) => /^[0-9A-F]{24}$/.test(name) && fs.existsSync(path.join(cluster.dataDir, 'pg_wal', name)))
    const cut = both.toSorted().at(-1) ?? ''
    fs.truncateSync(path.join(copy, cut), 8192)
    const id = await registerArchive(base, copy, null)
    const request = await pointRequest(
      { archiveId: id, wish: wish({ kind: 'xid', value: marks[19]?.xid }), salvage: cluster.dataDir },
      login,
    )
    const { salvage } = await base.core.api.recoveryPoint.preview(request)
    expect(salvage?.files.filter(({ before }) => before).map(({ name }) => name)).toEqual([cut])
    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    const { folder, port } = request.destination
    expect((await marksOn(cluster, port)).ids.filter((one) => one > 0)).toEqual(marks.slice(0, 20).map((one) => one.id))
    // A later moment: what was salvaged is with it still.
    const later = { jobId: job.id, wish: wish({ kind: 'xid', value: marks[21]?.xid }) }
    const moved = await base.core.ended(await base.core.api.look.resume(later))
    expect(moved.error).toBeNull()
    expect((await marksOn(cluster, port)).ids.filter((one) => one > 0)).toEqual(marks.slice(0, 22).map((one) => one.id))
    stopServer(cluster, folder)
    fs.rmSync(path.dirname(folder), { recursive: true })
  }, 240_000)
})

function flip(file: string, at: number): void {
  const handle = fs.openSync(file, 'r+')
  const bytes = Buffer.alloc(8)
  fs.readSync(handle, bytes, 0, 8, at)
  fs.writeSync(
    handle,
    bytes.map((byte) => byte ^ 0xff),
    0,
    8,
    at,
  )
  fs.closeSync(handle)
}
