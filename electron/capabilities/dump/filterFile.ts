// Moves a long selection out of the command line into a file of rules, which pg_dump takes since version 17.
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { majorOf, type PgVersion } from '../../../shared/model/pgVersion'
import { isAsked, type OptionValues } from '../../../shared/tools/defineTool'

export interface FilterFile {
  /** Named by what is in it, so that the preview and the job name the same. */
  path: string
  text: string
  rules: number
}

/** More names than this fill a screen. */
const mostNames = 40

const rules: Readonly<Record<string, string>> = {
  schema: 'include schema',
  excludeSchema: 'exclude schema',
  table: 'include table',
  tableAndChildren: 'include table_and_children',
  excludeTable: 'exclude table',
  excludeTableAndChildren: 'exclude table_and_children',
  excludeTableData: 'exclude table_data',
  excludeTableDataAndChildren: 'exclude table_data_and_children',
  extension: 'include extension',
  excludeExtension: 'exclude extension',
}

/** The options as they are, or with a filter file in place of the names. A file of the person's own is left alone. */
export function filterFileFor(
  options: OptionValues,
  tool: PgVersion,
  scratch: string,
  most = mostNames,
): { options: OptionValues; file: FilterFile | null } {
  const lines = Object.entries(rules).flatMap(([key, rule]) => {
    const value = options[key]
    return typeof value === 'object' ? value.map((pattern) => `${rule} ${escapeQuoted(pattern)}`) : []
  })
  if (majorOf(tool) < 17 || lines.length <= most || isAsked(options.filter)) return { options, file: null }
  const text = `${lines.join('\n')}\n`
  const file = path.join(scratch, `dump-filter-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.txt`)
  const others = Object.fromEntries(Object.entries(options).filter(([key]) => !(key in rules)))
  return { options: { ...others, filter: file }, file: { path: file, text, rules: lines.length } }
}

/** Between quotes a filter file has escapes that patterns of the command line do not have (filter.c, read_quoted_string). */
function escapeQuoted(pattern: string): string {
  return pattern.replaceAll(/"(?:[^"]|"")*"/g, (quoted) => quoted.replaceAll('\\', '\\\\'))
}

/** For this account only: names of tables can be telling. */
export async function writeFilterFile(file: FilterFile): Promise<void> {
  await fs.writeFile(file.path, file.text, { mode: 0o600 })
  await fs.chmod(file.path, 0o600)
}
