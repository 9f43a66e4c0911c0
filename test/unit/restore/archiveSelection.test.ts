// Ids as ranges, what belongs under what, what a tick needs, the tree of it, and rows counted in a stream of COPY.
import { describe, expect, test } from 'vitest'
import { countCopyRows } from '../../../electron/capabilities/restore/countCopyRows'
import { choiceOfTicks, ticksOfChoice } from '../../../renderer/wizards/restore/contentsChoice'
import { contentsTree } from '../../../renderer/wizards/restore/contentsTree'
import { findInTree, searchTexts } from '../../../renderer/wizards/restore/findInContents'
import { graphOf, missingNeeds, withNeeds } from '../../../shared/model/archiveGraph'
import { type ArchiveEntry, packIds, unpackIds } from '../../../shared/model/archiveSelection'
import { atOnce, sorted } from '../../../shared/model/slices'
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
  const { parent } = graphOf(shop)
  const parents = Object.fromEntries(shop.map(({ id }, at) => [id, shop[parent[at] ?? -1]?.id ?? null]))

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

describe('slices', () => {
  const random = (seed: number) => (at: number) => ((at + seed) * 2654435761) % 1000
  test.each([0, 1, 2, 2047, 2048, 2049, 10_000])('%i things are sorted as toSorted does it, and stop in between', (count) => {
    const list = Array.from({ length: count }, (_, at) => ({ at, key: random(count)(at) }))
    const byKey = (a: { key: number }, b: { key: number }) => a.key - b.key
    const work = sorted(list, byKey)
    let stops = 0
    let step = work.next()
    for (; !step.done; step = work.next()) stops += 1
    expect(step.value).toEqual(list.toSorted(byKey))
    expect(stops).toBeGreaterThanOrEqual(Math.floor(count / 2048))
    expect(atOnce(sorted(list.toSorted(byKey), byKey))).toEqual(list.toSorted(byKey))
  })

  test('no slice of a large table of contents is long, whatever the order of its names', () => {
    const entries = Array.from({ length: 60_000 }, (_, at) =>
      at % 2 === 0 ? entry(at + 1, 'TABLE', `t${random(1)(at)}_${at}`) : entry(at + 1, 'COMMENT', `TABLE t${at}`, [at]),
    )
    const work = contentsTree({ toc: 'x', entries, sizes: new Map() })
    let steps = 1
    let step = work.next()
    for (; !step.done; step = work.next()) steps += 1
    expect(steps).toBeGreaterThan(300)
    expect(step.value.places.filter((place) => place >= 0)).toHaveLength(60_000)
  })
})

describe('the tree', () => {
  const sizes = new Map([
    [4, 100],
    [5, 20],
  ])
  const tree = atOnce(contentsTree({ toc: 'x', entries: shop, sizes }))
  const at = (name: string) => {
    const node = tree.places.findIndex((_, each) => tree.node(each).name === name)
    expect(node, name).toBeGreaterThanOrEqual(0)
    return node
  }

  test('every entry once; sizes add up', () => {
    expect([...tree.places].filter((place) => place >= 0).toSorted((a, b) => a - b)).toEqual(shop.map((_, place) => place))
    expect(tree.node(at('Definition of sales.a')).label).toBe('Definition')
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
    const texts = atOnce(searchTexts(tree))
    const match = findInTree(tree, texts, 'a_name')
    const left = setTick(tree.shape, ticksOfChoice(tree, null), at('sales'), 0, false, match ?? undefined)
    expect(choiceOfTicks(tree, left)).toEqual({ toc: 'x', ids: '1-7,10-12' })
    expect(findInTree(tree, texts, ' ')).toBeNull()
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
        { database: null, schema: 'public', name: 'a', rows: 5 },
        { database: null, schema: 'odd name', name: 'COPY b', rows: 1 },
      ],
      inserts: false,
      whole: true,
    })
  })

  test('by the database that the script connects to; a row that looks like it is a row', () => {
    const counter = countCopyRows()
    counter.chunk(
      Buffer.from(
        'COPY a (x) FROM stdin;\n1\n\\.\n\\connect shop\nCOPY public.a (x) FROM stdin;\n\\\\connect no\n2\n\\.\n' +
          '\\connect -reuse-previous=on "dbname=\'my \\\\db\'"\nCOPY public.a (x) FROM stdin;\n\\.\n',
      ),
    )
    expect(counter.end().tables).toEqual([
      { database: null, schema: 'public', name: 'a', rows: 1 },
      { database: 'shop', schema: 'public', name: 'a', rows: 2 },
      { database: 'my \\db', schema: 'public', name: 'a', rows: 0 },
    ])
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
