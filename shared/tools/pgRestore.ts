// The option table of pg_restore, versions 13 to 18.
import { connectionOptions } from './connectionOptions'
import { defineTool, type OptionValue, type OptionValues } from './defineTool'
import { sharedOption, sharedOptions } from './sharedOptions'

const content = 'What to restore'
const objects = 'Objects'
const prepare = 'Before restoring'
const leaveOut = 'Leave out'
const load = 'How it is restored'
const run = 'How the restore runs'

const oneConnection = "One transaction can't be shared by several jobs: choose one of the two."

function jobsProblem(value: OptionValue, values: OptionValues): string | undefined {
  return Number(value) > 1 && values.singleTransaction === true ? oneConnection : undefined
}

function singleTransactionProblem(_value: OptionValue, values: OptionValues): string | undefined {
  return Number(values.jobs ?? 1) > 1 ? oneConnection : undefined
}

export const pgRestore = defineTool({
  program: 'pg_restore',
  options: [
    ...connectionOptions(run),
    {
      key: 'dbname',
      flag: '--dbname',
      label: 'Database',
      help: 'The database to restore into.',
      value: { kind: 'text' },
      group: run,
      excludes: ['file'],
      owned: true,
    },
    {
      key: 'file',
      flag: '--file',
      label: 'Script file',
      help: 'Writes the SQL to a file instead of running it; /dev/null only reads the archive.',
      value: { kind: 'text' },
      group: run,
      owned: true,
    },
    {
      key: 'format',
      flag: '--format',
      label: 'Format',
      help: 'Format of the archive. It is recognised by itself.',
      value: {
        kind: 'choice',
        choices: [
          { value: 'custom', label: 'Custom' },
          { value: 'directory', label: 'Directory' },
          { value: 'tar', label: 'Tar' },
        ],
      },
      group: run,
      owned: true,
    },
    {
      key: 'list',
      flag: '--list',
      label: 'List contents',
      help: 'Prints the table of contents.',
      value: { kind: 'flag' },
      group: run,
      owned: true,
    },
    {
      key: 'useList',
      flag: '--use-list',
      label: 'Chosen entries',
      help: 'A file with the entries to restore, made from the ticks.',
      value: { kind: 'file' },
      group: objects,
      owned: true,
    },
    sharedOption(run, 'verbose'),
    {
      key: 'jobs',
      flag: '--jobs',
      label: 'Parallel jobs',
      help: 'Tables loaded and indexes built at the same time. Each job opens a connection. For custom and directory archives.',
      value: { kind: 'integer', min: 1, max: 256 },
      group: run,
      common: true,
      check: jobsProblem,
    },
    {
      key: 'singleTransaction',
      flag: '--single-transaction',
      label: 'One transaction',
      help: 'All or nothing: after an error the database is as it was before. One job only.',
      value: { kind: 'flag' },
      group: run,
      common: true,
      excludes: ['create', 'transactionSize'],
      requires: [{ key: 'dbname', values: true, reason: 'A transaction needs a database to restore into.' }],
      check: singleTransactionProblem,
    },
    {
      key: 'transactionSize',
      flag: '--transaction-size',
      label: 'Objects in each transaction',
      help: 'Commits after this many objects: faster for very many small tables, without one huge transaction. Stops at the first error.',
      value: { kind: 'integer', min: 1, max: 2147483647, unit: 'objects' },
      group: run,
      since: 17,
    },
    {
      key: 'exitOnError',
      flag: '--exit-on-error',
      label: 'Stop at the first error',
      help: 'Without this, pg_restore goes on and counts the errors.',
      value: { kind: 'flag' },
      group: run,
      common: true,
    },
    sharedOption(content, 'schemaOnly', { common: true }),
    sharedOption(content, 'dataOnly', {
      help: 'Rows, large objects and sequence values into tables that exist already.',
      common: true,
      excludes: ['statisticsOnly', 'noData', 'statistics', 'clean'],
    }),
    ...sharedOptions(content, 'statisticsOnly', 'section', 'noData', 'noSchema'),
    sharedOption(content, 'statistics', { help: 'Restores what ANALYZE had found out, where the archive holds it.' }),
    sharedOption(content, 'noStatistics'),
    {
      key: 'schema',
      flag: '--schema',
      label: 'Only these schemas',
      help: 'Restores only what is in these schemas. Names, not patterns.',
      value: { kind: 'list' },
      group: objects,
    },
    {
      key: 'excludeSchema',
      flag: '--exclude-schema',
      label: 'Not these schemas',
      help: 'Leaves these schemas out. Names, not patterns.',
      value: { kind: 'list' },
      group: objects,
    },
    {
      key: 'table',
      flag: '--table',
      label: 'Only these tables',
      help: 'Restores only these tables, views and sequences; nothing that they depend on, nor their indexes. Names, not patterns.',
      value: { kind: 'list' },
      group: objects,
    },
    {
      key: 'index',
      flag: '--index',
      label: 'Only these indexes',
      help: 'Restores only these indexes.',
      value: { kind: 'list' },
      group: objects,
    },
    {
      key: 'function',
      flag: '--function',
      label: 'Only these functions',
      help: 'Restores only these functions, written with their argument types as the list of contents has them.',
      value: { kind: 'list' },
      group: objects,
    },
    {
      key: 'trigger',
      flag: '--trigger',
      label: 'Only these triggers',
      help: 'Restores only these triggers.',
      value: { kind: 'list' },
      group: objects,
    },
    sharedOption(objects, 'filter'),
    sharedOption(objects, 'strictNames', { help: 'Fails when a schema or table asked for is not in the archive.' }),
    {
      key: 'create',
      flag: '--create',
      label: 'Create the database first',
      help: 'Creates the database under the name in the archive, and restores into it. The destination then only serves to connect.',
      value: { kind: 'flag' },
      group: prepare,
    },
    {
      key: 'clean',
      flag: '--clean',
      label: 'Drop objects first',
      help: 'Drops each object before creating it anew. What the database holds of them is lost.',
      value: { kind: 'flag' },
      group: prepare,
    },
    sharedOption(prepare, 'ifExists'),
    sharedOption(leaveOut, 'noOwner', { common: true }),
    sharedOption(leaveOut, 'noPrivileges', { common: true }),
    ...sharedOptions(
      leaveOut,
      'noComments',
      'noPolicies',
      'noPublications',
      'noSubscriptions',
      'noSecurityLabels',
      'noTablespaces',
      'noTableAccessMethod',
    ),
    {
      key: 'noDataForFailedTables',
      flag: '--no-data-for-failed-tables',
      label: 'No rows where a table could not be created',
      help: 'Leaves a table that exists already as it is, instead of adding the rows to it.',
      value: { kind: 'flag' },
      group: load,
    },
    ...sharedOptions(load, 'disableTriggers', 'superuser'),
    {
      key: 'enableRowSecurity',
      flag: '--enable-row-security',
      label: 'Load with row security on',
      help: 'The rows must pass the policies; the dump must have been made as INSERT.',
      value: { kind: 'flag' },
      group: load,
    },
    sharedOption(load, 'useSetSessionAuthorization'),
    sharedOption(load, 'role', { help: 'SET ROLE after connecting: the objects are created by this role.' }),
    sharedOption(run, 'restrictKey', {
      excludes: ['dbname'],
      requires: [{ key: 'file', values: true, reason: 'Only scripts have \\restrict.' }],
    }),
  ],
  omissions: [
    { flag: '--help', reason: 'Shows help and ends; this form is the help.' },
    { flag: '--version', reason: 'Shows the version and ends; the version is shown with the program.' },
    { flag: '--password', reason: 'Asks at the keyboard; the password comes from the connection.' },
  ],
})
