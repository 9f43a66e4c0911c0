// Streaming archives on real servers: set up, compression, restarts and kills without a gap, the slot, and what is refused.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChainStart, verifyWalChain } from '../../electron/archive/verifyWalChain'
import type { StreamArchiveRequest } from '../../shared/contracts/walArchiveStream'
import type { JobSnapshot } from '../../shared/jobs/job'
import { endMajors, newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { tempFolder } from '../support/tempFolder'
import { connectTo, refusal, until } from './walSetup'

function request(connectionId: string, folder: string, more: Partial<StreamArchiveRequest> = {}): StreamArchiveRequest {
  return { connectionId, folder, slot: 'walback_test', compress: '', synchronous: false, unlimited: true, ...more }
}

/** pg_receivewal processes that write into the folder. */
function receivers(folder: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(`--directory=${folder}`)
      } catch {
        return false // gone since
      }
    })
}

const job = (core: TestCore, jobId: string): JobSnapshot => core.app.services.jobs.get(jobId)
const archiveOf = (core: TestCore, folder: string) => {
  const found = core.app.services.archives.list().find((archive) => archive.folder === folder)
  if (!found) throw new Error(`no archive in ${folder}`)
  return found
}
const streams = (core: TestCore, jobId: string) => until('it to stream', () => job(core, jobId).standing?.state === 'going')
const slots = (cluster: TestCluster) => cluster.sql('SELECT slot_name, active FROM pg_replication_slots ORDER BY 1')

async function nextSegment(cluster: TestCluster): Promise<string> {
  const [made] = await cluster.sql("SELECT pg_walfile_name(pg_create_restore_point('test')) AS file")
  await cluster.sql('SELECT pg_switch_wal()')
  return String(made?.file)
}

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let core: TestCore
  let cluster: TestCluster
  let connectionId: string
  let base: string
  beforeAll(async () => {
    core = await startCore()
    cluster = await startCluster({ major, prefix: `walstream${major}` })
    connectionId = await connectTo(core, cluster)
    base = tempFolder('stream')
  })
  afterAll(async () => {
    await core.stop()
    await cluster.remove()
  })

  it('streams from the moment the slot is made, says where it is, and stops', async () => {
    const folder = path.join(base, "with space & quote's")
    const prepared = await core.api.walArchiveStream.prepare({ connectionId })
    expect(prepared).toMatchObject({ toolProblem: null, suggestedSlot: `walkback_pg${major}`, keepSize: '-1', slots: [] })
    expect((await refusal(core.api.walArchiveStream.start(request(connectionId, folder, { unlimited: false })))).message).toMatch(
      /^max_slot_wal_keep_size is -1: while nothing is received the slot keeps WAL without a limit/,
    )
    expect(await slots(cluster)).toEqual([])
    const { jobId } = await core.api.walArchiveStream.start(request(connectionId, folder))
    await streams(core, jobId)
    const file = await nextSegment(cluster)
    await until('the segment', () => fs.existsSync(path.join(folder, file)))
    expect(fs.statSync(path.join(folder, file)).size).toBe(16 * 1024 * 1024)
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700)
    const running = job(core, jobId)
    expect(running).toMatchObject({ capability: 'wal-stream', state: 'running', endless: true, progress: null })
    expect(running.standing?.position).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
    expect(running.commands[0]?.words.join(' ')).toContain('--slot=walback_test')
    const { id } = archiveOf(core, folder)
    const status = await core.api.walArchiveStream.status({ archiveId: id })
    expect(status).toMatchObject({
      state: 'streaming',
      jobId,
      problem: '',
      server: { slot: { active: true, walStatus: 'reserved', safeWalSize: null } },
    })
    expect(status.since).not.toBeNull()
    expect(status.server?.segment).toMatch(/^[0-9A-F]{24}$/)
    expect(await refusal(core.api.walArchiveStream.resume({ archiveId: id }))).toMatchObject({ code: 'conflict' })

    // It takes none of the places of jobs that end.
    const settings = await core.api.host.settings({})
    await core.api.host.saveSettings({ ...settings, concurrentJobs: 1 })
    const other = core.app.services.jobs.start({
      capability: 'x',
      title: 'x',
      input: {},
      connectionId: null,
      serverLabel: '',
      steps: [],
      onCancel: '',
      locks: [],
      run: async () => ({ headline: 'ran', facts: [], backupPath: null, database: null }),
    })
    expect((await core.ended({ jobId: other.id })).result?.headline).toBe('ran')

    await core.api.walArchiveStream.stop({ archiveId: id })
    const ended = await core.ended({ jobId })
    expect(ended.state).toBe('succeeded')
    expect(ended.result?.headline).toMatch(
      /^Streaming was stopped at [0-9A-F/]+\. The slot walback_test makes the server keep all WAL from there/,
    )
    expect(receivers(folder)).toEqual([])
    expect(archiveOf(core, folder).stream?.wanted).toBe(false)
    expect(await core.api.walArchiveStream.status({ archiveId: id })).toMatchObject({
      state: 'stopped',
      jobId: null,
      server: { slot: { active: false } },
    })
    expect(await core.api.walArchiveStream.dropSlot({ archiveId: id, forget: true })).toEqual({ dropped: true })
    expect(await slots(cluster)).toEqual([])
    expect(core.app.services.archives.list()).toEqual([])
    expect(fs.existsSync(path.join(folder, file))).toBe(true)
  })

  it.each(['', '6'])('begins where the slot does, however late it is started, compression "%s"', async (compress) => {
    const folder = path.join(base, `begins${compress}`)
    // What was written before the last checkpoint is not kept for a slot that is made now.
    const [before] = await cluster.sql(
      'SELECT pg_current_wal_lsn()::text AS lsn, (SELECT system_identifier::text FROM pg_control_system()) AS system',
    )
    const early = await nextSegment(cluster)
    await nextSegment(cluster)
    await cluster.sql('CHECKPOINT')
    const { jobId } = await core.api.walArchiveStream.start(request(connectionId, folder, { compress }))
    const { id: archiveId } = archiveOf(core, folder)
    await core.api.walArchiveStream.stop({ archiveId })
    expect((await core.ended({ jobId })).state).toBe('succeeded')
    expect(fs.readdirSync(folder).filter((name) => fs.statSync(path.join(folder, name)).size > 0)).toEqual([])
    expect(await core.api.walArchiveStream.status({ archiveId })).toMatchObject({ state: 'stopped', begins: null })
    const [at] = await cluster.sql(
      "SELECT restart_lsn::text AS lsn, pg_walfile_name(restart_lsn) AS first FROM pg_replication_slots WHERE slot_name = 'walback_test'",
    )
    const first = String(at?.first)
    expect(early < first).toBe(true)
    const between: string[] = []
    for (let n = 0; n < 3; n += 1) between.push(await nextSegment(cluster))
    const again = await core.api.walArchiveStream.resume({ archiveId })
    await streams(core, again.jobId)
    const last = await nextSegment(cluster)
    const named = (segment: string) => path.join(folder, `${segment}${compress === '' ? '' : '.gz'}`)
    await until('the segment', () => fs.existsSync(named(last)))
    expect(await core.api.walArchiveStream.status({ archiveId })).toMatchObject({ state: 'streaming', begins: first })
    for (const segment of [first, ...between, last]) expect(fs.existsSync(named(segment)), segment).toBe(true)
    expect(fs.readdirSync(folder).filter((name) => name.slice(0, 24) < first)).toEqual([])
    // A base backup that ended where the slot begins goes on from here; one from before does not.
    const verified = async (lsn: unknown) => {
      const place = { timeline: 1, lsn: String(lsn) }
      const source = { label: '', systemIdentifier: String(before?.system) } as ChainStart['source']
      const backup = { kind: 'base-backup', walMethod: 'stream', start: place, stop: place, source }
      return (await verifyWalChain(core.app.services, { folder, backup, signal: new AbortController().signal })).verification
    }
    expect(await verified(at?.lsn)).toMatchObject({ ok: true })
    expect(await verified(before?.lsn)).toMatchObject({
      ok: false,
      detail: `${early} is missing. Nothing after ${String(before?.lsn)} can be reached.`,
    })
    await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })
    expect(await slots(cluster)).toEqual([])
  })

  it.each(major >= 15 ? ['6', 'lz4'] : ['6'])('compresses with %s', async (compress) => {
    const folder = path.join(base, `compressed-${compress}`)
    const { jobId } = await core.api.walArchiveStream.start(request(connectionId, folder, { compress }))
    await streams(core, jobId)
    const file = await nextSegment(cluster)
    const packed = path.join(folder, `${file}.${compress === '6' ? 'gz' : compress}`)
    await until('the segment', () => fs.existsSync(packed))
    expect(fs.statSync(packed).size).toBeLessThan(16 * 1024 * 1024)
    await core.api.walArchiveStream.dropSlot({ archiveId: archiveOf(core, folder).id, forget: true })
    expect((await core.ended({ jobId })).state).toBe('succeeded')
    expect(await slots(cluster)).toEqual([])
  })

  it('survives restarts of the server and kills of pg_receivewal, and another Walkback takes it up', async () => {
    const folder = path.join(base, 'survives')
    const { jobId } = await core.api.walArchiveStream.start(request(connectionId, folder, { synchronous: true }))
    await streams(core, jobId)
    for (const mode of ['fast', 'immediate'] as const) {
      await cluster.stop(mode)
      await until('it to notice', () => job(core, jobId).standing?.state === 'trying')
      await cluster.start()
      await streams(core, jobId)
    }
    for (const pid of receivers(folder)) process.kill(pid, 'SIGKILL')
    await until('it to notice', () => job(core, jobId).standing?.state === 'trying')
    await streams(core, jobId)
    const file = await nextSegment(cluster)
    await until('the segment', () => fs.existsSync(path.join(folder, file)))
    expect(await core.log({ jobId })).toContain('Trying again in')

    // Walkback quits with the stream running, and its next start takes it up; the password is asked for again.
    await core.stop()
    expect(receivers(folder)).toEqual([])
    const whileAway = await nextSegment(cluster)
    core = await startCore({ dataFolder: core.dataFolder })
    const [again] = core.app.services.jobs.running()
    expect(again).toMatchObject({ capability: 'wal-stream', endless: true })
    expect(core.app.services.jobs.get(jobId).result?.headline).toContain(
      'since Walkback was closed; it is taken up again at the next start',
    )
    const connection = core.app.services.connections.get(connectionId)
    await core.api.connections.save({
      ...connection,
      id: connectionId,
      password: { kind: 'set', password: cluster.password, remember: false },
    })
    await streams(core, again?.id ?? '')
    await until('what was written meanwhile', () => fs.existsSync(path.join(folder, whileAway)))
    await core.api.walArchiveStream.dropSlot({ archiveId: archiveOf(core, folder).id, forget: false })
    expect(archiveOf(core, folder)).toMatchObject({ kind: 'folder', stream: null })
  })
})

describe.each(endMajors())('what ends or is refused on PostgreSQL %i', (major) => {
  let core: TestCore
  let cluster: TestCluster
  let connectionId: string
  let base: string
  beforeAll(async () => {
    core = await startCore()
    cluster = await startCluster({ major, prefix: `walends${major}` })
    connectionId = await connectTo(core, cluster)
    base = tempFolder('ends')
  })
  afterAll(async () => {
    await core.stop()
    await cluster.remove()
  })

  const begin = async (name: string, more: Partial<StreamArchiveRequest> = {}) => {
    const folder = path.join(base, name)
    const { jobId } = await core.api.walArchiveStream.start(request(connectionId, folder, { slot: name, ...more }))
    await streams(core, jobId)
    return { folder, jobId, archiveId: archiveOf(core, folder).id }
  }

  it('a slot that is gone, and WAL that is removed, end the chain', async () => {
    const { archiveId, folder } = await begin('gone')
    await nextSegment(cluster)
    await core.api.walArchiveStream.stop({ archiveId })
    await cluster.sql("SELECT pg_drop_replication_slot('gone')")
    const missing = await core.ended(await core.api.walArchiveStream.resume({ archiveId }))
    expect(missing.error).toMatchObject({
      message: 'The replication slot gone is not there any more, so the server may have removed WAL that the archive needs.',
      hint: 'The chain of this archive ends here. Set up a new archive in a new folder, and take a full base backup for it: what is in this folder stays restorable up to its end.',
    })
    // Somebody makes the slot anew, by hand, after the WAL in between was removed.
    for (let n = 0; n < 4; n += 1) await nextSegment(cluster)
    await cluster.sql('CHECKPOINT')
    await cluster.sql("SELECT pg_create_physical_replication_slot('gone', true)")
    const removed = await core.ended(await core.api.walArchiveStream.resume({ archiveId }))
    expect(removed.state).toBe('failed')
    expect(removed.error?.message).toMatch(/^The server no longer has segment [0-9A-F]{24}, which the archive needs next\.$/)
    const again = await core.api.walArchiveStream.preview(request(connectionId, folder, { slot: 'gone' }))
    expect(again.blocked).toBe('1 blocker: What the folder holds')
    expect(again.preflight.find(({ id }) => id === 'holds')?.found).toMatch(
      /^It ends with(?:in)? [0-9A-F]{24}, and the server no longer has what follows\. Choose a new folder/,
    )
    expect(await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })).toEqual({ dropped: true })
  })

  it('another cluster at the same address ends it, and its folder is refused to others', async () => {
    const { archiveId, folder, jobId } = await begin('other')
    await nextSegment(cluster)
    await cluster.stop('fast')
    const second = await startCluster({ major, prefix: `walother${major}` })
    try {
      const { settings, ...connection } = core.app.services.connections.get(connectionId)
      await core.api.connections.save({
        ...connection,
        id: connectionId,
        settings: { ...settings, port: second.port },
        password: { kind: 'set', password: second.password, remember: false },
      })
      const ended = await core.ended({ jobId })
      expect(ended.error?.message).toMatch(
        new RegExp(
          `^pg${major} is another cluster now: its system identifier is \\d+, and the archive is of \\d+\\. Their WAL must not be mixed\\.$`,
        ),
      )
      expect(ended.error?.hint).toBe(
        'Set up a new archive for this server in a new folder, and take a full base backup for it. This folder stays as it is.',
      )
      expect((await refusal(core.api.walArchiveStream.start(request(connectionId, folder, { slot: 'other' })))).message).toMatch(
        /It holds WAL of another cluster \(system identifier \d+, this server has \d+\)\. Another server starts a new chain/,
      )
      expect(await slots(second)).toEqual([])
      expect((await refusal(core.api.walArchiveStream.dropSlot({ archiveId, forget: true }))).message).toBe(
        `pg${major} is another cluster now, so its slot other is not this archive's.`,
      )
      await core.api.connections.save({
        ...connection,
        id: connectionId,
        settings: { ...settings, port: cluster.port },
        password: { kind: 'set', password: cluster.password, remember: false },
      })
    } finally {
      await second.remove()
    }
    await cluster.start()
    expect(await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })).toEqual({ dropped: true })
  })

  it('waits for a new password, and for a slot that another program has', async () => {
    const { archiveId, folder, jobId } = await begin('waits')
    await cluster.sql("ALTER ROLE postgres PASSWORD 'another'")
    for (const pid of receivers(folder)) process.kill(pid, 'SIGKILL')
    await until('it to say so', () => /password/i.test(job(core, jobId).standing?.words ?? ''))
    expect(await core.api.walArchiveStream.status({ archiveId })).toMatchObject({ state: 'connecting', server: null })
    await cluster.sql(`ALTER ROLE postgres PASSWORD '${cluster.password}'`).catch(() => undefined)
    const { settings, ...connection } = core.app.services.connections.get(connectionId)
    await core.api.connections.save({
      ...connection,
      id: connectionId,
      settings,
      password: { kind: 'set', password: 'another', remember: false },
    })
    await streams(core, jobId)

    await core.api.walArchiveStream.stop({ archiveId })
    const elsewhere = path.join(base, 'elsewhere')
    fs.mkdirSync(elsewhere)
    const passfile = path.join(base, 'pgpass')
    fs.writeFileSync(passfile, '*:*:*:*:another\n', { mode: 0o600 })
    const foreign = spawn(
      path.join(cluster.bin, 'pg_receivewal'),
      ['-D', elsewhere, '-S', 'waits', '-h', '127.0.0.1', '-p', String(cluster.port), '-U', 'postgres'],
      { env: { PATH: '/usr/bin:/bin', PGPASSFILE: passfile }, stdio: 'ignore' },
    )
    const client = await core.app.services.connections.open(await core.app.services.connections.resolve(connectionId))
    try {
      await until(
        'the other program',
        async () =>
          (await client.query("SELECT active FROM pg_replication_slots WHERE slot_name = 'waits'")).rows[0]?.active === true,
      )
      expect((await refusal(core.api.walArchiveStream.dropSlot({ archiveId, forget: true }))).message).toMatch(
        /^The slot waits is in use by process \d+ of the server: another program receives through it\.$/,
      )
      const { jobId: second } = await core.api.walArchiveStream.resume({ archiveId })
      await until('it to say so', () =>
        /^The slot waits is in use by process \d+ of the server\.$/.test(job(core, second).standing?.words ?? ''),
      )
      foreign.kill('SIGKILL')
      await streams(core, second)
      expect(await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })).toEqual({ dropped: true })
    } finally {
      foreign.kill('SIGKILL')
      await client.query(`ALTER ROLE postgres PASSWORD '${cluster.password}'`)
      await client.end()
      await core.api.connections.save({
        ...connection,
        id: connectionId,
        settings,
        password: { kind: 'set', password: cluster.password, remember: false },
      })
    }
  })

  it('says when the disk is full, and goes on when there is space', async () => {
    const mount = path.join(base, 'small')
    fs.mkdirSync(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', mount])
    try {
      const { archiveId, jobId, folder } = await begin('full', { slot: 'full' }).catch(async () => {
        throw new Error('not begun')
      })
      await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })
      expect(job(core, jobId).state).toBe('succeeded')
      fs.rmSync(folder, { recursive: true })
      const small = path.join(mount, 'wal')
      const started = await core.api.walArchiveStream.start(request(connectionId, small, { slot: 'full' }))
      await streams(core, started.jobId)
      for (let n = 0; n < 3; n += 1) await nextSegment(cluster)
      await until('it to say so', () => job(core, started.jobId).standing?.words === 'The disk of the archive is full.')
      for (const name of fs.readdirSync(small).filter((file) => /^[0-9A-F]{24}$/.test(file)))
        expect(fs.statSync(path.join(small, name)).size).toBe(16 * 1024 * 1024)
      execFileSync('mount', ['-o', 'remount,size=400m', mount])
      const file = await nextSegment(cluster)
      await until('it to go on', () => fs.existsSync(path.join(small, file)))
      await core.api.walArchiveStream.dropSlot({ archiveId: archiveOf(core, small).id, forget: true })
    } finally {
      execFileSync('umount', ['--lazy', mount])
    }
  })

  it('gives a systemd unit that systemd accepts, without a password', async () => {
    const { archiveId, folder } = await begin('unit', { slot: 'unit' })
    const unit = await core.api.walArchiveStream.unit({ archiveId })
    expect(unit.name).toBe('walkback-wal-unit.service')
    expect(unit.text).not.toContain(cluster.password)
    expect(unit.text).toContain(`--directory=${folder}`)
    expect(unit.text).not.toContain('--no-loop')
    expect(unit.notes[1]).toMatch(/needs a line for replication, and mode 0600: 127\.0\.0\.1:\d+:replication:postgres:PASSWORD$/)
    const file = path.join(base, unit.name)
    await core.api.walArchiveStream.saveUnit({ archiveId, path: file })
    expect(fs.readFileSync(file, 'utf8')).toBe(unit.text)
    expect(
      execFileSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    ).toBe('')
    expect(await refusal(core.api.walArchiveStream.saveUnit({ archiveId, path: file }))).toMatchObject({
      code: 'conflict',
      message: `Can't write ${file}: it exists already.`,
    })
    expect(await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })).toEqual({ dropped: true })
    expect(major).toBeLessThanOrEqual(newestMajor())
  })
})
