// What is said of extensions: there, there in another version, older, missing.
import { expect, test } from 'vitest'
import { extensionRows, isOlder } from '../../../electron/library/extensionRows'
import { row } from '../../../electron/library/preflightRow'

const there = new Map([
  ['hstore', '1.8'],
  ['postgis', '3.4.2'],
])
const said = (...needed: [string, string | null][]) =>
  extensionRows({ needed: needed.map(([name, version]) => ({ name, version })), there, server: 170004 }, (id, check, found) =>
    row(id, 'blocker', check, found),
  ).map(({ result, check, found }) => `${result}: ${check}: ${found}`)

test('there, in the same, a newer or an unknown version', () => {
  expect(said(['hstore', '1.8'], ['postgis', '3.3'], ['plpgsql', '1.0'])).toEqual([
    'pass: Extensions: Available here: hstore 1.8, postgis 3.4.2 (was 3.3).',
  ])
  expect(said(['hstore', null])).toEqual(['pass: Extensions: Available here: hstore 1.8.'])
  expect(said(['plpgsql', null])).toEqual([])
})

test('older here is a warning, missing is what the caller makes of it; both versions are named', () => {
  expect(said(['postgis', '3.10.0'], ['hstore', '1.8'], ['pg_cron', '1.6'], ['other', null])).toEqual([
    'warning: Extension postgis is older here: 3.10.0 in the dumped database, 3.4.2 here: what came after 3.4.2 is missing, and ' +
      'what uses it makes errors. Install version 3.10.0 of its package for PostgreSQL 17 on the server’s machine.',
    'blocker: Extension pg_cron is missing: The dumped database has version 1.6. This server can’t create it: its package for ' +
      'PostgreSQL 17 is not installed there.',
    'blocker: Extension other is missing: This server can’t create it: its package for PostgreSQL 17 is not installed there.',
  ])
})

test('versions are compared number by number', () => {
  const older = [
    ['1.9', '1.10'],
    ['3.4', '3.4.1'],
    ['1.0', '2.0dev'],
  ] as const
  for (const [one, other] of older) expect([isOlder(one, other), isOlder(other, one)]).toEqual([true, false])
  for (const [one, other] of [
    ['1.0', '1.0.0'],
    ['unpackaged', '1.0'],
    ['1.0', 'next'],
  ] as const)
    expect([isOlder(one, other), isOlder(other, one)]).toEqual([false, false])
})
