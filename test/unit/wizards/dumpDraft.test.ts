// The dump wizard's draft: defaults by format, what may go on, the request, and a past job read back.
import { describe, expect, it } from 'vitest'
import {
  chooseDatabase,
  type DumpBase,
  draftOfDumpJob,
  dumpStepProblem,
  emptyDumpDraft,
  reachableDumpStep,
  requestOf,
} from '../../../renderer/wizards/dump/draft'
import { dumpRequest } from '../../../shared/contracts/dump'

const base: DumpBase = {
  defaults: { format: 'directory', options: { jobs: 2, compress: 'zstd:3', lockWaitTimeout: '60s' } },
  libraries: [{ path: '/srv/walkback' }],
  suggestedLabel: 'shop',
}
const shop = { ...emptyDumpDraft, database: 'shop' }

describe('requests', () => {
  it('is the defaults of the server when nothing was changed, and passes the contract', () => {
    const request = requestOf(shop, base, 'c1')
    expect(request).toEqual({
      connectionId: 'c1',
      database: 'shop',
      format: 'directory',
      options: { jobs: 2, compress: 'zstd:3', lockWaitTimeout: '60s' },
      globals: true,
      library: '/srv/walkback',
      label: 'shop',
    })
    expect(dumpRequest.safeParse(request).success).toBe(true)
  })

  it('drops the defaults that a format has no use for, and keeps what the person asked for all the same', () => {
    expect(requestOf({ ...shop, format: 'custom' }, base, 'c1')?.options).toEqual({ compress: 'zstd:3', lockWaitTimeout: '60s' })
    expect(requestOf({ ...shop, format: 'plain' }, base, 'c1')?.options).toEqual({ lockWaitTimeout: '60s' })
    // Asked for by hand: it stays, and the command's own check says why it can't be.
    expect(requestOf({ ...shop, format: 'plain', changes: { jobs: 4 } }, base, 'c1')?.options).toEqual({
      jobs: 4,
      lockWaitTimeout: '60s',
    })
  })

  it('keeps an emptied label and library empty instead of falling back in silence', () => {
    expect(requestOf({ ...shop, label: '' }, base, 'c1')?.label).toBe('')
    expect(requestOf({ ...shop, library: '' }, base, 'c1')).toBeUndefined()
    expect(dumpStepProblem({ ...shop, library: '' }, base, 'options')).toBe('Choose the folder to keep the dump in')
    expect(dumpStepProblem({ ...shop, library: 'relative/path' }, base, 'options')).toBe('The folder needs an absolute path')
  })

  it('is nothing before the server answered or without a database', () => {
    expect(requestOf(shop, undefined, 'c1')).toBeUndefined()
    expect(requestOf(emptyDumpDraft, base, 'c1')).toBeUndefined()
  })
})

describe('steps', () => {
  it('says what is missing, in the first step that lacks it', () => {
    expect(dumpStepProblem(emptyDumpDraft, base, 'database')).toBe('Choose a database first')
    expect(dumpStepProblem(shop, undefined, 'objects')).toBe('Waiting for the server')
    expect(reachableDumpStep(emptyDumpDraft, base, 'review')).toBe('database')
    expect(reachableDumpStep({ ...shop, library: 'x' }, base, 'review')).toBe('options')
    expect(reachableDumpStep(shop, base, 'review')).toBe('review')
  })

  it('starts the choices afresh for another database, never excluding by names of the earlier one', () => {
    const draft = {
      ...shop,
      step: 'review' as const,
      changes: { excludeTable: ['public.x'] },
      label: 'mine',
      library: '/b',
      globals: false,
    }
    expect(chooseDatabase(draft, 'shop')).toBe(draft)
    expect(chooseDatabase(draft, 'other')).toEqual({ ...emptyDumpDraft, database: 'other', library: '/b', globals: false })
  })
})

describe('edit and run', () => {
  it('gives exactly the request of the job again, also where a default was switched off', () => {
    const input = {
      connectionId: 'c1',
      database: 'shop',
      format: 'directory',
      options: { compress: 'none', excludeTable: ['a.b'] },
      globals: false,
      library: '/elsewhere',
      label: '',
    }
    const draft = draftOfDumpJob(input, base)
    expect(draft?.step).toBe('review')
    expect(draft && requestOf(draft, base, 'c1')).toEqual(input)
  })

  it('refuses what is no dump request', () => {
    expect(draftOfDumpJob({ name: 'main' }, base)).toBeUndefined()
    expect(draftOfDumpJob(null, base)).toBeUndefined()
  })
})
