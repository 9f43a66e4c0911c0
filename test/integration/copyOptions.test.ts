// Every option of COPY against servers of every major: what the table lets through the server takes, what it blocks the
// server refuses.
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runOne } from '../../electron/postgres/copyStream'
import { copyCommand, copyOptionsSql, copyProblems } from '../../shared/tools/copyCommand'
import type { OptionValues } from '../../shared/tools/defineTool'
import { sharedCluster, type TestCluster, testMajors } from '../support/clusters'

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
