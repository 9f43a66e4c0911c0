// Durations, times, counts and rates as the window writes them.
import { describe, expect, test } from 'vitest'
import { formatDuration, formatRoughDuration, formatTimeLeft } from '../../../renderer/format/duration'
import { formatAmount, formatCount, formatDone, formatRate, percentOf, plural } from '../../../renderer/format/numbers'
import { formatAgo, formatClock, formatLogClock, formatOffset, formatWhen } from '../../../renderer/format/time'

const GB = 1024 ** 3
const berlin = () => 60
const caracas = () => -270

describe('durations', () => {
  test.each([
    [0, '0.0 s'],
    [-5, '0.0 s'],
    [340, '0.3 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [41_200, '41 s'],
    [59_600, '1 min'],
    [60_000, '1 min'],
    [226_000, '3 min 46 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_400_000, '1 d'],
    [644_400_000, '7 d 11 h'],
  ])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

  test.each([
    [17_000, '17 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [3_500_000, '58 min'],
    [25_200_000, '7 h'],
    [170_000_000, '47 h'],
    [41 * 86_400_000, '41 days'],
  ])('roughly, %d ms is %s', (ms, text) => expect(formatRoughDuration(ms)).toBe(text))

  test.each([
    [0.4, 'a moment'],
    [16.2, 'about 17 s'],
    [31, 'about 35 s'],
    [118, 'about 120 s'],
    [130, 'about 2 min 30 s'],
    [179, 'about 3 min'],
    [700, 'about 12 min'],
    [9000, 'about 3 h'],
  ])('%d s left reads %s', (seconds, text) => expect(formatTimeLeft(seconds)).toBe(text))
})

describe('times', () => {
  const at = '2026-11-22T12:02:11.006Z'
  test('carry their zone', () => {
    expect(formatClock(at, berlin)).toBe('13:02:11 +01:00')
    expect(formatClock(at, caracas)).toBe('07:32:11 -04:30')
    expect(formatWhen(at, new Date('2026-12-01T00:00:00Z'), berlin)).toBe('22 Nov 13:02:11 +01:00')
    expect(formatWhen(at, new Date('2027-01-01T00:00:00Z'), berlin)).toBe('22 Nov 2026 13:02:11 +01:00')
    expect(formatLogClock(at, berlin)).toBe('13:02:11.006')
  })
  test('change the day with the zone', () => {
    expect(formatWhen('2026-12-31T23:30:00Z', new Date('2026-12-31T22:00:00Z'), berlin)).toBe('1 Jan 2027 00:30:00 +01:00')
  })
  test('offsets west of Greenwich and of half hours', () => {
    expect([formatOffset(0), formatOffset(345), formatOffset(-570)]).toEqual(['+00:00', '+05:45', '-09:30'])
  })
  test('ages', () => {
    const now = new Date('2026-11-22T12:02:12Z')
    expect(formatAgo(at, now)).toBe('just now')
    expect(formatAgo('2026-11-22T05:02:12Z', now)).toBe('7 h ago')
    expect(formatAgo('2026-11-22T12:05:12Z', now)).toBe('in 3 min')
  })
})

describe('amounts', () => {
  test('share one unit where they can', () => {
    expect(formatDone({ done: 4.18 * GB, total: 6.14 * GB, unit: 'bytes' })).toBe('4.18 of 6.14 GB')
    expect(formatDone({ done: 905 * 1024 ** 2, total: 1.2 * GB, unit: 'bytes' })).toBe('905 MB of 1.20 GB')
    expect(formatDone({ done: 1200, total: 18_904_126, unit: 'rows' })).toBe('1,200 of 18,904,126 rows')
    expect(formatDone({ done: 12, total: null, unit: 'objects' })).toBe('12 objects')
  })
  test('rates say something also when they are slow', () => {
    expect(formatRate(112 * 1024 ** 2, 'bytes')).toBe('112 MB/s')
    expect(formatRate(14_200, 'rows')).toBe('14,200 rows/s')
    expect(formatRate(0.5, 'objects')).toBe('30 objects/min')
  })
  test('percent is 100 only when all is done, and unknown without a total', () => {
    expect(percentOf({ done: 999_999, total: 1_000_000 })).toBe(99)
    expect(percentOf({ done: 5, total: 5 })).toBe(100)
    expect(percentOf({ done: 6, total: 5 })).toBe(100)
    expect(percentOf({ done: 0, total: 0 })).toBeUndefined()
    expect(percentOf({ done: 1, total: null })).toBeUndefined()
  })
  test('counts and plurals', () => {
    expect(formatCount(4_812_377n)).toBe('4,812,377')
    expect(plural(1, 'error')).toBe('1 error')
    expect(plural(0, 'error')).toBe('0 errors')
    expect(plural(3, 'entry', 'entries')).toBe('3 entries')
    expect(formatAmount(1536, 'bytes')).toBe('1.50 kB')
  })
})
