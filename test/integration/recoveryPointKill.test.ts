// The application is killed at random moments of a recovery to a moment, from a full backup and from an incremental one that is
// combined: source, backups and archive stay byte for byte as they were, what was begun is plainly unfinished, and the same
// request starts again.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PointRunRequest } from '../../shared/contracts/recoveryPoint'
import { endMajors, type TestCluster } from '../support/clusters'
import { connectServe, jobEnd, type RemoteCore, type ServeProcess, startServe } from '../support/serveProcess'
import { tempFolder } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving } from '../support/walArchives'
import { type Mark, makeHistory, marksOn, pointRequest, prepareMarks, wish } from './recoveryPointSetup'
import { printOf, stopServer } from './recoverySetup'

const long = process.env.WALKBACK_LONG === '1'
const kills = long ? 20 : 4
/** Of what a look does; each takes a recovery of its own first. */
const lookKills = long ? 20 : 2
const major = endMajors().at(-1) ?? 18

let archiving: ArchivingCluster
let cluster: TestCluster
let serve: ServeProcess | undefined
let dataFolder: string
let library: string

beforeAll(async () => {
  dataFolder = tempFolder('kill-point')
  library = join(tempFolder('kill-point-library'), 'backups')
  mkdirSync(library)
  const conf: Record<string, string> = major >= 17 ? { summarize_wal: 'on' } : {}
  archiving = await startArchiving({ major, segmentSize: 1, prefix: 'pitkill', conf })
  cluster = archiving.cluster
  await prepareMarks(cluster)
}, 120_000)

afterAll(async () => {
  await serve?.kill()
  await cluster?.remove()
})

async function open(): Promise<RemoteCore> {
  serve = await startServe({ dataFolder })
  return connectServe(serve)
}

type Request = PointRunRequest & { destination: { folder: string; port: number } }

/** `request`: from the full backup. `chained`: from the incremental one, where there are such; it is the nearest. */
async function prepare(core: RemoteCore): Promise<{ marks: Mark[]; request: Request; chained: Request | null }> {
  const settings = await core.api.host.settings({})
  await core.api.host.saveSettings({ ...settings, libraries: [library], installationFolders: [cluster.bin] })
  const { id } = await core.api.connections.save({
    ...{ id: null, label: 'source', colour: 'slate', readOnly: false },
    settings: {
      ...{ host: '127.0.0.1', port: cluster.port, database: 'postgres', user: 'postgres', sslmode: 'disable' },
      ...{ sslrootcert: '', sslcert: '', sslkey: '', service: '', passfile: '' },
    },
    password: { kind: 'set', password: cluster.password, remember: false },
  })
  const take = async (parent: string | null) => {
    const { jobId } = await core.api.baseBackup.start({
      ...{ connectionId: id, format: 'plain', options: { walMethod: 'none', checkpoint: 'fast' }, parent },
      ...{ configuration: false, verify: false, keepSlot: false, library, label: '' },
    })
    const job = await jobEnd(core.api, jobId, 120_000)
    expect(job.error).toBeNull()
    return job.result?.backupPath ?? ''
  }
  const full = await take(null)
  const incremental = major >= 17 ? await take(full) : null
  // Enough to replay that a kill falls into it, too.
  await cluster.sql(
    'CREATE TABLE much AS SELECT i AS n, repeat(md5(i::text), 20) AS text FROM generate_series(1, 60000) i',
    'shop',
  )
  const marks = await makeHistory(archiving)
  const archiveId = (await core.api.walArchive.register({ folder: archiving.archive, label: 'archive', connectionId: null })).id
  const target = marks[3]
  const wanted = wish({ kind: 'xid', value: target?.xid }, { inclusive: false })
  const request = await pointRequest({ archiveId, backup: full, wish: wanted }, null)
  return {
    marks,
    request,
    chained: incremental === null ? null : { ...request, point: { archiveId, backup: null, wish: wanted } },
  }
}

/** Servers that a killed run left, by their command line: one that is just starting has no postmaster.pid yet. */
async function endServers(folder: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { stdout } = spawnSync('pgrep', ['-f', '--', `postgres.* -D ${folder}`], { encoding: 'utf8' })
    const pids = stdout.split('\n').filter(Boolean).map(Number)
    if (pids.length === 0) return
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGINT')
      } catch {
        // Gone by itself.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`a server goes on in ${folder}`)
}

test(
  `${kills} kills at random moments`,
  async () => {
    const first = await open()
    const { marks, request, chained } = await prepare(first)
    await cluster.stop('fast')
    const before = { source: printOf(cluster.dataDir), archive: printOf(archiving.archive), backups: printOf(library) }
    first.close()
    await serve?.stop()
    const { folder, port } = request.destination

    const phases = ['copy', ...(chained ? ['combine'] : []), 'start', 'replay', 'consistent']
    const killed = new Map<string, number>()
    for (let kill = 0; kill < kills; kill += 1) {
      const core = await open()
      // Some time into one phase after the other: each of them gets its kills.
      const phase = phases[kill % phases.length] ?? ''
      const isChained = chained !== null && (phase === 'combine' || phase === 'start' || phase === 'replay')
      const { jobId } = await core.api.recoveryPoint.start(isChained ? chained : request)
      for (;;) {
        const job = await core.api.jobs.get({ jobId })
        const step = job.steps.find(({ id }) => id === phase)
        if (step && step.state !== 'pending') break
        if (job.endedAt) throw new Error(`it ended before it was killed: ${job.error?.message}`)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      await new Promise((resolve) => setTimeout(resolve, (kill * 7) % 40))
      core.close()
      await serve?.kill()

      const after = await open()
      const job = await after.api.jobs.get({ jobId })
      killed.set(phase, (killed.get(phase) ?? 0) + 1)
      if (job.state !== 'succeeded' && job.state !== 'succeeded_with_warnings') {
        expect(job.state, job.error?.message).toBe('interrupted')
        const left = [folder, `${folder}.partial`].filter((path) => existsSync(path))
        for (const path of left) expect(job.leftovers.join('\n'), `killed in ${phase}`).toContain(path)
      }
      await endServers(folder)
      // As a person does with what the job names: a folder with the final name is never written over.
      if (existsSync(folder)) renameSync(folder, `${folder}.kill-${kill}`)
      expect({ source: printOf(cluster.dataDir), archive: printOf(archiving.archive), backups: printOf(library) }).toEqual(before)
      after.close()
      await serve?.stop()
    }
    console.log(`killed in: ${[...killed].map(([at, times]) => `${at} ${times}`).join(', ')}`)

    const core = await open()
    const { jobId } = await core.api.recoveryPoint.start(chained ?? request)
    const job = await jobEnd(core.api, jobId, 120_000)
    expect(job.error).toBeNull()
    expect(await marksOn(cluster, port)).toEqual({ ids: marks.slice(0, 3).map(({ id }) => id), recovering: true })
    stopServer(cluster, folder)
    expect({ source: printOf(cluster.dataDir), archive: printOf(archiving.archive), backups: printOf(library) }).toEqual(before)
    core.close()
    await serve?.stop()
  },
  60_000 * (kills + 3),
)

test(
  `${lookKills} kills while a recovered cluster is started again earlier, or thrown away`,
  async () => {
    const first = await open()
    const { archives } = await first.api.walArchive.list({})
    const archiveId = archives[0]?.id ?? ''
    const { backups, lanes } = await first.api.recoveryPoint.moments({ archiveId })
    // Taken from the full one: there are its files to be copied again.
    const backup = backups.find(({ kind }) => kind === 'full')?.path ?? ''
    const wanted = wish({ kind: 'lsn', value: lanes[0]?.lastCommit?.lsn }, { inclusive: false })
    const request = await pointRequest({ archiveId, backup, wish: wanted }, null)
    const { folder } = request.destination
    const before = { source: printOf(cluster.dataDir), archive: printOf(archiving.archive), backups: printOf(library) }
    let core = first
    const killed = new Map<string, number>()
    const phases = ['copy', 'remove', 'aside', 'replay', 'start', 'stop', 'clear', 'consistent']
    for (let kill = 0; kill < lookKills; kill += 1) {
      const look = await lookAt(core, request)
      const phase = phases[kill % phases.length] ?? ''
      const away = phase === 'remove' || phase === 'stop'
      const { systemIdentifier } = await core.api.look.status({ jobId: look })
      const { jobId } = away
        ? await core.api.look.throwAway({ jobId: look, confirm: 'recovered it', systemIdentifier: systemIdentifier ?? '' })
        : await core.api.look.earlier({ jobId: look, wish: wanted })
      for (;;) {
        const job = await core.api.jobs.get({ jobId })
        const step = job.steps.find(({ id }) => id === phase)
        if (job.endedAt || (step && step.state !== 'pending')) break
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      await new Promise((resolve) => setTimeout(resolve, (kill * 7) % 40))
      core.close()
      await serve?.kill()

      core = await open()
      const job = await core.api.jobs.get({ jobId })
      const said = [job.error?.message ?? '', ...job.leftovers].join('\n')
      const there = readdirSync(dirname(folder))
      const kept = there.find((name) => name.includes('.before-'))
      killed.set(phase, (killed.get(phase) ?? 0) + 1)
      if (job.state !== 'succeeded' && job.state !== 'succeeded_with_warnings') {
        expect(job.state, job.error?.message).toBe('interrupted')
        for (const name of there) {
          // Every other name says by itself what it is.
          if (name === 'recovered it') expect(said, `killed in ${phase}`).toContain(join(dirname(folder), name))
          else if (name !== 'log') expect(name).toMatch(/^recovered it(?:\.partial|\.before-.*Z|\.tablespaces|\.kill-\d+)$/)
        }
        // One that was killed before it copied has none: what is there is of an earlier job, which names it.
        const copied = job.steps.some(({ id, startedAt }) => id === 'copy' && startedAt !== null)
        if (copied && existsSync(`${folder}.partial`)) expect(said, `killed in ${phase}`).toContain(`${folder}.partial`)
        if (kept !== undefined) expect(said).toContain(`${join(dirname(folder), kept)}: the recovered cluster of before`)
        if (!away) expect(existsSync(folder), said).toBe(true)
      }
      expect({ source: printOf(cluster.dataDir), archive: printOf(archiving.archive), backups: printOf(library) }).toEqual(before)
      if (kept !== undefined) {
        // As a person does with what the job names: the new one was not judged, the former one is whole.
        await endServers(folder)
        renameSync(folder, `${folder}.kill-${kill}`)
        renameSync(join(dirname(folder), kept), folder)
      }
    }
    console.log(`killed in: ${[...killed].map(([at, times]) => `${at} ${times}`).join(', ')}`)

    // Both again, to their ends.
    const look = await lookAt(core, request)
    const { jobId } = await core.api.look.earlier({ jobId: look, wish: wanted })
    expect((await jobEnd(core.api, jobId, 120_000)).error).toBeNull()
    const { systemIdentifier } = await core.api.look.status({ jobId })
    const gone = await core.api.look.throwAway({ jobId, confirm: 'recovered it', systemIdentifier: systemIdentifier ?? '' })
    expect((await jobEnd(core.api, gone.jobId, 120_000)).error).toBeNull()
    expect(readdirSync(dirname(folder)).filter((name) => !/\.kill-\d+$/.test(name))).toEqual([])
    expect({ source: printOf(cluster.dataDir), archive: printOf(archiving.archive), backups: printOf(library) }).toEqual(before)
    core.close()
    await serve?.stop()
  },
  60_000 * (lookKills + 3),
)

/** The job of the recovered cluster that is there, with its server; of a new one where none is. */
async function lookAt({ api }: RemoteCore, request: Request): Promise<string> {
  const find = async () =>
    (await api.look.list({})).looks.find(({ dataDirectory }) => dataDirectory === request.destination.folder)
  const found = await find()
  if (found && found.state !== 'stopped') return found.jobId
  if (found) {
    const { jobId } = await api.look.start({ jobId: found.jobId })
    expect((await jobEnd(api, jobId, 120_000)).error).toBeNull()
    return (await find())?.jobId ?? ''
  }
  const { jobId } = await api.recoveryPoint.start(request)
  expect((await jobEnd(api, jobId, 120_000)).error).toBeNull()
  return jobId
}
