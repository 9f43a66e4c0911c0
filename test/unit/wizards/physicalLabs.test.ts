// The labs of physical backup: no step is called done without its proof, and another cluster's proof does not count.
import { describe, expect, test } from 'vitest'
import { accidentSteps } from '../../../renderer/screens/Practice/accidentSteps'
import { drillSteps } from '../../../renderer/screens/Practice/drillSteps'
import type { LabStepState } from '../../../renderer/screens/Practice/LabStepList'
import {
  type BaseBackup,
  exerciseMemory,
  type PhysicalFacts,
  recoveredConnection,
} from '../../../renderer/screens/Practice/physicalFacts'
import { standaloneSteps } from '../../../renderer/screens/Practice/standaloneSteps'
import { streamSteps } from '../../../renderer/screens/Practice/streamSteps'
import type { Exercise, ExerciseDone, PracticeCluster } from '../../../shared/contracts/practice'
import type { JobSnapshot } from '../../../shared/jobs/job'
import type { WalArchive } from '../../../shared/model/walArchive'
import { baseEntry } from '../physical/baseRecords'
import { connectionSample, jobSample } from '../renderer/samples'

const cluster = (name: PracticeCluster['name'], systemIdentifier: string | null): PracticeCluster => ({
  ...{ name, state: 'running', stateText: 'Running', version: 180004, port: 54320, dataDirectory: `/x/${name}/data` },
  ...{ size: '1', systemIdentifier, connectionId: `practice-${name}`, filled: name === 'main', startedAt: null },
})
const main = cluster('main', '77')
const replica = cluster('replica', '78')
const time = (minute: number) => `2026-11-22T10:${String(minute).padStart(2, '0')}:00.000000Z`
const done = (exercise: Exercise, minute: number, from: string, to: string, over: Partial<ExerciseDone> = {}): ExerciseDone => ({
  ...{ exercise, systemIdentifier: '77', begun: time(minute), at: time(minute), from, to, rows: 3, before: {} },
  ...over,
})
const { source } = baseEntry('b', 1).record
const record = (minute: number, lsn: string, over: Partial<BaseBackup> = {}) => ({
  ...baseEntry('b', 1, null, {
    ...{ source: { ...source, systemIdentifier: '77' }, stop: { timeline: 1, lsn } },
    ...{ startedAt: time(minute), endedAt: time(minute), ...over },
  }),
  path: `/lib/${minute}`,
})
const destination = { kind: 'new', folder: '/srv/two', port: 6000 } as const
const placed = { tablespaces: {}, verify: true, login: null, confirm: null }
const recovery = (minute: number, input: object, over: Partial<JobSnapshot> = {}) =>
  jobSample({
    ...{ id: `r${minute}`, capability: 'recovery', title: 'Recover main', state: 'succeeded', createdAt: time(minute) },
    input: { destination, ...placed, ...input } as JobSnapshot['input'],
    ...over,
  })
const pointOf = (archiveId: string) => ({
  point: { archiveId, backup: null, wish: { kind: 'end', timeline: 1, inclusive: true, action: 'promote' } },
})
const archive = (over: Partial<WalArchive> = {}): WalArchive => ({
  ...{ id: 'a1', kind: 'stream', label: 'main', connectionId: 'practice-main', folder: '/wal', systemIdentifier: '77' },
  ...{ createdAt: time(1), stream: { slot: 's1', compress: '', synchronous: false, wanted: true } },
  ...over,
})
const none: PhysicalFacts = { main, replica, backups: [], jobs: [], archives: [], looks: [], connections: [], exercises: {} }
const states = (steps: readonly LabStepState<string>[]) => steps.map(({ state, odd }) => (odd ? 'odd' : state)).join(' ')
const unseen = { main: null, recovered: null }

describe('standalone base backup', () => {
  const exercises = { table: done('table', 1, '0/1000', '0/2000'), change: done('change', 3, '0/4000', '0/5000') }
  const facts: PhysicalFacts = {
    ...none,
    exercises,
    backups: [record(2, '0/3000')],
    jobs: [recovery(4, { source: { path: '/lib/2' } })],
  }
  const rows = { main: ['crimson', 'navy', 'olive'], recovered: ['red', 'blue', 'green'] }
  test('step by step', () => {
    expect(states(standaloneSteps(none, unseen))).toBe('current todo todo todo todo')
    expect(states(standaloneSteps({ ...none, exercises: { table: exercises.table } }, unseen))).toBe(
      'done current todo todo todo',
    )
    expect(states(standaloneSteps({ ...facts, jobs: [] }, unseen))).toBe('done done done current todo')
    expect(states(standaloneSteps(facts, unseen))).toBe('done done done done current')
    expect(states(standaloneSteps(facts, rows))).toBe('done done done done done')
  })
  test('what proves nothing', () => {
    // Without WAL, of another cluster, taken before the table, taken after the change.
    for (const backup of [
      record(2, '0/3000', { walMethod: 'none' }),
      record(2, '0/3000', { source: { ...source, systemIdentifier: '78' } }),
      record(2, '0/1800'),
      record(2, '0/4800'),
    ]) {
      expect(standaloneSteps({ ...facts, backups: [backup] }, unseen)[1]?.found).toBe('')
    }
    // Failed, to a moment, of another backup, before the change.
    for (const job of [
      recovery(4, { source: { path: '/lib/2' } }, { state: 'failed' }),
      recovery(4, pointOf('a1')),
      recovery(4, { source: { path: '/lib/other' } }),
      recovery(2, { source: { path: '/lib/2' } }),
    ]) {
      expect(standaloneSteps({ ...facts, jobs: [job] }, unseen)[3]?.found).toBe('')
    }
    const strange = { ...rows, recovered: ['crimson', 'navy', 'olive'] }
    expect(states(standaloneSteps(facts, strange))).toBe('done done done done odd')
    expect(states(standaloneSteps({ ...facts, main: { ...main, systemIdentifier: '99' } }, rows))).toBe(
      'current todo todo todo todo',
    )
  })
})

describe('streaming archive', () => {
  const exercises = { database: done('database', 3, '0/4000', '0/5000') }
  const facts: PhysicalFacts = {
    ...none,
    exercises,
    archives: [archive()],
    backups: [record(2, '0/3000', { walMethod: 'none' })],
    jobs: [recovery(4, pointOf('a1'))],
  }
  test('step by step', () => {
    expect(states(streamSteps(none, null, null))).toBe('current todo todo todo todo todo')
    expect(states(streamSteps({ ...none, archives: [archive()] }, null, ['s1']))).toBe('done current todo todo todo todo')
    expect(states(streamSteps({ ...facts, exercises: {}, jobs: [] }, null, ['s1']))).toBe('done done current todo todo todo')
    expect(states(streamSteps(facts, null, ['s1']))).toBe('done done done done current todo')
    expect(states(streamSteps(facts, ['1', '2', '3'], ['s1']))).toBe('done done done done done current')
    expect(states(streamSteps(facts, ['1', '2', '3'], ['other']))).toBe('done done done done done done')
    // As it is once the slot was dropped here.
    const folder = archive({ kind: 'folder', stream: null })
    const streaming = jobSample({ capability: 'wal-stream', state: 'succeeded', createdAt: time(1), input: { archiveId: 'a1' } })
    const ended = { ...facts, archives: [folder], jobs: [...facts.jobs, streaming] }
    expect(states(streamSteps(ended, ['1', '2', '3'], []))).toBe('done done done done done done')
    expect(states(streamSteps({ ...ended, jobs: facts.jobs }, ['1', '2', '3'], []))).toBe('current todo todo todo todo todo')
  })
  test('what proves nothing', () => {
    expect(streamSteps({ ...facts, archives: [archive({ kind: 'file', stream: null })] }, null, null)[0]?.found).toBe('')
    expect(streamSteps({ ...facts, archives: [archive({ systemIdentifier: '78' })] }, null, null)[0]?.found).toBe('')
    expect(streamSteps({ ...facts, backups: [record(2, '0/3000')] }, null, null)[1]?.found).toBe('')
    expect(streamSteps({ ...facts, backups: [record(2, '0/4800', { walMethod: 'none' })] }, null, null)[2]?.found).toBe('')
    expect(streamSteps({ ...facts, jobs: [recovery(4, pointOf('a2'))] }, null, null)[3]?.found).toBe('')
    expect(states(streamSteps(facts, ['1'], []))).toBe('done done done done odd done')
    expect(states(streamSteps(facts, ['1', '2', '3'], null))).toBe('done done done done done current')
  })
})

describe('the accident', () => {
  const before = { 'sales.payments': '120000', 'crm.notes': '15000' }
  const exercises = { accident: done('accident', 3, '0/4000', '0/5000', { rows: 10_000, before }) }
  const look = {
    ...{ jobId: 'r4', server: 'main', name: 'two', dataDirectory: '/srv/two', port: 6000, state: 'paused' as const },
  }
  const facts: PhysicalFacts = {
    ...none,
    exercises,
    archives: [archive({ kind: 'file', stream: null })],
    backups: [record(2, '0/3000')],
    looks: [
      {
        ...look,
        wish: pointOf('a1').point.wish,
        promoted: false,
        lastCommit: null,
        stoppedAt: null,
      } as PhysicalFacts['looks'][number],
    ],
    jobs: [
      recovery(4, pointOf('a1')),
      jobSample({
        capability: 'rescue',
        state: 'succeeded',
        createdAt: time(5),
        title: 'Rescue',
        input: { live: 'practice-main' },
      }),
    ],
  }
  test('step by step', () => {
    expect(states(accidentSteps(none, null, null))).toBe('current todo todo todo todo todo')
    expect(states(accidentSteps({ ...facts, exercises: {} }, null, null))).toBe('done done current todo todo todo')
    expect(states(accidentSteps({ ...facts, jobs: [] }, null, null))).toBe('done done done current todo todo')
    expect(states(accidentSteps({ ...facts, jobs: facts.jobs.slice(0, 1) }, null, time(2)))).toBe(
      'done done done done current todo',
    )
    expect(states(accidentSteps(facts, before, time(2)))).toBe('done done done done done done')
    expect(accidentSteps(facts, before, null).at(-1)?.found).toBe('sales.payments has 120,000 rows, crm.notes has 15,000 rows')
  })
  test('what proves nothing', () => {
    const late = accidentSteps(facts, before, time(3))
    expect(states(late)).toBe('done done done odd done done')
    expect(late[3]?.found).toBe(
      'it holds what was committed up to 2026-11-22 10:03:00.000000 UTC, the accident too: start again earlier',
    )
    expect(accidentSteps({ ...facts, backups: [record(2, '0/4800')] }, null, null)[1]?.found).toBe('')
    const elsewhere = jobSample({ capability: 'rescue', state: 'succeeded', createdAt: time(5), input: { live: 'other' } })
    expect(accidentSteps({ ...facts, jobs: [elsewhere] }, null, null)[4]?.found).toBe('')
    const part = accidentSteps(facts, { 'sales.payments': '110000' }, null)
    expect(states(part)).toBe('done done done done done odd')
    expect(part.at(-1)?.found).toBe('sales.payments has 110,000 rows, it had 120,000, crm.notes is not there')
  })
})

test('the drill: a failed one is odd, and only the report of the last one counts', () => {
  const drilled = (ok: boolean) => ({
    ...none,
    backups: [
      record(2, '0/3000', { verifications: [{ at: '2026-11-22T11:00:00.000Z', level: 'drill', ok, detail: 'Restored' }] }),
    ],
  })
  expect(states(drillSteps(none, ''))).toBe('current todo todo')
  expect(states(drillSteps({ ...none, backups: [record(2, '0/3000')] }, ''))).toBe('done current todo')
  expect(states(drillSteps(drilled(true), ''))).toBe('done done current')
  expect(states(drillSteps(drilled(true), '2026-11-22T10:00:00.000Z'))).toBe('done done current')
  expect(states(drillSteps(drilled(true), '2026-11-22T11:00:00.000Z'))).toBe('done done done')
  expect(states(drillSteps(drilled(false), ''))).toBe('done odd todo')
})

test('the recovered server is known by its port, or as the replica whose place it took', () => {
  const facts = {
    ...none,
    connections: [connectionSample({ id: 'two', settings: { ...connectionSample().settings, port: 6000 } })],
  }
  expect(recoveredConnection(facts, recovery(4, { source: { path: '/lib/2' } }))).toBe('two')
  expect(recoveredConnection(none, recovery(4, { source: { path: '/lib/2' } }))).toBeUndefined()
  const inPlace = (dataDirectory: string) => ({ source: { path: '/lib/2' }, destination: { kind: 'cluster', dataDirectory } })
  expect(recoveredConnection(facts, recovery(4, inPlace('/x/replica/data')))).toBe('practice-replica')
  expect(recoveredConnection(facts, recovery(4, inPlace('/x/else')))).toBeUndefined()
})

test('what was kept of an older shape begins again', () => {
  expect(exerciseMemory.safeParse({ table: { exercise: 'table' } }).success).toBe(false)
  expect(exerciseMemory.parse({ table: done('table', 1, '0/1', '0/2') })).toHaveProperty('table.rows', 3)
})
