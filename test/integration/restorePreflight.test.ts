// What stands in the way of a restore, made for real: a standby, people connected, too little disk, another collation.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { newestMajor, sharedCluster, startCluster, type TestCluster } from '../support/clusters'
import { everythingExtensions } from '../support/everything'
import { dropDatabase, dump, makeDatabase, newDatabase, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab
let cluster: TestCluster
let connection: string

beforeAll(async () => {
  lab = await restoreLab()
  cluster = await sharedCluster(newestMajor())
  connection = await lab.connect(cluster)
  await makeDatabase(cluster, 'src', ['CREATE TABLE t AS SELECT i FROM generate_series(1, 10) i'])
}, 60_000)

test('a standby takes no restore, and says so before the start', async () => {
  const file = dump(cluster, 'src', 'custom', path.join(lab.folder, 'standby'))
  const standby = await startCluster({ major: newestMajor(), prefix: 'standby' })
  try {
    await standby.stop('fast')
    const { uid, gid } = fs.statSync(standby.dataDir)
    const signal = path.join(standby.dataDir, 'standby.signal')
    fs.writeFileSync(signal, '')
    fs.chownSync(signal, uid, gid)
    await standby.start()
    const id = await lab.connect(standby)
    const request = lab.request(id, file, newDatabase('never'))
    expect((await lab.blockers(request)).map(({ check, found }) => [check, found])).toContainEqual([
      'Server takes no writes',
      'It is a standby, or still being recovered. Restore into its primary, or promote it first.',
    ])
    await expect(lab.run(request)).rejects.toThrow('Server takes no writes')
  } finally {
    await standby.remove()
  }
}, 60_000)

test('people connected to an existing destination are named', async () => {
  const file = dump(cluster, 'src', 'custom', path.join(lab.folder, 'sessions'))
  await makeDatabase(cluster, 'used')
  const session = await cluster.client('used')
  await session.query(`SET application_name = 'reports'`)
  const request = lab.request(connection, file, { kind: 'existing', database: 'used' })
  const { preflight, blocked } = await lab.core.api.restore.preview(request)
  expect(blocked).toBe('')
  expect(preflight.find(({ id }) => id === 'sessions')).toMatchObject({
    result: 'warning',
    found:
      '1 session is connected to used (reports as postgres from 127.0.0.1): their locks can make the restore wait, and they will see it half done.',
  })
  await session.end()
  await expect
    .poll(async () => (await lab.core.api.restore.preview(request)).preflight.find(({ id }) => id === 'sessions'))
    .toBeUndefined()
  await dropDatabase(cluster, 'used')
})

test('disk and collation by the record: far too little room is a blocker, a little less a warning, another version a warning', async () => {
  const library = path.join(lab.folder, 'library')
  await dropDatabase(cluster, 'sorted')
  await cluster.sql(
    `CREATE DATABASE sorted TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'und' LOCALE 'C.UTF-8'`,
  )
  await cluster.sql('CREATE TABLE t AS SELECT 1 AS x', 'sorted')
  const started = await lab.core.api.dump.start({
    connectionId: connection,
    database: 'sorted',
    format: 'custom',
    options: {},
    globals: false,
    library,
    label: '',
  })
  const folder = (await lab.core.ended(started)).result?.backupPath ?? ''
  const file = path.join(folder, 'walkback.json')
  const record: { source: Record<string, unknown> } = JSON.parse(fs.readFileSync(file, 'utf8'))
  const rowOf = async (id: string, source: Record<string, unknown>) => {
    fs.writeFileSync(file, JSON.stringify({ ...record, source: { ...record.source, ...source } }))
    const target = newDatabase('sorted_again', { localeProvider: 'icu', locale: 'und', collate: 'C.UTF-8', ctype: 'C.UTF-8' })
    const { preflight } = await lab.core.api.restore.preview(lab.request(connection, folder, target))
    return preflight.find((row) => row.id === id)
  }
  const { bavail, bsize } = fs.statfsSync(cluster.dataDir, { bigint: true })
  const free = bavail * bsize
  expect(await rowOf('disk', {})).toMatchObject({ result: 'pass', found: expect.stringMatching(/^Needs about .* free\.$/) })
  expect(await rowOf('disk', { databaseSize: String(free + free / 4n) })).toMatchObject({ result: 'warning' })
  expect(await rowOf('disk', { databaseSize: String(free * 4n) })).toMatchObject({
    result: 'blocker',
    found: expect.stringMatching(/free\. A full disk stops the whole server\.$/),
  })
  expect(await rowOf('collation', {})).toBeUndefined()
  expect(await rowOf('collation', { collationVersion: '1.0' })).toMatchObject({
    result: 'warning',
    found: expect.stringMatching(/^1\.0 there, .* here\. Indexes are built anew here and are right/),
  })
  await dropDatabase(cluster, 'sorted')
})

test('extensions with their versions in the dumped database: missing, older here, newer here', async () => {
  const other = await startCluster({ major: newestMajor(), prefix: 'extensions', extensions: everythingExtensions })
  try {
    await makeDatabase(other, 'extended', ["CREATE EXTENSION hstore VERSION '1.4'", 'CREATE EXTENSION walkback_everything'])
    const started = await lab.core.api.dump.start({
      connectionId: await lab.connect(other),
      database: 'extended',
      format: 'custom',
      options: {},
      globals: false,
      library: path.join(lab.folder, 'library'),
      label: '',
    })
    const folder = (await lab.core.ended(started)).result?.backupPath ?? ''
    const file = path.join(folder, 'walkback.json')
    const record: { source: { extensions: Record<string, string> } } = JSON.parse(fs.readFileSync(file, 'utf8'))
    expect(record.source.extensions).toEqual({ hstore: '1.4', walkback_everything: '1.0' })
    const request = lab.request(connection, folder, newDatabase('extended'))
    expect((await lab.blockers(request)).map(({ check, found }) => [check, found])).toEqual([
      [
        'Extension walkback_everything is missing',
        `The dumped database has version 1.0. This server can’t create it: its package for PostgreSQL ${newestMajor()} is not installed there.`,
      ],
    ])
    const rows = async (id: string) =>
      (await lab.core.api.restore.preview({ ...request, connectionId: await lab.connect(other) })).preflight.filter(
        (each) => each.id === id,
      )
    expect(await rows('extensions')).toMatchObject([
      {
        result: 'pass',
        found: expect.stringMatching(/^Available here: hstore \d\.\d+ \(was 1\.4\), walkback_everything 1\.0\.$/),
      },
    ])
    const newer = { ...record, source: { ...record.source, extensions: { ...record.source.extensions, hstore: '7.5' } } }
    fs.writeFileSync(file, JSON.stringify(newer))
    expect(await rows('extension:hstore')).toMatchObject([
      {
        result: 'warning',
        check: 'Extension hstore is older here',
        found: expect.stringMatching(/^7\.5 in the dumped database, 1\.\d+ here: what came after 1\.\d+ is missing/),
      },
    ])
  } finally {
    await other.remove()
  }
}, 60_000)
