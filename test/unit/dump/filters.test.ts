// Ticks to pg_dump's options and back, for any database and any ticks; the fewest options; and why some can't be.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterFileFor } from '../../../electron/capabilities/dump/filterFile'
import { findNodes, searchTexts } from '../../../renderer/wizards/dump/findNodes'
import type { TreePart } from '../../../shared/contracts/objects'
import { findFilters, withFilters } from '../../../shared/model/dumpFilters'
import { selectionOf } from '../../../shared/model/dumpSelection'
import { collectTree, fullName, type ObjectTree } from '../../../shared/model/objectTree'
import { readPattern } from '../../../shared/model/psqlPattern'
import { allTicks, setTick, type Ticks } from '../../../shared/model/tickTree'

interface Row {
  depth: number
  kind: string
  name: string
  schema?: number
}

function treeOf(schemas: string[], rows: readonly Row[]): ObjectTree {
  const part: TreePart = {
    total: rows.length,
    schemas,
    exactSizes: true,
    depths: rows.map(({ depth }) => depth),
    kinds: rows.map(({ kind }) => kind).join(''),
    names: rows.map(({ name }) => name),
    oids: rows.map((_, index) => index + 16384),
    inSchema: rows.map(({ schema = -1 }) => schema),
    rows: rows.map(() => -1),
    bytes: rows.map(() => 100),
    flags: rows.map(() => 0),
  }
  const made = collectTree()
  made.add(part)
  return made.finish()
}

/** app: t (serial), p with p1 and p2 in other, v; other: u; extensions x and y; large objects, a publication, an event trigger. */
const shop = treeOf(
  ['app', 'other'],
  [
    { depth: 0, kind: 'd', name: 'shop' },
    { depth: 1, kind: 'n', name: 'app', schema: 0 },
    { depth: 2, kind: 'R', name: 'app', schema: 0 },
    { depth: 3, kind: 'F', name: 'f(integer)', schema: 0 },
    { depth: 2, kind: 'p', name: 'p', schema: 0 },
    { depth: 3, kind: 'r', name: 'p1', schema: 0 },
    { depth: 3, kind: 'r', name: 'p2', schema: 1 },
    { depth: 2, kind: 'r', name: 't', schema: 0 },
    { depth: 3, kind: 's', name: 't_id_seq', schema: 0 },
    { depth: 2, kind: 'v', name: 'v', schema: 0 },
    { depth: 1, kind: 'n', name: 'other', schema: 1 },
    { depth: 2, kind: 'R', name: 'other', schema: 1 },
    { depth: 2, kind: 'r', name: 'u', schema: 1 },
    { depth: 1, kind: 'E', name: 'Extensions' },
    { depth: 2, kind: 'e', name: 'x' },
    { depth: 2, kind: 'e', name: 'y' },
    { depth: 1, kind: 'L', name: 'Large objects' },
    { depth: 1, kind: 'U', name: 'Publications' },
    { depth: 2, kind: 'u', name: 'pub' },
    { depth: 1, kind: 'O', name: 'Objects of the database' },
    { depth: 2, kind: 'o', name: 'event trigger e' },
  ],
)

const at = (name: string, kind?: string) => {
  for (let node = 0; node < shop.shape.size; node += 1) {
    if (fullName(shop, node) === name && (kind === undefined || shop.kinds[node] === kind)) return node
  }
  throw new Error(name)
}
const without = (...names: [name: string, kind?: string, column?: number][]): Ticks =>
  names.reduce(
    (ticks, [name, kind, column = 0]) => setTick(shop.shape, ticks, at(name, kind), column, false),
    allTicks(shop.shape, true),
  )
const only = (...names: [name: string, kind?: string][]): Ticks =>
  names.reduce((ticks, [name, kind]) => setTick(shop.shape, ticks, at(name, kind), 0, true), allTicks(shop.shape, false))
const optionsFor = (ticks: Ticks, major = 18) => {
  const { filters, problem } = findFilters(shop, ticks, major)
  return filters ? withFilters<never>({}, filters) : problem
}

describe('the fewest options', () => {
  it.each<[string, Ticks, object]>([
    ['everything', allTicks(shop.shape, true), {}],
    ['a table out, with its sequence', without(['app.t']), { excludeTable: ['"app"."t"', '"app"."t_id_seq"'] }],
    ['rows out', without(['app.t', 'r', 1]), { excludeTableData: ['"app"."t"'] }],
    ['a partition out', without(['other.p2']), { excludeTable: ['"other"."p2"'] }],
    ['a partitioned table out', without(['app.p']), { excludeTableAndChildren: ['"app"."p"'] }],
    ['the rows of all partitions out', without(['app.p', 'p', 1]), { excludeTableDataAndChildren: ['"app"."p"'] }],
    ['an extension out', without(['x', 'e']), { excludeExtension: ['"x"'] }],
    ['large objects out', without(['Large objects']), { noLargeObjects: true }],
    ['publications out', without(['Publications']), { noPublications: true }],
    ['one table', only(['app.t']), { table: ['"app"."t"'] }],
    ['one partitioned table', only(['app.p']), { tableAndChildren: ['"app"."p"'] }],
    ['one table and an extension', only(['app.t'], ['x', 'e']), { table: ['"app"."t"'], extension: ['"x"'] }],
    [
      'all tables of a schema',
      setTick(shop.shape, only(['app.t'], ['app.p'], ['app.v']), at('other.p2'), 0, false),
      { table: ['"app".*'] },
    ],
    [
      'a schema with large objects',
      only(['other', 'n'], ['Large objects']),
      { schema: ['"other"'], largeObjects: true, excludeTable: [] },
    ],
  ])('%s', (_what, ticks, expected) => {
    const found = optionsFor(ticks)
    if (JSON.stringify(expected).includes('[]')) {
      // Part of the partitioned table is in that schema and not ticked with it.
      expect(found).toEqual({ schema: ['"other"'], largeObjects: true, excludeTable: ['"other"."p2"'] })
    } else expect(found).toEqual(expected)
  })

  it('name each partition where pg_dump has no --exclude-table-and-children yet', () => {
    expect(optionsFor(without(['app.p']), 15)).toEqual({ excludeTable: ['"app"."p"', '"app"."p1"', '"other"."p2"'] })
    expect(optionsFor(without(['app.p', 'p', 1]), 13)).toEqual({ excludeTableData: ['"app"."p1"', '"other"."p2"'] })
  })
})

describe('what no options can do', () => {
  it.each<[string, Ticks, number, string]>([
    ['nothing', allTicks(shop.shape, false), 18, 'Nothing is ticked.'],
    [
      'one extension out before 17',
      without(['x', 'e']),
      16,
      'pg_dump 16 can’t leave out the extension x alone; version 17 can. Tick it, or untick publications, subscriptions and the objects of the database too.',
    ],
    [
      'an extension with a schema before 14',
      only(['app.t'], ['x', 'e']),
      13,
      'pg_dump 13 can’t take the extension x along with chosen schemas or tables; version 14 can. Untick the extensions, or tick the objects of the database and all schemas.',
    ],
    [
      'tables of one schema with the functions of another',
      setTick(shop.shape, only(['other.u'], ['app', 'n']), at('other.p2'), 0, false),
      18,
      'pg_dump takes tables of other without the schema itself, its functions and types only in a dump of nothing but tables. Tick “Schema, functions, types” of other too, or untick all but tables.',
    ],
    [
      'event triggers with one table',
      only(['app.t'], ['Objects of the database']),
      18,
      'pg_dump takes tables of app without the schema itself, its functions and types only in a dump of nothing but tables. Tick “Schema, functions, types” of app too, or untick all but tables.',
    ],
    [
      'large objects alone',
      only(['Large objects']),
      18,
      'pg_dump takes large objects only along with a schema or table: tick one.',
    ],
  ])('%s', (_what, ticks, major, problem) => {
    expect(findFilters(shop, ticks, major)).toEqual({ filters: null, problem })
  })
})

const anyName = fc.oneof(
  fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).filter((name) => !name.includes('\0')),
  fc.constantFrom('a.b', 'a*', '"', 'A', 'a?', '$', '\\', '[a]', '(', '^a', '{1}', '|', '+', 'a b', '\n', '--x'),
)

/** Schemas with tables, partitioned tables, views and sequences, under any names. */
const anyDatabase = fc
  .uniqueArray(
    fc.tuple(
      anyName,
      fc.uniqueArray(fc.tuple(anyName, fc.constantFrom('r', 'v', 'm', 'S', 'p', 'f')), {
        selector: ([name]) => name,
        maxLength: 6,
      }),
    ),
    {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 4,
    },
  )
  .chain((schemas) =>
    fc.tuple(fc.constant(schemas), fc.uniqueArray(anyName, { maxLength: 2 }), fc.boolean(), fc.boolean(), fc.boolean()),
  )
  .map(([schemas, extensions, lobs, publications, others]) => {
    const rows: Row[] = [{ depth: 0, kind: 'd', name: 'db' }]
    schemas.forEach(([name, relations], schema) => {
      rows.push({ depth: 1, kind: 'n', name, schema }, { depth: 2, kind: 'R', name, schema })
      for (const [relation, kind] of relations) {
        rows.push({ depth: 2, kind, name: relation, schema })
        if (kind === 'r') rows.push({ depth: 3, kind: 's', name: `${relation}\u0001seq`, schema })
        // A partition in the next schema.
        if (kind === 'p') rows.push({ depth: 3, kind: 'r', name: `${relation}\u0001part`, schema: (schema + 1) % schemas.length })
        if (kind === 'p') rows.push({ depth: 3, kind: 'r', name: `${relation}\u0001more`, schema })
      }
    })
    if (extensions.length > 0) rows.push({ depth: 1, kind: 'E', name: 'Extensions' })
    for (const name of extensions) rows.push({ depth: 2, kind: 'e', name })
    if (lobs) rows.push({ depth: 1, kind: 'L', name: 'Large objects' })
    if (publications) rows.push({ depth: 1, kind: 'U', name: 'Publications' })
    if (others) rows.push({ depth: 1, kind: 'O', name: 'Others' })
    return treeOf(
      schemas.map(([name]) => name),
      rows,
    )
  })

describe('any ticks of any database', () => {
  it('come back from the options that were found for them', () => {
    const clicks = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 1 }), fc.boolean()), { maxLength: 10 })
    fc.assert(
      fc.property(anyDatabase, clicks, fc.boolean(), fc.integer({ min: 13, max: 18 }), (tree, picks, full, major) => {
        const ticks = picks.reduce(
          (now, [node, column, on]) => setTick(tree.shape, now, node % tree.shape.size, column, on),
          allTicks(tree.shape, full),
        )
        const { filters, problem } = findFilters(tree, ticks, major)
        if (!filters) {
          expect(problem).not.toBe('')
          return
        }
        const read = selectionOf(tree, withFilters<never>({}, filters))
        expect(read.doubt).toBe('')
        expect(read.ticks.columns).toEqual(ticks.columns)
      }),
      { numRuns: 400 },
    )
  })
})

describe('patterns', () => {
  it.each<[pattern: string, name: string, matches: boolean]>([
    ['"a.b"', 'a.b', true],
    ['A', 'a', true],
    ['"A"', 'a', false],
    ['a*', 'abc', true],
    ['"a*"', 'abc', false],
    ['"a*"', 'a*', true],
    ['a?', 'ab', true],
    ['"qu""ote"', 'qu"ote', true],
    ['a$', 'a$', true],
    ['[ab]c', 'bc', true],
    ['"[ab]c"', 'bc', false],
    ['(', '(', false],
  ])('%s and %s', (pattern, name, matches) => {
    expect(readPattern(pattern)?.name.test(name) ?? false).toBe(matches)
  })

  it('with two dots are none', () => {
    expect(readPattern('a.b.c')).toBeUndefined()
  })

  it('that depend on the search path or can not be told are named as a doubt', () => {
    expect(selectionOf(shop, { table: ['t'] }).doubt).toBe('t names no schema: what it matches depends on the role’s search path')
    expect(selectionOf(shop, { table: ['a.b.c'] }).doubt).toBe('a.b.c is no pattern that can be told here')
    expect(selectionOf(shop, { filter: '/x' }).doubt).toBe('a filter file is given')
  })
})

describe('finding', () => {
  const texts = searchTexts(shop, 0, shop.shape.size)
  const find = (text: string, view: 'all' | 'ticked' | 'left' = 'all', ticks = allTicks(shop.shape, true)) => {
    const found = findNodes(shop, texts, ticks, text, view)
    return found && [...found].flatMap((value, node) => (value === 1 ? [fullName(shop, node)] : []))
  }

  it('takes words, and patterns as psql does', () => {
    expect(find('')).toBeNull()
    expect(find('APP.T')).toEqual(['app.t', 'app.t_id_seq'])
    expect(find('view app')).toEqual(['app.v'])
    expect(find('app.p?')).toEqual(['app.p1'])
    expect(find('*.p?')).toEqual(['app.p1', 'other.p2'])
    expect(find('f*')).toEqual(['app.f(integer)'])
  })

  it('shows what is ticked, and what is left out in part or whole', () => {
    const ticks = without(['app.t', 'r', 1], ['app.v'])
    expect(find('', 'left', ticks)).toEqual(['app.t', 'app.v'])
    expect(find('app.', 'ticked', ticks)).toEqual(['app.p', 'app.p1', 'app.t'])
  })
})

describe('a filter file', () => {
  const many = Array.from({ length: 41 }, (_, n) => `"s"."t${n}"`)

  it('takes a selection that would fill a screen, since pg_dump 17', () => {
    const { options, file } = filterFileFor({ excludeTable: many, jobs: 2 }, 170004, '/scratch')
    expect(file?.path).toMatch(/^\/scratch\/dump-filter-[0-9a-f]{16}\.txt$/)
    expect(options).toEqual({ jobs: 2, filter: file?.path })
    expect(file?.text.split('\n')[0]).toBe('exclude table "s"."t0"')
    expect(file?.rules).toBe(41)
  })

  it('escapes backslashes between quotes, where only a filter file has escapes', () => {
    const { file } = filterFileFor({ excludeTableData: [...many, '"s"."back\\slash"', 's.\\d'] }, 180000, '/scratch')
    expect(file?.text.split('\n').slice(41, 43)).toEqual(['exclude table_data "s"."back\\\\slash"', 'exclude table_data s.\\d'])
  })

  it('is not made before 17, for few names, or over one that was given', () => {
    expect(filterFileFor({ excludeTable: many }, 160000, '/scratch').file).toBeNull()
    expect(filterFileFor({ excludeTable: many.slice(1) }, 180000, '/scratch').file).toBeNull()
    expect(filterFileFor({ excludeTable: many, filter: '/mine' }, 180000, '/scratch').file).toBeNull()
  })
})
