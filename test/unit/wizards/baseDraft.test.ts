// The draft of a base backup: defaults by format, the parent that is chosen, and what is refused before it is asked.
// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { readBaseDrafts } from '../../../renderer/stores/baseDrafts'
import {
  type BaseBase,
  baseRequestOf,
  baseStepProblem,
  draftOfBaseJob,
  emptyBaseDraft,
  parentOf,
  reachableBaseStep,
} from '../../../renderer/wizards/baseBackup/draft'
import { applyFix } from '../../../renderer/wizards/baseBackup/steps/ReviewStep'
import { inTheWay } from '../../../renderer/wizards/baseBackup/steps/SourceStep'

const base: BaseBase = {
  serverVersion: 180000,
  defaults: { format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, tarCompression: 'client-zstd:3' },
  libraries: [{ path: '/srv/library' }],
  parents: [
    { path: '/srv/library/b', problem: 'Its manifest is missing.' },
    { path: '/srv/library/a', problem: '' },
  ],
}

test('a draft without changes asks for the defaults, and tar brings its compression', () => {
  expect(baseRequestOf(emptyBaseDraft, base, 'c')).toEqual({
    ...{ connectionId: 'c', format: 'plain', options: { walMethod: 'stream', checkpoint: 'fast' }, parent: null },
    ...{ configuration: true, verify: true, keepSlot: false, library: '/srv/library', label: '' },
  })
  expect(baseRequestOf({ ...emptyBaseDraft, format: 'tar' }, base, 'c')?.options).toEqual({
    ...{ walMethod: 'stream', checkpoint: 'fast', compress: 'client-zstd:3' },
  })
})

test('an incremental one takes the newest that can be built on', () => {
  const draft = { ...emptyBaseDraft, incremental: true }
  expect(parentOf(draft, base)).toBe('/srv/library/a')
  expect(baseStepProblem({ ...draft, parent: '/srv/library/b' }, base, 'source')).toBe('Its manifest is missing.')
  expect(baseStepProblem({ ...draft, parent: '/gone' }, base, 'source')).toBe('Choose the backup to build on')
  expect(baseStepProblem(draft, { ...base, serverVersion: 160000 }, 'source')).toBe('Came with PostgreSQL 17.')
  expect(baseStepProblem(draft, { ...base, parents: [] }, 'source')).toBe(
    'There is no base backup of this cluster in the libraries to build on: take a full one first.',
  )
  expect(reachableBaseStep(draft, { ...base, parents: [] }, 'review')).toBe('source')
})

test('the library needs an absolute path', () => {
  expect(baseStepProblem({ ...emptyBaseDraft, library: 'here' }, base, 'options')).toBe('The folder needs an absolute path')
  expect(baseStepProblem({ ...emptyBaseDraft, library: '' }, base, 'options')).toBe('Choose the folder to keep the backup in')
  expect(baseStepProblem(emptyBaseDraft, undefined, 'source')).toBe('Waiting for the server')
})

test('a past job becomes the same request again', () => {
  const draft = { ...emptyBaseDraft, format: 'tar' as const, incremental: true, changes: { maxRate: '20M' }, verify: false }
  const request = baseRequestOf(draft, base, 'c')
  const again = draftOfBaseJob(request, base)
  expect(again && baseRequestOf(again, base, 'c')).toEqual(request)
  expect(draftOfBaseJob({ connectionId: 'c' }, base)).toBeUndefined()
})

test('fixes change the draft', () => {
  expect(applyFix({ ...emptyBaseDraft, incremental: true }, base, 'parent', '').incremental).toBe(false)
  expect(applyFix({ ...emptyBaseDraft, verify: false }, base, 'verify', true).verify).toBe(true)
  expect(applyFix({ ...emptyBaseDraft, changes: { walMethod: 'none' } }, base, 'walMethod', 'stream').changes).toEqual({})
  expect(applyFix({ ...emptyBaseDraft, changes: { target: 'blackhole' } }, base, 'target', false).changes).toEqual({})
})

test('stored drafts are read one by one', () => {
  expect(readBaseDrafts({ base: { a: emptyBaseDraft, b: { step: 'nowhere' } } })).toEqual({ base: { a: emptyBaseDraft } })
  expect(readBaseDrafts('nonsense')).toEqual({ base: {} })
})

test('only what stands in the way of a backup is shown', () => {
  const row = (id: string, state: 'ready' | 'check' | 'blocked') => ({
    id,
    state,
    check: id,
    now: '',
    needed: '',
    howToChange: '',
  })
  const rows = [
    row('role', 'blocked'),
    row('hba', 'ready'),
    row('max_slot_wal_keep_size', 'check'),
    row('summarize_wal', 'check'),
  ]
  expect(inTheWay(rows, false).map(({ id }) => id)).toEqual(['role'])
  expect(inTheWay(rows, true).map(({ id }) => id)).toEqual(['role', 'summarize_wal'])
})
