// The application is killed while it drills a dump: the next start stops the scratch server and removes its folder, no result is
// recorded, and it drills again. A server that the drill did not start is left, and named.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backupRecord } from '../../shared/model/backupRecord'
import { newestMajor, sharedCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { processesIn, readPostmasterPid, stopServersIn, tempFolder } from '../support/tempFolder'
import { runTool } from './recoverySetup'
import { until } from './walSetup'

/** While initdb works, when the server is there; then at any moment. */
const kills = process.env.WALKBACK_LONG === '1' ? 12 : 2

let cluster: TestCluster
let serve: ServeProcess | undefined
let dataFolder: string
let place: string

beforeAll(async () => {
  dataFolder = tempFolder('drillkill')
  place = tempFolder('scratch')
  cluster = await sharedCluster(newestMajor())
  await cluster.sql('CREATE DATABASE killed')
  await cluster.sql('CREATE TABLE t AS SELECT i AS id, md5(i::text) AS note FROM generate_series(1, 30000) i', 'killed')
})

afterAll(async () => {
  await serve?.kill()
  await stopServersIn(place)
})

async function open(): Promise<RemoteCore> {
  serve = await startServe({ dataFolder })
  return connectServe(serve)
}

test(`after ${kills} kills the scratch cluster is gone, the backup is as before, and the drill can be run again`, async () => {
  let core = await open()
  const settings = await core.api.host.settings({})
  const library = join(dataFolder, 'library')
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin], libraries: [library] })
  const { id } = await core.api.connections.save({
    ...{ id: null, label: 'killed server', colour: 'slate', readOnly: false },
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres' },
      ...{ sslmode: 'disable', sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  const dumped = await core.api.dump.start({
    ...{ connectionId: id, database: 'killed', format: 'custom', options: {}, globals: true, library, label: '' },
  })
  const backup = (await jobEnd(core.api, dumped.jobId)).result?.backupPath ?? ''
  const request = { backup, place, point: null, user: 'postgres' }
  const drills = () =>
    backupRecord
      .parse(JSON.parse(readFileSync(join(backup, 'walkback.json'), 'utf8')))
      .verifications.filter(({ level }) => level === 'drill')
  /** initdb's own server has a number below zero there. */
  const runs = () => readdirSync(place).some((folder) => readPostmasterPid(join(place, folder, 'data')) !== undefined)
  const scratchRecords = () =>
    readdirSync(place)
      .map((folder) => join(place, folder, 'drill.json'))
      .flatMap((file) => (existsSync(file) ? [readFileSync(file, 'utf8')] : []))
  const scratch = (name: string) => readdirSync(place).some((folder) => existsSync(join(place, folder, name)))

  let stopped = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const { jobId } = await core.api.drill.start(request)
    await until('the scratch cluster', () => (kill === 0 ? scratch('data/PG_VERSION') : runs()))
    if (kill > 1) await new Promise((resolve) => setTimeout(resolve, Math.random() * 4000))
    await serve?.kill()
    core.close()
    const [folder] = readdirSync(place)
    const server = folder === undefined ? undefined : readPostmasterPid(join(place, folder, 'data'))
    core = await open()
    const job = await core.api.jobs.get({ jobId })
    if (job.state !== 'succeeded') {
      expect(job.state).toBe('interrupted')
      const folder = job.outputs[0]?.final ?? ''
      if (server !== undefined) {
        expect(job.error?.message).toContain(` Its scratch server (process ${server}) was still running and was stopped.`)
        expect(existsSync(`/proc/${server}/cwd`)).toBe(false)
        stopped += 1
      }
      expect(job.error?.message).toContain(` The scratch folder ${folder} was removed.`)
      expect(job.leftovers).toEqual([])
      expect(drills().length).toBe(0)
    }
    expect(readdirSync(place)).toEqual([])
    expect(processesIn(place)).toEqual([])
    if (job.state === 'succeeded') break
  }
  expect(stopped).toBeGreaterThan(0)

  // Somebody started a server of his own in what was left: that is nobody's to stop.
  const { jobId } = await core.api.drill.start(request)
  await until('its record', () => scratchRecords().some((text) => /"pid": \d+/.test(text)))
  await serve?.kill()
  core.close()
  const [folder = ''] = readdirSync(place)
  const data = join(place, folder, 'data')
  await stopServersIn(data)
  runTool(cluster.bin, 'pg_ctl', ['start', '-w', '-s', '-l', '/dev/null', '-D', data, '-o', `-c listen_addresses= -k ${data}`])
  const theirs = readPostmasterPid(data)
  core = await open()
  const job = await core.api.jobs.get({ jobId })
  expect(job.error?.message).toContain(
    ` The scratch folder ${join(place, folder)} was left: a server that the drill did not start (process ${theirs}) runs in it.`,
  )
  expect(job.leftovers).toEqual([`${join(place, folder)}: the scratch cluster of a drill, perhaps with its server running`])
  expect(readPostmasterPid(data)).toBe(theirs)
  expect(processesIn(data)).toContain(theirs)
  await stopServersIn(data)
  rmSync(join(place, folder), { recursive: true, force: true, maxRetries: 5 })

  const again = await jobEnd(core.api, (await core.api.drill.start(request)).jobId)
  expect(again.error).toBeNull()
  expect(drills().at(-1)).toMatchObject({ ok: true })
  expect(readdirSync(place)).toEqual([])
  core.close()
}, 400_000)
