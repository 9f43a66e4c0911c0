// One valid value for each option of the tables, and the other options it cannot do without.
import type { OptionValue, OptionValues, Tool, ToolOption } from '../../shared/tools/defineTool'

const texts: Record<string, OptionValue> = {
  compress: '6',
  encoding: 'UTF8',
  role: 'postgres',
  superuser: 'postgres',
  lockWaitTimeout: '60s',
  snapshot: '00000003-0000001B-1',
  restrictKey: 'abc123',
  section: ['pre-data', 'post-data'],
  schema: ['public'],
  excludeSchema: ['nothing_here'],
  extraFloatDigits: 1,
  bufferUsageLimit: '256kB',
  set: ['ON_ERROR_STOP=1'],
  maxRate: '20M',
  slot: 'slot_1',
  target: 'blackhole',
  tablespaceMapping: ['/srv/a=/srv/b'],
  endpos: '0/3000060',
}

/** What a row's own check asks for beside what it requires. */
const beside: Record<string, OptionValues> = { 'pg_basebackup compress': { format: 'tar' } }

/** `file` must exist and be empty: what a filter file may be. */
export function sampleValue(option: ToolOption, file: string): OptionValue {
  const known = texts[option.key]
  if (known !== undefined) return known
  switch (option.value.kind) {
    case 'flag':
      return true
    case 'integer':
      return Math.max(1, option.value.min)
    case 'choice':
      return option.value.choices[0]?.value ?? ''
    case 'list':
      return ['"public"."t"']
    case 'file':
      return file
    default:
      return 'text'
  }
}

/** The option with a valid value, together with what its row requires. */
export function sampleValues(tool: Tool, option: ToolOption, file: string): OptionValues {
  const values: Record<string, OptionValue> = {
    [option.key]: sampleValue(option, file),
    ...beside[`${tool.program} ${option.key}`],
  }
  addNeeded(tool, option, file, values)
  return values
}

function addNeeded(tool: Tool, option: ToolOption, file: string, values: Record<string, OptionValue>): void {
  const needed = [
    ...(option.requires ?? []).map((need) => ({ key: need.key, value: need.values === true ? undefined : need.values[0] })),
    ...(option.requiresAny ? [{ key: option.requiresAny.keys[0] ?? '', value: undefined }] : []),
  ]
  for (const { key, value } of needed) {
    const other = tool.options.find((candidate) => candidate.key === key)
    if (!other || values[key] !== undefined) continue
    values[key] = value ?? sampleValue(other, file)
    addNeeded(tool, other, file, values)
  }
}
