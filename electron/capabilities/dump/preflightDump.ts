// The checks before a dump, as rows with what was found and how to put it right. Pure: what it needs is asked before.
import type { DumpRequest } from '../../../shared/contracts/dump'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import type { AppError } from '../../../shared/rpc/appError'
import type { CommandProblem } from '../../../shared/tools/buildCommand'
import { isAsked } from '../../../shared/tools/defineTool'
import type { DumpSource, SourceTable } from '../../postgres/readSource'
import type { Selection } from './selection'

export interface DumpFacts {
  request: DumpRequest
  source: DumpSource
  selection: Selection
  toolProblem: AppError | null
  tool: { version: number } | null
  problems: readonly CommandProblem[]
  /** '' when the library can be written. */
  writeProblem: string
  freeBytes: bigint | null
}

/** Below this nothing but the smallest dump fits, and the record must still be written. */
const leastFree = 8n * 1024n * 1024n

function row(id: string, result: PreflightRow['result'], check: string, found: string, fixes: PreflightFix[] = []): PreflightRow {
  return { id, result, check, found, fixes }
}

function setOption(label: string, key: string, value: boolean | string | number): PreflightFix {
  return { label, action: { kind: 'set-option', key, value } }
}

/** Blockers first, then warnings, then passes. */
export function checkDump(facts: DumpFacts): PreflightRow[] {
  const rows = [
    ...checkTool(facts),
    ...facts.problems.map((problem) =>
      row(
        `option-${problem.key}`,
        'blocker',
        `Option ${problem.flag}`,
        problem.message,
        problem.key === '' ? [] : [setOption(`Leave ${problem.flag} out`, problem.key, false)],
      ),
    ),
    ...checkLibrary(facts),
    ...checkSpace(facts),
    ...checkPrivileges(facts),
    ...checkStandby(facts),
    ...checkConnections(facts),
    ...checkGlobals(facts),
    ...checkSelection(facts),
  ]
  const order = { blocker: 0, warning: 1, pass: 2 } as const
  return rows.toSorted((a, b) => order[a.result] - order[b.result])
}

function checkTool({ toolProblem, tool, source }: DumpFacts): PreflightRow[] {
  const server = formatPgVersion(source.record.serverVersion)
  if (toolProblem) {
    return [row('tool', 'blocker', 'Programs', [toolProblem.message, toolProblem.hint].filter(Boolean).join(' '))]
  }
  return tool ? [row('tool', 'pass', 'Programs', `pg_dump ${formatPgVersion(tool.version)} for a server of ${server}.`)] : []
}

function checkLibrary({ request, writeProblem }: DumpFacts): PreflightRow[] {
  if (writeProblem === '') return [row('library', 'pass', 'Library', `${request.library} can be written.`)]
  return [
    row('library', 'blocker', 'Library', `Nothing can be written to ${request.library}: ${writeProblem}.`, [
      { label: 'Choose another library', action: { kind: 'go-to-step', step: 'options' } },
    ]),
  ]
}

/** Nobody knows how well the rows compress; the size of the chosen tables without their indexes is nearly always more. */
function checkSpace({ selection, freeBytes }: DumpFacts): PreflightRow[] {
  if (freeBytes === null) return [row('space', 'warning', 'Disk space', 'The system does not say how much space is free there.')]
  const rows = BigInt(Math.round(selection.withRows.reduce((sum, table) => sum + table.bytes, 0)))
  const free = formatBytes(freeBytes)
  const size = formatBytes(rows)
  // Well compressed text takes a tenth; a fiftieth is not to be hoped for.
  const hopeless = selection.uncertain ? 0n : rows / 50n
  if (freeBytes < leastFree + hopeless) {
    return [
      row('space', 'blocker', 'Disk space', `Only ${free} are free and the tables hold ${size}: the dump can't fit.`, [
        { label: 'Choose another library', action: { kind: 'go-to-step', step: 'options' } },
      ]),
    ]
  }
  if (freeBytes < rows) {
    return [
      row(
        'space',
        'warning',
        'Disk space',
        `${free} are free and the tables hold ${size}: it fits only if the rows compress well.`,
      ),
    ]
  }
  return [row('space', 'pass', 'Disk space', `${free} are free, the tables hold ${size}.`)]
}

function checkPrivileges({ request, selection, source }: DumpFacts): PreflightRow[] {
  const doubt = selection.uncertain ? 'warning' : 'blocker'
  const unreadable = selection.touched.filter((table) => !table.readable)
  const hidden = selection.withRows.filter((table) => table.rowSecurity)
  const rows: PreflightRow[] = []
  if (unreadable.length > 0) {
    const found = `The role may not read ${countTables(unreadable)}: ${someNames(unreadable)}. pg_dump stops at the first of them.`
    const fix =
      source.record.serverVersion >= 140000
        ? ' A superuser can GRANT pg_read_all_data to the role.'
        : ' Its owner can GRANT SELECT on them.'
    rows.push(row('privileges', doubt, 'Privileges', found + fix))
  }
  if (hidden.length > 0 && !isAsked(request.options.enableRowSecurity)) {
    rows.push(
      row(
        'row-security',
        doubt,
        'Row security',
        `Row security hides rows of ${countTables(hidden)} from the role: ${someNames(hidden)}. pg_dump stops there rather than leave rows out.`,
        [setOption('Dump only the rows it sees', 'enableRowSecurity', true)],
      ),
    )
  }
  if (hidden.length > 0 && isAsked(request.options.enableRowSecurity)) {
    rows.push(
      row(
        'row-security',
        'warning',
        'Row security',
        `Only the rows that the role sees of ${countTables(hidden)} are dumped: ${someNames(hidden)}.`,
      ),
    )
  }
  if (rows.length === 0) {
    rows.push(
      row(
        'privileges',
        'pass',
        'Privileges',
        source.superuser ? 'The role is a superuser.' : 'The role may read every table of the dump.',
      ),
    )
  }
  return rows
}

function checkStandby({ request, source }: DumpFacts): PreflightRow[] {
  if (!source.inRecovery) return []
  if (isAsked(request.options.serializableDeferrable)) {
    return [
      row('standby', 'blocker', 'Standby', 'This server is a standby, which can’t wait for a serializable moment.', [
        setOption('Leave --serializable-deferrable out', 'serializableDeferrable', false),
      ]),
    ]
  }
  return [
    row(
      'standby',
      'warning',
      'Standby',
      'This server is a standby: rows of unlogged tables are not there, and a long dump is ended when it holds up recovery (max_standby_streaming_delay).',
    ),
  ]
}

function checkConnections({ request, source }: DumpFacts): PreflightRow[] {
  const jobs = Number(request.options.jobs ?? 0)
  const needed = jobs > 1 ? jobs + 1 : 1
  if (source.freeConnections === null) return []
  if (source.freeConnections >= needed) return []
  return [
    row(
      'connections',
      'warning',
      'Connections',
      `The dump opens ${needed} connections, and the server has ${Math.max(0, source.freeConnections)} free.`,
      jobs > 1 ? [setOption('Use fewer jobs', 'jobs', Math.max(1, source.freeConnections - 1))] : [],
    ),
  ]
}

function checkGlobals({ request, source }: DumpFacts): PreflightRow[] {
  if (!request.globals) {
    return [
      row(
        'globals',
        'warning',
        'Roles and tablespaces',
        'They are not taken along. The dump restores only where they exist already.',
      ),
    ]
  }
  if (source.superuser)
    return [row('globals', 'pass', 'Roles and tablespaces', 'Saved beside the dump, with the password hashes of the roles.')]
  return [
    row(
      'globals',
      'warning',
      'Roles and tablespaces',
      'Saved without the passwords of the roles, which only a superuser may read.',
    ),
  ]
}

function checkSelection({ request, selection }: DumpFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  if (selection.partial && !isAsked(request.options.largeObjects) && !isAsked(request.options.schemaOnly)) {
    rows.push(
      row(
        'partial',
        'warning',
        'Selection',
        'Only what was chosen is dumped: large objects, extensions and what the chosen objects depend on are left out.',
        [setOption('Take large objects along', 'largeObjects', true)],
      ),
    )
  }
  if (selection.partial && !selection.uncertain && selection.touched.length === 0 && !isAsked(request.options.extension)) {
    rows.push(row('nothing', 'warning', 'Selection', 'No table or sequence is in the selection.'))
  }
  return rows
}

function countTables(tables: readonly SourceTable[]): string {
  const kind = tables.every((table) => table.kind === 'S') ? 'sequence' : 'table'
  return tables.length === 1 ? `1 ${kind}` : `${tables.length} ${kind}s`
}

function someNames(tables: readonly SourceTable[]): string {
  const names = tables.slice(0, 5).map((table) => `${table.schema}.${table.name}`)
  return names.join(', ') + (tables.length > 5 ? ` and ${tables.length - 5} more` : '')
}
