// The timeline's scale, ticks and zones: views stay in their world, ticks at round times of a zone, text to the microsecond and back.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { distanceText, fromLocal, fullMoment, momentText, readMoment, zoneChoices } from '../../../renderer/format/zone'
import {
  dayMicro,
  firstView,
  hourMicro,
  leastSpan,
  scaleOf,
  showing,
  spanOf,
  spanWords,
  stripView,
  ticksOf,
  within,
  withRoom,
  withSpan,
  worldOf,
} from '../../../renderer/timeline/view'
import { at, lastCommit } from '../../support/momentStory'

const berlin = 'Europe/Berlin'
const extent = { from: at(15, '01:00'), to: lastCommit.time }

describe('zones', () => {
  test('a moment to the microsecond, as text and back', () => {
    const time = at(22, '09:14:32.500001')
    expect(momentText(time, berlin)).toMatchObject({
      date: '2026-11-22',
      time: '09:14:32.500001',
      offset: '+01:00',
      day: '22 Nov',
    })
    expect(fullMoment(time, 'UTC')).toBe('22 Nov 2026 08:14:32.500001 +00:00')
    expect(readMoment('2026-11-22', '09:14:32.500001', berlin)).toBe(time)
    expect(readMoment('2026-11-22', '9:14:32,5', berlin)).toBe(at(22, '09:14:32.5'))
    expect(readMoment('2026-11-22', '09:14', berlin)).toBe(at(22, '09:14'))
  })
  test.each([
    ['2026-11-31', '09:14:32'],
    ['2026-13-01', '09:14:32'],
    ['22.11.2026', '09:14:32'],
    ['2026-11-22', '24:00:00'],
    ['2026-11-22', '09:14:60'],
    ['2026-11-22', '09:14:32.1234567'],
    ['2026-11-22', ''],
  ])('%s %s is no moment', (date, time) => {
    expect(readMoment(date, time, berlin)).toBeUndefined()
  })
  test('any moment reads back, through changes of the clock too', () => {
    const zones = ['UTC', berlin, 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia']
    fc.assert(
      fc.property(
        fc.integer({ min: 946_684_800, max: 2_208_988_800 }),
        fc.nat(999_999),
        fc.constantFrom(...zones),
        (s, us, zone) => {
          const time = s * 1_000_000 + us
          const text = momentText(time, zone)
          const back = readMoment(text.date, text.time, zone)
          // The hour that is there twice reads as its first.
          expect(back === time || back === time - hourMicro || back === time - hourMicro / 2).toBe(true)
          expect(momentText(back ?? 0, zone).time).toBe(text.time)
        },
      ),
      { numRuns: 300 },
    )
  })
  test('a clock set forward has no such time: it becomes the moment after', () => {
    // 29 Mar 2026, 02:30 does not exist in Berlin.
    const time = readMoment('2026-03-29', '02:30:00', berlin)
    expect(momentText(time ?? 0, berlin).time).toBe('03:30:00.000000')
    expect(fromLocal('UTC', 5)).toBe(5)
  })
  test('the zone of the core is offered, whatever words it comes in', () => {
    expect(zoneChoices('UTC+01:00 (Europe/Berlin)')).toContain(berlin)
    expect(zoneChoices('+05:45 Asia/Kathmandu')).toContain('Asia/Kathmandu')
    expect(zoneChoices('nowhere')).toContain('UTC')
  })
  test.each([
    [12, '12 µs'],
    [-540_000, '540 ms'],
    [3_240_000, '3.2 s'],
    [75_000_000, '1 min 15 s'],
    [7 * hourMicro, '7 h 0 min'],
    [41 * dayMicro, '41 days'],
  ])('a distance of %d is %s', (micro, text) => {
    expect(distanceText(micro)).toBe(text)
  })
})

describe('views', () => {
  const world = worldOf(extent)
  test('never leave their world, and never become shorter than a millisecond', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.double({ min: -50, max: 50, noNaN: true }),
        (factor, days) => {
          const moved = within({ from: extent.from + days * dayMicro, to: extent.to + days * dayMicro }, world)
          const view = withSpan(moved, spanOf(moved) * factor, world)
          expect(view.from).toBeGreaterThanOrEqual(world.from - 1)
          expect(view.to).toBeLessThanOrEqual(world.to + 1)
          expect(spanOf(view)).toBeGreaterThanOrEqual(leastSpan - 1)
        },
      ),
    )
  })
  test('a zoom keeps what it is about in its place', () => {
    const view = { from: at(22, '00:00'), to: at(22, '12:00') }
    const time = at(22, '09:14:32.5')
    const [before, after] = [scaleOf(view, 0, 1000)(time), scaleOf(withSpan(view, hourMicro, world, time), 0, 1000)(time)]
    expect(after).toBeCloseTo(before, 3)
  })
  test('a moment outside comes into the middle; one inside moves nothing', () => {
    const view = { from: at(20, '00:00'), to: at(20, '12:00') }
    expect(showing(view, at(20, '06:00'), world)).toBe(view)
    const shown = showing(view, at(22, '06:00'), world)
    expect(scaleOf(shown, 0, 100)(at(22, '06:00'))).toBeCloseTo(50, 3)
  })
  test('the first view holds the newest backup and the end', () => {
    const view = firstView(extent, at(22, '02:03'))
    expect(view.from).toBeLessThan(at(22, '02:03'))
    expect(view.to).toBeGreaterThan(lastCommit.time)
    expect(spanOf(view)).toBeLessThan(dayMicro)
  })
  test('the strip has seven days, fewer for little, and all for a view before them', () => {
    const view = firstView(extent, at(22, '02:03'))
    expect(stripView({ ...extent, from: extent.from - 30 * dayMicro }, view).label).toBe('Last 7 days')
    const young = { from: lastCommit.time - 20 * 60_000_000, to: lastCommit.time }
    expect(stripView(young, { from: young.from, to: young.to }).label).toBe('Last hour')
    const old = { from: extent.from - 300 * dayMicro, to: extent.to }
    const all = stripView(old, { from: old.from, to: old.from + dayMicro })
    expect(all.label).toBe('All')
    expect(all.view.from).toBeLessThanOrEqual(old.from)
  })
  test.each([
    [15 * hourMicro, '15 h'],
    [hourMicro, '1 h'],
    [30 * hourMicro, '30 h'],
    [7 * dayMicro, '7 d'],
    [90 * 60_000_000, '1.5 h'],
    [250_000, '250 ms'],
    [3 * 365.25 * dayMicro, '3 years'],
  ])('%d microseconds are %s in view', (span, words) => {
    expect(spanWords(span)).toBe(words)
  })
})

describe('ticks', () => {
  test('hours stand at full hours of the zone, midnight carries the date', () => {
    const { major, minor } = ticksOf({ from: at(21, '23:30'), to: at(22, '14:30') }, 1070, berlin)
    expect(major.map(({ label }) => label).slice(0, 3)).toEqual(['22 Nov 00:00', '01:00', '02:00'])
    expect(major[0]).toMatchObject({ strong: true, time: at(22, '00:00') })
    expect(minor.length).toBeGreaterThan(major.length)
  })
  test('days stay at midnight where the clock changes', () => {
    const from = Date.UTC(2026, 2, 26) * 1000
    const { major } = ticksOf({ from, to: from + 7 * dayMicro }, 560, berlin)
    expect(major.every(({ time }) => momentText(time, berlin).clock === '00:00:00')).toBe(true)
  })
  test('milliseconds and microseconds have ticks as well', () => {
    const from = at(22, '09:14:32')
    expect(ticksOf({ from, to: from + 1_000_000 }, 700, berlin).major.length).toBeGreaterThan(4)
    const fine = ticksOf({ from, to: from + 1000 }, 700, berlin).major
    expect(fine.length).toBeGreaterThan(4)
    expect(fine[1]?.label).toMatch(/^09:14:32\.000\d{3}$/)
  })
  test('years', () => {
    const { major } = ticksOf({ from: Date.UTC(2016, 5, 1) * 1000, to: Date.UTC(2026, 5, 1) * 1000 }, 700, berlin)
    expect(major.map(({ label }) => label)).toContain('2020')
  })
  test('labels never run into each other or under the bubble', () => {
    const view = { from: at(21, '23:30'), to: at(22, '14:30') }
    const scale = scaleOf(view, 0, 900)
    const bubble = { from: 500, to: 640 }
    const shown = withRoom(ticksOf(view, 900, berlin).major, scale, 900, bubble).filter(({ label }) => label !== '')
    for (const [index, tick] of shown.entries()) {
      const [from, to] = [scale(tick.time), scale(tick.time) + tick.label.length * 6.8 + 8]
      expect(to < bubble.from || from > bubble.to).toBe(true)
      const next = shown[index + 1]
      if (next) expect(scale(next.time)).toBeGreaterThanOrEqual(to)
    }
    expect(shown.some(({ label }) => label === '22 Nov 00:00')).toBe(true)
  })
})
