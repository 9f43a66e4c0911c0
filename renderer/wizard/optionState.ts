// What an option form knows without drawing anything: defaults under changes, what is set, what a search finds.
import type { OptionValue, OptionValues, Tool, ToolOption } from '../../shared/tools/defineTool'

/** As requests carry them: plain and mutable arrays, which zod's schema asks for. */
export type PlainValues = Record<string, boolean | string | number | string[]>

/** Absent, false, '' and [] all mean "not asked for". */
export function isSet(value: OptionValue | undefined): boolean {
  if (value === undefined || value === false || value === '') return false
  return !(Array.isArray(value) && value.length === 0)
}

export function sameValue(one: OptionValue | undefined, other: OptionValue | undefined): boolean {
  if (!isSet(one) && !isSet(other)) return true
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((entry, index) => entry === other[index])
  }
  return one === other
}

function plain(value: OptionValue): PlainValues[string] {
  return typeof value === 'object' ? [...value] : value
}

/**
 * Changes over defaults. A change may be an empty value: then a default is switched off. Empty values are left out, since
 * absent means the same and the command stays short.
 */
export function effectiveValues(defaults: OptionValues, changes: OptionValues): PlainValues {
  const merged: PlainValues = {}
  for (const [key, value] of Object.entries({ ...defaults, ...changes })) if (isSet(value)) merged[key] = plain(value)
  return merged
}

/** The changes after one option was set; a value equal to the default is no change. */
export function changeOption(defaults: OptionValues, changes: OptionValues, key: string, value: OptionValue): PlainValues {
  const next: PlainValues = {}
  for (const [name, kept] of Object.entries(changes)) if (name !== key) next[name] = plain(kept)
  if (!sameValue(defaults[key], value)) next[key] = plain(value)
  return next
}

/** The changes that lead from the defaults to exactly these values, for a request that is edited again. */
export function changesFrom(defaults: OptionValues, values: OptionValues): PlainValues {
  let changes: PlainValues = {}
  for (const key of new Set([...Object.keys(defaults), ...Object.keys(values)])) {
    const kind = defaults[key]
    const empty: OptionValue = Array.isArray(kind) ? [] : typeof kind === 'boolean' ? false : ''
    changes = changeOption(defaults, changes, key, values[key] ?? empty)
  }
  return changes
}

/** Options a person may set here: not the application's own, and not those the wizard shows elsewhere. */
export function formOptions(tool: Tool, elsewhere: readonly string[] = []): ToolOption[] {
  return tool.options.filter((option) => !option.owned && !elsewhere.includes(option.key))
}

export function countSet(options: readonly ToolOption[], values: OptionValues): number {
  return options.filter((option) => isSet(values[option.key])).length
}

/** Every word of the text must be in the label, the help, the group or the flag. */
export function searchOptions(options: readonly ToolOption[], text: string): ToolOption[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...options]
  return options.filter((option) => {
    const hay = [option.label, option.help, option.group, option.flag, option.formerly?.flag ?? '', option.key]
      .join(' ')
      .toLowerCase()
    return words.every((word) => hay.includes(word))
  })
}

/** In the table's order of first appearance. */
export function groupOptions(options: readonly ToolOption[]): { group: string; options: ToolOption[] }[] {
  const groups = new Map<string, ToolOption[]>()
  for (const option of options) groups.set(option.group, [...(groups.get(option.group) ?? []), option])
  return [...groups].map(([group, members]) => ({ group, options: members }))
}

/** Reads what was typed for an integer: a number, '' for nothing typed, or what is wrong in words. */
export function readInteger(text: string, kind: { min: number; max: number; unit?: string }): number | '' | { problem: string } {
  const trimmed = text.trim()
  if (trimmed === '') return ''
  const range = `a whole number from ${kind.min.toLocaleString('en')} to ${kind.max.toLocaleString('en')}`
  const unit = kind.unit === undefined ? '' : `, in ${kind.unit}`
  if (!/^-?\d+$/.test(trimmed)) return { problem: `Type ${range}${unit}.` }
  const value = Number(trimmed)
  if (value < kind.min || value > kind.max) return { problem: `Type ${range}${unit}.` }
  return value
}

/** Adds what was typed to a list; what is there already is not added twice. Undefined when nothing changes. */
export function addToList(list: readonly string[], text: string): string[] | undefined {
  const entry = text.trim()
  if (entry === '' || list.includes(entry)) return undefined
  return [...list, entry]
}
