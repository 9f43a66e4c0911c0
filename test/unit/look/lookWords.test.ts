// What is said of a recovered cluster: the stop's lines, whether it stands as asked, how its server ended, and row counts.
import { DatabaseError } from 'pg'
import { describe, expect, it } from 'vitest'
import { explainQueryError } from '../../../electron/capabilities/recovery/look/lookQuery'
import { asAsked, bound, lastWords, stoppedWords } from '../../../electron/capabilities/recovery/look/lookWords'
import { stopLines } from '../../../electron/capabilities/recovery/point/judgeOutcome'
import {
  connectWords,
  countWords,
  differenceOf,
  firstDatabase,
  lastCommitOf,
  lossWords,
  orderTables,
  signed,
  tableLosses,
  tickedWords,
  tookWords,
} from '../../../renderer/screens/Look/lookWords'
import { sqlParts } from '../../../renderer/screens/Look/sqlParts'
import type { LookEvidence, LookStanding, LookTable } from '../../../shared/contracts/look'
import type { RecoveryWish } from '../../../shared/model/recoveryWish'
import { microOfIso } from '../../../shared/model/walTime'

const stamp = '2026-11-27 03:00:00.123 UTC [42] '
const evidence: LookEvidence = {
  ...{ lines: [], lsn: '0/5000100', lastCommit: null, timeline: 1, segments: 3, bytes: '3145728' },
  at: '2026-11-27T03:00:00.000Z',
}
const wish: RecoveryWish = { kind: 'xid', value: 700, timeline: 1, inclusive: true, action: 'pause' }

describe('the stop', () => {
  it('is told by the server’s own lines, without time and process', () => {
    const log = [
      'LOG:  restored log file "000000010000000000000004" from archive',
      'LOG:  recovery stopping before commit of transaction 8412907, time 2026-11-22 09:14:32.871604+01',
      'LOG:  pausing at the end of recovery',
      'HINT:  Execute pg_wal_replay_resume() to promote.',
      'ERROR:  recovery stopping is not what this line is about',
    ]
    expect(stopLines(log.map((line) => stamp + line))).toEqual([
      'recovery stopping before commit of transaction 8412907, time 2026-11-22 09:14:32.871604+01',
      'pausing at the end of recovery',
    ])
  })

  it('is as asked only where the server stands where it had stopped', () => {
    expect(asAsked(evidence, '0/5000100').yes).toBe(true)
    expect(asAsked(evidence, '0/6000000')).toEqual({
      yes: false,
      says: 'It stands at 0/6000000 now, and had stopped at 0/5000100: somebody let the replay go on.',
    })
    expect(asAsked({ ...evidence, lsn: null }, null).says).toContain('nobody could log in')
    expect(asAsked(null, '0/5000100').yes).toBeNull()
  })
})

describe('a server that ended', () => {
  const started = 'LOG:  starting PostgreSQL 18.6'
  it('is quiet after a shutdown, and for clients that were sent away', () => {
    expect(lastWords([stamp + started, `${stamp}LOG:  database system is shut down`])).toEqual([])
    const sent = 'FATAL:  terminating connection due to administrator command'
    expect(lastWords([started, sent].map((line) => stamp + line))).toEqual([])
  })

  it('says its last words since its last start, and no older ones', () => {
    const lines = [
      'FATAL:  an older one',
      started,
      'PANIC:  could not write to file "pg_wal/xlogtemp.42": No space left on device',
    ]
    expect(lastWords(lines.map((line) => stamp + line))).toEqual([
      'PANIC:  could not write to file "pg_wal/xlogtemp.42": No space left on device',
    ])
    expect(lastWords([`${stamp}FATAL:  an older one`, stamp + started])).toEqual([])
  })

  it.each([
    [
      'shut down in recovery',
      'Its server was shut down. Nothing is lost. Started again, it replays to the same moment and waits there.',
    ],
    [
      'in archive recovery',
      'Its server ended without being shut down: it was killed, or the machine went down. Nothing is lost. Started again, it replays to the same moment and waits there.',
    ],
    ['shut down', 'It was promoted, and its server is shut down. Started again, it goes on as a cluster of its own.'],
    [
      'in production',
      'It was promoted, and its server ended without being shut down ("in production"). Its next start goes through crash recovery; nothing that was committed is lost.',
    ],
  ])('"%s"', (state, says) => {
    expect(stoppedWords({ state, wish, words: [] })).toBe(says)
  })

  it('shut down at its moment when that was asked, and explains a full disk', () => {
    expect(stoppedWords({ state: 'shut down in recovery', wish: { ...wish, action: 'shutdown' }, words: [] })).toBe(
      'It shut down at its moment, as asked. Started from here, it waits there instead.',
    )
    expect(stoppedWords({ state: 'in archive recovery', wish, words: ['PANIC:  No space left on device'] })).toBe(
      'Its server ended by itself. It said: PANIC:  No space left on device The disk is full. Free some space, and start again.',
    )
  })

  it('is bound to its own page where it has the place of a cluster', () => {
    expect(bound({ destination: { kind: 'new', folder: '/a', port: 1 }, dataDirectory: '/a' })).toBe('')
    expect(bound({ destination: { kind: 'cluster', dataDirectory: '/a' }, dataDirectory: '/a' })).toBe(
      '/a is the place of a cluster of this machine.',
    )
  })
})

describe('errors of a query', () => {
  const thrown = (code: string, message: string, more: Partial<DatabaseError> = {}) =>
    Object.assign(new DatabaseError(message, message.length, 'error'), { code, ...more })
  it.each([
    ['57014', 'canceling statement due to statement timeout', 'SELECT 1', 'The query was given up after 30 seconds.'],
    [
      '25006',
      'cannot execute INSERT in a read-only transaction',
      'WITH x AS (…) SELECT 1',
      'Nothing can be written here: cannot execute INSERT in a read-only transaction.',
    ],
    [
      '42501',
      'permission denied for function pg_promote',
      'SELECT pg_promote()',
      'The query may not do that: permission denied for function pg_promote.',
    ],
    ['42601', 'syntax error at or near "FRM"', 'SELECT 1 FRM x', 'The query has a syntax error at or near "FRM".'],
    ['42601', 'cannot insert multiple commands into a prepared statement', 'SELECT 1; SELECT 2', 'One query at a time.'],
    ['42601', 'syntax error at or near "UPDATE"', ' -- a note\n UPDATE x SET y = 1', 'That is no query, and nothing was run.'],
    ['42P01', 'relation "x" does not exist', '(SELECT * FROM x)', 'The query failed: relation "x" does not exist.'],
  ])('%s: %s', (code, message, sql, says) => {
    expect(explainQueryError(thrown(code, message), sql).message).toBe(says)
  })

  it('counts lines by characters of the person’s own text', () => {
    const sql = "SELECT 'Größe 😀',\n  wrong FROM x"
    const position = String('DECLARE look NO SCROLL CURSOR FOR '.length + [...sql].findIndex((one) => one === 'w') + 1)
    expect(explainQueryError(thrown('42703', 'column "wrong" does not exist', { position }), sql).message).toBe(
      'The query failed: column "wrong" does not exist, in line 2.',
    )
  })
})

const table = (name: string, recovered: number | null, live: number | null, says: LookTable['says']): LookTable => ({
  ...{ schema: 'sales', table: name, recovered, live, says, bytes: recovered === null ? null : '1048576', why: '' },
})

describe('row counts', () => {
  const tables = [
    table('same', 5, 5, 'same'),
    table('new', 5, 8, 'more'),
    table('gone', 900, null, 'only recovered'),
    table('fewer', 5000, 9, 'fewer'),
    table('slow', null, 9, 'unknown'),
    table('made', null, 40, 'only live'),
  ]
  it('have the largest loss first, then what was not counted, what is new, what is the same', () => {
    expect(orderTables(tables, 'all').map((one) => one.table)).toEqual(['fewer', 'gone', 'slow', 'made', 'new', 'same'])
    expect(orderTables(tables, 'different').map((one) => one.table)).toEqual(['fewer', 'gone', 'slow', 'made', 'new'])
  })

  it('are told in exact words', () => {
    expect(tables.map(differenceOf).map(signed)).toEqual(['0', '+3', '−900', '−4,991', '?', '+40'])
    expect(tickedWords(tables.slice(2, 4))).toBe('2 tables, 5,900 rows, 2.00 MB')
    expect(tickedWords([table('slow', null, 9, 'unknown')])).toBe('1 table, at least 0 rows, 0 B')
    expect(tickedWords([])).toBe('')
    expect(countWords(tables, 3.14)).toBe('exact but for 1 table, 6 tables in 3.1 s')
    expect(countWords(tables.slice(0, 1), 0)).toBe('exact, 1 table in 0.0 s')
  })
})

describe('moments and commands', () => {
  const standing = (more: Partial<LookStanding>) =>
    ({ evidence, replayed: null, asAsked: { yes: true, says: '' }, ...more }) as LookStanding
  const lastCommit = { time: 1_795_334_412_123_456, xid: 700, lsn: '0/5000000' }
  const replayed = { lsn: '0/6000000', lastTransaction: '2026-11-22T08:14:31.960233Z' }
  it('the last commit is that of the evidence, unless it moved on', () => {
    expect(lastCommitOf(standing({ evidence: { ...evidence, lastCommit }, replayed }))).toEqual({
      time: lastCommit.time,
      xid: 700,
    })
    const moved = standing({ evidence: { ...evidence, lastCommit }, replayed, asAsked: { yes: false, says: '' } })
    expect(lastCommitOf(moved)).toEqual({ time: microOfIso(replayed.lastTransaction), xid: null })
    expect(lastCommitOf(standing({}))).toBeNull()
  })

  it('microseconds are kept', () => {
    expect(microOfIso('2026-11-22T08:14:31.960233Z')).toBe(Date.UTC(2026, 10, 22, 8, 14, 31) * 1000 + 960_233)
    expect(microOfIso('2026-11-22T08:14:31Z')).toBe(Date.UTC(2026, 10, 22, 8, 14, 31) * 1000)
  })

  it('a command is quoted for a shell where it must be', () => {
    expect(connectWords({ port: 5433, user: 'postgres' }, 'orders')).toBe('psql -h localhost -p 5433 -U postgres orders')
    expect(connectWords({ port: 5433, user: '' }, "it's")).toBe(`psql -h localhost -p 5433 'it'\\''s'`)
  })

  it('what it took, and the database that one mostly means', () => {
    expect(tookWords({ all: 39_000, copy: 26_000, replay: 13_000 })).toBe('39 s: copy 26 s, replay 13 s')
    expect(tookWords({ all: 1200, copy: null, replay: null })).toBe('1.2 s')
    expect(firstDatabase(['postgres', 'shop'])).toBe('shop')
    expect(firstDatabase(['postgres'])).toBe('postgres')
    expect(firstDatabase([])).toBe('')
    // Until it is known, and while it has losses of its own, the first one stays.
    const three = ['accounts', 'crm', 'shop']
    expect(firstDatabase(three, {})).toBe('accounts')
    expect(firstDatabase(three, { accounts: 1, shop: 5 })).toBe('accounts')
    expect(firstDatabase(three, { accounts: null, shop: 5 })).toBe('accounts')
    expect(firstDatabase(three, { accounts: 0 })).toBe('accounts')
    expect(firstDatabase(three, { accounts: 0, crm: null, shop: 2 })).toBe('shop')
    expect(firstDatabase(three, { accounts: 0, crm: null, shop: 0 })).toBe('crm')
    expect(firstDatabase(three, { accounts: 0, crm: 0, shop: 0 })).toBe('accounts')
  })

  it('no loss is said only of tables that were counted', () => {
    const table = (says: LookTable['says']): LookTable => ({
      ...{ schema: 'public', table: says, recovered: 1, live: 1, says, bytes: null, why: '' },
    })
    expect(tableLosses('shop', [table('same'), table('more')])).toBe('no table of shop has lost rows')
    expect(tableLosses('shop', [table('same'), table('unknown')])).toBe('no loss seen in shop, 1 table not counted')
    expect(tableLosses('shop', [table('fewer'), table('unknown')])).toBe('1 table has lost rows')
  })

  it('a database is told with what it lost', () => {
    const losses = { shop: 2, crm: 1, accounts: 0, gone: null }
    const words = (name: string) => lossWords(name, losses)
    expect(words('shop')).toBe('shop: 2 tables have lost rows')
    expect(words('crm')).toBe('crm: 1 table has lost rows')
    expect([words('accounts'), words('unknown')]).toEqual(['accounts', 'unknown'])
    expect(words('gone')).toBe('gone: can’t be compared')
  })
})

describe('sqlParts', () => {
  it('marks key words, and none in strings, names and comments', () => {
    const marked = (sql: string) =>
      sqlParts(sql)
        .filter(({ keyword }) => keyword)
        .map(({ text }) => text)
    expect(marked(`select "from", 'where' FROM x -- order\nWHERE y /* by */ = 1`)).toEqual(['select', 'FROM', 'WHERE'])
    expect(marked(`SELECT 'open FROM`)).toEqual(['SELECT'])
  })

  it.each(['', 'a-b', `'`, '"', '--', '/*', '/', 'é😀 SELECT\n', 'x::text - 1 -- end'])('loses nothing of %j', (sql) => {
    expect(
      sqlParts(sql)
        .map(({ text }) => text)
        .join(''),
    ).toBe(sql)
  })
})
