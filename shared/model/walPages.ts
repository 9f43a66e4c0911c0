// Pages and record lengths inside WAL segments: where a record ends, and where one that crosses a boundary begins.
import type { Lsn } from './lsn'

export interface WalGeometry {
  segmentSize: number
  pageSize: number
}

/** XLogPageHeaderData, padded; the first page of a segment has the long form. */
export const shortHeaderSize = 24
const longHeaderSize = 40

/** XLP_FIRST_IS_CONTRECORD: the page begins with the rest of a record from the page before. */
const continuation = 0x0001

/** MAXALIGN of every platform that runs 13 or later. */
const alignment = 8n

export interface PageStart {
  continues: boolean
  /** Bytes of the record from before that are left, from this page on. */
  remaining: number
  /** As the page says. */
  address: Lsn
}

/** `bytes` are the first 24 of a page. */
export function readPageStart(bytes: Uint8Array): PageStart {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    continues: (view.getUint16(2, true) & continuation) !== 0,
    remaining: view.getUint32(16, true),
    address: view.getBigUint64(8, true),
  }
}

function headerSize(pageAddress: Lsn, { segmentSize }: WalGeometry): number {
  return pageAddress % BigInt(segmentSize) === 0n ? longHeaderSize : shortHeaderSize
}

/** Whether a record begins on the page: the one from before ends on it, or there is none. */
export function recordBegins(page: PageStart, address: Lsn, geometry: WalGeometry): boolean {
  return !page.continues || page.remaining < geometry.pageSize - headerSize(address, geometry)
}

/** Where the first record of the page begins. For a page on which one does. */
export function firstRecordAt(page: PageStart, address: Lsn, geometry: WalGeometry): Lsn {
  return align(address + BigInt(headerSize(address, geometry) + (page.continues ? page.remaining : 0)))
}

function align(lsn: Lsn): Lsn {
  return ((lsn + alignment - 1n) / alignment) * alignment
}

/** Where the next record can begin: after the record's last byte and the page headers between, aligned. */
export function recordEnd(start: Lsn, length: number, geometry: WalGeometry): Lsn {
  const page = BigInt(geometry.pageSize)
  let at = start
  let left = BigInt(length)
  for (;;) {
    if (at % page === 0n) at += BigInt(headerSize(at, geometry))
    const room = page - (at % page)
    if (left <= room) return align(at + left)
    left -= room
    at += room
  }
}

/** The pieces of a record's bytes, page headers left out: position and length of each. */
export function recordPieces(start: Lsn, length: number, geometry: WalGeometry): { at: Lsn; length: number }[] {
  const page = BigInt(geometry.pageSize)
  const pieces: { at: Lsn; length: number }[] = []
  let at = start
  let left = length
  while (left > 0) {
    if (at % page === 0n) at += BigInt(headerSize(at, geometry))
    const room = Number(page - (at % page))
    const taken = Math.min(left, room)
    pieces.push({ at, length: taken })
    left -= taken
    at += BigInt(taken)
  }
  return pieces
}
