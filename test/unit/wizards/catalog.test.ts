// The catalog's list: search, filters, order, and what the checks amount to.
import { describe, expect, it } from 'vitest'
import { checkWord, verificationWord } from '../../../renderer/components/checkWords'
import {
  distinct,
  filterBackups,
  folderName,
  lastVerification,
  noFilter,
  sortBackups,
} from '../../../renderer/screens/Backups/catalog'
import type { CatalogEntry } from '../../../shared/contracts/backups'
import type { Verification } from '../../../shared/model/backupRecord'

function entry(
  name: string,
  over: { database?: string; server?: string; at?: string; size?: string; checks?: Verification[] },
): CatalogEntry {
  const at = over.at ?? '2026-11-22T06:00:00.000Z'
  return {
    path: `/srv/walkback/${over.server ?? 'one'}/${name}`,
    library: '/srv/walkback',
    size: over.size ?? '1000',
    record: {
      recordVersion: 1,
      id: name,
      kind: 'dump',
      label: name,
      startedAt: at,
      endedAt: at,
      source: {
        label: over.server ?? 'one',
        host: 'db1.internal',
        port: 5432,
        database: over.database ?? 'shop',
        systemIdentifier: '1',
        serverVersion: 180004,
        dataChecksums: true,
        encoding: 'UTF8',
        localeProvider: 'libc',
        collate: 'C',
        ctype: 'C',
        locale: null,
        collationVersion: null,
        owner: 'shop_owner',
        databaseSize: '5000',
      },
      tools: [],
      commands: [],
      format: 'directory',
      artifact: 'dump',
      globals: null,
      files: [],
      warnings: [],
      verifications: over.checks ?? [],
    },
  }
}

const check = (at: string, level: Verification['level'], ok: boolean): Verification => ({ at, level, ok, detail: '' })
const names = (entries: readonly CatalogEntry[]) => entries.map(({ record }) => record.id)

describe('filter', () => {
  const all = [entry('a', {}), entry('b', { database: 'billing' }), entry('c', { server: 'two' })]

  it('wants every word, in any field', () => {
    expect(names(filterBackups(all, noFilter))).toEqual(['a', 'b', 'c'])
    expect(names(filterBackups(all, { ...noFilter, text: 'BILL one' }))).toEqual(['b'])
    expect(names(filterBackups(all, { ...noFilter, text: 'walkback/two' }))).toEqual(['c'])
    expect(names(filterBackups(all, { ...noFilter, text: 'bill two' }))).toEqual([])
  })

  it('narrows by server and database', () => {
    expect(names(filterBackups(all, { ...noFilter, server: 'one' }))).toEqual(['a', 'b'])
    expect(names(filterBackups(all, { ...noFilter, server: 'one', database: 'shop' }))).toEqual(['a'])
  })
})

describe('order', () => {
  it('puts the newest first and breaks ties by age', () => {
    const old = entry('old', { at: '2026-11-20T06:00:00.000Z', database: 'a' })
    const young = entry('new', { at: '2026-11-22T06:00:00.000Z', database: 'a' })
    const other = entry('other', { at: '2026-11-21T06:00:00.000Z', database: 'b' })
    expect(names(sortBackups([old, young, other], 'age', false))).toEqual(['new', 'other', 'old'])
    expect(names(sortBackups([old, young, other], 'age', true))).toEqual(['old', 'other', 'new'])
    expect(names(sortBackups([other, old, young], 'database', false))).toEqual(['new', 'old', 'other'])
  })

  it('compares sizes beyond 2^53 exactly', () => {
    const sizes = ['9007199254740993', '9007199254740992', '999', '10000']
    const sorted = sortBackups(
      sizes.map((size) => entry(size, { size })),
      'size',
      false,
    )
    expect(names(sorted)).toEqual(['9007199254740993', '9007199254740992', '10000', '999'])
  })

  it('puts what needs a look first when ordered by check', () => {
    const failed = entry('failed', { checks: [check('2026-11-22T07:00:00.000Z', 'read', false)] })
    const whole = entry('whole', { checks: [check('2026-11-22T07:00:00.000Z', 'read', true)] })
    expect(names(sortBackups([whole, entry('never', {}), failed], 'verified', false))).toEqual(['failed', 'never', 'whole'])
  })
})

describe('checks', () => {
  it('counts the newest, also when it is not the last in the list', () => {
    const record = entry('x', {
      checks: [check('2026-11-22T09:00:00.000Z', 'checksums', false), check('2026-11-22T08:00:00.000Z', 'read', true)],
    }).record
    expect(lastVerification(record)?.ok).toBe(false)
  })

  it('never calls a failed or missing check good', () => {
    expect(verificationWord(undefined)).toEqual({ word: 'Never checked', tone: 'warn' })
    expect(verificationWord(check('x', 'read', false))).toEqual({ word: 'Check failed', tone: 'err' })
    expect(verificationWord(check('x', 'read', true))).toEqual({ word: 'Read in full', tone: 'ok' })
    expect(verificationWord(check('x', 'checksums', true))).toEqual({ word: 'Checksums match', tone: 'ok' })
    // The same word wherever a check that went well is named: a base backup is as its manifest, which reads no page.
    for (const level of ['checksums', 'read', 'manifest', 'wal', 'drill'] as const)
      expect(verificationWord(check('x', level, true)).word).toBe(checkWord(check('x', level, true)))
    expect(checkWord(check('x', 'manifest', true))).toBe('As its manifest')
    expect(checkWord(check('x', 'manifest', false))).toBe('Not as its manifest')
  })
})

it('names a folder on either kind of system, and lists distinct values', () => {
  expect(folderName('/srv/walkback/one/20261122T060000Z-dump-shop/')).toBe('20261122T060000Z-dump-shop')
  expect(folderName('C:\\Backups\\one')).toBe('one')
  expect(distinct(['b', '', 'a', 'b', 'a10', 'a9'])).toEqual(['a', 'a9', 'a10', 'b'])
})
