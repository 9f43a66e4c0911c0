// The core's sentences on the window's clock: every form of a time that the core writes, and nothing else.
import { afterEach, describe, expect, test } from 'vitest'
import { said } from '../../../renderer/format/said'
import { formatClock, formatLogClock, formatWhen } from '../../../renderer/format/time'
import { zoneLabel, zoneNames } from '../../../renderer/format/zone'
import { chooseZone, readZone } from '../../../renderer/stores/zone'
import { wishWords } from '../../../shared/model/recoveryTarget'
import { utcText } from '../../../shared/model/utcText'
import { formatWalTime } from '../../../shared/model/walTime'

const berlin = 'Europe/Berlin'
const micro = Date.UTC(2026, 10, 22, 8, 14, 32, 500) * 1000 + 7

describe('what the core says', () => {
  test.each([
    [formatWalTime(micro), '22 Nov 2026 09:14:32.500007 +01:00'],
    [utcText('2026-07-22T08:14:32.5Z'), '22 Jul 2026 10:14:32.5 +02:00'],
    ['of 2026-11-22 08:14 UTC', 'of 22 Nov 2026 09:14 +01:00'],
    ['2026-12-31 23:30:00 UTC, and 2026-11-22 08:14:32 UTC.', '1 Jan 2027 00:30:00 +01:00, and 22 Nov 2026 09:14:32 +01:00.'],
    [
      wishWords({ kind: 'time', value: micro, timeline: 1, inclusive: true, action: 'pause' }),
      'the time 22 Nov 2026 09:14:32.500007 +01:00',
    ],
  ])('%s', (text, shown) => expect(said(text, berlin)).toBe(shown))

  test.each([
    [{ kind: 'xid', value: 851 }, 'transaction 851', 'the moment before transaction 851'],
    [{ kind: 'lsn', value: '0/5B88748' }, 'the position 0/5B88748', 'the moment before the position 0/5B88748'],
    [
      { kind: 'time', value: micro },
      'the time 22 Nov 2026 09:14:32.500007 +01:00',
      'the moment before 22 Nov 2026 09:14:32.500007 +01:00',
    ],
  ] as const)('%o is another moment with its commit than without', (target, including, without) => {
    const how = { timeline: 1, action: 'pause' } as const
    expect(said(wishWords({ ...target, ...how, inclusive: true }), berlin)).toBe(including)
    expect(said(wishWords({ ...target, ...how, inclusive: false }), berlin)).toBe(without)
  })

  test('in UTC it has the window’s form, with the offset', () =>
    expect(said('at 2026-11-22 08:14:32 UTC', 'UTC')).toBe('at 22 Nov 2026 08:14:32 +00:00'))

  test.each([
    '2026-11-22T081432Z-base',
    "recovery_target_time = '2026-11-22 08:14:32.500007+00:00'",
    '2026-11-22 09:14:32 CET',
    '2026-13-45 08:14 UTC',
    'UTC',
  ])('%s stays as it is', (text) => expect(said(text, berlin)).toBe(text))
})

describe('the zone of the window', () => {
  afterEach(() => chooseZone(''))
  const at = '2026-11-22T12:02:11.006Z'
  test('is that of every time', () => {
    chooseZone('Asia/Kolkata')
    expect(formatClock(at)).toBe('17:32:11 +05:30')
    expect(formatLogClock(at)).toBe('17:32:11.006')
    expect(formatWhen(at, new Date('2026-12-01T00:00:00Z'))).toBe('22 Nov 17:32:11 +05:30')
    expect(said('2026-11-22 12:02 UTC')).toBe('22 Nov 2026 17:32 +05:30')
  })
  test('is kept; one that is unknown or damaged counts as none', () => {
    expect(readZone({ zone: berlin })).toBe(berlin)
    expect(readZone({ zone: 'Europe/Atlantis' })).toBe('')
    expect(readZone({ zone: 3 })).toBe('')
    expect(readZone(null)).toBe('')
  })
  test('has a label with its offset; the likely ones come first, none twice', () => {
    expect(zoneLabel(berlin, Date.parse(at))).toBe('+01:00 Europe/Berlin')
    const names = zoneNames('UTC+05:30 (Asia/Kolkata)', berlin)
    expect(names.slice(1, 4).filter((name) => ['Asia/Kolkata', 'UTC', berlin].includes(name)).length).toBeGreaterThan(1)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('America/Caracas')
  })
})
