// The application is killed at random moments of a base backup: nothing unfinished looks finished, the job is interrupted and
// names what it left, no program goes on after the next start, and no slot stays but the one that is named.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { filesBelow } from './dumpSetup'

const kills = process.env.WALKBACK_LONG === '1' ? 20 : 2

let cluster: TestCluster
let serve: ServeProcess | undefined
let dataFolder: string
let library: string

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

test(`the application is killed at ${kills} random moments`, async () => {
  let core = await open()
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
  const { id } = await core.api.connections.save({
    id: null,
    label: 'killed',
    colour: 'slate',
    readOnly: false,
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres', sslmode: 'disable' },
      ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: join(dataFolder, 'passfile') },
    },
    password: { kind: 'none' },
  })
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
      const stays = await cluster.sql(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${slot}'`,
      )
      if (stays.length > 0 && job.state === 'interrupted' && left.some((name) => name.endsWith('.partial'))) {
        expect(job.leftovers).toContain(
          `the replication slot ${slot} on killed, if it was made: it keeps WAL until SELECT pg_drop_replication_slot('${slot}');`,
        )
      }
    }
    core.close()
    await serve?.stop()
    for (const folder of left) rmSync(folder, { recursive: true, force: true })
  }
  expect(interrupted).toBeGreaterThanOrEqual(kills / 2)
}, 900_000)
