// What pg_restore of 13, 15, 17 and 18 really printed, read into errors tied to their objects; also by several workers.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readToc } from '../../../electron/capabilities/restore/readToc'
import { readRestoreOutput } from '../../../electron/library/restoreOutput'
import type { JobIssue } from '../../../shared/jobs/job'
import { hostile } from '../../fixtures/restore/hostileDatabase'

const folder = join(import.meta.dirname, '../../fixtures/restore')

async function read(text: string, major: number, parallel: boolean, server = major) {
  const toc = await readToc(join(folder, `toc-${major}.dat`))
  const issues: JobIssue[] = []
  const seen: (number | null)[] = []
  const reader = readRestoreOutput({
    entries: toc.entries,
    parallel,
    facts: { server: server * 10000, program: 'pg_restore', tool: major * 10000 },
    onEntry: (id) => seen.push(id),
    onIssue: (issue) => issues.push(issue),
    logLine: () => 7,
  })
  for (const line of text.replace(/\n$/, '').split('\n')) reader.line(line)
  return { outcome: reader.end(), issues, seen, toc }
}

describe.each([13, 15, 17, 18])('pg_restore %i', (major) => {
  const file = (name: string) => readFileSync(join(folder, `${name}-${major}.txt`), 'utf8')

  test('one connection: two errors, each at its object, and every entry seen', async () => {
    const { outcome, issues, seen } = await read(file('errors'), major, false)
    expect(outcome).toMatchObject({ errors: 2, harmless: 0, ignored: 2, fatal: [] })
    expect(seen).toHaveLength(21)
    const message = `ERROR:  role "${hostile.grantee}" does not exist`
    const advice = `Create the role ${hostile.grantee} from the saved globals, or restore without owners and privileges.`
    expect(issues).toEqual([
      {
        severity: 'error',
        object: 'public.orders',
        objectKind: 'POLICY',
        entry: 'po licy',
        message,
        statement: `CREATE POLICY "po licy" ON public.orders FOR SELECT TO "${hostile.grantee}" USING ((id > 0));`,
        harmless: null,
        advice,
        logLine: 7,
      },
      {
        severity: 'error',
        object: `${hostile.schema}.${hostile.table}`,
        objectKind: 'ACL',
        entry: `TABLE "${hostile.table.replaceAll('"', '""')}"`,
        message,
        statement: expect.stringMatching(/^GRANT SELECT ON TABLE /),
        harmless: null,
        advice,
        logLine: 7,
      },
    ])
  })

  test('two workers into a full database: each error at its own object, although their lines stand in each other', async () => {
    const { outcome, issues } = await read(file('errors-jobs'), major, true)
    expect(outcome.fatal).toEqual([])
    expect(outcome.ignored ?? 0).toBeLessThanOrEqual(outcome.mostCounted)
    expect(outcome.errors).toBe(issues.length)
    const at = (kind: string) => issues.filter((issue) => issue.objectKind === kind).map(({ object, entry }) => [object, entry])
    const table = `${hostile.schema}.${hostile.table}`
    expect(at('TABLE').toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(
      [
        [table, ''],
        ['public.orders', ''],
      ].toSorted((a, b) => String(a).localeCompare(String(b))),
    )
    expect(at('TABLE DATA').toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(
      [
        [table, ''],
        ['public.orders', ''],
      ].toSorted((a, b) => String(a).localeCompare(String(b))),
    )
    expect(at('INDEX')).toEqual([[table, hostile.index]])
    expect(at('FK CONSTRAINT')).toEqual([['public.orders', 'orders_ref_fkey']])
    expect(at('CONSTRAINT').toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(
      [
        [table, `${hostile.table}_pkey`],
        ['public.orders', 'orders_pkey'],
      ].toSorted((a, b) => String(a).localeCompare(String(b))),
    )
    expect(at('POLICY')).toEqual([['public.orders', 'po licy']])
    expect(at('ACL')).toHaveLength(1)
    expect(issues.filter((issue) => issue.object === '')).toEqual([])
    expect(issues.every((issue) => issue.message.startsWith('ERROR:  ') || issue.message.startsWith('COPY failed'))).toBe(true)
  })
})

test('transaction_timeout on a server before 17 is harmless with its reason; on 17 it would not be', async () => {
  const text = `pg_restore: while INITIALIZING:
pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"
Command was: SET transaction_timeout = 0;
pg_restore: creating TABLE "public.orders"
pg_restore: warning: errors ignored on restore: 1`
  const old = await read(text, 17, false, 15)
  expect(old.outcome).toMatchObject({ errors: 1, harmless: 1, ignored: 1 })
  expect(old.issues[0]).toMatchObject({
    object: '',
    harmless:
      'pg_restore switches the time limit transaction_timeout off at the start. It came with PostgreSQL 17; this server is 15.0 and has no such limit. Nothing is missing.',
  })
  const other = await read(text.replaceAll('transaction_timeout', 'my.setting'), 17, false, 15)
  expect(other.issues[0]?.harmless).toBe(null)
  const used = await read(text.replace('SET transaction_timeout = 0', "SET transaction_timeout = '5s'"), 17, false, 15)
  expect(used.issues[0]?.harmless).toBe(null)
})

test.each([
  ['schema "public" already exists', 'CREATE SCHEMA public;', true],
  ['schema "publicity" already exists', 'CREATE SCHEMA publicity;', false],
  ['must be owner of extension plpgsql', "COMMENT ON EXTENSION plpgsql IS 'x';", true],
  ['must be owner of extension plpgsql', 'ALTER EXTENSION plpgsql UPDATE;', false],
  ['must be owner of table plpgsql', "COMMENT ON EXTENSION plpgsql IS 'x';", false],
])('%s, by %s: harmless %s', async (message, statement, harmless) => {
  const { issues } = await read(
    `pg_restore: error: could not execute query: ERROR:  ${message}\nCommand was: ${statement}\n`,
    17,
    false,
  )
  expect(issues[0]?.harmless !== null).toBe(harmless)
})

test('what made it stop is told apart from errors it went on from', async () => {
  const { outcome, issues } = await read(
    'pg_restore: connecting to database for restore\npg_restore: error: could not read from input file: end of file',
    17,
    false,
  )
  expect(issues).toEqual([])
  expect(outcome).toMatchObject({ errors: 0, ignored: null, fatal: ['could not read from input file: end of file'] })
})

test('password hashes in a failed statement do not show', async () => {
  const { issues } = await read(
    "pg_restore: error: could not execute query: ERROR:  x\nCommand was: CREATE USER MAPPING; ALTER ROLE a PASSWORD 'SCRAM-SHA-256$4096:abc';",
    17,
    false,
  )
  expect(issues[0]?.statement).toBe("CREATE USER MAPPING; ALTER ROLE a PASSWORD '********';")
})
