// Positions, segment names and their arithmetic, by the examples of PostgreSQL and by properties.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLsn, parseLsn, toLsn } from '../../../shared/model/lsn'
import {
  describeSegment,
  historyName,
  isSegmentSize,
  parseSegmentName,
  parseWalFile,
  segmentBefore,
  segmentName,
  segmentOf,
  segmentStart,
} from '../../../shared/model/walFile'

const MB = 1024 * 1024
const sizes = [1, 2, 16, 64, 1024].map((n) => n * MB)
const lsns = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })

describe('positions', () => {
  it.each([
    ['0/0', 0n],
    ['0/2000028', 0x2000028n],
    ['16/B374D848', 0x16b374d848n],
    ['FFFFFFFF/FFFFFFFF', 0xffff_ffff_ffff_ffffn],
  ])('%s', (text, lsn) => {
    expect(parseLsn(text)).toBe(lsn)
    expect(formatLsn(lsn)).toBe(text)
  })

  it('come back from text, in either case and with leading zeros', () => {
    fc.assert(
      fc.property(lsns, (lsn) => {
        expect(parseLsn(formatLsn(lsn))).toBe(lsn)
        expect(parseLsn(formatLsn(lsn).toLowerCase())).toBe(lsn)
      }),
    )
    expect(parseLsn('00000000/02000028')).toBe(0x2000028n)
  })

  it.each(['', '0', '/', '0/', '0/G', '0/123456789', '1/2/3', ' 0/1', '-1/0'])('refuses %j', (text) => {
    expect(parseLsn(text)).toBeUndefined()
    expect(() => toLsn(text)).toThrow(`${JSON.stringify(text)} is not a WAL position`)
  })
})

describe('segments', () => {
  it.each([
    ['000000010000000000000001', 16 * MB, 1, 1n],
    ['0000000100000000000000FF', 16 * MB, 1, 255n],
    ['000000010000000100000000', 16 * MB, 1, 256n],
    ['000000020000000100000003', 1024 * MB, 2, 7n],
    ['00000001000000000000000A', MB, 1, 10n],
  ])('%s with %i bytes', (name, size, timeline, number) => {
    expect(parseSegmentName(name, size)).toEqual({ timeline, number })
    expect(segmentName({ timeline, number }, size)).toBe(name)
  })

  it('refuses a name that segments of this size can’t have', () => {
    expect(parseSegmentName('000000010000000000000100', 16 * MB)).toBeUndefined()
    expect(parseSegmentName('000000010000000000000100', MB)).toEqual({ timeline: 1, number: 256n })
    expect(parseSegmentName('00000001000000000000001', 16 * MB)).toBeUndefined()
    expect(parseSegmentName('00000001000000000000000a', 16 * MB)).toBeUndefined()
  })

  it('have names that sort as they follow each other, and hold the positions they say', () => {
    fc.assert(
      fc.property(lsns, fc.constantFrom(...sizes), fc.integer({ min: 1, max: 0xffffffff }), (lsn, size, timeline) => {
        const number = segmentOf(lsn, size)
        const name = segmentName({ timeline, number }, size)
        expect(name).toMatch(/^[0-9A-F]{24}$/)
        expect(parseSegmentName(name, size)).toEqual({ timeline, number })
        const start = segmentStart(number, size)
        expect(start <= lsn && lsn < start + BigInt(size)).toBe(true)
        if (number > 0n) expect(segmentName({ timeline, number: number - 1n }, size) < name).toBe(true)
      }),
    )
  })

  it('a position on a boundary ends the segment before', () => {
    expect(segmentOf(0x3000000n, 16 * MB)).toBe(3n)
    expect(segmentBefore(0x3000000n, 16 * MB)).toBe(2n)
    expect(segmentBefore(0x3000001n, 16 * MB)).toBe(3n)
    expect(segmentBefore(0n, 16 * MB)).toBe(0n)
  })

  it('sizes are powers of two from 1 MB to 1 GB', () => {
    expect(sizes.every(isSegmentSize)).toBe(true)
    expect([0, 512 * 1024, 3 * MB, 2048 * MB, Number.NaN].some(isSegmentSize)).toBe(false)
  })

  it('are named with their position', () => {
    expect(describeSegment({ timeline: 1, number: 3n }, 16 * MB)).toBe('000000010000000000000003 (0/3000000)')
  })
})

describe('files of an archive', () => {
  const name = '0000000A00000000000000FE'
  it.each([
    [name, { kind: 'segment', name, timeline: 10, partial: false, compressed: null }],
    [`${name}.gz`, { kind: 'segment', name, timeline: 10, partial: false, compressed: 'gz' }],
    [`${name}.lz4`, { kind: 'segment', name, timeline: 10, partial: false, compressed: 'lz4' }],
    [`${name}.zst`, { kind: 'segment', name, timeline: 10, partial: false, compressed: 'zst' }],
    [`${name}.partial`, { kind: 'segment', name, timeline: 10, partial: true, compressed: null }],
    [`${name}.gz.partial`, { kind: 'segment', name, timeline: 10, partial: true, compressed: 'gz' }],
    [`${name}.lz4.partial`, { kind: 'segment', name, timeline: 10, partial: true, compressed: 'lz4' }],
    [`${name}.partial.gz`, { kind: 'segment', name, timeline: 10, partial: true, compressed: 'gz' }],
    ['0000000B.history', { kind: 'history', timeline: 11, compressed: null }],
    ['0000000B.history.gz', { kind: 'history', timeline: 11, compressed: 'gz' }],
    [`${name}.00000028.backup`, { kind: 'backup', segment: name, timeline: 10, offset: 0x28, compressed: null }],
  ])('%s', (file, expected) => {
    expect(parseWalFile(file)).toEqual(expected)
  })

  it.each([
    'x',
    '.walback',
    `${name}.tmp`,
    `${name}0`,
    name.slice(1),
    name.toLowerCase(),
    `${name}.28.backup`,
    '1.history',
    `archive_status/${name}`,
  ])('leaves %s alone', (file) => {
    expect(parseWalFile(file)).toBeUndefined()
  })

  it('names a history file', () => {
    expect(historyName(11)).toBe('0000000B.history')
  })
})
