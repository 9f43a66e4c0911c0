// The lab's steps follow from what is really there, and a step is never called done without its proof.
import { describe, expect, it } from 'vitest'
import {
  countsDiffer,
  type LabFacts,
  type LabMemory,
  labSteps,
  noteGone,
  totalRows,
} from '../../../renderer/screens/Practice/labSteps'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { PracticeCluster } from '../../../shared/contracts/practice'
import type { JobSnapshot } from '../../../shared/jobs/job'

const main: PracticeCluster = {
  name: 'main',
  state: 'running',
  stateText: 'Running',
  version: 180004,
  port: 54320,
  dataDirectory: '/x/main',
  size: '1',
  systemIdentifier: '77',
  connectionId: 'p1',
  filled: true,
  startedAt: null,
}

// Only what the lab reads; the whole records are the contracts' concern.
const dump = (systemIdentifier = '77', database = 'shop') =>
  ({
    path: '/lib/x',
    record: { endedAt: '2026-11-22T10:00:00.000Z', source: { systemIdentifier, database } },
  }) as unknown as CatalogEntry
const restored = (over: Partial<JobSnapshot> = {}) =>
  ({
    capability: 'restore',
    title: 'Restore into shop',
    connectionId: 'p1',
    state: 'succeeded',
    startedAt: '2026-11-22T10:10:00.000Z',
    result: { headline: '', facts: [], backupPath: null, database: 'shop' },
    ...over,
  }) as unknown as JobSnapshot

const facts: LabFacts = { main, databases: ['postgres', 'shop'], counts: { 'public.a': '3' }, backups: [], jobs: [] }
const memory: LabMemory = {
  systemIdentifier: '77',
  looked: { at: '2026-11-22T09:00:00.000Z', counts: { 'public.a': '3' }, sample: { table: 'public.a', lines: [] } },
  goneAt: '2026-11-22T10:05:00.000Z',
}
const states = (given: LabFacts, kept: LabMemory | null) =>
  labSteps(given, kept)
    .map((step) => step.state[0])
    .join('')

describe('steps', () => {
  it('begins with the cluster', () => {
    expect(states({ ...facts, main: undefined, databases: null, counts: null }, null)).toBe('cttttt')
    expect(states({ ...facts, main: { ...main, state: 'stopped' } }, null)).toBe('cttttt')
    expect(states(facts, null)).toBe('dctttt')
  })

  it('counts only a dump of this cluster and of the sample database', () => {
    const looked = { ...memory, goneAt: null }
    expect(states({ ...facts, backups: [dump('78')] }, looked)).toBe('ddcttt')
    expect(states({ ...facts, backups: [dump('77', 'other')] }, looked)).toBe('ddcttt')
    expect(states({ ...facts, backups: [dump()] }, looked)).toBe('dddctt')
  })

  it('counts only a restore that succeeded after the database was gone, into this server', () => {
    const there = { ...facts, backups: [dump()] }
    expect(states(there, memory)).toBe('ddddct')
    for (const wrong of [
      restored({ state: 'failed' }),
      restored({ connectionId: 'p2' }),
      restored({ startedAt: '2026-11-22T10:00:00.000Z' }),
      restored({ result: { headline: '', facts: [], backupPath: null, database: 'other' } }),
    ]) {
      expect(states({ ...there, jobs: [wrong] }, memory)).toBe('ddddct')
    }
    expect(states({ ...there, jobs: [restored()] }, memory)).toBe('dddddd')
  })

  it('does not call rows the same when they are not', () => {
    const steps = labSteps({ ...facts, backups: [dump()], jobs: [restored()], counts: { 'public.a': '2' } }, memory)
    expect(steps.at(-1)).toEqual({ id: 'compare', state: 'current', found: 'public.a has 2 rows, it had 3', odd: true })
  })

  it('forgets what belonged to an earlier cluster', () => {
    expect(states(facts, { ...memory, systemIdentifier: '1' })).toBe('dctttt')
  })
})

describe('noting that the database is gone', () => {
  const gone = { ...facts, databases: ['postgres'], counts: null, backups: [dump()] }

  it('needs a dump to restore from, and a server that was asked', () => {
    expect(noteGone(gone, null, 'now')).toEqual({ systemIdentifier: '77', looked: null, goneAt: 'now' })
    expect(noteGone({ ...gone, backups: [] }, null, 'now')).toBeNull()
    expect(noteGone({ ...gone, databases: null }, null, 'now')).toBeNull()
    expect(noteGone(facts, null, 'now')).toBeNull()
  })

  it('keeps the first time and what was looked at', () => {
    expect(noteGone(gone, memory, 'later')).toBe(memory)
    expect(noteGone(gone, { ...memory, goneAt: null }, 'later')).toEqual({ ...memory, goneAt: 'later' })
  })
})

describe('counts', () => {
  it('says the first difference', () => {
    expect(countsDiffer({ a: '1' }, { a: '1' })).toBe('')
    expect(countsDiffer({ a: '1', b: '2' }, { a: '1' })).toBe('b is missing, it had 2 rows')
    expect(countsDiffer({ a: '1' }, { a: '1', c: '4' })).toBe('c is new, with 4 rows')
  })

  it('adds up beyond 2^53', () => {
    expect(totalRows({ a: '9007199254740993', b: '1' })).toBe(9007199254740994n)
  })
})
