// Bench: a base backup as a job against the same programs by hand: pg_basebackup, pg_verifybackup, and checksums of the rest.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, test } from 'vitest'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, writeMeasures } from './measures'

const run = promisify(execFile)
const quick = process.env.WALKBACK_QUICK === '1'
const rows = quick ? 500_000 : 24_000_000
const rounds = quick ? 1 : 5
/** A short run is mostly noise: a quick one only tells whether something is badly wrong. */
const overhead = quick ? 1.15 : 1.02

let cluster: TestCluster
let serve: ServeProcess
let core: RemoteCore
let dataFolder: string
let connectionId: string

beforeAll(async () => {
  dataFolder = tempFolder('bench-base')
  cluster = await startCluster({ major: newestMajor(), conf: { shared_buffers: '256MB', max_wal_size: '4GB' } })
  await cluster.sql('CREATE DATABASE bench')
  await cluster.sql(
    `CREATE TABLE orders AS SELECT i AS id, i % 9973 AS customer, md5(i::text) AS reference, repeat(md5((i * 7)::text), 2) AS note
       FROM generate_series(1, ${rows}) i`,
    'bench',
  )
  await cluster.sql('VACUUM ANALYZE', 'bench')
  await cluster.sql('CHECKPOINT')
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
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres', sslmode: 'disable' },
      ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  connectionId = saved.id
}, 900_000)

afterAll(async () => {
  writeMeasures()
  core?.close()
  await serve?.stop()
  await cluster?.remove()
})

/** Not execFileSync: the connection to the application has to answer meanwhile. */
async function timed(program: string, argv: readonly string[], env: Record<string, string>): Promise<number> {
  const from = performance.now()
  await run(program, argv, { env: { PATH: '/usr/bin:/bin', ...env }, maxBuffer: 64 * 1024 * 1024 })
  return performance.now() - from
}

async function bare(target: string): Promise<number> {
  const argv = ['--no-password', `--pgdata=${target}`, '--format=plain', '--wal-method=stream', '--checkpoint=fast']
  const took = await timed(join(cluster.bin, 'pg_basebackup'), [...argv, '--progress', '--verbose'], cluster.toolEnv())
  const verified = await timed(join(cluster.bin, 'pg_verifybackup'), ['--progress', target], {})
  // What the manifest does not cover.
  const wal = readdirSync(join(target, 'pg_wal'), { withFileTypes: true }).filter((entry) => entry.isFile())
  const rest = ['backup_manifest', ...wal.map(({ name }) => join('pg_wal', name))].map((name) => join(target, name))
  const hashed = (await timed('sha256sum', rest, {})) + (await timed('sync', rest, {}))
  await rm(target, { recursive: true })
  return took + verified + hashed
}

async function asJob(library: string): Promise<number> {
  mkdirSync(library, { recursive: true })
  const from = performance.now()
  const { jobId } = await core.api.baseBackup.start({
    ...{ connectionId, format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: true, keepSlot: false, library, label: '' },
  })
  const job = await jobEnd(core.api, jobId, 900_000)
  const took = performance.now() - from
  if (job.state !== 'succeeded') throw new Error(`the job ended ${job.state}: ${job.error?.message ?? ''}`)
  await rm(library, { recursive: true })
  return took
}

test('a base backup as a job against the bare programs, in turn', async () => {
  const times = { bare: [] as number[], job: [] as number[] }
  // What one leaves dirty in the page cache the other would have to write: both begin with clean ones.
  const settle = () => execFileSync('sync')
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? (['bare', 'job'] as const) : (['job', 'bare'] as const)
    for (const who of order) {
      settle()
      if (who === 'bare') times.bare.push(await bare(join(dataFolder, `bare-${round}`)))
      else times.job.push(await asJob(join(dataFolder, 'library')))
    }
  }
  measure(`base backup: bare programs, median of ${rounds}`, median(times.bare) / 1000, 's', null)
  measure(`base backup: as a job, checked and recorded, median of ${rounds}`, median(times.job) / 1000, 's', null)
  measure('base backup: job / bare, medians', median(times.job) / median(times.bare), 'ratio', null)
  // Flushing gigabytes takes the disk two to five seconds, as it likes: the fastest round of each has the least of that.
  measure('base backup: job / bare, fastest', Math.min(...times.job) / Math.min(...times.bare), 'ratio', { max: overhead })
}, 3_600_000)
