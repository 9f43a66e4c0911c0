// What a dump reads from pg_dump's lines and decides from its options: progress, selection, warnings, failures, checks.
import { describe, expect, it } from 'vitest'
import { checkDump } from '../../../electron/capabilities/dump/preflightDump'
import { readExactName, selectTables } from '../../../electron/capabilities/dump/selection'
import { trackDump } from '../../../electron/library/dumpProgress'
import { collectMessages, toIssue } from '../../../electron/library/dumpWarnings'
import { explainToolFailure } from '../../../electron/library/explainToolFailure'
import { databaseArgument } from '../../../electron/postgres/databaseArgument'
import type { DumpSource, SourceTable } from '../../../electron/postgres/readSource'
import type { OptionValues } from '../../../shared/tools/defineTool'

const table = (schema: string, name: string, more: Partial<SourceTable> = {}): SourceTable => ({
  schema,
  name,
  kind: 'r',
  bytes: 100_000,
  readable: true,
  rowSecurity: false,
  ...more,
})

describe('progress', () => {
  const known = [table('public', 'a', { bytes: 300_000 }), table('S.x', 't"q'), table('public', 'empty', { bytes: 0 })]

  it('of one job counts a table when the next begins', () => {
    const progress = trackDump(known, false, true)
    progress.line('pg_dump: reading schemas')
    expect(progress.now()).toEqual({ done: 0, total: 408_192, unit: 'bytes', label: 'reading schemas' })
    progress.line('pg_dump: dumping contents of table "public.a"')
    expect(progress.now()).toMatchObject({ done: 0, label: 'table "public"."a"' })
    progress.line('pg_dump: dumping contents of table "S.x.t"q"')
    expect(progress.now()).toMatchObject({ done: 300_000, label: 'table "S.x"."t""q"' })
    progress.written(2_000_000)
    expect(progress.now().label).toBe('table "S.x"."t""q", 1.91 MB written')
    expect(progress.tables()).toBe(2)
  })

  it('of several jobs counts a table when its worker has finished, also where lines run together', () => {
    const progress = trackDump(known, true, true)
    progress.line('pg_dump: pg_dump: dumping contents of table "public.a"')
    progress.line('dumping contents of table "S.x.t"q"')
    expect(progress.now().done).toBe(0)
    progress.line('pg_dump: finished item 3023 BLOBS BLOBS')
    progress.line('pg_dump: finished item 3016 TABLE DATA t"q')
    expect(progress.now()).toMatchObject({ done: 100_000, label: 'table "public"."a"' })
    progress.line('pg_dump: finished item 3015 TABLE DATA a')
    expect(progress.now().done).toBe(400_000)
    progress.line('pg_dump: finished item 3015 TABLE DATA a')
    expect(progress.now().done).toBe(400_000)
  })

  it('of a large table moves with what is on disk, and never past the tables that were begun', () => {
    const progress = trackDump(known, true, true)
    progress.written(2_000)
    expect(progress.now().done).toBe(0)
    progress.line('pg_dump: dumping contents of table "public.a"')
    progress.written(120_000)
    expect(progress.now().done).toBe(120_000)
    progress.written(900_000)
    expect(progress.now().done).toBe(300_000)
    progress.line('pg_dump: finished item 3015 TABLE DATA a')
    expect(progress.now().done).toBe(300_000)
    progress.line('pg_dump: dumping contents of table "S.x.t"q"')
    expect(progress.now().done).toBe(400_000)
  })

  it("knows tables whose workers wrote into each other's line", () => {
    const progress = trackDump(known, true, true)
    progress.line('pg_dump: pg_dump:dumping contents of table "public.a"')
    progress.line(' dumping contents of table "S.x.t"q"')
    expect(progress.tables()).toBe(2)
    expect(progress.now().label).toBe('table "S.x"."t""q"')
    progress.line('pg_dump: pg_dump:finished item 3016 TABLE DATA t"q')
    expect(progress.now().done).toBe(100_000)
  })

  it('claims no total where the selection is not known', () => {
    const progress = trackDump([], false, false)
    progress.line('pg_dump: dumping contents of table "x.y"')
    expect(progress.now()).toEqual({ done: 0, total: null, unit: 'bytes', label: 'table x.y' })
  })
})

describe('the selection', () => {
  const tables = [table('a', 't'), table('a', 'u'), table('b', 't'), table('a', 's', { kind: 'S' })]
  const names = (options: OptionValues) => {
    const { withRows, touched, uncertain, partial } = selectTables(tables, options)
    return { rows: withRows.map((each) => `${each.schema}.${each.name}`), touched: touched.length, uncertain, partial }
  }

  it.each<[OptionValues, { rows: string[]; touched: number; uncertain: boolean; partial: boolean }]>([
    [{}, { rows: ['a.t', 'a.u', 'b.t'], touched: 4, uncertain: false, partial: false }],
    [{ schema: ['"a"'] }, { rows: ['a.t', 'a.u'], touched: 3, uncertain: false, partial: true }],
    [
      { schema: ['"a"'], excludeTable: ['"a"."u"'] },
      { rows: ['a.t'], touched: 2, uncertain: false, partial: true },
    ],
    [{ table: ['"b"."t"'] }, { rows: ['b.t'], touched: 1, uncertain: false, partial: true }],
    [{ excludeTableData: ['"a"."t"'] }, { rows: ['a.u', 'b.t'], touched: 4, uncertain: false, partial: false }],
    [{ excludeSchema: ['"a"'] }, { rows: ['b.t'], touched: 1, uncertain: false, partial: false }],
    [{ schemaOnly: true }, { rows: [], touched: 4, uncertain: false, partial: false }],
    [{ schema: ['a*'] }, { rows: [], touched: 0, uncertain: true, partial: true }],
    [{ filter: '/x' }, { rows: ['a.t', 'a.u', 'b.t'], touched: 4, uncertain: true, partial: false }],
    [{ extension: ['"x"'] }, { rows: ['a.t', 'a.u', 'b.t'], touched: 4, uncertain: false, partial: true }],
  ])('%# of %j', (options, expected) => {
    expect(names(options)).toEqual(expected)
  })

  it('reads back quoted names and takes nothing else for one', () => {
    expect(readExactName('"a""b"."c.d"')).toEqual({ schema: 'a"b', name: 'c.d' })
    expect(readExactName('"x"')).toEqual({ schema: null, name: 'x' })
    for (const pattern of ['a', 'a.b', '"a"*', '"a"."b"."c"', '"a".b', '""']) expect(readExactName(pattern)).toBeUndefined()
  })
})

describe('messages', () => {
  const collect = (text: string) => {
    const collected = collectMessages()
    for (const line of text.split('\n')) collected.line(line)
    return collected.messages.map(toIssue)
  }

  it.each([
    // 13 indents what belongs to a warning; later versions name it detail and hint.
    'pg_dump: warning: there are circular foreign-key constraints among these tables:\npg_dump:   c1\npg_dump:   c2\npg_dump: You might not be able to restore the dump without using --disable-triggers or temporarily dropping the constraints.\npg_dump: Consider using a full dump instead of a --data-only dump to avoid this problem.\npg_dump: saving encoding = UTF8',
    'pg_dump: warning: there are circular foreign-key constraints among these tables:\npg_dump: detail: c1\npg_dump: detail: c2\npg_dump: hint: You might not be able to restore the dump without using --disable-triggers or temporarily dropping the constraints.\npg_dump: saving encoding = UTF8',
  ])('%# of circular foreign keys name the tables', (text) => {
    expect(collect(text)).toMatchObject([
      {
        severity: 'warning',
        object: 'c1, c2',
        message: 'there are circular foreign-key constraints among these tables:',
        advice: expect.stringContaining('--disable-triggers'),
      },
    ])
  })

  it('keep the failed statement apart', () => {
    const text =
      'pg_dump: error: query failed: ERROR:  permission denied for table t\npg_dump: detail: Query was: LOCK TABLE public.t IN ACCESS SHARE MODE'
    expect(collect(text)).toMatchObject([
      {
        severity: 'error',
        message: 'query failed: ERROR:  permission denied for table t',
        statement: 'LOCK TABLE public.t IN ACCESS SHARE MODE',
      },
    ])
  })
})

describe('failures', () => {
  const exit = { code: 1, killedBy: null, cancelled: false, forced: false, durationMs: 1, stderrTail: [] }
  it.each([
    [
      'pg_dump: error: could not write to file "x": No space left on device',
      'tool_failed',
      'pg_dump 18.6 failed: the disk is full.',
    ],
    [
      'pg_dump: error: aborting because of server version mismatch',
      'version_mismatch',
      'pg_dump 18.6 failed: this program is older than the server and refuses to dump it.',
    ],
    [
      'pg_dump: error: connection to server at "h", port 1 failed: FATAL:  password authentication failed for user "bob"',
      'permission',
      'pg_dump 18.6 failed: the server refused the password of bob.',
    ],
    [
      'connection to server failed: fe_sendauth: no password supplied',
      'permission',
      'pg_dump 18.6 failed: the server asked for a password and none is known.',
    ],
    ['FATAL:  sorry, too many clients already', 'postgres', 'pg_dump 18.6 failed: the server has no free connection left.'],
    [
      'pg_dump: error: query failed: ERROR:  permission denied for table secrets',
      'permission',
      'pg_dump 18.6 failed: the role may not read the table secrets.',
    ],
    [
      'pg_dump: error: query failed: ERROR:  permission denied for large object 5',
      'permission',
      'pg_dump 18.6 failed: the role may not read the large object 5.',
    ],
    [
      'ERROR:  query would be affected by row-level security policy for table "a"',
      'permission',
      'pg_dump 18.6 failed: row security hides rows of the table a from this role, so the dump would not be whole.',
    ],
    [
      'pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout',
      'postgres',
      'pg_dump 18.6 failed: a table stayed locked by another session for too long.',
    ],
    [
      'ERROR:  canceling statement due to conflict with recovery',
      'postgres',
      'pg_dump 18.6 failed: the standby had to end the dump, because it held up recovery for too long.',
    ],
    [
      'pg_dump: error: query failed: ERROR:  invalid page in block 3 of relation base/5/16384',
      'postgres',
      'pg_dump 18.6 failed: the server could not read some of its own data: the database is damaged.',
    ],
    [
      'pg_dump: error: query failed: server closed the connection unexpectedly',
      'disconnected',
      'pg_dump 18.6 failed: the connection to the server was lost.',
    ],
    [
      'pg_dump: error: no matching tables were found',
      'bad_input',
      'pg_dump 18.6 failed: none of the tables that were asked for is there.',
    ],
    [
      'pg_restore: error: could not read from input file: end of file',
      'tool_failed',
      'pg_dump 18.6 failed: the archive can’t be read in full: it is cut off or damaged.',
    ],
    [
      'pg_dump: error: a worker process died unexpectedly',
      'tool_failed',
      'pg_dump 18.6 failed: one of its parallel workers was ended from outside.',
    ],
    ['pg_dump: error: something new', 'tool_failed', 'pg_dump 18.6 failed with exit code 1: something new'],
  ])('%# has words of its own', (line, code, message) => {
    const error = explainToolFailure('pg_dump 18.6', exit, [line])
    expect(error).toMatchObject({ code, message })
    expect(error.hint).toMatch(/\S/)
  })

  it('tells a signal from a failure', () => {
    expect(explainToolFailure('pg_dump 18.6', { ...exit, code: null, killedBy: 'SIGKILL' }).message).toBe(
      'pg_dump 18.6 was ended by the signal SIGKILL, which did not come from Walkback.',
    )
  })
})

describe('checks', () => {
  const source: DumpSource = {
    record: {
      database: 'd',
      systemIdentifier: null,
      serverVersion: 180006,
      dataChecksums: null,
      encoding: null,
      localeProvider: null,
      collate: null,
      ctype: null,
      locale: null,
      collationVersion: null,
      owner: null,
      databaseSize: null,
    },
    superuser: true,
    inRecovery: false,
    freeConnections: 90,
    tables: [table('a', 't')],
  }
  const check = (
    more: { source?: Partial<DumpSource>; options?: OptionValues; free?: bigint | null; globals?: boolean } = {},
  ) => {
    const options = more.options ?? {}
    const all = { ...source, ...more.source }
    const copied = Object.fromEntries(
      Object.entries(options).map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]),
    )
    return checkDump({
      request: {
        connectionId: 'c',
        database: 'd',
        format: 'directory',
        options: copied,
        globals: more.globals ?? true,
        library: '/srv',
        label: '',
      },
      source: all,
      selection: selectTables(all.tables, options),
      toolProblem: null,
      tool: { version: 180006 },
      problems: [],
      writeProblem: '',
      freeBytes: more.free === undefined ? 10n ** 12n : more.free,
    }).filter((row) => row.result !== 'pass')
  }

  it('find nothing where all is well', () => {
    expect(check()).toEqual([])
  })

  it.each<[string, Parameters<typeof check>[0], string, string]>([
    ['a standby', { source: { inRecovery: true } }, 'warning', 'rows of unlogged tables are not there'],
    [
      'a serializable dump of a standby',
      { source: { inRecovery: true }, options: { serializableDeferrable: true } },
      'blocker',
      'can’t wait for a serializable moment',
    ],
    ['no globals', { globals: false }, 'warning', 'They are not taken along.'],
    [
      'too few connections',
      { source: { freeConnections: 2 }, options: { jobs: 4 } },
      'warning',
      'opens 5 connections, and the server has 2 free.',
    ],
    ['a selection', { options: { table: ['"a"."t"'] } }, 'warning', 'large objects, extensions'],
    ['space nobody knows', { free: null }, 'warning', 'does not say how much space is free'],
    [
      'a closed table',
      { source: { superuser: true, tables: [table('a', 't', { readable: false })] } },
      'blocker',
      'may not read 1 table: a.t.',
    ],
    [
      'a closed table among patterns',
      { source: { tables: [table('a', 't', { readable: false })] }, options: { excludeTable: ['x*'] } },
      'warning',
      'may not read 1 table: a.t.',
    ],
    [
      'a closed sequence',
      { source: { tables: [table('a', 's', { kind: 'S', readable: false })] } },
      'blocker',
      'may not read 1 sequence: a.s.',
    ],
  ])('name %s', (_name, given, result, words) => {
    expect(check(given)).toMatchObject([{ result, found: expect.stringContaining(words) }])
  })
})

describe('databaseArgument', () => {
  it.each([
    ['orders', 'orders'],
    ["o'x\\y", "dbname='o\\'x\\\\y'"],
    ['postgresql://u:p@h/d', "dbname='postgresql://u:p@h/d'"],
    ['host=elsewhere', "dbname='host=elsewhere'"],
  ])('of %j is a connection string that names only it', (name, expected) => {
    expect(databaseArgument(name)).toBe(expected)
  })
})
