// Bench: a parallel set of eight databases against the bare pg_dumpall of the same cluster.
import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, timeProgram, writeMeasures } from './measures'

const quick = process.env.WALKBACK_QUICK === '1'
const rounds = 3
const rows = quick ? 20_000 : 400_000
const tables = quick ? 40 : 100

let cluster: TestCluster
let serve: ServeProcess
let core: RemoteCore
let dataFolder: string
let connectionId: string
const databases = Array.from({ length: 8 }, (_, at) => `bench${at + 1}`)

beforeAll(async () => {
  dataFolder = tempFolder('bench-cluster')
  cluster = await startCluster({ major: newestMajor(), conf: { shared_buffers: '256MB', max_wal_size: '4GB' } })
  for (const database of databases) {
    await cluster.sql(`CREATE DATABASE ${database}`)
    await cluster.sql(
      `CREATE TABLE orders AS SELECT i AS id, i % 9973 AS customer, md5(i::text) AS reference, repeat(md5((i * 7)::text), 2) AS note
         FROM generate_series(1, ${rows}) i;
       DO $$ BEGIN FOR n IN 1..${tables} LOOP
         EXECUTE format('CREATE TABLE part%s (id int PRIMARY KEY, a text, b text DEFAULT %L, c timestamptz DEFAULT now())', n, 'x');
       END LOOP; END $$`,
      database,
    )
    await cluster.sql('VACUUM ANALYZE', database)
  }
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

test('eight databases as a set against pg_dumpall', async () => {
  const bare: number[] = []
  const set: number[] = []
  const library = join(dataFolder, 'library')
  for (let round = 0; round < rounds; round++) {
    const script = join(dataFolder, `cluster-${round}.sql`)
    bare.push(timeProgram(join(cluster.bin, 'pg_dumpall'), ['--no-password', `--file=${script}`], cluster.toolEnv()))
    rmSync(script)
    mkdirSync(library, { recursive: true })
    const from = performance.now()
    const { jobId } = await core.api.clusterDump.start({
      what: 'set',
      connectionId,
      databases,
      atOnce: Math.max(2, Math.min(8, availableParallelism())),
      rolePasswords: true,
      options: { compress: '0' },
      library,
      label: '',
    })
    const job = await jobEnd(core.api, jobId, 900_000)
    set.push(performance.now() - from)
    if (job.state !== 'succeeded') throw new Error(`the job ended ${job.state}: ${job.error?.message ?? ''}`)
    rmSync(library, { recursive: true })
  }
  measure('cluster: bare pg_dumpall of 8 databases, median of 3', median(bare) / 1000, 's', null)
  measure('cluster: parallel set, read in full and checksummed, median of 3', median(set) / 1000, 's', null)
  measure('cluster: set / pg_dumpall', median(set) / median(bare), 'ratio', { max: 1 })
}, 3_600_000)
