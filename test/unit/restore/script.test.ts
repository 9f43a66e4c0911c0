// What a script says of itself, and psql's errors with line and statement.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { scanScript } from '../../../electron/capabilities/restore/scanScript'
import { readScriptOutput } from '../../../electron/capabilities/restore/scriptOutput'
import type { JobIssue } from '../../../shared/jobs/job'

const folder = mkdtempSync('/tmp/wb-script-')
afterAll(() => rmSync(folder, { recursive: true }))

function scan(text: string | Buffer, gzip = false) {
  const file = join(folder, 'script')
  writeFileSync(file, text)
  return scanScript(file, gzip)
}

const dumped = `--
-- PostgreSQL database dump
--

\\restrict abc

-- Dumped from database version 17.6 (Debian 17.6-1)
-- Dumped by pg_dump version 17.6

SET client_encoding = 'UTF8';
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
COMMENT ON TABLE public.t IS 'a
\\connect one
-- PostgreSQL database cluster dump
it''s';
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$
\\connect two
ALTER TABLE x OWNER TO nobody;
$f$;
/* \\connect
\\connect three
*/
INSERT INTO t VALUES ('
\\connect four
');
INSERT INTO t VALUES (E'\\'
\\connect five
');
COPY public.t (a) FROM stdin;
\\connect six
ALTER TABLE x OWNER TO nobody;
\\.
SET default_tablespace = fast;
CREATE TABLE public.u (a int); CREATE TABLE public.v (a int);
ALTER TABLE public.u OWNER TO "ro""le
two";
GRANT SELECT ON TABLE public.u TO bob;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
--
-- PostgreSQL database dump complete
--

\\unrestrict abc
`

describe('scanScript', () => {
  test('a dump: its head, needs and end; nothing from inside texts, bodies, comments and data', async () => {
    const facts = await scan(dumped)
    expect(facts).toMatchObject({
      kind: 'database',
      serverVersion: '17.6',
      dumpVersion: '17.6',
      encoding: 'UTF8',
      restricted: true,
      connects: [],
      complete: true,
      entries: { EXTENSION: 1, FUNCTION: 1, TABLE: 2 },
    })
    expect([...facts.owners]).toEqual([['ro"le\ntwo', 1]])
    expect([...facts.grantees]).toEqual([['bob', 1]])
    expect([...facts.tablespaces]).toEqual([['fast', 1]])
    expect([...facts.extensions]).toEqual(['pg_trgm'])
  })

  test('cut off anywhere it is not complete', async () => {
    for (const part of [0.3, 0.6, 0.95]) {
      const text = dumped.slice(0, dumped.indexOf('-- PostgreSQL database dump complete') * part)
      expect((await scan(text)).complete).toBe(false)
    }
  })

  test('a text of another origin is neither complete nor not', async () => {
    expect(await scan('SELECT 1;\n')).toMatchObject({ kind: 'other', complete: null })
  })

  test.each([
    ['\\connect shop', 'shop'],
    ['\\c shop', 'shop'],
    ['\\connect "shop ""x"""', 'shop "x"'],
    [`\\connect -reuse-previous=on "dbname='a \\'b ""c'"`, `a 'b "c`],
  ])('%s goes to %s', async (line, name) => {
    const { connects } = await scan(`${line}\n`)
    expect(connects).toEqual([name])
  })

  test('a cluster dump', async () => {
    const facts = await scan(
      '--\n-- PostgreSQL database cluster dump\n--\nCREATE ROLE a;\nDROP DATABASE old;\nCREATE DATABASE shop;\n\\connect shop\n' +
        '-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n-- PostgreSQL database cluster dump complete\n',
    )
    expect(facts).toMatchObject({
      kind: 'cluster',
      complete: true,
      connects: ['shop'],
      createsDatabases: ['shop'],
      dropsDatabases: ['old'],
    })
    expect([...facts.createsRoles]).toEqual(['a'])
  })

  test('rows of many megabytes are read in pieces, and what follows them is understood', async () => {
    const row = `it''s \\ $x$ " -- ${'ab cd '.repeat(20)}`.repeat(40_000)
    const text = `-- PostgreSQL database dump\nINSERT INTO t VALUES ('${row}');\nCOPY t FROM stdin;\n${row}\\.\n${row}\n\\.\n\\connect real\n-- PostgreSQL database dump complete\n`
    expect(text.length).toBeGreaterThan(15_000_000)
    const facts = await scan(text)
    expect(facts).toMatchObject({ connects: ['real'], complete: true, lines: 7 + 1 })
    expect(await scan(gzipSync(text, { level: 1 }), true)).toMatchObject({ connects: ['real'], complete: true })
  })

  test('a damaged gzip file is refused', async () => {
    const packed = gzipSync(dumped.repeat(20))
    await expect(scan(packed.subarray(0, packed.length - 20), true)).rejects.toThrow(/can’t be read to its end/)
  })
})

describe('readScriptOutput', () => {
  function read(text: string, server = 15) {
    const issues: JobIssue[] = []
    const reader = readScriptOutput({
      facts: { server: server * 10000, program: 'psql', tool: 170006 },
      onIssue: (issue) => issues.push(issue),
      logLine: () => null,
    })
    for (const line of text.split('\n')) reader.line(line)
    return { outcome: reader.end(), issues }
  }

  test('errors with line, details and statement; notices and warnings are none', () => {
    const { outcome, issues } = read(`psql:<stdin>:12: NOTICE:  table "x" does not exist, skipping
psql:<stdin>:14: ERROR:  unrecognized configuration parameter "transaction_timeout"
psql:<stdin>:14: STATEMENT:  SET transaction_timeout = 0;
psql:<stdin>:20: WARNING:  no privileges were granted
psql:<stdin>:40: ERROR:  duplicate key value violates unique constraint "a b"
DETAIL:  Key (id)=(1) already exists.
CONTEXT:  COPY t, line 1
psql:<stdin>:52: ERROR:  role "bob" does not exist
psql:<stdin>:52: STATEMENT:  GRANT SELECT ON TABLE public.t
  TO bob;`)
    expect(outcome).toMatchObject({ errors: 3, harmless: 1, first: { line: 40 }, fatal: [] })
    expect(issues.map(({ object, message, statement, harmless }) => [object, message, statement, harmless !== null])).toEqual([
      ['', 'line 14: ERROR:  unrecognized configuration parameter "transaction_timeout"', 'SET transaction_timeout = 0;', true],
      [
        '',
        'line 40: ERROR:  duplicate key value violates unique constraint "a b"\nDETAIL:  Key (id)=(1) already exists.\nCONTEXT:  COPY t, line 1',
        '',
        false,
      ],
      ['public.t', 'line 52: ERROR:  role "bob" does not exist', 'GRANT SELECT ON TABLE public.t\n  TO bob;', false],
    ])
  })

  test('a server that speaks another language: the SQLSTATE tells what is an error', () => {
    const { outcome, issues } = read(`psql:<stdin>:3: HINWEIS:  00000: Tabelle »x« existiert nicht, wird übersprungen
LOCATION:  DropErrorMsgNonExistent, tablecmds.c:1302
psql:<stdin>:4: WARNUNG:  01007: keine Privilegien wurden gewährt
psql:<stdin>:5: FEHLER:  42P01: Relation »nowhere« existiert nicht
ZEILE 1: INSERT INTO nowhere VALUES (1);
LOCATION:  parserOpenTable, parse_relation.c:1392
psql:<stdin>:5: STATEMENT:  INSERT INTO nowhere VALUES (1);`)
    expect(outcome).toMatchObject({ errors: 1, harmless: 0, first: { line: 5 } })
    expect(issues[0]).toMatchObject({
      object: 'nowhere',
      message: 'line 5: FEHLER:  Relation »nowhere« existiert nicht\nZEILE 1: INSERT INTO nowhere VALUES (1);',
    })
  })

  test('a lost connection is what stopped it', () => {
    expect(read('psql:<stdin>:9: error: connection to server was lost').outcome.fatal).toEqual(['connection to server was lost'])
    expect(read('psql: error: connection to server at "127.0.0.1", port 1 failed: refused').outcome.fatal).toHaveLength(1)
  })

  test('a failed ALTER ROLE shows no password hash', () => {
    const { issues } = read(
      `psql:<stdin>:1: ERROR:  role "a" does not exist\npsql:<stdin>:1: STATEMENT:  ALTER ROLE a WITH PASSWORD 'SCRAM-SHA-256$4096:x';`,
    )
    expect(issues[0]?.statement).toBe("ALTER ROLE a WITH PASSWORD '********';")
  })
})
