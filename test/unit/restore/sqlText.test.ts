// Splitting SQL that pg_dumpall wrote, with every kind of quoting, and finding what globals are made of.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseGlobals } from '../../../electron/library/readGlobals'
import { hidePasswords, splitStatements, sqlTokens } from '../../../electron/library/sqlText'
import { quoteIdentifier, quoteLiteral } from '../../../shared/model/identifier'
import { hostile } from '../../fixtures/restore/hostileDatabase'

test('semicolons inside quotes, comments and bodies end nothing', () => {
  const text = `-- a; b
SELECT 'x;''y' ; /* ; /* ; */ ; */ SELECT E'a\\';b';
\\restrict abc;def
SELECT "n;""n"; DO $a$ x; $b$ y; $b$ $a$;
SELECT $$;$$`
  expect(splitStatements(text)).toEqual([
    "SELECT 'x;''y'",
    "SELECT E'a\\';b'",
    'SELECT "n;""n"',
    'DO $a$ x; $b$ y; $b$ $a$',
    'SELECT $$;$$',
  ])
})

test('any names and texts come back as they were', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'))
  fc.assert(
    fc.property(text, text, (name, value) => {
      const statement = `COMMENT ON ROLE ${quoteIdentifier(name)} IS ${quoteLiteral(value)}`
      const [only, ...others] = splitStatements(`${statement};\nSELECT 1;`)
      expect(others).toEqual(['SELECT 1'])
      const tokens = sqlTokens(only ?? '')
      expect(tokens[3]).toEqual({ kind: 'name', text: name })
      expect(tokens[5]).toEqual({ kind: 'string', text: value })
    }),
    { numRuns: 500 },
  )
})

test('password hashes are hidden, also when cut off', () => {
  expect(hidePasswords("ALTER ROLE a WITH LOGIN PASSWORD 'md5''x' VALID UNTIL 'y'")).toBe(
    "ALTER ROLE a WITH LOGIN PASSWORD '********' VALID UNTIL 'y'",
  )
  expect(hidePasswords("create role a password  E'x")).toBe("create role a password  '********'")
})

describe.each([13, 15, 17, 18])('globals of %i', (major) => {
  const globals = parseGlobals(readFileSync(join(import.meta.dirname, `../../fixtures/restore/globals-${major}.sql`), 'utf8'))

  test('roles with hostile names, their statements and no others', () => {
    expect([...globals.roles].toSorted()).toEqual([hostile.role, hostile.grantee, 'postgres'].toSorted())
    expect(globals.roleStatements.get(hostile.role)).toEqual([
      `CREATE ROLE ${quoteIdentifier(hostile.role)}`,
      expect.stringMatching(/^ALTER ROLE "ro""le; DROP\nTABLE x; --" WITH NOSUPERUSER INHERIT/),
    ])
  })
})

test('memberships, settings, tablespaces and grants go where they belong', () => {
  const globals = parseGlobals(`CREATE ROLE a; CREATE ROLE b;
ALTER ROLE a WITH LOGIN PASSWORD 'h';
ALTER ROLE a SET search_path TO 'x;y';
ALTER ROLE a IN DATABASE shop SET work_mem TO '1MB';
COMMENT ON ROLE a IS 'DROP ROLE postgres;';
GRANT a TO b WITH ADMIN OPTION, INHERIT TRUE GRANTED BY postgres;
CREATE TABLESPACE fast OWNER a LOCATION '/x';
GRANT ALL ON TABLESPACE fast TO b;
DROP ROLE postgres;
GRANT SET ON PARAMETER work_mem TO a;`)
  expect(globals.roleStatements.get('a')).toEqual([
    'CREATE ROLE a',
    "ALTER ROLE a WITH LOGIN PASSWORD 'h'",
    "ALTER ROLE a SET search_path TO 'x;y'",
    "COMMENT ON ROLE a IS 'DROP ROLE postgres;'",
  ])
  expect(globals.memberships).toEqual([
    { granted: 'a', member: 'b', statement: 'GRANT a TO b WITH ADMIN OPTION, INHERIT TRUE GRANTED BY postgres' },
  ])
  expect(globals.tablespaceStatements.get('fast')).toEqual([
    "CREATE TABLESPACE fast OWNER a LOCATION '/x'",
    'GRANT ALL ON TABLESPACE fast TO b',
  ])
  expect(JSON.stringify([...globals.roleStatements, ...globals.tablespaceStatements])).not.toContain('"DROP ROLE')
})
