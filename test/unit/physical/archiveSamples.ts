// Archives made up for tests of the pure parts: segments by timeline and number, histories, nothing on disk.
import type { ArchiveEntry, ArchiveIndex, HistoryEntry, SegmentEntry, WalActivity } from '../../../shared/model/archiveIndex'
import { assembleArchive } from '../../../shared/model/assembleArchive'
import { formatLsn } from '../../../shared/model/lsn'
import type { BackupFacts } from '../../../shared/model/recoveryReach'
import { type RecoveryWish, recoveryWish } from '../../../shared/model/recoveryWish'
import { historyName, segmentName } from '../../../shared/model/walFile'

export const MB = 1024 * 1024
export const segmentSize = 16 * MB
export const cluster = '7614118026514903417'

export const noActivity: WalActivity = {
  ...{ commits: 0, aborts: 0, earliest: null, latest: null, firstCommit: null, lastCommit: null, lastEnd: null },
  ...{ minutes: [], restorePoints: [] },
}

/** With one commit, 100 bytes after the segment's beginning, at the second of its number. */
export function segment(timeline: number, number: number, change: Partial<SegmentEntry> = {}): SegmentEntry {
  const start = BigInt(number) * BigInt(segmentSize)
  const commit = { lsn: formatLsn(start + 100n), time: number * 1_000_000, xid: number }
  const header = { major: 18, timeline, start: formatLsn(start), systemIdentifier: cluster, segmentSize, pageSize: 8192 }
  const name = segmentName({ timeline, number: BigInt(number) }, segmentSize)
  return {
    ...{ kind: 'segment', file: change.partial ? `${name}.partial` : name, size: segmentSize, modified: 0, problem: null },
    ...{ timeline, number, partial: false, compressed: null, header, continues: false, inherited: null, damage: null },
    own: {
      ...noActivity,
      commits: 1,
      earliest: commit.time,
      latest: commit.time,
      firstCommit: commit,
      lastCommit: commit,
      lastEnd: commit,
    },
    end: formatLsn(start + BigInt(segmentSize)),
    ...{ unread: null, joined: true },
    ...change,
  }
}

export const segments = (timeline: number, numbers: readonly number[]) => numbers.map((number) => segment(timeline, number))

export const at = (number: number, offset = 0) => BigInt(number) * BigInt(segmentSize) + BigInt(offset)

export function history(timeline: number, switches: readonly (readonly [parent: number, at: bigint])[]): HistoryEntry {
  return {
    ...{ kind: 'history', file: historyName(timeline), size: 41, modified: 0, problem: null, timeline },
    switches: switches.map(([parent, lsn]) => ({ parent, at: formatLsn(lsn), reason: 'no recovery target specified' })),
  }
}

export function archiveOf(...entries: readonly (ArchiveEntry | readonly ArchiveEntry[])[]): ArchiveIndex {
  return assembleArchive('/archive', entries.flat(), null)
}

/** In the segment of its number, from 40 to 5000, after that segment's commit; it ends half a second after it. */
export function backupFacts(
  label: string,
  number: number,
  change: Partial<BackupFacts> & { timeline?: number } = {},
): BackupFacts {
  const { timeline = 1, ...more } = change
  const [start, stop] = [at(number, 40), at(number, 5000)]
  return {
    shown: {
      ...{ path: `/library/${label}`, label, kind: 'full', parentPath: null, timeline, problem: '' },
      ...{ start: formatLsn(start), stop: formatLsn(stop), stopTime: number * 1_000_000 + 500_000 },
      ...{ size: '300000000', verified: '2026-11-26T10:00:00Z' },
    },
    ...{ start: { timeline, lsn: start }, stop: { timeline, lsn: stop }, holdsWal: true, chain: [] },
    ...more,
  }
}

/** A wish on timeline 1, inclusive, that pauses. */
export const wishFor = {
  time: (value: number, change: Partial<RecoveryWish> = {}) => wished({ kind: 'time', value }, change),
  lsn: (value: bigint, change: Partial<RecoveryWish> = {}) => wished({ kind: 'lsn', value: formatLsn(value) }, change),
  xid: (value: number, change: Partial<RecoveryWish> = {}) => wished({ kind: 'xid', value }, change),
  name: (value: string, change: Partial<RecoveryWish> = {}) => wished({ kind: 'name', value }, change),
  immediate: (change: Partial<RecoveryWish> = {}) => wished({ kind: 'immediate' }, change),
  end: (change: Partial<RecoveryWish> = {}) => wished({ kind: 'end' }, change),
}

function wished(target: object, change: Partial<RecoveryWish>): RecoveryWish {
  return recoveryWish.parse({ timeline: 1, inclusive: true, action: 'pause', ...target, ...change })
}
