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

/** Where the first record at or after this place begins; null when one record goes on through all the files. */
export async function firstBeginning(files: readonly SegmentFile[], from: Lsn, geometry: WalGeometry): Promise<Lsn | null> {
  const pageSize = BigInt(geometry.pageSize)
  if (from % pageSize !== 0n) return from
  const bytes = Buffer.alloc(shortHeaderSize)
  for (const { path, start } of files) {
    const end = start + BigInt(geometry.segmentSize)
    if (end <= from) continue
    const handle = await open(path, 'r')
    try {
      for (let address = from > start ? from : start; address < end; address += pageSize) {
        await handle.read(bytes, 0, shortHeaderSize, Number(address - start))
        const page = readPageStart(bytes)
        if (page.address !== address) return address
        if (recordBegins(page, address, geometry)) return firstRecordAt(page, address, geometry)
      }
    } finally {
      await handle.close()
    }
  }
  return null
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
    const bytes = await readBytes(files, piece.at, piece.length, geometry)
    if (bytes === undefined) return undefined
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

/** As they lie in one segment, page headers and all; undefined where it is not among those given, or shorter. */
export async function readBytes(
  files: readonly SegmentFile[],
  at: Lsn,
  length: number,
  { segmentSize }: WalGeometry,
): Promise<Buffer | undefined> {
  const file = files.find(({ start }) => at >= start && at < start + BigInt(segmentSize))
  if (!file) return undefined
  const handle = await open(file.path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, Number(at - file.start))
    return bytesRead < length ? undefined : buffer
  } finally {
    await handle.close()
  }
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
