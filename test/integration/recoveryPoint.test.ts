// The moments that an archive and a backup lead to, and what can't be reached, refused before a byte is copied, with the nearest
// moment that can. What is reached is in recoveryMatrix.test.ts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RecoveryWish } from '../../shared/model/recoveryWish'
import { formatWalTime } from '../../shared/model/walTime'
import { endMajors } from '../support/clusters'
import { type ArchivingCluster, startArchiving } from '../support/walArchives'
import { type BaseCore, baseCore, folderOf } from './baseSetup'
import { foldersOf, makeHistory, pointRequest, prepareMarks, registerArchive, wish } from './recoveryPointSetup'
import { printOf } from './recoverySetup'
import { refusal } from './walSetup'

let base: BaseCore

beforeAll(async () => {
  base = await baseCore()
})

const majors = endMajors()

describe.each(majors)('PostgreSQL %i, a file archive', (major) => {
  let archiving: ArchivingCluster
  let login: string
  let archiveId: string
  let backup: string
  let untouched: { archive: string; source: string; backup: string }

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
