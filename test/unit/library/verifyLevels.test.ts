// Which result of a backup's checks counts, and which segment pg_waldump's words are about.
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { segmentsInWords } from '../../../electron/library/readWalRange'
import type { Verification } from '../../../shared/model/backupRecord'
import { standingVerification } from '../../../shared/model/verifyLevels'
import { tempFolder } from '../../support/tempFolder'

const check = (level: Verification['level'], hour: number, ok: boolean): Verification => ({
  ...{ level, ok, detail: '' },
  at: `2026-11-22T${String(hour).padStart(2, '0')}:00:00.000Z`,
})

describe('what the checks come to', () => {
  it('the newest of each level counts, and one that failed outweighs a later one of another level', () => {
    expect(standingVerification({ verifications: [] })).toBeUndefined()
    const failed = check('checksums', 2, false)
    expect(standingVerification({ verifications: [check('checksums', 1, true), failed, check('wal', 3, true)] })).toBe(failed)
    const mended = check('checksums', 4, true)
    expect(standingVerification({ verifications: [failed, check('wal', 3, true), mended] })).toBe(mended)
    // Two of one moment: the later in the list.
    const [one, other] = [check('read', 5, true), check('read', 5, false)]
    expect(standingVerification({ verifications: [one, other] })).toBe(other)
  })
})

describe('the segments in pg_waldump’s words', () => {
  const folder = tempFolder('words')
  const geometry = { timeline: 1, segmentSize: 1024 * 1024 }

  it('are those that it names', async () => {
    const words = 'could not find file "000000010000000000000003": No such file or directory'
    expect(await segmentsInWords(words, folder, geometry)).toEqual(['000000010000000000000003'])
  })

  it('else that of the last position, and the next one where the record there crosses into it', async () => {
    const words = 'error in WAL record at 0/2FFF00: incorrect resource manager data checksum in record at 0/2FFFC0'
    expect(await segmentsInWords(words, folder, geometry)).toEqual(['000000010000000000000002'])
    const segment = Buffer.alloc(geometry.segmentSize)
    segment.writeUInt32LE(500, 0xfffc0)
    fs.writeFileSync(path.join(folder, '000000010000000000000002'), segment)
    expect(await segmentsInWords(words, folder, geometry)).toEqual(['000000010000000000000002', '000000010000000000000003'])
    segment.writeUInt32LE(64, 0xfffc0)
    fs.writeFileSync(path.join(folder, '000000010000000000000002'), segment)
    expect(await segmentsInWords(words, folder, geometry)).toEqual(['000000010000000000000002'])
  })

  it('are none where it says nothing of a place', async () => {
    expect(await segmentsInWords('out of memory', folder, geometry)).toEqual([])
  })
})
