// Archives made up for tests of the pure parts: segments by timeline and number, histories, nothing on disk.
import type { ArchiveEntry, ArchiveIndex, HistoryEntry, SegmentEntry, WalActivity } from '../../../shared/model/archiveIndex'
import { assembleArchive } from '../../../shared/model/assembleArchive'
import { formatLsn } from '../../../shared/model/lsn'
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
