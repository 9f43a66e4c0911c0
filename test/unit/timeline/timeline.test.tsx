// The timeline as a person has it: the slider's keys and words, the mouse kept to what can be reached, zoom buttons.
// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { Timeline } from '../../../renderer/timeline/Timeline'
import type { AskNeighbours, Moment } from '../../../renderer/timeline/useSteps'
import { firstView, minuteMicro, scaleOf } from '../../../renderer/timeline/view'
import type { Moments } from '../../../shared/contracts/recoveryPoint'
import { at, lastCommit, story, storyBackups, storyMoment, storyNeighbours } from '../../support/momentStory'

afterEach(cleanup)

const ask: AskNeighbours = async (moment) => storyNeighbours(moment)

interface HarnessProps {
  start?: Moment | null
  moments?: Moments
  neighbours?: AskNeighbours
  onMove?: (moment: Moment) => void
}

function Harness({ start = { timeline: 1, time: storyMoment }, moments = story, neighbours = ask, onMove }: HarnessProps) {
  const [moment, setMoment] = useState(start)
  return (
    <Timeline
      moments={moments}
      zone="Europe/Berlin"
      moment={moment}
      onMove={(next) => {
        onMove?.(next)
        setMoment(next)
      }}
      inclusive
      backup={storyBackups.full}
      amount={{ segments: 37, bytes: '620756992' }}
      around={moment && storyNeighbours(moment)}
      neighbours={neighbours}
    />
  )
}

const slider = () => screen.getByRole('slider', { name: 'Moment to recover to' })
const now = () => Number(slider().getAttribute('aria-valuenow'))
const press = (key: string, shiftKey = false) => fireEvent.keyDown(slider(), { key, shiftKey })
/** Where a time of the first view is drawn, before any layout is known. */
const placeOf = (time: number) => {
  const view = firstView({ from: at(15, '01:00'), to: lastCommit.time }, storyBackups.full.stopTime)
  return scaleOf(view, 108, 1190 - 108 - 12)(time)
}
const click = (time: number, y: number) => {
  const plot = slider().parentElement
  if (!plot) throw new Error('no plot')
  fireEvent.click(plot, { clientX: placeOf(time), clientY: y })
}

test('a screen reader hears the moment and what it keeps', () => {
  render(<Harness />)
  expect(slider().getAttribute('aria-valuetext')).toBe(
    '22 Nov 2026 09:14:32.500000 +01:00, timeline 1; keeps transaction 8412906, −540 ms; leaves out transaction 8412907, +372 ms',
  )
  expect(slider().getAttribute('aria-valuemin')).toBe(String(at(15, '02:03:11')))
  expect(slider().getAttribute('aria-valuemax')).toBe(String(lastCommit.time - 1))
  expect(screen.getByText('kept')).toBeTruthy()
  expect(screen.getByText('left out')).toBeTruthy()
})

test('arrows go from commit to commit, with shift by the minute, Home and End to the ends', async () => {
  render(<Harness />)
  press('ArrowRight')
  await waitFor(() => expect(now()).toBe(at(22, '09:14:32.871604')))
  press('ArrowLeft')
  await waitFor(() => expect(now()).toBe(at(22, '09:14:31.960233')))
  press('ArrowRight', true)
  expect(now()).toBe(at(22, '09:14:31.960233') + minuteMicro)
  press('End')
  expect(now()).toBe(lastCommit.time - 1)
  press('ArrowRight', true)
  expect(now()).toBe(lastCommit.time - 1)
  press('Home')
  expect(now()).toBe(at(15, '02:03:11'))
})

test('keys pressed faster than the WAL is read each go one commit further', async () => {
  const slow: AskNeighbours = async (moment) => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return storyNeighbours(moment)
  }
  const moves: number[] = []
  render(<Harness start={{ timeline: 1, time: at(22, '11:00:00') }} neighbours={slow} onMove={({ time }) => moves.push(time)} />)
  press('ArrowRight')
  press('ArrowRight')
  press('ArrowRight')
  expect(slider().getAttribute('aria-busy')).toBe('true')
  await waitFor(() => expect(moves).toHaveLength(3))
  expect(moves.every((time, index) => index === 0 || time > (moves[index - 1] ?? 0))).toBe(true)
  await waitFor(() => expect(slider().getAttribute('aria-busy')).toBeNull())
})

test('a WAL that can not be read is said, and nothing moves', async () => {
  const onMove = vi.fn()
  const broken: AskNeighbours = () => Promise.reject(new Error('0000000100000000000000A1 has the wrong size'))
  render(<Harness neighbours={broken} onMove={onMove} />)
  press('ArrowRight')
  await screen.findByText('The commits around it can not be read: 0000000100000000000000A1 has the wrong size')
  expect(onMove).not.toHaveBeenCalled()
})

test('a click in the gap or behind it leads to the nearest reachable moment, another lane pins that timeline', async () => {
  render(<Harness />)
  click(at(22, '01:50'), 130)
  await waitFor(() => expect(now()).toBe(at(22, '02:03:11')))
  click(at(22, '00:30'), 130)
  await waitFor(() => expect(now()).toBe(at(22, '00:23:10')))
  click(at(22, '07:30'), 210)
  await waitFor(() => expect(slider().getAttribute('aria-valuetext')).toContain('timeline 2'))
  expect(Math.abs(now() - at(22, '07:30'))).toBeLessThan(2 * minuteMicro)
})

test('snaps to a restore point beside the click, and not when it is switched off', async () => {
  render(<Harness />)
  const point = at(22, '06:59:58')
  click(point + 2 * minuteMicro, 130)
  await waitFor(() => expect(now()).toBe(point))
  fireEvent.click(screen.getByRole('switch', { name: 'Snap' }))
  click(point + 2 * minuteMicro, 130)
  await waitFor(() => expect(now()).not.toBe(point))
})

test('zoom by buttons and keys', () => {
  render(<Harness />)
  fireEvent.click(screen.getByRole('button', { name: '1 h, 1 hour in view' }))
  expect(screen.getByText('1 h in view')).toBeTruthy()
  expect(screen.getByRole('button', { name: '1 h, 1 hour in view' }).getAttribute('aria-pressed')).toBe('true')
  press('+')
  expect(screen.getByText('30 min in view')).toBeTruthy()
  press('-')
  press('-')
  expect(screen.getByText('2 h in view')).toBeTruthy()
  for (let n = 0; n < 24; n += 1) press('+')
  expect(screen.getByText('1 ms in view')).toBeTruthy()
})

test('without anything reachable there is a drawing and no cursor; without anything at all, a sentence', () => {
  const lanes = story.lanes.map((lane) => ({ ...lane, reach: [] }))
  const { rerender } = render(<Harness start={null} moments={{ ...story, lanes }} />)
  expect(screen.queryByRole('slider')).toBeNull()
  expect(screen.getByText('Timeline 1')).toBeTruthy()
  rerender(<Harness start={null} moments={{ ...story, lanes: [], backups: [], restorePoints: [] }} />)
  expect(screen.getByText('There is neither a base backup nor WAL here yet.')).toBeTruthy()
})
