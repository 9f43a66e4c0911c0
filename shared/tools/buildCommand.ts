// Turns option values into a command line, and says what stands in its way. Preview and start both come through here.
import { formatPgVersion, majorOf, type PgVersion } from '../model/pgVersion'
import { isAsked, type OptionValue, type OptionValues, type Tool, type ToolOption } from './defineTool'
import { valueProblem } from './valueProblem'

export interface CommandVersions {
  /** The program's version number. */
  tool: PgVersion
  /** The server's; null where no server takes part. */
  server: PgVersion | null
}

export interface CommandProblem {
  /** The option's key, or '' for one that concerns the whole command. */
  key: string
  flag: string
  /** "pg_dump 13.23 has no --exclude-extension; it came with pg_dump 17." */
  message: string
}

export interface BuiltCommand {
  program: string
  /** Without the program itself; never holds a secret. */
  argv: string[]
  /** Block start while there are any: nothing is dropped in silence. */
  problems: CommandProblem[]
}

/** The spelling that this version of the program knows. */
export function flagFor(option: ToolOption, version: PgVersion): string {
  return option.formerly && majorOf(version) <= option.formerly.until ? option.formerly.flag : option.flag
}

/** Why an option can't be used with these versions and values, or undefined. The form greys it out with this text. */
export function optionProblem(tool: Tool, key: string, values: OptionValues, versions: CommandVersions): string | undefined {
  const option = tool.options.find((candidate) => candidate.key === key)
  if (!option) return `${tool.program} has no option named ${JSON.stringify(key)}.`
  return (
    versionProblem(tool, option, versions) ??
    togetherProblem(tool, option, values, versions) ??
    (isAsked(values[key]) ? valueProblem(tool, option, values, versions.tool) : undefined)
  )
}

function versionProblem(tool: Tool, option: ToolOption, versions: CommandVersions): string | undefined {
  const name = `${tool.program} ${formatPgVersion(versions.tool)}`
  const major = majorOf(versions.tool)
  if (option.since !== undefined && major < option.since) {
    return `${name} has no ${option.flag}; it came with ${tool.program} ${option.since}.`
  }
  if (option.until !== undefined && major > option.until) {
    return `${name} has no ${option.flag}; ${tool.program} ${option.until} was the last to have it.`
  }
  const minor = option.sinceMinor?.[major]
  if (minor !== undefined && versions.tool % 10000 < minor) {
    return `${name} has no ${option.flag}; it came with ${tool.program} ${major}.${minor}.`
  }
  if (option.serverSince !== undefined && versions.server !== null && majorOf(versions.server) < option.serverSince) {
    return `${option.flag} needs a server of PostgreSQL ${option.serverSince} or newer; this one is ${formatPgVersion(versions.server)}.`
  }
  return undefined
}

/** Excludes count in both directions, so that a table names each pair once. */
function togetherProblem(tool: Tool, option: ToolOption, values: OptionValues, versions: CommandVersions): string | undefined {
  const flag = flagFor(option, versions.tool)
  for (const other of tool.options) {
    if (other === option || !isAsked(values[other.key])) continue
    if (option.excludes?.includes(other.key) || other.excludes?.includes(option.key)) {
      return `${flag} and ${flagFor(other, versions.tool)} can't be used together.`
    }
  }
  for (const need of option.requires ?? []) {
    const value = values[need.key]
    const met = need.values === true ? isAsked(value) : need.values.includes(value ?? false)
    if (!met) return need.reason
  }
  const any = option.requiresAny
  if (any && !any.keys.some((key) => isAsked(values[key]))) return any.reason
  return undefined
}

/**
 * Options come out in the table's order, always as `--option=value`; `operands` follow after the options.
 * A value may begin with a dash, hold newlines or quotes: it is one argv word and never passes a shell.
 */
export function buildCommand(
  tool: Tool,
  values: OptionValues,
  versions: CommandVersions,
  operands: readonly string[] = [],
): BuiltCommand {
  const argv: string[] = []
  const problems: CommandProblem[] = []
  for (const option of tool.options) {
    const value = values[option.key]
    if (!isAsked(value)) continue
    const flag = flagFor(option, versions.tool)
    const message = optionProblem(tool, option.key, values, versions)
    if (message === undefined) argv.push(...optionWords(flag, value))
    else problems.push({ key: option.key, flag, message })
  }
  for (const key of Object.keys(values)) {
    if (tool.options.some((option) => option.key === key) || !isAsked(values[key])) continue
    problems.push({ key, flag: '', message: `${tool.program} has no option named ${JSON.stringify(key)}.` })
  }
  for (const operand of operands) {
    if (operand.includes('\0')) problems.push({ key: '', flag: '', message: 'A name or path holds a NUL byte.' })
  }
  // An operand that begins with a dash would be read as an option.
  if (operands.some((operand) => operand.startsWith('-'))) argv.push('--')
  return { program: tool.program, argv: [...argv, ...operands], problems }
}

function optionWords(flag: string, value: OptionValue): string[] {
  if (value === true) return [flag]
  if (typeof value === 'object') return value.map((item) => `${flag}=${item}`)
  return [`${flag}=${String(value)}`]
}
