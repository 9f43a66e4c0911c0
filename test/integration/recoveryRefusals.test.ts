// What a standalone recovery refuses, in its exact words, and what it leaves when it fails, is cancelled, or is killed.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StandaloneRequest } from '../../shared/contracts/recovery'
import { endMajors, startCluster, type TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { tempFolder } from '../support/tempFolder'
import { addTablespaces, type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { newPlace, recover, recoveryRequest, stopServer } from './recoverySetup'

const major = endMajors()[0] ?? 13
let base: BaseCore
let cluster: TestCluster
let login: string
let backup: string

beforeAll(async () => {
  base = await baseCore()
  cluster = await startCluster({ major, prefix: 'recno' })
  await addTablespaces(cluster, 500)
  login = await base.connect(cluster)
  backup = folderOf(await base.run(base.request(login)))
}, 240_000)

afterAll(() => cluster?.remove())

/** A copy to be spoilt. */
function copyOf(source: string): string {
  const copy = path.join(tempFolder('spoilt'), 'backup')
  execFileSync('cp', ['-a', source, copy])
  return copy
}

const start = (request: StandaloneRequest) => base.core.api.recovery.startStandalone(request)
const inspect = (folder: string) => base.core.api.recovery.inspect({ path: folder })

test('a folder that holds something', async () => {
  const request = await recoveryRequest(backup)
  const { folder } = newPlace(request)
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, 'precious'), 'x')
  await expect(start(request)).rejects.toMatchObject({
    code: 'conflict',
    message: `${folder} is there and not empty. Walkback writes into nothing that is there.`,
  })
  expect(fs.readdirSync(folder)).toEqual(['precious'])
  fs.rmSync(folder, { recursive: true })
  fs.mkdirSync(`${folder}.partial`)
  fs.writeFileSync(path.join(`${folder}.partial`, 'precious'), 'x')
  await expect(start(request)).rejects.toMatchObject({
    code: 'conflict',
    message: `${folder}.partial is there, and Walkback did not leave it. Move it away.`,
  })
})

test('a data directory in which a server runs', async () => {
  const dataDirectory = cluster.dataDir
  await expect(start(await recoveryRequest(backup, { destination: { kind: 'cluster', dataDirectory } }))).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(
      new RegExp(
        `^data runs on \\S+ \\(process ${cluster.pid()}, port ${cluster.port}\\)\\. Stop it first: files are never put under a running server\\.$`,
      ),
    ),
  })
  const request = await recoveryRequest(backup)
  const { port } = newPlace(request)
  await expect(start({ ...request, destination: { kind: 'new', folder: dataDirectory, port } })).rejects.toMatchObject({
    code: 'conflict',
    message: `${dataDirectory} is there and not empty. Walkback writes into nothing that is there.`,
  })
})

test('a port that is taken, and that of the source', async () => {
  const request = await recoveryRequest(backup)
  const { folder } = newPlace(request)
  await expect(start({ ...request, destination: { kind: 'new', folder, port: cluster.port } })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(new RegExp(`^Port ${cluster.port} is that of pg${major} \\d+ itself\\. Take another one\\.$`)),
  })
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await expect(start({ ...request, destination: { kind: 'new', folder, port } })).rejects.toMatchObject({
    code: 'conflict',
    message: `Port ${port} is taken by another program. Choose another one.`,
  })
  other.close()
})

test('a folder that the account can’t enter, and a relative one', async () => {
  const closed = tempFolder('closed')
  fs.chmodSync(closed, 0o700)
  const request = await recoveryRequest(backup)
  const { port } = newPlace(request)
  await expect(
    start({ ...request, destination: { kind: 'new', folder: path.join(closed, 'copy'), port } }),
  ).rejects.toMatchObject({
    code: 'preflight',
    message: `The account ${testAccount().name} can't enter ${closed}, so it can't run a server below it. Choose another folder, or run: chmod o+x ${closed}`,
  })
  await expect(start({ ...request, destination: { kind: 'new', folder: 'copy', port } })).rejects.toMatchObject({
    code: 'bad_input',
    message: '"copy" is not an absolute path.',
  })
})

test('what is no backup that starts by itself', async () => {
  const nothing = tempFolder('nothing')
  await expect(inspect(nothing)).rejects.toMatchObject({
    code: 'bad_input',
    message: `${nothing} is no backup of a whole cluster.`,
  })
  await expect(inspect(cluster.dataDir)).rejects.toMatchObject({
    message: `${cluster.dataDir} has no backup_label, so it is no backup that pg_basebackup made.`,
  })
  const bare = copyOf(backup)
  const { start: from, stop: to, ...rest } = recordIn(bare)
  fs.writeFileSync(path.join(bare, 'walkback.json'), JSON.stringify({ ...rest, start: from, stop: to, walMethod: 'none' }))
  for (const name of fs.readdirSync(path.join(bare, 'data', 'pg_wal'))) {
    fs.rmSync(path.join(bare, 'data', 'pg_wal', name), { recursive: true })
  }
  const withoutWal = {
    code: 'bad_input',
    message: 'This backup was taken without its WAL, so it can’t start by itself.',
    hint: `It needs an archive that holds all WAL from ${from.lsn} to ${to.lsn}: recover it to a point in time instead.`,
  }
  await expect(inspect(bare)).rejects.toMatchObject(withoutWal)
  // The same without a record, as plain pg_basebackup leaves it.
  await expect(inspect(path.join(bare, 'data'))).rejects.toMatchObject(withoutWal)
  const cut = copyOf(backup)
  const wal = path.join(cut, 'data', 'pg_wal')
  const segment = fs.readdirSync(wal).find((name) => /^[0-9A-F]{24}$/.test(name)) ?? ''
  fs.truncateSync(path.join(wal, segment), 8192)
  await expect(inspect(cut)).rejects.toMatchObject({
    code: 'tool_failed',
    message: `WAL that this backup needs is not whole: ${segment} has 8192 bytes instead of 16777216.`,
  })
})

test('another major version, by what the cluster is of', async () => {
  const other = endMajors().at(-1) ?? major
  if (other === major) return
  const stranger = await startCluster({ major: other, prefix: 'recother' })
  try {
    await stranger.stop('fast')
    const preview = await base.core.api.recovery.previewStandalone(
      await recoveryRequest(backup, { destination: { kind: 'cluster', dataDirectory: stranger.dataDir } }),
    )
    expect(preview.preflight.find(({ id }) => id === 'version')).toMatchObject({
      result: 'blocker',
      found: `data is of PostgreSQL ${other}, the backup of PostgreSQL ${major}: files start under their own major version only.`,
    })
  } finally {
    await stranger.remove()
  }
}, 120_000)

test('a file of a tablespace that is missing, and a flipped byte, each by name', async () => {
  const spoilt = copyOf(backup)
  const [space] = recordIn(spoilt).tablespaces
  const folder = path.join(spoilt, space?.path ?? '')
  const found = execFileSync('find', [folder, '-type', 'f', '-size', '+8k'], { encoding: 'utf8' }).split('\n')[0] ?? ''
  const kept = fs.readFileSync(found)
  fs.rmSync(found)
  const name = `pg_tblspc/${space?.oid}/${path.relative(folder, found)}`
  await expect(start(await recoveryRequest(spoilt))).rejects.toMatchObject({
    code: 'preflight',
    message: `The backup is damaged: ${name} is missing: the manifest lists it.`,
  })
  const bytes = Buffer.from(kept)
  bytes[4000] = (bytes[4000] ?? 0) ^ 1
  fs.writeFileSync(found, bytes)
  // With the verification before, and without it: then the copy itself finds it.
  const verified = await recover(base.core, await recoveryRequest(spoilt))
  expect(verified.state).toBe('failed')
  expect(verified.error?.message).toContain(
    `The backup is damaged: ${name} is not as the manifest says (checksum mismatch for file`,
  )
  expect(verified.leftovers).toEqual([])
  const request = await recoveryRequest(spoilt, { verify: false })
  const copied = await recover(base.core, request)
  expect(copied.error?.message).toBe(`The backup is damaged: ${name} differs from its CRC32C in the manifest.`)
  const { folder: target } = newPlace(request)
  expect(fs.existsSync(target)).toBe(false)
  expect(copied.leftovers[0]).toBe(`${target}.partial: unfinished. Starting again removes it first.`)
  // Whole again, it goes to the same place.
  fs.writeFileSync(found, kept)
  const again = await recover(base.core, { ...request, login })
  expect(again.error).toBeNull()
  expect(again.state).toBe('succeeded')
  expect(fs.existsSync(`${target}.partial`)).toBe(false)
  stopServer(cluster, target)
}, 240_000)

test('a server that does not start leaves the name of something unfinished', async () => {
  const spoilt = copyOf(backup)
  fs.appendFileSync(path.join(spoilt, 'data', 'postgresql.auto.conf'), "shared_preload_libraries = 'no_such_library'\n")
  const record = recordIn(spoilt)
  const auto = record.files.find((one) => one.path === 'data/postgresql.auto.conf')
  const content = fs.readFileSync(path.join(spoilt, 'data', 'postgresql.auto.conf'))
  if (!auto) throw new Error('the record does not list postgresql.auto.conf')
  auto.size = String(content.length)
  auto.sha256 = createHash('sha256').update(content).digest('hex')
  fs.writeFileSync(path.join(spoilt, 'walkback.json'), JSON.stringify(record))
  const request = await recoveryRequest(spoilt, { verify: false, login })
  const job = await recover(base.core, request)
  const { folder } = newPlace(request)
  expect(job.state).toBe('failed')
  expect(job.error?.message).toMatch(/^The server did not start: FATAL: {2}could not access file "no_such_library"/)
  expect(fs.existsSync(folder)).toBe(false)
  expect(fs.existsSync(path.join(`${folder}.partial`, 'walkback-unfinished'))).toBe(true)
  expect(job.leftovers).toContain(`${folder}.partial: unfinished. Starting again removes it first.`)
}, 120_000)

test('a cancel while it copies leaves it named unfinished', async () => {
  const request = await recoveryRequest(backup, { verify: false })
  const { folder } = newPlace(request)
  const { jobId } = await start(request)
  while (!fs.existsSync(`${folder}.partial`)) await new Promise((resolve) => setTimeout(resolve, 5))
  await base.core.api.jobs.cancel({ jobId })
  const job = await base.core.ended({ jobId })
  expect(job.state).toBe('cancelled')
  expect(fs.existsSync(folder)).toBe(false)
  expect(fs.existsSync(`${folder}.partial`)).toBe(true)
  expect(job.leftovers[0]).toBe(`${folder}.partial: unfinished. Starting again removes it first.`)
}, 120_000)
