// The walArchive calls against a real server: registering, health as the server knows it, and the chain check that joins a record.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { writeRecord } from '../../electron/library/recordFile'
import type { BaseBackupRecord } from '../../shared/model/backupRecord'
import { newestMajor, type TestCluster } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import { startArchiving, switchWal, work } from '../support/walArchives'

let core: TestCore
let cluster: TestCluster
let archive: string
let connectionId: string
let systemIdentifier: string
let start: string

beforeAll(async () => {
  core = await startCore()
  ;({ cluster, archive } = await startArchiving({
    major: newestMajor(),
    segmentSize: 1,
    hba: ['host all all 127.0.0.1/32 trust'],
    conf: { max_slot_wal_keep_size: "'64MB'" },
  }))
  const [row] = await cluster.sql(
    'SELECT pg_switch_wal(), pg_current_wal_insert_lsn()::text AS lsn, (SELECT system_identifier::text FROM pg_control_system()) AS id',
  )
  start = String(row?.lsn)
  systemIdentifier = String(row?.id)
  await work(cluster, 2)
  await switchWal(cluster)
  const parsed = await core.api.connections.parse({ text: `postgresql://postgres@127.0.0.1:${cluster.port}/postgres` })
  const saved = await core.api.connections.save({
    ...{ id: null, label: 'archiving', colour: 'teal', readOnly: false, settings: parsed.settings },
    password: { kind: 'none' },
  })
  connectionId = saved.id
}, 120_000)

const register = (folder: string, of: string | null = null) =>
  core.api.walArchive.register({ folder, label: '', connectionId: of })

describe('registering a folder', () => {
  it('refuses what is no archive, and that of another cluster', async () => {
    await expect(register('archive')).rejects.toMatchObject({ code: 'bad_input', message: '"archive" is not an absolute path.' })
    const empty = tempFolder('walempty')
    await expect(register(empty)).rejects.toMatchObject({ message: `${empty} holds no WAL segment.` })
    fs.writeFileSync(path.join(empty, '000000010000000000000001'), 'x')
    await expect(register(empty)).rejects.toMatchObject({
      message: `${empty} holds no WAL segment: 000000010000000000000001 has only 1 bytes.`,
    })
    await expect(register(path.join(empty, 'absent'))).rejects.toMatchObject({ code: 'not_found' })
    await expect(register(path.join(empty, '000000010000000000000001'))).rejects.toMatchObject({
      message: `${path.join(empty, '000000010000000000000001')} is a file, not a folder.`,
    })
    const foreign = tempFolder('walforeign')
    const name = fs.readdirSync(archive).toSorted()[0] ?? ''
    const bytes = fs.readFileSync(path.join(archive, name))
    bytes.writeBigUInt64LE(42n, 24)
    fs.writeFileSync(path.join(foreign, name), bytes)
    await expect(register(foreign, connectionId)).rejects.toMatchObject({
      ...{
        code: 'conflict',
        message: `${foreign} holds WAL of the cluster 42, and archiving is the cluster ${systemIdentifier}.`,
      },
    })
    expect((await core.api.walArchive.list({})).archives).toEqual([])
  })
})

describe('an archive that is known', () => {
  let archiveId: string
  beforeAll(async () => {
    const added = await register(archive, connectionId)
    expect(added).toMatchObject({ kind: 'folder', label: 'archiving', folder: archive, systemIdentifier, stream: null })
    // As setting a file archive up leaves it.
    archiveId = core.app.services.archives.put({ ...added, kind: 'file' }).id
    await expect(register(archive)).rejects.toMatchObject({
      code: 'conflict',
      message: `${archive} is the archive of archiving already.`,
    })
  })

  it('is well while it works: figures of the server', async () => {
    const health = await core.api.walArchive.health({ archiveId })
    const [row] = await cluster.sql('SELECT last_archived_wal AS wal, archived_count::text AS count FROM pg_stat_archiver')
    expect(health).toMatchObject({
      serverProblem: '',
      dangers: [],
      server: {
        systemIdentifier,
        timeline: 1,
        archiveMode: 'on',
        archiving: true,
        queue: 0,
        archivedCount: row?.count,
        lastFailed: null,
      },
      newest: { file: row?.wal, timeline: 1 },
    })
    expect(Number(health.behind)).toBeLessThan(1024 * 1024)
    expect(Number(health.freeBytes)).toBeGreaterThan(0)
  })

  it('says why archiving fails, how many wait, and what a forgotten slot keeps', async () => {
    const [before] = await cluster.sql(`SELECT setting FROM pg_settings WHERE name = 'archive_command'`)
    await cluster.sql(`SELECT pg_create_physical_replication_slot('forgotten', true)`)
    await cluster.sql(`ALTER SYSTEM SET archive_command = 'echo no room for %f >&2; exit 1'`)
    await cluster.sql('SELECT pg_reload_conf()')
    for (let n = 0; n < 3; n += 1) {
      await cluster.sql('CREATE TABLE IF NOT EXISTS more (n int); INSERT INTO more VALUES (1)')
      await cluster.sql('SELECT pg_switch_wal()')
    }
    await expect
      .poll(async () => (await core.api.walArchive.health({ archiveId })).server?.lastFailed?.message ?? '', { timeout: 30_000 })
      .toContain(' · ')
    const health = await core.api.walArchive.health({ archiveId })
    expect(health.server?.queue).toBe(3)
    expect(health.server?.lastFailed?.message).toMatch(
      /no room for [0-9A-F]{24} · LOG: {2}archive command failed with exit code 1$/,
    )
    expect(health.server?.lastFailed?.where).toBe(`The server’s log is ${cluster.logFile}.`)
    expect(health.server?.slots).toMatchObject([{ name: 'forgotten', active: false, walStatus: 'reserved' }])
    expect(health.dangers.map(({ danger, severity }) => [danger, severity])).toEqual([
      ['failing', 'error'],
      ['slot-idle', 'warning'],
    ])
    expect(health.dangers[1]?.says).toMatch(/^Nobody has received from slot forgotten.*\. It keeps .*B of WAL\.$/)
    await cluster.sql(`ALTER SYSTEM SET archive_mode = 'off'`)
    await cluster.stop()
    await expect(core.api.walArchive.health({ archiveId })).resolves.toMatchObject({ server: null, newest: { timeline: 1 } })
    await cluster.start()
    expect((await core.api.walArchive.health({ archiveId })).dangers[0]).toMatchObject({
      ...{ danger: 'off', severity: 'error', says: 'The server archives nothing: archive_mode is off.' },
    })
    await cluster.sql('ALTER SYSTEM RESET archive_mode')
    await cluster.sql(`ALTER SYSTEM SET archive_command = '${String(before?.setting).replaceAll("'", "''")}'`)
    await cluster.sql(`SELECT pg_drop_replication_slot('forgotten')`)
    await cluster.stop()
    await cluster.start()
  }, 90_000)

  it('proves the chain as a job, and the result joins the backup’s record', async () => {
    const backup = tempFolder('walbackup')
    await writeRecord(backup, record())
    const job = await core.ended(await core.api.walArchive.verify({ archiveId, backup }))
    expect(job.error).toBeNull()
    expect(job.result?.headline).toMatch(/^All WAL from /)
    const kept = () => JSON.parse(fs.readFileSync(path.join(backup, 'walkback.json'), 'utf8')) as BaseBackupRecord
    expect(kept().verifications).toMatchObject([{ level: 'wal', ok: true, detail: job.result?.headline }])

    const copy = tempFolder('walcopy')
    fs.cpSync(archive, copy, { recursive: true })
    const gone =
      fs
        .readdirSync(copy)
        .filter((name) => /^[0-9A-F]{24}$/.test(name))
        .toSorted()
        .at(-2) ?? ''
    fs.rmSync(path.join(copy, gone))
    const broken = await register(copy)
    const failed = await core.ended(await core.api.walArchive.verify({ archiveId: broken.id, backup }))
    expect(failed.state).toBe('failed')
    expect(failed.error?.message).toMatch(new RegExp(`^${gone} is missing\\. Nothing after `))
    expect(kept().verifications).toMatchObject([{ ok: true }, { level: 'wal', ok: false, detail: failed.error?.message }])

    const read = await core.ended(await core.api.walArchive.index({ archiveId: broken.id }))
    expect(read).toMatchObject({ state: 'succeeded', error: null })
    expect(read.result?.headline).toMatch(/^\d+ segments with \d+ commits, 1 gap\.$/)
    await core.api.walArchive.forget({ archiveId: broken.id })
    expect(fs.existsSync(copy)).toBe(true)
    await expect(core.api.walArchive.map({ archiveId: broken.id })).rejects.toMatchObject({ code: 'not_found' })
  })
})

function record(): BaseBackupRecord {
  const place = { timeline: 1, lsn: start }
  const now = '2026-11-22T06:24:22.348123Z'
  return {
    ...{ recordVersion: 1, id: 'b', label: 'full', startedAt: '2026-11-22T06:24:22.348Z', endedAt: '2026-11-22T06:24:22.348Z' },
    ...{ tools: [], commands: [], artifact: 'data', globals: null, files: [], warnings: [], verifications: [] },
    source: {
      ...{
        label: 'archiving',
        host: '',
        port: null,
        database: null,
        systemIdentifier,
        serverVersion: 180000,
        dataChecksums: true,
      },
      ...{ encoding: null, localeProvider: null, collate: null, ctype: null, locale: null, collationVersion: null, owner: null },
      databaseSize: null,
    },
    ...{ major: newestMajor(), segmentSize: 1024 * 1024, start: place, stop: place, startTime: now, stopTime: now, size: '0' },
    ...{ tablespaces: [], configuration: [], kind: 'base-backup', format: 'plain', walMethod: 'stream', compression: '' },
    ...{ backupLabel: 'full', fromStandby: false, manifest: null, incremental: null, combinedFrom: null },
  }
}
