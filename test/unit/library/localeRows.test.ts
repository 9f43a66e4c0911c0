// What is said of the encoding, locale and collation of a database that will be made.
import { expect, test } from 'vitest'
import { type LocaleFacts, localeRows } from '../../../electron/library/localeRows'
import type { LocaleAnswer } from '../../../electron/postgres/localeCheck'
import type { NewTarget } from '../../../electron/postgres/newDatabase'

const target: NewTarget = {
  kind: 'new',
  database: 'd',
  owner: '',
  encoding: 'UTF8',
  localeProvider: 'libc',
  collate: 'de_DE.UTF-8',
  ctype: 'de_DE.UTF-8',
  locale: '',
  tablespace: '',
}
const there: LocaleAnswer = { exists: true, problem: '', version: '2.36' }
const server = (version: number): LocaleFacts['server'] => ({
  version,
  systemIdentifier: null,
  dataDirectory: null,
  inRecovery: false,
  user: 'postgres',
  superuser: true,
  createDatabase: true,
  roles: new Set(),
  mayBecome: new Set(),
  tablespaces: new Set(),
  databases: new Map(),
  extensions: new Map(),
  encoding: 'UTF8',
})
const said = (more: Partial<NewTarget>, source: Partial<LocaleFacts['source']>, locale: LocaleAnswer = there, version = 180004) =>
  localeRows({
    target: { ...target, ...more },
    server: server(version),
    locale,
    source: { encoding: 'UTF8', collationVersion: null, ...source },
  }).map(({ result, check, found }) => `${result}: ${check}: ${found}`)

test('the same as at the source', () => {
  expect(said({}, { localeProvider: 'libc', collationVersion: '2.36' })).toEqual([
    'pass: Encoding, locale: UTF8, libc, de_DE.UTF-8 exist here.',
  ])
})

test('a locale that the machine lacks is a blocker, in the server’s words', () => {
  const lacks: LocaleAnswer = { exists: false, problem: 'could not create locale "de_DE.UTF-8": No such file', version: null }
  expect(said({}, {}, lacks)).toEqual([
    'blocker: Encoding, locale: UTF8, libc, de_DE.UTF-8: the server’s machine lacks this locale. could not create locale "de_DE.UTF-8": No such file.',
  ])
})

test('a provider that the server can’t have: refused when asked for, named when another takes its place', () => {
  expect(said({ localeProvider: 'icu', locale: 'de' }, {}, there, 130016)).toEqual([
    'blocker: Encoding, locale: PostgreSQL 13.16 has no databases with ICU locales; they came with 15.',
  ])
  const source = { localeProvider: 'icu', locale: 'de', collationVersion: '153.14' }
  expect(said({}, source, there, 130016)).toEqual([
    'pass: Encoding, locale: UTF8, libc, de_DE.UTF-8 exist here.',
    'warning: Locale provider: The source sorts text by icu de, which databases of PostgreSQL 13 can’t use; the new database will by libc. ' +
      'Text may sort in another order, which matters to range partitions and to what compares results.',
  ])
  expect(said({}, source)[1]).toMatch(
    /^warning: Locale provider: The source sorts text by icu de; the new database will by libc\./,
  )
})

test('another encoding, another version of the collation', () => {
  expect(said({ encoding: 'LATIN9' }, {})).toEqual([
    'warning: Encoding, locale: LATIN9, libc, de_DE.UTF-8. The source had UTF8: rows that can’t be converted make errors.',
  ])
  expect(said({}, { localeProvider: 'libc', collationVersion: '2.31' })[1]).toMatch(
    /^warning: Collation version: 2\.31 there, 2\.36 here\. Indexes are built anew/,
  )
})
