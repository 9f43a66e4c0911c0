// What a preflight's fix does to a draft, and what a dump's ticks do to pg_dump's options.
import { describe, expect, it } from 'vitest'
import { patternEntry } from '../../../renderer/wizard/OptionField'
import { otherLimits } from '../../../renderer/wizards/dump/contents'
import { type DumpBase, emptyDumpDraft } from '../../../renderer/wizards/dump/draft'
import { applyFix as fixDump } from '../../../renderer/wizards/dump/steps/ReviewStep'
import { emptyRestoreDraft, type RestoreBase } from '../../../renderer/wizards/restore/draft'
import { promiseOf } from '../../../renderer/wizards/restore/promise'
import { applyFix as fixRestore } from '../../../renderer/wizards/restore/steps/ReviewStep'

const dumpBase: DumpBase = { defaults: { format: 'directory', options: { jobs: 4 } }, libraries: [], suggestedLabel: '' }
const restoreBase: RestoreBase = {
  suggestedDatabase: 'x',
  suggestedTarget: { kind: 'existing', database: 'x' },
  defaults: { jobs: 2 },
}

describe('fixes of a dump', () => {
  it('set options, and leave out what stands in the way, also where it is a default', () => {
    expect(fixDump(emptyDumpDraft, dumpBase, 'jobs', 2).changes).toEqual({ jobs: 2 })
    expect(fixDump(emptyDumpDraft, dumpBase, 'jobs', false).changes).toEqual({ jobs: false })
    const filtered = { ...emptyDumpDraft, changes: { filter: '/x', excludeTable: ['a'] } }
    expect(fixDump(filtered, dumpBase, 'filter', false).changes).toEqual({ excludeTable: ['a'] })
  })

  it('reach the choices that are no options', () => {
    expect(fixDump(emptyDumpDraft, dumpBase, 'globals', false).globals).toBe(false)
    expect(fixDump(emptyDumpDraft, dumpBase, 'format', 'custom').format).toBe('custom')
    expect(fixDump(emptyDumpDraft, dumpBase, 'format', 'zip').format).toBe('directory')
    expect(fixDump(emptyDumpDraft, dumpBase, 'library', '/b').library).toBe('/b')
  })
})

describe('fixes of a restore', () => {
  it('know an option of pg_restore from a switch of the draft', () => {
    expect(fixRestore(emptyRestoreDraft, restoreBase, false, 'noOwner', true).changes).toEqual({ noOwner: true })
    expect(fixRestore(emptyRestoreDraft, restoreBase, false, 'continueOnError', true)).toMatchObject({
      continueOnError: true,
      changes: {},
    })
    expect(fixRestore(emptyRestoreDraft, restoreBase, false, 'singleTransaction', true)).toMatchObject({
      singleTransaction: false,
      changes: { singleTransaction: true },
    })
    expect(fixRestore(emptyRestoreDraft, restoreBase, true, 'singleTransaction', true)).toMatchObject({
      singleTransaction: true,
      changes: {},
    })
    expect(fixRestore(emptyRestoreDraft, restoreBase, false, 'target.owner', 'bob')).toMatchObject({ owner: 'bob', changes: {} })
  })
})

describe('what a restore promises to leave alone', () => {
  it('is said only where it is true', () => {
    const into = { ...emptyRestoreDraft, kind: 'new' as const, existing: 'shop' }
    expect(promiseOf(into, { connects: false }, 'prod')).toMatchObject({
      safe: true,
      text: 'No existing database of prod is touched',
    })
    expect(promiseOf(into, { connects: true }, 'prod').safe).toBe(false)
    const existing = { ...into, kind: 'existing' as const }
    expect(promiseOf(existing, { connects: false }, 'prod')).toMatchObject({
      safe: false,
      text: 'The existing database shop changes: the restore adds to what is there',
    })
    expect(promiseOf({ ...existing, changes: { clean: true } }, { connects: false }, 'prod').text).toContain('dropped first')
  })
})

it('every limit that the tree does not show is named, so that nothing is left out unseen', () => {
  const values = { excludeTable: ['"public"."a"'], noLargeObjects: true, schemaOnly: true, jobs: 2, compress: 'zstd:3' }
  expect(otherLimits(values).map(({ flag, text }) => `${flag} ${text}`)).toEqual(['--schema-only Definitions only'])
})

it('quotes a name that exists and leaves a pattern as it was typed', () => {
  const names = { 'public.Orders': '"public"."Orders"', 'a.b.c': '"a.b"."c"' }
  expect(patternEntry(' public.Orders ', names)).toBe('"public"."Orders"')
  expect(patternEntry('a.b.c', names)).toBe('"a.b"."c"')
  expect(patternEntry('public.ord*', names)).toBe('public.ord*')
  expect(patternEntry('toString', names)).toBe('toString')
})
