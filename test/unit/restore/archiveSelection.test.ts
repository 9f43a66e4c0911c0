// Ids as ranges, what belongs under what, what a tick needs, the tree of it, and rows counted in a stream of COPY.
import { describe, expect, test } from 'vitest'
import { countCopyRows } from '../../../electron/capabilities/restore/countCopyRows'
import { choiceOfTicks, contentsTree, findInTree, ticksOfChoice } from '../../../renderer/wizards/restore/contentsTree'
import {
  type ArchiveEntry,
  byId,
  missingNeeds,
  packIds,
  parentOf,
  unpackIds,
  withNeeds,
} from '../../../shared/model/archiveSelection'
import { setTick, tickState } from '../../../shared/model/tickTree'

const entry = (id: number, kind: string, tag: string, needs: number[] = [], schema: string | null = 'public'): ArchiveEntry => ({
  id,
  kind,
  schema,
  tag,
  needs,
})

const shop = [
  entry(1, 'SCHEMA', 'sales', [], null),
  entry(2, 'TABLE', 'a', [1], 'sales'),
  entry(3, 'TABLE', 'a b', [1], 'sales'),
  entry(4, 'TABLE DATA', 'a', [2], 'sales'),
  entry(5, 'TABLE DATA', 'a b', [3], 'sales'),
  entry(6, 'CONSTRAINT', 'a a_pkey', [2], 'sales'),
  entry(7, 'FK CONSTRAINT', 'a b c', [2, 3, 6], 'sales'),
  entry(8, 'INDEX', 'a_name', [2], 'sales'),
  entry(9, 'COMMENT', 'INDEX a_name', [8], 'sales'),
  entry(10, 'FUNCTION', 'touched()', [1], 'sales'),
  entry(11, 'TRIGGER', 'a touch', [2, 10], 'sales'),
  entry(12, 'EXTENSION', 'hstore', [], null),
]

describe('ids', () => {
  test.each([
    [[], ''],
    [[7], '7'],
    [[3, 1, 2, 2, 9, 10], '1-3,9-10'],
    [[5, 1], '1,5'],
  ])('%j is %s, and back', (ids, text) => {
    expect(packIds(ids)).toBe(text)
    expect(unpackIds(text)).toEqual([...new Set(ids)].toSorted((a, b) => a - b))
  })

  test.each(['0', '5-1', '3,2', '2,2', '1-', '-1', '1,,2', 'x', '1-3,3', '1-99999999999'])('%s is no such text', (text) => {
    expect(unpackIds(text)).toBeUndefined()
  })

  test('a few bytes make no endless list', () => {
    expect(unpackIds('1-9999999999')).toBeUndefined()
  })
})

describe('needs', () => {
  const known = byId(shop)
  const parents = Object.fromEntries(shop.map((each) => [each.id, parentOf(each, known)]))

  test('what belongs under what: the longest table name that fits a tag', () => {
    expect(parents).toEqual({ 1: null, 2: null, 3: null, 4: 2, 5: 3, 6: 2, 7: 3, 8: 2, 9: 8, 10: null, 11: 2, 12: null })
  })

  test.each([
    [[7], [2, 3, 6]],
    [[8], [2]],
    [[4], [2]],
    [[11], [2, 10]],
    // The rows that rows point to.
    [[1, 2, 3, 5, 6, 7], [4]],
    [[1, 2, 3, 6, 7], []],
  ])('%j lacks %j', (ticked, lacks) => {
    expect(
      missingNeeds(shop, new Set(ticked))
        .map(({ needs }) => needs)
        .toSorted((a, b) => a - b),
    ).toEqual(lacks)
  })

  test('everything that is needed, and what that needs', () => {
    expect([...withNeeds(shop, new Set([7, 5]))].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(withNeeds(shop, new Set([12]))).toEqual(new Set([12]))
  })

  test('a partition’s index is attached only when the partition is', () => {
    const parts = [
      entry(1, 'TABLE', 'p'),
      entry(2, 'TABLE', 'p1'),
      entry(3, 'TABLE ATTACH', 'p1', [1, 2]),
      entry(4, 'INDEX', 'p_v', [1]),
      entry(5, 'INDEX', 'p1_v', [2]),
      entry(6, 'INDEX ATTACH', 'p1_v', [4, 5]),
    ]
    expect(missingNeeds(parts, new Set([1, 2, 4, 5, 6]))).toEqual([{ id: 6, needs: 3, why: 'requires' }])
  })
})

describe('the tree', () => {
  const tree = contentsTree({
    toc: 'x',
    entries: shop,
    sizes: new Map([
      [4, 100],
      [5, 20],
    ]),
  })
  const at = (name: string) => {
    const node = tree.ids.findIndex((_, each) => tree.node(each).name === name)
    expect(node, name).toBeGreaterThanOrEqual(0)
    return node
  }

  test('every entry once; sizes add up', () => {
    expect([...tree.ids].filter((id) => id > 0).toSorted((a, b) => a - b)).toEqual(shop.map(({ id }) => id))
    expect(tree.bytes[at('sales.a')]).toBe(100)
    expect(tree.bytes[at('sales')]).toBe(120)
    expect(tree.node(at('Comment of sales.a_name')).label).toBe('Comment')
  })

  test('a table goes with all that belongs to it, and nothing else; everything ticked is no choice', () => {
    const all = ticksOfChoice(tree, null)
    const without = setTick(tree.shape, all, at('sales.a'), 0, false)
    expect(choiceOfTicks(tree, without)).toEqual({ toc: 'x', ids: '1,3,5,7,10,12' })
    expect(tickState(tree.shape, without, at('sales'), 0)).toBe('mixed')
    expect(choiceOfTicks(tree, setTick(tree.shape, without, at('sales.a'), 0, true))).toBeNull()
    const rows = setTick(tree.shape, all, at('Rows of sales.a'), 0, false)
    expect(choiceOfTicks(tree, rows)).toEqual({ toc: 'x', ids: '1-3,5-12' })
  })

  test('a search shows what is named so with what is below it, and ticks only that', () => {
    const match = findInTree(tree, 'a_name')
    const left = setTick(tree.shape, ticksOfChoice(tree, null), at('sales'), 0, false, match ?? undefined)
    expect(choiceOfTicks(tree, left)).toEqual({ toc: 'x', ids: '1-7,10-12' })
    expect(findInTree(tree, ' ')).toBeNull()
  })
})

describe('rows of COPY', () => {
  const long = 'x'.repeat(200_000)
  const script = [
    '-- a comment',
    'COPY public.a (x, "line',
    'break") FROM stdin;',
    '1\tone',
    '',
    '\\\\.',
    long,
    '\\.',
    'COPY "odd name"."COPY b" (x) FROM stdin;',
    'COPY public.c (x) FROM stdin;',
    '\\.',
    'COPY public.a (x) FROM stdin;',
    '2',
    '\\.',
    '',
  ].join('\n')

  test.each([1, 2, 3, 7, 4096, 1_000_000])('in pieces of %i bytes', (size) => {
    const counter = countCopyRows()
    const data = Buffer.from(size < 3 ? script.replace(long, 'x'.repeat(50)) : script)
    for (let from = 0; from < data.length; from += size) counter.chunk(data.subarray(from, from + size))
    expect(counter.end()).toEqual({
      tables: [
        { schema: 'public', name: 'a', rows: 5 },
        { schema: 'odd name', name: 'COPY b', rows: 1 },
      ],
      inserts: false,
      whole: true,
    })
  })

  test('one that is cut off is not whole; INSERTs are told', () => {
    const cut = countCopyRows()
    cut.chunk(Buffer.from('COPY public.a (x) FROM stdin;\n1\n'))
    expect(cut.end().whole).toBe(false)
    const inserts = countCopyRows()
    inserts.chunk(Buffer.from('INSERT INTO public.a VALUES (1);\n'))
    expect(inserts.end()).toEqual({ tables: [], inserts: true, whole: true })
  })
})
