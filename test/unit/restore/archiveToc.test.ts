// The lists and tables of contents that 13, 15, 17 and 18 wrote of the hostile database, read back to the same names.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { archiveNeeds, databaseSettings } from '../../../electron/capabilities/restore/archiveNeeds'
import { readToc } from '../../../electron/capabilities/restore/readToc'
import { entryKinds, listedIds, parseArchiveList } from '../../../shared/model/archiveToc'
import { hostile } from '../../fixtures/restore/hostileDatabase'

const folder = join(import.meta.dirname, '../../fixtures/restore')
const majors = [13, 15, 17, 18]
const list = (major: number) => readFileSync(join(folder, `list-${major}.txt`), 'utf8')
const shown = (name: string) => name.replaceAll('\n', ' ')

describe.each(majors)('pg_restore --list of %i', (major) => {
  const known = { schemas: [hostile.schema], owners: [hostile.role, 'postgres'] }
  const read = parseArchiveList(list(major), known)

  test('the head', () => {
    expect(read).toMatchObject({
      database: hostile.database,
      format: 'CUSTOM',
      archiveVersion: major >= 17 ? '1.16-0' : '1.14-0',
      compression: major >= 17 ? 'gzip' : '-1',
      unread: [],
    })
    expect(read.createdAt).toMatch(/^2026-11-22 08:06:\d\d UTC$/)
    expect(read.serverVersion).toMatch(new RegExp(`^${major}\\.`))
    expect(read.dumpVersion).toMatch(new RegExp(`^${major}\\.`))
  })

  test('each entry, with schema, name and owner told apart although all of them hold spaces', () => {
    const pick = (kind: string) =>
      read.entries.filter((entry) => entry.kind === kind).map(({ schema, tag, owner }) => [schema, tag, owner])
    const role = shown(hostile.role)
    expect(pick('SCHEMA')).toEqual([[null, hostile.schema, role]])
    expect(pick('TABLE')).toEqual([
      [hostile.schema, shown(hostile.table), role],
      ['public', 'orders', 'postgres'],
    ])
    expect(pick('TABLE DATA')).toEqual(pick('TABLE'))
    expect(pick('INDEX')).toEqual([[hostile.schema, hostile.index, role]])
    expect(pick('FK CONSTRAINT')).toEqual([['public', 'orders orders_ref_fkey', 'postgres']])
    expect(pick('POLICY')).toEqual([['public', 'orders po licy', 'postgres']])
    expect(pick('VIEW')).toEqual([['public', 'vi ew; x', 'postgres']])
    expect(pick('SEQUENCE OWNED BY')).toEqual([[hostile.schema, `${shown(hostile.table)}_id_seq`, role]])
    expect(pick('BLOBS')[0]?.[0]).toBe(null)
    expect(read.entries.every((entry) => entryKinds.includes(entry.kind))).toBe(true)
    expect(read.entries).toHaveLength(21)
  })

  test('the same entries as its own table of contents, which has every name byte for byte', async () => {
    const toc = await readToc(join(folder, `toc-${major}.dat`))
    expect(toc).toMatchObject({ format: 'files', database: hostile.database, version: major >= 17 ? 116 : 114 })
    expect(toc.entries).toHaveLength(read.tocEntries ?? 0)
    const byId = new Map(toc.entries.map((entry) => [entry.id, entry]))
    for (const listed of read.entries) {
      const entry = byId.get(listed.id)
      expect(entry && { kind: entry.kind, schema: entry.schema, tag: shown(entry.tag), owner: shown(entry.owner) }).toEqual({
        kind: listed.kind,
        schema: listed.schema,
        tag: listed.tag,
        owner: listed.owner,
      })
    }
    expect(listedIds(list(major))).toEqual(read.entries.map((entry) => entry.id))
    expect(toc.entries.find((entry) => entry.kind === 'TABLE' && entry.schema === hostile.schema)?.tag).toBe(hostile.table)
  })

  test('what it needs: owners, grantees, policies', async () => {
    const toc = await readToc(join(folder, `toc-${major}.dat`))
    const needs = archiveNeeds(toc.entries)
    expect(Object.fromEntries(needs.roles)).toEqual({
      [hostile.role]: { owns: 3, grants: 0, policies: 0 },
      [hostile.grantee]: { owns: 0, grants: 1, policies: 1 },
      postgres: { owns: 4, grants: 0, policies: 0 },
    })
    expect(databaseSettings(toc.entries)).toMatchObject({ encoding: 'UTF8', localeProvider: 'libc', owner: 'postgres' })
  })
})

test('a line that is no entry is told, not skipped', () => {
  const read = parseArchiveList('; Selected TOC Entries:\n;\n12; 1259 16384 TABLE public a postgres\nwhat is this\n')
  expect(read.entries.map((entry) => entry.tag)).toEqual(['a'])
  expect(read.unread).toEqual(['what is this'])
})

test('spaces that allow two readings are called ambiguous', () => {
  const read = parseArchiveList('1; 1 1 TABLE a b c d\n2; 1 1 TABLE public t o\n')
  expect(read.entries.map((entry) => entry.ambiguous)).toEqual([true, false])
})

test('an entry without owner', () => {
  expect(parseArchiveList('3363; 0 0 BLOBS - BLOBS \n').entries[0]).toMatchObject({ schema: null, tag: 'BLOBS', owner: '' })
})

test('a table of contents that is cut off is refused, at every length', async () => {
  const { mkdtempSync, writeFileSync, rmSync } = await import('node:fs')
  const whole = readFileSync(join(folder, 'toc-18.dat'))
  const scratch = mkdtempSync('/tmp/wb-toc-')
  try {
    for (const length of [5, 7, 20, 60, 500, 2000, whole.length - 1]) {
      writeFileSync(join(scratch, 'toc.dat'), whole.subarray(0, length))
      await expect(readToc(join(scratch, 'toc.dat'))).rejects.toThrow(/ends inside its table of contents/)
    }
    const newer = Buffer.from(whole)
    newer[6] = 99
    writeFileSync(join(scratch, 'toc.dat'), newer)
    await expect(readToc(join(scratch, 'toc.dat'))).rejects.toThrow(
      'This archive has format version 1.99; 1.12 to 1.16 can be read here.',
    )
  } finally {
    rmSync(scratch, { recursive: true })
  }
})
