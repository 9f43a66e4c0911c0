// The option table of pg_dump, versions 13 to 18.
import { majorOf } from '../model/pgVersion'
import { connectionOptions } from './connectionOptions'
import { defineTool, type OptionChoice } from './defineTool'
import { sharedOption, sharedOptions } from './sharedOptions'

const content = 'What to dump'
const objects = 'Objects'
const leaveOut = 'Leave out'
const rows = 'How rows are written'
const script = 'How the script is written'
const run = 'How the dump runs'

const plainOnly = ' For plain scripts; with the other formats it is chosen when restoring.'

/** What `--compress` takes: since 16 a method with an optional level, before that gzip's level alone. */
export const compressions: readonly OptionChoice[] = [
  { value: '0', label: 'None' },
  { value: '1', label: 'gzip, level 1 (fast)' },
  { value: '6', label: 'gzip, level 6' },
  { value: '9', label: 'gzip, level 9 (small)' },
  { value: 'lz4', label: 'lz4 (fastest)', since: 16 },
  { value: 'lz4:9', label: 'lz4, level 9', since: 16 },
  { value: 'zstd:1', label: 'zstd, level 1 (fast)', since: 16 },
  { value: 'zstd:3', label: 'zstd, level 3 (fast and small)', since: 16 },
  { value: 'zstd:9', label: 'zstd, level 9 (small)', since: 16 },
  { value: 'zstd:19', label: 'zstd, level 19 (smallest, slow)', since: 16 },
]

const levels: Readonly<Record<string, readonly [number, number]>> = { gzip: [1, 9], lz4: [0, 12], zstd: [-131072, 22] }
const zstdDetail = /^zstd:(?:(?:level=(-?\d+)|long)(?:,(?!$)|$))+$/

/** undefined when the text is one that pg_dump of this major reads. */
function compressProblem(text: string, major: number): string | undefined {
  if (/^\d$/.test(text)) return undefined
  if (major < 16)
    return `pg_dump ${major} compresses with gzip only: give a level from 0 (none) to 9. Methods came with pg_dump 16.`
  if (text === 'none' || zstdDetail.test(text)) return undefined
  const match = /^(gzip|lz4|zstd)(?::(?:level=)?(-?\d+))?$/.exec(text)
  const method = match?.[1] ?? ''
  const range = levels[method]
  if (!match || !range) return 'Compression is none, gzip, lz4 or zstd, with a level if wanted: zstd:3.'
  const [low, high] = range
  const level = match[2] === undefined ? low : Number(match[2])
  return level >= low && level <= high ? undefined : `${method} takes a level from ${low} to ${high}.`
}

export const pgDump = defineTool({
  program: 'pg_dump',
  options: [
    ...connectionOptions(run),
    {
      key: 'dbname',
      flag: '--dbname',
      label: 'Database',
      help: 'The database to dump.',
      value: { kind: 'text' },
      group: run,
      owned: true,
    },
    {
      key: 'format',
      flag: '--format',
      label: 'Format',
      help: 'Directory takes several jobs; custom is one compressed file; tar is one uncompressed file; plain is an SQL script.',
      value: {
        kind: 'choice',
        choices: [
          {
            value: 'directory',
            label: 'Directory',
            help: 'A folder with one file for each table. The only format that several jobs can write.',
          },
          { value: 'custom', label: 'Custom', help: 'One compressed file. Parts of it can be restored.' },
          { value: 'tar', label: 'Tar', help: 'One file that tar can open. Not compressed.' },
          { value: 'plain', label: 'Plain SQL', help: 'A script for psql that people can read. It restores as a whole.' },
        ],
      },
      group: run,
      owned: true,
    },
    {
      key: 'jobs',
      flag: '--jobs',
      label: 'Parallel jobs',
      help: 'Tables dumped at the same time. Each job opens one more connection to the server.',
      value: { kind: 'integer', min: 1, max: 256 },
      group: run,
      common: true,
      requires: [{ key: 'format', values: ['directory'], reason: 'Only the directory format can be written by several jobs.' }],
    },
    {
      key: 'compress',
      flag: '--compress',
      label: 'Compression',
      help: 'Method and level. zstd is the best choice where pg_dump has it; before version 16 there is only gzip.',
      value: { kind: 'text', placeholder: 'zstd:3', suggestions: compressions },
      group: run,
      common: true,
      check: (value, values, tool) => {
        const text = String(value)
        const none = text === '0' || text === 'none'
        if (values.format === 'tar' && !none) return 'The tar format is not compressed by pg_dump.'
        if (values.format === 'plain' && !none)
          return 'psql can’t read a compressed script: choose another format, or no compression.'
        return compressProblem(text, majorOf(tool))
      },
    },
    {
      key: 'schema',
      flag: '--schema',
      label: 'Only these schemas',
      help: 'Dumps these schemas with all that is in them, and nothing else: no large objects, no extensions, no other schemas.',
      value: { kind: 'list', pattern: 'schema' },
      group: objects,
    },
    {
      key: 'excludeSchema',
      flag: '--exclude-schema',
      label: 'Not these schemas',
      help: 'Leaves these schemas out.',
      value: { kind: 'list', pattern: 'schema' },
      group: objects,
    },
    {
      key: 'table',
      flag: '--table',
      label: 'Only these tables',
      help: 'Dumps these tables, views and sequences and nothing else. What they depend on does not come along.',
      value: { kind: 'list', pattern: 'table' },
      group: objects,
    },
    {
      key: 'tableAndChildren',
      flag: '--table-and-children',
      label: 'Only these tables and their partitions',
      help: 'As above, and their partitions or inheriting tables come along.',
      value: { kind: 'list', pattern: 'table' },
      group: objects,
      since: 16,
    },
    {
      key: 'excludeTable',
      flag: '--exclude-table',
      label: 'Not these tables',
      help: 'Leaves these tables, views and sequences out.',
      value: { kind: 'list', pattern: 'table' },
      group: objects,
    },
    {
      key: 'excludeTableAndChildren',
      flag: '--exclude-table-and-children',
      label: 'Not these tables and their partitions',
      help: 'Leaves these tables out together with their partitions or inheriting tables.',
      value: { kind: 'list', pattern: 'table' },
      group: objects,
      since: 16,
    },
    {
      key: 'excludeTableData',
      flag: '--exclude-table-data',
      label: 'Definition only of these tables',
      help: 'Keeps the tables and leaves their rows out.',
      value: { kind: 'list', pattern: 'table' },
      group: objects,
    },
    {
      key: 'excludeTableDataAndChildren',
      flag: '--exclude-table-data-and-children',
      label: 'Definition only of these tables and their partitions',
      help: 'Keeps the tables and their partitions and leaves their rows out.',
      value: { kind: 'list', pattern: 'table' },
      group: objects,
      since: 16,
    },
    {
      key: 'extension',
      flag: '--extension',
      label: 'Only these extensions',
      help: 'Of the extensions only these. Large objects, publications and event triggers are then left out too.',
      value: { kind: 'list', pattern: 'extension' },
      group: objects,
      since: 14,
    },
    {
      key: 'excludeExtension',
      flag: '--exclude-extension',
      label: 'Not these extensions',
      help: 'Leaves these extensions out.',
      value: { kind: 'list', pattern: 'extension' },
      group: objects,
      since: 17,
    },
    {
      key: 'includeForeignData',
      flag: '--include-foreign-data',
      label: 'Rows of foreign tables on these servers',
      help: 'Reads the rows of foreign tables from their servers and dumps them. Not with several jobs.',
      value: { kind: 'list', pattern: 'foreign-server' },
      group: objects,
      excludes: ['schemaOnly'],
      check: (_value, values) =>
        Number(values.jobs ?? 1) > 1
          ? 'Rows of foreign tables can be dumped by one job only: set parallel jobs to 1.'
          : undefined,
    },
    ...sharedOptions(objects, 'filter', 'strictNames'),
    {
      key: 'largeObjects',
      flag: '--large-objects',
      formerly: { flag: '--blobs', until: 15 },
      label: 'Take large objects along',
      help: 'Needed only when schemas or tables are chosen: then large objects are left out otherwise.',
      value: { kind: 'flag' },
      group: content,
      common: true,
    },
    {
      key: 'noLargeObjects',
      flag: '--no-large-objects',
      formerly: { flag: '--no-blobs', until: 15 },
      label: 'Leave large objects out',
      help: 'Large objects are files kept inside the database. When both are asked for, large objects come along.',
      value: { kind: 'flag' },
      group: content,
    },
    sharedOption(content, 'schemaOnly', { common: true }),
    sharedOption(content, 'dataOnly', { common: true, excludes: ['statisticsOnly', 'noData', 'statistics', 'clean'] }),
    ...sharedOptions(content, 'statisticsOnly', 'section', 'noData', 'noSchema'),
    sharedOption(content, 'statistics', { common: true }),
    ...sharedOptions(content, 'noStatistics', 'sequenceData'),
    sharedOption(leaveOut, 'noOwner', { help: `Objects belong to whoever restores them.${plainOnly}`, common: true }),
    sharedOption(leaveOut, 'noPrivileges', { common: true }),
    ...sharedOptions(leaveOut, 'noComments', 'noPolicies', 'noPublications', 'noSubscriptions', 'noSecurityLabels'),
    sharedOption(leaveOut, 'noTablespaces', { help: `Everything is restored into the default tablespace.${plainOnly}` }),
    ...sharedOptions(leaveOut, 'noTableAccessMethod', 'noToastCompression', 'noUnloggedTableData'),
    ...sharedOptions(
      rows,
      'inserts',
      'columnInserts',
      'rowsPerInsert',
      'onConflictDoNothing',
      'loadViaPartitionRoot',
      'extraFloatDigits',
      'encoding',
    ),
    {
      key: 'enableRowSecurity',
      flag: '--enable-row-security',
      label: 'Dump only rows the role may see',
      help: 'Without this, a table whose rows are hidden from the role makes the dump fail, which is what a backup wants.',
      value: { kind: 'flag' },
      group: rows,
    },
    {
      key: 'create',
      flag: '--create',
      label: 'Create the database',
      help: `The script begins with CREATE DATABASE and connects to it.${plainOnly}`,
      value: { kind: 'flag' },
      group: script,
    },
    {
      key: 'clean',
      flag: '--clean',
      label: 'Drop objects first',
      help: `The script drops what it is going to create.${plainOnly}`,
      value: { kind: 'flag' },
      group: script,
    },
    sharedOption(script, 'ifExists'),
    sharedOption(script, 'disableTriggers', {
      help: `For rows only, when foreign keys stand in the way. Restoring needs a superuser.${plainOnly}`,
    }),
    ...sharedOptions(script, 'superuser', 'useSetSessionAuthorization', 'quoteAllIdentifiers', 'disableDollarQuoting'),
    sharedOption(script, 'restrictKey', {
      requires: [{ key: 'format', values: ['plain'], reason: 'Only plain scripts have \\restrict.' }],
    }),
    sharedOption(run, 'role'),
    sharedOption(run, 'lockWaitTimeout', { common: true }),
    {
      key: 'serializableDeferrable',
      flag: '--serializable-deferrable',
      label: 'Wait for a serializable moment',
      help: 'For databases that use SERIALIZABLE: no anomaly can show in the dump. May wait before it starts; not on a standby.',
      value: { kind: 'flag' },
      group: run,
    },
    {
      key: 'snapshot',
      flag: '--snapshot',
      label: 'Use a snapshot',
      help: 'Name of a snapshot exported by another session, to dump what that session sees.',
      value: { kind: 'text', placeholder: '00000003-0000001B-1' },
      group: run,
    },
    {
      key: 'noSynchronizedSnapshots',
      flag: '--no-synchronized-snapshots',
      label: 'Jobs without a common snapshot',
      help: 'For parallel dumps of servers older than 9.2: the jobs may see different moments.',
      value: { kind: 'flag' },
      group: run,
      until: 14,
      requires: [{ key: 'format', values: ['directory'], reason: 'Only parallel dumps have several snapshots.' }],
    },
    sharedOption(run, 'noSync'),
    {
      key: 'syncMethod',
      flag: '--sync-method',
      label: 'How files are made durable',
      help: 'fsync each file, or on Linux the whole file system at once.',
      value: {
        kind: 'choice',
        choices: [
          { value: 'fsync', label: 'Each file' },
          { value: 'syncfs', label: 'The whole file system (Linux)' },
        ],
      },
      group: run,
      since: 17,
    },
    sharedOption(run, 'verbose'),
    {
      key: 'file',
      flag: '--file',
      label: 'Output',
      help: 'The file or folder to write.',
      value: { kind: 'text' },
      group: run,
      owned: true,
    },
  ],
  omissions: [
    { flag: '--help', reason: 'Shows help and ends; this form is the help.' },
    { flag: '--version', reason: 'Shows the version and ends; the version is shown with the program.' },
    { flag: '--password', reason: 'Asks at the keyboard; the password comes from the connection.' },
    { flag: '--binary-upgrade', reason: 'For pg_upgrade only; such a dump does not restore by itself.' },
    { flag: '--attribute-inserts', reason: 'An old name of --column-inserts.' },
  ],
})
