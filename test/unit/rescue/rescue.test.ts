// The pure parts of a rescue: names by the moment, the order of tables, columns then and now, and the walk through two sorted streams.
import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { compareColumns } from '../../../electron/capabilities/rescue/compareColumns'
import { emptyCounts, KeyedRows, mergeRows, showKey } from '../../../electron/capabilities/rescue/mergeRows'
import type { TableColumn } from '../../../electron/capabilities/rescue/readTable'
import { type Ordered, orderTables } from '../../../electron/capabilities/rescue/tableOrder'
import { draftOfLink, emptyRescueDraft } from '../../../renderer/wizards/rescue/draft'
import { applyFix } from '../../../renderer/wizards/rescue/steps/ReviewStep'
import { byteLength, cutToBytes, freeName, momentSuffix, nameProblem } from '../../../shared/model/rescueNames'

describe('names', () => {
  test('by the moment on the clock of the zone', () => {
    const moment = new Date('2026-11-22T13:05:59.999Z')
    expect(momentSuffix(moment, 'UTC')).toBe('2026_11_22_1305')
    expect(momentSuffix(moment, 'Europe/Berlin')).toBe('2026_11_22_1405')
    expect(momentSuffix(new Date('2026-11-22T00:30:00Z'), 'UTC')).toBe('2026_11_22_0030')
    expect(momentSuffix(moment, 'Pacific/Kiritimati')).toBe('2026_11_23_0305')
    expect(() => momentSuffix(moment, 'Nowhere')).toThrow(RangeError)
  })

  test('never longer than 63 bytes, and no character is cut in two', () => {
    expect(freeName('orders', '2026_11_22_1405', new Set())).toBe('orders_2026_11_22_1405')
    const long = freeName('ä'.repeat(63), '2026_11_22_1405', new Set())
    expect(long).toBe(`${'ä'.repeat(23)}_2026_11_22_1405`)
    expect(byteLength(long)).toBe(62)
    expect(byteLength(freeName('x'.repeat(63), '2026_11_22_1405', new Set()))).toBe(63)
    expect(cutToBytes('a🐘b', 4)).toBe('a')
    expect(byteLength('a🐘ß€')).toBe(1 + 4 + 2 + 3)
  })

  test('the next one that is free, with room for its number', () => {
    const taken = new Set(['orders_2026_11_22_1405', 'orders_2026_11_22_1405_2'])
    expect(freeName('orders', '2026_11_22_1405', taken)).toBe('orders_2026_11_22_1405_3')
    const first = freeName('x'.repeat(63), '2026_11_22_1405', new Set())
    const second = freeName('x'.repeat(63), '2026_11_22_1405', new Set([first]))
    expect(second).toBe(`${'x'.repeat(45)}_2026_11_22_1405_2`)
    expect(nameProblem('')).toBe('The new table needs a name.')
    expect(nameProblem('ö'.repeat(32))).toBe('The name is 64 bytes long; PostgreSQL would cut it to 63.')
    expect(nameProblem('ö'.repeat(31))).toBe('')
  })
})

describe('order of tables', () => {
  const table = (id: string, ...parents: [string, boolean][]): Ordered => ({
    id,
    parents: parents.map(([parent, deferrable]) => ({ id: parent, constraint: `${id}_${parent}`, deferrable })),
  })

  test('parents first, whatever the order they come in; strangers and the table itself do not count', () => {
    const order = orderTables([
      table('lines', ['orders', false]),
      table('orders', ['customers', false], ['orders', false]),
      table('customers', ['other', false]),
    ])
    expect(order).toEqual({ ids: ['customers', 'orders', 'lines'], deferred: false, stuck: [] })
  })

  test('a circle is opened where its check can wait, and named where none can', () => {
    expect(orderTables([table('a', ['b', false]), table('b', ['a', true])])).toEqual({
      ids: ['b', 'a'],
      deferred: true,
      stuck: [],
    })
    expect(orderTables([table('a', ['b', false]), table('b', ['a', false])]).stuck).toEqual([
      { id: 'a', constraint: 'a_b' },
      { id: 'b', constraint: 'b_a' },
    ])
  })
})

describe('columns', () => {
  const column = (name: string, type: string, more: Partial<TableColumn> = {}): TableColumn => ({
    ...{ name, type, base: type.replace(/\(.*\)/, ''), root: type, typmod: -1, builtIn: true, notNull: false, hasDefault: false },
    ...{ generated: '', identity: '', collation: null, ...more },
  })
  const numeric = (precision: number, scale: number) => ((precision << 16) | (scale & 0x7ff)) + 4
  const says = (then: TableColumn, now: TableColumn) => compareColumns([then], [now], new Set(['integer\0bigint']))[0]?.says

  test('what fits is cast, what may not fit is refused', () => {
    expect(says(column('a', 'integer'), column('a', 'bigint'))).toBe('cast')
    expect(says(column('a', 'bigint'), column('a', 'integer'))).toBe('refused')
    const ten = column('a', 'numeric(10,2)', { typmod: numeric(10, 2) })
    expect(says(ten, column('a', 'numeric(12,4)', { typmod: numeric(12, 4) }))).toBe('cast')
    expect(says(ten, column('a', 'numeric(12,6)', { typmod: numeric(12, 6) }))).toBe('refused')
    expect(says(ten, column('a', 'numeric(12,1)', { typmod: numeric(12, 1) }))).toBe('refused')
    expect(says(ten, column('a', 'numeric'))).toBe('cast')
    expect(says(column('a', 'numeric'), ten)).toBe('refused')
    expect(says(column('a', 'timestamp without time zone'), column('a', 'timestamp with time zone'))).toBe('refused')
    expect(says(column('a', 'integer'), column('a', 'integer', { generated: 's' }))).toBe('generated')
    expect(says(column('a', 'public.mood', { builtIn: false }), column('a', 'text'))).toBe('refused')
  })

  test('what came and what went', () => {
    expect(compareColumns([column('old', 'text')], [column('new', 'text', { notNull: true })], new Set())).toEqual([
      { name: 'new', recovered: null, live: 'text', says: 'added', note: 'Added since, NOT NULL and without a default.' },
      { name: 'old', recovered: 'text', live: null, says: 'dropped', note: 'The live table has no such column any more.' },
    ])
  })
})

describe('two sorted streams', () => {
  const hex = (text: string) => Buffer.from(text).toString('hex')
  async function* pieces(text: string, size: number): AsyncGenerator<Buffer, void, undefined> {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }

  test.each([1, 3, 7, 64, 100_000])('in pieces of %i bytes', async (size) => {
    const source = [
      ['a', '1', 'h1', 'x'],
      ['a', '2', 'h2', 'tab\\there'],
      ['ab', '1', 'h3', 'y'],
      ['b', '1', 'h4', ''],
      ['b', '1', 'h4', 'twice'],
      ['c', '1', 'h5', 'z'],
    ]
    const live = [
      ['', '1', 'h0'],
      ['a', '2', 'h2'],
      ['b', '1', 'other'],
      ['bb', '1', 'h9'],
      ['d', '1', 'h9'],
    ]
    const text = (rows: string[][]) =>
      rows.map(([first = '', second = '', ...rest]) => `${[hex(first), hex(second), ...rest].join('\t')}\n`).join('')
    const unkeyed = `${hex('z')}\t\\N\thx\tnull\n`
    const counts = emptyCounts()
    const rows = mergeRows(
      new KeyedRows(pieces(text(source) + unkeyed, size), 2),
      new KeyedRows(pieces(text(live), size), 2),
      counts,
    )
    const missing: string[] = []
    for await (const batch of rows) for (const line of batch) missing.push(line.toString())
    expect(missing).toEqual(['h1\tx\n', 'h3\ty\n', 'h5\tz\n'])
    expect(counts).toEqual({
      ...{ recovered: 7, live: 5, missing: 3, same: 1, different: 1, onlyLive: 3, unkeyed: 2, differing: ['(b, 1)'] },
    })
  })

  test('keys read as they are', () => {
    expect(showKey(Buffer.from(`${hex('ü 1')}\t${hex('42')}`))).toBe('(ü 1, 42)')
  })
})

describe('the draft', () => {
  test('takes what a link carries, and keeps what was chosen for the same cluster', () => {
    const query = new URLSearchParams({ database: 'shop', live: 'c1', tables: JSON.stringify([['public', 'orders']]) })
    const draft = draftOfLink(emptyRescueDraft, 'j1', query, 'UTC')
    expect(draft).toMatchObject({ jobId: 'j1', database: 'shop', live: 'c1', liveDatabase: 'shop', zone: 'UTC', step: 'tables' })
    expect(draft?.tables.map(({ schema, name }) => [schema, name])).toEqual([['public', 'orders']])
    expect(draftOfLink(draft ?? emptyRescueDraft, 'j1', new URLSearchParams(), 'UTC')).toBeUndefined()
    expect(draftOfLink(draft ?? emptyRescueDraft, 'j2', new URLSearchParams(), 'UTC')?.tables).toEqual([])
    expect(draftOfLink(emptyRescueDraft, 'j1', new URLSearchParams({ tables: '[["public"' }), 'UTC')?.tables).toEqual([])
  })

  test('a fix of the review changes one choice', () => {
    const query = new URLSearchParams({ tables: JSON.stringify([['public', 'or:d"ers']]) })
    const draft = draftOfLink(emptyRescueDraft, 'j1', query, 'UTC') ?? emptyRescueDraft
    const table = JSON.stringify(['public', 'or:d"ers'])
    const fixed = (key: string, value: unknown, way = 'missing') => applyFix(draft, key, value, () => way).tables[0]
    expect(fixed(`leaveOut:${table}`, ['a'])?.leaveOut).toEqual(['a'])
    expect(fixed(`newName:${table}`, 'n', 'new')?.newName).toBe('n')
    expect(fixed(`newName:${table}`, 'n', 'replace')?.keptName).toBe('n')
    expect(fixed(`skipTaken:${table}`, true)?.skipTaken).toBe(true)
    expect(applyFix(draft, 'addTable', ['public', 'parents'], () => 'missing').tables).toHaveLength(2)
    expect(applyFix(draft, 'triggers', 'fire', () => 'missing').triggers).toBe('fire')
    expect(applyFix(draft, 'nonsense', 1, () => 'missing')).toBe(draft)
  })
})
