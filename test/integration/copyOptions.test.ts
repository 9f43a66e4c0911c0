// Every option of COPY against servers of every major: what the table lets through the server takes, what it blocks the
// server refuses; and the rows that Walkback splits are the rows that the server reads.
import fc from 'fast-check'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rulesFor } from '../../electron/capabilities/copy/fileRules'
import { copyIn, runOne } from '../../electron/postgres/copyStream'
import { RecordSplitter, splitRow } from '../../shared/model/copyRecords'
import { CopyFormatError } from '../../shared/model/copyText'
import { copyCommand, copyOptionsSql, copyProblems } from '../../shared/tools/copyCommand'
import type { OptionValues } from '../../shared/tools/defineTool'
import { newestMajor, sharedCluster, type TestCluster, testMajors } from '../support/clusters'

/** Values of each option, among them ones that are refused in some combination. */
const trials: Record<string, readonly OptionValues[string][]> = {
  header: ['true', 'match'],
  delimiter: [',', ';', '\t', '|', 'a', '"', '\\', '.', '\n', '\r', 'ab', 'é', 'N'],
  null: ['NULL', '\\N', ',', 'a"b', 'x\ny', 'x\ry', "it's"],
  emptyIsNull: [true],
  default: ['DEFAULT', '\\D', '\\N', ',', 'a"b', 'x\ny'],
  quote: ['"', "'", ',', 'ab', 'é', '\t'],
  escape: ['"', '\\', "'", 'ab', 'é'],
  encoding: ['UTF8', 'LATIN1', 'utf-8'],
  forceQuoteAll: [true],
  forceQuote: [['a'], ['a', 'b "c"']],
  forceNotNullAll: [true],
  forceNotNull: [['a'], ['b "c"']],
  forceNullAll: [true],
  forceNull: [['a'], ['a', 'b "c"']],
  onError: ['stop', 'ignore'],
  rejectLimit: [1, 1000],
  logVerbosity: ['default', 'verbose', 'silent'],
  freeze: [true],
}

/** Refused here although some server lets it pass without any effect. */
const stricter: readonly { key: string; when: (all: OptionValues) => boolean }[] = [
  { key: 'freeze', when: ({ direction }) => direction === 'to' },
  { key: 'logVerbosity', when: ({ direction }) => direction === 'to' },
  { key: 'onError', when: ({ direction }) => direction === 'to' },
  { key: 'emptyIsNull', when: () => true },
]

const pairs: OptionValues[] = []
for (const direction of ['to', 'from']) {
  for (const format of ['text', 'csv', 'binary']) {
    const all: OptionValues[] = Object.entries(trials).flatMap(([key, values]) => values.map((value) => ({ [key]: value })))
    pairs.push({ direction, format }, ...all.map((one) => ({ direction, format, ...one })))
    for (const one of all) {
      for (const other of all) {
        const [a = '', b = ''] = [Object.keys(one)[0], Object.keys(other)[0]]
        // Every option with the first two values of every other.
        if (a < b && (trials[b] ?? []).indexOf(other[b] ?? '') < 2) pairs.push({ direction, format, ...one, ...other })
      }
    }
  }
}

describe.each(testMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  let client: Client
  beforeAll(async () => {
    cluster = await sharedCluster(major)
    client = await cluster.client()
    await client.query('CREATE TABLE x (a text DEFAULT 1, "b ""c""" text)')
  })
  afterAll(() => cluster.remove())

  test('what the table allows the server takes, and the other way round', async () => {
    const version = Number((await client.query<{ v: string }>("SELECT current_setting('server_version_num') AS v")).rows[0]?.v)
    const wrong: string[] = []
    for (const all of pairs) {
      const problems = copyProblems(all, version)
      const target = all.direction === 'to' ? "TO PROGRAM 'cat >/dev/null'" : "FROM '/dev/null'"
      // No rows and no program: an empty file in, nothing out.
      const sql = `COPY x ${target.startsWith('TO') ? 'TO STDOUT' : target} WITH ${copyOptionsSql(all)}`
      const answer = await refusal(client, sql)
      // An empty file has no header to match and no binary signature: those come after the options were taken.
      const taken =
        answer === '' || /signature not recognized|header line|COPY FREEZE (because|mode)|perform COPY FREEZE/.test(answer)
      if ((problems.length === 0) === taken) continue
      const known = taken && problems.every(({ key }) => stricter.some((rule) => rule.key === key && rule.when(all)))
      if (!known)
        wrong.push(
          `${sql}\n  table: ${problems.map(({ message }) => message).join(' ') || 'allowed'}\n  server: ${answer || 'taken'}`,
        )
    }
    expect(wrong.slice(0, 20)).toEqual([])
    expect(pairs.length).toBeGreaterThan(3000)
  }, 120_000)
})

/** '' when the server takes it. */
async function refusal(client: Client, sql: string): Promise<string> {
  try {
    await runOne(client, sql)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

test('every option has trials', () => {
  expect(copyCommand.options.filter((option) => !option.owned).map(({ key }) => key)).toEqual(Object.keys(trials))
})

describe('splitting', () => {
  let client: Client
  let version: number
  beforeAll(async () => {
    const cluster = await sharedCluster(newestMajor())
    client = await cluster.client()
    version = Number((await client.query<{ v: string }>("SELECT current_setting('server_version_num') AS v")).rows[0]?.v)
    await client.query('CREATE TABLE s (n serial, a text, b text)')
  })

  const alphabet = fc.constantFrom(
    'a',
    'b',
    ',',
    ';',
    '\t',
    '"',
    "'",
    '\\',
    'N',
    'n',
    'x',
    '1',
    '7',
    '.',
    '\n',
    '\r',
    '\r\n',
    'é',
    ' ',
    '\\N',
    '""',
    'a,b\n',
    '"a","b"\n',
    '1\t2\n',
  )
  const content = fc.array(alphabet, { maxLength: 24 }).map((parts) => parts.join(''))
  const options = fc.constantFrom<OptionValues>(
    { format: 'text' },
    { format: 'text', delimiter: ',' },
    { format: 'text', null: 'N', delimiter: ';' },
    { format: 'text', emptyIsNull: true },
    { format: 'csv' },
    { format: 'csv', delimiter: ';', quote: "'" },
    { format: 'csv', escape: '\\' },
    { format: 'csv', null: 'N' },
    { format: 'csv', delimiter: '\t', escape: "'" },
  )

  test('is what the server does', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(content, options, async (text, all) => {
        const mine = split(text, all)
        const theirs = await byServer(text, all)
        if (theirs) accepted += 1
        // What the server refuses must not look like good rows of two columns here.
        expect(mine).toEqual(theirs)
      }),
      { numRuns: process.env.WALKBACK_LONG === '1' ? 20_000 : 2500 },
    )
    expect(accepted).toBeGreaterThan(200)
  }, 120_000)

  /** null when a row is none of two columns. */
  function split(text: string, all: OptionValues): (string | null)[][] | null {
    const rules = rulesFor(all, version)
    const splitter = new RecordSplitter(rules)
    const bytes = new TextEncoder().encode(text)
    const records = []
    // Piece by piece, so that every boundary is met.
    for (let at = 0; at < bytes.length; at += 1) records.push(...splitter.push(bytes.slice(at, at + 1)))
    records.push(...splitter.end())
    const rows: (string | null)[][] = []
    for (const record of records) {
      if (record.problem !== '') return null
      try {
        const values = splitRow(record.bytes, rules).map(({ value }) =>
          value === null ? null : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value),
        )
        if (values.length !== 2 || values.some((value) => value?.includes('\0'))) return null
        rows.push(values)
      } catch (error) {
        // Bytes made by escapes need not be UTF-8.
        if (error instanceof CopyFormatError || error instanceof TypeError) return null
        throw error
      }
    }
    return rows
  }

  async function byServer(text: string, all: OptionValues): Promise<(string | null)[][] | null> {
    await client.query('TRUNCATE s')
    const source = (async function* () {
      yield Buffer.from(text)
    })()
    try {
      await copyIn(client, `COPY s (a, b) FROM STDIN WITH ${copyOptionsSql(all)}`, source)
    } catch {
      return null // the server's answer is no
    }
    const { rows } = await client.query<{ a: string | null; b: string | null }>('SELECT a, b FROM s ORDER BY n')
    return rows.map(({ a, b }) => [a, b])
  }
})
