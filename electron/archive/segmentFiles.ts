// Reads single pages and records out of plain segment files: what pg_waldump does not print.
import { open } from 'node:fs/promises'
import type { RestorePoint } from '../../shared/model/archiveIndex'
import { formatLsn, type Lsn } from '../../shared/model/lsn'
import {
  firstRecordAt,
  readPageStart,
  recordBegins,
  recordPieces,
  shortHeaderSize,
  type WalGeometry,
} from '../../shared/model/walPages'

/** The plain bytes of a segment, and its first position. */
export interface SegmentFile {
  path: string
  start: Lsn
}

/** The last page of the segment on which a record begins; null when one record fills it all. */
export async function lastPageWithBeginning({ path, start }: SegmentFile, geometry: WalGeometry): Promise<Lsn | null> {
  const handle = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(shortHeaderSize)
    for (let at = geometry.segmentSize - geometry.pageSize; at >= 0; at -= geometry.pageSize) {
      await handle.read(bytes, 0, shortHeaderSize, at)
      const address = start + BigInt(at)
      const page = readPageStart(bytes)
      // Zeros after a switch, or an older page: no record that crosses comes through here.
      if (page.address !== address) return address
      if (recordBegins(page, address, geometry)) return address
    }
    return null
  } finally {
    await handle.close()
  }
}

/** Where the first record at or after this page's start begins; the page itself where none does in that segment. */
export async function firstBeginning(files: readonly SegmentFile[], from: Lsn, geometry: WalGeometry): Promise<Lsn> {
  const size = BigInt(geometry.segmentSize)
  const file = files.find(({ start }) => from >= start && from < start + size)
  if (!file || from % BigInt(geometry.pageSize) !== 0n) return from
  const handle = await open(file.path, 'r')
  try {
    const bytes = Buffer.alloc(shortHeaderSize)
    for (let address = from; address < file.start + size; address += BigInt(geometry.pageSize)) {
      await handle.read(bytes, 0, shortHeaderSize, Number(address - file.start))
      const page = readPageStart(bytes)
      if (page.address !== address) return from
      if (recordBegins(page, address, geometry)) return firstRecordAt(page, address, geometry)
    }
    return from
  } finally {
    await handle.close()
  }
}

/** The record's first bytes, page headers left out; undefined where a file of it is not among those given. */
export async function readRecord(
  files: readonly SegmentFile[],
  lsn: Lsn,
  length: number,
  geometry: WalGeometry,
): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  for (const piece of recordPieces(lsn, length, geometry)) {
    const file = files.find(({ start }) => piece.at >= start && piece.at < start + BigInt(geometry.segmentSize))
    if (!file) return undefined
    const handle = await open(file.path, 'r')
    try {
      const bytes = Buffer.alloc(piece.length)
      const { bytesRead } = await handle.read(bytes, 0, piece.length, Number(piece.at - file.start))
      if (bytesRead < piece.length) return undefined
      parts.push(bytes)
    } finally {
      await handle.close()
    }
  }
  return Buffer.concat(parts)
}

/** XLogRecord is 24 bytes; then the mark of short main data and its length (XLogRecordDataHeaderShort). */
const restorePointAt = 26
const restorePointLength = 72
/** 2000-01-01, from which PostgreSQL counts microseconds, in those since 1970. */
const postgresEpoch = 946_684_800_000_000n

/** xl_restore_point: time, then the name in 64 bytes. pg_waldump prints the name alone, cut at a line end if it holds one. */
export async function readRestorePoint(
  files: readonly SegmentFile[],
  lsn: Lsn,
  geometry: WalGeometry,
): Promise<RestorePoint | undefined> {
  const record = await readRecord(files, lsn, restorePointAt + restorePointLength, geometry)
  if (record === undefined) return undefined
  const name = record.subarray(restorePointAt + 8)
  const end = name.indexOf(0)
  return {
    name: name.subarray(0, end === -1 ? name.length : end).toString('utf8'),
    lsn: formatLsn(lsn),
    time: Number(record.readBigInt64LE(restorePointAt) + postgresEpoch),
  }
}
