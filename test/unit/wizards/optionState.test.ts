// The option form's state: defaults under changes, search, groups, counts and what was typed for a number.
import { describe, expect, it } from 'vitest'
import {
  addToList,
  changeOption,
  changesFrom,
  countSet,
  effectiveValues,
  formOptions,
  groupOptions,
  isSet,
  readInteger,
  sameValue,
  searchOptions,
} from '../../../renderer/wizard/optionState'
import { defineTool, type OptionValues } from '../../../shared/tools/defineTool'

const tool = defineTool({
  program: 'pg_try',
  omissions: [],
  options: [
    { key: 'host', flag: '--host', label: 'Host', help: 'Where.', value: { kind: 'text' }, group: 'Connection', owned: true },
    { key: 'jobs', flag: '--jobs', label: 'Jobs', help: 'At once.', value: { kind: 'integer', min: 1, max: 64 }, group: 'Speed' },
    { key: 'clean', flag: '--clean', label: 'Drop first', help: 'DROP before CREATE.', value: { kind: 'flag' }, group: 'Script' },
    {
      key: 'largeObjects',
      flag: '--large-objects',
      formerly: { flag: '--blobs', until: 15 },
      label: 'Large objects',
      help: 'Include them.',
      value: { kind: 'flag' },
      group: 'What',
    },
    { key: 'schema', flag: '--schema', label: 'Schemas', help: 'Only these.', value: { kind: 'list' }, group: 'What' },
    { key: 'noSync', flag: '--no-sync', label: 'No sync', help: 'Faster.', value: { kind: 'flag' }, group: 'Speed' },
  ],
})

describe('values', () => {
  it('knows the four ways of not asking', () => {
    for (const value of [undefined, false, '', []]) expect(isSet(value)).toBe(false)
    for (const value of [true, 'x', 0, 1, ['x']]) expect(isSet(value)).toBe(true)
  })

  it('compares lists by content and treats every "not asked" alike', () => {
    expect(sameValue(['a', 'b'], ['a', 'b'])).toBe(true)
    expect(sameValue(['a', 'b'], ['b', 'a'])).toBe(false)
    expect(sameValue(false, undefined)).toBe(true)
    expect(sameValue([], '')).toBe(true)
    expect(sameValue(0, undefined)).toBe(false)
  })

  it('lays changes over defaults, and an empty change switches a default off', () => {
    const defaults = { jobs: 2, compress: 'zstd' }
    expect(effectiveValues(defaults, {})).toEqual({ jobs: 2, compress: 'zstd' })
    expect(effectiveValues(defaults, { jobs: '', clean: true })).toEqual({ compress: 'zstd', clean: true })
    expect(effectiveValues(defaults, { jobs: 0 })).toEqual({ jobs: 0, compress: 'zstd' })
  })

  it('forgets a change that equals the default, so that the mark and the reset are true', () => {
    const defaults = { jobs: 2 }
    const changed = changeOption(defaults, {}, 'jobs', 4)
    expect(changed).toEqual({ jobs: 4 })
    expect(changeOption(defaults, changed, 'jobs', 2)).toEqual({})
    expect(changeOption(defaults, {}, 'clean', false)).toEqual({})
    expect(changeOption(defaults, {}, 'jobs', '')).toEqual({ jobs: '' })
  })

  it('keeps the other changes, and its own copy of a list', () => {
    const list = ['a']
    const changed = changeOption({}, { clean: true }, 'schema', list)
    list.push('b')
    expect(changed).toEqual({ clean: true, schema: ['a'] })
  })

  it('leads back from values to changes: effective values are exactly those asked for', () => {
    const defaults = { jobs: 2, compress: 'zstd', noSync: true, schema: ['a'] }
    const cases: OptionValues[] = [
      {},
      { jobs: 2 },
      { jobs: 8, clean: true },
      { schema: ['b'] },
      { compress: 'zstd', schema: ['a'] },
    ]
    for (const values of cases) {
      expect(effectiveValues(defaults, changesFrom(defaults, values))).toEqual(values)
    }
  })
})

describe('options of a form', () => {
  it('leaves out what the application sets itself and what the wizard shows elsewhere', () => {
    expect(formOptions(tool).map((option) => option.key)).not.toContain('host')
    expect(formOptions(tool, ['jobs']).map((option) => option.key)).toEqual(['clean', 'largeObjects', 'schema', 'noSync'])
  })

  it('finds by label, help, group, flag, and the flag of older programs', () => {
    const keys = (text: string) => searchOptions(formOptions(tool), text).map((option) => option.key)
    expect(keys('--blobs')).toEqual(['largeObjects'])
    expect(keys('LARGE')).toEqual(['largeObjects'])
    expect(keys('drop create')).toEqual(['clean'])
    expect(keys('speed')).toEqual(['jobs', 'noSync'])
    expect(keys('  ')).toHaveLength(5)
    expect(keys('nothing like it')).toEqual([])
  })

  it('groups in the order of the table', () => {
    const groups = groupOptions(formOptions(tool))
    expect(groups.map(({ group, options }) => [group, options.length])).toEqual([
      ['Speed', 2],
      ['Script', 1],
      ['What', 2],
    ])
  })

  it('counts what is set, not what is shown', () => {
    expect(countSet(formOptions(tool), { jobs: 2, clean: false, schema: [], noSync: true, host: 'x' })).toBe(2)
  })
})

describe('typing', () => {
  it('reads whole numbers within bounds and says the bounds otherwise', () => {
    const kind = { min: 1, max: 64, unit: 'jobs' }
    expect(readInteger(' 8 ', kind)).toBe(8)
    expect(readInteger('', kind)).toBe('')
    const problem = { problem: 'Type a whole number from 1 to 64, in jobs.' }
    for (const text of ['0', '65', '1.5', 'eight', '1e1', '0x8']) expect(readInteger(text, kind)).toEqual(problem)
    expect(readInteger('-3', { min: -15, max: 3 })).toBe(-3)
  })

  it('adds to a list once and never an empty entry', () => {
    expect(addToList([], ' audit ')).toEqual(['audit'])
    expect(addToList(['audit'], 'audit')).toBeUndefined()
    expect(addToList(['audit'], '   ')).toBeUndefined()
  })
})
