// A stopped cluster is copied, the copy starts and holds the same rows; what would not start is refused with the reason.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashFiles, listFolder } from '../../electron/library/checksumFiles'
import { endMajors, newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { type DebianTestCluster, makeDebianCluster } from '../support/debianCluster'
import { tempFolder } from '../support/tempFolder'
import { backupFolders, fillShop, finished, hashesOf, requestFor, startFromCopy } from './coldSetup'

let core: TestCore
let debian: DebianTestCluster & { undo(): void }

beforeAll(async () => {
  debian = await makeDebianCluster('old')
  core = await startCore()
}, 60_000)

afterAll(() => debian.undo())

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  const library = path.join(tempFolder('library'), 'with space and ü')
  const request = (part = {}) => requestFor(cluster.dataDir, library, part)

  beforeAll(async () => {
    cluster = await startCluster({ major, conf: { max_wal_size: '1GB' } })
    await fillShop(cluster)
    await cluster.sql(`SELECT pg_create_physical_replication_slot('forgotten', true)`)
  }, 60_000)
  afterAll(() => cluster.remove())

  it('is refused while it runs, with the two ways on', async () => {
    const found = expect.stringMatching(
      new RegExp(
        `^data runs on \\S+ \\(process ${cluster.pid()}, port ${cluster.port}\\): files that a server writes to can't be copied into a usable backup\\.$`,
      ),
    )
    const preview = await core.api.coldBackup.preview(request())
    expect(preview.blocked).toBe('1 blocker: Cluster is stopped')
    expect(preview.preflight[0]).toMatchObject({ id: 'running', result: 'blocker', found })
    await expect(core.api.coldBackup.start(request())).rejects.toMatchObject({
      code: 'conflict',
      message: found,
      hint: 'Stop data first, or take a base backup of the running server: that is made for it.',
    })
    expect(backupFolders(library)).toEqual([])
  })

  it('is copied after it was stopped, and its copy starts with the same rows', async () => {
    const before = await hashesOf(cluster)
    const spaces = await cluster.sql(
      `SELECT oid::text, pg_tablespace_location(oid) AS location FROM pg_tablespace WHERE spcname IN ('fast', 'slow') ORDER BY oid`,
    )
    const dataDirectory = cluster.dataDir
    const { control } = await core.api.localClusters.inspect({ dataDirectory })
    const systemIdentifier = control?.systemIdentifier ?? ''
    await core.ended(await core.api.localClusters.stop({ dataDirectory, confirm: 'data', systemIdentifier }))
    const prepared = await core.api.coldBackup.prepare({ dataDirectory })
    expect(prepared.tablespaces.map(({ oid, location }) => ({ oid, location }))).toEqual(spaces)
    expect(prepared.slots).toEqual(['forgotten'])
    const { folder, record, job } = await finished(core, await core.api.coldBackup.start(request({ label: 'before the move' })))
    expect(path.basename(folder)).toMatch(/^\d{4}-\d\d-\d\dT\d{6}Z-cold-backup-cluster-before-the-move$/)
    const checkpoint = (await core.api.localClusters.inspect({ dataDirectory })).control
    expect(record).toMatchObject({
      major,
      state: 'shut down',
      segmentSize: 16777216,
      start: { timeline: 1, lsn: checkpoint?.checkpoint },
      stop: { timeline: 1, lsn: checkpoint?.checkpoint },
      dataDirectory,
      source: { systemIdentifier, dataChecksums: true, port: null, owner: 'postgres', database: null },
      ownership: { account: 'postgres', mode: '0700' },
      configuration: [],
      warnings: ['Replication slots were left out: forgotten.'],
      verifications: [{ level: 'checksums', ok: true }],
    })
    expect(record.tablespaces.map(({ oid, location }) => ({ oid, location }))).toEqual(spaces)
    expect(record.files.map((file) => file.path)).toEqual(
      (await listFolder(folder)).files.filter((file) => file !== 'walkback.json').toSorted(bySpot(record)),
    )
    expect(
      await hashFiles(
        folder,
        record.files.map((file) => file.path),
      ),
    ).toEqual(record.files)
    expect(record.files.some((file) => /postmaster|pgsql_tmp|pg_internal\.init|pg_replslot/.test(file.path))).toBe(false)
    expect(job.steps.map(({ id, state }) => `${id} ${state}`)).toEqual(
      ['checks', 'pages', 'copy', 'stopped', 'read', 'record'].map((id) => `${id} done`),
    )

    const copy = await startFromCopy(folder, cluster.bin, cluster.password)
    try {
      expect(await hashesOf(copy)).toEqual(before)
      const client = await copy.client()
      expect((await client.query('SELECT * FROM pg_replication_slots')).rows).toEqual([])
      await client.query('CREATE TABLE later (n int)')
      expect(copy.log()).not.toContain('was not properly shut down')
    } finally {
      await copy.stop()
    }
  })

  it.runIf(major === newestMajor())('is verified: a flipped byte is named, in any file, and nothing else', async () => {
    const folder = backupFolders(library)[0] ?? ''
    const whole = await core.ended(await core.api.backups.verify({ path: folder, levels: ['checksums'] }))
    expect(whole).toMatchObject({
      state: 'succeeded',
      result: { headline: expect.stringMatching(/^Whole: \d+ files agree with their checksums\.$/) },
    })
    const { files } = await listFolder(folder)
    for (const want of [
      /^data\/base\/\d+\/\d+$/,
      /^tablespaces\/\d+\//,
      /^data\/pg_wal\/[0-9A-F]{24}$/,
      /^data\/global\/pg_control$/,
    ]) {
      const name = files.find((file) => want.test(file) && fs.statSync(path.join(folder, file)).size > 0) ?? ''
      const file = path.join(folder, name)
      flipByte(file)
      const damaged = await core.ended(await core.api.backups.verify({ path: folder, levels: ['checksums'] }))
      expect(damaged).toMatchObject({
        state: 'failed',
        error: { message: `This backup is damaged: ${name} differs from its SHA-256.` },
      })
      flipByte(file)
    }
    expect((await core.ended(await core.api.backups.verify({ path: folder, levels: ['checksums'] }))).state).toBe('succeeded')
  })

  it('not shut down but with all its WAL, is copied and recovers by itself', async () => {
    await cluster.start()
    await cluster.sql('CHECKPOINT')
    for (let turn = 0; turn < 3; turn++) {
      await cluster.sql('INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 1000) i', 'shop')
      await cluster.sql('SELECT pg_switch_wal()')
    }
    await cluster.sql(`INSERT INTO orders VALUES (-1, 'the last one')`, 'shop')
    await cluster.stop('immediate')
    const preview = await core.api.coldBackup.preview(request())
    expect(preview.blocked).toBe('')
    expect(preview.preflight.find(({ id }) => id === 'state')).toMatchObject({
      result: 'warning',
      found: expect.stringMatching(
        /^pg_controldata says "in production" and no server runs\. All WAL from 0\/[0-9A-F]+ to 0\/[0-9A-F]+ is there: the copy will go through crash recovery when it starts, and what was committed is in it\.$/,
      ),
    })
    const { folder, record, job } = await finished(core, await core.api.coldBackup.start(request({ label: 'crashed' })))
    expect(record.state).toBe('in production')
    expect(record.start.lsn).not.toBe(record.stop.lsn)
    expect(job.result?.headline).toContain('It will go through crash recovery when it starts.')
    expect(record.warnings).toContainEqual(
      `The cluster was not shut down ("in production"): the copy will go through crash recovery, from ${record.start.lsn} to ${record.stop.lsn}.`,
    )
    const copy = await startFromCopy(folder, cluster.bin, cluster.password)
    try {
      expect(copy.log()).toContain('was not properly shut down')
      const client = await copy.client('shop')
      const { rows } = await client.query(`SELECT count(*)::int AS all, count(*) FILTER (WHERE id = -1)::int AS last FROM orders`)
      expect(rows).toEqual([{ all: 8001, last: 1 }])
    } finally {
      await copy.stop()
    }
  })

  it.runIf(endMajors().includes(major))(
    'not shut down and with a segment missing or not its own, is refused by name',
    async () => {
      const wal = path.join(cluster.dataDir, 'pg_wal')
      const { segments, redo } = await needed()
      expect(segments.length).toBeGreaterThan(3)
      const [first = '', second = '', third = ''] = segments
      const last = segments.at(-1) ?? ''
      const refused = (why: string) =>
        `pg_controldata says "in production" and no server runs: the copy would need all WAL from ${redo} on. ${why} Start data, let it recover, and stop it again.`
      const trial = async (name: string, why: string, damage: (file: string) => void) => {
        const file = path.join(wal, name)
        fs.renameSync(file, `${file}.away`)
        try {
          damage(file)
          await expect(core.api.coldBackup.start(request())).rejects.toMatchObject({ code: 'preflight', message: refused(why) })
        } finally {
          fs.rmSync(file, { force: true })
          fs.renameSync(`${file}.away`, file)
        }
      }
      await trial(first, `${first} is missing.`, () => undefined)
      await trial(second, `${second} is missing.`, () => undefined)
      await trial(last, `${last} is missing: the WAL goes on in it.`, () => undefined)
      await trial(third, `${third} has 1000 bytes instead of 16777216.`, (file) => {
        fs.writeFileSync(file, fs.readFileSync(`${file}.away`).subarray(0, 1000))
        own(file)
      })
      await trial(third, `${third} is of another cluster (system identifier 42).`, (file) => {
        const bytes = fs.readFileSync(`${file}.away`)
        bytes.writeBigUInt64LE(42n, 24)
        fs.writeFileSync(file, bytes)
        own(file)
      })
      expect(backupFolders(library)).toHaveLength(2)
    },
  )

  function own(file: string): void {
    const { uid, gid } = fs.statSync(cluster.dataDir)
    fs.chownSync(file, uid, gid)
  }

  async function needed() {
    const { control } = await core.api.localClusters.inspect({ dataDirectory: cluster.dataDir })
    const redo = control?.redo ?? ''
    const from = Number.parseInt(redo.split('/')[1] ?? '', 16) / 16777216
    const segments = fs
      .readdirSync(path.join(cluster.dataDir, 'pg_wal'))
      .filter((name) => /^[0-9A-F]{24}$/.test(name) && Number.parseInt(name.slice(16), 16) >= Math.floor(from))
      .filter((name) => headerFits(path.join(cluster.dataDir, 'pg_wal', name), name))
      .toSorted()
    return { segments, redo }
  }
})

/** The address of a segment's first page, against its name: one kept for later use still has its old address. */
function headerFits(file: string, name: string): boolean {
  const head = Buffer.alloc(16)
  const handle = fs.openSync(file, 'r')
  fs.readSync(handle, head, 0, 16, 0)
  fs.closeSync(handle)
  return head.readBigUInt64LE(8) === BigInt(`0x${name.slice(16)}`) * 16777216n
}

function bySpot(record: { files: { path: string }[] }): (a: string, b: string) => number {
  const spot = new Map(record.files.map((file, index) => [file.path, index]))
  return (a, b) => (spot.get(a) ?? -1) - (spot.get(b) ?? -1)
}

function flipByte(file: string): void {
  const handle = fs.openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  const at = Math.floor(fs.fstatSync(handle).size / 2)
  fs.readSync(handle, byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ 0x10
  fs.writeSync(handle, byte, 0, 1, at)
  fs.closeSync(handle)
}

describe("Debian's layout", () => {
  it('brings the settings from outside, with what they include, and starts from them', async () => {
    const library = tempFolder('library')
    const include = path.join(tempFolder('etc'), 'tuning.conf')
    fs.writeFileSync(include, "work_mem = '7MB'\n")
    fs.appendFileSync(path.join(debian.configDirectory, 'postgresql.conf'), `\ninclude_if_exists '${include}'\n`)
    const hba = path.join(debian.configDirectory, 'pg_hba.conf')
    fs.writeFileSync(hba, `host all all 127.0.0.1/32 trust\n${fs.readFileSync(hba, 'utf8')}`)
    debian.control('start')
    debian.sql('CREATE TABLE kept AS SELECT i FROM generate_series(1, 1000) i')
    const refused = core.api.coldBackup.start(requestFor(debian.dataDirectory, library))
    await expect(refused).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/^15\/old runs on \S+ \(process \d+, port \d+\)/),
    })
    debian.control('stop')

    const { folder, record } = await finished(core, await core.api.coldBackup.start(requestFor(debian.dataDirectory, library)))
    const names = ['environment', 'pg_ctl.conf', 'pg_hba.conf', 'pg_ident.conf', 'postgresql.conf', 'start.conf']
    expect(record.configuration.map(({ original }) => original)).toEqual(
      [...names.map((name) => path.join(debian.configDirectory, name)), include].toSorted(),
    )
    expect(record.configurationFolders).toEqual([path.join(debian.configDirectory, 'conf.d')])
    expect(record.source).toMatchObject({ label: '15/old', port: debian.port })
    const conf = record.configuration.find(({ original }) => original === include)
    expect(fs.readFileSync(path.join(folder, conf?.path ?? ''), 'utf8')).toBe("work_mem = '7MB'\n")
    // Written by the test as root, unlike the rest of the cluster.
    expect(record.modes).toContainEqual({ path: conf?.path, mode: '0644', uid: 0, gid: 0 })

    const copy = await startFromCopy(folder, `/usr/lib/postgresql/${debian.major}/bin`, '')
    try {
      const client = await copy.client()
      expect((await client.query('SELECT count(*)::int AS n FROM kept')).rows).toEqual([{ n: 1000 }])
      expect((await client.query('SHOW work_mem')).rows).toEqual([{ work_mem: '7MB' }])
      expect((await client.query('SHOW config_file')).rows[0]?.config_file).toContain(debian.configDirectory)
    } finally {
      await copy.stop()
    }
  })
})
