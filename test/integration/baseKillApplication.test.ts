// The application is killed at random moments of a base backup: nothing unfinished looks finished, the job is interrupted and
// names what it left, no program goes on after the next start, and no slot stays but the one that is named.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LeftSlot } from '../../shared/contracts/baseBackup'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { filesBelow } from './dumpSetup'

const kills = process.env.WALKBACK_LONG === '1' ? 20 : 2

let cluster: TestCluster
let serve: ServeProcess | undefined
let dataFolder: string
let library: string
let connectionId: string

beforeAll(async () => {
  dataFolder = tempFolder('basekill')
  library = join(dataFolder, 'library')
  cluster = await startCluster({ major: newestMajor(), prefix: 'basekill' })
  writeFileSync(join(dataFolder, 'passfile'), `*:*:*:*:${cluster.password}\n`, { mode: 0o600 })
}, 60_000)

afterAll(async () => {
  await serve?.kill()
  await cluster?.remove()
})

async function open(): Promise<RemoteCore> {
  serve = await startServe({ dataFolder })
  return connectServe(serve)
}

async function start(core: RemoteCore, connectionId: string, slot: string | null): Promise<string> {
  const { jobId } = await core.api.baseBackup.start({
    connectionId,
    format: 'plain',
    options: {
      ...{ walMethod: 'stream', checkpoint: 'fast', maxRate: '12M' },
      ...(slot === null ? {} : { slot, createSlot: true }),
    },
    ...{ parent: null, configuration: true, verify: true, keepSlot: false, library, label: '' },
  })
  return jobId
}

function bytesIn(folder: string): number {
  return filesBelow(folder).reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)
}

function programs(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return /pg_basebackup|pg_verifybackup/.test(command) && command.includes(dataFolder) ? [command] : []
      } catch {
        return [] // it ended while we looked
      }
    })
}

function folders(): string[] {
  if (!existsSync(library)) return []
  return readdirSync(library).flatMap((server) => readdirSync(join(library, server)).map((name) => join(library, server, name)))
}

/** The server notices after a moment that pg_basebackup has gone. */
async function released(core: RemoteCore, jobId: string): Promise<LeftSlot> {
  for (const until = Date.now() + 20_000; ; ) {
    const found = await core.api.baseBackup.leftSlot({ jobId })
    if (found.pid === null || Date.now() > until) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function connect(core: RemoteCore, port: number, id: string | null = null): Promise<string> {
  const saved = await core.api.connections.save({
    id,
    label: 'killed',
    colour: 'slate',
    readOnly: false,
    settings: {
      ...{ host: '127.0.0.1', port, database: 'postgres', user: 'postgres', sslmode: 'disable' },
      ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: join(dataFolder, 'passfile') },
    },
    password: { kind: 'none' },
  })
  return saved.id
}

test(`the application is killed at ${kills} random moments`, async () => {
  let core = await open()
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
  const id = await connect(core, cluster.port)
  connectionId = id
  expect((await jobEnd(core.api, await start(core, id, null))).error).toBeNull()
  const whole = bytesIn(library)
  for (const folder of folders()) rmSync(folder, { recursive: true })
  core.close()
  await serve?.stop()

  let interrupted = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const slot = kill % 2 === 0 ? null : `slot_${kill}`
    core = await open()
    const jobId = await start(core, id, slot)
    // When a part of it has arrived, however fast the machine is just now.
    const part = ((kill + Math.random()) / kills) * 1.05 * whole
    while (bytesIn(library) < part && (await core.api.jobs.get({ jobId })).endedAt === null) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await serve?.kill()
    const left = folders()
    core = await open()
    const job = await core.api.jobs.get({ jobId })
    expect(programs()).toEqual([])
    const { backups, oddities } = await core.api.backups.list({})
    if (job.state === 'interrupted') {
      interrupted += 1
      for (const folder of left.filter((name) => name.endsWith('.partial'))) {
        expect(job.leftovers).toContain(folder)
        expect(oddities.map(({ path }) => path)).toContain(folder)
        expect(backups.map(({ path }) => path)).not.toContain(folder)
      }
    }
    // A name without .partial is a promise: then it is whole, whatever became of the job.
    for (const folder of left.filter((name) => !name.endsWith('.partial'))) {
      expect(existsSync(join(folder, 'walkback.json'))).toBe(true)
      execFileSync(join(cluster.bin, 'pg_verifybackup'), [join(folder, 'data')])
    }
    const until = Date.now() + 20_000
    const slots = () =>
      cluster.sql(`SELECT slot_name::text AS name FROM pg_replication_slots WHERE temporary OR slot_name <> '${slot ?? ''}'`)
    while ((await slots()).length > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await slots()).toEqual([])
    if (slot !== null) {
      const there = () => cluster.sql(`SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`)
      const stays = (await there()).length > 0
      if (stays && job.state === 'interrupted') {
        expect(job.leftovers).toContain(
          `the replication slot ${slot} on killed, if it was made: it keeps WAL until SELECT pg_drop_replication_slot('${slot}');`,
        )
        const found = await released(core, jobId)
        expect(found).toMatchObject({ slot, there: true, why: '', pid: null, server: 'killed', port: cluster.port })
        expect(Number(found.keptBytes)).toBeGreaterThan(0)
        const { systemIdentifier } = found
        expect(await core.api.baseBackup.dropLeftSlot({ jobId, confirm: slot, systemIdentifier })).toEqual({
          statement: `SELECT pg_drop_replication_slot('${slot}');`,
        })
        expect(await there()).toEqual([])
      } else await cluster.sql(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${slot}'`)
    }
    core.close()
    await serve?.stop()
    for (const folder of left) rmSync(folder, { recursive: true, force: true })
  }
  expect(interrupted).toBeGreaterThanOrEqual(kills / 2)
}, 900_000)

test('the slot that a killed one left is dropped only when it is nobody else’s and nobody uses it', async () => {
  let core = await open()
  const id = connectionId
  const jobId = await start(core, id, 'left_one')
  while (bytesIn(library) < 1_000_000) await new Promise((resolve) => setTimeout(resolve, 10))
  await expect(core.api.baseBackup.leftSlot({ jobId })).rejects.toMatchObject({
    code: 'conflict',
    message: '"Base backup of killed" has not ended yet.',
  })
  await serve?.kill()
  core = await open()
  expect((await core.api.jobs.get({ jobId })).state).toBe('interrupted')
  const { systemIdentifier } = await released(core, jobId)
  const drop = (more = {}) => core.api.baseBackup.dropLeftSlot({ jobId, confirm: 'left_one', systemIdentifier, ...more })
  const refused = (message: string) => ({ code: 'conflict', message: `left_one was not dropped: ${message}` })
  const slots = () => cluster.sql('SELECT slot_name::text AS name FROM pg_replication_slots')
  await expect(drop({ confirm: 'left' })).rejects.toMatchObject({
    code: 'bad_input',
    message: 'The name typed is not the name of the replication slot.',
  })
  await expect(drop({ systemIdentifier: '1' })).rejects.toMatchObject(refused('it was confirmed for another server.'))

  const folder = tempFolder('left-slot')
  const reader = spawn(join(cluster.bin, 'pg_receivewal'), [`--directory=${folder}`, '--slot=left_one', '--no-loop'], {
    env: { ...cluster.toolEnv(), PATH: '/usr/bin:/bin' },
    stdio: 'ignore',
  })
  try {
    let pid: number | null = null
    while (pid === null) {
      pid = (await core.api.baseBackup.leftSlot({ jobId })).pid
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await expect(drop()).rejects.toMatchObject(refused(`process ${pid} of the server is using it.`))
  } finally {
    const ended = once(reader, 'exit')
    reader.kill('SIGINT')
    await ended
  }
  expect(await slots()).toEqual([{ name: 'left_one' }])

  const other = await startCluster({ major: cluster.major, prefix: 'baseother' })
  try {
    writeFileSync(join(dataFolder, 'passfile'), `*:${other.port}:*:*:${other.password}\n*:*:*:*:${cluster.password}\n`)
    await connect(core, other.port, id)
    await expect(drop()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(
        /^left_one was not dropped: another server answers at this address: its system identifier is \d+\.$/,
      ),
    })
    await connect(core, cluster.port, id)
  } finally {
    await other.remove()
  }

  await released(core, jobId)
  expect(await drop()).toEqual({ statement: "SELECT pg_drop_replication_slot('left_one');" })
  expect(await slots()).toEqual([])
  await expect(drop()).rejects.toMatchObject(refused('there is no slot of this name: it was dropped, or never made.'))

  // The name is free again, and another's soon: of an archive, or of a later backup.
  const archive = await core.api.walArchiveStream.start({
    ...{ connectionId: id, folder, slot: 'left_one', compress: '', synchronous: false, unlimited: true },
  })
  const { archives } = await core.api.walArchive.list({})
  const archiveId = archives.find((one) => one.folder === folder)?.id ?? ''
  await core.api.walArchiveStream.stop({ archiveId })
  await jobEnd(core.api, archive.jobId)
  await released(core, jobId)
  await expect(drop()).rejects.toMatchObject(refused(`the WAL archive in ${folder} is streamed through it.`))
  await core.api.walArchiveStream.dropSlot({ archiveId, forget: true })
  const later = await jobEnd(core.api, await start(core, id, 'left_one'))
  expect(later.error).toBeNull()
  await expect(drop()).rejects.toMatchObject(refused(`it is of a later job, "Base backup of killed" of ${later.createdAt}.`))
  await expect(
    core.api.baseBackup.dropLeftSlot({ jobId: later.id, confirm: 'left_one', systemIdentifier }),
  ).rejects.toMatchObject({
    code: 'conflict',
    message: 'The replication slot left_one belongs to a backup that is whole.',
  })
  expect(await slots()).toEqual([{ name: 'left_one' }])
  core.close()
  await serve?.stop()
}, 300_000)
