// What a restore into scratch showed of the dump: what is proved, what is not, and the error that the drill ends with.
import type { DrillResult } from '../../../../shared/contracts/drill'
import type { JobIssue, RowCheck } from '../../../../shared/jobs/job'
import type { BackupRecord } from '../../../../shared/model/backupRecord'
import { AppError } from '../../../../shared/rpc/appError'
import { count } from './proveCluster'
import type { MadeGlobals } from './scratchGlobals'

/** Tablespaces are made beforehand, so that a script of pg_dumpall does not make them where they were. */
export function isExpected({ message, statement, objectKind }: JobIssue): boolean {
  const made = objectKind === 'TABLESPACE' || statement.trim().startsWith('CREATE TABLESPACE')
  return made && /tablespace ".*" already exists/s.test(message)
}

export interface RestoredDump {
  result: DrillResult
  record: BackupRecord
  issues: readonly JobIssue[]
  /** null for a set, which makes its own. */
  made: MadeGlobals | null
  rowCheck: RowCheck | null
}

/** Adds to the result what was proved and what not. Returns the error that the drill ends with; null for a clean restore. */
export function judgeRestore({ result, record, issues, made, rowCheck }: RestoredDump): AppError | null {
  const failed = [
    ...(made?.failed ?? []).map(({ name, message }) => ({ object: name, message })),
    ...issues.filter(({ severity, harmless }) => severity === 'error' && harmless === null).map(said),
  ]
  const restoredWords =
    record.kind === 'dump-set'
      ? count(record.databases.length, 'database')
      : record.kind === 'dump'
        ? `the database ${record.source.database ?? ''}`.trim()
        : 'the script of pg_dumpall'
  if (failed.length === 0) {
    const globals =
      made && made.restored.length > 0
        ? `, after ${count(made.restored.length, 'role and tablespace', 'roles and tablespaces')} from the saved globals`
        : ''
    result.proved.push(`Restored ${result.target}: ${restoredWords}, without an error${globals}.`)
  }
  addRows(result, rowCheck, failed.length === 0)
  if (made && made.roles.length > 0) {
    result.notProved.push(
      `Roles: ${some(made.roles)} ${made.roles.length === 1 ? 'was' : 'were'} made in scratch by name alone, without login: no globals were saved of ${made.roles.length === 1 ? 'it' : 'them'}.`,
    )
  }
  if (made && made.tablespaces.length > 0) {
    result.notProved.push(
      `Tablespaces: ${some(made.tablespaces)}, made in scratch by name alone: no globals were saved of ${made.tablespaces.length === 1 ? 'it' : 'them'}.`,
    )
  }
  const warnings = issues.filter(({ severity, harmless }) => severity === 'warning' && harmless === null)
  for (const issue of warnings.slice(0, 20)) result.notProved.push(`A warning of the restore: ${sentenceOf(said(issue))}`)
  const absent = made?.missingExtensions ?? []
  if (absent.length > 0) {
    result.notProved.push(
      `What needs the ${absent.length === 1 ? 'extension' : 'extensions'} ${some(absent)}: not installed for PostgreSQL ${result.serverVersion} on this machine.`,
    )
  }
  if (failed.length === 0) return null
  result.errors = { count: failed.length, first: failed.slice(0, 50) }
  const [first] = failed
  const why =
    absent.length > 0
      ? ` The ${absent.length === 1 ? 'extension' : 'extensions'} ${some(absent)} ${absent.length === 1 ? 'is' : 'are'} not installed here.`
      : ''
  return new AppError(
    'tool_failed',
    `${count(failed.length, 'error')} while restoring${why === '' ? '' : '.'}${why}${why === '' ? ': ' : ' The first: '}${first ? sentenceOf(first) : ''}`,
    {
      hint:
        absent.length > 0
          ? 'Install what is missing on this machine, and drill again.'
          : 'The report names them. Restored in earnest, the same would be missing.',
    },
  )
}

function addRows(result: DrillResult, check: RowCheck | null, clean: boolean): void {
  if (check === null) {
    result.notProved.push('Rows were not compared with the backup’s own: it holds none, or writes them as INSERTs.')
    return
  }
  if (check.by === 'presence') {
    if (clean) result.proved.push(`Every one of its ${count(check.tables, 'table')} is there.`)
    result.notProved.push('Rows were not compared with the backup’s own: it writes them as INSERTs.')
    return
  }
  if (check.matched > 0) {
    result.proved.push(
      `${count(check.matched, 'table')} ${check.matched === 1 ? 'has' : 'have'} exactly the rows that the backup holds of ${check.matched === 1 ? 'it' : 'them'}: ${count(check.rows, 'row')}.`,
    )
  }
  if (check.left.length > 0) {
    result.notProved.push(`Rows of ${some(check.left.map(({ table, why }) => `${table} (${why})`))} were not compared.`)
  }
}

const said = ({ object, objectKind, message }: JobIssue) => ({
  object: [objectKind, object].filter(Boolean).join(' '),
  // psql marks the severity; everything here is an error, or said to be a warning.
  message: message.replace(/(^|: )(?:ERROR|WARNING):\s+/, '$1'),
})
const sentenceOf = ({ object, message }: { object: string; message: string }) =>
  `${object === '' ? '' : `${object}: `}${message.split('\n')[0] ?? ''}${/[.!?]$/.test(message.split('\n')[0] ?? '') ? '' : '.'}`
const some = (names: readonly string[]) =>
  names.slice(0, 8).join(', ') + (names.length > 8 ? ` and ${names.length - 8} more` : '')
