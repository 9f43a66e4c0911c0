// The timeline's layout: bars from the histogram, spans of reach, what snaps, what is replayed, and the steps of the keyboard.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AccidentFlag, drawAccidents } from '../../../renderer/timeline/Accidents'
import { aroundRows, aroundWords } from '../../../renderer/timeline/around'
import { allCommits, barMinutes, barsOf, commitsBetween, densityOf } from '../../../renderer/timeline/density'
import { drawLane, type Frame } from '../../../renderer/timeline/layoutLane'
import { drawBackups, drawFlags } from '../../../renderer/timeline/layoutMarks'
import { rowAt, rowsOf } from '../../../renderer/timeline/layoutRows'
import { drawFork, gapWords, replayWords } from '../../../renderer/timeline/layoutWords'
import { modelOf } from '../../../renderer/timeline/model'
import { confine, reachable, reachOf, replayParts, snap, snapTargets, union, without } from '../../../renderer/timeline/reach'
import { summaryOf } from '../../../renderer/timeline/summary'
import { nextCommit, stepOf } from '../../../renderer/timeline/useSteps'
import { minuteMicro, scaleOf, type View } from '../../../renderer/timeline/view'
import { packMinutes } from '../../../shared/model/walMinutes'
import { at, lastCommit, story, storyBackups, storyMoment, storyNeighbours } from '../../support/momentStory'

const zone = 'Europe/Berlin'
const { signal } = new AbortController()
const frameOf = (view: View, width = 1070): Frame => ({ left: 108, right: 108 + width, view, scale: scaleOf(view, 108, width) })
const day: View = { from: at(21, '23:30'), to: at(22, '14:30') }

describe('density', () => {
  const packed = packMinutes(
    new Map([
      [100, 5],
      [101, 7],
      [160, 1],
      [1540, 2],
    ]),
  )
  test('commits between minutes', () => {
    const density = densityOf(packed)
    expect(allCommits(density)).toBe(15)
    expect(commitsBetween(density, 100, 101)).toBe(5)
    expect(commitsBetween(density, 0, 200)).toBe(13)
    expect(commitsBetween(density, 102, 160)).toBe(0)
    expect(densityOf([]).minutes).toHaveLength(0)
  })
  test('bars hold exactly the commits of the view, whatever their width', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: 1, max: 900 })), { maxLength: 200 }),
        fc.nat(20_000),
        fc.nat(20_000),
        fc.constantFrom(1, 4, 15, 60, 1440),
        (counts, one, other, width) => {
          const density = densityOf(packMinutes(new Map(counts)))
          const [from, to] = [Math.min(one, other), Math.max(one, other)]
          const bars = barsOf(density, from * minuteMicro, to * minuteMicro, width)
          const sum = bars.reduce((total, { commits }) => total + commits, 0)
          const [start, end] = [Math.floor(from / width) * width, Math.ceil(to / width) * width]
          expect(sum).toBe(from === to ? sum : commitsBetween(density, start, end))
          expect(bars.every(({ height }) => height > 0 && height <= 1)).toBe(true)
          expect(bars.every((bar, index) => index === 0 || bar.from >= (bars[index - 1]?.to ?? 0))).toBe(true)
        },
      ),
    )
  })
  test('a bar keeps its height while the view moves over it', () => {
    const density = densityOf(packed)
    const height = (from: number) =>
      barsOf(density, from * minuteMicro, 200 * minuteMicro, 10).find(({ commits }) => commits === 1)?.height
    expect(height(0)).toBe(height(150))
  })
  test('bars are wide enough to be seen, and divide hours and days', () => {
    expect(barMinutes(minuteMicro, 4.6)).toBe(5)
    expect(barMinutes(1, 4.6)).toBe(1)
    expect(barMinutes(minuteMicro * 60 * 24, 4.6)).toBe(10_080)
    expect(barMinutes(minuteMicro * 60 * 24 * 365, 4.6) % 40_320).toBe(0)
  })
})

describe('reach', () => {
  const lane = story.lanes[0]
  const spans = reachOf(lane)
  test('two spans with the dead zone between them', () => {
    expect(spans).toEqual([
      { from: at(15, '02:03:11'), to: at(22, '00:23:10') },
      { from: at(22, '02:03:11'), to: lastCommit.time - 1 },
    ])
  })
  test('the cursor is kept out of the gap and of what lies behind it', () => {
    expect(confine(at(22, '00:40'), spans)).toBe(at(22, '00:23:10'))
    expect(confine(at(22, '01:50'), spans)).toBe(at(22, '02:03:11'))
    expect(confine(at(23, '00:00'), spans)).toBe(lastCommit.time - 1)
    expect(confine(at(1, '00:00'), spans)).toBe(at(15, '02:03:11'))
    expect(confine(storyMoment, spans)).toBe(storyMoment)
    expect(confine(storyMoment, [])).toBeUndefined()
    expect(reachable(at(22, '00:40'), spans)).toBe(false)
  })
  test('a span that is not known by time, or ends before it begins, is none', () => {
    const span = { fromLsn: '0/1', toLsn: '0/2', backup: 'b' }
    expect(
      reachOf({
        reach: [
          { ...span, fromTime: null, toTime: 5 },
          { ...span, fromTime: 9, toTime: 5 },
        ],
      }),
    ).toEqual([])
  })
  test('union and difference', () => {
    const span = fc.tuple(fc.nat(100), fc.nat(100)).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) + 1 }))
    fc.assert(
      fc.property(fc.array(span), fc.array(span), fc.nat(101), (ones, others, point) => {
        const inside = (all: { from: number; to: number }[]) => all.some(({ from, to }) => point + 0.5 > from && point + 0.5 < to)
        const [a, b] = [union(ones), union(others)]
        expect(inside(a)).toBe(inside(ones))
        expect(inside(without(a, b))).toBe(inside(ones) && !inside(others))
      }),
    )
  })
  test('snapping takes the nearest mark within its distance', () => {
    const targets = snapTargets(story, 1)
    const near = at(22, '06:59:58')
    expect(snap(near + 5, targets, 10)).toMatchObject({ kind: 'restore-point', label: 'restore point before_price_import' })
    expect(snap(near + 50, targets, 10)).toBeUndefined()
    expect(snap(storyBackups.full.stopTime - 3, targets, 10)?.time).toBe(storyBackups.full.stopTime)
    expect(snap(0, [], 10)).toBeUndefined()
  })
  test('on the other branch the marks of the parent after the fork are none', () => {
    const labels = snapTargets(story, 2).map(({ label }) => label)
    expect(labels).toContain('restore point nightly_done')
    expect(labels).not.toContain('restore point v2026.47_deployed')
    expect(labels).toContain('fork of timeline 2')
  })
  test('what is replayed goes along the branch', () => {
    const moment = { timeline: 2, time: at(22, '07:00') }
    expect(replayParts(story.lanes, storyBackups.full, moment)).toEqual([
      { timeline: 1, from: storyBackups.full.stopTime, to: at(22, '06:20:03') },
      { timeline: 2, from: at(22, '06:20:03'), to: at(22, '07:00') },
    ])
    const before = replayParts(story.lanes, storyBackups.full, { timeline: 2, time: at(22, '06:00') })
    expect(before).toEqual([{ timeline: 1, from: storyBackups.full.stopTime, to: at(22, '06:00') }])
    expect(replayParts(story.lanes, { timeline: 7, stopTime: 0 }, moment)).toEqual([])
  })
})

describe('layout', () => {
  const model = modelOf(story)
  const rows = rowsOf(model, 1)
  test('the main line is tall, the stray small; heights as in the design', () => {
    expect(rows.rows.map(({ band }) => band)).toEqual([
      { top: 100, height: 56 },
      { top: 190, height: 36 },
    ])
    expect(rows.height).toBe(240)
    expect(rowAt(rows, 130)?.model.lane.timeline).toBe(1)
    expect(rowAt(rows, 215)?.model.lane.timeline).toBe(2)
    expect(rowsOf(model, 2).rows[1]?.tall).toBe(true)
  })
  test('a lane: bands, dead zone, gap and three looks of bars', () => {
    const [row] = rows.rows
    if (!row) throw new Error('no lane')
    const drawing = drawLane(row, frameOf(day), { from: storyBackups.full.stopTime, to: storyMoment })
    expect(drawing.bands).toHaveLength(2)
    expect(drawing.dead).toHaveLength(1)
    expect(drawing.gaps).toMatchObject([{ segments: 4 }])
    for (const path of [drawing.bars.plain, drawing.bars.replayed, drawing.bars.dead]) expect(path.length).toBeGreaterThan(20)
    const numbers = (drawing.bars.replayed.match(/M[\d.]+/g) ?? []).map((text) => Number(text.slice(1)))
    const { scale } = frameOf(day)
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(Math.floor(scale(storyBackups.full.stopTime)))
    expect(Math.max(...numbers)).toBeLessThanOrEqual(scale(storyMoment))
  })
  test('nothing is drawn outside the view, and a tiny gap is still seen', () => {
    const [row] = rows.rows
    if (!row) throw new Error('no lane')
    const far = drawLane(row, frameOf({ from: at(1, '00:00'), to: at(2, '00:00') }), null)
    expect(far).toMatchObject({ bands: [], dead: [], gaps: [], bars: { plain: '', replayed: '', dead: '' }, replay: null })
    const years = drawLane(row, frameOf({ from: at(1, '00:00') - 1e15, to: at(30, '00:00') }), null)
    expect(years.gaps[0]?.width).toBeGreaterThanOrEqual(5)
  })
  test('words of the gap, the replay and the fork', () => {
    const [main, stray] = rows.rows
    if (!main || !stray) throw new Error('no lanes')
    const frame = frameOf(day)
    const drawing = drawLane(main, frame, { from: storyBackups.full.stopTime, to: storyMoment })
    const [gap] = gapWords(main, drawing, frame, zone, null)
    expect(gap?.lines.map(({ text }) => text)).toEqual(['4 segments missing,', 'unreachable until 02:03:11'])
    expect(gapWords(main, drawing, frame, zone, { from: 108, to: 400 })[0]?.lines).toEqual([])
    const words = replayWords(main, drawing, { segments: 37, bytes: '620756992' }, [])
    expect(words?.text).toBe('replay 37 segments, 592 MB')
    expect(replayWords(main, drawing, { segments: 37, bytes: '620756992' }, [{ from: 0, to: 2000 }])).toBeNull()
    const fork = drawFork(rows, stray, drawLane(stray, frame, null), frame, zone, null)
    expect(fork?.words.map(({ text }) => text)).toEqual(['forked 06:20:03 at ', 'no recovery target specified'])
    expect(fork?.words[0]?.mono).toBe('1B/15C3A0F8')
  })
  test('backups: squares and rings while there is room, slim marks for a year of them', () => {
    const { marks, chains } = drawBackups(story.backups, frameOf(day), zone)
    expect(marks.map(({ look, label }) => `${look} ${label}`)).toEqual([
      'full full 02:03, 6.14 GB',
      'incremental 06:00',
      'incremental 10:00',
    ])
    expect(chains).toHaveLength(2)
    const year = Array.from({ length: 365 }, (_, n) => ({
      ...storyBackups.full,
      path: `b${n}`,
      stopTime: storyBackups.full.stopTime - n * 24 * 60 * minuteMicro,
    }))
    const many = drawBackups(year, frameOf({ from: day.to - 366 * 1440 * minuteMicro, to: day.to }), zone).marks
    const squares = many.filter(({ look }) => look === 'full').map(({ x }) => x)
    expect(many.some(({ look }) => look === 'slim')).toBe(true)
    expect(squares.every((x, index) => index === 0 || x - (squares[index - 1] ?? 0) >= 20)).toBe(true)
  })
  test('flags are hollow where they can not be reached, and cut where there is no room', () => {
    const flags = drawFlags(story.restorePoints, frameOf(day), reachOf(story.lanes[0]))
    expect(flags.map(({ reachable, label }) => [reachable, label])).toEqual([
      [false, 'nightly_done'],
      [true, 'before_price_import'],
      [true, 'v2026.47_deployed'],
    ])
    const tight = drawFlags(story.restorePoints, frameOf(day, 300), reachOf(story.lanes[0]))
    expect(tight[1]?.label).toMatch(/^before_.*…$/)
  })
  test('in words, for those who do not see it', () => {
    expect(summaryOf(model, zone)).toMatch(
      /^10 base backups to begin with, 3 restore points\. Timeline 1: [\d,]+ commits, reachable from 15 Nov 2026 02:03:11\.000000 \+01:00 to .*, 4 segments missing\. Timeline 2, stray: /,
    )
  })
})

describe('commits around a moment', () => {
  test('kept and left out, with their distance', () => {
    expect(aroundRows(storyNeighbours({ time: storyMoment }), storyMoment, true, zone)).toEqual([
      { side: 'Before', xid: 8_412_906, time: '09:14:31.960233', kept: true, distance: '−540 ms' },
      { side: 'After', xid: 8_412_907, time: '09:14:32.871604', kept: false, distance: '+372 ms' },
    ])
  })
  test('one at the very moment is kept by an inclusive target alone', () => {
    const time = at(22, '09:14:31.960233')
    const found = storyNeighbours({ time })
    expect(aroundRows(found, time, true, zone)[0]).toMatchObject({ side: 'At', kept: true, distance: 'at it' })
    expect(aroundRows(found, time, false, zone)[0]).toMatchObject({ side: 'At', kept: false })
    expect(aroundWords({ before: null, after: null }, time, true, zone)).toBe(
      'no commit before it in the archive; no commit after it in the archive',
    )
  })
  test('from commit to commit, and back over the same ones', async () => {
    const ask = async (moment: { time: number }) => storyNeighbours(moment)
    const start = { timeline: 1, time: storyMoment }
    const after = await nextCommit(start, 'after', ask, signal)
    expect(after).toBe(at(22, '09:14:32.871604'))
    expect(await nextCommit({ timeline: 1, time: after ?? 0 }, 'before', ask, signal)).toBe(at(22, '09:14:31.960233'))
  })
  test.each([
    ['ArrowLeft', false, { commit: 'before' }],
    ['ArrowRight', false, { commit: 'after' }],
    ['ArrowRight', true, { by: minuteMicro }],
    ['ArrowLeft', true, { by: -minuteMicro }],
    ['Home', false, { end: 'first' }],
    ['End', false, { end: 'last' }],
    ['+', false, { zoom: 0.5 }],
    ['-', false, { zoom: 2 }],
    ['Enter', false, undefined],
  ])('%s (shift: %s) means %j', (key, shiftKey, meant) => {
    expect(stepOf({ key, shiftKey, ctrlKey: false, altKey: false, metaKey: false })).toEqual(meant)
  })
})

describe('accidents', () => {
  const frame = frameOf({ from: 0, to: 1000 }, 1000)
  const flag = (time: number, over: Partial<AccidentFlag> = {}): AccidentFlag => ({
    ...{ timeline: 1, time, label: '−10,000', words: 'Deleted', grave: false, chosen: false },
    ...over,
  })
  const drawn = (flags: AccidentFlag[], edge?: number) =>
    drawAccidents(flags, frame, edge).map(({ flag: { time }, side, label }) => [time, side, label !== ''])
  test('the label stands at the right where it has room, else at the left, else nowhere', () => {
    expect(drawn([flag(500)])).toEqual([[500, 'right', true]])
    expect(drawn([flag(990)])).toEqual([[990, 'left', true]])
    expect(drawn([flag(5), flag(30)])).toEqual([
      [5, 'left', false],
      [30, 'right', true],
    ])
    // The first one's words are not written over by those of the next.
    expect(drawn([flag(900), flag(985)])).toEqual([
      [900, 'right', true],
      [985, 'left', false],
    ])
  })
  test('words at the end of the lane are not written over', () => {
    expect(drawn([flag(800)], frame.scale(810))).toEqual([[800, 'left', true]])
    expect(drawn([flag(500)], frame.scale(810))).toEqual([[500, 'right', true]])
  })
  test('of those that would lie upon each other the chosen one and the grave ones stay', () => {
    expect(drawn([flag(500), flag(505, { grave: true }), flag(520)])).toEqual([
      [505, 'left', true],
      [520, 'right', true],
    ])
    expect(drawn([flag(500, { chosen: true }), flag(505, { grave: true })])).toEqual([[500, 'right', true]])
  })
})
