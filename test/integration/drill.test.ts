// A restore drill on real backups: recovered to scratch, read in full, thrown away; its result in the record, and nothing left.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DrillRequest } from '../../shared/contracts/drill'
import { backupRecord } from '../../shared/model/backupRecord'
import { endMajors } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'
import { addTablespaces, type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { finished, requestFor } from './coldSetup'
import { registerArchive, wish } from './recoveryPointSetup'
import { printOf } from './recoverySetup'
import { refusal, until } from './walSetup'

let base: BaseCore

/** All of them; else one or two of each kind. */
const long = process.env.WALKBACK_LONG === '1'

beforeAll(async () => {
  base = await baseCore()
})

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let backup: string
  let place: string

  beforeAll(async () => {
    archiving = await startArchiving({
      major,
      segmentSize: 1,
      prefix: `drill${major}`,
      conf: major >= 17 ? { summarize_wal: 'on' } : {},
    })
    const { cluster } = archiving
    login = await base.connect(cluster)
    await cluster.sql('CREATE DATABASE shop')
    await cluster.sql('CREATE TABLE orders AS SELECT i AS id, md5(i::text) AS note FROM generate_series(1, 4000) i', 'shop')
    await cluster.sql('CREATE INDEX ON orders (note); CREATE TABLE empty (id int)', 'shop')
    backup = folderOf(await base.run(base.request(login)))
    await cluster.sql('INSERT INTO empty SELECT generate_series(1, 7)', 'shop')
    await switchWal(cluster)
    archiveId = await registerArchive(base, archiving.archive, login)
    place = tempFolder('scratch')
  }, 240_000)

  afterAll(async () => {
    await archiving?.cluster.remove()
  })

  const request = (more: Partial<DrillRequest> = {}): DrillRequest => ({ backup, place, point: null, user: 'postgres', ...more })
  const run = async (more: Partial<DrillRequest> = {}) => base.core.ended(await base.core.api.drill.start(request(more)))
  const drills = (folder = backup) => recordIn(folder).verifications.filter(({ level }) => level === 'drill')
  const connections = async () => (await base.core.api.connections.list({})).connections.length

  test('to its consistency: what was proved is in the record and the report, and nothing is left', async () => {
    const before = await connections()
    const prepared = await base.core.api.drill.prepare({ backup })
    expect(prepared).toMatchObject({ user: 'postgres', problem: '' })
    const job = await run()
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(drills()).toMatchObject([
      {
        ok: true,
        detail: expect.stringMatching(
          /^Restored to scratch as soon as it is consistent in [\d.]+ s; 4,000 rows in 2 tables read, 3 databases dumped to nowhere\.$/,
        ),
      },
    ])
    expect(fs.readdirSync(place)).toEqual([])
    expect(await connections()).toBe(before)
    const { html, name } = await base.core.api.drill.report({ jobId: job.id })
    expect(name).toMatch(/^drill-[\w.-]+-\d{4}-\d\d-\d\dT\d{4}\.html$/)
    expect(html).toContain('Passed: this backup can be restored.')
    expect(html).toContain(major >= 14 ? 'pg_amcheck: ' : 'amcheck: the structure of ')
    if (major < 14) expect(html).toContain('PostgreSQL 13 has no pg_amcheck')
    expect(html).toContain('public.orders')
    expect(html).not.toMatch(/<script|https?:\/\//)
    const [kept] = (await base.core.api.drill.list({})).drills
    expect(kept).toMatchObject({
      jobId: job.id,
      ok: true,
      problem: '',
      databases: expect.arrayContaining([expect.objectContaining({ name: 'shop', tables: 2, rows: 4000 })]),
    })
    expect(kept?.phases.map((phase) => phase.name)).toEqual(
      expect.arrayContaining(['Copy', 'Start', 'Consistent', 'Check structure', 'Count every row', 'Dump to nowhere']),
    )
  }, 120_000)

  test('to the end of the archive, which is only read', async () => {
    const archive = printOf(archiving.archive)
    const job = await run({ point: { archiveId, wish: wish({ kind: 'end' }) } })
    expect(job.error).toBeNull()
    expect(drills().at(-1)).toMatchObject({ ok: true, detail: expect.stringContaining('4,007 rows in 2 tables') })
    expect(printOf(archiving.archive)).toBe(archive)
    expect(fs.readdirSync(place)).toEqual([])
  }, 120_000)

  test('a damaged page is named, the drill is recorded as failed, and nothing is left', async () => {
    const [row] = await archiving.cluster.sql(`SELECT pg_relation_filepath('orders') AS path`, 'shop')
    const damaged = path.join(tempFolder('damaged'), 'backup')
    const whole = folderOf(
      await base.run(
        base.request(login, { options: { walMethod: 'stream', checkpoint: 'fast', noManifest: true }, verify: false }),
      ),
    )
    fs.cpSync(whole, damaged, { recursive: true })
    spoil(damaged, `data/${String(row?.path)}`)
    const job = await run({ backup: damaged })
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(
      major >= 14 ? /pg_amcheck found damage: .*orders/ : /^public\.orders in shop can’t be read: .*invalid page/,
    )
    expect(drills(damaged)).toEqual([{ at: expect.any(String), level: 'drill', ok: false, detail: job.error?.message }])
    expect(fs.readdirSync(place)).toEqual([])
    expect((await base.core.api.drill.report({ jobId: job.id })).html).toContain('Failed: ')
  }, 120_000)

  /** A page whose header makes no sense, in a file whose recorded checksum is that of the damaged one: damage from before the backup. */
  function spoil(folder: string, inner: string): void {
    const file = path.join(folder, inner)
    const content = fs.readFileSync(file)
    content.fill(0xff, 8192 + 10, 8192 + 20)
    fs.writeFileSync(file, content)
    const at = path.join(folder, 'walkback.json')
    const record = backupRecord.parse(JSON.parse(fs.readFileSync(at, 'utf8')))
    const entry = record.files.find((one) => one.path === inner)
    if (!entry) throw new Error(`${inner} is not in the record`)
    entry.sha256 = createHash('sha256').update(content).digest('hex')
    fs.writeFileSync(at, JSON.stringify(record))
  }

  test('a cancel leaves no server, no folder and no result', async () => {
    const before = drills().length
    const { jobId } = await base.core.api.drill.start(request())
    await until('a running server', () =>
      fs.readdirSync(place).some((name) => fs.existsSync(path.join(place, name, 'data/postmaster.pid'))),
    )
    await base.core.api.jobs.cancel({ jobId })
    const job = await base.core.ended({ jobId })
    expect(job.state).toBe('cancelled')
    expect(job.leftovers).toEqual([])
    expect(fs.readdirSync(place)).toEqual([])
    expect(drills().length).toBe(before)
    expect(fs.readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && cwdOf(pid).startsWith(place))).toBe(false)
  }, 120_000)

  const cwdOf = (pid: string): string => {
    try {
      return fs.readlinkSync(`/proc/${pid}/cwd`)
    } catch {
      return '' // it has ended meanwhile
    }
  }

  test('is refused with its reason, before anything is made', async () => {
    const ask = async (more: Partial<DrillRequest>) => (await refusal(base.core.api.drill.start(request(more)))).message
    expect(await ask({ place: 'here' })).toBe('"here" is not an absolute path.')
    const absent = path.join(place, 'absent')
    expect(await ask({ place: absent })).toBe(`Can't use the folder ${absent}: it does not exist.`)
    const far = path.join(place, 'y'.repeat(70))
    fs.mkdirSync(far)
    expect(await ask({ place: far })).toMatch(/^The path .* is too long for a socket in it\.$/)
    fs.rmdirSync(far)
    const nobody = await run({ user: 'nobody' })
    expect(nobody.error?.message).toBe('Nobody can log in to the recovered cluster as nobody.')
    expect(fs.readdirSync(place)).toEqual([])
    const chain = path.join(tempFolder('chain'), 'backup')
    fs.mkdirSync(chain)
    const incremental = { ...recordIn(backup), incremental: { parent: 'another', from: { timeline: 1, lsn: '0/2000028' } } }
    fs.writeFileSync(path.join(chain, 'walkback.json'), JSON.stringify(incremental))
    expect((await run({ backup: chain })).error?.message).toBe(
      'backup builds on a backup from 0/2000028 on timeline 1 that is in none of the libraries.',
    )
    expect(fs.readdirSync(place)).toEqual([])
    expect((await refusal(base.core.api.drill.report({ jobId: 'none' }))).message).toBe('The report of that drill is not kept.')
  }, 120_000)

  describe('with tablespaces', () => {
    let marks: { name: string; time: number; lsn: string }
    let bare: string

    beforeAll(async () => {
      const { cluster } = archiving
      await cluster.sql('DROP DATABASE shop')
      await addTablespaces(cluster, 500)
      bare = folderOf(await base.run(base.request(login, { options: { walMethod: 'none', checkpoint: 'fast' } })))
      const one = async (id: number) => {
        await cluster.sql(`INSERT INTO plain SELECT ${id}, 'mark'`, 'shop')
        const [row] = await cluster.sql(
          `SELECT round(extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint::text AS time, pg_current_wal_lsn()::text AS lsn
             FROM plain WHERE id = ${id}`,
          'shop',
        )
        return { time: Number(row?.time), lsn: String(row?.lsn) }
      }
      await one(9001)
      await cluster.sql(`SELECT pg_create_restore_point('before the third')`)
      const second = await one(9002)
      await one(9003)
      marks = { name: 'before the third', ...second }
      await one(9004)
      await switchWal(cluster)
    }, 120_000)

    const all = [
      { name: 'tar', compress: '', since: 13 },
      { name: 'tar, gzip here', compress: '1', since: 13 },
      { name: 'tar, gzip on the server', compress: 'server-gzip', since: 15 },
      { name: 'tar, lz4 on the server', compress: 'server-lz4', since: 15 },
      { name: 'tar, zstd here', compress: 'client-zstd:3', since: 15 },
    ]
    const short = major < 15 ? ['tar, gzip here'] : ['tar', 'tar, zstd here']
    const forms = all.filter(({ name, since }) => since <= major && (long || short.includes(name)))

    test.each(forms)(
      'a base backup as $name',
      async ({ compress }) => {
        const options = { walMethod: 'stream', checkpoint: 'fast', ...(compress === '' ? {} : { compress }) }
        const folder = folderOf(await base.run(base.request(login, { format: 'tar', options })))
        const job = await run({ backup: folder })
        expect(job.error).toBeNull()
        expect(drills(folder)).toMatchObject([{ ok: true, detail: expect.stringContaining('1,504 rows in 3 tables read') }])
        expect(fs.readdirSync(place)).toEqual([])
      },
      120_000,
    )

    const moments = {
      'the end of the archive': () => ({ target: { kind: 'end' }, rows: 1504 }),
      'a restore point': () => ({ target: { kind: 'name', value: marks.name }, rows: 1501 }),
      'a time': () => ({ target: { kind: 'time', value: marks.time }, rows: 1502 }),
      'a position': () => ({ target: { kind: 'lsn', value: marks.lsn }, rows: 1502 }),
    }
    const asked = (long || major >= 15 ? Object.keys(moments) : ['the end of the archive', 'a time']) as (keyof typeof moments)[]

    test.each(asked)(
      'without its WAL, by that of the archive, to %s',
      async (to) => {
        const { target, rows } = moments[to]()
        const before = printOf(archiving.archive)
        const job = await run({ backup: bare, point: { archiveId, wish: wish(target) } })
        expect(job.error).toBeNull()
        expect(drills(bare).at(-1)).toMatchObject({
          ok: true,
          detail: expect.stringContaining(`${rows.toLocaleString('en-US')} rows in 3 tables read`),
        })
        expect(printOf(archiving.archive)).toBe(before)
        expect(fs.readdirSync(place)).toEqual([])
      },
      120_000,
    )

    test.runIf(major >= 17)(
      'an incremental backup: its chain is combined on the way',
      async () => {
        const full = folderOf(await base.run(base.request(login)))
        await archiving.cluster.sql("INSERT INTO plain SELECT 9005, 'since the full one'", 'shop')
        const changed = folderOf(await base.run(base.request(login, { parent: full })))
        const job = await run({ backup: changed })
        expect(job.error).toBeNull()
        expect(job.steps.find(({ id }) => id === 'combine')?.state).toBe('done')
        expect(drills(changed)).toMatchObject([{ ok: true, detail: expect.stringContaining('1,505 rows in 3 tables read') }])
        expect(fs.readdirSync(place)).toEqual([])
        await archiving.cluster.sql('DELETE FROM plain WHERE id = 9005', 'shop')
      },
      120_000,
    )

    test('a moment that can’t be reached is refused with the nearest, and no result is recorded', async () => {
      const before = drills(bare).length
      const early = await run({ backup: bare, point: { archiveId, wish: wish({ kind: 'time', value: 1_600_000_000_000_000 }) } })
      expect(early.state).toBe('failed')
      expect(early.error?.message).toMatch(/before/)
      const alone = await run({ backup: bare })
      expect(alone.error?.message).toMatch(/WAL/)
      expect(drills(bare).length).toBe(before)
      expect(fs.readdirSync(place)).toEqual([])
    }, 120_000)

    test('a cold backup', async () => {
      const { cluster } = archiving
      await cluster.stop()
      try {
        const { folder } = await finished(
          base.core,
          await base.core.api.coldBackup.start(requestFor(cluster.dataDir, base.library)),
        )
        const job = await run({ backup: folder })
        expect(job.error).toBeNull()
        const [kept] = (await base.core.api.drill.list({})).drills
        expect(kept).toMatchObject({
          ok: true,
          databases: expect.arrayContaining([expect.objectContaining({ name: 'shop', rows: 1504 })]),
        })
        expect(fs.readdirSync(place)).toEqual([])
      } finally {
        await cluster.start()
      }
    }, 120_000)
  })
})
