// The shape of a program's option table: one row feeds the form, the command line, the preview and the tests.
import type { PgVersion } from '../model/pgVersion'

/** Values that the form and the requests carry, by option key. Absent, false, '' and [] all mean "not asked for". */
export type OptionValue = boolean | string | number | readonly string[]
export type OptionValues = Readonly<Record<string, OptionValue>>

export type OptionKind =
  /** `--flag` */
  | { kind: 'flag' }
  /** `--flag=value` */
  | { kind: 'text'; placeholder?: string; suggestions?: readonly OptionChoice[] }
  | { kind: 'integer'; min: number; max: number; unit?: string }
  | { kind: 'choice'; choices: readonly OptionChoice[] }
  /** One `--flag=value` for each. `pattern` says the value is a psql pattern, so names are quoted before they come here. */
  | { kind: 'list'; pattern?: 'schema' | 'table' | 'extension' | 'foreign-server' | 'database' }
  /** A file on this machine that must exist. */
  | { kind: 'file' }

export interface OptionChoice {
  value: string
  label: string
  help?: string
  /** First major of the program that knows this value. */
  since?: number
}

export interface ToolOption {
  /** The word in drafts, requests and records: camelCase of the newest flag. */
  key: string
  /** With the dashes: `--large-objects`. */
  flag: string
  /** Older spelling for programs before `since`: pg_dump 15 knows `--blobs` only. */
  formerly?: { flag: string; until: number }
  label: string
  /** One or two plain sentences: what it does, when one wants it. */
  help: string
  value: OptionKind
  group: string
  /** Shown before "All options". */
  common?: boolean
  /** First major of the program that has it; absent: 13 or before. */
  since?: number
  /** First minor of each major that has it, where a fix release brought the option to older majors: { 13: 22, 14: 19 }. */
  sinceMinor?: Readonly<Record<number, number>>
  /** Last major that has it. */
  until?: number
  /** Needs a server of this major or newer. */
  serverSince?: number
  /** Keys that can't be asked for together with this one; one direction is enough. */
  excludes?: readonly string[]
  /** Other options that must be set for this one, with the value they need (true: any). */
  requires?: readonly { key: string; values: readonly OptionValue[] | true; reason: string }[]
  /** At least one of these options must be set for this one. */
  requiresAny?: { keys: readonly string[]; reason: string }
  /** What kind and choices can't say: a sentence about a value that these versions or the other options do not allow. */
  check?: (value: OptionValue, values: OptionValues, tool: PgVersion) => string | undefined
  /** Set by the application, not by the form: host, port, file. */
  owned?: boolean
}

export interface Tool {
  /** The program's name: `pg_dump`. */
  program: string
  options: readonly ToolOption[]
  /** Options the program has and the table leaves out, each with the reason. */
  omissions: readonly ToolOmission[]
}

export interface ToolOmission {
  flag: string
  reason: string
  since?: number
  until?: number
}

/** Checks a table when the module loads: keys and flags are unique, references exist. Throws RangeError. */
export function defineTool(tool: Tool): Tool {
  const keys = new Set<string>()
  const flags = new Set<string>()
  for (const option of tool.options) {
    if (keys.has(option.key)) throw new RangeError(`${tool.program}: option ${option.key} twice`)
    keys.add(option.key)
    for (const flag of [option.flag, ...(option.formerly ? [option.formerly.flag] : [])]) {
      if (flags.has(flag)) throw new RangeError(`${tool.program}: flag ${flag} twice`)
      if (!/^--[a-z-]+$/.test(flag)) throw new RangeError(`${tool.program}: ${flag} is not a long flag`)
      flags.add(flag)
    }
  }
  for (const option of tool.options) {
    const needed = (option.requires ?? []).map((need) => need.key)
    for (const key of [...(option.excludes ?? []), ...needed, ...(option.requiresAny?.keys ?? [])]) {
      if (!keys.has(key)) throw new RangeError(`${tool.program}: ${option.key} names the unknown option ${key}`)
    }
  }
  for (const omission of tool.omissions) {
    if (flags.has(omission.flag)) throw new RangeError(`${tool.program}: ${omission.flag} is both in the table and left out`)
  }
  return tool
}

/** Absent, false, '' and [] mean "not asked for"; 0 is a value. */
export function isAsked(value: OptionValue | undefined): value is OptionValue {
  return value !== undefined && value !== false && value !== '' && !(typeof value === 'object' && value.length === 0)
}
