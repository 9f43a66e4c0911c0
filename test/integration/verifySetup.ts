// Damage for the tests of verification: bytes flipped and put back, what lies in a backup, and where a byte of WAL lies.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { JobSnapshot } from '../../shared/jobs/job'
import { backupRecord, type Verification } from '../../shared/model/backupRecord'
import { toLsn } from '../../shared/model/lsn'
import { recordPieces, type WalGeometry } from '../../shared/model/walPages'

export interface Flip {
  /** Relative to the folder. */
  file: string
  at: number
  undo(): void
}

/** Flips one bit in place, with neither size nor time telling; undo puts both back. */
export function flip(folder: string, file: string, at?: number): Flip {
  const full = path.join(folder, file)
  const { size, mtime, atime } = fs.statSync(full)
  const place = at ?? Math.floor(Math.random() * size)
  const turn = () => {
    const handle = fs.openSync(full, 'r+')
    const byte = Buffer.alloc(1)
    fs.readSync(handle, byte, 0, 1, place)
    byte.writeUInt8(byte.readUInt8(0) ^ bit)
    fs.writeSync(handle, byte, 0, 1, place)
    fs.closeSync(handle)
    fs.utimesSync(full, atime, mtime)
  }
  const bit = 1 << Math.floor(Math.random() * 8)
  turn()
  return { file, at: place, undo: turn }
}

export function anyOf<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)]
  if (item === undefined) throw new Error('there is none')
  return item
}

/** Different ones, at most `count`. */
export function someOf<T>(items: readonly T[], count: number): T[] {
  const left = [...items]
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(Math.floor(Math.random() * left.length), 1)[0] as T,
  )
}

/** Every file and link with a hash of its content, but for the record. */
export function contentsOf(folder: string): string {
  const hash = createHash('sha256')
  for (const entry of fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .toSorted((a, b) => (`${a.parentPath}/${a.name}` < `${b.parentPath}/${b.name}` ? -1 : 1))) {
    const full = path.join(entry.parentPath, entry.name)
    if (entry.name === 'walkback.json') continue
    hash.update(`${full}\0`)
    if (entry.isSymbolicLink()) hash.update(fs.readlinkSync(full))
    else if (entry.isFile()) hash.update(fs.readFileSync(full))
  }
  return hash.digest('hex')
}

export function filesIn(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'walkback.json')
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted()
}

export function verificationsOf(folder: string): Verification[] {
  return backupRecord.parse(JSON.parse(fs.readFileSync(path.join(folder, 'walkback.json'), 'utf8'))).verifications
}

export function said(job: JobSnapshot): string {
  return `${job.state}: ${job.error?.message ?? ''}\n${job.issues.map(({ object, message }) => `${object} | ${message}`).join('\n')}`
}

/** The files that its issues are about; a record that crosses from one into the next names both. */
export function blamed(job: JobSnapshot): string[] {
  return job.issues.flatMap(({ object }) => object.split(' or '))
}

export type WalPlace =
  | 'record'
  | 'page header'
  | 'unused byte of a page header'
  | 'between records'
  /** What follows a SWITCH in its segment: zeros, and page headers that nobody reads. */
  | 'after a switch'
  | 'after the last record'

/** Reads the segments with pg_waldump; null when it can't read them to the end of the last one's records. */
export function readWal(bin: string, folder: string, first: string, last: string): string | null {
  try {
    return execFileSync(path.join(bin, 'pg_waldump'), ['-p', folder, first, last], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return null // it exits 1 at the first record that is not sound
  }
}

/** Tells what a byte belongs to, from the records that pg_waldump printed while all was sound. */
export function mapWal(sound: string, geometry: WalGeometry): (lsn: bigint) => WalPlace {
  const records = [...sound.matchAll(/len \(rec\/tot\):\s*\d+\/\s*(\d+),.*?lsn: ([0-9A-F]+\/[0-9A-F]+).*?desc: (\w*)/g)].map(
    (found) => ({
      pieces: recordPieces(toLsn(found[2] ?? ''), Number(found[1]), geometry),
      switches: found[3] === 'SWITCH',
    }),
  )
  const endOf = (pieces: { at: bigint; length: number }[]) => pieces.reduce((_, { at, length }) => at + BigInt(length), 0n)
  const pieces = records.flatMap((record) => record.pieces)
  const end = endOf(pieces)
  if (end === 0n) throw new Error('pg_waldump printed no record')
  const size = BigInt(geometry.segmentSize)
  const switches = records.filter((record) => record.switches).map((record) => endOf(record.pieces))
  const page = BigInt(geometry.pageSize)
  return (lsn) => {
    if (pieces.some((piece) => lsn >= piece.at && lsn < piece.at + BigInt(piece.length))) return 'record'
    // A switch that fills its segment exactly leaves nothing behind it.
    if (switches.some((from) => lsn >= from && lsn / size === (from - 1n) / size)) return 'after a switch'
    if (lsn >= end) return 'after the last record'
    const inPage = lsn % page
    // XLogPageHeaderData: 20 bytes and 4 that align it; XLogLongPageHeaderData has 16 more, all used.
    if (inPage >= 20n && inPage < 24n) return 'unused byte of a page header'
    const header = (lsn - inPage) % size === 0n ? 40n : 24n
    return inPage < header ? 'page header' : 'between records'
  }
}
