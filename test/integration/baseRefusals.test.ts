// What stands in the way of a base backup is said before anything is written, in these words.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baseBackupHandlers } from '../../electron/capabilities/base-backup/handlers'
import type { BaseBackupRequest } from '../../shared/contracts/baseBackup'
import { formatPgVersion } from '../../shared/model/pgVersion'
import { binFolder, endMajors, newestMajor, sharedCluster, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { type BaseCore, baseCore, folderOf, left, recordIn } from './baseSetup'
import { context, limitedTools } from './dumpSetup'

let base: BaseCore
let cluster: TestCluster
let connectionId: string
const made: TestCluster[] = []

beforeAll(async () => {
  base = await baseCore()
  cluster = await sharedCluster(newestMajor())
  connectionId = await base.connect(cluster)
})

afterAll(async () => {
  for (const one of made) await one.remove()
})

async function newCluster(major: number, conf: Record<string, string> = {}): Promise<TestCluster> {
  const one = await startCluster({ major, prefix: 'refuse', conf })
  made.push(one)
  return one
}

/** The blockers by their check, and that start refuses with nothing written. */
async function blockers(request: BaseBackupRequest): Promise<Record<string, string>> {
  const before = left(request.library)
  const { preflight } = await base.core.api.baseBackup.preview(request)
  const found = preflight.filter(({ result }) => result === 'blocker').map((row) => [row.check, row.found] as const)
  if (found.length > 0) {
    await expect(base.core.api.baseBackup.start(request)).rejects.toMatchObject({
      code: 'preflight',
      message: found.map(([check, text]) => `${check}: ${text}`).join(' '),
    })
    expect(left(request.library)).toEqual(before)
  }
  return Object.fromEntries(found)
}

async function warnings(request: BaseBackupRequest): Promise<Record<string, string>> {
  const { preflight } = await base.core.api.baseBackup.preview(request)
  return Object.fromEntries(preflight.filter(({ result }) => result === 'warning').map((row) => [row.check, row.found]))
}

const options = (more: BaseBackupRequest['options']) => ({ options: { walMethod: 'stream', checkpoint: 'fast', ...more } })

describe('programs', () => {
  const pairs = testMajors().flatMap((tool) =>
    testMajors()
      .filter((server) => server > tool)
      .slice(-1)
      .map((server) => [tool, server] as const),
  )

  test.each(pairs)('pg_basebackup %i is refused for a server of %i', async (tool, server) => {
    const { services } = base.core.app
    const tools = await limitedTools(services, testMajors().map(binFolder), [tool])
    const handlers = baseBackupHandlers({ ...services, tools })
    const target = await sharedCluster(server)
    const id = await base.connect(target)
    const [old] = (await services.tools.installations()).filter(({ version }) => Math.floor(version / 10000) === tool)
    const [row] = await target.sql(`SELECT current_setting('server_version_num')::int AS version`)
    const message = `The newest pg_basebackup here is ${formatPgVersion(old?.version ?? 0)}, but the server is ${formatPgVersion(Number(row?.version))}. pg_basebackup should not be older than the server it works with.`
    await expect(handlers.start(base.request(id), context)).rejects.toMatchObject({ code: 'version_mismatch', message })
    expect((await handlers.prepare({ connectionId: id }, context)).toolProblem?.message).toBe(message)
    expect(left(base.library)).toEqual([])
  })

  test('a pg_basebackup newer than the server is taken, and says what its WAL check lacks', async () => {
    const [oldest] = testMajors()
    if (oldest === undefined || oldest === newestMajor()) throw new Error('two versions are needed')
    const { services } = base.core.app
    const tools = await limitedTools(services, testMajors().map(binFolder), [newestMajor()])
    const handlers = baseBackupHandlers({ ...services, tools })
    const id = await base.connect(await sharedCluster(oldest))
    const { jobId } = await handlers.start(base.request(id), context)
    const job = await base.core.ended({ jobId })
    expect(job.error).toBeNull()
    expect(job.issues.map(({ message }) => message)).toEqual([
      `Verification: There is no pg_waldump ${oldest} here, so the WAL of the backup is not read.`,
    ])
    expect(job.state).toBe('succeeded_with_warnings')
    fs.rmSync(folderOf(job), { recursive: true })
  })
})

describe('the server', () => {
  test('wal_level minimal', async () => {
    const one = await newCluster(newestMajor(), { wal_level: 'minimal', max_wal_senders: '0' })
    expect(await blockers(base.request(await base.connect(one)))).toMatchObject({
      wal_level:
        "The server runs with wal_level = minimal: no base backup is possible. ALTER SYSTEM SET wal_level = 'replica', then restart the server.",
      'WAL senders':
        '0 free, 2 needed: another backup or standby uses them. Wait, or raise max_wal_senders and restart the server.',
    })
  })

  test.each(endMajors())('no free WAL sender, and no free slot on %i', async (major) => {
    const one = await newCluster(major, { max_wal_senders: '1', max_replication_slots: '1' })
    await one.sql(`SELECT pg_create_physical_replication_slot('taken', true)`)
    const id = await base.connect(one)
    expect(await blockers(base.request(id))).toEqual({
      'WAL senders':
        '1 free, 2 needed: another backup or standby uses them. Wait, or raise max_wal_senders and restart the server.',
      'Replication slot':
        'Every replication slot is in use. Drop one that nobody reads, raise max_replication_slots and restart, or go without.',
    })
    // Fetched WAL needs one sender and no slot.
    expect(await blockers(base.request(id, options({ walMethod: 'fetch' })))).toEqual({})
  })

  test('a role without REPLICATION, and one without a rule in pg_hba.conf', async () => {
    await cluster.sql(`CREATE ROLE "weak one" LOGIN PASSWORD 'weak'; CREATE ROLE strong LOGIN REPLICATION PASSWORD 'strong'`)
    const weak = await base.connect(cluster, { user: 'weak one', password: 'weak' })
    const found = await blockers(base.request(weak))
    expect(found['Role may replicate']).toBe(
      'weak one has neither; needed: REPLICATION or superuser. As a superuser: ALTER ROLE "weak one" REPLICATION;',
    )
    const strong = await base.connect(cluster, { user: 'strong', password: 'strong' })
    expect(await blockers(base.request(strong))).toEqual({})
    const soft = await warnings(base.request(strong))
    expect(soft['Settings files']).toBe(
      'The role may not see data_directory, so nobody knows whether settings files lie outside of it. A member of pg_read_all_settings sees it.',
    )
    const job = await base.run(base.request(strong, { label: 'by a role of little rights' }))
    expect(job.error).toBeNull()
    expect(recordIn(folderOf(job)).verifications).toMatchObject([{ level: 'manifest', ok: true }])
    fs.rmSync(folderOf(job), { recursive: true })
  })
})

describe('the request', () => {
  test('a library that can’t be written', async () => {
    const file = path.join(base.core.dataFolder, 'a file')
    fs.writeFileSync(file, '')
    expect(await blockers(base.request(connectionId, { library: path.join(file, 'library') }))).toEqual({
      Library: `Nothing can be written to ${file}/library: ${file} is a file, not a folder.`,
    })
    await expect(base.core.api.baseBackup.preview(base.request(connectionId, { library: 'here' }))).rejects.toMatchObject({
      code: 'bad_input',
      message: 'The library "here" is not an absolute path.',
    })
  })

  test('WAL left to an archive that is not there, and to a streaming archive that is', async () => {
    const none = base.request(connectionId, options({ walMethod: 'none' }))
    expect((await blockers(base.request(connectionId, options({ walMethod: 'none', noManifest: true })))).Manifest).toBe(
      'Without a manifest and without WAL nothing in the backup says where it ends, so nobody could tell whether it is usable.',
    )
    expect(await blockers(none)).toEqual({
      'WAL of the backup':
        'The server archives no WAL, and no streaming archive of it is known, so a backup without WAL could never be started. Stream the WAL, or set up an archive first.',
    })
    const [id] = await cluster.sql(`SELECT system_identifier::text AS id FROM pg_control_system()`)
    await cluster.sql(`SELECT pg_create_physical_replication_slot('walback', true)`)
    base.core.app.services.archives.put({
      ...{ id: 'a', kind: 'stream', label: 'archive', connectionId, folder: '/srv/wal', systemIdentifier: String(id?.id) },
      ...{ createdAt: new Date().toISOString() },
      stream: { slot: 'walback', compress: '', synchronous: false, wanted: true },
    })
    expect(await blockers(none)).toEqual({})
    expect((await warnings(none))['WAL of the backup']).toBe(
      'The backup does not hold its WAL, and the streaming archive /srv/wal is not receiving now. Its slot walback keeps the WAL until it goes on: start it again, or this backup can never be started.',
    )
    const job = await base.run(none)
    expect(job.state).toBe('succeeded_with_warnings')
    expect(job.issues.map(({ message }) => message)).toEqual([
      expect.stringContaining('WAL of the backup: The backup does not hold its WAL'),
      'WAL archiving is not enabled; you must ensure that all required WAL segments are copied through other means to complete the backup',
    ])
    const record = recordIn(folderOf(job))
    expect(record).toMatchObject({ walMethod: 'none', verifications: [{ level: 'manifest', ok: true }] })
    expect(record.warnings).toHaveLength(2)
    base.core.app.services.archives.remove('a')
    await cluster.sql(`SELECT pg_drop_replication_slot('walback')`)
    fs.rmSync(folderOf(job), { recursive: true })
  })

  test('slots: one that is there already, one that is not', async () => {
    await cluster.sql(`SELECT pg_create_physical_replication_slot('there')`)
    expect(await blockers(base.request(connectionId, options({ slot: 'there', createSlot: true })))).toEqual({
      'Replication slot': 'There is a slot there already.',
    })
    expect(await blockers(base.request(connectionId, options({ slot: 'nowhere' })))).toEqual({
      'Replication slot': 'There is no slot nowhere.',
    })
    expect((await warnings(base.request(connectionId, options({ slot: 'fresh', createSlot: true }))))['Replication slot']).toBe(
      'The slot fresh stays after the backup and keeps WAL until somebody reads from it or drops it. It is dropped when the backup fails.',
    )
    const job = await base.run(base.request(connectionId, options({ slot: 'fresh', createSlot: true })))
    expect(job.state).toBe('succeeded')
    expect(job.result?.facts).toContainEqual({
      label: 'Replication slot',
      value: 'fresh was made and stays: it keeps WAL until somebody reads it',
      mono: false,
    })
    expect(await cluster.sql(`SELECT slot_name FROM pg_replication_slots ORDER BY 1`)).toEqual([
      { slot_name: 'fresh' },
      { slot_name: 'there' },
    ])
    await cluster.sql(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots`)
    fs.rmSync(folderOf(job), { recursive: true })
  })

  test('options that Walkback sets itself, and those that are none', async () => {
    const refuse = (key: string, value: string | string[]) =>
      base.core.api.baseBackup.preview(base.request(connectionId, options({ [key]: value })))
    await expect(refuse('pgdata', '/etc')).rejects.toMatchObject({ message: '--pgdata is set by Walkback itself.' })
    await expect(refuse('tablespaceMapping', ['/a=/b'])).rejects.toMatchObject({
      message: '--tablespace-mapping is set by Walkback itself.',
    })
    await expect(refuse('shell', 'rm')).rejects.toMatchObject({ message: 'pg_basebackup has no option named "shell".' })
  })
})

describe.each(
  testMajors()
    .filter((major) => major >= 15)
    .slice(-1),
)('targets of %i', (major) => {
  test('blackhole: a result and no record', async () => {
    const one = await sharedCluster(major)
    const id = await base.connect(one)
    expect((await blockers(base.request(id, options({ target: 'blackhole' }))))['Option --target']).toBe(
      'A backup that goes to a target can’t stream its WAL: fetch it, or leave it to the archive.',
    )
    const before = left(base.library)
    const job = await base.run(base.request(id, options({ target: 'blackhole', walMethod: 'fetch' })))
    expect(job.error).toBeNull()
    expect(job.result).toMatchObject({
      headline: `Read all of ${job.serverLabel} and kept nothing: there is no backup of it.`,
      backupPath: null,
    })
    expect(job.steps.filter(({ state }) => state === 'skipped').map(({ id: step }) => step)).toEqual([
      'settings',
      'verify',
      'checksums',
      'record',
    ])
    expect(left(base.library)).toEqual(before)
  })

  test('server: where it is, and that nobody checked it', async () => {
    const one = await sharedCluster(major)
    const id = await base.connect(one)
    const where = path.join(one.folder, 'log', 'on the server')
    const job = await base.run(base.request(id, options({ target: `server:${where}`, walMethod: 'fetch' })))
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded_with_warnings')
    expect(job.result?.headline).toBe(
      `The backup is on the server itself, in ${where}. Walkback can not verify it there and keeps no record of it.`,
    )
    expect(fs.existsSync(path.join(where, 'base.tar'))).toBe(true)
    await one.sql(`CREATE ROLE copier LOGIN REPLICATION PASSWORD 'copier'`)
    const copier = await base.connect(one, { user: 'copier', password: 'copier' })
    expect(
      (await blockers(base.request(copier, options({ target: `server:${where}2`, walMethod: 'fetch' }))))['Files on the server'],
    ).toBe('The role may not write files on the server: it must be superuser, or a member of pg_write_server_files.')
  })
})
