// The parts that check a base backup in tars: CRC-32C, the tar reader, the manifest's comparison, and where it begins and ends.
import { expect, test } from 'vitest'
import { settingsPath } from '../../../electron/capabilities/base-backup/copySettings'
import { readPositions, requireSameCluster } from '../../../electron/capabilities/base-backup/readPositions'
import { crc32c, manifestCrc } from '../../../electron/library/crc32c'
import { checkMembers } from '../../../electron/library/memberCheck'
import { readTar } from '../../../electron/library/readTar'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import { toLsn } from '../../../shared/model/lsn'

function header(name: string, size: number, type = '0', sizeField?: Buffer): Buffer {
  const block = Buffer.alloc(512)
  block.write(name, 0)
  block.write('0000600\0', 100)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  sizeField?.copy(block, 124)
  block.write(type, 156)
  block.write('ustar\x0000', 257)
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function member(name: string, text: string): Buffer {
  const data = Buffer.from(text)
  return Buffer.concat([header(name, data.length), data, Buffer.alloc((512 - (data.length % 512)) % 512)])
}

const ending = Buffer.alloc(1024)

/** In pieces of every size, since streams cut anywhere. */
async function read(tar: Buffer, pieces: number): Promise<string[]> {
  const seen: string[] = []
  const reader = readTar('base.tar', {
    begin: (found) => void seen.push(`${found.kind} ${found.name} ${found.size}`),
    data: (chunk) => void seen.push(chunk.toString()),
    end: () => undefined,
  })
  for (let at = 0; at < tar.length; at += pieces) await reader.write(tar.subarray(at, at + pieces))
  reader.finish()
  return seen
}

test('CRC-32C is that of manifests', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(crc32c(Buffer.from('6789'), crc32c(Buffer.from('12345')))).toBe(0xe3069283)
  // PG_VERSION of a real backup of 13.
  expect(manifestCrc(crc32c(Buffer.from('13\n')))).toBe('b825884b')
})

test('a tar is read whatever the pieces it comes in', async () => {
  const tar = Buffer.concat([header('base/', 0, '5'), member('PG_VERSION', '18\n'), member('empty', ''), ending])
  for (const pieces of [1, 7, 511, 512, 513, 4096]) {
    const seen = await read(tar, pieces)
    expect(seen.filter((line) => !/^[18\n]+$/.test(line))).toEqual(['folder base 0', 'file PG_VERSION 3', 'file empty 0'])
    expect(seen.filter((line) => /^[18\n]+$/.test(line)).join('')).toBe('18\n')
  }
})

test('sizes over 8 GB are numbers in base 256', async () => {
  const size = Buffer.alloc(12)
  size.writeUInt8(0x80, 0)
  size.writeBigUInt64BE(9_000_000_000n, 4)
  const begun: number[] = []
  const reader = readTar('base.tar', {
    begin: (found) => void begun.push(found.size),
    data: () => undefined,
    end: () => undefined,
  })
  await reader.write(header('huge', 0, '0', size))
  expect(begun).toEqual([9_000_000_000])
})

test('a tar that is cut off, damaged or goes on after its end is refused in words', async () => {
  const whole = Buffer.concat([member('a', 'x'.repeat(700)), ending])
  await expect(read(whole.subarray(0, 900), 512)).rejects.toThrow("base.tar can't be read to its end: it is cut off.")
  await expect(read(whole.subarray(0, whole.length - 1024), 512)).rejects.toThrow('its end is missing')
  const damaged = Buffer.from(whole)
  damaged[3] = 0x58
  await expect(read(damaged, 512)).rejects.toThrow('a header in it is damaged')
  await expect(read(Buffer.concat([whole, member('b', 'y')]), 512)).rejects.toThrow('there is something after its end')
})

const manifest = (files: BackupManifest['files'], end = '0/3000100'): BackupManifest => ({
  version: 2,
  systemIdentifier: '7',
  files,
  walRanges: [{ timeline: 1, start: toLsn('0/2000028'), end: toLsn(end) }],
  checksum: '',
})

test('each file is compared with the manifest: contents, size, missing and added ones', () => {
  const sum = manifestCrc(crc32c(Buffer.from('same')))
  const file = (path: string, size = 4, checksum = sum) => ({ path, size, algorithm: 'CRC32C' as const, checksum })
  const check = checkMembers(manifest([file('good'), file('bad'), file('short', 5), file('gone'), file('postgresql.auto.conf')]))
  for (const [name, text] of [
    ['good', 'same'],
    ['bad', 'sAme'],
    ['short', 'same'],
    ['added', 'same'],
    ['pg_wal/000000010000000000000001', 'same'],
    ['postgresql.auto.conf', 'changed'],
  ] as const) {
    check.begin(name, text.length)
    check.data(Buffer.from(text))
    check.end()
  }
  expect(check.finish()).toEqual([
    { file: 'added', what: 'is in the backup and not in its manifest' },
    { file: 'bad', what: 'differs from its CRC32C in the manifest' },
    { file: 'gone', what: 'is in the manifest and not in the backup' },
    { file: 'short', what: 'has 4 bytes, the manifest says 5' },
  ])
})

const label =
  'START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\nSTART TIMELINE: 1\nLABEL: it\nBACKUP FROM: standby\n'

test('where it begins and ends is told by three sources, which must agree', () => {
  const said = { start: { lsn: toLsn('0/2000028'), timeline: 1 }, stop: toLsn('0/3000100') }
  const expected = {
    start: { timeline: 1, lsn: '0/2000028' },
    stop: { timeline: 1, lsn: '0/3000100' },
    label: 'it',
    fromStandby: true,
  }
  expect(readPositions(said, label, manifest([]))).toMatchObject(expected)
  expect(readPositions({ start: null, stop: null }, label, manifest([]))).toMatchObject(expected)
  expect(readPositions(said, null, null)).toMatchObject({ ...expected, label: '', fromStandby: false })
  expect(() => readPositions(said, label, manifest([], '0/4000000'))).toThrow(
    'The backup is not what it should be: it ends at 0/3000100 by pg_basebackup, and at 0/4000000 by its manifest.',
  )
  const other = { ...said, start: { lsn: toLsn('0/5000028'), timeline: 1 } }
  expect(() => readPositions(other, label, null)).toThrow(
    'it begins at 0/5000028 by pg_basebackup, and at 0/2000028 by backup_label',
  )
  expect(() => readPositions(said, 'nonsense', null)).toThrow('its backup_label is not what PostgreSQL writes')
  expect(() => readPositions({ start: null, stop: null }, label, null)).toThrow('nothing in it says where it begins and ends')
})

test('another cluster than the one that was asked is noticed', () => {
  expect(() => requireSameCluster('7', [null, '7'])).not.toThrow()
  expect(() => requireSameCluster(null, ['7', '7'])).not.toThrow()
  expect(() => requireSameCluster('7', ['8'])).toThrow('it is of the cluster 8, not of 7')
})

test('copies of settings files never leave their folder', () => {
  expect(settingsPath('/etc/postgresql/15/main/pg_hba.conf')).toBe('settings/etc/postgresql/15/main/pg_hba.conf')
  expect(settingsPath('/etc/../../root/x')).toBe('settings/etc/_up/_up/root/x')
  expect(settingsPath('C:\\conf\\pg_hba.conf')).toBe('settings/C/conf/pg_hba.conf')
})
