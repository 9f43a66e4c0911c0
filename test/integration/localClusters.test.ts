// The clusters of this machine are found, described by their own files, stopped after a typed name, and started again.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPostmaster } from '../../electron/postgres/localClusterState'
import { endMajors, newestMajor, startCluster, type TestCluster } from '../support/clusters'
import { startCore, type TestCore } from '../support/core'
import { type DebianTestCluster, makeDebianCluster } from '../support/debianCluster'
import { tempFolder } from '../support/tempFolder'

let core: TestCore
let debian: DebianTestCluster & { undo(): void }

beforeAll(async () => {
  debian = await makeDebianCluster()
  core = await startCore()
}, 60_000)

afterAll(() => debian.undo())

describe.each(endMajors())('a running cluster of PostgreSQL %i', (major) => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await startCluster({ major })
  }, 60_000)
  afterAll(() => cluster.remove())

  it('is found by its process, with what its files say', async () => {
    const { clusters, problems } = await core.api.localClusters.list({})
    expect(problems).toEqual([])
    const found = clusters.find(({ dataDirectory }) => dataDirectory === cluster.dataDir)
    const [row] = await cluster.sql('SELECT system_identifier::text AS id FROM pg_control_system()')
    expect(found).toMatchObject({
      origin: 'process',
      name: 'data',
      major,
      port: cluster.port,
      socketFolder: cluster.socketDir,
      owner: 'postgres',
      running: { pid: cluster.pid(), status: 'ready' },
      control: { state: 'in production', systemIdentifier: row?.id, segmentSize: 16777216, dataChecksums: true },
      bin: cluster.bin,
      problem: null,
      canStart: false,
    })
  })

  it('is stopped by its name only, and then says "shut down"', async () => {
    const dataDirectory = cluster.dataDir
    const { control } = await core.api.localClusters.inspect({ dataDirectory })
    const systemIdentifier = control?.systemIdentifier ?? ''
    await expect(core.api.localClusters.stop({ dataDirectory, confirm: 'dat', systemIdentifier })).rejects.toMatchObject({
      code: 'bad_input',
      message: expect.stringMatching(
        new RegExp(
          `^To stop data on \\S+, port ${cluster.port}, system identifier ${systemIdentifier}, in ${dataDirectory}, type its name: data$`,
        ),
      ),
    })
    await expect(core.api.localClusters.stop({ dataDirectory, confirm: 'data', systemIdentifier: '1' })).rejects.toMatchObject({
      code: 'conflict',
      message: `${dataDirectory} holds another cluster than the one that was shown.`,
    })
    expect(await findPostmaster(dataDirectory)).not.toBeNull()
    const job = await core.ended(await core.api.localClusters.stop({ dataDirectory, confirm: 'data', systemIdentifier }))
    expect(job).toMatchObject({ state: 'succeeded', result: { headline: 'data was shut down cleanly.' } })
    expect(await findPostmaster(dataDirectory)).toBeNull()
    expect(await core.api.localClusters.inspect({ dataDirectory })).toMatchObject({
      origin: 'folder',
      running: null,
      control: { state: 'shut down' },
    })
    await expect(core.api.localClusters.stop({ dataDirectory, confirm: 'data', systemIdentifier })).rejects.toMatchObject({
      code: 'conflict',
      message: 'data does not run.',
    })
    await expect(core.ended(await core.api.localClusters.start({ dataDirectory }))).resolves.toMatchObject({
      state: 'failed',
      error: { code: 'bad_input', message: 'Walkback does not know how data is started on this machine.' },
    })
  })
})

describe("a cluster in Debian's layout", () => {
  it('is found stopped, with its settings folder; started and stopped through pg_ctlcluster', async () => {
    const { dataDirectory } = debian
    const found = async () => (await core.api.localClusters.list({})).clusters.find((one) => one.dataDirectory === dataDirectory)
    expect(await found()).toMatchObject({
      origin: 'debian',
      name: '15/main',
      major: 15,
      configDirectory: debian.configDirectory,
      configFiles: expect.arrayContaining(
        ['environment', 'pg_ctl.conf', 'pg_hba.conf', 'pg_ident.conf', 'postgresql.conf', 'start.conf'].map((name) =>
          path.join(debian.configDirectory, name),
        ),
      ),
      port: debian.port,
      socketFolder: debian.socketFolder,
      logFile: debian.logFile,
      owner: 'postgres',
      running: null,
      control: { state: 'shut down' },
      canStart: true,
    })
    const started = await core.ended(await core.api.localClusters.start({ dataDirectory }))
    expect(started).toMatchObject({ state: 'succeeded', result: { headline: '15/main runs and takes connections.' } })
    expect(debian.sql('SELECT 1')).toBe('1')
    const running = await found()
    expect(running).toMatchObject({ running: { status: 'ready' }, control: { state: 'in production' } })
    await expect(core.api.localClusters.start({ dataDirectory })).rejects.toMatchObject({ code: 'conflict' })
    const systemIdentifier = running?.control?.systemIdentifier ?? ''
    const stopped = await core.ended(await core.api.localClusters.stop({ dataDirectory, confirm: '15/main', systemIdentifier }))
    expect(stopped).toMatchObject({ state: 'succeeded', result: { headline: '15/main was shut down cleanly.' } })
    expect(await found()).toMatchObject({ running: null, control: { state: 'shut down' } })
  })

  it('is the same cluster by its path, also through a link', async () => {
    const link = path.join(tempFolder('link'), 'to-main')
    fs.symlinkSync(debian.dataDirectory, link)
    expect(await core.api.localClusters.inspect({ dataDirectory: link })).toMatchObject({
      origin: 'debian',
      name: '15/main',
      dataDirectory: debian.dataDirectory,
    })
  })
})

describe('what is no data directory', () => {
  const inspect = (dataDirectory: string) => core.api.localClusters.inspect({ dataDirectory })

  it('is refused with the reason', async () => {
    const folder = tempFolder('none')
    await expect(inspect(folder)).rejects.toMatchObject({
      code: 'bad_input',
      message: `${folder} is no data directory of PostgreSQL: it has no PG_VERSION.`,
    })
    fs.writeFileSync(path.join(folder, 'PG_VERSION'), 'new\n')
    await expect(inspect(folder)).rejects.toMatchObject({
      message: `${folder} is no data directory of PostgreSQL: its PG_VERSION says "new".`,
    })
    await expect(inspect(path.join(folder, 'PG_VERSION'))).rejects.toMatchObject({
      message: `${folder}/PG_VERSION is no data directory of PostgreSQL: it is a file.`,
    })
    await expect(inspect(path.join(folder, 'gone'))).rejects.toMatchObject({
      code: 'not_found',
      message: `Can't look at ${folder}/gone: it does not exist.`,
    })
    await expect(inspect('data')).rejects.toMatchObject({ code: 'bad_input', message: '"data" is not an absolute path.' })
  })

  it('is told of a major whose programs are not here', async () => {
    const folder = tempFolder('old')
    fs.writeFileSync(path.join(folder, 'PG_VERSION'), '9\n')
    fs.mkdirSync(path.join(folder, 'pg_tblspc'))
    expect(await inspect(folder)).toMatchObject({
      major: 9,
      control: null,
      bin: null,
      problem: { message: 'This cluster is of PostgreSQL 9, whose programs are not on this machine.' },
    })
    await expect(core.api.localClusters.start({ dataDirectory: folder })).rejects.toMatchObject({ code: 'tool_missing' })
  })

  it('is told of a control file that pg_controldata does not read', async () => {
    const folder = tempFolder('empty')
    fs.writeFileSync(path.join(folder, 'PG_VERSION'), `${newestMajor()}\n`)
    for (const name of ['pg_tblspc', 'global']) fs.mkdirSync(path.join(folder, name))
    fs.writeFileSync(path.join(folder, 'global', 'pg_control'), 'x')
    expect(await inspect(folder)).toMatchObject({
      control: null,
      problem: { message: expect.stringContaining(`pg_controldata could not read ${folder}:`) },
    })
  })
})
