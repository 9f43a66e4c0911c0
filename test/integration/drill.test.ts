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
import { type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { registerArchive, wish } from './recoveryPointSetup'
import { printOf } from './recoverySetup'
import { refusal, until } from './walSetup'

let base: BaseCore

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
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `drill${major}` })
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
    expect((await refusal(base.core.api.drill.report({ jobId: 'none' }))).message).toBe('The report of that drill is not kept.')
  }, 120_000)
})
