// The application is killed at random moments of a dump: nothing that looks finished stays unless it is whole, the job is
// interrupted, what is left is named, and no program of ours goes on.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'

const kills = process.env.WALKBACK_LONG === '1' ? 20 : 4

let cluster: TestCluster
let serve: ServeProcess | undefined
let dataFolder: string
let library: string

beforeAll(async () => {
  dataFolder = tempFolder('kill')
  library = join(dataFolder, 'library')
  cluster = await startCluster({ major: newestMajor() })
  await cluster.sql('CREATE DATABASE shop')
  for (const table of ['orders', 'items', 'customers', 'events']) {
    await cluster.sql(
      `CREATE TABLE ${table} AS SELECT i AS id, md5(i::text) AS reference, repeat(md5((i * 7)::text), 3) AS note FROM generate_series(1, 120000) i`,
      'shop',
    )
  }
  writeFileSync(join(dataFolder, 'passfile'), `*:*:*:*:${cluster.password}\n`, { mode: 0o600 })
})

afterAll(async () => {
  await serve?.kill()
  await cluster?.remove()
})

async function open(): Promise<RemoteCore> {
  serve = await startServe({ dataFolder })
  return connectServe(serve)
}

async function startDump(core: RemoteCore, connectionId: string): Promise<string> {
  const { jobId } = await core.api.dump.start({
    connectionId,
    database: 'shop',
    format: 'directory',
    options: { jobs: 2, compress: '6' },
    globals: true,
    library,
    label: 'killed',
  })
  return jobId
}

/** Command lines of every process that mentions our data folder or our server's port. */
function ourProcesses(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return /pg_dump|pg_restore|pg_dumpall/.test(command.split(' ')[0] ?? '') && command.includes(dataFolder) ? [command] : []
      } catch {
        return [] // it ended while we looked
      }
    })
}

function backupFolders(): string[] {
  if (!existsSync(library)) return []
  return readdirSync(library, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap((server) => readdirSync(join(library, server.name)).map((name) => join(library, server.name, name)))
}

test(`after ${kills} kills at random moments nothing unfinished looks finished`, async () => {
  let core = await open()
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin] })
  const { id: connectionId } = await core.api.connections.save({
    id: null,
    label: 'shop server',
    colour: 'slate',
    readOnly: false,
    settings: {
      host: '127.0.0.1',
      port: cluster.port,
      database: 'postgres',
      user: 'postgres',
      sslmode: 'disable',
      sslrootcert: '',
      sslcert: '',
      sslkey: '',
      service: '',
      passfile: join(dataFolder, 'passfile'),
    },
    password: { kind: 'none' },
  })
  const from = performance.now()
  const whole = await jobEnd(core.api, await startDump(core, connectionId))
  expect(whole.error).toBeNull()
  expect(whole.state).toBe('succeeded')
  let duration = performance.now() - from
  core.close()
  await serve?.stop()

  const seen = { interrupted: 0, finished: 0 }
  const steps = new Set<string>()
  for (let kill = 0; kill < kills; kill++) {
    core = await open()
    const before = new Set(backupFolders())
    const jobId = await startDump(core, connectionId)
    // Spread over the whole run, each time at a random place of its slice.
    await new Promise((resolve) => setTimeout(resolve, ((kill + Math.random()) / kills) * duration))
    await serve?.kill()
    const left = backupFolders().filter((folder) => !before.has(folder))

    core = await open()
    const job = await core.api.jobs.get({ jobId })
    expect(['interrupted', 'succeeded']).toContain(job.state)
    steps.add(job.steps.find(({ state }) => state !== 'done' && state !== 'pending')?.id ?? 'end')
    expect(ourProcesses()).toEqual([])
    const finished = left.filter((folder) => !folder.endsWith('.partial'))
    const partial = left.filter((folder) => folder.endsWith('.partial'))
    const { backups, oddities } = await core.api.backups.list({})
    if (job.state === 'interrupted') {
      seen.interrupted += 1
      expect(job.endedAt).not.toBeNull()
      for (const folder of partial) {
        expect(job.leftovers.join('\n')).toContain(folder)
        expect(oddities.map(({ path }) => path)).toContain(folder)
        expect(backups.map(({ path }) => path)).not.toContain(folder)
      }
    } else {
      seen.finished += 1
      // The machine is faster by now: the next kills come sooner.
      duration = Math.min(duration, Date.parse(job.endedAt ?? '') - Date.parse(job.startedAt ?? ''))
    }
    // A name without .partial is a promise: then it must be whole, whatever became of the job.
    for (const folder of finished) {
      expect(existsSync(join(folder, 'walkback.json'))).toBe(true)
      const verified = await jobEnd(core.api, (await core.api.backups.verify({ path: folder })).jobId)
      expect(verified.state).toBe('succeeded')
    }
    core.close()
    await serve?.stop()
    for (const folder of left) rmSync(folder, { recursive: true })
    mkdirSync(library, { recursive: true })
  }
  console.log(
    `${kills} kills: ${seen.interrupted} interrupted, ${seen.finished} had just finished; in the steps ${[...steps].join(', ')}`,
  )
  expect(seen.interrupted).toBeGreaterThanOrEqual(kills / 2)
}, 900_000)
