// The restore wizard's draft: suggestions under changes, what may go on, the request, and a past job read back.
import { describe, expect, it } from 'vitest'
import {
  chooseServer,
  chooseSource,
  draftOfRestoreJob,
  emptyRestoreDraft,
  type RestoreBase,
  reachableRestoreStep,
  restoreRequestOf,
  restoreStepProblem,
  withDestination,
} from '../../../renderer/wizards/restore/draft'
import { restoreRequest } from '../../../shared/contracts/restore'

const suggested = {
  kind: 'new' as const,
  database: 'shop_20261122_0600',
  owner: 'shop_owner',
  encoding: 'UTF8',
  localeProvider: 'libc' as const,
  collate: 'C.UTF-8',
  ctype: 'C.UTF-8',
  locale: '',
  tablespace: '',
}
const base: RestoreBase = { suggestedDatabase: suggested.database, suggestedTarget: suggested, defaults: { jobs: 2 } }
const archive = { format: 'directory' as const }
const script = { format: 'plain' as const }
const draft = { ...emptyRestoreDraft, source: '/srv/walkback/x', connectionId: 'c1' }

describe('requests', () => {
  it('takes the suggestion as it is, and passes the contract', () => {
    const request = restoreRequestOf(draft, archive, base)
    expect(request?.target).toEqual(suggested)
    expect(request?.options).toEqual({ jobs: 2 })
    expect(restoreRequest.safeParse(request).success).toBe(true)
  })

  it('lays single changes over the suggestion', () => {
    const request = restoreRequestOf({ ...draft, newDatabase: 'shop', owner: '' }, archive, base)
    expect(request?.target).toEqual({ ...suggested, database: 'shop', owner: '' })
  })

  it('begins in the database that the core suggests for a script that connects by itself, until another is chosen', () => {
    const connects: RestoreBase = { ...base, suggestedTarget: { kind: 'existing', database: 'postgres' } }
    expect(restoreRequestOf(draft, script, connects)?.target).toEqual({ kind: 'existing', database: 'postgres' })
    expect(withDestination(draft, connects)).toMatchObject({ kind: 'existing', existing: 'postgres' })
    expect(withDestination(draft, base).kind).toBe('new')
    expect(withDestination(draft, undefined).kind).toBeNull()
    expect(withDestination({ ...draft, kind: 'existing' }, connects).existing).toBe('')
    expect(restoreRequestOf({ ...draft, kind: 'new' }, script, connects)?.target.kind).toBe('new')
  })

  it('goes into an existing database by name only', () => {
    const request = restoreRequestOf({ ...draft, kind: 'existing', existing: 'shop' }, archive, base)
    expect(request?.target).toEqual({ kind: 'existing', database: 'shop' })
  })

  it('takes one transaction along for a script only: for an archive it is an option of pg_restore', () => {
    const both = { ...draft, continueOnError: true, singleTransaction: true }
    expect(restoreRequestOf(both, script, base)).toMatchObject({ continueOnError: true, singleTransaction: true })
    expect(restoreRequestOf(both, archive, base)).toMatchObject({ continueOnError: true, singleTransaction: false })
  })
})

describe('steps', () => {
  it.each([
    [emptyRestoreDraft, 'Choose what to restore first'],
    [{ ...draft, source: 'x.dump' }, 'The source needs an absolute path'],
    [{ ...draft, connectionId: '' }, 'Choose a server first'],
    [{ ...draft, newDatabase: ' ' }, 'Name the new database'],
    [{ ...draft, newDatabase: 'é'.repeat(32) }, 'The name is longer than 63 bytes, PostgreSQL would cut it'],
    [{ ...draft, kind: 'existing' as const }, 'Choose the database to restore into'],
    [draft, ''],
  ])('says what is missing: %#', (made, problem) => {
    expect(restoreStepProblem(made, archive, base, 'destination')).toBe(problem)
  })

  it('does not go past a source that was not read', () => {
    expect(restoreStepProblem(draft, undefined, base, 'source')).toBe('The source is not read yet')
    expect(reachableRestoreStep(draft, undefined, base, 'review')).toBe('source')
    expect(restoreRequestOf(draft, undefined, base)).toBeUndefined()
    expect(reachableRestoreStep(draft, archive, base, 'review')).toBe('review')
  })

  it('forgets what belonged to another server, and everything with another source', () => {
    const chosen = {
      ...draft,
      kind: 'existing' as const,
      existing: 'shop',
      owner: 'bob',
      tablespace: 'fast',
      newDatabase: 'mine',
    }
    expect(chooseServer(chosen, 'c2')).toEqual({ ...chosen, connectionId: 'c2', existing: '', owner: null, tablespace: null })
    expect(chooseServer(chosen, 'c1')).toBe(chosen)
    expect(chooseSource(chosen, '/other')).toEqual({ ...emptyRestoreDraft, source: '/other', connectionId: 'c1' })
    expect(chooseSource(chosen, draft.source)).toBe(chosen)
  })
})

describe('edit and run', () => {
  it.each([
    { target: suggested, options: {} },
    { target: { kind: 'existing' as const, database: 'shop' }, options: { jobs: 2, clean: true } },
  ])('gives exactly the request of the job again: %#', ({ target, options }) => {
    const input = {
      connectionId: 'c1',
      source: { path: '/srv/x.sql' },
      target,
      options,
      analyze: false,
      continueOnError: true,
      singleTransaction: false,
    }
    const read = draftOfRestoreJob(input, base)
    expect(read && restoreRequestOf(read, script, base)).toEqual(input)
  })

  it('refuses what is no restore request', () => {
    expect(draftOfRestoreJob({ database: 'x' }, base)).toBeUndefined()
  })
})
