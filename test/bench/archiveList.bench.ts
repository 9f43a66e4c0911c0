// How soon the table of contents of a very large archive is there: read, sent, read again, and drawn as a tree of ticks.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { contentsTree, ticksOfChoice } from '../../renderer/wizards/restore/contentsTree'
import { readContents } from '../../shared/model/archiveColumns'
import { missingNeeds, packIds } from '../../shared/model/archiveSelection'
import { newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { connectServe, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { measure, median, writeMeasures } from './measures'

const quick = process.env.WALKBACK_QUICK === '1'
/** Each makes 8 entries: table, rows, sequence, its owner, its position, default, key, index. */
const tables = quick ? 2_500 : 25_000
const bound = quick ? 500 : 2000

let cluster: TestCluster
let serve: ServeProcess
let core: RemoteCore
let archive: string

beforeAll(async () => {
  cluster = await startCluster({
    major: newestMajor(),
    conf: { fsync: 'off', max_locks_per_transaction: '2048', shared_buffers: '256MB', autovacuum: 'off' },
  })
  await cluster.sql('CREATE DATABASE many')
  for (let from = 1; from <= tables; from += 500) {
    await cluster.sql(
      `DO $$ BEGIN FOR i IN ${from}..${Math.min(tables, from + 499)} LOOP
         EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, v int); CREATE INDEX ON t%s (v)', i, i); END LOOP; END $$`,
      'many',
    )
  }
  archive = join(tempFolder('bench-list'), 'many.dump')
  execFileSync(join(cluster.bin, 'pg_dump'), ['--dbname=many', '--format=custom', '--compress=0', `--file=${archive}`], {
    env: { PATH: '/usr/bin:/bin', ...cluster.toolEnv() },
  })
  serve = await startServe({ dataFolder: tempFolder('bench-list-data') })
  core = await connectServe(serve)
}, 900_000)

afterAll(async () => {
  writeMeasures()
  core?.close()
  await serve?.stop()
  await cluster?.remove()
})

describe('the table of contents', () => {
  test('is there', async () => {
    const opens: number[] = []
    const ticks: number[] = []
    let entries = 0
    let bytes = 0
    for (let round = 0; round < 3; round += 1) {
      const from = performance.now()
      const contents = await core.api.restore.contents({ path: archive })
      const read = readContents(contents)
      const tree = contentsTree(read)
      ticksOfChoice(tree, null)
      opens.push(performance.now() - from)
      entries = read.entries.length
      bytes = JSON.stringify(contents).length
      const ids = read.entries.filter((_, at) => at % 7 !== 0).map(({ id }) => id)
      const ticked = performance.now()
      ticksOfChoice(tree, { toc: read.toc, ids: packIds(ids) })
      missingNeeds(read.entries, new Set(ids))
      ticks.push(performance.now() - ticked)
    }
    measure('archive list: entries', entries, '', { min: tables * 8 })
    measure('archive list: on the wire', bytes / 1024 / 1024, 'MB', { max: quick ? 2 : 16 })
    measure('archive list: first opening, from asked to ticked tree', opens[0] ?? Number.NaN, 'ms', { max: bound })
    measure('archive list: opened again, median', median(opens), 'ms', { max: bound })
    measure('archive list: one tick with its dependencies, median', median(ticks), 'ms', { max: 1000 })
  }, 120_000)
})
