// Recovery to a moment on every major: exactly the rows before the target are there, by every kind of target, from a file archive
// and a streamed one, with nothing of archive or source changed; and what can't be reached is refused before a byte is copied.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RecoveryWish } from '../../shared/model/recoveryWish'
import { formatWalTime } from '../../shared/model/walTime'
import { endMajors } from '../support/clusters'
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
import { refusal } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

interface Case {
  name: string
  /** All of them on the oldest and the newest, a few on the others. */
  everywhere?: boolean
  wish(known: Known): RecoveryWish
  ids: number[]
  state: 'paused' | 'promoted'
  stopped: RegExp
}

interface Known {
  /** Mark 3. */
  third: Mark
  /** Where its commit record begins. */
  lsn: string
}

const cases: Case[] = [
  {
    name: 'a time, inclusive: the commit of that very microsecond is kept',
    everywhere: true,
    wish: ({ third }) => wish({ kind: 'time', value: third.time }),
    ids: [1, 2, 3],
    state: 'paused',
    stopped: /^recovery stopping before commit of transaction/,
  },
  {
    name: 'a time, exclusive, promoted',
    wish: ({ third }) => wish({ kind: 'time', value: third.time }, { inclusive: false, action: 'promote' }),
    ids: [1, 2],
    state: 'promoted',
    stopped: /^recovery stopping before commit of transaction/,
  },
  {
    name: 'a transaction, inclusive, promoted',
    everywhere: true,
    wish: ({ third }) => wish({ kind: 'xid', value: third.xid }, { action: 'promote' }),
    ids: [1, 2, 3],
    state: 'promoted',
    stopped: /^recovery stopping after commit of transaction/,
  },
  {
    name: 'a transaction, exclusive',
    wish: ({ third }) => wish({ kind: 'xid', value: third.xid }, { inclusive: false }),
    ids: [1, 2],
    state: 'paused',
    stopped: /^recovery stopping before commit of transaction/,
  },
  {
    name: 'a position, inclusive',
    wish: ({ lsn }) => wish({ kind: 'lsn', value: lsn }),
    ids: [1, 2, 3],
    state: 'paused',
    stopped: /^recovery stopping after WAL location/,
  },
  {
    name: 'a position, exclusive',
    wish: ({ lsn }) => wish({ kind: 'lsn', value: lsn }, { inclusive: false }),
    ids: [1, 2],
    state: 'paused',
    stopped: /^recovery stopping before WAL location/,
  },
  {
    name: 'a restore point',
    everywhere: true,
    wish: () => wish({ kind: 'name', value: 'before mark 4' }),
    ids: [1, 2, 3],
    state: 'paused',
    stopped: /^recovery stopping at restore point "before mark 4"/,
  },
  {
    name: 'immediately',
    wish: () => wish({ kind: 'immediate' }),
    ids: [],
    state: 'paused',
    stopped: /^recovery stopping after reaching consistency/,
  },
  {
    name: 'to the end',
    everywhere: true,
    wish: () => wish({ kind: 'end' }, { action: 'promote' }),
    ids: [1, 2, 3, 4, 5, 6],
    state: 'promoted',
    stopped: /^redo done at/,
  },
]

const majors = endMajors()

describe.each(majors)('PostgreSQL %i, a file archive', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let backup: string
  let known: Known
  let untouched: { archive: string; source: string; backup: string }
  const ends = [majors[0], majors.at(-1)]

  beforeAll(async () => {
    archiving = await startArchiving({ major, segmentSize: 1, prefix: `pit${major}` })
    const { cluster, archive } = archiving
    login = await base.connect(cluster)
    await prepareMarks(cluster)
    backup = folderOf(await base.run(base.request(login)))
    const marks = await makeHistory(archiving)
    const [, , third] = marks
    if (!third) throw new Error('no marks')
    archiveId = await registerArchive(base, archive, login)
    await cluster.stop('fast')
    const around = await base.core.api.recoveryPoint.neighbours({ archiveId, timeline: 1, time: third.time })
    expect(around.before).toMatchObject({ xid: third.xid, time: third.time })
    expect(around.after).toMatchObject({ xid: marks[3]?.xid, time: marks[3]?.time })
    known = { third, lsn: around.before?.lsn ?? '' }
    untouched = { archive: printOf(archive), source: printOf(cluster.dataDir), backup: printOf(backup) }
  }, 180_000)

  afterAll(async () => {
    await archiving.cluster.remove()
  })

  function expectUntouched(): void {
    expect(printOf(archiving.archive)).toBe(untouched.archive)
    expect(printOf(archiving.cluster.dataDir)).toBe(untouched.source)
    expect(printOf(backup)).toBe(untouched.backup)
  }

  test('the moments: one lane, one backup, its reach up to just before the last commit', async () => {
    const moments = await base.core.api.recoveryPoint.moments({ archiveId })
    expect(moments).toMatchObject({ major, toRead: '0', problems: [], mainTimeline: 1, segmentSize: 1024 * 1024 })
    expect(moments.backups).toMatchObject([{ path: backup, kind: 'full', parentPath: null, timeline: 1, problem: '' }])
    const [lane] = moments.lanes
    expect(lane).toMatchObject({ timeline: 1, stray: false, parent: null, reach: [{ backup }] })
    expect(lane?.reach[0]?.toTime).toBe((lane?.lastEnd?.time ?? 0) - 1)
    expect(moments.restorePoints.find(({ name }) => name === 'before mark 4')).toMatchObject({ timeline: 1, sameName: 1 })
    const { systemIdentifier } = moments
    expect((await base.core.api.recoveryPoint.moments({ systemIdentifier })).archiveId).toBe(archiveId)
    const { clusters } = await base.core.api.recoveryPoint.sources({})
    expect(clusters.find((one) => one.systemIdentifier === systemIdentifier)).toMatchObject({
      backups: 1,
      archives: [{ id: archiveId }],
    })
  })

  test.each(cases.filter(({ everywhere }) => everywhere === true || ends.includes(major)))(
    '$name',
    async (one) => {
      const asked = one.wish(known)
      const request = await pointRequest({ archiveId, wish: asked }, login)
      const preview = await base.core.api.recoveryPoint.preview(request)
      expect(preview.blocked).toBe('')
      expect(preview.plan).toMatchObject({ blockers: [], timeline: 1, backup: { path: backup } })
      const job = await recoverTo(base, request)
      expect(job.error).toBeNull()
      expect(job.state).toBe('succeeded')
      const facts = factsOf(job)
      expect(facts.get('Stopped')).toMatch(one.stopped)
      expect(facts.get('State')).toBe(one.state)
      const { folder, port } = request.destination
      try {
        expect(await marksOn(archiving.cluster, port)).toEqual({ ids: one.ids, recovering: one.state === 'paused' })
        // What was shown is what was written.
        for (const { path: file, text, added } of preview.files) {
          if (file.endsWith('recovery.signal')) expect(fs.existsSync(file)).toBe(one.state === 'paused')
          else if (added) expect(fs.readFileSync(file, 'utf8')).toContain(text)
          else expect(fs.readFileSync(file, 'utf8')).toBe(text)
        }
        const auto = fs.readFileSync(path.join(folder, 'postgresql.auto.conf'), 'utf8')
        expect(auto.match(/^recovery_target(?:_time|_lsn|_xid|_name)? = /gm)?.length ?? 0).toBe(asked.kind === 'end' ? 0 : 1)
        expect(auto).toMatch(/^recovery_target_timeline = 1$/m)
        expect(auto).toMatch(/^archive_mode = off$/m)
        expect(auto).not.toMatch(/^recovery_\w+ = ''$/m)
        expect(fs.readFileSync(path.join(folder, 'walkback', 'restore.log'), 'utf8')).toMatch(/restored: 0000000100000000/)
      } finally {
        stopServer(archiving.cluster, folder)
      }
      expectUntouched()
      fs.rmSync(path.dirname(folder), { recursive: true })
    },
    120_000,
  )

  test('refuses what can’t be reached before anything is written, and offers what is nearest', async () => {
    const { api } = base.core
    const moments = await api.recoveryPoint.moments({ archiveId })
    const last = moments.lanes[0]?.lastEnd
    const shown = moments.backups[0]
    if (!last || !shown) throw new Error('no moments')
    const label = shown.label
    const upTo = `Up to the last commit in reach, transaction ${last.xid} of ${formatWalTime(last.time)}, by its position ${last.lsn}.`
    const end = `The archive ends at ${moments.lanes[0]?.endLsn} on timeline 1.`
    const refused: { asked: RecoveryWish; message: string; hint: string }[] = [
      {
        asked: wish({ kind: 'time', value: shown.stopTime - 1 }),
        message: `${formatWalTime(shown.stopTime - 1)} is before the end of the backup ${label} at ${formatWalTime(shown.stopTime)}.`,
        hint: `The nearest moment: ${formatWalTime(shown.stopTime)}, when the backup ${label} ended.`,
      },
      {
        asked: wish({ kind: 'time', value: last.time }),
        message: `${formatWalTime(last.time)} is that of the last commit in reach, transaction ${last.xid}: a time must lie strictly before it. ${end}`,
        hint: `The nearest moment: ${upTo}`,
      },
      {
        asked: wish({ kind: 'time', value: last.time + 1_000_000 }),
        message: `${formatWalTime(last.time + 1_000_000)} is after the last commit in reach, transaction ${last.xid} of ${formatWalTime(last.time)}. ${end}`,
        hint: `The nearest moment: ${upTo}`,
      },
      {
        asked: wish({ kind: 'name', value: 'nowhere' }),
        message: `No restore point nowhere is on the way to timeline 1. ${end}`,
        hint: `The nearest moment: ${upTo}`,
      },
      {
        asked: wish({ kind: 'end' }, { timeline: 7 }),
        message: 'Timeline 7 is not in the archive.',
        hint: 'Choose another moment, timeline or backup.',
      },
    ]
    for (const { asked, message, hint } of refused) {
      const request = await pointRequest({ archiveId, wish: asked }, login)
      expect(await refusal(api.recoveryPoint.start(request))).toEqual({ code: 'preflight', message, hint })
      expect(foldersOf(request)).toEqual([])
      const plan = await api.recoveryPoint.plan(request.point)
      expect(plan.blockers[0]?.says).toBe(message)
      // What is offered can be had.
      const nearest = plan.blockers[0]?.nearest
      if (nearest) expect((await api.recoveryPoint.plan({ ...request.point, wish: nearest })).blockers).toEqual([])
    }
    const absent = await api.recoveryPoint.plan({ archiveId, backup: null, wish: wish({ kind: 'xid', value: 4_000_000_000 }) })
    expect(absent.blockers[0]).toMatchObject({ reason: 'not-found' })
    expectUntouched()
  })
})
