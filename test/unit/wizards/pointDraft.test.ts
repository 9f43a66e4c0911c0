// The draft of a recovery to a moment: how it becomes a wish, what is refused before the core is asked, and how it is kept.
// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest'
import { wizardOf } from '../../../renderer/components/jobWords'
import { readPointDraft } from '../../../renderer/stores/pointDraft'
import {
  chooseCluster,
  draftOfPointJob,
  emptyPointDraft,
  type PointDraft,
  type PointState,
  pointRequestOf,
  pointRunRequestOf,
  pointStepProblem,
  reachablePointStep,
  takeWish,
  targetProblem,
  timeOf,
  wishOf,
} from '../../../renderer/wizards/recoveryPoint/draft'
import { fastestMoment } from '../../../renderer/wizards/recoveryPoint/steps/GoTo'
import { settingsText } from '../../../renderer/wizards/recoveryPoint/steps/PlanCard'
import { at, lastCommit, story, storyBackups, storyMoment, storyPlan } from '../../support/momentStory'

const draft: PointDraft = chooseCluster(emptyPointDraft, story.systemIdentifier)
const state: PointState = {
  moments: story,
  planned: 'yes',
  typed: '',
  base: { defaults: { folder: '/srv/recovered', port: 5433, login: 'c1' } },
}

describe('wishes', () => {
  test('begin with the last moment on the main line that a time can reach', () => {
    expect(timeOf(draft, story)).toBe(lastCommit.time - 1)
    expect(wishOf(draft, story)).toEqual({
      kind: 'time',
      value: lastCommit.time - 1,
      timeline: 1,
      inclusive: true,
      action: 'pause',
    })
  })
  test('of each kind', () => {
    const how = { timeline: 2, inclusive: false, action: 'promote' as const }
    const of = (change: Partial<PointDraft>) => wishOf({ ...draft, ...how, ...change }, story)
    expect(of({ target: 'time', time: storyMoment })).toEqual({ kind: 'time', value: storyMoment, ...how })
    expect(of({ target: 'lsn', lsn: '1b/26a2c4e0' })).toEqual({ kind: 'lsn', value: '1B/26A2C4E0', ...how })
    expect(of({ target: 'xid', xid: '8412906' })).toEqual({ kind: 'xid', value: 8_412_906, ...how })
    expect(of({ target: 'name', name: 'before_price_import' })).toEqual({ kind: 'name', value: 'before_price_import', ...how })
    expect(of({ target: 'end' })).toEqual({ kind: 'end', ...how })
    expect(of({ target: 'immediate' })).toEqual({ kind: 'immediate', ...how })
    // Nothing can wait at the end of the WAL.
    expect(of({ target: 'end', action: 'pause' })).toEqual({ kind: 'end', ...how })
    expect(of({ target: 'immediate', action: 'pause' })).toMatchObject({ action: 'pause' })
  })
  test.each([
    [{ target: 'lsn', lsn: '' }, 'Type a position in the WAL'],
    [{ target: 'lsn', lsn: '26A2C4E0' }, 'A position looks like 1B/26A2C4E0'],
    [{ target: 'xid', xid: '' }, 'Type the number of a transaction'],
    [{ target: 'xid', xid: '2' }, 'A transaction is a number from 3 to 4294967295'],
    [{ target: 'xid', xid: '4294967296' }, 'A transaction is a number from 3 to 4294967295'],
    [{ target: 'name', name: '' }, 'Choose a restore point'],
  ] as const)('%j: %s', (change, problem) => {
    const wrong = { ...draft, ...change }
    expect(targetProblem(wrong, story)).toBe(problem)
    expect(wishOf(wrong, story)).toBeUndefined()
    expect(pointRequestOf(wrong, story)).toBeUndefined()
  })
  test('a timeline that is gone from the archive falls back to the main one', () => {
    expect(wishOf({ ...draft, timeline: 9 }, story)?.timeline).toBe(1)
  })
  test('one that is offered is taken over whole', () => {
    const nearest = { kind: 'lsn', value: '1B/3E5A0000', timeline: 2, inclusive: true, action: 'shutdown' } as const
    expect(wishOf(takeWish({ ...draft, time: storyMoment }, nearest), story)).toEqual(nearest)
  })
  test('where nothing can be reached by time there is none', () => {
    const lanes = story.lanes.map((lane) => ({ ...lane, reach: [] }))
    expect(targetProblem(draft, { ...story, lanes })).toBe('No moment can be reached by time: choose another target')
  })
})

describe('steps', () => {
  test('each says what it waits for', () => {
    expect(pointStepProblem(emptyPointDraft, state, 'source')).toBe('Choose a cluster first')
    expect(pointStepProblem(draft, { ...state, moments: undefined }, 'source')).toBe('Looking at the backups and the archive…')
    expect(pointStepProblem(draft, { ...state, moments: { ...story, lanes: [] } }, 'source')).toBe(
      'No moment can be reached from its backups with this archive',
    )
    expect(pointStepProblem(draft, { ...state, typed: 'No time' }, 'moment')).toBe('No time')
    expect(pointStepProblem(draft, { ...state, planned: 'waiting' }, 'moment')).toBe('Planning…')
    expect(pointStepProblem(draft, { ...state, planned: 'blocked' }, 'moment')).toBe('This moment can not be reached')
    expect(pointStepProblem({ ...draft, folder: 'here' }, state, 'destination')).toBe('The new folder needs an absolute path')
    expect(pointStepProblem({ ...draft, port: '0' }, state, 'destination')).toBe('The port is a number from 1 to 65535')
    expect(pointStepProblem({ ...draft, tablespaces: { 16400: 'x' } }, state, 'options')).toBe(
      'The folder of tablespace 16400 needs an absolute path',
    )
    expect(pointStepProblem(draft, state, 'options')).toBe('')
  })
  test('a blocked moment is not left for the steps after it', () => {
    expect(reachablePointStep(draft, { ...state, planned: 'blocked' }, 'review')).toBe('moment')
    expect(reachablePointStep(draft, state, 'review')).toBe('review')
    expect(pointRunRequestOf(draft, { ...state, planned: 'blocked' }, null)).toBeUndefined()
  })
  test('the request, and back as a draft to edit', () => {
    const asked = { ...draft, time: storyMoment, backup: storyBackups.first.path }
    const request = pointRunRequestOf(asked, state, null)
    expect(request).toMatchObject({
      point: { archiveId: 'a1', backup: storyBackups.first.path, wish: { kind: 'time', value: storyMoment } },
      destination: { kind: 'new', folder: '/srv/recovered', port: 5433 },
      login: 'c1',
      confirm: null,
    })
    // The core keeps the source beside it.
    const again = draftOfPointJob({ ...request, source: { path: '/b' } })
    expect(again).toMatchObject({ step: 'review', archiveId: 'a1', target: 'time', time: storyMoment, folder: '/srv/recovered' })
    expect(draftOfPointJob({ source: { path: '/b' } })).toBeUndefined()
    expect(wizardOf({ capability: 'recovery', input: { ...request, source: { path: '/b' } } })).toBe('/restore/point')
    expect(wizardOf({ capability: 'recovery', input: { source: { path: '/b' } } })).toBe('/restore/standalone')
  })
  test('the place of a cluster: one of the list has its port, any other data directory gets one', () => {
    const base = { defaults: { folder: '/srv/recovered', port: 5433, login: null } }
    const looked = { ...base, other: { name: 'data', askPort: 5440, problem: '' } }
    const of = (change: Partial<PointDraft>, known: typeof looked | typeof base = looked) => {
      const typed: PointDraft = { ...draft, kind: 'cluster', ...change }
      const asked = { ...state, base: known }
      const problem = pointStepProblem(typed, asked, 'destination')
      return problem === '' ? pointRunRequestOf(typed, asked, null)?.destination : problem
    }
    expect(of({})).toBe('Choose a stopped cluster')
    expect(of({ cluster: '/c' })).toEqual({ kind: 'cluster', dataDirectory: '/c' })
    expect(of({ other: 'srv' })).toBe('The data directory needs an absolute path')
    expect(of({ other: '/srv/data' }, base)).toBe('Looking at the data directory…')
    const runs = { ...looked, other: { ...looked.other, problem: 'It runs: stop it first.' } }
    expect(of({ other: '/srv/data' }, runs)).toBe('data: It runs: stop it first.')
    expect(of({ other: '/srv/data', otherPort: '99999' })).toBe('The port is a number from 1 to 65535')
    const given = { kind: 'cluster', dataDirectory: '/srv/data', port: 5440 }
    expect(of({ cluster: '/c', other: ' /srv/data ' })).toEqual(given)
    expect(of({ other: '/srv/data', otherPort: '5499' })).toEqual({ ...given, port: 5499 })
    const again = draftOfPointJob({
      ...pointRunRequestOf({ ...draft, kind: 'cluster', other: '/srv/data' }, { ...state, base: looked }, null),
    })
    expect(again).toMatchObject({ kind: 'cluster', cluster: '', other: '/srv/data', otherPort: '5440' })
  })
  test('another cluster starts over, but keeps what happens at the target', () => {
    const other = chooseCluster({ ...draft, action: 'promote', time: storyMoment, step: 'review' }, '1')
    expect(other).toEqual({ ...emptyPointDraft, systemIdentifier: '1', action: 'promote' })
    expect(chooseCluster(draft, story.systemIdentifier)).toBe(draft)
  })
  test('a kept draft comes back; a damaged one starts over', () => {
    expect(readPointDraft(JSON.parse(JSON.stringify({ point: { ...draft, time: storyMoment } })))).toEqual({
      ...draft,
      time: storyMoment,
    })
    for (const bad of [undefined, null, 5, { point: { ...draft, target: 'never' } }, { point: { ...draft, time: 1.5 } }])
      expect(readPointDraft(bad)).toEqual(emptyPointDraft)
  })
})

test('the fastest moment follows the newest of the smallest full backups', () => {
  const [lane] = story.lanes
  if (!lane) throw new Error('no lane')
  expect(fastestMoment(lane, story.backups)).toBe(at(22, '02:03:11'))
  const half = story.backups.map((one) => (one.path === story.backups[2]?.path ? { ...one, size: '1000' } : one))
  expect(fastestMoment(lane, half)).toBe(at(17, '02:03:11'))
  expect(fastestMoment({ ...lane, reach: [] }, story.backups)).toBeUndefined()
})

test('settings are copied as the file has them', () => {
  const text = settingsText({
    settings: [
      ...storyPlan({ kind: 'end', timeline: 1, inclusive: true, action: 'pause' }).settings,
      { name: 'x', value: "it's" },
    ],
  })
  expect(text).toContain("recovery_target_time = '2026-11-22 09:14:32.500000+01:00'\nrecovery_target_timeline = 1\n")
  expect(text).toContain("archive_mode = off\nx = 'it''s'\n")
})
