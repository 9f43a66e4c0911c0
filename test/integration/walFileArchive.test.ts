// File archives on real servers: set up with a restart, hostile paths, different and identical files, a full disk, and turned off.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findRestartWay } from '../../electron/postgres/localServer'
import { readAutoConf, restartServer } from '../../electron/postgres/restartServer'
import type { FileArchiveRequest } from '../../shared/contracts/walArchiveFile'
import { archiveCommand } from '../../shared/model/archiveCommand'
import { endMajors, newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import { archiveStatus, connectTo, refusal, until } from './walSetup'

const segmentSize = 16 * 1024 * 1024

function request(connectionId: string, folder: string, more: Partial<FileArchiveRequest> = {}): FileArchiveRequest {
  return {
    connectionId,
    folder,
    folderHere: '',
    archiveTimeout: 0,
    replace: false,
    check: true,
    restart: 'later',
    confirm: '',
    ...more,
  }
}

/** A folder of the servers' account. */
function ownFolder(parent: string, name: string): string {
  const folder = path.join(parent, name)
  fs.mkdirSync(folder, { recursive: true })
  const { uid, gid } = testAccount()
  fs.chownSync(folder, uid, gid)
  return folder
}

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let core: TestCore
  let cluster: TestCluster
  let connectionId: string
  let base: string
  beforeAll(async () => {
    core = await startCore()
    cluster = await startCluster({ major, prefix: `walfile${major}` })
    connectionId = await connectTo(core, cluster)
    base = tempFolder('archive')
  })
  afterAll(() => cluster.remove())

  const setUp = async (folder: string, more: Partial<FileArchiveRequest> = {}) =>
    core.ended(await core.api.walArchiveFile.start(request(connectionId, folder, more)))
  const archiver = async () =>
    (
      await cluster.sql(
        'SELECT archived_count::int AS archived, failed_count::int AS failed, last_failed_wal FROM pg_stat_archiver',
      )
    )[0]
  const switchWal = async (): Promise<string> => {
    const [made] = await cluster.sql("SELECT pg_walfile_name(pg_create_restore_point('test')) AS file")
    await cluster.sql('SELECT pg_switch_wal()')
    return String(made?.file)
  }

  it('is set up with a restart, and a segment is seen to arrive', async () => {
    const folder = path.join(base, 'Ünï\'s 100 % "archive" 档案')
    const before = await core.api.walArchiveFile.preview(request(connectionId, folder))
    expect(before.takes).toBe('restart')
    expect(before.changes).toContainEqual({ name: 'archive_mode', now: 'off', next: 'on', from: 'the default', takes: 'restart' })
    expect(before.changes).toContainEqual({
      name: 'archive_command',
      now: '',
      next: archiveCommand(folder),
      from: 'the default',
      takes: 'reload',
    })
    expect(before.restart.here).toBe(true)
    expect(before.blocked).toBe('')
    expect(await refusal(core.api.walArchiveFile.start(request(connectionId, folder, { restart: 'now' })))).toMatchObject({
      code: 'preflight',
      message: `To restart this server, type its name: pg${major}`,
    })
    const pid = cluster.pid()

    const job = await setUp(folder, { restart: 'now', confirm: `pg${major}` })
    expect(job.error).toBeNull()
    expect(job.state).toBe('succeeded')
    expect(job.result?.headline).toMatch(new RegExp(`^pg${major} archives: segment [0-9A-F]{24} arrived after [\\d.]+ s\\.$`))
    expect(job.result?.facts).toContainEqual({
      label: 'Evidence',
      value: 'seen in the folder, with the right size and cluster',
      mono: false,
    })
    expect(Number(fs.readFileSync(path.join(cluster.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])).not.toBe(pid)

    const [archive] = core.app.services.archives.list()
    expect(archive).toMatchObject({ kind: 'file', label: `pg${major}`, connectionId, folder, file: { serverFolder: folder } })
    const files = fs.readdirSync(folder)
    expect(files.length).toBeGreaterThan(0)
    for (const name of files) expect(fs.statSync(path.join(folder, name)).size).toBe(segmentSize)
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700)

    const again = await core.api.walArchiveFile.preview(request(connectionId, folder))
    expect(again.takes).toBe('nothing')
    expect(again.changes.find(({ name }) => name === 'archive_command')?.from).toBe('ALTER SYSTEM')
  })

  it('refuses a different file of the same name, keeps the segment, and goes on once it is gone', async () => {
    const folder = ownFolder(base, 'differs')
    expect((await setUp(folder)).state).toBe('succeeded')
    const archive = core.app.services.archives.list().find((each) => each.folder === folder)
    const [current] = await cluster.sql('SELECT pg_walfile_name(pg_current_wal_insert_lsn()) AS file')
    const taken = path.join(folder, String(current?.file))
    fs.writeFileSync(taken, 'WAL of somebody else')
    const check = await core.ended(await core.api.walArchiveFile.check({ archiveId: archive?.id ?? '' }))
    expect(check.state).toBe('failed')
    expect(check.error?.message).toMatch(
      /^The archiver has failed \d+ times? since the check began, last with [0-9A-F]{24} at [\d: -]+ UTC\./,
    )
    expect(check.error?.message).toContain(`walkback: ${taken} is there and differs from pg_wal/${current?.file}`)
    expect(check.error?.hint).toMatch(/^A different file of that name is in the archive already, and is never replaced\./)
    expect(fs.readFileSync(taken, 'utf8')).toBe('WAL of somebody else')
    expect(archiveStatus(cluster)).toContain(`${current?.file}.ready`)
    expect((await archiver())?.last_failed_wal).toBe(current?.file)

    fs.rmSync(taken)
    // A new segment wakes it; without one it would try again after a minute.
    await switchWal()
    await until('the archiver to go on by itself', () => archiveStatus(cluster).includes(`${current?.file}.done`), 90_000)
    expect(fs.statSync(taken).size).toBe(segmentSize)

    // An identical file, as after a crash between the archiving and its note, is accepted.
    const file = await switchWal()
    await until('the segment', () => archiveStatus(cluster).includes(`${file}.done`))
    const failed = (await archiver())?.failed
    fs.renameSync(
      path.join(cluster.dataDir, 'pg_wal', 'archive_status', `${file}.done`),
      path.join(cluster.dataDir, 'pg_wal', 'archive_status', `${file}.ready`),
    )
    await switchWal()
    await until('the identical file to be accepted', () => archiveStatus(cluster).includes(`${file}.done`))
    expect((await archiver())?.failed).toBe(failed)
  })

  it('fails on a full disk without a short file, and goes on by itself when there is space', async () => {
    const mount = ownFolder(base, 'small')
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', mount])
    try {
      const folder = ownFolder(mount, 'wal')
      expect((await setUp(folder)).state).toBe('succeeded')
      const archive = core.app.services.archives.list().find((each) => each.folder === folder)
      fs.writeFileSync(path.join(mount, 'ballast'), Buffer.alloc(20 * 1024 * 1024))
      const check = await core.ended(await core.api.walArchiveFile.check({ archiveId: archive?.id ?? '' }))
      expect(check.state).toBe('failed')
      expect(check.error?.message).toContain('No space left on device')
      expect(check.error?.hint).toMatch(/^The archive's disk is full \(.* free\)\. Free some space: archiving goes on by itself/)
      const waiting = archiveStatus(cluster).filter((name) => name.endsWith('.ready'))
      expect(waiting.length).toBeGreaterThan(0)
      for (const name of fs.readdirSync(folder))
        expect([name, fs.statSync(path.join(folder, name)).size]).toEqual([name, segmentSize])
      fs.rmSync(path.join(mount, 'ballast'))
      execFileSync('mount', ['-o', 'remount,size=400m', mount])
      // It rests up to a minute between its rounds, waited for once; a new segment wakes it.
      if (process.env.WALKBACK_LONG !== '1' || major !== newestMajor()) await switchWal()
      await until('the queue to be archived', () => archiveStatus(cluster).every((name) => !name.endsWith('.ready')), 90_000)
      for (const name of waiting) expect(fs.statSync(path.join(folder, name.replace('.ready', ''))).size).toBe(segmentSize)
      expect(fs.readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
      // The folder is about to go: another one takes over, and this one is only read from now on.
      expect((await setUp(ownFolder(base, 'after'))).state).toBe('succeeded')
      expect(core.app.services.archives.get(archive?.id ?? '').kind).toBe('folder')
    } finally {
      execFileSync('umount', [mount])
    }
  })

  it('is turned off with the former command back, and then with archive_mode off', async () => {
    await cluster.sql("ALTER SYSTEM SET archive_command = 'test ! -f /nowhere/%f && false'")
    await cluster.sql('SELECT pg_reload_conf()')
    const folder = ownFolder(base, 'former')
    await until('the foreign command', async () => (await core.api.walArchiveFile.prepare({ connectionId })).foreign !== null)
    expect(await refusal(core.api.walArchiveFile.start(request(connectionId, folder)))).toMatchObject({
      code: 'preflight',
      message:
        'archive_command is set to something else: test ! -f /nowhere/%f && false. Whoever relies on it gets no more WAL once it is replaced.',
    })
    const job = await setUp(folder, { replace: true })
    expect(job.state).toBe('succeeded')
    expect(job.result?.facts).toContainEqual({
      label: 'archive_command before',
      value: 'test ! -f /nowhere/%f && false',
      mono: true,
    })
    const archive = core.app.services.archives.list().find((each) => each.folder === folder)
    const off = {
      archiveId: archive?.id ?? '',
      command: 'former',
      archiveModeOff: false,
      forget: false,
      restart: 'later',
      confirm: '',
    } as const
    const preview = await core.api.walArchiveFile.previewOff(off)
    expect(preview.former).toContainEqual({ name: 'archive_command', value: 'test ! -f /nowhere/%f && false' })
    expect(preview.takes).toBe('reload')
    expect((await core.ended(await core.api.walArchiveFile.off(off))).state).toBe('succeeded')
    expect((await cluster.sql('SHOW archive_command'))[0]?.archive_command).toBe('test ! -f /nowhere/%f && false')
    expect(core.app.services.archives.get(off.archiveId).kind).toBe('folder')
    expect(fs.readdirSync(folder).length).toBeGreaterThan(0)

    expect((await setUp(folder, { replace: true })).state).toBe('succeeded')
    const whole = { ...off, command: 'reset', archiveModeOff: true, forget: true, restart: 'now', confirm: `pg${major}` } as const
    const done = await core.ended(await core.api.walArchiveFile.off(whole))
    expect(done.error).toBeNull()
    expect(done.result?.headline).toBe(`pg${major} no longer archives into ${folder}; its files stay.`)
    expect((await cluster.sql('SHOW archive_mode'))[0]?.archive_mode).toBe('off')
    expect(fs.readFileSync(path.join(cluster.dataDir, 'postgresql.auto.conf'), 'utf8')).not.toContain('archive_command')
    expect(core.app.services.archives.list().some((each) => each.folder === folder)).toBe(false)
    expect(fs.readdirSync(folder).length).toBeGreaterThan(0)
  })
})

describe.each(endMajors())('what is refused on PostgreSQL %i', (major) => {
  it('names the reason, and changes nothing', async () => {
    const core = await startCore()
    const cluster = await startCluster({
      major,
      prefix: `walrefuse${major}`,
      conf: { listen_addresses: "'127.0.0.1, 127.0.0.2'" },
    })
    const connectionId = await connectTo(core, cluster)
    const base = tempFolder('refuse')
    const start = (folder: string, more: Partial<FileArchiveRequest> = {}) =>
      refusal(core.api.walArchiveFile.start(request(connectionId, folder, more)))
    expect((await start(path.join(base, 'a\nb'))).message).toBe('The path holds a line break or another control character.')
    expect((await start('relative')).message).toBe('The folder must be an absolute path on the server, such as /srv/wal/main.')

    // Root's own folder: the servers' account may not write there.
    fs.mkdirSync(path.join(base, 'roots'), { mode: 0o755 })
    const job = await core.ended(await core.api.walArchiveFile.start(request(connectionId, path.join(base, 'roots'))))
    expect(job.error?.message).toBe(`The server's account postgres may not write to ${path.join(base, 'roots')}.`)
    fs.mkdirSync(path.join(base, 'closed'), { mode: 0o700 })
    expect((await start(path.join(base, 'closed', 'inner'))).message).toBe(
      `The account postgres can't enter ${path.join(base, 'closed')}. Choose another folder, or run: chmod o+x ${path.join(base, 'closed')}`,
    )

    // WAL of another cluster: a header with another system identifier.
    const foreign = ownFolder(base, 'foreign')
    const [first] = fs.readdirSync(path.join(cluster.dataDir, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name))
    const bytes = fs.readFileSync(path.join(cluster.dataDir, 'pg_wal', String(first)))
    bytes.writeBigUInt64LE(42n, 24)
    fs.writeFileSync(path.join(foreign, String(first)), bytes)
    expect((await start(foreign)).message).toMatch(
      /^It holds WAL of another cluster \(system identifier 42, this server has \d+\)\. Choose another folder\.$/,
    )

    // A role without the right.
    await cluster.sql("CREATE ROLE plain LOGIN PASSWORD 'plain' IN ROLE pg_read_all_settings")
    const { settings } = core.app.services.connections.get(connectionId)
    const plain = await core.api.connections.save({
      id: null,
      label: 'plain',
      colour: 'red',
      readOnly: false,
      settings: { ...settings, user: 'plain' },
      password: { kind: 'set', password: 'plain', remember: false },
    })
    expect((await refusal(core.api.walArchiveFile.start(request(plain.id, ownFolder(base, 'plain'))))).message).toContain(
      'plain may not use ALTER SYSTEM. Connect as a superuser.',
    )
    expect(
      (
        await cluster.sql(
          "SELECT count(*)::int AS n FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' AND name LIKE 'archive%'",
        )
      )[0]?.n,
    ).toBe(0)
    expect(core.app.services.archives.list()).toEqual([])

    // A role that reaches the server from elsewhere: its folder can't be looked at, and the check is the proof.
    const away = await core.api.connections.save({
      id: null,
      label: 'away',
      colour: 'red',
      readOnly: false,
      settings: { ...settings, host: '127.0.0.2' },
      password: { kind: 'set', password: cluster.password, remember: false },
    })
    const remote = await core.api.walArchiveFile.preview(request(away.id, ownFolder(base, 'away')))
    expect(remote.restart).toMatchObject({ here: false, command: `pg_ctl restart --pgdata=${cluster.dataDir} --mode=fast` })
    expect(remote.preflight.find(({ id }) => id === 'remote')?.found).toMatch(
      /can't be looked at from here\. The server's account must be able to write to it/,
    )
    expect(
      (
        await refusal(
          core.api.walArchiveFile.start(request(away.id, ownFolder(base, 'away'), { restart: 'now', confirm: 'away' })),
        )
      ).message,
    ).toBe(
      `Walkback does not see this server among the processes of its machine. Restart it yourself: pg_ctl restart --pgdata=${cluster.dataDir} --mode=fast`,
    )

    // In force only after the restart: the check says so.
    const later = await core.ended(await core.api.walArchiveFile.start(request(connectionId, ownFolder(base, 'later'))))
    expect(later.result?.headline).toBe(
      `The settings are made, and take effect when pg${major} is restarted. Until then nothing is archived.`,
    )
    const [archive] = core.app.services.archives.list()
    const check = await core.ended(await core.api.walArchiveFile.check({ archiveId: archive?.id ?? '' }))
    expect(check.error).toMatchObject({ message: 'archive_mode is set, but is not in force before the server is restarted.' })

    // What a restart is for stands in its way: the former settings are put back, and it runs again.
    const { settings: place } = core.app.services.connections.get(connectionId)
    const { dataDir: dataDirectory } = cluster
    const way = await findRestartWay(core.app.services.spawn, {
      host: place.host,
      port: cluster.port,
      major,
      dataDirectory,
      configFile: null,
      systemIdentifier: null,
    })
    if (way.kind !== 'here') throw new Error(way.why)
    const before = await readAutoConf(way.server)
    await cluster.sql("ALTER SYSTEM SET shared_preload_libraries = 'nowhere'")
    const said: string[] = []
    const restarted = restartServer(
      core.app.services.spawn,
      { log: (text) => said.push(text), signal: new AbortController().signal },
      way.server,
      before,
      async () => void (await cluster.sql('SELECT 1')),
    )
    const { message } = await refusal(restarted)
    expect(message).toMatch(
      /^The server did not start with the new settings, so the former ones were put back and it runs again\. .*could not access file "nowhere"/s,
    )
    expect(
      await cluster.sql("SELECT current_setting('shared_preload_libraries') AS v, current_setting('archive_mode') AS m"),
    ).toEqual([{ v: '', m: 'on' }])
    await cluster.remove()
  })
})
