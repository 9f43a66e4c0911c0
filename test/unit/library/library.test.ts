// The library's folders on a real disk: names, the unfinished folder, checksums, the record, the scan, the trash.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { discardPlace, finishPlace, isFree, openPlace, placeBackup } from '../../../electron/library/backupFolder'
import { hashFiles, listFolder } from '../../../electron/library/checksumFiles'
import { addVerification, readRecord, recordName, writeRecord } from '../../../electron/library/recordFile'
import { scanLibrary } from '../../../electron/library/scanLibrary'
import { slug } from '../../../electron/library/slug'
import { moveToTrash } from '../../../electron/library/trash'
import type { BackupRecord } from '../../../shared/model/backupRecord'

let folder: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wb-library-'))
})

afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = new Date('2026-11-22T07:52:01.500Z')
const request = (more = {}) => ({
  library: folder,
  serverLabel: 'Orders: prod',
  kind: 'dump' as const,
  database: 'orders',
  label: '',
  at,
  ...more,
})

type DumpRecord = Extract<BackupRecord, { kind: 'dump' }>

function record(more: Partial<DumpRecord> = {}): DumpRecord {
  return {
    recordVersion: 1,
    id: 'id',
    kind: 'dump',
    label: '',
    startedAt: at.toISOString(),
    endedAt: at.toISOString(),
    source: {
      label: 'x',
      host: 'h',
      port: 5432,
      database: 'orders',
      systemIdentifier: null,
      serverVersion: 180006,
      dataChecksums: null,
      encoding: null,
      localeProvider: null,
      collate: null,
      ctype: null,
      locale: null,
      collationVersion: null,
      owner: null,
      databaseSize: null,
    },
    tools: [],
    commands: [],
    format: 'custom',
    artifact: 'data.dump',
    globals: null,
    files: [{ path: 'data.dump', size: '3', sha256: createHash('sha256').update('abc').digest('hex') }],
    warnings: [],
    verifications: [],
    ...more,
  }
}

describe('slug', () => {
  it.each([
    ['orders-prod', 'orders-prod'],
    ['Orders: prod / 2', 'Orders-prod-2'],
    ['../../etc/passwd', 'etc-passwd'],
    ['--file=/x', 'file-x'],
    ['.hidden', 'hidden'],
    ['a..b', 'a.b'],
    ['日本語 Größe', '日本語-Größe'],
    ['line\nbreak', 'line-break'],
    ['$(touch x)', 'touch-x'],
    ['ends.', 'ends'],
    ['shop.partial', 'shop-partial'],
    ['shop.PARTIAL.', 'shop-PARTIAL'],
    ['shop.partial.old', 'shop.partial.old'],
  ])('makes %j into %j', (text, expected) => {
    expect(slug(text)).toBe(expected)
  })

  it.each(['', '...', '///', '-', ' ', 'con', 'NUL.txt', '💥'])('gives %j a name all the same', (text) => {
    expect(slug(text)).toMatch(/^x[0-9a-f]{8}$/)
  })

  it('is always one safe folder name, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const made = slug(text)
        expect(made).toMatch(/^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u)
        expect(made.endsWith('.')).toBe(false)
        expect(made.includes('..')).toBe(false)
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(60)
      }),
    )
  })
})

describe('placeBackup', () => {
  it('names server, time, kind, database and label', () => {
    expect(placeBackup(request({ label: 'before the move' }))).toEqual({
      partial: path.join(folder, 'Orders-prod', '2026-11-22T075201Z-dump-orders-before-the-move.partial'),
      final: path.join(folder, 'Orders-prod', '2026-11-22T075201Z-dump-orders-before-the-move'),
    })
  })

  it('counts up for the same second, and fits into a name of 255 bytes', () => {
    const long = '日'.repeat(4000)
    const { partial } = placeBackup(request({ database: long, label: long, serverLabel: long, attempt: 9 }))
    expect(partial).toMatch(/-10\.partial$/)
    expect(Buffer.byteLength(path.basename(partial))).toBeLessThan(255)
    fs.mkdirSync(partial, { recursive: true })
  })

  it.each([
    ['backups', 'The library "backups" is not an absolute path.'],
    ['/a\0b', 'The library "/a\\u0000b" is not an absolute path.'],
    ['/a\nb', 'The path of the library holds a line break, which PostgreSQL’s programs do not take.'],
  ])('refuses the library %j', (library, message) => {
    expect(() => placeBackup(request({ library }))).toThrow(message)
  })
})

it('a finished backup is listed, whatever the names of its server, database and label', async () => {
  const place = placeBackup(request({ serverLabel: 'prod.partial', database: 'x.partial', label: 'before.partial' }))
  await openPlace(place)
  expect((await scanLibrary(folder)).oddities.map((oddity) => oddity.path)).toEqual([place.partial])
  await finishPlace(place, record())
  const scan = await scanLibrary(folder)
  expect(scan.backups.map((backup) => backup.path)).toEqual([place.final])
  expect(scan.oddities).toEqual([])
})

describe('an unfinished backup', () => {
  it('gets its final name with its record, in one step', async () => {
    const place = placeBackup(request())
    await openPlace(place)
    expect(fs.statSync(place.partial).mode & 0o777).toBe(0o700)
    fs.writeFileSync(path.join(place.partial, 'data.dump'), 'abc')
    await finishPlace(place, record())
    expect(fs.existsSync(place.partial)).toBe(false)
    expect(await readRecord(place.final)).toEqual(record())
    expect(fs.readdirSync(place.final).toSorted()).toEqual(['data.dump', recordName])
    expect(fs.statSync(path.join(place.final, recordName)).mode & 0o777).toBe(0o600)
  })

  it('never takes a folder that is there, nor replaces a finished one', async () => {
    const place = placeBackup(request())
    await openPlace(place)
    await expect(openPlace(place)).rejects.toMatchObject({
      code: 'conflict',
      message: `Can't create the folder ${place.partial}: it exists already.`,
    })
    expect(isFree(place)).toBe(false)
    fs.mkdirSync(place.final)
    fs.writeFileSync(path.join(place.final, 'precious'), 'x')
    await discardPlace(place)
    expect(isFree(place)).toBe(false)
    await expect(openPlace(place)).rejects.toMatchObject({
      code: 'conflict',
      message: `There is a backup ${place.final} already.`,
    })
    fs.mkdirSync(place.partial)
    await expect(finishPlace(place, record())).rejects.toMatchObject({ code: 'conflict' })
    expect(fs.readFileSync(path.join(place.final, 'precious'), 'utf8')).toBe('x')
  })

  it('is refused a record that no reader would take', async () => {
    const place = placeBackup(request())
    await openPlace(place)
    await expect(finishPlace(place, record({ id: 5 as unknown as string }))).rejects.toThrow()
    expect(fs.existsSync(place.final)).toBe(false)
  })

  it('can be discarded, and only it', async () => {
    const place = placeBackup(request())
    await openPlace(place)
    fs.writeFileSync(path.join(place.partial, 'x'), 'x')
    fs.writeFileSync(path.join(path.dirname(place.partial), 'neighbour'), 'x')
    await discardPlace(place)
    expect(fs.readdirSync(path.dirname(place.partial))).toEqual(['neighbour'])
  })
})

describe('checksums', () => {
  it('are those of the whole files, also beyond one buffer', async () => {
    const big = Buffer.alloc(3 * 1024 * 1024 + 7, 'walkback')
    fs.mkdirSync(path.join(folder, 'a/b'), { recursive: true })
    fs.writeFileSync(path.join(folder, 'a/b/big'), big)
    fs.writeFileSync(path.join(folder, 'empty'), '')
    const { files, folders, strange } = await listFolder(folder)
    expect({ files, folders, strange }).toEqual({ files: ['a/b/big', 'empty'], folders: ['a', 'a/b'], strange: [] })
    let seen = 0
    const hashed = await hashFiles(folder, files, {
      durable: 'all',
      onBytes: (bytes) => {
        seen += bytes
      },
    })
    expect(seen).toBe(big.length)
    expect(hashed).toEqual([
      { path: 'a/b/big', size: String(big.length), sha256: createHash('sha256').update(big).digest('hex') },
      { path: 'empty', size: '0', sha256: createHash('sha256').update('').digest('hex') },
    ])
  })

  it('stop when cancelled, and do not follow links', async () => {
    fs.writeFileSync(path.join(folder, 'file'), 'x')
    fs.symlinkSync('/etc/passwd', path.join(folder, 'link'))
    expect((await listFolder(folder)).strange).toEqual(['link'])
    await expect(hashFiles(folder, ['link'])).rejects.toMatchObject({ code: 'ELOOP' })
    await expect(hashFiles(folder, ['file'], { signal: AbortSignal.abort() })).rejects.toThrow()
    await expect(hashFiles(folder, ['missing'])).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('the record', () => {
  it.each([
    ['not json', 'it is not JSON'],
    ['{}', 'recordVersion: '],
    [JSON.stringify({ ...record(), recordVersion: 2 }), 'it was written by a newer Walkback (record version 2)'],
    [JSON.stringify(record({ artifact: '../other' })), 'it names a file outside its folder: ../other'],
    [JSON.stringify(record({ artifact: '/etc/passwd' })), 'it names a file outside its folder: /etc/passwd'],
    [
      JSON.stringify(record({ globals: { path: 'a/../../b', rolePasswords: true } })),
      'it names a file outside its folder: a/../../b',
    ],
    [JSON.stringify({ ...record(), files: [{ path: 'x', size: '-1', sha256: 'a' }] }), 'files.0.size'],
  ])('%# is refused when it can not be trusted', async (text, why) => {
    fs.writeFileSync(path.join(folder, recordName), text)
    await expect(readRecord(folder)).rejects.toMatchObject({ code: 'bad_input', message: expect.stringContaining(why) })
  })

  it('is named when it is missing', async () => {
    await expect(readRecord(folder)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('takes verifications without losing any', async () => {
    await writeRecord(folder, record())
    await addVerification(folder, { at: at.toISOString(), level: 'read', ok: true, detail: 'one' })
    await addVerification(folder, { at: at.toISOString(), level: 'checksums', ok: false, detail: 'two' })
    expect((await readRecord(folder)).verifications.map((each) => each.detail)).toEqual(['one', 'two'])
    expect(fs.readdirSync(folder)).toEqual([recordName])
  })
})

describe('a scan', () => {
  it('finds backups and names everything odd', async () => {
    const made = async (name: string, more: Partial<DumpRecord> = {}) => {
      fs.mkdirSync(path.join(folder, name), { recursive: true })
      await writeRecord(path.join(folder, name), record(more))
    }
    await made('server/old', { startedAt: '2026-11-20T00:00:00.000Z' })
    await made('server/new', { startedAt: '2026-11-21T00:00:00.000Z' })
    await made('copied-straight-in')
    await made('.trash/gone')
    await made('too/deep/down')
    fs.mkdirSync(path.join(folder, 'server/half.partial'))
    fs.mkdirSync(path.join(folder, 'server/broken'))
    fs.writeFileSync(path.join(folder, 'server/broken', recordName), '{')
    fs.mkdirSync(path.join(folder, 'server/foreign'))
    fs.writeFileSync(path.join(folder, 'server/file'), '')
    const scan = await scanLibrary(folder)
    expect(scan.backups.map((backup) => path.relative(folder, backup.path))).toEqual([
      'copied-straight-in',
      'server/new',
      'server/old',
    ])
    expect(scan.backups[0]).toMatchObject({ library: folder, size: '3' })
    expect(scan.oddities.map((oddity) => [path.relative(folder, oddity.path), oddity.kind]).toSorted()).toEqual([
      ['server/broken', 'unreadable'],
      ['server/half.partial', 'partial'],
    ])
    expect(await scanLibrary(path.join(folder, 'nowhere'))).toEqual({ backups: [], foreign: [], oddities: [] })
  })
})

describe('the trash', () => {
  it('takes a backup whole and never replaces what it holds', async () => {
    for (const text of ['first', 'second']) {
      fs.mkdirSync(path.join(folder, 'server/backup'), { recursive: true })
      fs.writeFileSync(path.join(folder, 'server/backup/file'), text)
      const movedTo = await moveToTrash(path.join(folder, 'server/backup'), folder)
      expect(fs.readFileSync(path.join(movedTo, 'file'), 'utf8')).toBe(text)
    }
    expect(fs.readdirSync(path.join(folder, '.trash')).toSorted()).toEqual(['backup', 'backup-2'])
    expect(fs.readdirSync(path.join(folder, 'server'))).toEqual([])
  })
})
