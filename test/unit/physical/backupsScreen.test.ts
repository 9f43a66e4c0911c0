// The catalog's list with chains, filters by kind and check, and the words for what can be restored.
import { describe, expect, it } from 'vitest'
import { chainProblems, resultSize } from '../../../electron/library/combineChain'
import {
  arrangeChains,
  filterBackups,
  kindOf,
  noFilter,
  restoreLink,
  sortBackups,
} from '../../../renderer/screens/Backups/catalog'
import { restorableWords } from '../../../renderer/screens/Backups/restorable'
import {
  combineProblem,
  combineRequestOf,
  copyWay,
  emptyCombineDraft,
  withCopyWay,
} from '../../../renderer/wizards/combine/draft'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import { baseEntry, windowOf } from './baseRecords'

const full = baseEntry('full', 1)
const one = baseEntry('one', 2, full)
const other = baseEntry('other', 3)
const two = baseEntry('two', 4, one)
const all = [full, one, other, two]
const show = (entries: readonly CatalogEntry[], of: readonly CatalogEntry[] = all) =>
  arrangeChains(entries, of).map(({ entry, depth, last, broken }) => [entry.record.label, depth, last, broken !== ''])

describe('arrangeChains', () => {
  it('puts incrementals below their full backup, at the place of the chain’s first in the list', () => {
    expect(show(sortBackups(all, 'age', false))).toEqual([
      ['full', 0, true, false],
      ['one', 1, false, false],
      ['two', 2, true, false],
      ['other', 0, true, false],
    ])
  })

  it('shows one without its chain by itself, and says when that is broken', () => {
    expect(show([two, other])).toEqual([
      ['two', 0, true, false],
      ['other', 0, true, false],
    ])
    expect(show([two, full], [two, full])).toEqual([
      ['two', 0, true, true],
      ['full', 0, true, false],
    ])
  })
})

describe('filters', () => {
  it('by kind and by the last check', () => {
    const failed = baseEntry('failed', 6, null, {
      verifications: [{ at: '2026-11-20T11:00:00.000Z', level: 'manifest', ok: false, detail: '' }],
    })
    const entries = [...all, failed]
    const labels = (filter: Partial<typeof noFilter>) =>
      filterBackups(entries, { ...noFilter, ...filter }).map((each) => each.record.label)
    expect(labels({ kind: 'incremental' })).toEqual(['one', 'two'])
    expect(labels({ kind: 'base-backup' })).toEqual(['full', 'other', 'failed'])
    expect(labels({ checked: 'failed' })).toEqual(['failed'])
    expect(labels({ checked: 'never', kind: 'base-backup' })).toEqual(['full', 'other'])
    expect(kindOf(one.record)).toBe('incremental')
  })

  it('a physical backup leads to standalone recovery', () => {
    expect(restoreLink(full)).toContain('/restore/standalone?backup=')
  })

  it('one without its WAL leads to its own moment with the WAL of an archive, on its own timeline', () => {
    const bare = { path: full.path, record: { ...full.record, walMethod: 'none' as const } }
    const link = new URL(restoreLink(bare).replace('#', ''), 'http://x')
    expect(link.pathname).toBe('/restore/point')
    expect(Object.fromEntries(link.searchParams)).toMatchObject({
      system: full.record.source.systemIdentifier,
      ...{ backup: full.path, target: 'immediate', timeline: String(full.record.stop.timeline) },
    })
  })
})

describe('restorableWords', () => {
  it('by itself: exactly its stop; with an archive: to the last commit before the first gap', () => {
    expect(restorableWords(full, [])?.short).toMatch(/^Restorable to exactly 20 Nov.* \d\d:01:30 [+-]\d\d:\d\d$/)
    const open = restorableWords(full, [windowOf(full, '0/9000000', 59)])
    expect(open?.short).toMatch(/^Restorable from 20 Nov.* \d\d:01:30 .* to 20 Nov.* \d\d:59:00 [+-]\d\d:\d\d$/)
    const gap = restorableWords(full, [windowOf(full, '0/3000000', 3, { gap: '000000010000000000000003 is missing.' })])
    expect(gap?.short).toMatch(/, where WAL is missing or damaged$/)
    expect(gap?.ways[1]?.text).toMatch(/000000010000000000000003 is missing\.$/)
    expect(gap?.ways[1]?.good).toBe(false)
  })

  it('without WAL of its own it depends on the archive', () => {
    const bare = baseEntry('bare', 7, null, { walMethod: 'none' })
    expect(restorableWords(bare, [])?.short).toBe('Not restorable: its WAL is in no archive known here')
    expect(restorableWords(bare, undefined)?.short).toBe('Looking at the archives…')
    expect(restorableWords(bare, [windowOf(bare, '0/7400000', 7, { gap: 'X is missing.' })])?.ways[1]?.text).toBe(
      'The archive main does not reach its end. X is missing.',
    )
  })
})

describe('a chain to combine', () => {
  it('is told by its records', () => {
    expect(chainProblems([full, one, two])).toEqual([])
    expect(chainProblems([one])[0]?.text).toBe('one is an incremental backup by itself: its chain begins with a full backup.')
    expect(chainProblems([full, two, one])[0]?.text).toBe('The order is wrong: two comes after full, and does not build on it.')
    expect(chainProblems([full, other])[0]?.text).toBe('other is a full backup: it builds on nothing.')
  })

  it('gives about the size of its newest whole files', () => {
    const file = (path: string, size: number) => ({ path, size, algorithm: 'NONE' as const, checksum: null })
    const manifest = (files: ReturnType<typeof file>[]) => ({
      ...{ version: 2, systemIdentifier: '1', walRanges: [], checksum: '' },
      files,
    })
    const first = manifest([file('base/1/10', 8000), file('PG_VERSION', 3), file('base/1/gone', 5000)])
    const second = manifest([file('base/1/INCREMENTAL.10', 100), file('PG_VERSION', 3), file('base/1/new', 700)])
    expect(resultSize([first, second])).toBe(8703n)
    expect(resultSize([first, null])).toBeNull()
  })

  it('becomes a request with one way of copying', () => {
    const base = { chain: [{ path: '/a' }, { path: '/b' }], problem: '', toolProblem: null, libraries: [{ path: '/lib' }] }
    const clone = withCopyWay(emptyCombineDraft, 'clone')
    expect(copyWay(emptyCombineDraft)).toBe('copy')
    expect(copyWay(clone)).toBe('clone')
    expect(combineRequestOf(clone, base)).toEqual({
      ...{ chain: ['/a', '/b'], library: '/lib', label: '' },
      options: { clone: true, manifestChecksums: 'CRC32C' },
    })
    expect(combineProblem(emptyCombineDraft, { ...base, problem: 'no chain' })).toBe('no chain')
    expect(combineRequestOf({ ...emptyCombineDraft, library: 'relative' }, base)).toBeUndefined()
  })
})
