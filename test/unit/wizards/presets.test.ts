// Presets of a dump's options: what each sets by version, on and off again, and that each makes a command.
import { describe, expect, it } from 'vitest'
import { type DumpBase, dumpOptions, emptyDumpDraft, formatOf } from '../../../renderer/wizards/dump/draft'
import { isPresetOn, presetFlags, presetsFor, switchPreset } from '../../../renderer/wizards/dump/presets'
import { buildCommand } from '../../../shared/tools/buildCommand'
import { pgDump } from '../../../shared/tools/pgDump'

const base: DumpBase = {
  defaults: { format: 'directory', options: { jobs: 4, compress: 'zstd:3', lockWaitTimeout: '60s' } },
  libraries: [],
  suggestedLabel: '',
}
const old: DumpBase = { ...base, defaults: { format: 'directory', options: { jobs: 4, compress: '6', lockWaitTimeout: '60s' } } }

describe.each([130022, 150018, 180004])('pg_dump %i', (tool) => {
  const given = tool < 160000 ? old : base
  const presets = presetsFor(given, tool)

  it.each(presets.map((preset) => [preset.id, preset] as const))(
    '%s sets what this version has, and goes away again',
    (_id, preset) => {
      const draft = { ...emptyDumpDraft, database: 'shop', changes: { excludeTable: ['"a"."b"'] } }
      const on = switchPreset(preset, true, draft, given, presets)
      expect(isPresetOn(preset, on, given)).toBe(true)
      const values = { ...dumpOptions(on, given), format: formatOf(on, given) }
      const { argv, problems } = buildCommand(pgDump, values, { tool, server: tool })
      expect(problems).toEqual([])
      for (const flag of presetFlags(preset, tool)) expect(argv).toContain(flag)
      expect(argv).toContain('--exclude-table="a"."b"')
      const off = switchPreset(preset, false, on, given, presets)
      expect(off).toEqual(draft)
      expect(isPresetOn(preset, off, given)).toBe(false)
    },
  )

  it('one takes the place of another', () => {
    const [fast, , , portable] = presets
    if (!fast || !portable) throw new Error('there are four')
    const first = switchPreset(portable, true, { ...emptyDumpDraft, database: 'shop' }, given, presets)
    const second = switchPreset(fast, true, first, given, presets)
    expect(isPresetOn(portable, second, given)).toBe(false)
    expect(Object.keys(second.changes).toSorted()).toEqual(['compress', 'noSync'])
    expect(formatOf(second, given)).toBe('directory')
  })
})

it('options that a version has not are not asked for', () => {
  const older = (tool: number) => presetsFor(old, tool).find(({ id }) => id === 'older')
  expect(Object.keys(older(130022)?.values ?? {})).toEqual(['quoteAllIdentifiers', 'noPublications'])
  expect(Object.keys(older(150018)?.values ?? {})).toContain('noTableAccessMethod')
})
