// An archive of ten thousand segments without their gigabytes: sparse files with true headers, and what an index knows of them.
import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { SegmentEntry } from '../../shared/model/archiveIndex'
import { formatLsn } from '../../shared/model/lsn'
import { segmentName } from '../../shared/model/walFile'
import { packMinutes } from '../../shared/model/walMinutes'

export const sparseSystem = '7614118026514903417'

/** Of 1970: that of segment `number`. */
export const sparseMinute = (number: number) => 29_000_000 + number

/** A minute of 500 commits each: 5 million in all. */
export function sparseSegment(folder: string, number: number, size: number): SegmentEntry {
  const file = segmentName({ timeline: 1, number: BigInt(number) }, size)
  const start = BigInt(number) * BigInt(size)
  const page = Buffer.alloc(40)
  page.writeUInt16LE(0xd118, 0)
  page.writeUInt16LE(2, 2)
  page.writeUInt32LE(1, 4)
  page.writeBigUInt64LE(start, 8)
  page.writeBigUInt64LE(BigInt(sparseSystem), 24)
  page.writeUInt32LE(size, 32)
  page.writeUInt32LE(8192, 36)
  const fd = openSync(join(folder, file), 'wx')
  writeSync(fd, page)
  ftruncateSync(fd, size)
  closeSync(fd)
  const { mtimeMs } = statSync(join(folder, file))
  const minute = sparseMinute(number)
  const time = minute * 60_000_000
  const end = (offset: number) => ({ lsn: formatLsn(start + BigInt(offset)), time: time + offset, xid: number * 500 })
  return {
    ...{ kind: 'segment', file, size, modified: mtimeMs, problem: null, timeline: 1, number, partial: false, compressed: null },
    header: {
      major: 18,
      timeline: 1,
      start: formatLsn(start),
      systemIdentifier: sparseSystem,
      segmentSize: size,
      pageSize: 8192,
    },
    ...{ continues: true, inherited: null, end: formatLsn(start + BigInt(size)), damage: null, unread: null, joined: true },
    own: {
      ...{ commits: 500, aborts: 3, earliest: time + 100, latest: time + 1_000_000 },
      ...{ firstCommit: end(100), lastCommit: end(1_000_000), lastEnd: end(1_000_000) },
      minutes: packMinutes(
        new Map([
          [minute, 200],
          [minute + 1, 300],
        ]),
      ),
      restorePoints: [],
    },
  }
}
