// Drafts from an earlier run: kept when whole, dropped one by one when damaged.
import { describe, expect, it } from 'vitest'
import { readDrafts } from '../../../renderer/stores/drafts'
import { emptyDumpDraft } from '../../../renderer/wizards/dump/draft'
import { emptyRestoreDraft } from '../../../renderer/wizards/restore/draft'

describe('stored drafts', () => {
  const dump = { ...emptyDumpDraft, database: 'shop', changes: { jobs: 4, excludeTable: ['a'] } }
  const restore = { ...emptyRestoreDraft, source: '/srv/x' }

  it('come back as they were', () => {
    const kept = readDrafts(JSON.parse(JSON.stringify({ dump: { c1: dump }, restore })))
    expect(kept).toEqual({ dump: { c1: dump }, restore })
  })

  it('are dropped one by one when damaged', () => {
    const kept = readDrafts({
      dump: { c1: dump, c2: { ...dump, step: 'nowhere' }, c3: 7 },
      restore: { ...restore, kind: 'both' },
    })
    expect(kept).toEqual({ dump: { c1: dump }, restore: emptyRestoreDraft })
  })

  it.each([undefined, null, 5, 'x', [], { dump: [] }])('start over from %j', (value) => {
    expect(readDrafts(value)).toEqual({ dump: {}, restore: emptyRestoreDraft })
  })
})
