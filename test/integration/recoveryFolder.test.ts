// In the place of a dead cluster that nobody here knows how to start: any data directory, its pg_wal and a tablespace on disks
// of their own, killed with kill -9. What is refused first; then in its place, with its unarchived WAL, by Walkback and by script.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PointRunRequest } from '../../shared/contracts/recoveryPoint'
import type { PreflightRow } from '../../shared/model/preflight'
import { endMajors, freePort, newestOrAll } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { processesIn, tempFolder, waitUntilNoProcessIn } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving, switchWal } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf } from './baseSetup'
import { type Mark, mark, marksOn, prepareMarks, recoverTo, registerArchive, salvageOffers, wish } from './recoveryPointSetup'
import { clientOf, factsOf, printOf, stopServer } from './recoverySetup'
import { refusal } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

const toTheEnd = wish({ kind: 'end' }, { action: 'promote' })

describe.each(endMajors())('PostgreSQL %i', (major) => {
  /** What is our own code alone is tried on the newest; with the full counts on all. */
  const full = newestOrAll().includes(major)
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let backup: string
  let dead: string
  /** Where its pg_wal and its tablespace are, outside of its data directory. */
  let walDisk: string
  let fastDisk: string
  let systemIdentifier: string
  let spaceOid: string
  const marks: Mark[] = []

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `folder${major}` })
    const { cluster } = archiving
    const { uid, gid } = testAccount()
    dead = cluster.dataDir
    ;[walDisk, fastDisk] = [path.join(cluster.folder, 'wal disk'), path.join(cluster.folder, 'fast disk')]
    await cluster.stop()
    fs.renameSync(path.join(dead, 'pg_wal'), walDisk)
    fs.symlinkSync(walDisk, path.join(dead, 'pg_wal'))
    fs.mkdirSync(fastDisk, { mode: 0o700 })
    fs.chownSync(fastDisk, uid, gid)
    await cluster.start()
    login = await base.connect(cluster)
    await prepareMarks(cluster)
    await cluster.sql(`CREATE TABLESPACE fast LOCATION '${fastDisk}'`)
    await cluster.sql('CREATE TABLE quick TABLESPACE fast AS SELECT i AS n FROM generate_series(1, 300) i', 'shop')
    backup = folderOf(await base.run(base.request(login, { verify: false })))
    for (let id = 1; id <= 3; id += 1) marks.push(await mark(cluster, id))
    await switchWal(cluster)
    // After the backup: what is its own stays with it.
    fs.appendFileSync(path.join(dead, 'pg_hba.conf'), '# let in since the backup\n')
    await cluster.sql(`ALTER SYSTEM SET archive_command = 'false'`)
    await cluster.sql('SELECT pg_reload_conf()')
    for (let id = 4; id <= 9; id += 1) {
      marks.push(await mark(cluster, id))
      if (id === 6) await cluster.sql('SELECT pg_switch_wal()')
    }
    await cluster.sql('INSERT INTO quick SELECT i FROM generate_series(301, 400) i', 'shop')
    archiveId = await registerArchive(base, archiving.archive, null)
    const { control, tablespaces } = await base.core.api.localClusters.inspect({ dataDirectory: dead })
    systemIdentifier = control?.systemIdentifier ?? ''
    spaceOid = tablespaces[0]?.oid ?? ''
  }, 240_000)

  afterAll(() => archiving?.cluster.remove())

  function inPlace({ salvage = true, dataDirectory = dead, port = null as number | null, name = 'data' } = {}): PointRunRequest {
    return {
      point: { archiveId, backup: null, wish: toTheEnd, salvage: salvage ? dead : null },
      destination: { kind: 'cluster', dataDirectory, port },
      ...{ tablespaces: {}, verify: false, login },
      confirm: { name, systemIdentifier },
    }
  }
  const start = (request: PointRunRequest) => base.core.api.recoveryPoint.start(request)
  const rowsOf = async (request: PointRunRequest): Promise<Map<string, PreflightRow>> => {
    const { preflight } = await base.core.api.recoveryPoint.preview(request)
    return new Map(preflight.map((row) => [row.id, row]))
  }
  const rows = async (port: number) => {
    const client = await clientOf(archiving.cluster, port)('shop')
    try {
      return (await client.query<{ n: number }>('SELECT count(*)::int AS n FROM quick')).rows[0]?.n
    } finally {
      await client.end()
    }
  }
  const prints = () => ({
    data: printOf(dead),
    wal: printOf(walDisk),
    fast: printOf(fastDisk),
    archive: printOf(archiving.archive),
  })
  const beside = () =>
    fs
      .readdirSync(archiving.cluster.folder)
      .filter((name) => name.startsWith('data'))
      .toSorted()

  test('while its server runs', async () => {
    const { cluster } = archiving
    const { message, code } = await refusal(start(inPlace({ salvage: false })))
    expect(code).toBe('conflict')
    expect(message).toMatch(
      new RegExp(
        `^data runs on \\S+ \\(process ${cluster.pid()}, port ${cluster.port}\\)\\. Stop it first: files are never put under a running server\\.`,
      ),
    )
    const target = await base.core.api.recovery.target({ path: backup, dataDirectory: dead })
    expect(target).toMatchObject({ running: true, problem: 'It runs: stop it first.', askPort: cluster.port })
    await cluster.stop('kill')
  })

  test('dead: it is a target like the others, at the port that its own files say', async () => {
    const { port } = archiving.cluster
    const { api } = base.core
    expect(await api.recovery.target({ path: backup, dataDirectory: `${dead}/` })).toEqual({
      ...{ origin: 'folder', name: 'data', dataDirectory: dead, port, askPort: port, owner: testAccount().name, major },
      ...{ systemIdentifier, state: 'in production', running: false, problem: '' },
    })
    for (const [folder, says] of [
      [archiving.archive, `${archiving.archive} is no data directory of PostgreSQL: it has no PG_VERSION.`],
      [`${dead} not there`, `${dead} not there`],
      ['data', '"data" is not an absolute path.'],
    ] as const) {
      const { message } = await refusal(api.recovery.target({ path: backup, dataDirectory: folder }))
      expect(message).toContain(says)
    }
  })

  test.runIf(full)(
    'nothing without its name, on a port that is taken, or what can’t be renamed, or is nobody’s',
    async () => {
      const { cluster } = archiving
      const before = prints()
      for (const confirm of [null, { name: 'dat', systemIdentifier }, { name: 'data', systemIdentifier: '1' }]) {
        const { message } = await refusal(start({ ...inPlace(), confirm }))
        expect(message).toMatch(
          new RegExp(
            `^Type data: that is data on \\S+, port ${cluster.port}, system identifier ${systemIdentifier}, in ${dead}\\.$`,
          ),
        )
      }
      const other = await listenOn(cluster.port)
      const taken = await refusal(start(inPlace()))
      expect(taken).toMatchObject({
        code: 'conflict',
        message: `Port ${cluster.port} is taken by another program. Choose another one.`,
      })
      await new Promise((resolve) => other.close(resolve))

      const folder = tempFolder('copies')
      const copy = path.join(folder, 'data')
      execFileSync('cp', ['-a', dead, copy])
      // A folder of the same file system that is bound there has the same device as its parent.
      execFileSync('mount', ['--bind', copy, copy])
      try {
        const { message } = await refusal(start(inPlace({ dataDirectory: copy })))
        expect(message).toBe(`${copy} is a mount point, which can't be renamed. Deploy to a new folder.`)
      } finally {
        execFileSync('umount', [copy])
      }
      // Neither its lock file nor its settings say a port: then a person has to.
      fs.rmSync(path.join(copy, 'postmaster.pid'))
      for (const name of ['postgresql.conf', 'postgresql.auto.conf']) {
        const file = path.join(copy, name)
        fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(/^port = /gm, '#port = '))
      }
      const silent = await refusal(start(inPlace({ dataDirectory: copy })))
      expect(silent.message).toBe(`Neither postmaster.pid nor the settings in ${copy} say on which port it listened. Give one.`)
      const asked = await base.core.api.recovery.target({ path: backup, dataDirectory: copy })
      expect(asked.port).toBeNull()
      expect(asked.askPort).toBeGreaterThan(1024)
      const port = await freePort()
      expect((await rowsOf(inPlace({ dataDirectory: copy, port }))).get('port')?.found).toBe(`Port ${port} is free.`)

      fs.chownSync(copy, 0, 0)
      const roots = `${copy} belongs to root, and PostgreSQL refuses to run as root. Give it to the account that is to run it: chown -R postgres ${copy}`
      expect((await base.core.api.recovery.target({ path: backup, dataDirectory: copy })).problem).toBe(roots)
      expect((await refusal(start(inPlace({ dataDirectory: copy, port })))).message).toBe(roots)
      fs.chownSync(copy, 43_210, 0)
      expect((await refusal(start(inPlace({ dataDirectory: copy, port })))).message).toContain(
        `${copy} belongs to the user id 43210, which this machine has no account for.`,
      )
      fs.rmSync(folder, { recursive: true })
      expect(prints()).toEqual(before)
      expect(beside()).toEqual(['data'])
    },
    120_000,
  )

  test.runIf(full)(
    'a port that another program takes after the checks: the dead one is there again as it was',
    async () => {
      const { cluster } = archiving
      const before = prints()
      const { jobId } = await start(inPlace())
      for (;;) {
        const { steps, endedAt } = await base.core.api.jobs.get({ jobId })
        expect(endedAt).toBeNull()
        if (steps.find(({ id }) => id === 'copy')?.state === 'running') break
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      const other = await listenOn(cluster.port)
      const job = await base.core.ended({ jobId })
      await new Promise((resolve) => other.close(resolve))
      expect(job.state).toBe('failed')
      expect(job.error?.message).toMatch(/could not create any TCP\/IP sockets/)
      expect(prints()).toEqual(before)
      expect(beside()).toEqual(['data', 'data.partial', 'data.tablespaces'])
      expect(processesIn(dead)).toEqual([])
    },
    120_000,
  )

  test('its WAL is offered once it is named; then it takes its place, and nothing that it led to was touched', async () => {
    const { api } = base.core
    const { cluster } = archiving
    const before = prints()
    expect(await salvageOffers(base, archiveId)).toEqual([])
    const offers = await salvageOffers(base, archiveId, [dead, `${dead} gone`, dead])
    expect(offers).toMatchObject([
      { name: 'data', dataDirectory: dead, walFolder: walDisk, running: false, named: true, problem: '' },
      { name: 'data gone', dataDirectory: `${dead} gone`, files: [] },
    ])
    expect(offers[1]?.problem).toContain(`${dead} gone`)
    expect(offers[0]?.files.map(({ kind }) => kind)).toEqual(['complete', 'last'])

    const request = inPlace()
    const preview = await api.recoveryPoint.preview(request)
    expect(preview.blocked).toBe('')
    expect(preview.danger).toMatchObject({ name: 'data', port: cluster.port, systemIdentifier, dataDirectory: dead })
    const kept = preview.danger?.keptAs ?? ''
    const found = new Map(preview.preflight.map((row) => [row.id, row]))
    expect(found.get('port')?.found).toBe(`Port ${cluster.port} is free.`)
    expect(found.get('links')?.found).toBe(
      `Its pg_wal leads to ${walDisk}, its tablespace ${spaceOid} to ${fastDisk}. What is there is not touched, and belongs to ${kept} from then on: keep them together. The new pg_wal lies in the new data directory.`,
    )
    expect(found.get('own-settings')?.found).toBe(
      `Those of the backup are used, not those in ${dead}: postgresql.auto.conf, pg_hba.conf. They are not the same; the old ones stay in ${kept}.`,
    )
    const stop = `sudo -u postgres ${cluster.bin}/pg_ctl --pgdata=${dead} stop -m fast`
    expect(found.get('service')?.found).toContain(`To have it run the old way: stop it (${stop}), `)

    const job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    expect(job.issues).toEqual([])
    expect(await marksOn(cluster, cluster.port)).toEqual({ ids: marks.map(({ id }) => id), recovering: false })
    expect(await rows(cluster.port)).toBe(400)
    const facts = factsOf(job)
    const aside = facts.get('Kept from before') ?? ''
    expect({ ...prints(), data: printOf(aside) }).toEqual(before)
    expect(fs.readlinkSync(path.join(aside, 'pg_wal'))).toBe(walDisk)
    expect(fs.lstatSync(path.join(dead, 'pg_wal')).isDirectory()).toBe(true)
    const { uid, mode } = fs.statSync(dead)
    expect([uid, mode & 0o777]).toEqual([testAccount().uid, 0o700])
    expect(fs.readFileSync(path.join(dead, 'pg_hba.conf'), 'utf8')).not.toContain('let in since the backup')
    expect(facts.get('Stop it')).toBe(stop)
    expect(facts.get('The old way')).toMatch(/^the service or script that started it so far does not know this server: /)

    // As a person would type it.
    const asRoot = (command: string) => command.replaceAll('sudo -u postgres ', 'runuser -u postgres -- ')
    execFileSync('sh', ['-c', asRoot(stop)], { cwd: '/', stdio: 'ignore' })
    execFileSync('sh', ['-c', asRoot(facts.get('Start it later') ?? '')], { cwd: '/', stdio: 'ignore' })
    expect(await rows(cluster.port)).toBe(400)
    stopServer(cluster, dead)

    // Back to how it was; then the same by the script.
    fs.rmSync(dead, { recursive: true })
    fs.rmSync(`${dead}.tablespaces`, { recursive: true })
    fs.renameSync(aside, dead)
    expect(prints()).toEqual(before)
    if (!full) return
    execFileSync('sh', ['-s'], { input: asRoot(preview.script ?? ''), cwd: '/', stdio: ['pipe', 'ignore', 'pipe'] })
    for (const end = Date.now() + 30_000; (await marksOn(cluster, cluster.port)).recovering; ) {
      if (Date.now() > end) throw new Error('it was not promoted')
    }
    expect((await marksOn(cluster, cluster.port)).ids).toEqual(marks.map(({ id }) => id))
    expect(await rows(cluster.port)).toBe(400)
    expect({ ...prints(), data: printOf(kept) }).toEqual(before)
    stopServer(cluster, dead)
    await waitUntilNoProcessIn(dead, 20_000)
  }, 240_000)
})

/** All addresses of both families. */
async function listenOn(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '::' }, resolve)
  })
  return server
}
