// Tells the end of the WAL from damage in the segment that was being written: behind the end there is nothing of this position.
import { open } from 'node:fs/promises'
import type { Lsn } from '../../shared/model/lsn'
import {
  firstRecordAt,
  readPageStart,
  recordBegins,
  recordEnd,
  shortHeaderSize,
  type WalGeometry,
} from '../../shared/model/walPages'
import { readBytes, readRecord, type SegmentFile } from './segmentFiles'

/** XLogRecord: its length, and at 8 the position of the record before. */
const previousAt = 8
const longestRecord = 1020 * 1024 * 1024

/**
 * Where there is WAL of this very segment after `end`, at which no record could be read; null when it ends there. Pages are
 * written in order, each with its own address, and what a segment held before it was used again has lower ones.
 */
export async function goesOnAfter(file: SegmentFile, end: Lsn, geometry: WalGeometry): Promise<Lsn | null> {
  const { start } = file
  const size = BigInt(geometry.pageSize)
  const until = start + BigInt(geometry.segmentSize)
  const near = await nextRecord(file, end, geometry)
  if (near !== null) return near
  const handle = await open(file.path, 'r')
  try {
    const bytes = Buffer.alloc(shortHeaderSize)
    // The page that the record begins on counts for nothing; one after it does, as soon as a record begins on it.
    for (let page = (end / size + 1n) * size; page < until; page += size) {
      await handle.read(bytes, 0, shortHeaderSize, Number(page - start))
      const begin = readPageStart(bytes)
      if (begin.address !== page) return null
      if (recordBegins(begin, page, geometry) && (await isRecord(file, firstRecordAt(begin, page, geometry), end, geometry))) {
        return page
      }
    }
    return null
  } finally {
    await handle.close()
  }
}

/** On the same page: the record after the unreadable one points back at it. */
async function nextRecord(file: SegmentFile, end: Lsn, geometry: WalGeometry): Promise<Lsn | null> {
  const length = (await readBytes([file], end, 4, geometry))?.readUInt32LE(0) ?? 0
  if (length < 24 || length > longestRecord) return null
  const next = recordEnd(end, length, geometry)
  if (next >= file.start + BigInt(geometry.segmentSize)) return null
  const head = await readRecord([file], next, previousAt + 8, geometry)
  return head?.readBigUInt64LE(previousAt) === end ? next : null
}

/** Its length is one of a record, and the one before it lies at the unreadable place or behind that. */
async function isRecord(file: SegmentFile, at: Lsn, end: Lsn, geometry: WalGeometry): Promise<boolean> {
  const head = await readBytes([file], at, previousAt + 8, geometry)
  if (!head) return false
  const previous = head.readBigUInt64LE(previousAt)
  return head.readUInt32LE(0) >= 24 && previous >= end && previous < at
}
