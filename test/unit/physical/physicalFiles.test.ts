// What PostgreSQL writes beside data: labels, histories, manifests and segment headers, from files of real servers.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseBackupLabel } from '../../../shared/model/backupLabel'
import { checkedPart, parseBackupManifest } from '../../../shared/model/backupManifest'
import { parseTimelineHistory, timelineParts } from '../../../shared/model/timelineHistory'
import { readWalHeader } from '../../../shared/model/walHeader'

const file = (name: string) => readFileSync(new URL(`../../fixtures/physical/${name}`, import.meta.url), 'utf8')
const header = (major: number) => Buffer.from(file(`segment-header-${major}.hex`).trim(), 'hex')
const majors = [13, 15, 17, 18]

describe('backup_label', () => {
  it.each(majors)('of %i', (major) => {
    expect(parseBackupLabel(file(`backup_label-${major}.txt`))).toEqual({
      startLsn: 0x2000028n,
      startSegment: '000000010000000000000002',
      checkpointLsn: major >= 17 ? 0x2000080n : 0x2000060n,
      method: 'streamed',
      from: major === 13 ? 'master' : 'primary',
      startTime: expect.stringMatching(/^2026-11-25 05:0\d:\d\d UTC$/),
      label: `label for ${major}`,
      startTimeline: 1,
      incrementalFrom: null,
      stop: null,
    })
  })

  it.each([17, 18])('of an incremental one of %i', (major) => {
    const label = parseBackupLabel(file(`backup_label-incremental-${major}.txt`))
    expect(label?.startLsn).toBe(0x3000028n)
    expect(label?.incrementalFrom).toEqual({ lsn: 0x2000028n, timeline: 1 })
  })

  it.each(majors)('history of %i has the end as well', (major) => {
    const label = parseBackupLabel(file(`backup-history-${major}.txt`))
    expect(label?.stop).toEqual({
      lsn: major >= 17 ? 0x2000120n : 0x2000100n,
      segment: '000000010000000000000002',
      time: expect.stringMatching(/UTC$/),
      timeline: 1,
    })
  })

  it('is nothing else', () => {
    expect(parseBackupLabel('')).toBeUndefined()
    expect(parseBackupLabel('START WAL LOCATION: 0/2000028\n')).toBeUndefined()
    expect(parseBackupLabel('START WAL LOCATION: nowhere (file 000000010000000000000002)')).toBeUndefined()
  })
})

describe('timeline histories', () => {
  it.each(majors)('of %i', (major) => {
    const read = parseTimelineHistory(file(`timeline-history-${major}.txt`), 2)
    expect(read).toEqual({ ok: true, switches: [{ parent: 1, at: expect.any(BigInt), reason: expect.stringMatching(/target/) }] })
  })

  const three = '# comment\n1\t0/3000000\tno recovery target specified\n\n2\t0/5000148\tbefore 2026-11-22 06:24:22.348+00\n'

  it('give the way from the beginning', () => {
    const read = parseTimelineHistory(three, 3)
    if (!read.ok) throw new Error(read.reason)
    expect(timelineParts(3, read.switches)).toEqual([
      { timeline: 1, from: 0n, to: 0x3000000n },
      { timeline: 2, from: 0x3000000n, to: 0x5000148n },
      { timeline: 3, from: 0x5000148n, to: null },
    ])
    expect(timelineParts(1, [])).toEqual([{ timeline: 1, from: 0n, to: null }])
  })

  it.each([
    ['1 nowhere', 2, 'line 1 is not a timeline and a position'],
    ['x\t0/1\tr', 2, 'line 1 is not a timeline and a position'],
    ['2\t0/1\ta\n1\t0/2\tb', 3, 'line 2 goes back to timeline 1'],
    ['3\t0/1\ta', 3, 'line 1 names timeline 3, which is not before 3'],
  ])('refuse %j', (text, timeline, reason) => {
    expect(parseTimelineHistory(text, timeline)).toEqual({ ok: false, reason })
  })
})

describe('backup_manifest', () => {
  it('of 13', () => {
    const manifest = parseBackupManifest(file('backup_manifest-13.txt'))
    expect(manifest).toMatchObject({ version: 1, systemIdentifier: null })
    expect(manifest.files).toHaveLength(6)
    expect(manifest.files[0]).toEqual({ path: 'backup_label', size: 211, algorithm: 'CRC32C', checksum: '5768ccd8' })
    expect(manifest.walRanges).toEqual([{ timeline: 1, start: 0x2000028n, end: 0x2000100n }])
  })

  it('of 18 has the identifier to its last digit, and names that are no UTF-8', () => {
    const manifest = parseBackupManifest(file('backup_manifest-18.txt'))
    expect(manifest).toMatchObject({ version: 2, systemIdentifier: '7711970746950095682' })
    expect(manifest.files.at(-1)).toEqual({ path: 'base\u00ff', size: 5, algorithm: 'NONE', checksum: null })
  })

  it.each([13, 18])('of %i has a checksum over all before it', (major) => {
    const text = file(`backup_manifest-${major}.txt`)
    const sum = createHash('sha256')
      .update(checkedPart(text) ?? '')
      .digest('hex')
    expect(parseBackupManifest(text).checksum).toBe(sum)
  })

  it('cut off or changed is refused', () => {
    const text = file('backup_manifest-18.txt')
    expect(() => parseBackupManifest(text.slice(0, 900))).toThrow('backup_manifest is not complete: it is no valid JSON.')
    expect(() => parseBackupManifest('{}')).toThrow('backup_manifest is not what PostgreSQL writes')
    expect(checkedPart('{}')).toBeUndefined()
  })
})

describe('the first page of a segment', () => {
  it.each(majors)('of %i', (major) => {
    const systemIdentifier = /identifier: +(\d+)/.exec(file(`pg_controldata-${major}.txt`))?.[1]
    expect(readWalHeader(header(major))).toEqual({
      ok: true,
      header: { major, timeline: 1, start: 0x2000000n, systemIdentifier, segmentSize: 16777216, pageSize: 8192 },
    })
  })

  it('is told from anything else', () => {
    const bytes = header(18)
    const changed = (change: (copy: Buffer) => void) => {
      const copy = Buffer.from(bytes)
      change(copy)
      return readWalHeader(copy)
    }
    expect(readWalHeader(bytes.subarray(0, 39))).toEqual({ ok: false, reason: 'it has only 39 bytes' })
    expect(readWalHeader(Buffer.alloc(40))).toEqual({ ok: false, reason: 'it begins with zeros' })
    expect(changed((copy) => copy.writeUInt16LE(0xd0ff, 0))).toEqual({
      ok: false,
      reason: 'it begins with D0FF, which no PostgreSQL from 13 to 18 writes',
    })
    expect(changed((copy) => copy.writeUInt16LE(0, 2))).toEqual({
      ok: false,
      reason: 'its first page is not that of a segment',
    })
    expect(changed((copy) => copy.writeBigUInt64LE(0x2002000n, 8))).toEqual({
      ok: false,
      reason: 'its first page says 0/2002000, which is no segment’s beginning',
    })
  })
})
