// The moments that can be reached: lanes, forks, gaps, and each backup's reach, by time apart from by position.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLsn } from '../../../shared/model/lsn'
import { reachableMoments } from '../../../shared/model/recoveryMoments'
import { planPoint } from '../../../shared/model/recoveryPlan'
import { reachesOf } from '../../../shared/model/recoveryReach'
import { walChain } from '../../../shared/model/walChain'
import { segmentName } from '../../../shared/model/walFile'
import { archiveOf, at, backupFacts, history, noActivity, segment, segments, wishFor } from './archiveSamples'

const name = (timeline: number, number: number) => segmentName({ timeline, number: BigInt(number) }, 16 * 1024 * 1024)

describe('lanes', () => {
  it('of one timeline: coverage, gap, reach up to just before the last commit', () => {
    const { lanes, mainTimeline } = reachableMoments(archiveOf(segments(1, [2, 3, 4, 7, 8])), [
      backupFacts('monday', 2),
      backupFacts('sunday', 8),
    ])
    expect(mainTimeline).toBe(1)
    expect(lanes).toEqual([
      {
        ...{ timeline: 1, parent: null, forkAt: null, forkTime: null, reason: '', stray: false },
        ranges: [
          { fromTime: 2_000_000, toTime: 4_000_000, fromLsn: formatLsn(at(2)), toLsn: formatLsn(at(5)), segments: 3 },
          { fromTime: 7_000_000, toTime: 8_000_000, fromLsn: formatLsn(at(7)), toLsn: formatLsn(at(9)), segments: 2 },
        ],
        gaps: [
          {
            ...{ fromTime: 4_000_000, toTime: 7_000_000, fromLsn: formatLsn(at(5)), toLsn: formatLsn(at(7)), segments: 2 },
            names: [name(1, 5), name(1, 6)],
          },
        ],
        reach: [
          {
            ...{ backup: '/library/monday', fromTime: 2_500_000, toTime: 3_999_999 },
            ...{ fromLsn: formatLsn(at(2, 5000)), toLsn: formatLsn(at(5)) },
          },
          // No commit after it: by position alone.
          {
            ...{ backup: '/library/sunday', fromTime: null, toTime: null },
            ...{ fromLsn: formatLsn(at(8, 5000)), toLsn: formatLsn(at(9)) },
          },
        ],
        lastCommit: { lsn: formatLsn(at(8, 100)), time: 8_000_000, xid: 8 },
        lastEnd: { lsn: formatLsn(at(8, 100)), time: 8_000_000, xid: 8 },
        endLsn: formatLsn(at(9)),
        minutes: [],
      },
    ])
  })

  it('of two branches: each with its own, the one that lived on is the main one', () => {
    const commit = { lsn: formatLsn(at(4, 100)), time: 4_000_000, xid: 4 }
    const fork = segment(2, 4, {
      header: { ...header(4), timeline: 1 },
      inherited: { ...noActivity, commits: 1, lastCommit: commit, lastEnd: commit, timeline: 1, forkAt: formatLsn(at(4, 3000)) },
      own: noActivity,
    })
    const index = archiveOf(segments(1, [2, 3, 4]), history(2, [[1, at(4, 3000)]]), fork, segments(2, [5, 6]))
    const { lanes, mainTimeline } = reachableMoments(index, [backupFacts('monday', 2), backupFacts('late', 4)])
    expect(mainTimeline).toBe(2)
    expect(lanes.map(({ timeline, stray, forkAt, forkTime, parent }) => ({ timeline, stray, forkAt, forkTime, parent }))).toEqual(
      [
        { timeline: 1, stray: false, forkAt: null, forkTime: null, parent: null },
        { timeline: 2, stray: false, forkAt: formatLsn(at(4, 3000)), forkTime: 4_000_000, parent: 1 },
      ],
    )
    // What ended after the fork does not lead to the branch.
    expect(lanes[1]?.reach).toEqual([
      {
        ...{ backup: '/library/monday', fromTime: 4_000_000, toTime: 5_999_999 },
        ...{ fromLsn: formatLsn(at(4, 3000)), toLsn: formatLsn(at(7)) },
      },
    ])
    expect(lanes[1]?.ranges[0]?.fromLsn).toBe(formatLsn(at(4, 3000)))
    const strays = archiveOf(segments(1, [2, 3, 4, 5, 6, 7]), history(2, [[1, at(4, 3000)]]), fork, segments(2, [5]))
    expect(reachableMoments(strays, [backupFacts('monday', 2)]).lanes.map(({ stray }) => stray)).toEqual([false, true])
  })

  it('of nothing is nothing', () => {
    expect(reachableMoments(archiveOf(), [])).toEqual({ lanes: [], restorePoints: [], mainTimeline: null })
  })
})

it('walks shared stretches like single ones', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
      (numbers, starts) => {
        const index = archiveOf(segments(1, numbers))
        const backups = starts.map((number) => backupFacts(`b${number}`, number))
        for (const reach of reachesOf(index, backups, 1)) {
          const alone = walChain(index, reach.backup.stop)
          expect({ ...reach.chain, commits: 0, lastCommit: null, lastEnd: null }).toEqual({
            ...{ ...alone, commits: 0, lastCommit: null, lastEnd: null },
          })
          expect(reach.lastEnd).toEqual(alone.lastEnd)
        }
      },
    ),
  )
})

it('every time inside a reach has a plan, and none outside', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 22_000_000 }),
      (numbers, starts, time) => {
        const index = archiveOf(segments(1, numbers))
        const backups = starts.map((number) => backupFacts(`b${number}`, number))
        const reaches = reachableMoments(index, backups).lanes.flatMap(({ reach }) => reach)
        const inside = reaches.some(
          ({ fromTime, toTime }) => fromTime !== null && toTime !== null && fromTime <= time && time <= toTime,
        )
        const plan = planPoint({ index, backups, wish: wishFor.time(time), backup: null, toRead: 0n })
        expect(plan.blockers.length === 0).toBe(inside)
        const nearest = plan.blockers[0]?.nearest
        // What is offered instead can be had.
        if (nearest) expect(planPoint({ index, backups, wish: nearest, backup: null, toRead: 0n }).blockers).toEqual([])
      },
    ),
  )
})

it('opens ten thousand segments and fifty backups within a second', () => {
  const index = archiveOf(
    segments(
      1,
      Array.from({ length: 10_000 }, (_, number) => number + 1),
    ),
  )
  const backups = Array.from({ length: 50 }, (_, number) => backupFacts(`b${number}`, number * 200 + 1))
  // Of the processor: the machine may be busy with something else.
  const before = process.cpuUsage()
  expect(reachableMoments(index, backups).lanes[0]?.reach).toHaveLength(50)
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000)
})

function header(number: number) {
  const { header: own } = segment(1, number)
  if (!own) throw new Error('no header')
  return own
}
