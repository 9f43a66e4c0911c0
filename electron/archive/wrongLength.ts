// Finds a record whose length is damaged so that it leads beyond the WAL that is here: pg_waldump takes that for the end.
import { formatLsn, type Lsn } from '../../shared/model/lsn'
import {
  firstRecordAt,
  readPageStart,
  recordBegins,
  recordEnd,
  recordPieces,
  shortHeaderSize,
  type WalGeometry,
} from '../../shared/model/walPages'
import { crc32c } from '../library/crc32c'
import { readBytes, readRecord, type SegmentFile } from './segmentFiles'

/** XLogRecord: length, transaction, position of the record before, flags, resource manager, checksum of the rest and of these. */
const recordHeaderSize = 24
const previousAt = 8
const infoAt = 16
const rmgrAt = 17
const crcAt = 20

export interface WrongLength {
  at: Lsn
  words: string
}

/**
 * Every record from `from` to `end`, where the WAL is cut off, was found sound, but for one on its last page that says that it
 * ends behind it. That is so in a segment whose last record goes on in the next one; and where the length is damaged: then a
 * shorter record fits the checksum, or the next one is there. null for the former.
 */
export async function findWrongLength(
  files: readonly SegmentFile[],
  { from, end }: { from: Lsn; end: Lsn },
  geometry: WalGeometry,
): Promise<WrongLength | null> {
  for (let at = await firstToLookAt(files, { from, end }, geometry); at !== null && at + BigInt(recordHeaderSize) <= end; ) {
    const bytes = await readRecord(files, at, bytesUntil(at, end, geometry), geometry)
    if (!bytes) return null
    const length = bytes.readUInt32LE(0)
    if (length < recordHeaderSize) return null
    if (length > bytes.length) return judge(bytes, at, length)
    if (isSwitch(bytes)) return null
    at = recordEnd(at, length, geometry)
  }
  return null
}

/**
 * A record of an earlier page that goes on is compared with the head of the next page, where all of that page is read: so it is
 * the last page that counts, and the one before when the last one is cut.
 */
async function firstToLookAt(
  files: readonly SegmentFile[],
  { from, end }: { from: Lsn; end: Lsn },
  geometry: WalGeometry,
): Promise<Lsn | null> {
  const size = BigInt(geometry.pageSize)
  const last = ((end - 1n) / size) * size
  for (const page of end % size === 0n ? [last] : [last - size, last]) {
    const bytes = await readBytes(files, page, shortHeaderSize, geometry)
    const start = bytes && readPageStart(bytes)
    // What follows a switch is zeros or an older page.
    if (!start || start.address !== page || !recordBegins(start, page, geometry)) continue
    const first = firstRecordAt(start, page, geometry)
    return first < from ? from : first
  }
  return null
}

/** Of a record's own bytes, page headers left out. */
function bytesUntil(at: Lsn, end: Lsn, geometry: WalGeometry): number {
  return recordPieces(at, Number(end - at), geometry)
    .filter((piece) => piece.at < end)
    .reduce((sum, piece) => sum + Math.min(piece.length, Number(end - piece.at)), 0)
}

/** `bytes` begin with the record and go on to where the WAL is cut off. */
function judge(bytes: Buffer, at: Lsn, length: number): WrongLength | null {
  const says = `the record says that it has ${length} bytes`
  const real = lengthByChecksum(bytes, at)
  if (real !== null) return { at, words: `${says}, and its checksum is that of ${real} bytes` }
  for (let offset = recordHeaderSize; offset + recordHeaderSize <= bytes.length; offset += 8) {
    const next = bytes.subarray(offset)
    const own = next.readUInt32LE(0)
    if (next.readBigUInt64LE(previousAt) !== at || own < recordHeaderSize || own > next.length) continue
    if (checksumOf(next, own) !== next.readUInt32LE(crcAt)) continue
    return { at, words: `${says}, and the next one begins at ${formatLsn(at + BigInt(offset))}` }
  }
  return null
}

/** The length with which the record fits its checksum and what follows it. */
function lengthByChecksum(bytes: Buffer, at: Lsn): number | null {
  const crc = bytes.readUInt32LE(crcAt)
  const header = Buffer.from(bytes.subarray(0, crcAt))
  let body = 0
  for (let length = recordHeaderSize; length <= bytes.length; length += 1) {
    header.writeUInt32LE(length, 0)
    if (crc32c(header, body) === crc && (isSwitch(bytes) || follows(bytes, length, at))) return length
    body = crc32c(bytes.subarray(length, length + 1), body)
  }
  return null
}

/** The next record says that this one came before it, as far as it is here. */
function follows(bytes: Buffer, length: number, at: Lsn): boolean {
  const next = Math.ceil(length / 8) * 8
  return next + previousAt + 8 > bytes.length || bytes.readBigUInt64LE(next + previousAt) === at
}

/** XLOG_SWITCH: nothing follows it in its segment. */
function isSwitch(bytes: Buffer): boolean {
  return bytes.readUInt8(rmgrAt) === 0 && (bytes.readUInt8(infoAt) & 0xf0) === 0x40
}

/** Source: ValidXLogRecord. */
function checksumOf(bytes: Buffer, length: number): number {
  return crc32c(bytes.subarray(0, crcAt), crc32c(bytes.subarray(recordHeaderSize, length)))
}
