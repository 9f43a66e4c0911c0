// A recovery in the place of a stopped cluster that fails once its files have their names: the data directory of before comes
// back byte for byte, what is unfinished says so, nothing runs, and the next try works. Debian's layout and a practice cluster.
import fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StandaloneRequest } from '../../shared/contracts/recovery'
import type { JobSnapshot } from '../../shared/jobs/job'
import { binFolder, endMajors, startCluster } from '../support/clusters'
import { type DebianTestCluster, makeDebianCluster } from '../support/debianCluster'
import { addTablespaces, type BaseCore, baseCore, folderOf, recordIn } from './baseSetup'
import { factsOf, printOf, recover, recoveryRequest, runTool } from './recoverySetup'

let base: BaseCore
let replica: DebianTestCluster & { undo(): void }
let backup: string
let login: string
let password: string
let oids: string[]

beforeAll(async () => {
  replica = await makeDebianCluster('replica')
  base = await baseCore()
  const source = await startCluster({ major: replica.major, prefix: 'inplace' })
  try {
    await addTablespaces(source, 500)
    password = source.password
    login = await base.connect(source)
    backup = folderOf(await base.run(base.request(login)))
    oids = recordIn(backup).tablespaces.map(({ oid }) => oid)
  } finally {
    await source.remove()
  }
  replica.control('start')
  replica.sql('CREATE TABLE precious AS SELECT i AS n FROM generate_series(1, 777) i')
  replica.control('stop')
}, 240_000)

afterAll(() => replica?.undo())

async function requestInPlace(more: Partial<StandaloneRequest> = {}): Promise<StandaloneRequest> {
  const { dataDirectory, name } = replica
  const { control } = await base.core.api.localClusters.inspect({ dataDirectory })
  const confirm = { name, systemIdentifier: control?.systemIdentifier ?? '' }
  return recoveryRequest(backup, { destination: { kind: 'cluster', dataDirectory }, verify: false, login, confirm, ...more })
}

/** What lies beside the data directory, and what runs in one of those folders. */
function beside(dataDirectory: string): { names: string[]; running: string[] } {
  const parent = path.dirname(dataDirectory)
  const names = fs.readdirSync(parent).toSorted()
  const running = fs.readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return fs.readlinkSync(`/proc/${pid}/cwd`).startsWith(parent)
    } catch {
      return false // it has ended, or is a thread of the kernel
    }
  })
  return { names, running }
}

/** After a failed one: nothing but the unfinished folders was added, and they say what they are. */
function expectAsBefore(job: JobSnapshot, dataDirectory: string, before: string, spaces: string[]): void {
  expect(printOf(dataDirectory)).toBe(before)
  const { names, running } = beside(dataDirectory)
  const name = path.basename(dataDirectory)
  const below = spaces.length === 0 ? [] : [`${name}.tablespaces`]
  expect(names.filter((each) => each.startsWith(name))).toEqual([name, `${name}.partial`, ...below])
  expect(running).toEqual([])
  const unfinished = [`${dataDirectory}.partial`, ...spaces.map((oid) => `${dataDirectory}.tablespaces/${oid}.partial`)]
  for (const folder of unfinished) expect(fs.existsSync(path.join(folder, 'walkback-unfinished'))).toBe(true)
  expect(job.leftovers.toSorted()).toEqual(
    unfinished.map((folder) => `${folder}: unfinished. Starting again removes it first.`).toSorted(),
  )
  if (spaces.length > 0)
    expect(fs.readdirSync(`${dataDirectory}.tablespaces`).toSorted()).toEqual(spaces.map((oid) => `${oid}.partial`).toSorted())
}

async function logOf({ id }: JobSnapshot): Promise<string> {
  const { lines } = await base.core.api.jobs.log({ jobId: id, from: 0, count: 1000, level: 'info' })
  return lines.map(({ text }) => text).join('\n')
}

async function untilStep(jobId: string, step: string): Promise<void> {
  for (;;) {
    const { steps, endedAt } = await base.core.api.jobs.get({ jobId })
    expect(endedAt).toBeNull()
    if (steps.find(({ id }) => id === step)?.state === 'running') return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

test('settings of that cluster which make the server refuse: the cluster of before is there, and can be started', async () => {
  const { dataDirectory, configDirectory } = replica
  const spoilt = path.join(configDirectory, 'conf.d', 'spoilt.conf')
  fs.writeFileSync(spoilt, "shared_preload_libraries = 'no_such_library'\n", { mode: 0o644 })
  const before = printOf(dataDirectory)
  const job = await recover(base.core, await requestInPlace())
  expect(job.state).toBe('failed')
  expect(job.error?.message).toMatch(/^15\/replica did not start: .*could not access file "no_such_library"/)
  expect(job.steps.find(({ id }) => id === 'settings')?.detail).toMatch(/is kept as replica\.before-/)
  expectAsBefore(job, dataDirectory, before, oids)
  expect(await logOf(job)).toContain(`${dataDirectory} is again what it was before.`)
  fs.rmSync(spoilt)
  replica.control('start')
  expect(replica.sql('SELECT count(*) FROM precious')).toBe('777')
  replica.control('stop')
}, 240_000)

test('a port that another program takes after the checks', async () => {
  const { dataDirectory } = replica
  const before = printOf(dataDirectory)
  const { jobId } = await base.core.api.recovery.startStandalone(await requestInPlace())
  await untilStep(jobId, 'copy')
  const other = createServer()
  await new Promise<void>((resolve, reject) => {
    other.once('error', reject)
    // All addresses of both families: the cluster listens on those of "localhost".
    other.listen({ port: replica.port, host: '::' }, resolve)
  })
  try {
    const job = await base.core.ended({ jobId })
    expect(job.state).toBe('failed')
    expect(job.error).toMatchObject({
      code: 'postgres',
      message: '15/replica did not start: FATAL:  could not create any TCP/IP sockets',
      hint: 'Another program listens on this port. Stop it, or choose another port.',
    })
    expectAsBefore(job, dataDirectory, before, oids)
  } finally {
    await new Promise((resolve) => other.close(resolve))
  }
}, 240_000)

test('a cancel while the server is being started stops it first', async () => {
  const { dataDirectory } = replica
  const before = printOf(dataDirectory)
  const { jobId } = await base.core.api.recovery.startStandalone(await requestInPlace())
  await untilStep(jobId, 'start')
  await base.core.api.jobs.cancel({ jobId })
  const job = await base.core.ended({ jobId })
  expect(job.state).toBe('cancelled')
  expectAsBefore(job, dataDirectory, before, oids)
}, 240_000)

test('afterwards the same goes through, over what was left unfinished', async () => {
  const { dataDirectory } = replica
  const before = printOf(dataDirectory)
  const job = await recover(base.core, await requestInPlace())
  expect(job.error).toBeNull()
  expect(job.state).toBe('succeeded')
  expect(printOf(factsOf(job).get('Kept from before') ?? '')).toBe(before)
  expect(beside(dataDirectory).names.filter((name) => name.includes('.partial'))).toEqual([])
  const client = new Client({ host: '127.0.0.1', port: replica.port, user: 'postgres', password, database: 'shop' })
  await client.connect()
  const { rows } = await client.query('SELECT (SELECT count(*)::int FROM quick) AS quick, (SELECT count(*)::int FROM old) AS old')
  expect(rows[0]).toEqual({ quick: 500, old: 500 })
  await client.end()
  replica.control('stop')
}, 240_000)

test('a practice cluster: the same, and its page starts it again', async () => {
  const major = endMajors()[0] ?? 13
  const { api, dataFolder } = base.core
  const source = await startCluster({
    major,
    prefix: 'inplacepractice',
  })
  let spoilt: string
  try {
    await source.sql("ALTER SYSTEM SET shared_preload_libraries = 'no_such_library'")
    const connectionId = await base.connect(source)
    spoilt = folderOf(await base.run(base.request(connectionId)))
  } finally {
    await source.remove()
  }
  const made = await base.core.ended(await api.practice.make({ name: 'replica', folder: binFolder(major), fill: false }))
  expect(made.error).toBeNull()
  await base.core.ended(await api.practice.stop({ name: 'replica' }))
  try {
    const dataDirectory = fs.realpathSync(path.join(dataFolder, 'practice', 'replica', 'data'))
    const before = printOf(dataDirectory)
    const { control, name } = await api.localClusters.inspect({ dataDirectory })
    const systemIdentifier = control?.systemIdentifier ?? ''
    const request = await recoveryRequest(spoilt, {
      ...{ destination: { kind: 'cluster', dataDirectory }, verify: false, login: null },
      confirm: { name, systemIdentifier },
    })
    const job = await recover(base.core, request)
    expect(job.state).toBe('failed')
    expect(job.error?.message).toMatch(/^The server did not start: FATAL: {2}could not access file "no_such_library"/)
    expectAsBefore(job, dataDirectory, before, [])
    const started = await base.core.ended(await api.practice.start({ name: 'replica' }))
    expect(started.error).toBeNull()
    expect(factsOf(started).get('System identifier')).toBe(systemIdentifier)
    await base.core.ended(await api.practice.stop({ name: 'replica' }))
    expect(runTool(binFolder(major), 'pg_controldata', [dataDirectory])).toContain('shut down')
  } finally {
    await base.core.ended(await api.practice.remove({ name: 'replica', confirm: 'replica' }))
  }
}, 240_000)
