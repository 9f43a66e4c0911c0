// Ranges, gaps, forks and what of an archive counts, by examples and by properties.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timelineTree, walRanges } from '../../../shared/model/archiveRanges'
import { archiveOf, at, cluster, history, segment, segments } from './archiveSamples'

const numberSets = fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 80 })

describe('ranges and gaps', () => {
  it('cover exactly the segments that are there, and the gaps exactly what is missing between them', () => {
    fc.assert(
      fc.property(numberSets, (numbers) => {
        const [node] = timelineTree(archiveOf(segments(1, numbers)))
        const covered = new Set<number>()
        for (const range of node?.ranges ?? []) {
          expect(range.segments.map(({ number }) => number)).toEqual(
            Array.from({ length: range.last - range.first + 1 }, (_, n) => range.first + n),
          )
          for (const { number } of range.segments) covered.add(number ?? -1)
        }
        expect([...covered].toSorted((a, b) => a - b)).toEqual(numbers.toSorted((a, b) => a - b))
        const missing = new Set<number>()
        for (const gap of node?.gaps ?? []) for (let number = gap.first; number <= gap.last; number += 1) missing.add(number)
        const all = Array.from({ length: Math.max(...numbers) - Math.min(...numbers) + 1 }, (_, n) => Math.min(...numbers) + n)
        expect([...missing]).toEqual(all.filter((number) => !covered.has(number)))
        expect((node?.ranges.length ?? 0) - 1).toBe(node?.gaps.length)
      }),
    )
  })

  it('a .partial ends its range, and its place is missing when WAL follows it', () => {
    const index = archiveOf(segments(1, [1, 2]), segment(1, 3, { partial: true }), segments(1, [4]))
    expect(walRanges(index.segments).map(({ first, last }) => [first, last])).toEqual([
      [1, 3],
      [4, 4],
    ])
    expect(timelineTree(index)[0]?.gaps).toEqual([{ timeline: 1, first: 3, last: 3 }])
  })

  it('a complete segment counts before its .partial, a plain one before a packed one', () => {
    const packed = segment(1, 2, { compressed: 'gz', file: '000000010000000000000002.gz' })
    const index = archiveOf(segment(1, 1), segment(1, 1, { partial: true }), packed, segment(1, 2))
    expect(index.segments.map(({ file }) => file)).toEqual(['000000010000000000000001', '000000010000000000000002'])
    expect(index.odd).toMatchObject([
      { file: '000000010000000000000001.partial', problem: { fault: 'duplicate' } },
      {
        file: '000000010000000000000002.gz',
        problem: { fault: 'duplicate', says: 'is here as 000000010000000000000002 too, which counts' },
      },
    ])
  })
})

describe('timelines', () => {
  const fork = at(5, 4096)

  it('know where they come from, and miss what lies between the fork and their first segment', () => {
    const index = archiveOf(segments(1, [3, 4, 5, 6]), history(2, [[1, fork]]), segments(2, [7]))
    expect(timelineTree(index)).toMatchObject([
      { timeline: 1, parent: null, known: true, gaps: [] },
      { timeline: 2, parent: 1, forkAt: fork, known: true, gaps: [{ first: 5, last: 6 }] },
    ])
  })

  it('on the way to one that is here are in the tree without a segment of their own', () => {
    const index = archiveOf(
      history(3, [
        [1, fork],
        [2, at(6, 8)],
      ]),
      segments(3, [6]),
    )
    expect(timelineTree(index).map(({ timeline, ranges }) => [timeline, ranges.length])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
    ])
  })

  it('without a history file are not known', () => {
    expect(timelineTree(archiveOf(segments(4, [6])))[0]).toMatchObject({ timeline: 4, parent: null, known: false })
  })

  it('a segment with a fork begins with the timeline that was left, by its history file', () => {
    const left = { ...segment(2, 5), header: segment(1, 5).header }
    expect(archiveOf(segments(1, [5]), history(2, [[1, fork]]), left).odd).toEqual([])
    const early = { ...segment(2, 4), header: segment(1, 4).header }
    expect(archiveOf(segments(1, [5]), history(2, [[1, fork]]), early, left).odd).toMatchObject([
      {
        file: '000000020000000000000004',
        problem: {
          fault: 'name',
          says: 'begins with WAL of timeline 1, and 00000002.history says that timeline 2 is not reached in it',
        },
      },
    ])
  })
})

describe('other clusters', () => {
  it('the cluster of most segments is the archive’s, unless it is said', () => {
    const header = { ...segment(1, 9).header, systemIdentifier: '1' } as ReturnType<typeof segment>['header']
    const foreign = { ...segment(1, 9), header }
    const index = archiveOf(segments(1, [1, 2]), foreign)
    expect(index.systemIdentifier).toBe(cluster)
    expect(index.odd).toMatchObject([
      { problem: { fault: 'foreign', says: `is of the cluster 1, and this archive of ${cluster}` } },
    ])
  })
})
