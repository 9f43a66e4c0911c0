// A recovered cluster begun again at an earlier moment in its own place, by a copy and by reflinks; one whose server ended, or
// whose application was started anew; and what comes back when it fails.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PointRunRequest } from '../../shared/contracts/recoveryPoint'
import type { JobSnapshot } from '../../shared/jobs/job'
import { newestOrAll } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { startCore } from '../support/core'
import { type ReflinkFolder, reflinkFolder } from '../support/reflinks'
import { readPostmasterPid } from '../support/tempFolder'
import { type ArchivingCluster, startArchiving } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf } from './baseSetup'
import {
  foldersOf,
  type Mark,
  makeHistory,
  marksOn,
  pointRequest,
  prepareMarks,
  recoverTo,
  registerArchive,
  wish,
} from './recoveryPointSetup'
import { factsOf, printOf, stopServer } from './recoverySetup'
import { refusal, until } from './walSetup'

const majors = newestOrAll()

let base: BaseCore
let reflinks: ReflinkFolder

beforeAll(async () => {
  reflinks = reflinkFolder()
  base = await baseCore()
})

afterAll(() => reflinks.remove())

type NewRequest = PointRunRequest & { destination: { kind: 'new'; folder: string; port: number } }

describe.each(majors)('PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let marks: Mark[]
  let second: Mark[]
  let untouched: string
  let request: NewRequest
  let job: JobSnapshot

  const xid = (mark: Mark | undefined) => wish({ kind: 'xid', value: mark?.xid })
  const idsNow = async (port = request.destination.port) => (await marksOn(archiving.cluster, port)).ids

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `earlier${major}` })
    const { cluster } = archiving
    login = await base.connect(cluster)
    await prepareMarks(cluster)
    const space = path.join(cluster.folder, 'other disk')
    fs.mkdirSync(space, { mode: 0o700 })
    fs.chownSync(space, testAccount().uid, testAccount().gid)
    await cluster.sql(`CREATE TABLESPACE other LOCATION '${space}'`)
    await cluster.sql('CREATE TABLE apart TABLESPACE other AS SELECT generate_series(1, 500) AS id', 'shop')
    folderOf(await base.run(base.request(login)))
    marks = await makeHistory(archiving)
    folderOf(await base.run(base.request(login, { label: 'the second' })))
    second = await makeHistory(archiving, 7)
    archiveId = await registerArchive(base, archiving.archive, login)
    request = await pointRequest({ archiveId, wish: xid(second[1]) }, login)
    job = await recoverTo(base, request)
    expect(job.error).toBeNull()
    untouched = printOf(archiving.archive)
  }, 240_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  test('on a disk without reflinks the backup is copied again, which is said before and after', async () => {
    const { look } = base.core.api
    expect(await base.core.log({ jobId: job.id })).toMatch(
      /No copy of the base files is kept: the file system of .* has no reflinks\. To start again earlier, the backup is copied again\./,
    )
    const holds = await look.holds({ jobId: job.id })
    expect(holds).toMatchObject({
      ...{ pristine: [], earlier: expect.stringContaining('The base backup is copied again: the file system has no reflinks') },
    })
    expect(holds.copySeconds).toBeGreaterThanOrEqual(1)
    const move = await look.move({ jobId: job.id, way: 'earlier', wish: xid(second[0]) })
    expect(move).toMatchObject({ refused: null, how: 'copy' })
    expect(move.says[0]).toMatch(
      /^The backup the second, .* MB, is copied again: the file system has no reflinks, so no copy of its files was kept\.$/,
    )
    expect(move.says.at(-1)).toBe(
      `The former one, in ${request.destination.folder}, is set aside meanwhile, and removed once the new one stands.`,
    )
    expect(await idsNow()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])

    const earlier = await base.core.ended(await look.earlier({ jobId: job.id, wish: xid(second[0]) }))
    expect(earlier.error).toBeNull()
    expect(earlier.state).toBe('succeeded')
    expect(await marksOn(archiving.cluster, request.destination.port)).toEqual({ ids: [1, 2, 3, 4, 5, 6, 7], recovering: true })
    expect(factsOf(earlier).get('Base files')).toBe(move.says[0])
    expect(factsOf(earlier).get('The former one')).toMatch(/^removed, [\d.]+ MB$/)
    // Nothing of the former is left, and its page leads on.
    expect(foldersOf(request)).toEqual(['recovered it', 'recovered it.tablespaces'])
    expect(fs.readdirSync(`${request.destination.folder}.tablespaces`)).toHaveLength(1)
    expect((await refusal(look.status({ jobId: job.id }))).message).toMatch(
      /^Another recovery has .* since, to transaction \d+\.$/,
    )
    expect(await look.status({ jobId: earlier.id })).toMatchObject({ state: 'paused', asAsked: { yes: true } })
    job = earlier
  }, 120_000)

  test('before its own backup another one is taken', async () => {
    const { look } = base.core.api
    const move = await look.move({ jobId: job.id, way: 'earlier', wish: xid(marks[2]) })
    expect(move).toMatchObject({ refused: null, how: 'copy' })
    expect(move.says[0]).toMatch(/ is copied again: that moment needs another backup than before\.$/)
    const earlier = await base.core.ended(await look.earlier({ jobId: job.id, wish: xid(marks[2]) }))
    expect(earlier.error).toBeNull()
    expect(await idsNow()).toEqual([1, 2, 3])
    job = earlier
  }, 120_000)

  test('refuses what is no earlier moment, or can not be reached, with the reason', async () => {
    const { look } = base.core.api
    const afterIt = await refusal(look.earlier({ jobId: job.id, wish: xid(marks[5]) }))
    expect(afterIt).toMatchObject({
      message: expect.stringMatching(/^That moment, at [0-9A-F/]+, is after where it stands, at [0-9A-F/]+\.$/),
      hint: 'Go later instead: nothing is copied for it.',
    })
    const never = wish({ kind: 'time', value: Date.UTC(2001, 0, 1) * 1000 })
    const before = await refusal(look.earlier({ jobId: job.id, wish: never }))
    expect(before.message).toMatch(/^2001-01-01 00:00:00\.000000 UTC is before the end of the backup /)
    const move = await look.move({ jobId: job.id, way: 'earlier', wish: never })
    expect(move.refused?.message).toBe(before.message)
    expect(move.plan?.blockers[0]?.nearest).not.toBeNull()
    expect(await idsNow()).toEqual([1, 2, 3])
  }, 60_000)

  test('when it fails the former one has its place again, and its server is started from its page', async () => {
    const { look } = base.core.api
    const { folder } = request.destination
    // A second base file that is not what its manifest says: found while it is copied, when the former is already aside.
    const backup = (await look.status({ jobId: job.id })).backup
    const file = path.join(backup, 'data', 'global', '1262')
    const good = fs.readFileSync(file)
    fs.writeFileSync(file, Buffer.concat([Buffer.from([good[0] === 0 ? 1 : 0]), good.subarray(1)]))
    const failed = await base.core.ended(await look.earlier({ jobId: job.id, wish: xid(marks[0]) }))
    fs.writeFileSync(file, good)
    expect(failed.state).toBe('failed')
    expect(failed.error?.message).toMatch(/^The backup is damaged: global\/1262 differs from its /)
    expect(failed.leftovers).toContain(
      `${folder}: the recovered cluster of before, whole and stopped; it is started again from its page`,
    )
    expect(await look.status({ jobId: job.id })).toMatchObject({
      state: 'stopped',
      promoted: false,
      stopped: 'Its server was shut down. Nothing is lost. Started again, it replays to the same moment and waits there.',
    })
    expect((await refusal(look.promote({ jobId: job.id }))).message).toBe('Its server does not run.')
    const again = await base.core.ended(await look.start({ jobId: job.id }))
    expect(again.error).toBeNull()
    expect(await marksOn(archiving.cluster, request.destination.port)).toEqual({ ids: [1, 2, 3], recovering: true })
    job = again
    expect((await refusal(look.start({ jobId: job.id }))).message).toBe(
      `The server of ${folder} runs already, on port ${request.destination.port}.`,
    )
  }, 120_000)

  test('cancelled on the way, it is as it was before', async () => {
    const { look, jobs } = base.core.api
    const { jobId } = await look.earlier({ jobId: job.id, wish: xid(marks[0]) })
    await until('the copy', async () =>
      (await jobs.get({ jobId })).steps.some(({ id, state }) => id === 'copy' && state === 'running'),
    )
    await jobs.cancel({ jobId })
    const ended = await base.core.ended({ jobId })
    expect(['cancelled', 'succeeded']).toContain(ended.state)
    if (ended.state === 'succeeded') throw new Error('the cancel came too late to be seen')
    expect((await look.status({ jobId: job.id })).state).toBe('stopped')
    const again = await base.core.ended(await look.start({ jobId: job.id }))
    expect(again.error).toBeNull()
    expect(await idsNow()).toEqual([1, 2, 3])
    job = again
  }, 120_000)

  test('a server that was killed is said to have ended so, and comes back to the same moment', async () => {
    const { look } = base.core.api
    const { folder } = request.destination
    process.kill(readPostmasterPid(folder) ?? 0, 'SIGKILL')
    await until('its end', async () => (await look.status({ jobId: job.id })).state === 'stopped')
    expect((await look.status({ jobId: job.id })).stopped).toMatch(/^Its server ended without being shut down: it was killed/)
    const listed = (await look.list({})).looks.find(({ dataDirectory }) => dataDirectory === folder)
    expect(listed).toMatchObject({ jobId: job.id, state: 'stopped', promoted: false })
    const again = await base.core.ended(await look.start({ jobId: job.id }))
    expect(again.error).toBeNull()
    expect(await idsNow()).toEqual([1, 2, 3])
    expect(await look.status({ jobId: again.id })).toMatchObject({ state: 'paused', asAsked: { yes: true } })
    job = again
    expect(printOf(archiving.archive)).toBe(untouched)
  }, 120_000)

  test('begun again by reflinks on XFS, without a byte copied', async (context) => {
    if (reflinks.folder === '') context.skip(`no file system with reflinks: ${reflinks.why}`)
    const { look } = base.core.api
    const place = fs.mkdtempSync(path.join(reflinks.folder, `pg${major}-`))
    fs.chmodSync(place, 0o711)
    const onXfs = await pointRequest({ archiveId, wish: xid(marks[4]) }, login)
    const destination = { ...onXfs.destination, folder: path.join(place, 'recovered it') }
    const first = await recoverTo(base, { ...onXfs, destination })
    expect(first.error).toBeNull()
    expect(fs.readdirSync(place).toSorted()).toEqual(['recovered it', 'recovered it.pristine', 'recovered it.tablespaces'])
    expect(factsOf(first).get('Base files kept')).toBe(`${destination.folder}.pristine, by reflink`)
    const holds = await look.holds({ jobId: first.id })
    expect(holds).toMatchObject({
      copySeconds: 1,
      earlier: 'The base files are kept beside it, by reflink: nothing is copied again.',
    })
    expect(holds.pristine).toHaveLength(2)

    const used = () => Number(execFileSync('df', ['--output=used', '-B1', reflinks.folder], { encoding: 'utf8' }).split('\n')[1])
    const before = used()
    const move = await look.move({ jobId: first.id, way: 'earlier', wish: xid(marks[1]) })
    expect(move).toMatchObject({ refused: null, how: 'pristine' })
    expect(move.says[0]).toBe('The base files come from those kept beside it, by reflink: nothing is copied.')
    const earlier = await base.core.ended(await look.earlier({ jobId: first.id, wish: xid(marks[1]) }))
    expect(earlier.error).toBeNull()
    expect(earlier.steps.find(({ id }) => id === 'copy')?.detail).toMatch(
      /all by reflink from the kept base files: nothing was copied$/,
    )
    expect(await idsNow(destination.port)).toEqual([1, 2])
    expect(fs.readdirSync(place).toSorted()).toEqual(['recovered it', 'recovered it.pristine', 'recovered it.tablespaces'])
    expect(used() - before).toBeLessThan(60_000_000)

    // Files that are not complete any more are not begun with.
    const kept = `${destination.folder}.pristine`
    fs.rmSync(path.join(kept, 'PG_VERSION'))
    const without = await look.move({ jobId: earlier.id, way: 'earlier', wish: xid(marks[0]) })
    expect(without.how).toBe('copy')
    expect(without.says[0]).toMatch(/is copied again: the files kept in .* are not complete any more\.$/)

    const { systemIdentifier } = await look.status({ jobId: earlier.id })
    const away = { jobId: earlier.id, confirm: 'recovered it', systemIdentifier: systemIdentifier ?? '' }
    expect((await base.core.ended(await look.throwAway(away))).error).toBeNull()
    expect(fs.readdirSync(place)).toEqual([])
  }, 240_000)
})

test('found again after the application was started anew, by the record of its job', async () => {
  const major = majors.at(-1) ?? 18
  const own = await baseCore()
  const archiving = await startArchiving({ major, segmentSize: 1, prefix: 'again' })
  try {
    const login = await own.connect(archiving.cluster)
    await prepareMarks(archiving.cluster)
    folderOf(await own.run(own.request(login)))
    const marks = await makeHistory(archiving)
    const archiveId = await registerArchive(own, archiving.archive, login)
    const request = await pointRequest({ archiveId, wish: wish({ kind: 'time', value: marks[2]?.time }) }, login)
    const job = await recoverTo(own, request)
    expect(job.error).toBeNull()
    await own.core.stop()
    const core = await startCore({ dataFolder: own.core.dataFolder })
    const { looks } = await core.api.look.list({})
    expect(looks).toMatchObject([{ jobId: job.id, state: 'paused', lastCommit: { xid: marks[2]?.xid, time: marks[2]?.time } }])
    // The password was held in memory only: until it is given again, the files say how it stands.
    const standing = await core.api.look.status({ jobId: job.id })
    expect(standing).toMatchObject({ state: 'paused', promoted: false, databases: [] })
    expect(standing.problem).toMatch(/password/i)
    const saved = (await core.api.connections.list({})).connections.find(({ id }) => id === login)
    if (!saved) throw new Error('the connection is gone')
    await core.api.connections.save({
      ...{ id: login, label: saved.label, colour: saved.colour, readOnly: false, settings: saved.settings },
      password: { kind: 'set', password: archiving.cluster.password, remember: false },
    })
    expect(await core.api.look.status({ jobId: job.id })).toMatchObject({ problem: '', asAsked: { yes: true } })
    stopServer(archiving.cluster, request.destination.folder)
  } finally {
    await archiving.cluster.remove()
  }
}, 240_000)
