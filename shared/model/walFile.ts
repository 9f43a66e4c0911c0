// Names in a WAL archive: segments, partial ones, timeline histories and backup histories, and the arithmetic between them.
import { formatLsn, type Lsn } from './lsn'

/** initdb's default; --wal-segsize gives any power of two from 1 MB to 1 GB. */
export const defaultSegmentSize = 16 * 1024 * 1024

export const compressedSuffixes = ['gz', 'lz4', 'zst'] as const
export type CompressedSuffix = (typeof compressedSuffixes)[number]

export interface SegmentId {
  timeline: number
  /** Position of its first byte divided by the segment size. */
  number: bigint
}

export type WalFile =
  | { kind: 'segment'; name: string; timeline: number; partial: boolean; compressed: CompressedSuffix | null }
  | { kind: 'history'; timeline: number; compressed: CompressedSuffix | null }
  /** Written at the end of a base backup: `<start segment>.<offset>.backup`. */
  | { kind: 'backup'; segment: string; timeline: number; offset: number; compressed: CompressedSuffix | null }

/** Tells a file of an archive by its name; undefined for what PostgreSQL's programs would not look at. */
export function parseWalFile(fileName: string): WalFile | undefined {
  const compressed = compressedSuffixes.find((suffix) => fileName.endsWith(`.${suffix}`)) ?? null
  const name = compressed === null ? fileName : fileName.slice(0, -compressed.length - 1)
  const segment = /^([0-9A-F]{8})[0-9A-F]{16}(\.partial)?$/.exec(name)
  if (segment) {
    const partial = segment[2] !== undefined
    // pg_receivewal writes X.gz.partial, a promotion X.partial and an archive command X.partial.gz.
    return { kind: 'segment', name: name.slice(0, 24), timeline: hex(segment[1]), partial, compressed }
  }
  const streamed = /^([0-9A-F]{8})[0-9A-F]{16}\.(gz|lz4)\.partial$/.exec(fileName)
  if (streamed) {
    const suffix = streamed[2] === 'gz' ? 'gz' : 'lz4'
    return { kind: 'segment', name: fileName.slice(0, 24), timeline: hex(streamed[1]), partial: true, compressed: suffix }
  }
  const history = /^([0-9A-F]{8})\.history$/.exec(name)
  if (history) return { kind: 'history', timeline: hex(history[1]), compressed }
  const backup = /^(([0-9A-F]{8})[0-9A-F]{16})\.([0-9A-F]{8})\.backup$/.exec(name)
  if (!backup?.[1]) return undefined
  return { kind: 'backup', segment: backup[1], timeline: hex(backup[2]), offset: hex(backup[3]), compressed }
}

function hex(text: string | undefined): number {
  return Number.parseInt(text ?? '', 16)
}

/** Segments in one `log` (the middle eight digits): 256 with segments of 16 MB. Source: XLogSegmentsPerXLogId. */
function segmentsPerLog(segmentSize: number): bigint {
  return 0x1_0000_0000n / BigInt(segmentSize)
}

/** undefined when the last eight digits are higher than segments of this size can have. */
export function parseSegmentName(name: string, segmentSize: number): SegmentId | undefined {
  const match = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name)
  if (!match) return undefined
  const low = BigInt(`0x${match[3]}`)
  const perLog = segmentsPerLog(segmentSize)
  if (low >= perLog) return undefined
  return { timeline: hex(match[1]), number: BigInt(`0x${match[2]}`) * perLog + low }
}

export function segmentName({ timeline, number }: SegmentId, segmentSize: number): string {
  const perLog = segmentsPerLog(segmentSize)
  return [BigInt(timeline), number / perLog, number % perLog]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('')
}

/** The segment that holds the byte at this position. */
export function segmentOf(lsn: Lsn, segmentSize: number): bigint {
  return lsn / BigInt(segmentSize)
}

/** The segment that ends at this position when it is a boundary: what a backup that stops there still needs. */
export function segmentBefore(lsn: Lsn, segmentSize: number): bigint {
  return lsn === 0n ? 0n : (lsn - 1n) / BigInt(segmentSize)
}

export function segmentStart(number: bigint, segmentSize: number): Lsn {
  return number * BigInt(segmentSize)
}

export function isSegmentSize(bytes: number): boolean {
  return Number.isInteger(Math.log2(bytes)) && bytes >= 1024 * 1024 && bytes <= 1024 * 1024 * 1024
}

export function historyName(timeline: number): string {
  return `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`
}

/** For messages: `000000010000000000000003 (0/3000000)`. */
export function describeSegment(id: SegmentId, segmentSize: number): string {
  return `${segmentName(id, segmentSize)} (${formatLsn(segmentStart(id.number, segmentSize))})`
}
