// Bench: a parallel set of eight databases against the bare pg_dumpall of the same cluster; the same set then brings rows,
// roles and tablespaces into an empty cluster.
import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { quoteLiteral } from '../../shared/model/identifier'
import { allHashes, clusterFacts, restoreRequest, tablespaceFolder } from '../integration/clusterSetup'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, timeProgram, writeMeasures } from './measures'

const quick = process.env.WALKBACK_QUICK === '1'
const rounds = quick ? 1 : 3
const rows = quick ? 20_000 : 1_600_000
const tables = quick ? 40 : 100

let cluster: TestCluster
let serve: ServeProcess
let core: RemoteCore
let dataFolder: string
let connectionId: string
let lastSet: string
const databases = Array.from({ length: 8 }, (_, at) => `bench${at + 1}`)

beforeAll(async () => {
  dataFolder = tempFolder('bench-cluster')
  cluster = await startCluster({ major: newestMajor(), conf: { shared_buffers: '256MB', max_wal_size: '4GB' } })
  for (const statement of [
    `CREATE ROLE app LOGIN PASSWORD 'app secret' CONNECTION LIMIT 7`,
    'CREATE ROLE readers',
    'GRANT readers TO app WITH ADMIN OPTION',
    `CREATE TABLESPACE fast OWNER app LOCATION ${quoteLiteral(tablespaceFolder(cluster, 'fast'))}`,
  ]) {
    await cluster.sql(statement)
  }
  for (const [at, database] of databases.entries()) {
    await cluster.sql(`CREATE DATABASE ${database} OWNER app${at % 2 === 0 ? ' TABLESPACE fast' : ''}`)
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
  connectionId = await connect(cluster)
}, 600_000)

async function connect(to: TestCluster): Promise<string> {
  const { id } = await core.api.connections.save({
    id: null,
    label: `bench ${to.port}`,
    colour: 'slate',
    readOnly: false,
    settings: {
      host: '127.0.0.1',
      port: to.port,
      database: 'postgres',
      user: 'postgres',
      sslmode: 'disable',
      sslrootcert: '',
      sslcert: '',
      sslkey: '',
      service: '',
      passfile: '',
    },
    password: { kind: 'set', password: to.password, remember: false },
  })
  return id
}

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
      // As the form begins, but for compression, which pg_dumpall has none of.
      options: { compress: '0', noSync: true },
      library,
      label: '',
    })
    const job = await jobEnd(core.api, jobId, 900_000)
    set.push(performance.now() - from)
    if (job.state !== 'succeeded') throw new Error(`the job ended ${job.state}: ${job.error?.message ?? ''}`)
    if (round < rounds - 1) rmSync(library, { recursive: true })
    else lastSet = job.result?.backupPath ?? ''
  }
  measure('cluster: bare pg_dumpall of 8 databases, median', median(bare) / 1000, 's', null)
  measure('cluster: parallel set, read in full and checksummed, median', median(set) / 1000, 's', null)
  measure('cluster: set / pg_dumpall', median(set) / median(bare), 'ratio', { max: 1 })
}, 3_600_000)

test('the set in an empty cluster: the same rows, roles and tablespaces', async () => {
  const target = await startCluster({ major: cluster.major, conf: { shared_buffers: '256MB', max_wal_size: '4GB' } })
  try {
    const from = performance.now()
    const locations = { fast: tablespaceFolder(target, 'fast') }
    const request = restoreRequest(await connect(target), lastSet, databases, { locations })
    const job = await jobEnd(core.api, (await core.api.clusterDump.startRestore(request)).jobId, 900_000)
    expect(job).toMatchObject({ state: 'succeeded', error: null, issues: [] })
    measure('cluster: the set restored into an empty cluster', (performance.now() - from) / 1000, 's', null)
    expect(await clusterFacts(target)).toEqual(await clusterFacts(cluster))
    expect(await allHashes(target, databases)).toEqual(await allHashes(cluster, databases))
  } finally {
    await target.remove()
  }
}, 1_800_000)
