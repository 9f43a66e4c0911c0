// Made-up servers, jobs and backups for looking at the window without a core: the story of the design's pictures.
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { JobIssue, JobSnapshot, JobStep, LogLine } from '../../../shared/jobs/job'
import { emptyConnectionSettings, type SavedConnection } from '../../../shared/model/connection'

const now = Date.now()
export const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString()
const GB = 1024 ** 3

function connection(
  id: string,
  label: string,
  colour: SavedConnection['colour'],
  host: string,
  port: number,
  readOnly: boolean,
): SavedConnection {
  return {
    id,
    label,
    colour,
    readOnly,
    settings: { ...emptyConnectionSettings, host, port, user: 'walkback', database: 'postgres', sslmode: 'verify-full' },
    password: 'encrypted',
    practice: null,
  }
}

export const connections: SavedConnection[] = [
  connection('c1', 'orders-prod', 'rust', 'db1.internal', 5432, false),
  connection('c2', 'orders-staging', 'green', 'db2.internal', 5432, true),
  { ...connection('c3', 'practice main', 'slate', '/tmp/pg', 54320, false), practice: 'main', password: 'none' },
]

const step = (id: string, label: string, state: JobStep['state'], from: number, to: number | null, detail = ''): JobStep => ({
  id,
  label,
  state,
  startedAt: state === 'pending' ? null : ago(from),
  endedAt: to === null ? null : ago(to),
  detail,
})

const dumpCommand = {
  title: '',
  program: 'pg_dump',
  version: 180004,
  words: [
    '--host=db1.internal',
    '--port=5432',
    '--username=walkback',
    '--dbname=orders',
    '--format=directory',
    '--jobs=8',
    '--compress=zstd:3',
    '--lock-wait-timeout=60s',
    '--verbose',
    '--no-password',
    "--file='/srv/walkback/orders-prod/orders 2026-11-22.partial'",
  ],
  kind: 'program' as const,
}

const base: JobSnapshot = {
  id: 'run',
  capability: 'dump',
  title: 'Dump of orders',
  input: {},
  connectionId: 'c1',
  serverLabel: 'orders-prod',
  state: 'running',
  createdAt: ago(42),
  startedAt: ago(41),
  endedAt: null,
  movedAt: ago(0.3),
  steps: [
    step('checks', 'Checks', 'done', 41, 40.6),
    step('globals', 'Roles, tablespaces', 'done', 40.6, 37.4, '12 roles'),
    step('dump', 'Data', 'running', 37.4, null),
    step('read', 'Read in full', 'pending', 0, null),
    step('checksums', 'Checksums', 'pending', 0, null),
    step('record', 'Record', 'pending', 0, null),
  ],
  progress: { done: 4.18 * GB, total: 6.14 * GB, unit: 'bytes', label: 'table "sales"."order_items"' },
  commands: [dumpCommand],
  outputs: [
    {
      partial: '/srv/walkback/orders-prod/20261122T121923Z-dump-orders.partial',
      final: '/srv/walkback/orders-prod/20261122T121923Z-dump-orders',
    },
  ],
  onCancel: 'the .partial folder is removed',
  issues: [],
  warningCount: 0,
  errorCount: 0,
  result: null,
  error: null,
  leftovers: [],
  logLines: 44,
}

const issue = (
  object: string,
  objectKind: string,
  entry: string,
  message: string,
  statement: string,
  advice: string,
  logLine: number,
): JobIssue => ({
  severity: 'error',
  object,
  objectKind,
  entry,
  message,
  statement,
  harmless: null,
  advice,
  logLine,
})

const restored = {
  count: 1873,
  kinds: {
    TABLE: 214,
    'TABLE DATA': 214,
    INDEX: 601,
    CONSTRAINT: 214,
    'FK CONSTRAINT': 187,
    'CHECK CONSTRAINT': 4,
    SEQUENCE: 96,
    'SEQUENCE SET': 96,
    DEFAULT: 88,
    ACL: 61,
    TRIGGER: 44,
    FUNCTION: 31,
    COMMENT: 18,
    EXTENSION: 3,
    SCHEMA: 2,
  },
}

export const jobs: JobSnapshot[] = [
  base,
  {
    ...base,
    id: 'queued',
    title: 'Dump of analytics',
    state: 'queued',
    createdAt: ago(20),
    startedAt: null,
    progress: null,
    movedAt: null,
    logLines: 0,
  },
  {
    ...base,
    id: 'errors',
    capability: 'restore',
    title: 'Restore into orders_20261122_0600',
    connectionId: 'c2',
    serverLabel: 'orders-staging',
    state: 'succeeded_with_warnings',
    createdAt: ago(3000),
    startedAt: ago(2999),
    endedAt: ago(2773),
    progress: null,
    steps: [
      step('create', 'Create from template0', 'done', 2999, 2998.7),
      step('pre', 'Before data', 'done', 2998.7, 2994.6, '611 entries'),
      step('data', 'Data', 'done', 2994.6, 2824, '214 tables'),
      step('post', 'After data', 'warning', 2824, 2796, '3 errors'),
      step('analyze', 'ANALYZE in stages', 'done', 2796, 2773),
    ],
    commands: [
      {
        title: 'SQL on orders-staging',
        program: 'psql',
        version: null,
        kind: 'sql',
        words: [
          "CREATE DATABASE orders_20261122_0600\n  TEMPLATE template0 ENCODING 'UTF8'\n  LOCALE_PROVIDER libc LOCALE 'en_US.UTF-8'\n  OWNER shop_owner;",
        ],
      },
      {
        title: '',
        program: 'pg_restore',
        version: 180004,
        kind: 'program',
        words: [
          '--host=db2.internal',
          '--port=5432',
          '--username=walkback',
          '--dbname=orders_20261122_0600',
          '--jobs=8',
          '--verbose',
          '/srv/walkback/orders-prod/20261122T060012Z-dump-orders/archive',
        ],
      },
    ],
    outputs: [{ partial: null, final: 'orders_20261122_0600' }],
    issues: [
      issue(
        'sales.order_items',
        'FK CONSTRAINT',
        'order_items_product_id_fkey',
        'insert or update on table "order_items" violates foreign key constraint "order_items_product_id_fkey"\nDETAIL:  Key (product_id)=(48212) is not present in table "products".',
        'ALTER TABLE ONLY sales.order_items\n    ADD CONSTRAINT order_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES sales.products(id);',
        'Rows point to products that the dump left out. Add the constraint as NOT VALID, or restore products too.',
        2210,
      ),
      issue(
        'sales.order_items',
        'ACL',
        'TABLE order_items',
        'role "bob" does not exist',
        'GRANT SELECT ON TABLE sales.order_items TO bob;',
        'Create the role from the globals saved beside the dump.',
        2212,
      ),
      issue(
        'public.customers',
        'INDEX',
        'customers_email_trgm_idx',
        'operator class "public.gin_trgm_ops" does not exist for access method "gin"',
        'CREATE INDEX customers_email_trgm_idx ON public.customers USING gin (email public.gin_trgm_ops);',
        'Create the extension pg_trgm first; it is available on this server.',
        2214,
      ),
    ],
    errorCount: 3,
    result: {
      headline: '1,873 of 1,876 entries restored. All rows are there; one index, one foreign key and one grant are not.',
      facts: [
        { label: 'Written', value: '4.61 GB, 27 MB/s', mono: false },
        { label: 'Row counts', value: '214 of 214 tables match the dump', mono: false },
        { label: 'Exit status', value: 'pg_restore 1', mono: true },
      ],
      backupPath: null,
      database: 'orders_20261122_0600',
      failed: { toc: 'x', ids: 'x', count: 3 },
      restored,
    },
    logLines: 2600,
  },
  {
    ...base,
    id: 'replaced',
    capability: 'restore',
    title: 'Restore into orders',
    connectionId: 'c2',
    serverLabel: 'orders-staging',
    state: 'succeeded',
    createdAt: ago(2600),
    startedAt: ago(2599),
    endedAt: ago(2400),
    progress: null,
    steps: [
      step('create', 'Create from template0', 'done', 2599, 2598.7),
      step('pre', 'Before data', 'done', 2598.7, 2594.6, '611 entries'),
      step('data', 'Data', 'done', 2594.6, 2424, '214 tables'),
      step('post', 'After data', 'done', 2424, 2401, '1,051 entries'),
      step('swap', 'Change names', 'done', 2401, 2400),
    ],
    outputs: [{ partial: null, final: 'orders' }],
    result: {
      headline: 'All 1,876 entries are in orders. The old orders is kept as orders_before_20261122_130211 until you drop it.',
      facts: [
        { label: 'Entries', value: '1,876 of 1,876 restored', mono: false },
        { label: 'Database size', value: '4.61 GB', mono: false },
        { label: 'Exit status', value: 'pg_restore 0', mono: true },
        { label: 'Old database', value: 'orders_before_20261122_130211', mono: true },
        { label: 'To drop the old one', value: 'DROP DATABASE "orders_before_20261122_130211";', mono: true },
      ],
      backupPath: null,
      database: 'orders',
      rowCheck: { by: 'rows', tables: 214, matched: 214, rows: 27_890_411, different: [], left: [] },
      restored: { ...restored, count: 1876 },
      kept: { database: 'orders_before_20261122_130211', oid: '16999', systemIdentifier: '7614118026514903417' },
    },
    logLines: 2600,
  },
  {
    ...base,
    id: 'ok',
    state: 'succeeded',
    createdAt: ago(25_200),
    startedAt: ago(25_199),
    endedAt: ago(25_100),
    progress: null,
    steps: base.steps.map((each) => ({ ...each, state: 'done', startedAt: ago(25_199), endedAt: ago(25_170) })),
    result: {
      headline: '1.31 GB written and read in full; every file has its SHA-256 in the record.',
      facts: [
        { label: 'Size', value: '1.31 GB from 4.62 GB', mono: false },
        { label: 'Files', value: '238', mono: false },
      ],
      backupPath: '/srv/walkback/orders-prod/20261122T060012Z-dump-orders',
      database: null,
    },
  },
  {
    ...base,
    id: 'failed',
    title: 'Dump of billing',
    state: 'failed',
    createdAt: ago(90_000),
    startedAt: ago(89_999),
    endedAt: ago(89_990),
    progress: null,
    steps: base.steps.map((each, index) => ({
      ...each,
      state: index < 2 ? 'done' : index === 2 ? 'failed' : 'skipped',
      endedAt: ago(89_990),
    })),
    error: {
      code: 'tool_failed',
      message: 'pg_dump ended with status 1: could not write to output file: No space left on device',
      hint: 'Free space on /srv, or choose another library, and run it again.',
    },
    errorCount: 1,
    leftovers: ['/srv/walkback/orders-prod/20261121T081200Z-dump-billing.partial'],
  },
  {
    ...base,
    id: 'cancelled',
    title: 'Dump of analytics',
    state: 'cancelled',
    createdAt: ago(180_000),
    startedAt: ago(180_000),
    endedAt: ago(179_950),
    progress: null,
  },
  {
    ...base,
    id: 'interrupted',
    title: 'Verify orders, 20 Nov',
    capability: 'backups',
    state: 'interrupted',
    createdAt: ago(280_000),
    startedAt: ago(280_000),
    endedAt: ago(279_950),
    progress: null,
  },
]

export function logLine(line: number): LogLine {
  const level = line === 2210 || line === 2212 || line === 2214 ? 'error' : line % 97 === 40 ? 'warning' : 'info'
  const text =
    level === 'error'
      ? 'pg_restore: error: could not execute query: ERROR:  role "bob" does not exist'
      : level === 'warning'
        ? 'pg_dump: warning: there are circular foreign-key constraints on this table'
        : line < 3
          ? 'checks: role, version, 218 GB free: all pass'
          : `pg_dump: dumping contents of table "sales"."order_events_${String(line).padStart(4, '0')}"`
  return { line, at: ago(41 - line * 0.9), level, text }
}

function backup(database: string, seconds: number, size: number, readOk: boolean): CatalogEntry {
  return {
    path: `/srv/walkback/orders-prod/2026-${database}-${seconds}`,
    library: '/srv/walkback',
    size: String(Math.round(size)),
    record: {
      recordVersion: 1,
      id: `${database}${seconds}`,
      kind: 'dump',
      label: '',
      startedAt: ago(seconds + 100),
      endedAt: ago(seconds),
      source: {
        label: 'orders-prod',
        host: 'db1.internal',
        port: 5432,
        database,
        systemIdentifier: '7614118026514903417',
        serverVersion: 180004,
        dataChecksums: true,
        encoding: 'UTF8',
        localeProvider: 'libc',
        collate: 'en_US.UTF-8',
        ctype: 'en_US.UTF-8',
        locale: null,
        collationVersion: '2.41',
        owner: 'shop_owner',
        databaseSize: String(Math.round(size * 3.5)),
      },
      tools: [{ program: 'pg_dump', version: 180004 }],
      commands: [],
      format: 'directory',
      artifact: 'archive',
      globals: { path: 'globals.sql', rolePasswords: true },
      files: [],
      warnings: [],
      verifications: [{ at: ago(seconds - 30), level: 'read', ok: readOk, detail: '' }],
    },
  }
}

export const backups: CatalogEntry[] = [backup('orders', 25_200, 1.31 * GB, true), backup('analytics', 25_300, 0.4 * GB, true)]
