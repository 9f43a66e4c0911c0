// The overview's verdict: it never says protected over a database without a good dump.
import { describe, expect, test } from 'vitest'
import {
  checkState,
  type DatabaseFacts,
  dumpsOfServer,
  isOfServer,
  judge,
  protectDatabases,
} from '../../../renderer/screens/Overview/protection'
import { baseEntry } from '../physical/baseRecords'
import { connectionSample, dumpSample } from './samples'

const now = Date.parse('2026-11-22T12:00:00Z')
const hoursAgo = (hours: number) => new Date(now - hours * 3_600_000).toISOString()

function database(name: string, size: number | null, change: Partial<DatabaseFacts> = {}): DatabaseFacts {
  return {
    name,
    size: size === null ? null : String(size),
    owner: 'postgres',
    encoding: 'UTF8',
    localeProvider: 'libc',
    collate: 'C',
    ctype: 'C',
    locale: null,
    allowsConnections: true,
    isTemplate: false,
    sessions: 0,
    ...change,
  }
}

const MB = 1024 ** 2
const shop = database('shop', 118 * MB)
const course = database('course', 20 * MB)

describe('which dumps are of this server', () => {
  const connection = connectionSample()
  test('the system identifier decides, whatever the host', () => {
    const elsewhere = dumpSample('shop', hoursAgo(1), [], { host: 'other' })
    expect(isOfServer(elsewhere, connection, '77')).toBe(true)
    expect(isOfServer(dumpSample('shop', hoursAgo(1), []), connection, '78')).toBe(false)
  })
  test('host and port decide where one side does not know it', () => {
    expect(isOfServer(dumpSample('shop', hoursAgo(1), []), connection, null)).toBe(true)
    expect(isOfServer(dumpSample('shop', hoursAgo(1), [], { port: 5434 }), connection, null)).toBe(false)
    expect(isOfServer(dumpSample('shop', hoursAgo(1), [], { systemIdentifier: null }), connection, '78')).toBe(true)
  })
  test('newest first', () => {
    const found = dumpsOfServer(
      [dumpSample('a', hoursAgo(9)), dumpSample('b', hoursAgo(1)), dumpSample('c', hoursAgo(3))],
      connection,
      '77',
    )
    expect(found.map((entry) => entry.record.source.database)).toEqual(['b', 'c', 'a'])
  })
})

describe('how a dump was checked', () => {
  const check = (level: 'checksums' | 'read', ok: boolean, hours: number) => ({ level, ok, at: hoursAgo(hours) })
  test.each([
    ['read', [check('read', true, 2)]],
    ['checksums', [check('checksums', true, 2)]],
    ['none', []],
    ['failed', [check('read', true, 5), check('checksums', false, 1)]],
    ['failed', [check('read', true, 5), check('read', false, 1)]],
    ['read', [check('read', false, 5), check('read', true, 1)]],
  ] as const)('%s', (state, checks) => expect(checkState(dumpSample('shop', hoursAgo(9), [...checks]))).toBe(state))
})

describe('verdict', () => {
  test('no dump at all: not protected, the largest database is the next step', () => {
    const verdict = judge(protectDatabases([course, shop], []), now)
    expect(verdict.tone).toBe('warning')
    expect(verdict.title).toBe('Not protected: no backup yet')
    expect(verdict.loss).toBe('If it were lost now, you would lose all of 2 databases.')
    expect(verdict.next).toMatchObject({ kind: 'dump', database: 'shop', label: 'Dump shop now' })
  })
  test('one of two dumped: in part, the other is named', () => {
    const verdict = judge(protectDatabases([course, shop], [dumpSample('shop', hoursAgo(7))]), now)
    expect(verdict.tone).toBe('warning')
    expect(verdict.title).toBe('Protected in part: 1 of 2 databases has a dump')
    expect(verdict.loss).toBe('If it were lost now, you would lose all of course, and up to 7 h of changes in the rest.')
    expect(verdict.concerns).toEqual(['course never dumped'])
    expect(verdict.next).toMatchObject({ database: 'course' })
  })
  test('a dump that failed its check protects nothing', () => {
    const bad = dumpSample('shop', hoursAgo(2), [{ level: 'checksums', ok: false, at: hoursAgo(1) }])
    const alone = judge(protectDatabases([shop], [bad]), now)
    expect(alone.tone).toBe('blocker')
    expect(alone.title).toBe('Not protected: the last dump failed its check')
    const beside = judge(protectDatabases([shop, course], [bad, dumpSample('course', hoursAgo(2))]), now)
    expect(beside.tone).toBe('blocker')
    expect(beside.title).toBe('Protected in part: the dump of shop failed its check')
    expect(beside.loss).toContain('all of shop')
    expect(beside.next).toMatchObject({ kind: 'dump', database: 'shop' })
  })
  test('with a base backup that stands, a dump that failed is a thing to look at, and dumped again', () => {
    const bad = dumpSample('shop', hoursAgo(2), [{ level: 'checksums', ok: false, at: hoursAgo(1) }])
    const checked = [{ level: 'read' as const, ok: true, at: hoursAgo(1), detail: '' }]
    const base = baseEntry('base', 1, null, { startedAt: hoursAgo(3), verifications: checked })
    const verdict = judge(protectDatabases([shop, course], [bad]), now, false, [base])
    expect(verdict).toMatchObject({
      tone: 'warning',
      title: 'Protected by a base backup, but a dump failed its check',
      concerns: ['dump of shop failed its check'],
      next: { kind: 'dump', database: 'shop', label: 'Dump shop again' },
    })
    const spoilt = { ...base, record: { ...base.record, verifications: checked.map((one) => ({ ...one, ok: false })) } }
    expect(judge(protectDatabases([shop, course], [bad]), now, false, [spoilt])).toMatchObject({
      tone: 'blocker',
      title: 'Not protected: the last dump failed its check',
      next: { label: 'Dump shop again' },
    })
  })
  test('all dumped and read: protected, and the oldest dump says what would be lost', () => {
    const verdict = judge(
      protectDatabases([shop, course], [dumpSample('shop', hoursAgo(1)), dumpSample('course', hoursAgo(7))]),
      now,
    )
    expect(verdict).toMatchObject({ tone: 'pass', title: 'Protected by dumps', concerns: [] })
    expect(verdict.loss).toBe(
      'If it were lost now, you would lose at most 7 h of changes: what was written since course was last dumped.',
    )
    expect(verdict.next).toMatchObject({ kind: 'restore', label: 'Try a restore…' })
  })
  test('a server marked read-only is offered a dump, since it takes no restore', () => {
    const protections = protectDatabases([shop, course], [dumpSample('shop', hoursAgo(1)), dumpSample('course', hoursAgo(7))])
    expect(judge(protections, now, true).next).toMatchObject({ kind: 'dump', database: 'course', label: 'Dump course now' })
  })
  test('old or unchecked dumps are things to look at', () => {
    const verdict = judge(
      protectDatabases([shop, course], [dumpSample('shop', hoursAgo(100)), dumpSample('course', hoursAgo(2), [])]),
      now,
    )
    expect(verdict.title).toBe('Protected by dumps, with 2 things to look at')
    expect(verdict.concerns).toEqual(['dump of shop is 4 days old', 'dump of course never checked'])
    expect(verdict.next).toMatchObject({ kind: 'dump', database: 'shop', note: 'its last dump is 4 days old' })
  })
  test('templates, closed databases and an empty postgres need no dump; a filled one does', () => {
    const rows = [
      database('template1', 8 * MB, { isTemplate: true }),
      database('closed', MB, { allowsConnections: false }),
      database('postgres', 7 * MB),
    ]
    expect(judge(protectDatabases(rows, []), now)).toMatchObject({ tone: 'pass', title: 'Nothing to protect yet', next: null })
    expect(judge(protectDatabases([database('postgres', 70 * MB)], []), now).tone).toBe('warning')
    expect(judge(protectDatabases([database('postgres', null)], []), now).tone).toBe('warning')
  })
})
