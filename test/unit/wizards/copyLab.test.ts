// The lab "COPY out and in": no step is called done without its proof, and another cluster's or file's proof does not count.
import { describe, expect, test } from 'vitest'
import { type CopyLabFacts, type CopyLabMemory, copyLabSteps, rowsDiffer } from '../../../renderer/screens/Practice/copyLabSteps'
import type { PracticeCluster } from '../../../shared/contracts/practice'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { jobSample } from '../renderer/samples'

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

const rows = [
  ['1', 'Hello!'],
  ['2', ''],
  ['3', null],
]
const request = { connectionId: 'p1', database: 'course', format: 'csv', options: { header: 'true' } } as const
const exported = (over: Partial<JobSnapshot> = {}) =>
  jobSample({
    capability: 'copy',
    connectionId: 'p1',
    state: 'succeeded',
    createdAt: '2026-11-22T10:00:00.000Z',
    endedAt: '2026-11-22T10:00:01.000Z',
    input: {
      ...request,
      kind: 'export',
      source: { kind: 'table', schema: 'public', name: 't', columns: null },
      place: { kind: 'client', path: '/x/t.csv', compression: 'none', overwrite: false },
    },
    ...over,
  })
const imported = (path = '/x/t.csv', over: Partial<JobSnapshot> = {}) =>
  jobSample({
    capability: 'copy',
    connectionId: 'p1',
    state: 'succeeded',
    createdAt: '2026-11-22T10:05:00.000Z',
    endedAt: '2026-11-22T10:05:01.000Z',
    input: {
      ...request,
      kind: 'import',
      target: { schema: 'public', name: 't2', create: null },
      place: { kind: 'client', path },
      mapping: null,
      where: '',
      truncate: false,
      skipBadRows: false,
      maxBadRows: null,
    },
    ...over,
  })
const memory: CopyLabMemory = { systemIdentifier: '77', file: '/x/t.csv', rows, text: '' }
const facts: CopyLabFacts = { main, source: rows, target: null, jobs: [] }
const states = (change: Partial<CopyLabFacts>, kept: CopyLabMemory | null = null) =>
  copyLabSteps({ ...facts, ...change }, kept)
    .map(({ state }) => state[0])
    .join('')

describe('steps', () => {
  test('begin with the table, which must be there on a running cluster', () => {
    expect(states({ main: undefined, source: null })).toBe('ctttt')
    expect(states({ source: null })).toBe('ctttt')
    expect(states({})).toBe('dcttt')
  })
  test('need the export, the look, the import and the rows, in this order', () => {
    expect(states({ jobs: [exported()] })).toBe('ddctt')
    expect(states({ jobs: [exported()] }, memory)).toBe('dddct')
    expect(states({ jobs: [imported(), exported()] }, memory)).toBe('ddddc')
    expect(states({ jobs: [imported(), exported()], target: rows }, memory)).toBe('ddddd')
  })
  test('a failed export, another table, another cluster and another file prove nothing', () => {
    expect(states({ jobs: [exported({ state: 'failed' })] })).toBe('dcttt')
    expect(states({ jobs: [exported({ connectionId: 'other' })] })).toBe('dcttt')
    expect(states({ jobs: [exported()] }, { ...memory, systemIdentifier: '78' })).toBe('ddctt')
    expect(states({ jobs: [exported()] }, { ...memory, file: '/x/other.csv' })).toBe('ddctt')
    expect(states({ jobs: [imported('/x/other.csv'), exported()], target: rows }, memory)).toBe('dddct')
    const before = imported('/x/t.csv', { createdAt: '2026-11-22T09:00:00.000Z' })
    expect(states({ jobs: [exported(), before], target: rows }, memory)).toBe('dddct')
  })
  test('a file in which NULL and the empty string are the same, and rows that lost one, are odd', () => {
    const flat = {
      ...memory,
      rows: [
        ['1', 'Hello!'],
        ['2', null],
        ['3', null],
      ],
    }
    const look = copyLabSteps({ ...facts, jobs: [exported()] }, flat)[2]
    expect(look).toMatchObject({ state: 'current', odd: true })
    expect(look?.found).toContain('does not tell the two apart')
    const target = [
      ['1', 'Hello!'],
      ['2', null],
      ['3', null],
    ]
    const see = copyLabSteps({ ...facts, jobs: [imported(), exported()], target }, memory)[4]
    expect(see).toMatchObject({ state: 'current', odd: true, found: "the row 2 | '' is missing" })
  })
})

test('rows may be there twice, since COPY adds them, but none may be missing or strange', () => {
  expect(rowsDiffer(rows, [...rows, ...rows])).toBe('')
  expect(rowsDiffer(rows, rows.slice(0, 2))).toBe('the row 3 | NULL is missing')
  expect(rowsDiffer(rows, [...rows, ['4', 'NULL']])).toBe('the row 4 | NULL was not in the file')
})
