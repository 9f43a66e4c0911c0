// Definitions of two databases against each other, and random changes found again.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareSchemas, type SchemaObject } from '../../../shared/model/schemaCompare'

const object = (kind: SchemaObject['kind'], name: string, more: Partial<SchemaObject> = {}): SchemaObject => ({
  ...{ kind, schema: 'public', table: '', name, definition: 'x' },
  ...more,
})
const schema = object('schema', 'public')
const shown = ({ differences }: ReturnType<typeof compareSchemas>) =>
  differences.map(({ says, kind, schema, table, name }) => [says, kind, schema, table, name].filter(Boolean).join(' '))

describe('compareSchemas', () => {
  it('tells missing, changed and added apart, what live has lost first', () => {
    const then = [schema, object('table', 'a'), object('view', 'v', { definition: 'old' }), object('function', 'f()')]
    const now = [schema, object('table', 'a'), object('view', 'v', { definition: 'new' }), object('table', 'b')]
    const found = compareSchemas(then, now)
    expect(shown(found)).toEqual(['missing function public f()', 'changed view public v', 'added table public b'])
    expect(found.same).toBe(2)
    expect(found.differences[1]).toMatchObject({ recovered: 'old', live: 'new' })
  })

  it('names a table or schema that is gone, and not each of its parts', () => {
    const parts = [object('column', 'id', { table: 'a' }), object('index', 'a_id', { table: 'a' })]
    expect(shown(compareSchemas([schema, object('table', 'a'), ...parts], [schema]))).toEqual(['missing table public a'])
    expect(shown(compareSchemas([schema], [schema, object('table', 'a'), ...parts]))).toEqual(['added table public a'])
    expect(shown(compareSchemas([schema, object('table', 'a'), ...parts], []))).toEqual(['missing schema public public'])
  })

  it('names what is gone of a table that stayed, and of a view', () => {
    const stays = [schema, object('table', 'a'), object('view', 'v')]
    const then = [...stays, object('column', 'price', { table: 'a' }), object('trigger', 't', { table: 'v' })]
    expect(shown(compareSchemas(then, stays))).toEqual(['missing column public a price', 'missing trigger public v t'])
  })

  it('cuts what is longer than anybody reads', () => {
    const long = (letter: string) => object('function', 'f()', { definition: letter.repeat(30_000) })
    const [found] = compareSchemas([schema, long('a')], [schema, long('b')]).differences
    expect(found?.recovered).toHaveLength(20_001)
    expect(found?.recovered?.endsWith('a…')).toBe(true)
  })

  it('finds exactly the changes that were made', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(names, fc.infiniteStream(fc.constantFrom('keep', 'drop', 'change', 'add')), (all, fates) => {
        const plan = all.map((name) => ({ name, fate: fates.next().value ?? 'keep' }))
        const then = [schema, ...plan.filter(({ fate }) => fate !== 'add').map(({ name }) => object('table', name))]
        const now = [
          schema,
          ...plan
            .filter(({ fate }) => fate !== 'drop')
            .map(({ name, fate }) => object('table', name, { definition: fate === 'change' ? 'y' : 'x' })),
        ]
        const found = compareSchemas(then, now)
        const of = (fate: string) =>
          plan
            .filter((one) => one.fate === fate)
            .map(({ name }) => name)
            .toSorted()
        const says = (what: string) => found.differences.filter((one) => one.says === what).map(({ name }) => name)
        expect([says('missing'), says('changed'), says('added')]).toEqual([of('drop'), of('change'), of('add')])
        expect(found.same).toBe(of('keep').length + 1)
      }),
    )
  })
})
