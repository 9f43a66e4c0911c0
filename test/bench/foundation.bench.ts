// What the application costs: over the bare programs, in memory, in bytes of the first load, in time to be ready, and in time
// to make a practice cluster.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { chromium } from 'playwright'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, residentMb, timeProgram, writeMeasures } from './measures'

const quick = process.env.WALKBACK_QUICK === '1'
const rows = quick ? 500_000 : 6_000_000
const rounds = quick ? 1 : 3
/** A short run is mostly noise: a quick one only tells whether something is badly wrong. */
const overhead = quick ? 1.15 : 1.02

let cluster: TestCluster
let serve: ServeProcess
let core: RemoteCore
let dataFolder: string
let connectionId: string

beforeAll(async () => {
  dataFolder = tempFolder('bench')
  cluster = await startCluster({ major: newestMajor(), conf: { shared_buffers: '256MB', max_wal_size: '4GB' } })
  await cluster.sql('CREATE DATABASE bench')
  await cluster.sql(
    `CREATE TABLE orders AS SELECT i AS id, i % 9973 AS customer, md5(i::text) AS reference, now() - i * interval '1 s' AS placed_at,
       repeat(md5((i * 7)::text), 2) AS note FROM generate_series(1, ${rows}) i`,
    'bench',
  )
  await cluster.sql('CREATE TABLE items AS SELECT id, customer, reference FROM orders WHERE id % 3 = 0', 'bench')
  await cluster.sql('VACUUM ANALYZE', 'bench')
  serve = await startServe({ dataFolder })
  core = await connectServe(serve)
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, installationFolders: [cluster.bin] })
  const saved = await core.api.connections.save({
    id: null,
    label: 'bench',
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
      passfile: '',
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  connectionId = saved.id
}, 600_000)

afterAll(async () => {
  writeMeasures()
  core?.close()
  await serve?.stop()
  await cluster?.remove()
})

describe('start', () => {
  test('serve is ready', async () => {
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      const folder = tempFolder('bench-start')
      const one = await startServe({ dataFolder: folder })
      times.push(one.readyMs)
      await one.stop()
    }
    measure('serve: command to ready, median of 5', median(times), 'ms', { max: 1500 })
  })

  test('the first load of the page', async () => {
    const browser = await chromium.launch({
      executablePath: process.env.WALKBACK_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    })
    try {
      const one = await startServe({ dataFolder: tempFolder('bench-load') })
      const page = await browser.newPage()
      const bodies: { kind: string; size: number }[] = []
      page.on('response', async (response) => {
        if (!response.url().startsWith(one.origin) || response.request().method() !== 'GET') return
        const body = await response.body().catch(() => Buffer.alloc(0))
        bodies.push({ kind: response.url().endsWith('.woff2') ? 'font' : 'code', size: gzipSync(body, { level: 9 }).length })
      })
      const from = performance.now()
      await page.goto(one.url)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      measure('page: link to first heading', performance.now() - from, 'ms', null)
      await page.waitForLoadState('networkidle')
      const sum = (kind: string) =>
        bodies.filter((body) => body.kind === kind).reduce((total, { size }) => total + size, 0) / 1000
      measure('page: first load, code, gzip', sum('code'), 'kB', { max: 300 })
      measure('page: first load, fonts', sum('font'), 'kB', null)
      await one.stop()
    } finally {
      await browser.close()
    }
  })
})

test('a practice cluster filled with the shop', async () => {
  const made = await jobEnd(core.api, (await core.api.practice.make({ name: 'main', folder: cluster.bin, fill: true })).jobId)
  if (made.state !== 'succeeded') throw new Error(`the job ended ${made.state}: ${made.error?.message ?? ''}`)
  const { clusters } = await core.api.practice.list({})
  const { connections } = await core.api.connections.list({})
  const connectionId = clusters.find(({ name }) => name === 'main')?.connectionId ?? ''
  if (!connections.some(({ id }) => id === connectionId)) throw new Error('the cluster has no connection')
  const { databases } = await core.api.connections.server({ connectionId })
  const shop = databases.find(({ name }) => name === 'shop')
  measure('practice: size of shop', Number(shop?.size) / 1024 ** 2, 'MB', { min: 80 })
  const took = (Date.parse(made.endedAt ?? '') - Date.parse(made.startedAt ?? '')) / 1000
  measure('practice: cluster made and filled', took, 's', { max: 20 })
  const removed = await jobEnd(core.api, (await core.api.practice.remove({ name: 'main', confirm: 'main' })).jobId)
  if (removed.state !== 'succeeded') throw new Error(`the removal ended ${removed.state}`)
}, 300_000)

describe('cost of a job', () => {
  /** The programs of the job, by hand: globals, dump, full read, checksums, and everything flushed to disk. */
  function bareDump(target: string): { total: number; dump: number } {
    const env = cluster.toolEnv()
    mkdirSync(target)
    const from = performance.now()
    timeProgram(join(cluster.bin, 'pg_dumpall'), ['--globals-only', '--no-password', `--file=${target}/globals.sql`], env)
    const dump = timeProgram(
      join(cluster.bin, 'pg_dump'),
      [
        '--format=directory',
        '--jobs=2',
        '--compress=1',
        '--no-password',
        '--verbose',
        `--file=${target}/archive`,
        '--dbname=bench',
      ],
      env,
    )
    timeProgram(join(cluster.bin, 'pg_restore'), ['--file=/dev/null', `${target}/archive`], env)
    const files = readdirSync(join(target, 'archive')).map((file) => join(target, 'archive', file))
    timeProgram('sha256sum', files, env)
    timeProgram('sync', files, env)
    return { total: performance.now() - from, dump }
  }

  test('a dump as a job against the bare programs', async () => {
    const bare: number[] = []
    const job: number[] = []
    const barePhase: number[] = []
    const jobPhase: number[] = []
    const memory: number[] = []
    const library = join(dataFolder, 'library')
    const size = Number((await cluster.sql("SELECT pg_database_size('bench') AS size"))[0]?.size)
    measure('dump: size of the database', size / 1024 ** 2, 'MB', quick ? null : { min: 1000 })
    for (let round = 0; round < rounds; round++) {
      const target = join(dataFolder, `bare-${round}`)
      const times = bareDump(target)
      bare.push(times.total)
      barePhase.push(times.dump)
      rmSync(target, { recursive: true })
      const started = performance.now()
      const { jobId } = await core.api.dump.start({
        connectionId,
        database: 'bench',
        format: 'directory',
        options: { jobs: 2, compress: '1' },
        globals: true,
        library,
        label: '',
      })
      const watching = setInterval(() => memory.push(residentMb(serve.pid)), 100)
      const ended = await jobEnd(core.api, jobId, 900_000)
      clearInterval(watching)
      job.push(performance.now() - started)
      if (ended.state !== 'succeeded') throw new Error(`the job ended ${ended.state}: ${ended.error?.message ?? ''}`)
      const phase = ended.steps.find(({ id }) => id === 'dump')
      jobPhase.push(Date.parse(phase?.endedAt ?? '') - Date.parse(phase?.startedAt ?? ''))
      rmSync(library, { recursive: true })
      mkdirSync(library)
    }
    measure('dump: bare programs, median', median(bare) / 1000, 's', null)
    measure('dump: job, median', median(job) / 1000, 's', null)
    measure('dump: job / bare programs', median(job) / median(bare), 'ratio', { max: overhead })
    measure('dump: its pg_dump phase / bare pg_dump', median(jobPhase) / median(barePhase), 'ratio', { max: overhead })
    measure('dump: memory of the main process, most', Math.max(...memory), 'MB', { max: 150 })
  }, 3_600_000)
})

test('the bundles', () => {
  const dist = fileURLToPath(new URL('../../dist', import.meta.url))
  for (const bundle of ['main.cjs', 'preload.cjs', 'serve.mjs']) {
    measure(`bundle: ${bundle}, gzip`, gzipSync(readFileSync(join(dist, bundle))).length / 1000, 'kB', null)
  }
  const assets = readdirSync(join(dist, 'renderer', 'assets')).map(
    (file) => statSync(join(dist, 'renderer', 'assets', file)).size,
  )
  measure('bundle: all of the renderer', assets.reduce((sum, bytes) => sum + bytes, 0) / 1000, 'kB', null)
})
