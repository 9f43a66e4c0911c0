// Which program restores what, and how a new database is asked for, by version.
import { describe, expect, test } from 'vitest'
import { choosePgRestore, choosePsql, knowsRestrict } from '../../../electron/capabilities/restore/chooseTool'
import { chooseVacuumdb } from '../../../electron/library/analyzeDatabase'
import {
  createDatabaseSql,
  localeProblem,
  type NewTarget,
  suggestName,
  suggestTarget,
} from '../../../electron/postgres/newDatabase'
import type { ServerState } from '../../../electron/postgres/serverState'

function installed(...versions: number[]) {
  return versions.map((version) => ({
    folder: `/pg/${version}`,
    version,
    programs: ['pg_restore', 'psql', 'vacuumdb'],
    origin: 'test',
  }))
}

describe('pg_restore', () => {
  const all = installed(130016, 150018, 160004, 170006, 180004)
  test.each([
    // archive version, server, chosen
    [114, 130016, 130016],
    [114, 150001, 150018],
    [114, 140000, 180004],
    [115, 150000, 180004],
    [115, 160000, 160004],
    [116, 130000, 180004],
    [116, 170000, 170006],
    [116, 180000, 180004],
  ])('archive %i into %i: %i', (archive, server, version) => {
    expect(choosePgRestore(archive, null, server, all).version).toBe(version)
  })

  test.each([
    [
      116,
      [130016, 150018, 160004],
      /^This archive was made by pg_dump 17\.6 \(archive version 1\.16\); the newest pg_restore here is 16\.4, which can’t read it\.$/,
    ],
    [115, [130016], /archive version 1\.15\); the newest pg_restore here is 13\.16/],
  ])('archive %i with only %j is refused', (archive, versions, message) => {
    expect(() => choosePgRestore(archive, 170006, 150000, installed(...versions))).toThrow(message)
  })

  test('none at all', () => {
    expect(() => choosePgRestore(114, null, 150000, [])).toThrow('There is no pg_restore on this machine.')
  })
})

describe('psql', () => {
  test.each([
    [130021, false],
    [130022, true],
    [140018, false],
    [140019, true],
    [150013, false],
    [150014, true],
    [160009, false],
    [160010, true],
    [170005, false],
    [170006, true],
    [180000, true],
  ])('%i knows \\restrict: %s', (version, knows) => {
    expect(knowsRestrict(version)).toBe(knows)
    if (knows) expect(choosePsql(true, version, installed(version)).version).toBe(version)
    else
      expect(() => choosePsql(true, version, installed(version))).toThrow(
        /begins with \\restrict, which the psql found here \(.*\) does not know/,
      )
    expect(choosePsql(false, version, installed(version)).version).toBe(version)
  })

  test('the server’s own major when it knows \\restrict, else the newest', () => {
    expect(choosePsql(true, 150000, installed(150014, 180004)).version).toBe(150014)
    expect(choosePsql(true, 150000, installed(150013, 180004)).version).toBe(180004)
  })
})

test('vacuumdb: the server’s major or newer, never older', () => {
  expect(chooseVacuumdb(150000, installed(130000, 150018, 180004))?.version).toBe(150018)
  expect(chooseVacuumdb(160000, installed(130000, 150018, 180004))?.version).toBe(180004)
  expect(chooseVacuumdb(180000, installed(130000, 150018))).toBeUndefined()
})

describe('a new database', () => {
  const target: NewTarget = {
    kind: 'new',
    database: `d"; DROP DATABASE x; --`,
    owner: 'o"w',
    encoding: 'UTF8',
    localeProvider: 'libc',
    collate: "it's",
    ctype: 'C',
    locale: '',
    tablespace: 'fast"',
  }

  test('quoted throughout; 13 knows no provider', () => {
    const lines = [
      'CREATE DATABASE "d""; DROP DATABASE x; --"',
      '  TEMPLATE template0',
      '  OWNER "o""w"',
      "  ENCODING 'UTF8'",
      '  LOCALE_PROVIDER libc',
      "  LC_COLLATE 'it''s'",
      "  LC_CTYPE 'C'",
      '  TABLESPACE "fast"""',
    ]
    expect(createDatabaseSql(target, 150000)).toBe(lines.join('\n'))
    expect(createDatabaseSql(target, 130000)).toBe(lines.filter((line) => !line.includes('PROVIDER')).join('\n'))
  })

  test('ICU and builtin locales by version', () => {
    const icu: NewTarget = { ...target, localeProvider: 'icu', locale: 'de-DE' }
    const builtin: NewTarget = { ...target, localeProvider: 'builtin', locale: 'C.UTF-8' }
    expect(createDatabaseSql(icu, 150000)).toContain(
      "LOCALE_PROVIDER icu\n  LC_COLLATE 'it''s'\n  LC_CTYPE 'C'\n  ICU_LOCALE 'de-DE'",
    )
    expect(createDatabaseSql(builtin, 170000)).toContain("BUILTIN_LOCALE 'C.UTF-8'")
    expect(localeProblem(icu, 140000)).toMatch(/came with 15/)
    expect(localeProblem(icu, 150000)).toBeUndefined()
    expect(localeProblem(builtin, 160000)).toMatch(/came with 17/)
    expect(localeProblem({ ...builtin, locale: 'PG_UNICODE_FAST' }, 170000)).toMatch(/came with 18/)
    expect(localeProblem({ ...builtin, locale: '' }, 180000)).toMatch(/needs its locale named/)
  })

  function server(version: number, databases: string[], roles: string[] = []): ServerState {
    const state = { owner: '', encoding: '', collate: '', ctype: '', isTemplate: false, allowsConnections: true, sessions: 0 }
    return {
      version,
      systemIdentifier: null,
      dataDirectory: null,
      inRecovery: false,
      user: '',
      superuser: true,
      createDatabase: true,
      roles: new Set(roles),
      mayBecome: new Set(),
      tablespaces: new Set(),
      databases: new Map(databases.map((name) => [name, state])),
      extensions: new Map(),
      encoding: 'UTF8',
    }
  }

  test('its name: the source’s, or with the time when taken, never over 63 bytes', () => {
    const now = new Date(2026, 10, 22, 6, 5)
    expect(suggestName('shop', server(150000, []), now)).toBe('shop')
    expect(suggestName('shop', server(150000, ['shop']), now)).toBe('shop_20261122_0605')
    expect(suggestName('shop', server(150000, ['shop', 'shop_20261122_0605']), now)).toBe('shop_20261122_0605_2')
    expect(suggestName(null, server(150000, []), now)).toBe('restored')
    const long = 'ü'.repeat(31)
    const name = suggestName(long, server(150000, [long]), now)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
    expect(name).toBe(`${'ü'.repeat(24)}_20261122_0605`)
  })

  test('the source’s locale where the server can have it, else libc; an owner only when there is one', () => {
    const settings = { encoding: 'UTF8', localeProvider: 'builtin', collate: 'C', ctype: 'C', locale: 'C.UTF-8', owner: 'bob' }
    expect(suggestTarget('x', settings, server(170000, [], ['bob']))).toMatchObject({
      owner: 'bob',
      localeProvider: 'builtin',
      locale: 'C.UTF-8',
    })
    expect(suggestTarget('x', settings, server(150000, []))).toMatchObject({
      owner: '',
      localeProvider: 'libc',
      locale: '',
      collate: 'C',
    })
  })
})
