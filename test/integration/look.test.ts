// A look at a cluster that waits at its target: asked read-only, compared with the live one, taken further, promoted, thrown away.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JobSnapshot } from '../../shared/jobs/job'
import { endMajors } from '../support/clusters'
import { type ArchivingCluster, startArchiving } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf } from './baseSetup'
import {
  type Mark,
  makeHistory,
  marksOn,
  pointRequest,
  prepareMarks,
  recoverTo,
  registerArchive,
  wish,
} from './recoveryPointSetup'
import { factsOf, printOf } from './recoverySetup'
import { refusal } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

const majors = endMajors()

describe.each(majors.filter((major) => major === majors[0] || major === majors.at(-1)))('PostgreSQL %i', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let marks: Mark[]
  let job: JobSnapshot
  let place: { folder: string; port: number }

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `look${major}` })
    login = await base.connect(archiving.cluster)
    await prepareMarks(archiving.cluster)
    await archiving.cluster.sql('CREATE TABLE gone AS SELECT generate_series(1, 40) AS id', 'shop')
    folderOf(await base.run(base.request(login)))
    marks = await makeHistory(archiving)
    await archiving.cluster.sql('DROP TABLE gone', 'shop')
    await archiving.cluster.sql('CREATE TABLE fresh AS SELECT 1 AS id', 'shop')
    marks.push(...(await makeHistory(archiving, 7)))
    archiveId = await registerArchive(base, archiving.archive, login)
    const request = await pointRequest({ archiveId, wish: wish({ kind: 'xid', value: marks[3]?.xid }) }, login)
    place = request.destination
    job = await recoverTo(base, request)
    expect(job.error).toBeNull()
  }, 240_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  test('stands paused, and is asked read-only', async () => {
    const { look } = base.core.api
    const standing = await look.status({ jobId: job.id })
    expect(standing).toMatchObject({ state: 'paused', port: place.port, name: 'recovered it', problem: '', archiveId })
    expect(standing.databases).toEqual(['postgres', 'shop'])
    const ask = (sql: string, limit = 10) => look.query({ jobId: job.id, database: 'shop', sql, limit })
    expect(await ask('SELECT id, NULL AS nothing FROM marks ORDER BY id;')).toMatchObject({
      columns: [{ name: 'id' }, { name: 'nothing' }],
      rows: [
        ['1', null],
        ['2', null],
        ['3', null],
        ['4', null],
      ],
      more: false,
    })
    expect(await ask('SELECT id FROM gone ORDER BY id', 3)).toMatchObject({ rows: [['1'], ['2'], ['3']], more: true })
    for (const sql of ['DELETE FROM marks', 'SELECT 1; COMMIT; DELETE FROM marks', 'SELECT nothing FROM marks']) {
      expect((await refusal(ask(sql))).code).toBe('postgres')
    }
    for (const sql of [
      'SELECT pg_promote()',
      'SELECT pg_wal_replay_resume()',
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
    ]) {
      expect((await refusal(ask(sql))).message).toMatch(
        major < 14
          ? /^pg_\w+ does something to the server: here one only looks\.$/
          : /permission denied for function|must be a superuser to terminate|[Pp]ermission denied to terminate/,
      )
    }
    expect((await look.status({ jobId: job.id })).state).toBe('paused')
    expect((await ask('SELECT count(*) FROM marks')).rows).toEqual([['4']])
    expect((await refusal(look.status({ jobId: 'nobody' }))).code).toBe('not_found')
  })

  test('is compared with the live cluster, table by table', async () => {
    const { tables } = await base.core.api.look.compare({ jobId: job.id, database: 'shop', live: login })
    expect(tables).toEqual([
      { schema: 'public', table: 'fresh', recovered: null, live: 1, says: 'only live' },
      { schema: 'public', table: 'gone', recovered: 40, live: null, says: 'only recovered' },
      { schema: 'public', table: 'marks', recovered: 4, live: 12, says: 'more' },
    ])
  }, 60_000)

  test('goes on to a later moment and never back, and is thrown away by its name', async () => {
    const { look } = base.core.api
    const untouched = printOf(archiving.archive)
    const early = await refusal(look.resume({ jobId: job.id, wish: wish({ kind: 'xid', value: marks[1]?.xid }) }))
    expect(early.code).toBe('preflight')
    expect(early.message).toMatch(/^That moment is at [0-9A-F/]+, and [0-9A-F/]+ was replayed already: WAL only runs forward\.$/)
    expect((await look.status({ jobId: job.id })).state).toBe('paused')

    const later = await base.core.ended(await look.resume({ jobId: job.id, wish: wish({ kind: 'time', value: marks[9]?.time }) }))
    expect(later.error).toBeNull()
    expect(factsOf(later).get('State')).toBe('paused')
    expect(await marksOn(archiving.cluster, place.port)).toEqual({ ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], recovering: true })
    const auto = fs.readFileSync(path.join(place.folder, 'postgresql.auto.conf'), 'utf8')
    expect(auto.match(/^recovery_target(?:_time|_lsn|_xid|_name)? = /gm)).toEqual(['recovery_target_time = '])

    // The first job's cluster is the later one's now.
    expect((await refusal(look.promote({ jobId: job.id }))).code).toBe('not_found')
    expect((await refusal(look.throwAway({ jobId: later.id, confirm: 'it' }))).message).toBe(
      `Type recovered it to throw away the cluster in ${place.folder}, port ${place.port}.`,
    )
    // Somebody's folder of that name is neither taken for the cluster's own nor removed in its stead.
    const strange = `${place.folder}.partial`
    fs.mkdirSync(strange)
    fs.writeFileSync(path.join(strange, 'mine'), 'x')
    expect((await refusal(look.throwAway({ jobId: later.id, confirm: 'recovered it' }))).message).toBe(
      `${strange} is there: it would be mixed up with what is removed.`,
    )
    expect(fs.readdirSync(strange)).toEqual(['mine'])
    fs.rmSync(strange, { recursive: true })
    expect((await look.status({ jobId: later.id })).state).toBe('paused')
    expect(await look.throwAway({ jobId: later.id, confirm: 'recovered it' })).toEqual({ removed: [place.folder] })
    expect(fs.readdirSync(path.dirname(place.folder))).toEqual([])
    expect(printOf(archiving.archive)).toBe(untouched)
  }, 240_000)

  test('is never thrown away once it was promoted', async () => {
    const { look } = base.core.api
    const request = await pointRequest({ archiveId, wish: wish({ kind: 'xid', value: marks[3]?.xid }) }, login)
    const own = await recoverTo(base, request)
    const { folder } = request.destination
    expect(own.error).toBeNull()
    expect(await look.promote({ jobId: own.id })).toEqual({ timeline: 2 })
    expect((await refusal(look.promote({ jobId: own.id }))).message).toBe(`The cluster in ${folder} was promoted already.`)
    expect((await refusal(look.throwAway({ jobId: own.id, confirm: 'recovered it' }))).message).toMatch(
      new RegExp(`^The cluster in ${folder} is on its own now \\(.*\\): somebody may work in it\\.$`),
    )
    expect(await marksOn(archiving.cluster, request.destination.port)).toEqual({ ids: [1, 2, 3, 4], recovering: false })
  }, 120_000)
})
