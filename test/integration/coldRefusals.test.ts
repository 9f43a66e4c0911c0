// Cold backups that must not be made, or must end without a trace: each with its own words, and no folder that looks finished.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { connectServe, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { backupFolders, finished, ownedFolder, requestFor } from './coldSetup'

/** Bytes of a file with holes: long enough to copy that something can be done meanwhile. */
const ballastBytes = 700 * 1024 * 1024

let core: TestCore
let cluster: TestCluster
let library: string

beforeAll(async () => {
  core = await startCore()
  cluster = await startCluster({ major: newestMajor() })
  await cluster.sql(`CREATE TABLESPACE apart LOCATION '${ownedFolder(cluster.folder, 'apart')}'`)
  await cluster.sql('CREATE TABLE t TABLESPACE apart AS SELECT i FROM generate_series(1, 20000) i')
  await cluster.stop()
}, 60_000)

beforeEach(() => {
  library = tempFolder('library')
})

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step()
})

const request = (part = {}) => requestFor(cluster.dataDir, library, part)

function own(file: string): void {
  const { uid, gid } = fs.statSync(cluster.dataDir)
  fs.chownSync(file, uid, gid)
}

/** Makes the copy take seconds, by a file with holes in the data directory. */
function addBallast(): void {
  const file = path.join(cluster.dataDir, 'ballast')
  fs.writeFileSync(file, '', { mode: 0o600 })
  fs.truncateSync(file, ballastBytes)
  own(file)
  undo.push(() => fs.rmSync(file))
}

async function refused(part = {}) {
  const error: unknown = await core.api.coldBackup.start(request(part)).then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(backupFolders(library)).toEqual([])
  return error
}

async function waitFor(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !(await done()); ) {
    if (Date.now() > end) throw new Error(`waited a minute for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function inTheCopy(jobId: string): Promise<void> {
  await waitFor('the copy', async () => {
    const { progress, steps, error } = await core.api.jobs.get({ jobId })
    if (error) throw new Error(error.message)
    return steps.some(({ id, state }) => id === 'copy' && state === 'running') && progress?.label === 'data/ballast'
  })
}

describe('refused before anything is written', () => {
  it('what is no data directory', async () => {
    const folder = tempFolder('none')
    await expect(core.api.coldBackup.start(requestFor(folder, library))).rejects.toMatchObject({
      code: 'bad_input',
      message: `${folder} is no data directory of PostgreSQL: it has no PG_VERSION.`,
    })
  })

  it('a library that can not be written, or lies in the cluster', async () => {
    const file = path.join(tempFolder('file'), 'file')
    fs.writeFileSync(file, '')
    expect(await refused({ library: file })).toMatchObject({ code: 'preflight', message: `${file} is a file, not a folder.` })
    expect(await refused({ library: path.join(cluster.dataDir, 'copies') })).toMatchObject({
      code: 'preflight',
      message: `${cluster.dataDir}/copies lies inside ${cluster.dataDir}, which is to be copied.`,
    })
    const mounted = mountTmpfs('size=1m')
    execFileSync('mount', ['-o', 'remount,ro', mounted])
    expect(await refused({ library: mounted })).toMatchObject({ message: `${capital(mounted)} is on a read-only file system.` })
  })

  it('a disk without room', async () => {
    const mounted = mountTmpfs('size=8m')
    expect(await refused({ library: mounted })).toMatchObject({
      code: 'preflight',
      message: expect.stringMatching(new RegExp(`^8\\.\\d+ MB free in ${mounted}, \\d+\\.\\d MB needed\\.$`)),
    })
  })

  it('a tablespace that is not there, a backup_label, a control file that is damaged', async () => {
    const spaces = path.join(cluster.dataDir, 'pg_tblspc')
    fs.symlinkSync('/nowhere/at all', path.join(spaces, '99999'))
    expect(await refused()).toMatchObject({
      message: "Tablespace 99999 is a link to /nowhere/at all, which can't be read (ENOENT).",
    })
    fs.rmSync(path.join(spaces, '99999'))

    const label = path.join(cluster.dataDir, 'backup_label')
    fs.writeFileSync(label, 'START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n')
    expect(await refused()).toMatchObject({
      message: `${cluster.dataDir} holds backup_label: it is a base backup whose recovery has not ended yet. Start it and let it recover, or copy the base backup itself.`,
    })
    fs.rmSync(label)

    const control = path.join(cluster.dataDir, 'global/pg_control')
    const before = fs.readFileSync(control)
    fs.writeFileSync(control, Buffer.from(before.map((byte, at) => (at === 40 ? byte ^ 1 : byte))))
    expect(await refused()).toMatchObject({
      code: 'tool_failed',
      message: expect.stringMatching(/pg_control is damaged: .*CRC checksum does not match/i),
    })
    fs.writeFileSync(control, before)
  })

  it('a clean cluster without the WAL of its checkpoint', async () => {
    const wal = path.join(cluster.dataDir, 'pg_wal')
    const { control } = await core.api.localClusters.inspect({ dataDirectory: cluster.dataDir })
    const needed = fs
      .readdirSync(wal)
      .find((name) => BigInt(`0x${name.slice(16)}`) === BigInt(`0x${control?.checkpoint.split('/')[1]}`) / 16777216n)
    if (!needed) throw new Error('no such segment')
    fs.renameSync(path.join(wal, needed), path.join(wal, 'away'))
    const error = await refused()
    fs.renameSync(path.join(wal, 'away'), path.join(wal, needed))
    expect(error).toMatchObject({
      message: `It can't start without the WAL of its latest checkpoint: ${needed} is missing.`,
    })
  })

  it('another account’s data directory without root, with the command to run', async () => {
    const nobody = 65534
    process.seteuid?.(nobody)
    try {
      const error = await core.api.coldBackup.preview(request()).catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        code: 'permission',
        message: `${cluster.dataDir} is closed to nobody: it belongs to postgres.`,
        hint: `Start Walkback as root or as postgres. Or copy it yourself while it is stopped: sudo cp --archive --reflink=auto ${cluster.dataDir} /path/to/copy`,
      })
    } finally {
      process.seteuid?.(0)
    }
  })
})

describe('ended without a trace', () => {
  it('when somebody starts the cluster meanwhile', async () => {
    addBallast()
    const job = await core.api.coldBackup.start(request())
    await inTheCopy(job.jobId)
    await cluster.start()
    const ended = await core.ended(job)
    await cluster.stop()
    expect(ended).toMatchObject({
      state: 'failed',
      error: { code: 'conflict', message: 'data was started while it was copied: the copy is of no use.' },
    })
    expect(backupFolders(library)).toEqual([])
  })

  it('when a file changes although no server runs', async () => {
    addBallast()
    const job = await core.api.coldBackup.start(request())
    await inTheCopy(job.jobId)
    const version = path.join(cluster.dataDir, 'PG_VERSION')
    fs.utimesSync(version, new Date(), new Date())
    expect(await core.ended(job)).toMatchObject({
      state: 'failed',
      error: { code: 'conflict', message: `${version} changed while it was copied.` },
    })
    expect(backupFolders(library)).toEqual([])
  })

  it('when it is cancelled', async () => {
    addBallast()
    const job = await core.api.coldBackup.start(request())
    await inTheCopy(job.jobId)
    await core.api.jobs.cancel(job)
    expect((await core.ended(job)).state).toBe('cancelled')
    expect(backupFolders(library)).toEqual([])
  })

  it('when the disk is full before the end', async () => {
    // Room for the bytes, not for as many files.
    const mounted = mountTmpfs('size=200m,nr_inodes=300')
    const job = await core.ended(await core.api.coldBackup.start(request({ library: mounted })))
    expect(job).toMatchObject({
      state: 'failed',
      error: { code: 'tool_failed', message: expect.stringMatching(/^Can't write .*: the disk is full\.$/) },
    })
    expect(backupFolders(mounted)).toEqual([])
  })

  it('when Walkback is killed: an unfinished folder that is named as one', async () => {
    addBallast()
    const dataFolder = tempFolder('kill')
    let serve: ServeProcess = await startServe({ dataFolder })
    let remote = await connectServe(serve)
    const settings = await remote.api.host.settings({})
    await remote.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
    const { jobId } = await remote.api.coldBackup.start(request())
    await waitFor('the copy', async () => (await remote.api.jobs.get({ jobId })).progress?.label === 'data/ballast')
    await serve.kill()
    const [left = '', ...more] = backupFolders(library)
    expect(left).toMatch(/\.partial$/)
    expect(more).toEqual([])

    serve = await startServe({ dataFolder })
    remote = await connectServe(serve)
    try {
      const job = await remote.api.jobs.get({ jobId })
      expect(job.state).toBe('interrupted')
      expect(job.leftovers).toEqual([left])
      const { backups, oddities } = await remote.api.backups.list({})
      expect(backups).toEqual([])
      expect(oddities).toMatchObject([{ path: left, kind: 'partial' }])
    } finally {
      remote.close()
      await serve.stop()
    }
  })
})

describe('made, and said what is wrong with it', () => {
  it('a page that is damaged already', async () => {
    const heap = (await relationFile()) ?? ''
    const handle = fs.openSync(heap, 'r+')
    fs.writeSync(handle, 'XXXX', 4000)
    fs.closeSync(handle)
    const job = await core.ended(await core.api.coldBackup.start(request()))
    expect(job).toMatchObject({ state: 'succeeded_with_warnings', errorCount: 1 })
    expect(job.issues[0]?.message).toMatch(/^1 page of the cluster does not fit its checksum: .*checksum verification failed/)
    expect(job.steps.find(({ id }) => id === 'pages')).toMatchObject({ state: 'failed' })
    fs.rmSync(job.result?.backupPath ?? '', { recursive: true })
    const unchecked = await finished(core, await core.api.coldBackup.start(request({ pageChecksums: false })))
    expect(unchecked.job.steps.find(({ id }) => id === 'pages')).toMatchObject({ state: 'skipped', detail: 'not asked for' })
  })

  it('links: pg_wal elsewhere is followed, another is left out and said', async () => {
    const wal = path.join(cluster.dataDir, 'pg_wal')
    const moved = path.join(cluster.folder, 'wal elsewhere')
    fs.renameSync(wal, moved)
    fs.symlinkSync(moved, wal)
    fs.symlinkSync('/var/log', path.join(cluster.dataDir, 'log'))
    undo.push(() => {
      fs.rmSync(wal)
      fs.renameSync(moved, wal)
      fs.rmSync(path.join(cluster.dataDir, 'log'))
    })
    const preview = await core.api.coldBackup.preview(request({ pageChecksums: false }))
    expect(preview.preflight).toContainEqual(
      expect.objectContaining({ id: 'links', found: `What they lead to comes along as plain files: pg_wal leads to ${moved}.` }),
    )
    expect(preview.preflight).toContainEqual(
      expect.objectContaining({ result: 'warning', found: 'log (a link to /var/log, which is no file of PostgreSQL).' }),
    )
    const { folder, record } = await finished(core, await core.api.coldBackup.start(request({ pageChecksums: false })))
    expect(record.files.some((file) => /^data\/pg_wal\/[0-9A-F]{24}$/.test(file.path))).toBe(true)
    expect(fs.existsSync(path.join(folder, 'data/log'))).toBe(false)
  })
})

async function relationFile(): Promise<string | undefined> {
  const space = path.join(cluster.folder, 'apart')
  const files = fs.readdirSync(space, { recursive: true, encoding: 'utf8' })
  return files.map((file) => path.join(space, file)).find((file) => fs.statSync(file).size > 100_000)
}

function mountTmpfs(options: string): string {
  const folder = tempFolder('mount')
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  undo.push(() => void execFileSync('umount', ['--lazy', folder]))
  return folder
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
