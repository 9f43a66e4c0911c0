// Chains of base backups: what they need, what needs them, why they are broken; and what a removal takes with it.
import { describe, expect, it } from 'vitest'
import { chainOf, dependentsOf } from '../../../shared/model/backupChain'
import { removalOf } from '../../../shared/model/removal'
import { baseEntry, windowOf } from './baseRecords'

const full = baseEntry('full', 1)
const one = baseEntry('one', 2, full)
const two = baseEntry('two', 3, one)
const other = baseEntry('other', 5)
const all = [two, other, one, full]
const names = (entries: readonly { record: { label: string } }[]) => entries.map(({ record }) => record.label)

describe('chainOf', () => {
  it('leads from the full backup to the asked one', () => {
    expect(names(chainOf(two, all).links)).toEqual(['full', 'one', 'two'])
    expect(names(chainOf(full, all).links)).toEqual(['full'])
    expect(chainOf(two, all).problem).toBe('')
  })

  it('says what is missing', () => {
    const { links, problem } = chainOf(two, [two, full])
    expect(names(links)).toEqual(['two'])
    expect(problem).toBe('two builds on a backup from 0/2000000 on timeline 1 that is in none of the libraries.')
    expect(chainOf(two, [two, one]).problem).toBe(
      'one builds on a backup from 0/1000000 on timeline 1 that is in none of the libraries.',
    )
  })

  it('says when the parent is another backup than it was', () => {
    const moved = { ...full, record: { ...full.record, start: { timeline: 1, lsn: '0/9000000' } } }
    expect(chainOf(one, [one, moved]).problem).toBe(
      'one builds on a backup that began at 0/1000000 on timeline 1, but full began at 0/9000000 on timeline 1.',
    )
    const source = { ...full.record.source, systemIdentifier: '8000' }
    expect(chainOf(one, [one, { ...full, record: { ...full.record, source } }]).problem).toBe(
      'one is of the cluster 7000, and full of 8000.',
    )
  })

  it('ends where records build on each other', () => {
    const a = baseEntry('a', 1)
    const b = baseEntry('b', 1, a)
    const loop = { ...a, record: { ...a.record, incremental: { parent: b.record.id, from: b.record.start } } }
    expect(chainOf(b, [loop, b]).problem).toBe('The records of a and b build on each other.')
  })

  it('takes the copy in its own library', () => {
    const copies = [full, one].map((entry) => ({ ...entry, path: entry.path.replace('/lib', '/copy'), library: '/copy' }))
    const [, oneCopy] = copies
    if (!oneCopy) throw new Error('no copy')
    expect(chainOf(oneCopy, [...all, ...copies]).links.map(({ path }) => path)).toEqual(['/copy/main/full', '/copy/main/one'])
  })
})

describe('dependentsOf', () => {
  it('names what builds on it, directly or not, and nothing else', () => {
    expect(names(dependentsOf(full, all))).toEqual(['one', 'two'])
    expect(names(dependentsOf(one, all))).toEqual(['two'])
    expect(dependentsOf(two, all)).toEqual([])
    expect(dependentsOf(other, all)).toEqual([])
  })

  it('leaves out those that another copy of it serves', () => {
    const copy = { ...full, path: '/copy/main/full', library: '/copy' }
    expect(dependentsOf(full, [...all, copy])).toEqual([])
  })
})

describe('removalOf', () => {
  const windows = [full, one, two, other].map((entry) => windowOf(entry, '0/9000000', 59))

  it('of a chain: the incrementals, and the moments up to the next backup with WAL', () => {
    const { dependents, lost } = removalOf(full, all, windows)
    expect(names(dependents)).toEqual(['one', 'two'])
    expect(lost).toEqual([
      {
        archive: 'main',
        from: { lsn: '0/1800000', time: '2026-11-20T10:01:30.000000Z' },
        to: { lsn: '0/5800000', time: '2026-11-20T10:05:30.000000Z' },
      },
    ])
  })

  it('of a backup whose moments an earlier one reaches: nothing', () => {
    expect(removalOf(other, all, windows)).toEqual({ dependents: [], lost: [] })
    expect(removalOf(two, all, windows)).toEqual({ dependents: [], lost: [] })
  })

  it('of the only one: all that its archive leads to, up to the last commit', () => {
    expect(removalOf(full, [full], windows).lost).toEqual([
      {
        archive: 'main',
        from: { lsn: '0/1800000', time: '2026-11-20T10:01:30.000000Z' },
        to: { lsn: '0/9000000', time: '2026-11-20T10:59:00.000000Z' },
      },
    ])
  })

  it('an earlier one whose WAL ends in a gap does not serve what lies after it', () => {
    const gap = [windowOf(full, '0/2000000', 2), windowOf(other, '0/9000000', 59)]
    expect(removalOf(other, [full, other], gap).lost).toEqual([
      {
        archive: 'main',
        from: { lsn: '0/5800000', time: '2026-11-20T10:05:30.000000Z' },
        to: { lsn: '0/9000000', time: '2026-11-20T10:59:00.000000Z' },
      },
    ])
  })

  it('without archives: its own moment, unless it has no WAL or there is a copy', () => {
    const moment = { lsn: '0/5800000', time: '2026-11-20T10:05:30.000000Z' }
    expect(removalOf(other, all, []).lost).toEqual([{ archive: null, from: moment, to: moment }])
    expect(removalOf(other, [...all, { ...other, path: '/copy/other' }], []).lost).toEqual([])
    const combined = baseEntry('combined', 3, null, { combinedFrom: ['id-full', 'id-one', 'id-two'] })
    expect(removalOf(two, [...all, combined], []).lost).toEqual([])
    expect(removalOf(one, [...all, combined], []).lost.map(({ from }) => from.lsn)).toEqual(['0/2800000'])
    const bare = baseEntry('bare', 6, null, { walMethod: 'none' })
    expect(removalOf(bare, [bare], []).lost).toEqual([])
  })

  it('a broken chain reaches nothing, so nothing is lost with it, and it serves nobody', () => {
    expect(removalOf(two, [two], windows)).toEqual({ dependents: [], lost: [] })
    expect(removalOf(other, [two, other], windows).lost).toHaveLength(1)
  })
})
