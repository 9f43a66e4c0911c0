// Checks one asked-for value against its row: the right type, within its bounds, known to this version of the program.
import { formatPgVersion, majorOf, type PgVersion } from '../model/pgVersion'
import type { OptionChoice, OptionValue, OptionValues, Tool, ToolOption } from './defineTool'

/** A sentence about the value, or undefined. The value has been asked for: it is not false, '' or []. */
export function valueProblem(tool: Tool, option: ToolOption, values: OptionValues, version: PgVersion): string | undefined {
  const value = values[option.key]
  if (value === undefined) return undefined
  return kindProblem(tool, option, value, version) ?? option.check?.(value, values, version)
}

function kindProblem(tool: Tool, option: ToolOption, value: OptionValue, version: PgVersion): string | undefined {
  const kind = option.value
  switch (kind.kind) {
    case 'flag':
      return value === true ? undefined : `${option.flag} is on or off; it takes no value.`
    case 'integer':
      return integerProblem(option.flag, kind.min, kind.max, value)
    case 'choice':
      return choiceProblem(tool, option.flag, kind.choices, value, version)
    case 'list':
      return listProblem(option.flag, value)
    default:
      if (typeof value !== 'string') return `${option.flag} takes one text.`
      return value.includes('\0') ? `The value of ${option.flag} holds a NUL byte.` : undefined
  }
}

function integerProblem(flag: string, min: number, max: number, value: OptionValue): string | undefined {
  const number = typeof value === 'number' ? value : typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : NaN
  if (Number.isInteger(number) && number >= min && number <= max) return undefined
  return `${flag} takes a whole number from ${min} to ${max}.`
}

function choiceProblem(
  tool: Tool,
  flag: string,
  choices: readonly OptionChoice[],
  value: OptionValue,
  version: PgVersion,
): string | undefined {
  const choice = choices.find((candidate) => candidate.value === value)
  if (!choice) return `${flag} takes one of: ${choices.map((candidate) => candidate.value).join(', ')}.`
  if (choice.since === undefined || majorOf(version) >= choice.since) return undefined
  return `${tool.program} ${formatPgVersion(version)} has no ${flag}=${choice.value}; it came with ${tool.program} ${choice.since}.`
}

function listProblem(flag: string, value: OptionValue): string | undefined {
  if (typeof value !== 'object') return `${flag} takes a list.`
  if (value.some((item) => item === '')) return `${flag} holds an empty entry.`
  return value.some((item) => item.includes('\0')) ? `The value of ${flag} holds a NUL byte.` : undefined
}
