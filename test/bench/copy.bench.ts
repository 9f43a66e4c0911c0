// Copying 10 million rows out and in from this machine, against psql's \copy and the server's own COPY TO '/dev/null'.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CopyRequest } from '../../shared/contracts/copy'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, residentMb, timeProgram, writeMeasures } from './measures'

const quick = process.env.WALKBACK_QUICK === '1'
const rows = quick ? 1_000_000 : 10_000_000
const rounds = quick ? 1 : 3
/** A million rows take about half a second: what a job costs besides shows there. */
const ratio = quick ? 1.5 : 1.05

let cluster: TestCluster
let serve: ServeProcess
let core: RemoteCore
let connectionId: string
let folder: string

beforeAll(async () => {
  folder = tempFolder('bench-copy')
  cluster = await startCluster({
    major: newestMajor(),
    conf: { shared_buffers: '256MB', max_wal_size: '8GB', wal_level: 'minimal', max_wal_senders: '0', autovacuum: 'off' },
  })
  await cluster.sql('CREATE DATABASE bench')
  await cluster.sql(
    `CREATE TABLE rows AS SELECT i AS id, i % 9973 AS customer, 'reference ' || i AS reference, '2026-11-22'::date AS day
       FROM generate_series(1, ${rows}) i; CREATE TABLE target (LIKE rows)`,
    'bench',
  )
  await cluster.sql('VACUUM (FREEZE, ANALYZE) rows', 'bench')
  serve = await startServe({ dataFolder: tempFolder('bench-copy-data') })
  core = await connectServe(serve)
  const saved = await core.api.connections.save({
    id: null,
    label: 'bench',
    colour: 'slate',
    readOnly: false,
    settings: {
      host: '127.0.0.1',
      port: cluster.port,
      database: 'bench',
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
}, 900_000)

afterAll(async () => {
  writeMeasures()
  core?.close()
  await serve?.stop()
  await cluster?.remove()
})

const memory: number[] = []

async function runJob(request: CopyRequest): Promise<number> {
  const from = performance.now()
  const watching = setInterval(() => memory.push(residentMb(serve.pid)), 100)
  const { jobId } = await core.api.copy.start(request)
  const ended = await jobEnd(core.api, jobId, 900_000)
  clearInterval(watching)
  if (ended.state !== 'succeeded') throw new Error(`the job ended ${ended.state}: ${ended.error?.message ?? ''}`)
  return performance.now() - from
}

function psql(command: string): number {
  return timeProgram(
    join(cluster.bin, 'psql'),
    ['--no-psqlrc', '--dbname=bench', '--set=ON_ERROR_STOP=1', `--command=${command}`],
    cluster.toolEnv(),
  )
}

const common = { connectionId: '', database: 'bench', format: 'csv' as const, options: {} }

test('out', async () => {
  const [limit, theirs, ours]: number[][] = [[], [], []]
  for (let round = 0; round < rounds; round += 1) {
    const [own, other] = [join(folder, 'own.csv'), join(folder, 'psql.csv')]
    limit?.push(psql("COPY rows TO '/dev/null' WITH (FORMAT csv)"))
    // psql's file is brought to disk too: an export that a power cut takes away is none.
    const from = performance.now()
    psql(`\\copy rows to '${other}' with (format csv)`)
    execFileSync('sync', [other])
    theirs?.push(performance.now() - from)
    const place = { kind: 'client' as const, path: own, compression: 'none' as const, overwrite: false }
    const source = { kind: 'table' as const, schema: 'public', name: 'rows', columns: null }
    ours?.push(await runJob({ ...common, connectionId, kind: 'export', source, place }))
    execFileSync('cmp', [own, other])
    rmSync(other)
    if (round < rounds - 1) rmSync(own)
  }
  report('copy out', limit ?? [], theirs ?? [], ours ?? [])
})

test('in', async () => {
  const [theirs, ours]: number[][] = [[], []]
  const file = join(folder, 'own.csv')
  for (let round = 0; round < rounds; round += 1) {
    await cluster.sql('TRUNCATE target; CHECKPOINT', 'bench')
    theirs?.push(psql(`\\copy target from '${file}' with (format csv)`))
    await cluster.sql('TRUNCATE target; CHECKPOINT', 'bench')
    const target = { schema: 'public', name: 'target', create: null }
    const place = { kind: 'client' as const, path: file }
    const request = { mapping: null, where: '', truncate: false, skipBadRows: false, maxBadRows: null }
    ours?.push(await runJob({ ...common, ...request, connectionId, kind: 'import', target, place }))
    expect((await cluster.sql('SELECT count(*)::int AS n FROM target', 'bench'))[0]?.n).toBe(rows)
  }
  report('copy in', [], theirs ?? [], ours ?? [])
  measure('copy: memory of the main process, most', Math.max(...memory), 'MB', { max: 150 })
})

function report(name: string, limit: readonly number[], theirs: readonly number[], ours: readonly number[]): void {
  if (limit.length > 0) measure(`${name}: the server alone, to /dev/null, median`, median(limit) / 1000, 's', null)
  measure(`${name}: psql \\copy, median`, median(theirs) / 1000, 's', null)
  measure(`${name}: job, median`, median(ours) / 1000, 's', null)
  measure(`${name}: job / psql \\copy`, median(ours) / median(theirs), 'ratio', { max: ratio })
}
