// Scripts of any origin through psql: what they would do beside SQL is refused by line before anything runs, encodings arrive
// as they were meant, and an error is told by its line with the statement.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { restoreHandlers } from '../../electron/capabilities/restore/handlers'
import type { RestoreRequest } from '../../shared/contracts/restore'
import { majorOf } from '../../shared/model/pgVersion'
import { endMajors, newestMajor, sharedCluster, type TestCluster } from '../support/clusters'
import { dropDatabase, dump, exists, makeDatabase, newDatabase, type RestoreLab, restoreLab } from './restoreSetup'

let lab: RestoreLab

beforeAll(async () => {
  lab = await restoreLab()
})

let files = 0
function write(content: string | Buffer): string {
  files += 1
  const file = path.join(lab.folder, `script${files}`)
  fs.writeFileSync(file, content)
  return file
}

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let id: string

  beforeAll(async () => {
    cluster = await sharedCluster(major)
    id = await lab.connect(cluster)
  })

  const into = (file: string, database: string, more: Partial<RestoreRequest> = {}) =>
    lab.request(id, file, newDatabase(database), more)
  const rowsOf = async (request: RestoreRequest, ids: string) =>
    (await lab.core.api.restore.preview(request)).preflight
      .filter((row) => row.id === ids || row.id.startsWith(`${ids}-`))
      .map((row) => [row.result, row.check, row.found])
  const texts = async (database: string) => (await cluster.sql('SELECT x FROM t ORDER BY x', database)).map(({ x }) => x)

  describe('encodings', () => {
    const cyrillic = 'Привет, мир'
    const win1251 = Buffer.from('CFF0E8E2E5F22C20ECE8F0', 'hex')
    const bytes = (...parts: (string | Buffer)[]) => Buffer.concat(parts.map((part) => Buffer.from(part)))
    const table = 'CREATE TABLE t (x text);\n'

    test('named in the script: each row arrives as it was meant', async () => {
      const script = bytes(`SET client_encoding = 'WIN1251';\n${table}INSERT INTO t VALUES ('`, win1251, `');\n`)
      const file = write(script)
      expect(await lab.core.api.restore.inspect({ path: file })).toMatchObject({ encoding: 'WIN1251', foreignLine: null })
      const job = await lab.run(into(file, 'named'))
      expect(job.error).toBeNull()
      expect(job.state).toBe('succeeded')
      expect(await texts('named')).toEqual([cyrillic])
      await dropDatabase(cluster, 'named')
    })

    test('not named and not UTF-8: refused by its line, until the person chooses; the review shows how it reads', async () => {
      const file = write(bytes(table, `INSERT INTO t VALUES ('`, win1251, `');\n`))
      expect(await lab.core.api.restore.inspect({ path: file })).toMatchObject({ encoding: null, foreignLine: 2 })
      expect(await rowsOf(into(file, 'chosen'), 'encoding')).toEqual([
        [
          'blocker',
          'Encoding of the script is not known',
          'Line 2 is not UTF-8, and the script does not name its encoding. Choose which one it is in.',
        ],
      ])
      await expect(lab.run(into(file, 'chosen'))).rejects.toThrow('1 blocker: Encoding of the script is not known.')
      expect(await exists(cluster, 'chosen')).toBe(false)
      expect(await rowsOf(into(file, 'chosen', { scriptEncoding: 'UTF8' }), 'encoding')).toEqual([
        ['blocker', 'Encoding of the script', 'Line 2 is not UTF-8: the server refuses it.'],
      ])
      const request = into(file, 'chosen', { scriptEncoding: 'WIN1251' })
      expect(await rowsOf(request, 'encoding')).toEqual([
        [
          'pass',
          'Encoding of the script',
          `WIN1251 (Cyrillic, Windows), as chosen. Line 2 reads: INSERT INTO t VALUES ('${cyrillic}');`,
        ],
      ])
      const { commands } = await lab.core.api.restore.preview(request)
      expect(commands[1]).toMatchObject({ program: 'env', words: expect.arrayContaining(['PGCLIENTENCODING=WIN1251', 'psql']) })
      expect((await lab.run(request)).state).toBe('succeeded')
      expect(await texts('chosen')).toEqual([cyrillic])
      await dropDatabase(cluster, 'chosen')
    })

    test('UTF-8 that does not say so arrives in a LATIN1 database as it is', async () => {
      const file = write(`\uFEFF${table}INSERT INTO t VALUES ('Müller');\n`)
      const target = newDatabase('western', { encoding: 'LATIN1', collate: 'C', ctype: 'C' })
      const request = lab.request(id, file, target)
      expect(await rowsOf(request, 'encoding')).toEqual([
        ['pass', 'Encoding of the script', 'It does not name one. Its text is UTF-8, and psql is told so.'],
      ])
      const job = await lab.run(request)
      expect(job.error).toBeNull()
      expect(await texts('western')).toEqual(['Müller'])
      await dropDatabase(cluster, 'western')
    })

    test('named wrongly: the line is named before the start, and the other way round it is doubted', async () => {
      const wrong = write(bytes(`SET client_encoding = 'UTF8';\n${table}\nCOPY t FROM stdin;\nplain\n`, win1251, '\n\\.\n'))
      expect(await rowsOf(into(wrong, 'wrong'), 'encoding')).toEqual([
        [
          'blocker',
          'Encoding of the script is not what it says',
          'It says UTF8, but line 6 is not UTF-8: the server refuses that. Correct client_encoding in the script, or the line.',
        ],
      ])
      const went = await lab.run(into(wrong, 'wrong', { continueOnError: true }))
      expect(went.state).toBe('succeeded_with_warnings')
      expect(went.issues[0]?.message).toMatch(/^line \d+: ERROR: {2}invalid byte sequence for encoding "UTF8"/)
      await dropDatabase(cluster, 'wrong')
      const doubted = write(`SET client_encoding = 'LATIN1';\n${table}INSERT INTO t VALUES ('Müller');\n`)
      expect(await rowsOf(into(doubted, 'doubted'), 'encoding')).toEqual([
        [
          'warning',
          'Encoding of the script',
          'It says LATIN1, but from line 3 on its text looks like UTF-8: each character beyond ASCII would become two or more. ' +
            'If so, correct client_encoding in the script.',
        ],
      ])
    })

    test('pg_dump --encoding: names and rows come back, and a failing statement is shown as it reads', async () => {
      await makeDatabase(cluster, 'source', [
        'CREATE TABLE "größe" (x text)',
        `INSERT INTO "größe" VALUES ('Größe'), ('naïve')`,
        'CREATE ROLE "wärter"',
        'ALTER TABLE "größe" OWNER TO "wärter"',
      ])
      const file = dump(cluster, 'source', 'plain', path.join(lab.folder, `latin1-${major}.sql`), ['--encoding=LATIN1'])
      expect(fs.readFileSync(file).includes(Buffer.from('größe', 'latin1'))).toBe(true)
      // The role is known by its name, not by bytes read wrongly.
      expect((await lab.core.api.restore.inspect({ path: file })).owners).toContain('wärter')
      expect(await lab.blockers(into(file, 'latin'))).toEqual([])
      expect((await lab.run(into(file, 'latin'))).state).toBe('succeeded')
      expect(await cluster.sql('SELECT x FROM "größe" ORDER BY x', 'latin')).toEqual([{ x: 'Größe' }, { x: 'naïve' }])
      await makeDatabase(cluster, 'again', ['CREATE TABLE "größe" (x text)'])
      const job = await lab.run(lab.request(id, file, { kind: 'existing', database: 'again' }, { continueOnError: true }))
      expect(job.issues[0]).toMatchObject({ object: 'public.größe', message: expect.stringContaining('"größe" already exists') })
      for (const name of ['source', 'latin', 'again']) await dropDatabase(cluster, name)
      await cluster.sql('DROP ROLE "wärter"')
    })
  })

  describe('what is not SQL', () => {
    test.each([
      ['\\i other.sql', 'it reads another file'],
      ['\\ir other.sql', 'it reads another file, beside this one'],
      ['\\! touch /tmp/x', 'it runs a command of the machine that runs Walkback'],
      ['\\set x `touch /tmp/x`', 'what stands in backticks is run as a command of the machine that runs Walkback'],
      ["\\copy t from '/etc/passwd'", 'it copies from or to a file or program of the machine that runs Walkback'],
      ['\\o /tmp/x', 'it writes a file or feeds a program'],
      ['\\prompt x', 'it waits for somebody at a terminal'],
      ['\\q', 'it ends the script there, and what follows would never run'],
      ['\\connect postgres somebody', 'it connects as another role or to another server'],
      [`\\connect "host=elsewhere dbname='x'"`, 'it connects with settings of its own'],
      ['\\nonsense', 'psql has no such command that Walkback knows'],
    ])('%s is refused by its line before anything runs', async (command, why) => {
      const file = write(`CREATE TABLE t (x text);\n  ${command}\n`)
      expect(await rowsOf(into(file, 'refused'), 'commands')).toEqual([
        [
          'blocker',
          'Command of psql',
          `Line 2, ${command}: ${why}. Walkback does not let psql do that. Take it out of the script, or run it with psql yourself.`,
        ],
      ])
      await expect(lab.run(into(file, 'refused'))).rejects.toThrow('1 blocker: Command of psql.')
      expect(await exists(cluster, 'refused')).toBe(false)
    })

    test('behind a statement too, and through \\g; what only looks like a command is none', async () => {
      const hidden = write("SELECT 1 \\g | sh\nSELECT 'a \\! b', $x$ \\! c $x$, E'\\'\\\\! d' /* \\! e */ -- \\! f\n;\n")
      expect((await rowsOf(into(hidden, 'hidden'), 'commands')).map(([, , found]) => found)).toEqual([
        'Line 1, \\g | sh: it writes a file or feeds a program. Walkback does not let psql do that. ' +
          'Take it out of the script, or run it with psql yourself.',
      ])
    })

    test('variables that the script sets are replaced; one that it does not set is named', async () => {
      const script = "\\set name 'O''Brien'\n\\set tab t\nCREATE TABLE :tab (x text);\nINSERT INTO :\"tab\" VALUES (:'name');\n"
      const job = await lab.run(into(write(script), 'vars'))
      expect(job.error).toBeNull()
      expect(await texts('vars')).toEqual(["O'Brien"])
      await dropDatabase(cluster, 'vars')
      const unset = write(`CREATE TABLE t (x text);\nSELECT '{1,2}'::int[], (ARRAY[1,2])[1:2];\nINSERT INTO t VALUES (:'who');\n`)
      expect(await rowsOf(into(unset, 'vars'), 'variables')).toEqual([
        [
          'blocker',
          'Variable of psql',
          'The script uses who (first in line 3) and does not set it. Put \\set who with its value at the beginning of the script.',
        ],
      ])
    })

    test('\\if, \\gset, \\echo, \\copy from stdin and bodies with BEGIN ATOMIC run as in psql', async () => {
      const script = [
        'CREATE TABLE t (x text);',
        "SELECT 'seen' AS word \\gset",
        "\\if true \\echo yes \\\\ INSERT INTO t VALUES (:'word');",
        '\\endif',
        '\\copy t from stdin',
        'copied \\\\! row',
        '\\.',
        ...(major >= 14
          ? ['CREATE FUNCTION f(int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN $1 > 0 THEN 1 END; SELECT 2; END;']
          : []),
        "INSERT INTO t SELECT 'last';",
        '',
      ].join('\n')
      const request = into(write(gzipSync(script)), 'meta', { singleTransaction: true })
      expect(await lab.blockers(request)).toEqual([])
      const job = await lab.run(request)
      expect(job.error).toBeNull()
      expect(await texts('meta')).toEqual(['copied \\! row', 'last', 'seen'])
      await dropDatabase(cluster, 'meta')
    })
  })

  describe('one transaction', () => {
    const whole = { singleTransaction: true }
    test.each([
      [
        'BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;',
        'Line 4, COMMIT, ends the transaction in the middle: what came before would be kept whatever follows.',
      ],
      ['VACUUM t;', 'Line 2, VACUUM t, can’t run inside a transaction.'],
      ['create  database elsewhere;', 'Line 2, create database elsewhere, can’t run inside a transaction.'],
      ['CREATE INDEX CONCURRENTLY ON t (x);', 'Line 2, CREATE INDEX CONCURRENTLY ON t (x), can’t run inside a transaction.'],
    ])('%s does not go with it', async (statement, found) => {
      const file = write(`CREATE TABLE t (x int);\n${statement}\nINSERT INTO nowhere VALUES (1);\n`)
      expect(await rowsOf(into(file, 'whole', whole), 'whole')).toEqual([['blocker', 'One transaction', found]])
      expect(await rowsOf(into(file, 'whole'), 'whole')).toEqual([])
    })

    test('a savepoint does, and so does END of a function’s body', async () => {
      const script =
        'CREATE TABLE t (x text);\nSAVEPOINT s;\nINSERT INTO t VALUES (1);\nROLLBACK TO s;\nROLLBACK TRANSACTION TO SAVEPOINT s;\n' +
        'DO $$ BEGIN PERFORM 1; END $$;\n'
      const job = await lab.run(into(write(script), 'whole', whole))
      expect(job.error).toBeNull()
      await dropDatabase(cluster, 'whole')
    })

    test('a dump with large objects has transactions of its own up to 16, which is said', async () => {
      await makeDatabase(cluster, 'big', [`SELECT lo_from_bytea(0, 'x')`])
      const file = dump(cluster, 'big', 'plain', path.join(lab.folder, `big${major}.sql`))
      const rows = await rowsOf(into(file, 'whole', whole), 'whole')
      expect(rows.map(([result]) => result)).toEqual(/^COMMIT;$/m.test(fs.readFileSync(file, 'utf8')) ? ['blocker'] : [])
      await dropDatabase(cluster, 'big')
    })
  })

  describe('databases', () => {
    test('a dump with --create of a database that is there is refused, and goes in once it is gone', async () => {
      await makeDatabase(cluster, 'made', ['CREATE TABLE t (x text)', `INSERT INTO t VALUES ('a')`])
      const file = dump(cluster, 'made', 'plain', path.join(lab.folder, `made${major}.sql`), ['--create'])
      const request = lab.request(id, file, { kind: 'existing', database: 'postgres' }, { analyze: true })
      expect((await lab.blockers(request)).map(({ found }) => found)).toEqual([
        'It creates made, which this server has already: the script would stop there. Drop or rename it first.',
      ])
      await dropDatabase(cluster, 'made')
      expect(await lab.blockers(request)).toEqual([])
      const job = await lab.run(request)
      expect(job.error).toBeNull()
      expect(await texts('made')).toEqual(['a'])
      // What is told and analysed is where the script went, not where it began.
      expect(job.result?.facts.find(({ label }) => label === 'Tables')?.value).toBe('1 in made')
      expect(job.result?.facts.find(({ label }) => label === 'Rows')?.value).toBe('1')
      expect(job.result?.database).toBe('made')
      expect(await cluster.sql(`SELECT count(*)::int AS n FROM pg_statistic WHERE starelid = 't'::regclass`, 'made')).toEqual([
        { n: 1 },
      ])
      await dropDatabase(cluster, 'made')
    })

    test('connecting to what is not there is refused', async () => {
      const file = write('\\connect nowhere\nSELECT 1;\n')
      const request = lab.request(id, file, { kind: 'existing', database: 'postgres' })
      expect((await lab.blockers(request)).map(({ found }) => found)).toEqual([
        'It connects to nowhere, which neither this server has nor the script creates: psql ends there.',
      ])
    })
  })

  describe('errors', () => {
    test('in the rows of COPY: the line, the table, the row', async () => {
      const script = 'CREATE TABLE t (x int);\nCOPY t (x) FROM stdin;\n1\nbad\n\\.\nCREATE TABLE u (x int);\n'
      const job = await lab.run(into(write(script), 'rows'))
      expect(job.state).toBe('failed')
      expect(job.issues).toMatchObject([
        {
          object: 't',
          objectKind: 'TABLE DATA',
          message: expect.stringMatching(
            /^line \d: ERROR: {2}invalid input syntax for type integer: "bad"\nCONTEXT: {2}COPY t, line 2, column x: "bad"/,
          ),
          statement: 'COPY t (x) FROM stdin;',
        },
      ])
      await dropDatabase(cluster, 'rows')
    })

    test('going on after a COPY that failed: rows are never run as commands, and the end is told as it is', async () => {
      const marker = path.join(lab.folder, `marker${major}`)
      const script = (row: string) =>
        `CREATE TABLE t (x text);\nCOPY nowhere (x) FROM stdin;\n${row}\nrow\t\\N\n\\.\n` +
        `INSERT INTO t VALUES ('after');\nINSERT INTO t VALUES ('later');\n`
      const { services } = lab.core.app
      const signal = new AbortController().signal
      const all = await services.tools.installations()
      const own = restoreHandlers({
        ...services,
        tools: { ...services.tools, installations: async () => all.filter(({ version }) => majorOf(version) === major) },
      })
      const evil = into(write(script(`\\! touch ${marker}`)), 'onward', { continueOnError: true })
      const skips = major >= 17
      const blocked = (await own.preview(evil, { signal })).preflight.filter(({ id }) => id === 'rows')
      expect(blocked.map(({ result }) => result)).toEqual(skips ? [] : ['blocker'])
      if (!skips) {
        expect(blocked[0]?.found).toMatch(
          /^Line 3, a row of a COPY, has \\! touch \S+\. When that COPY fails, psql \S+ goes on by reading its rows as commands: it runs a command of the machine that runs Walkback\. /,
        )
        await expect(own.start(evil, { signal })).rejects.toThrow('1 blocker: Rows that could be run as commands.')
      }
      // Only harmless rows: it goes on, says what came of it, and never that psql had stopped.
      const plain = into(write(script('row\tone')), 'onward', { continueOnError: true })
      const went = await lab.core.ended(await own.start(plain, { signal }))
      expect(went.error).toBeNull()
      expect(went.state).toBe('succeeded_with_warnings')
      expect(went.issues[0]?.message).toMatch(/^line 2: ERROR: {2}relation "nowhere" does not exist/)
      expect(await texts('onward')).toContain('later')
      await dropDatabase(cluster, 'onward')

      // Where a psql of 17 or newer is there, it is taken: rows of the failed COPY are passed over.
      if (skips || all.some(({ version }) => majorOf(version) >= 17)) {
        const job = await lab.run(evil)
        expect(job).toMatchObject({ state: 'succeeded_with_warnings', errorCount: 1 })
        expect(await texts('onward')).toEqual(['after', 'later'])
        await dropDatabase(cluster, 'onward')
      }
      expect(fs.existsSync(marker)).toBe(false)
    })

    test('a script that turns ON_ERROR_STOP off says so before, and its errors are counted after', async () => {
      const file = write('\\set ON_ERROR_STOP off\nINSERT INTO nowhere VALUES (1);\nCREATE TABLE t (x int);\n')
      expect(await rowsOf(into(file, 'off'), 'goes')).toEqual([
        [
          'warning',
          'Script goes on after errors',
          'Line 1 turns ON_ERROR_STOP off: from there on errors are counted and shown, and do not stop it.',
        ],
      ])
      const job = await lab.run(into(file, 'off'))
      expect(job).toMatchObject({ state: 'succeeded_with_warnings', errorCount: 1 })
      await dropDatabase(cluster, 'off')
    })
  })
})

test('a text in UTF-16 is refused with the way to go', async () => {
  const file = write(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('SELECT 1;\r\n', 'utf16le')]))
  await expect(lab.core.api.restore.inspect({ path: file })).rejects.toThrow(
    `${file} is a text in UTF-16, which PostgreSQL does not read.`,
  )
})

test('the command that is shown does what was done, gzip and encoding included', async () => {
  const cluster = await sharedCluster(newestMajor())
  const id = await lab.connect(cluster)
  await makeDatabase(cluster, 'shown')
  const file = path.join(lab.folder, `it's a script.sql.gz`)
  fs.writeFileSync(file, gzipSync(Buffer.from(`CREATE TABLE t AS SELECT 'Müller' AS x;\n`, 'latin1')))
  const request = lab.request(id, file, { kind: 'existing', database: 'shown' }, { scriptEncoding: 'LATIN1' })
  const { commands } = await lab.core.api.restore.preview(request)
  const [command] = commands
  execFileSync('/bin/bash', ['-c', [command?.program, ...(command?.words ?? [])].join(' ')], {
    env: { ...cluster.toolEnv(), PATH: `${cluster.bin}:/usr/bin:/bin` },
  })
  expect(await cluster.sql('SELECT x FROM t', 'shown')).toEqual([{ x: 'Müller' }])
  await dropDatabase(cluster, 'shown')
})
