// The rate and the time left of a job: steady, after a stall, over a change of phase, with noise.
import { describe, expect, test } from 'vitest'
import { type Pace, rateAt, secondsLeftAt, updatePace } from '../../../renderer/stores/jobPace'
import type { JobProgress } from '../../../shared/jobs/job'

const progress = (done: number, total: number | null = 1000, unit: JobProgress['unit'] = 'bytes'): JobProgress => ({
  done,
  total,
  unit,
  label: '',
})

/** One report every `stepMs`, as `doneAt` says; the pace and the time of the last. */
function run(
  seconds: number,
  doneAt: (second: number) => number,
  total = 1000,
  stepMs = 250,
  from?: Pace,
  start = 0,
): { pace: Pace; now: number } {
  let pace = from
  let now = start
  for (; now <= start + seconds * 1000; now += stepMs)
    pace = updatePace(pace, progress(Math.min(total, doneAt((now - start) / 1000)), total), now)
  if (!pace) throw new Error('no pace')
  return { pace, now: now - stepMs }
}

describe('rate', () => {
  test('of a steady job is its rate', () => {
    const { pace, now } = run(20, (second) => second * 10)
    expect(rateAt(pace, now)).toBeCloseTo(10, 1)
  })
  test('falls by itself while nothing is reported', () => {
    const { pace, now } = run(20, (second) => second * 10)
    const later = [1, 3, 6].map((second) => rateAt(pace, now + second * 1000) ?? -1)
    expect(later).toEqual([...later].sort((a, b) => b - a))
    expect(rateAt(pace, now + 60_000)).toBe(0)
  })
  test('is not known from one report', () => {
    const pace = updatePace(undefined, progress(5), 0)
    expect(pace && rateAt(pace, 100)).toBeNull()
  })
  test('history is bounded and never negative', () => {
    const { pace } = run(120, (second) => second * 3 + Math.sin(second) * 2, 10_000)
    expect(pace.history.length).toBeLessThanOrEqual(90)
    expect(Math.min(...pace.history)).toBeGreaterThanOrEqual(0)
  })
})

describe('time left', () => {
  test('of a steady job is right', () => {
    const { pace, now } = run(20, (second) => second * 10)
    expect(secondsLeftAt(pace, now)).toBeCloseTo(80, -1)
  })
  test('is not said in the first two seconds', () => {
    const { pace, now } = run(1.75, (second) => second * 10)
    expect(secondsLeftAt(pace, now)).toBeNull()
  })
  test('does not jump with one burst', () => {
    const { pace, now } = run(20, (second) => second * 10)
    const before = secondsLeftAt(pace, now) ?? 0
    const burst = updatePace(pace, progress(400), now + 250)
    const after = (burst && secondsLeftAt(burst, now + 250)) ?? 0
    expect(Math.abs(before - after)).toBeLessThan(before * 0.2)
  })
  test('follows a lasting change within half a minute', () => {
    const first = run(20, (second) => second * 10, 10_000)
    const { pace, now } = run(40, (second) => 200 + second * 50, 10_000, 250, first.pace, first.now + 250)
    expect(secondsLeftAt(pace, now)).toBeGreaterThan(((10_000 - 2200) / 50) * 0.8)
    expect(secondsLeftAt(pace, now)).toBeLessThan(((10_000 - 2200) / 50) * 1.2)
  })
  test('counts down between reports, and is not said once nothing came for ten seconds', () => {
    const { pace, now } = run(20, (second) => second * 10)
    const at = secondsLeftAt(pace, now) ?? 0
    expect(secondsLeftAt(pace, now + 4000)).toBeCloseTo(at - 4, 5)
    expect(secondsLeftAt(pace, now + 10_001)).toBeNull()
  })
  test('is never negative, and nothing is left when all is done', () => {
    const { pace, now } = run(120, (second) => second * 10)
    expect(secondsLeftAt(pace, now)).toBe(0)
  })
  test('is not known without a total', () => {
    let pace: Pace | undefined
    for (let now = 0; now < 20_000; now += 500) pace = updatePace(pace, progress(now, null), now)
    expect(pace && secondsLeftAt(pace, 20_000)).toBeNull()
  })
})

describe('a new phase starts over', () => {
  test('when the amount goes back', () => {
    const { pace, now } = run(20, (second) => second * 10)
    const next = updatePace(pace, progress(0), now + 250)
    expect(next?.samples).toHaveLength(1)
    expect(next?.secondsLeft).toBeNull()
  })
  test('when the unit changes', () => {
    const { pace, now } = run(20, (second) => second * 10)
    expect(updatePace(pace, progress(500, 1000, 'rows'), now + 250)?.samples).toHaveLength(1)
  })
  test('and no progress means no pace', () => {
    const { pace, now } = run(20, (second) => second * 10)
    expect(updatePace(pace, null, now)).toBeUndefined()
  })
})
