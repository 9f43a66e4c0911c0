// From a wish to a plan: each rule of recovery that can be told beforehand, with the words of its refusal and what is offered.
import { describe, expect, it } from 'vitest'
import type { PointPlan } from '../../../shared/contracts/recoveryPoint'
import type { ArchiveIndex } from '../../../shared/model/archiveIndex'
import { formatLsn } from '../../../shared/model/lsn'
import type { DeepLook } from '../../../shared/model/recoveryJudge'
import { planPoint } from '../../../shared/model/recoveryPlan'
import type { BackupFacts } from '../../../shared/model/recoveryReach'
import { formatTargetTime, targetSetting, targetSettings } from '../../../shared/model/recoveryTarget'
import { type RecoveryWish, recoveryWish } from '../../../shared/model/recoveryWish'
import { segmentName } from '../../../shared/model/walFile'
import { archiveOf, at, backupFacts, history, noActivity, segment, segmentSize, segments, wishFor } from './archiveSamples'

const name = (timeline: number, number: number) => segmentName({ timeline, number: BigInt(number) }, segmentSize)
const monday = backupFacts('monday', 2)
const tuesday = backupFacts('tuesday', 5)
const whole = archiveOf(segments(1, [1, 2, 3, 4, 5, 6, 7, 8]))
const second = (count: number) => `1970-01-01 00:00:${count.toFixed(6).padStart(9, '0')} UTC`

interface More {
  index?: ArchiveIndex
  backups?: readonly BackupFacts[]
  backup?: string
  look?: DeepLook
}

function plan(wish: RecoveryWish, { index = whole, backups = [monday, tuesday], backup, look = {} }: More = {}): PointPlan {
  return planPoint({ index, backups, wish, backup: backup ?? null, toRead: 0n, look })
}

const blocker = (wish: RecoveryWish, more?: More) => plan(wish, more).blockers[0]

describe('rule 1: exactly one target', () => {
  it('is one setting, and none for the end of the WAL', () => {
    const targets = [wishFor.time(6_000_000), wishFor.lsn(at(6)), wishFor.xid(6), wishFor.name('before'), wishFor.immediate()]
    for (const wish of targets) {
      const settings = targetSettings(wish).filter(({ name: key }) => /^recovery_target(?:_time|_lsn|_xid|_name)?$/.test(key))
      expect(settings).toEqual([targetSetting(wish)])
    }
    expect(targetSettings(wishFor.end()).map(({ name: key }) => key)).toEqual([
      'recovery_target_timeline',
      'hot_standby',
      'archive_mode',
    ])
  })

  it('is never empty', () => {
    expect(() => targetSetting({ ...wishFor.name('x'), kind: 'name', value: ' ' })).toThrow('A restore point has a name.')
    expect(recoveryWish.safeParse({ ...wishFor.name('x'), value: '' }).success).toBe(false)
    expect(recoveryWish.safeParse({ ...wishFor.lsn(1n), value: '' }).success).toBe(false)
    for (const wish of [wishFor.time(1), wishFor.lsn(1n), wishFor.xid(3), wishFor.immediate(), wishFor.end()]) {
      for (const { value } of targetSettings(wish)) expect(value).not.toBe('')
    }
  })
})

it('rule 2: writes a time to the microsecond with +00:00, never Z', () => {
  expect(formatTargetTime(Date.UTC(2026, 10, 22, 9, 14, 32) * 1000 + 500_001)).toBe('2026-11-22 09:14:32.500001+00:00')
  expect(targetSetting(wishFor.time(0))).toEqual({ name: 'recovery_target_time', value: '1970-01-01 00:00:00.000000+00:00' })
})

describe('rule 3: after the backup’s stop', () => {
  it('takes the newest backup that ended before the moment', () => {
    expect(plan(wishFor.time(6_500_000))).toMatchObject({ backup: { label: 'tuesday' }, blockers: [] })
    expect(plan(wishFor.time(4_500_000))).toMatchObject({ backup: { label: 'monday' }, blockers: [] })
    expect(plan(wishFor.lsn(at(4)))).toMatchObject({ backup: { label: 'monday' }, blockers: [] })
  })

  it('refuses a time before it', () => {
    expect(blocker(wishFor.time(2_400_000))).toEqual({
      reason: 'before-backup',
      says: `${second(2.4)} is before the end of the backup monday at ${second(2.5)}.`,
      nearest: wishFor.time(2_500_000),
      nearestSays: `${second(2.5)}, when the backup monday ended.`,
    })
    expect(plan(wishFor.time(2_500_000)).blockers).toEqual([])
  })

  it('refuses a position, a transaction and a restore point before it', () => {
    expect(blocker(wishFor.lsn(at(2, 4999)))).toMatchObject({
      reason: 'before-backup',
      says: `${formatLsn(at(2, 4999))} is before the end of the backup monday at ${monday.shown.stop}.`,
      nearest: wishFor.lsn(at(2, 5000), { inclusive: false }),
      nearestSays: `The end of the backup monday, ${second(2.5)}.`,
    })
    const transaction = { lsn: formatLsn(at(2, 100)), time: 2_000_000, xid: 3, aborted: false }
    expect(blocker(wishFor.xid(3), { look: { transaction } })).toMatchObject({
      reason: 'before-backup',
      says: `Transaction 3 ended at ${transaction.lsn}, before the end of the backup monday at ${monday.shown.stop}.`,
      nearest: wishFor.xid(3),
      nearestSays: `Transaction 3, which committed at ${second(3)}.`,
    })
    const index = archiveOf(segments(1, [1]), named(2, 100, 'early'), segments(1, [3, 4]))
    expect(blocker(wishFor.name('early'), { index, backups: [monday] })).toMatchObject({
      reason: 'before-backup',
      says: `The restore point early at ${formatLsn(at(2, 100))} is before the end of the backup monday at ${monday.shown.stop}.`,
    })
    expect(blocker(wishFor.name('early'), { index, backups: [backupFacts('later', 3)] })).toMatchObject({
      reason: 'before-backup',
      says: 'The restore point early is before the backup later.',
    })
  })

  it('refuses what the backup that was asked for does not lead to, and offers what another does', () => {
    expect(blocker(wishFor.time(4_500_000), { backup: tuesday.shown.path })).toMatchObject({
      reason: 'before-backup',
      says: `${second(4.5)} is before the end of the backup tuesday at ${second(5.5)}.`,
    })
    expect(blocker(wishFor.time(4_500_000), { backup: '/library/nowhere' })).toMatchObject({
      reason: 'backup',
      says: '/library/nowhere is no base backup of this cluster in a library.',
    })
    expect(blocker(wishFor.time(4_500_000), { backups: [] })).toEqual({
      reason: 'backup',
      says: 'No library holds a base backup of this cluster: recovery begins with one.',
      nearest: null,
      nearestSays: '',
    })
  })
})

describe('rule 4: strictly before the last COMMIT or ABORT', () => {
  const last = {
    nearest: wishFor.lsn(at(8, 100)),
    nearestSays: `Up to the last commit in reach, transaction 8 of ${second(8)}, by its position ${formatLsn(at(8, 100))}.`,
  }

  it('refuses the last commit’s own time when it is inclusive, and not when it is exclusive', () => {
    expect(blocker(wishFor.time(8_000_000))).toEqual({
      reason: 'equals-last-end',
      says: `${second(8)} is that of the last commit in reach, transaction 8: a time must lie strictly before it. The archive ends at ${formatLsn(at(9))} on timeline 1.`,
      ...last,
    })
    expect(plan(wishFor.time(7_999_999)).blockers).toEqual([])
    expect(plan(wishFor.time(8_000_000, { inclusive: false })).blockers).toEqual([])
    expect(blocker(wishFor.time(8_000_001, { inclusive: false }))).toMatchObject({ reason: 'after-end', ...last })
  })

  it('refuses a time after it', () => {
    expect(blocker(wishFor.time(8_000_001))).toEqual({
      reason: 'after-end',
      says: `${second(8.000001)} is after the last commit in reach, transaction 8 of ${second(8)}. The archive ends at ${formatLsn(at(9))} on timeline 1.`,
      ...last,
    })
  })

  it('refuses any time where no transaction ended after the backup', () => {
    expect(blocker(wishFor.time(8_600_000), { backups: [backupFacts('late', 8)] })).toEqual({
      reason: 'after-end',
      says: `No transaction ended after the backup late at ${formatLsn(at(8, 5000))}, so no time can be reached from it. The archive ends at ${formatLsn(at(9))} on timeline 1.`,
      nearest: wishFor.lsn(at(8, 5000), { inclusive: false }),
      nearestSays: `The end of the backup late, ${second(8.5)}.`,
    })
  })

  it('counts a rollback as an end', () => {
    const commit = { lsn: formatLsn(at(8, 100)), time: 8_000_000, xid: 8 }
    const abort = { lsn: formatLsn(at(8, 900)), time: 8_700_000, xid: 9 }
    const own = {
      ...noActivity,
      commits: 1,
      aborts: 1,
      earliest: 8_000_000,
      latest: 8_000_000,
      firstCommit: commit,
      lastCommit: commit,
      lastEnd: abort,
    }
    const index = archiveOf(segments(1, [5, 6, 7]), segment(1, 8, { own }))
    expect(plan(wishFor.time(8_500_000), { index }).blockers).toEqual([])
    expect(blocker(wishFor.time(8_700_000), { index })?.reason).toBe('equals-last-end')
  })
})

describe('rule 5: restore points and transactions', () => {
  it('warns that a name is not unique, and stops at the first', () => {
    const index = archiveOf(segments(1, [2]), named(3, 100, 'nightly'), segments(1, [4, 5]), named(6, 100, 'nightly'))
    expect(plan(wishFor.name('nightly'), { index, backups: [monday] })).toMatchObject({
      stopLsn: formatLsn(at(3, 100)),
      stopsAt: `Stops at the restore point nightly of ${second(3)}.`,
      warnings: [
        `2 restore points are named nightly. Recovery stops at the first, of ${second(3)}; ask for the position of a later one instead.`,
      ],
      blockers: [],
    })
    // From the later backup the second is the first.
    expect(plan(wishFor.name('nightly'), { index })).toMatchObject({ stopLsn: formatLsn(at(6, 100)), warnings: [] })
    expect(blocker(wishFor.name('Nightly'), { index })).toMatchObject({
      reason: 'not-found',
      says: `No restore point Nightly is on the way to timeline 1. The archive ends at ${formatLsn(at(7))} on timeline 1.`,
    })
  })

  it('wants the very transaction, and says what stops', () => {
    expect(blocker(wishFor.xid(77), { look: { transaction: null } })).toEqual({
      reason: 'not-found',
      says: `No commit or rollback of transaction 77 is between the backup tuesday and ${formatLsn(at(9))}. The archive ends at ${formatLsn(at(9))} on timeline 1.`,
      nearest: wishFor.xid(8),
      nearestSays: `Transaction 8, which committed at ${second(8)}.`,
    })
    const transaction = { lsn: formatLsn(at(7, 100)), time: 7_000_000, xid: 7, aborted: false }
    expect(plan(wishFor.xid(7), { look: { transaction } })).toMatchObject({
      stopsAt: `Stops after the commit of transaction 7 of ${second(7)}.`,
      setting: { name: 'recovery_target_xid', value: '7' },
      blockers: [],
    })
    expect(
      plan(wishFor.xid(7, { inclusive: false }), { look: { transaction: { ...transaction, aborted: true } } }),
    ).toMatchObject({
      stopsAt: `Stops before the rollback of transaction 7 of ${second(7)}.`,
      warnings: ['Transaction 7 was rolled back: nothing of it will be seen.'],
    })
    expect(plan(wishFor.xid(7)).warnings).toEqual([
      'Whether transaction 7 ended on the way is not known. Without its commit recovery fails at the end of the WAL.',
    ])
  })
})

describe('rule 6: a pinned timeline', () => {
  // Timeline 2 leaves timeline 1 in segment 4, at 3000.
  const forked = () =>
    archiveOf(
      segments(1, [1, 2, 3, 4, 5, 6]),
      history(2, [[1, at(4, 3000)]]),
      segment(2, 4, {
        header: {
          major: 18,
          timeline: 1,
          start: formatLsn(at(4)),
          systemIdentifier: '7614118026514903417',
          segmentSize,
          pageSize: 8192,
        },
        inherited: {
          ...noActivity,
          commits: 1,
          lastCommit: commit(4),
          lastEnd: commit(4),
          latest: 4_000_000,
          timeline: 1,
          forkAt: formatLsn(at(4, 3000)),
        },
        own: noActivity,
      }),
      segments(2, [5, 6, 7]),
    )

  it('is a number, the wish’s own', () => {
    for (const timeline of [1, 2]) {
      const { settings, blockers } = plan(wishFor.time(5_500_000, { timeline }), { index: forked(), backups: [monday] })
      expect(blockers).toEqual([])
      expect(settings).toContainEqual({ name: 'recovery_target_timeline', value: String(timeline) })
    }
    expect(recoveryWish.safeParse({ ...wishFor.end(), timeline: 'latest' }).success).toBe(false)
  })

  it('goes by its own branch', () => {
    const own = plan(wishFor.lsn(at(6, 50)), { index: forked(), backups: [monday] })
    expect([own.firstSegment, own.lastSegment, own.segments]).toEqual([name(1, 2), name(1, 6), 5])
    const other = plan(wishFor.lsn(at(6, 50), { timeline: 2 }), { index: forked(), backups: [monday] })
    expect([other.firstSegment, other.lastSegment, other.segments]).toEqual([name(1, 2), name(2, 6), 5])
    const before = plan(wishFor.lsn(at(4, 50), { timeline: 2 }), { index: forked(), backups: [monday] })
    expect(before.lastSegment).toBe(name(2, 4))
    expect(before.warnings).toEqual([
      `That moment is before timeline 2 begins, at ${formatLsn(at(4, 3000))}: it is the same on both.`,
    ])
  })

  it('refuses a fork before the backup’s stop', () => {
    expect(blocker(wishFor.time(6_500_000, { timeline: 2 }), { index: forked(), backups: [tuesday] })).toEqual({
      reason: 'fork',
      says: `The backup tuesday does not lead to timeline 2: the way to timeline 2 leaves timeline 1 at ${formatLsn(at(4, 3000))}, before ${tuesday.shown.stop}.`,
      nearest: null,
      nearestSays: '',
    })
    // An older backup serves.
    expect(plan(wishFor.time(6_500_000, { timeline: 2 }), { index: forked() })).toMatchObject({
      backup: { label: 'monday' },
      blockers: [],
    })
  })

  it('refuses a timeline that is not there, or that does not come from the backup’s', () => {
    expect(blocker(wishFor.end({ timeline: 9 }), { index: forked() })).toMatchObject({
      reason: 'timeline',
      says: 'Timeline 9 is not in the archive.',
    })
    const onTwo = backupFacts('on two', 6, { timeline: 2 })
    expect(blocker(wishFor.lsn(at(6, 6000)), { index: forked(), backups: [onTwo] })).toMatchObject({
      reason: 'timeline',
      says: 'The backup on two does not lead to timeline 1: timeline 1 does not come from timeline 2.',
    })
    const stray = archiveOf(segments(1, [1, 2, 3]), segments(3, [5]))
    expect(blocker(wishFor.end({ timeline: 3 }), { index: stray, backups: [monday] })).toMatchObject({
      reason: 'timeline',
      says: 'The backup monday does not lead to timeline 3: 00000003.history is not in the archive, so the way to timeline 3 is not known.',
    })
  })
})

describe('rules 11 and 12: actions, gaps and damage', () => {
  const gap = archiveOf(segments(1, [1, 2, 3, 5, 6, 7, 8]))
  const lost = `${name(1, 4)} is missing: nothing after ${formatLsn(at(4))} can be reached.`

  it('reaches a moment before a gap, and says that there is one', () => {
    expect(plan(wishFor.time(2_900_000), { index: gap, backups: [monday] })).toMatchObject({
      blockers: [],
      warnings: [`Not further on this way: ${lost}`],
    })
  })

  it('refuses a moment after it, and offers what is nearest on either side', () => {
    expect(blocker(wishFor.time(3_600_000), { index: gap, backups: [monday, backupFacts('friday', 6)] })).toEqual({
      reason: 'gap',
      says: `${second(3.6)} is after the last commit in reach, transaction 3 of ${second(3)}. ${lost}`,
      nearest: wishFor.lsn(at(3, 100)),
      nearestSays: `Up to the last commit in reach, transaction 3 of ${second(3)}, by its position ${formatLsn(at(3, 100))}.`,
    })
    expect(blocker(wishFor.time(6_300_000), { index: gap, backups: [monday, backupFacts('friday', 6)] })).toMatchObject({
      reason: 'gap',
      nearest: wishFor.time(6_500_000),
      nearestSays: `${second(6.5)}, when the backup friday ended.`,
    })
    expect(plan(wishFor.time(7_500_000), { index: gap, backups: [monday, backupFacts('friday', 6)] })).toMatchObject({
      backup: { label: 'friday' },
      blockers: [],
    })
    expect(blocker(wishFor.lsn(at(4, 5)), { index: gap, backups: [monday] })).toMatchObject({
      reason: 'gap',
      says: `${formatLsn(at(4, 5))} is not in reach. ${lost}`,
      nearest: wishFor.lsn(at(3, 100)),
    })
  })

  it('refuses the end of the WAL with a gap or damage in front of it', () => {
    expect(blocker(wishFor.end(), { index: gap, backups: [monday] })).toEqual({
      reason: 'gap',
      says: `${lost} Without a target PostgreSQL would take that for the end, and say nothing of what is lost.`,
      nearest: wishFor.lsn(at(3, 100)),
      nearestSays: `Up to the last commit in reach, transaction 3 of ${second(3)}, by its position ${formatLsn(at(3, 100))}.`,
    })
    expect(plan(wishFor.end({ action: 'promote' }))).toMatchObject({
      setting: null,
      stopsAt: `Replays all WAL up to ${formatLsn(at(9))}. The last commit is transaction 8 of ${second(8)}.`,
      warnings: [],
    })
    expect(plan(wishFor.end()).warnings).toEqual(['At the end of the WAL there is nothing to pause at: the cluster is promoted.'])
  })

  it('refuses what is behind a damaged record, and says where it is', () => {
    const lsn = formatLsn(at(7, 500))
    const damaged = segment(1, 7, { damage: { lsn, words: 'bad page', from: null }, end: lsn })
    const index = archiveOf(segments(1, [2, 3, 4, 5, 6]), damaged, segments(1, [8]))
    const says = `${name(1, 7)} is damaged at ${lsn}: nothing after it can be reached.`
    expect(blocker(wishFor.time(7_500_000), { index })).toMatchObject({
      reason: 'damage',
      says: `${second(7.5)} is after the last commit in reach, transaction 7 of ${second(7)}. ${says}`,
      nearest: wishFor.lsn(at(7, 100)),
    })
    expect(blocker(wishFor.end(), { index })?.reason).toBe('damage')
    expect(plan(wishFor.time(6_500_000), { index }).blockers).toEqual([])
  })

  it('refuses a short or foreign segment like a missing one, by its own words', () => {
    const short = segment(1, 7, { problem: { fault: 'size', says: 'has 8,388,608 of 16,777,216 bytes' } })
    const index = archiveOf(segments(1, [2, 3, 4, 5, 6]), short, segments(1, [8]))
    expect(blocker(wishFor.time(7_500_000), { index })).toMatchObject({
      reason: 'damage',
      says: `${second(7.5)} is after the last commit in reach, transaction 6 of ${second(6)}. ${name(1, 7)} has 8,388,608 of 16,777,216 bytes: nothing after ${formatLsn(at(7))} can be reached.`,
    })
  })

  it('refuses a backup without its WAL whose WAL is not in the archive', () => {
    const bare = backupFacts('bare', 2, { holdsWal: false })
    expect(blocker(wishFor.immediate(), { index: archiveOf(segments(1, [3, 4])), backups: [bare] })).toMatchObject({
      reason: 'gap',
      says: `The backup bare needs WAL up to ${bare.shown.stop}. ${name(1, 2)} is missing: nothing after ${formatLsn(at(2, 40))} can be reached.`,
      nearest: null,
    })
    expect(plan(wishFor.immediate(), { index: archiveOf(segments(1, [2])), backups: [bare] })).toMatchObject({
      blockers: [],
      stopsAt: `Stops as soon as the backup is consistent, at ${bare.shown.stop}.`,
    })
  })

  it('warns of a shutdown, of what was not read, of a backup that was never checked', () => {
    expect(plan(wishFor.immediate({ action: 'shutdown' })).warnings).toEqual([
      'After the shutdown recovery.signal stays: the next start shuts down again, until it is removed or another target is set.',
    ])
    const unchecked = { ...monday, shown: { ...monday.shown, verified: null } }
    const facts = { index: whole, backups: [unchecked], wish: wishFor.immediate(), backup: null, toRead: 1_073_741_824n }
    expect(planPoint(facts).warnings).toEqual([
      'The backup monday was never checked.',
      '1.00 GB of WAL in the archive were not read yet: what is in it is not known.',
    ])
  })
})

it('rule 13: takes a .partial for the last segment, and says so', () => {
  const index = archiveOf(segments(1, [2, 3]), segment(1, 4, { partial: true, end: formatLsn(at(4, 4000)) }))
  expect(plan(wishFor.lsn(at(4, 100)), { index, backups: [monday] })).toMatchObject({
    blockers: [],
    lastSegment: name(1, 4),
    warnings: [`The last segment on the way is ${name(1, 4)}.partial, which was not complete when it was copied.`],
  })
  expect(plan(wishFor.time(2_700_000), { index, backups: [monday] }).warnings).toEqual([])
})

describe('positions', () => {
  it('stops at a record that begins there or later, when there is one', () => {
    expect(plan(wishFor.lsn(at(8, 100), { inclusive: false }))).toMatchObject({
      stopsAt: `Stops before the first record that begins at ${formatLsn(at(8, 100))} or later.`,
      warnings: [],
    })
    expect(plan(wishFor.lsn(at(8, 101))).warnings).toEqual([
      `Whether a record begins at ${formatLsn(at(8, 101))} or after it is not known: no commit does. Without one recovery fails.`,
    ])
    expect(plan(wishFor.lsn(at(8, 101)), { look: { record: formatLsn(at(8, 200)) } })).toMatchObject({
      stopsAt: `Stops after the record at ${formatLsn(at(8, 200))}.`,
      stopLsn: formatLsn(at(8, 200)),
      warnings: [],
      blockers: [],
    })
    expect(blocker(wishFor.lsn(at(8, 201)), { look: { record: null } })).toMatchObject({
      reason: 'after-end',
      says: `No record begins at ${formatLsn(at(8, 201))} or after it. The archive ends at ${formatLsn(at(9))} on timeline 1.`,
      nearest: wishFor.lsn(at(8, 100)),
    })
    expect(blocker(wishFor.lsn(at(9)))).toMatchObject({ reason: 'after-end' })
  })
})

describe('the plan', () => {
  it('counts what is replayed, and offers the other backups', () => {
    const inc = backupFacts('friday', 6, { chain: ['/library/tuesday', '/library/friday'] })
    const found = plan(wishFor.time(7_500_000), { backups: [monday, tuesday, inc], backup: tuesday.shown.path })
    expect(found).toMatchObject({
      backup: { label: 'tuesday' },
      chain: [],
      segments: 4,
      firstSegment: name(1, 5),
      lastSegment: name(1, 8),
      bytes: String(at(9) - at(5, 40)),
      stopLsn: null,
      stopsAt: `Stops before the first commit after ${second(7.5)}.`,
      estimate: { copySeconds: 2, replaySeconds: 2 },
    })
    const monthly = plan(wishFor.time(7_500_000), { backups: [monday, tuesday] })
    expect(monthly.backup?.label).toBe('tuesday')
    expect(monthly.alternatives.map(({ says }) => says)).toEqual(['With the backup monday: 7 segments, 112 MB of WAL.'])
  })

  it('begins with an incremental backup where that is the nearest, and with a full one that ended at the same place', () => {
    const inc = backupFacts('friday', 6, { chain: ['/library/tuesday', '/library/friday'] })
    const found = plan(wishFor.time(7_500_000), { backups: [monday, tuesday, inc] })
    expect(found).toMatchObject({ backup: { label: 'friday' }, chain: inc.chain, segments: 3 })
    expect(found.alternatives.map(({ label }) => label)).toEqual(['tuesday', 'monday'])
    const whole = backupFacts('combined', 6)
    const both = plan(wishFor.time(7_500_000), { backups: [monday, inc, whole] })
    expect(both).toMatchObject({ backup: { label: 'combined' }, chain: [] })
    expect(both.alternatives[0]?.says).toBe(
      'With the backup friday: 3 segments, 48.0 MB of WAL, but 2 backups are combined first.',
    )
    const broken = { ...inc, shown: { ...inc.shown, problem: 'It builds on nothing.' } }
    expect(plan(wishFor.time(7_500_000), { backups: [monday, tuesday, broken] }).backup?.label).toBe('tuesday')
  })

  it('names the neighbours where they were looked up', () => {
    const before = { lsn: formatLsn(at(7, 100)), time: 7_000_000, xid: 7 }
    const after = { lsn: formatLsn(at(8, 100)), time: 8_000_000, xid: 8, aborted: false }
    expect(plan(wishFor.time(7_500_000), { look: { before, after } })).toMatchObject({
      stopLsn: after.lsn,
      stopTime: 7_000_000,
      stopsAt: `Stops before the commit of transaction 8 of ${second(8)}. The last one kept is transaction 7 of ${second(7)}.`,
    })
  })

  it('leaves out a backup with a problem, and gives it when it was asked for', () => {
    const broken = { ...tuesday, shown: { ...tuesday.shown, problem: 'The backup tuesday is damaged.' } }
    expect(plan(wishFor.time(7_500_000), { backups: [monday, broken] })).toMatchObject({ backup: { label: 'monday' } })
    expect(blocker(wishFor.time(7_500_000), { backups: [monday, broken], backup: broken.shown.path })).toMatchObject({
      reason: 'backup',
      says: 'The backup tuesday is damaged.',
    })
  })
})

function commit(number: number) {
  return { lsn: formatLsn(at(number, 100)), time: number * 1_000_000, xid: number }
}

/** A segment with a restore point and a commit. */
function named(number: number, offset: number, point: string) {
  const plain = segment(1, number)
  const own = {
    ...noActivity,
    ...plain.own,
    restorePoints: [{ name: point, lsn: formatLsn(at(number, offset)), time: number * 1_000_000 }],
  }
  return { ...plain, own }
}
