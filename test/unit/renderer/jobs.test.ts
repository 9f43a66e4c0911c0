// The list of jobs from its events, its filters, and the groups of a job's issues.
// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest'
import { outcomeWords } from '../../../renderer/components/jobWords'
import { groupByMessage, groupByObject, messagePattern } from '../../../renderer/screens/JobDetail/issueGroups'
import { outcomeText } from '../../../renderer/screens/JobDetail/OutcomeBanner'
import { hasFilter, hasText, sortJobs } from '../../../renderer/screens/Jobs/jobFilter'
import { applyJobEvent, type JobsState } from '../../../renderer/stores/jobs'
import type { JobIssue } from '../../../shared/jobs/job'
import { jobSample } from './samples'

const empty: JobsState = { jobs: [], loaded: false, paces: {}, moves: {} }
const at = Date.parse('2026-11-22T10:00:10Z')

describe('events', () => {
  test('the first one is the whole list, newest first', () => {
    const old = jobSample({ id: 'old', createdAt: '2026-11-21T10:00:00Z' })
    const state = applyJobEvent(empty, { type: 'all', jobs: [old, jobSample()] }, at)
    expect(state.jobs.map((job) => job.id)).toEqual(['j1', 'old'])
    expect(state.loaded).toBe(true)
  })
  test('after a reconnection jobs that are gone go', () => {
    const first = applyJobEvent(empty, { type: 'all', jobs: [jobSample(), jobSample({ id: 'j2' })] }, at)
    const second = applyJobEvent(first, { type: 'all', jobs: [jobSample({ id: 'j2' })] }, at)
    expect(second.jobs.map((job) => job.id)).toEqual(['j2'])
  })
  test('a job is replaced, a new one comes to the top, a removed one goes', () => {
    let state = applyJobEvent(empty, { type: 'all', jobs: [jobSample()] }, at)
    state = applyJobEvent(state, { type: 'job', job: jobSample({ state: 'succeeded' }) }, at)
    state = applyJobEvent(state, { type: 'job', job: jobSample({ id: 'j2', createdAt: '2026-11-22T11:00:00Z' }) }, at)
    expect(state.jobs.map((job) => [job.id, job.state])).toEqual([
      ['j2', 'running'],
      ['j1', 'succeeded'],
    ])
    expect(applyJobEvent(state, { type: 'removed', jobId: 'j2' }, at).jobs.map((job) => job.id)).toEqual(['j1'])
  })
  test('a move is dated by this machine once the job was seen, and never later than now', () => {
    let state = applyJobEvent(empty, { type: 'job', job: jobSample({ movedAt: '2026-11-22T10:00:02Z' }) }, at)
    expect(state.moves.j1).toBe(Date.parse('2026-11-22T10:00:02Z'))
    state = applyJobEvent(state, { type: 'job', job: jobSample({ movedAt: '2026-11-22T10:00:02Z' }) }, at + 5000)
    expect(state.moves.j1).toBe(Date.parse('2026-11-22T10:00:02Z'))
    // The core's clock is an hour ahead: what counts is when the change was seen.
    state = applyJobEvent(state, { type: 'job', job: jobSample({ movedAt: '2026-11-22T11:00:09Z' }) }, at + 6000)
    expect(state.moves.j1).toBe(at + 6000)
    expect(applyJobEvent(empty, { type: 'job', job: jobSample({ movedAt: '2026-11-22T11:00:09Z' }) }, at).moves.j1).toBe(at)
  })
  test('pace and move go when the job has ended', () => {
    const progress = { done: 1, total: 10, unit: 'bytes' as const, label: '' }
    let state = applyJobEvent(empty, { type: 'job', job: jobSample({ progress }) }, at)
    expect(Object.keys(state.paces)).toEqual(['j1'])
    state = applyJobEvent(state, { type: 'job', job: jobSample({ state: 'failed', progress }) }, at)
    expect([state.paces, state.moves]).toEqual([{}, {}])
  })
})

describe('filters', () => {
  test('completed with errors is a problem, not a success', () => {
    const job = jobSample({ state: 'succeeded_with_warnings' })
    expect([hasFilter(job, 'problems'), hasFilter(job, 'succeeded'), hasFilter(job, 'all')]).toEqual([true, false, true])
    expect(hasFilter(jobSample({ state: 'interrupted' }), 'problems')).toBe(true)
    expect(hasFilter(jobSample({ state: 'cancelling' }), 'active')).toBe(true)
  })
  test('every word of the text counts', () => {
    expect(hasText(jobSample(), 'DUMP main')).toBe(true)
    expect(hasText(jobSample(), 'dump other')).toBe(false)
    expect(hasText(jobSample(), '')).toBe(true)
  })
  test('what runs stands above what ended later', () => {
    const ended = jobSample({ id: 'ended', state: 'failed', createdAt: '2026-11-22T12:00:00Z' })
    expect(sortJobs([ended, jobSample()]).map((job) => job.id)).toEqual(['j1', 'ended'])
  })
})

describe('outcome', () => {
  test('says what it was, errors before warnings', () => {
    expect(outcomeWords(jobSample({ state: 'succeeded_with_warnings', errorCount: 3, warningCount: 9 }))).toBe(
      'Completed with 3 errors',
    )
    expect(outcomeWords(jobSample({ state: 'succeeded_with_warnings', warningCount: 1 }))).toBe('Completed with 1 warning')
    expect(outcomeWords(jobSample({ state: 'succeeded' }))).toBe('Succeeded')
  })
  test('a failure says why and what to do; a cancel says whether anything is left', () => {
    const error = { code: 'tool_failed' as const, message: 'No space left.', hint: 'Free some.' }
    expect(outcomeText(jobSample({ state: 'failed', error }))).toEqual({ text: 'No space left.', hint: 'Free some.' })
    expect(outcomeText(jobSample({ state: 'cancelled' })).text).toBe('Nothing of it was left behind.')
    expect(outcomeText(jobSample({ state: 'cancelled', leftovers: ['/x'] })).text).toBe(
      'Something of it was left behind, see below.',
    )
  })
})

const issue = (change: Partial<JobIssue>): JobIssue => ({
  severity: 'error',
  object: '',
  objectKind: '',
  entry: '',
  message: '',
  statement: '',
  harmless: null,
  advice: '',
  logLine: null,
  ...change,
})

describe('issues', () => {
  const issues = [
    issue({ object: 'a.one', message: 'role "bob" does not exist' }),
    issue({ object: 'b.two', message: 'role "eve" does not exist' }),
    issue({ object: 'b.two', message: 'duplicate key\nDETAIL: x' }),
    issue({ object: 'c.three', severity: 'warning', message: 'careful' }),
  ]
  test('by object, the worst first', () => {
    expect(groupByObject(issues).map((group) => [group.title, group.errors, group.warnings])).toEqual([
      ['b.two', 2, 0],
      ['a.one', 1, 0],
      ['c.three', 0, 1],
    ])
  })
  test('by message: names aside, one message is one group', () => {
    expect(messagePattern('relation "a.b" of 12 rows\nmore')).toBe('relation "…" of … rows')
    expect(groupByMessage(issues).map((group) => [group.title, group.issues.length])).toEqual([
      ['role "…" does not exist', 2],
      ['duplicate key', 1],
      ['careful', 1],
    ])
  })
})
