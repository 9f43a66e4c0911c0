// Which entries a restore would take, as pg_restore itself says by --list with the same ticks and options.
import { listedIds } from '../../../shared/model/archiveToc'
import { AppError } from '../../../shared/rpc/appError'
import { buildCommand } from '../../../shared/tools/buildCommand'
import type { OptionValues } from '../../../shared/tools/defineTool'
import { pgRestore } from '../../../shared/tools/pgRestore'
import type { Services } from '../../services'
import type { ChosenTool } from './chooseTool'
import type { InspectedArchive } from './inspectArchive'

/** Options of pg_restore that decide which entries are restored: --list takes the same ones. */
const selecting = [
  'useList',
  'schemaOnly',
  'dataOnly',
  'statisticsOnly',
  'section',
  'noData',
  'noSchema',
  'statistics',
  'noStatistics',
  'schema',
  'excludeSchema',
  'table',
  'index',
  'function',
  'trigger',
  'filter',
  'strictNames',
  'noPrivileges',
  'noComments',
  'noPolicies',
  'noPublications',
  'noSubscriptions',
  'noSecurityLabels',
]

/** Asks pg_restore itself, which also proves that it can read this archive's table of contents. */
export async function listSelection(
  services: Pick<Services, 'spawn'>,
  tool: ChosenTool,
  archive: InspectedArchive,
  options: OptionValues,
  signal?: AbortSignal,
): Promise<Set<number>> {
  const values = Object.fromEntries(Object.entries(options).filter(([key]) => selecting.includes(key)))
  const built = buildCommand(pgRestore, { ...values, list: true }, { tool: tool.version, server: null }, [archive.source.archive])
  let text = ''
  const exit = await services.spawn({
    file: tool.path,
    argv: built.argv,
    onStdout: (line) => {
      text += `${line}\n`
    },
    ...(signal ? { signal } : {}),
  })
  signal?.throwIfAborted()
  if (exit.code !== 0) {
    const said = exit.stderrTail.map((line) => line.replace(/^pg_restore: error: /, '')).join(' ')
    throw new AppError('tool_failed', `pg_restore can’t list this archive: ${said}`, {
      hint: 'It may be damaged, or packed with a method this pg_restore was built without. Try another backup or pg_restore.',
    })
  }
  return new Set(listedIds(text))
}
