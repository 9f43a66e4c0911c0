// The first page of a WAL segment: which PostgreSQL wrote it, for which cluster, timeline and position.
import { formatLsn, type Lsn } from './lsn'

/** Bytes of a long page header: what must be read of a segment to know it. */
export const longHeaderSize = 40

/** XLOG_PAGE_MAGIC of each major (src/include/access/xlog_internal.h). */
const magics: Readonly<Record<number, number>> = { 0xd106: 13, 0xd10d: 14, 0xd110: 15, 0xd113: 16, 0xd116: 17, 0xd118: 18 }

/** XLP_LONG_HEADER: the first page of each segment has it. */
const longHeader = 0x0002

export interface WalHeader {
  major: number
  timeline: number
  /** Position of the segment's first byte. */
  start: Lsn
  /** As pg_controldata prints it. */
  systemIdentifier: string
  segmentSize: number
  /** Size of a WAL page, XLOG_BLCKSZ. */
  pageSize: number
}

export type HeaderReading = { ok: true; header: WalHeader } | { ok: false; reason: string }

/**
 * Reads XLogLongPageHeaderData of a little-endian cluster (the only kind that pg_basebackup can bring to a machine
 * that runs Walkback): magic at 0, flags at 2, timeline at 4, page address at 8, system identifier at 24, sizes at 32.
 */
export function readWalHeader(bytes: Uint8Array): HeaderReading {
  if (bytes.length < longHeaderSize) return { ok: false, reason: `it has only ${bytes.length} bytes` }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = view.getUint16(0, true)
  if (bytes.subarray(0, longHeaderSize).every((byte) => byte === 0)) return { ok: false, reason: 'it begins with zeros' }
  const major = magics[magic]
  if (major === undefined) {
    return { ok: false, reason: `it begins with ${hex4(magic)}, which no PostgreSQL from 13 to 18 writes` }
  }
  if ((view.getUint16(2, true) & longHeader) === 0) return { ok: false, reason: 'its first page is not that of a segment' }
  const header: WalHeader = {
    major,
    timeline: view.getUint32(4, true),
    start: view.getBigUint64(8, true),
    systemIdentifier: view.getBigUint64(24, true).toString(),
    segmentSize: view.getUint32(32, true),
    pageSize: view.getUint32(36, true),
  }
  if (header.segmentSize === 0 || header.start % BigInt(header.segmentSize) !== 0n) {
    return { ok: false, reason: `its first page says ${formatLsn(header.start)}, which is no segment’s beginning` }
  }
  return { ok: true, header }
}

function hex4(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0')
}
