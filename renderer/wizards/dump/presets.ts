// Known sets of options for what people dump for most, each explained; only what this pg_dump has.
import type { DumpFormat } from '../../../shared/model/backupRecord'
import { majorOf, type PgVersion } from '../../../shared/model/pgVersion'
import { flagFor } from '../../../shared/tools/buildCommand'
import { isAsked } from '../../../shared/tools/defineTool'
import { pgDump } from '../../../shared/tools/pgDump'
import { changeOption, type PlainValues, sameValue } from '../../wizard/optionState'
import { type DumpBase, type DumpDraft, defaultsFor, dumpOptions, formatOf } from './draft'

export interface Preset {
  id: string
  label: string
  help: string
  /** null keeps the chosen one. */
  format: DumpFormat | null
  values: PlainValues
}

/** The fastest method that this pg_dump was built with, as far as the default tells. */
function fastCompression(base: DumpBase): string {
  const best = String(base.defaults.options.compress ?? '')
  return best.startsWith('zstd') ? 'zstd:1' : best.startsWith('lz4') ? 'lz4' : '1'
}

export function presetsFor(base: DumpBase, tool: PgVersion): Preset[] {
  const has = (key: string) => {
    const option = pgDump.options.find((candidate) => candidate.key === key)
    return option !== undefined && (option.since ?? 0) <= majorOf(tool) && majorOf(tool) <= (option.until ?? 1000)
  }
  const known = (values: PlainValues): PlainValues => Object.fromEntries(Object.entries(values).filter(([key]) => has(key)))
  return [
    {
      id: 'fast',
      label: 'Fast full copy',
      help: 'Several jobs write a folder with light compression. Walkback flushes every file itself, so pg_dump need not.',
      format: 'directory',
      values: known({ jobs: base.defaults.options.jobs ?? 2, compress: fastCompression(base), noSync: true }),
    },
    {
      id: 'schema',
      label: 'Schema only',
      help: 'All definitions and no rows: for a test database, for review, or to compare two servers.',
      format: null,
      values: { schemaOnly: true },
    },
    {
      id: 'older',
      label: 'For an older server',
      help: 'A script without what older versions do not know, every name quoted. It may still need a hand where newer features are used.',
      format: 'plain',
      values: known({ quoteAllIdentifiers: true, noToastCompression: true, noTableAccessMethod: true, noPublications: true }),
    },
    {
      id: 'portable',
      label: 'Portable SQL',
      help: 'A script of INSERTs with column names, without owners, privileges and storage details: other systems read most of it. Slow to restore.',
      format: 'plain',
      values: known({
        columnInserts: true,
        noOwner: true,
        noPrivileges: true,
        noTablespaces: true,
        noSecurityLabels: true,
        noTableAccessMethod: true,
        noToastCompression: true,
        disableDollarQuoting: true,
      }),
    },
  ]
}

export function isPresetOn(preset: Preset, draft: DumpDraft, base: DumpBase): boolean {
  if (preset.format !== null && formatOf(draft, base) !== preset.format) return false
  const values = dumpOptions(draft, base)
  return Object.entries(preset.values).every(([key, value]) => sameValue(values[key], value))
}

/** Sets the preset's options, or takes them back; what another preset set goes, and everything else stays. */
export function switchPreset(
  preset: Preset,
  on: boolean,
  draft: DumpDraft,
  base: DumpBase,
  presets: readonly Preset[],
): DumpDraft {
  const others = presets.filter((other) => other !== preset && isPresetOn(other, draft, base))
  const format = on ? (preset.format ?? draft.format) : preset.format === null ? draft.format : null
  const defaults = defaultsFor(format ?? base.defaults.format, base)
  let changes = draft.changes
  for (const taken of on ? others : [preset]) {
    for (const key of Object.keys(taken.values)) changes = changeOption(defaults, changes, key, defaults[key] ?? false)
  }
  if (on) for (const [key, value] of Object.entries(preset.values)) changes = changeOption(defaults, changes, key, value)
  return { ...draft, format, changes }
}

/** "--jobs=4", "--no-sync": as the command will have them. */
export function presetFlags(preset: Preset, tool: PgVersion): string[] {
  const format = preset.format === null ? [] : [`--format=${preset.format}`]
  return [
    ...format,
    ...pgDump.options
      .filter((option) => isAsked(preset.values[option.key]))
      .map((option) => {
        const value = preset.values[option.key]
        return value === true ? flagFor(option, tool) : `${flagFor(option, tool)}=${String(value)}`
      }),
  ]
}
