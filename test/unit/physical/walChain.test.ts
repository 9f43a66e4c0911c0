// How far WAL reaches from a backup, over gaps, damage and forks: the way that recovery takes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLsn } from '../../../shared/model/lsn'
import { longestWay, walChain } from '../../../shared/model/walChain'
import { segmentName } from '../../../shared/model/walFile'
import { archiveOf, at, history, noActivity, segment, segmentSize, segments } from './archiveSamples'

const name = (timeline: number, number: number) => segmentName({ timeline, number: BigInt(number) }, segmentSize)

describe('on one timeline', () => {
  it('reaches to the first missing segment, by any set of segments', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 60 }),
        (numbers, from) => {
          const chain = walChain(archiveOf(segments(1, numbers)), { timeline: 1, lsn: at(from, 40) })
          let last = from
          while (numbers.includes(last)) last += 1
          expect(chain.reaches).toBe(last === from ? at(from, 40) : at(last))
          expect(chain.segments).toHaveLength(last - from)
          expect(chain.missing).toEqual({
            timeline: 1,
            name: name(1, last),
            gap: numbers.some((number) => number > last),
            odd: null,
          })
          expect(chain.lastCommit?.xid ?? null).toBe(last === from ? null : last - 1)
          expect(chain.bytes).toBe(chain.reaches - at(from, 40))
        },
      ),
    )
  })

  it('ends at a damaged record, and names the file', () => {
    const lsn = formatLsn(at(3, 500))
    const damaged = segment(1, 3, { damage: { lsn, words: 'incorrect resource manager data checksum', from: null }, end: lsn })
    expect(walChain(archiveOf(segments(1, [2]), damaged, segments(1, [4])), { timeline: 1, lsn: at(2) })).toMatchObject({
      reaches: at(3, 500),
      damagedAt: { lsn: at(3, 500), files: [name(1, 3)] },
      missing: null,
      lastCommit: { xid: 3 },
    })
  })

  it('of a record between two segments names both, and takes nothing of the second', () => {
    const lsn = formatLsn(at(3, -20))
    const damaged = segment(1, 3, { damage: { lsn, words: 'x', from: name(1, 2) } })
    expect(walChain(archiveOf(segments(1, [2]), damaged), { timeline: 1, lsn: at(2) })).toMatchObject({
      reaches: at(3, -20),
      damagedAt: { files: [name(1, 2), name(1, 3)] },
      lastCommit: { xid: 2 },
    })
  })

  it('goes on into a .partial as far as that goes', () => {
    const partial = segment(1, 3, { partial: true, end: formatLsn(at(3, 777)) })
    expect(walChain(archiveOf(segments(1, [2]), partial), { timeline: 1, lsn: at(2) })).toMatchObject({
      reaches: at(3, 777),
      missing: { name: name(1, 3), gap: false },
    })
  })

  it('stops where records were not read', () => {
    const unread = segment(1, 3, { end: null, own: null, unread: 'there is no pg_waldump of PostgreSQL 14 here' })
    expect(walChain(archiveOf(segments(1, [2]), unread), { timeline: 1, lsn: at(2) })).toMatchObject({
      reaches: at(3),
      unread: { file: name(1, 3), why: 'there is no pg_waldump of PostgreSQL 14 here' },
    })
  })

  it('a commit before the start is not on the way', () => {
    expect(walChain(archiveOf(segments(1, [2])), { timeline: 1, lsn: at(2, 4000) }).lastCommit).toBeNull()
  })

  it('says what stands in a segment’s place', () => {
    const short = segment(1, 3, { problem: { fault: 'size', says: 'has 5 of 16,777,216 bytes' } })
    expect(walChain(archiveOf(segments(1, [2, 4]), short), { timeline: 1, lsn: at(2) }).missing).toEqual({
      ...{ timeline: 1, name: name(1, 3), gap: true },
      odd: { file: name(1, 3), says: 'has 5 of 16,777,216 bytes' },
    })
  })
})

describe('over a fork', () => {
  const fork = at(5, 4096)
  const forked = {
    ...segment(2, 5),
    header: segment(1, 5).header,
    inherited: { ...noActivity, commits: 7, timeline: 1, forkAt: formatLsn(fork) },
  }
  const index = archiveOf(segments(1, [3, 4, 5, 6, 7]), history(2, [[1, fork]]), forked, segments(2, [6]))

  it('takes the new timeline’s segment where both have one', () => {
    const chain = walChain(index, { timeline: 1, lsn: at(3) }, 2)
    expect(chain.segments.map(({ entry }) => entry.file)).toEqual([name(1, 3), name(1, 4), name(2, 5), name(2, 6)])
    expect(chain).toMatchObject({ reaches: at(7), timeline: 2, commits: 1 + 1 + 7 + 1 + 1 })
  })

  it('stays on its own timeline unless another is asked for', () => {
    expect(walChain(index, { timeline: 1, lsn: at(3) })).toMatchObject({ reaches: at(8), timeline: 1 })
  })

  it('refuses a timeline that left before the backup’s end', () => {
    expect(walChain(index, { timeline: 1, lsn: at(6) }, 2).refused).toBe(
      `the way to timeline 2 leaves timeline 1 at ${formatLsn(fork)}, before ${formatLsn(at(6))}`,
    )
    expect(walChain(index, { timeline: 1, lsn: fork }, 2)).toMatchObject({ refused: null, reaches: at(7) })
  })

  it('refuses a timeline of which nothing is known, and one that comes from elsewhere', () => {
    expect(walChain(index, { timeline: 1, lsn: at(3) }, 9).refused).toBe(
      '00000009.history is not in the archive, so the way to timeline 9 is not known',
    )
    const other = archiveOf(segments(1, [3]), history(4, [[2, fork]]), segments(4, [6]))
    expect(walChain(other, { timeline: 1, lsn: at(3) }, 4).refused).toBe('timeline 4 does not come from timeline 1')
  })

  it('a fork on a boundary begins with the next segment', () => {
    const boundary = archiveOf(segments(1, [4, 5, 6]), history(2, [[1, at(6)]]), segments(2, [6, 7]))
    const files = walChain(boundary, { timeline: 1, lsn: at(4) }, 2).segments.map(({ entry }) => entry.file)
    expect(files).toEqual([name(1, 4), name(1, 5), name(2, 6), name(2, 7)])
  })

  it('the way that lived on is the longest in time; a stray history changes nothing', () => {
    expect(longestWay(index, { timeline: 1, lsn: at(3) })).toBe(1)
    const later = archiveOf(
      segments(1, [3, 4, 5]),
      history(2, [[1, fork]]),
      forked,
      segments(2, [6, 7]),
      history(9, [[1, at(4)]]),
    )
    expect(longestWay(later, { timeline: 1, lsn: at(3) })).toBe(2)
  })
})
