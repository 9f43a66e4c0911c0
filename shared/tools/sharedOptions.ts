// Option rows that pg_dump, pg_dumpall and pg_restore have in common, each written once; a table adds what differs for its program.
import type { OptionValue, ToolOption } from './defineTool'

/** \restrict came with the releases of August 2025 (CVE-2025-8714), to every major supported then. */
export const restrictKeyMinors = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 } as const

function restrictKeyProblem(value: OptionValue): string | undefined {
  return /^[A-Za-z0-9]+$/.test(String(value)) ? undefined : 'The key is made of letters and digits only.'
}

const sections = ['pre-data', 'data', 'post-data']

function sectionsProblem(value: OptionValue): string | undefined {
  const unknown = typeof value === 'object' ? value.find((item) => !sections.includes(item)) : undefined
  return unknown === undefined ? undefined : `--section takes pre-data, data or post-data, not ${JSON.stringify(unknown)}.`
}

function lockWaitProblem(value: OptionValue): string | undefined {
  if (/^\d+ ?(ms|s|min|h|d)?$/.test(String(value))) return undefined
  return 'A time such as 60s, 5min or 1h; a bare number is milliseconds.'
}

const shared = {
  filter: {
    flag: '--filter',
    label: 'Filter file',
    help: 'A file with include and exclude rules, for selections too long for a command line.',
    value: { kind: 'file' },
    since: 17,
  },
  strictNames: {
    flag: '--strict-names',
    label: 'Stop when a name matches nothing',
    help: 'Fails when one of the names to include does not exist, where pg_dump would otherwise go on without it.',
    value: { kind: 'flag' },
  },
  schemaOnly: {
    flag: '--schema-only',
    label: 'Definitions only',
    help: 'Tables, functions and all the rest without any rows.',
    value: { kind: 'flag' },
    excludes: ['dataOnly', 'statisticsOnly', 'noSchema', 'statistics'],
  },
  dataOnly: {
    flag: '--data-only',
    label: 'Rows only',
    help: 'Rows, large objects and sequence values, without any definition.',
    value: { kind: 'flag' },
    excludes: ['statisticsOnly', 'noData', 'statistics'],
  },
  statisticsOnly: {
    flag: '--statistics-only',
    label: 'Planner statistics only',
    help: 'What ANALYZE has found out, without definitions and rows.',
    value: { kind: 'flag' },
    since: 18,
    excludes: ['noStatistics'],
  },
  section: {
    flag: '--section',
    label: 'Only these sections',
    help: 'pre-data: definitions; data: rows; post-data: indexes, triggers, constraints.',
    value: { kind: 'list' },
    check: sectionsProblem,
  },
  noData: {
    flag: '--no-data',
    label: 'No rows',
    help: 'Everything but rows.',
    value: { kind: 'flag' },
    since: 18,
  },
  noSchema: {
    flag: '--no-schema',
    label: 'No definitions',
    help: 'Everything but definitions.',
    value: { kind: 'flag' },
    since: 18,
  },
  statistics: {
    flag: '--statistics',
    label: 'Planner statistics too',
    help: 'Takes along what ANALYZE has found out, so that the restored database plans well from the start.',
    value: { kind: 'flag' },
    since: 18,
    excludes: ['noStatistics'],
  },
  noStatistics: {
    flag: '--no-statistics',
    label: 'No planner statistics',
    help: 'Leaves out what ANALYZE has found out.',
    value: { kind: 'flag' },
    since: 18,
  },
  sequenceData: {
    flag: '--sequence-data',
    label: 'Sequence values even without rows',
    help: 'Keeps the current value of each sequence when rows are left out.',
    value: { kind: 'flag' },
    since: 18,
  },
  noOwner: {
    flag: '--no-owner',
    label: 'No owners',
    help: 'Objects belong to whoever restores them.',
    value: { kind: 'flag' },
  },
  noPrivileges: {
    flag: '--no-privileges',
    label: 'No privileges',
    help: 'Leaves out GRANT and REVOKE.',
    value: { kind: 'flag' },
  },
  noComments: {
    flag: '--no-comments',
    label: 'No comments',
    help: 'Leaves out COMMENT ON.',
    value: { kind: 'flag' },
  },
  noPolicies: {
    flag: '--no-policies',
    label: 'No row security policies',
    help: 'Leaves out CREATE POLICY: restored tables show every row to whoever may read them.',
    value: { kind: 'flag' },
    since: 18,
  },
  noPublications: {
    flag: '--no-publications',
    label: 'No publications',
    help: 'Leaves out logical replication publications.',
    value: { kind: 'flag' },
  },
  noSubscriptions: {
    flag: '--no-subscriptions',
    label: 'No subscriptions',
    help: 'Leaves out logical replication subscriptions, so that a copy does not fetch from the original.',
    value: { kind: 'flag' },
  },
  noSecurityLabels: {
    flag: '--no-security-labels',
    label: 'No security labels',
    help: 'Leaves out SECURITY LABEL, which needs its provider where it is restored.',
    value: { kind: 'flag' },
  },
  noTablespaces: {
    flag: '--no-tablespaces',
    label: 'No tablespaces',
    help: 'Everything is restored into the default tablespace.',
    value: { kind: 'flag' },
  },
  noTableAccessMethod: {
    flag: '--no-table-access-method',
    label: 'No table access methods',
    help: 'Tables are restored with the default storage engine.',
    value: { kind: 'flag' },
    since: 15,
  },
  noToastCompression: {
    flag: '--no-toast-compression',
    label: 'No TOAST compression methods',
    help: 'Columns are restored with the default compression for long values.',
    value: { kind: 'flag' },
    since: 14,
  },
  noUnloggedTableData: {
    flag: '--no-unlogged-table-data',
    label: 'No rows of unlogged tables',
    help: 'Keeps unlogged tables and leaves their rows out. On a standby their rows are never there.',
    value: { kind: 'flag' },
  },
  inserts: {
    flag: '--inserts',
    label: 'Rows as INSERT',
    help: 'Slow to restore, but other database systems can read it, and one bad row does not stop its table.',
    value: { kind: 'flag' },
  },
  columnInserts: {
    flag: '--column-inserts',
    label: 'Rows as INSERT with column names',
    help: 'Slower still; restores into a table whose columns have another order.',
    value: { kind: 'flag' },
  },
  rowsPerInsert: {
    flag: '--rows-per-insert',
    label: 'Rows in each INSERT',
    help: 'Several rows in one INSERT: faster to restore than one for each row.',
    value: { kind: 'integer', min: 1, max: 2147483647, unit: 'rows' },
  },
  onConflictDoNothing: {
    flag: '--on-conflict-do-nothing',
    label: 'Skip rows that are already there',
    help: 'Adds ON CONFLICT DO NOTHING to each INSERT.',
    value: { kind: 'flag' },
    requiresAny: {
      keys: ['inserts', 'columnInserts', 'rowsPerInsert'],
      reason: 'Rows must be written as INSERT: choose --inserts, --column-inserts or --rows-per-insert.',
    },
  },
  loadViaPartitionRoot: {
    flag: '--load-via-partition-root',
    label: 'Load rows through the partitioned table',
    help: 'For restoring where rows may belong to other partitions, as with another collation. Slower.',
    value: { kind: 'flag' },
  },
  extraFloatDigits: {
    flag: '--extra-float-digits',
    label: 'Digits of floating-point numbers',
    help: 'Not for backups: a value below the default loses digits.',
    value: { kind: 'integer', min: -15, max: 3 },
  },
  encoding: {
    flag: '--encoding',
    label: 'Encoding',
    help: "Encoding of the dump; the database's own when empty.",
    value: { kind: 'text', placeholder: 'UTF8' },
  },
  ifExists: {
    flag: '--if-exists',
    label: 'Drop only what exists',
    help: 'Adds IF EXISTS, so that dropping what is not there is no error.',
    value: { kind: 'flag' },
    requires: [{ key: 'clean', values: [true], reason: 'Only together with --clean.' }],
  },
  disableTriggers: {
    flag: '--disable-triggers',
    label: 'Switch triggers off while loading',
    help: 'For rows only, when foreign keys stand in the way. Restoring needs a superuser.',
    value: { kind: 'flag' },
  },
  superuser: {
    flag: '--superuser',
    label: 'Superuser for switching triggers off',
    help: 'The role to become for switching triggers off and on.',
    value: { kind: 'text' },
  },
  useSetSessionAuthorization: {
    flag: '--use-set-session-authorization',
    label: 'SET SESSION AUTHORIZATION for owners',
    help: 'Closer to the SQL standard than ALTER OWNER. Restoring needs a superuser.',
    value: { kind: 'flag' },
  },
  quoteAllIdentifiers: {
    flag: '--quote-all-identifiers',
    label: 'Quote every identifier',
    help: 'For restoring into another major version, which may have new reserved words.',
    value: { kind: 'flag' },
  },
  disableDollarQuoting: {
    flag: '--disable-dollar-quoting',
    label: 'No dollar quotes',
    help: 'Function bodies are written as standard SQL strings.',
    value: { kind: 'flag' },
  },
  restrictKey: {
    flag: '--restrict-key',
    label: 'Key of \\restrict',
    help: 'Letters and digits that the script uses for \\restrict instead of random ones, so that two dumps can be compared.',
    value: { kind: 'text' },
    sinceMinor: restrictKeyMinors,
    check: restrictKeyProblem,
  },
  role: {
    flag: '--role',
    label: 'Work as role',
    help: 'SET ROLE after connecting, for a login that may not read the tables itself.',
    value: { kind: 'text' },
  },
  lockWaitTimeout: {
    flag: '--lock-wait-timeout',
    label: 'Wait for locks at most',
    help: 'Fails when a table stays locked longer than this, instead of waiting for ever: 60s, 5min, or milliseconds.',
    value: { kind: 'text', placeholder: '60s' },
    check: lockWaitProblem,
  },
  noSync: {
    flag: '--no-sync',
    label: 'Do not wait for the disk',
    help: 'Walkback itself makes every file of a backup durable, so this saves doing it twice.',
    value: { kind: 'flag' },
  },
  verbose: {
    flag: '--verbose',
    label: 'Say what is done',
    help: 'The progress of the job is read from this.',
    value: { kind: 'flag' },
    owned: true,
  },
} as const satisfies Readonly<Record<string, Omit<ToolOption, 'key' | 'group'>>>

type SharedKey = keyof typeof shared

/** One row, with what is different for this program. */
export function sharedOption(group: string, key: SharedKey, own: Partial<Omit<ToolOption, 'key' | 'flag'>> = {}): ToolOption {
  return { key, ...shared[key], group, ...own }
}

/** Several rows that are the same for this program. */
export function sharedOptions(group: string, ...keys: readonly SharedKey[]): ToolOption[] {
  return keys.map((key) => sharedOption(group, key))
}
