// Pages, record lengths, pg_waldump's lines and the packed minutes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { archiverMessage } from '../../../electron/postgres/archiverLog'
import { forecastFull } from '../../../shared/model/archiveForecast'
import { readWaldump, type WaldumpEvent } from '../../../shared/model/waldumpOutput'
import { countMinutes, eachMinute, packMinutes } from '../../../shared/model/walMinutes'
import { recordBegins, recordEnd, recordPieces } from '../../../shared/model/walPages'
import { formatWalTime } from '../../../shared/model/walTime'
import { MB } from './archiveSamples'

const geometry = { segmentSize: MB, pageSize: 8192 }

describe('records over pages', () => {
  it.each([
    // Seen in pg_waldump's own output: where the next record begins.
    [0x5cb9d88n, 34, 0x5cb9db0n],
    [0x5cb9a98n, 242, 0x5cb9b90n],
    [0x34n * 8192n - 8n, 30, 0x34n * 8192n + 24n + 24n],
    [BigInt(MB) - 8n, 30, BigInt(MB) + 40n + 24n],
  ])('one at %s of %i bytes', (start, length, end) => {
    expect(recordEnd(start, length, geometry)).toBe(end)
  })

  it('its pieces hold all its bytes, none of them in a page’s header, and end where it ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300_000 }), fc.integer({ min: 24, max: 3 * MB }), (place, length) => {
        const start = BigInt(place) * 8n + 40n
        const pieces = recordPieces(start, length, geometry)
        expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(length)
        const wrong = pieces.filter((piece, index) => {
          const inPage = Number(piece.at % 8192n)
          const begins = piece.at % BigInt(MB) < 8192n ? 40 : 24
          return inPage + piece.length > 8192 || (index > 0 && inPage !== begins)
        })
        expect(wrong).toEqual([])
        const last = pieces.at(-1)
        const end = (last?.at ?? 0n) + BigInt(last?.length ?? 0)
        expect(recordEnd(start, length, geometry)).toBe(((end + 7n) / 8n) * 8n)
      }),
    )
  })

  it('a page that one record fills has no beginning', () => {
    expect(recordBegins({ continues: true, remaining: 8168, address: 8192n }, 8192n, geometry)).toBe(false)
    expect(recordBegins({ continues: true, remaining: 8167, address: 8192n }, 8192n, geometry)).toBe(true)
    expect(recordBegins({ continues: false, remaining: 0, address: 8192n }, 8192n, geometry)).toBe(true)
  })
})

describe('pg_waldump’s lines', () => {
  const text = [
    'rmgr: Transaction len (rec/tot):     34/    34, tx:        487, lsn: 1A/0163F4C8, prev 1A/0163F490, desc: COMMIT 2026-11-22 06:24:22.348123 UTC',
    'rmgr: Transaction len (rec/tot):     34/    34, tx:        488, lsn: 1A/0163F4F0, prev 1A/0163F4C8, desc: ABORT 2026-11-22 06:24:59.000001 UTC',
    'rmgr: Transaction len (rec/tot):     42/    42, tx:          0, lsn: 1A/05CB9B90, prev 1A/05CB9A98, desc: COMMIT_PREPARED 16765: 2026-11-22 06:25:00.000000 UTC; rels: base/1/2',
    'rmgr: Transaction len (rec/tot):    242/   242, tx:      16765, lsn: 1A/05CB9C98, prev 1A/05CB9A48, desc: PREPARE gid x1: 2026-11-26 22:26:52.427317 UTC',
    'rmgr: XLOG        len (rec/tot):     98/    98, tx:          0, lsn: 1A/05CB99E0, prev 1A/05CB99B8, desc: RESTORE_POINT rp one',
    'rmgr: XLOG        len (rec/tot):     42/    42, tx:          0, lsn: 1A/06000028, prev 1A/05CB99E0, desc: END_OF_RECOVERY tli 2; prev tli 1; time 2026-11-22 06:24:22.3 UTC; wal_level replica',
    'rmgr: XLOG        len (rec/tot):    114/   114, tx:          0, lsn: 1A/06000058, prev 1A/06000028, desc: CHECKPOINT_ONLINE redo 0/06000028; tli 2; prev tli 2; fpw true',
    'pg_waldump: error: something',
    '',
  ].join('\n')
  const expected = [
    { kind: 'commit', hi: 26, lo: 0x163f4c8, length: 34, xid: 487, time: Date.UTC(2026, 10, 22, 6, 24, 22) * 1000 + 348_123 },
    { kind: 'abort', hi: 26, lo: 0x163f4f0, length: 34, xid: 488, time: Date.UTC(2026, 10, 22, 6, 24, 59) * 1000 + 1 },
    { kind: 'commit', hi: 26, lo: 0x5cb9b90, length: 42, xid: 16765, time: Date.UTC(2026, 10, 22, 6, 25) * 1000 },
    { kind: 'restore point', hi: 26, lo: 0x5cb99e0, length: 98, name: 'rp one' },
    { kind: 'switch', hi: 26, lo: 0x6000028, length: 42, from: 1, to: 2 },
  ]

  it('are understood, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: text.length }), { maxLength: 12 }), (cuts) => {
        const events: WaldumpEvent[] = []
        const reader = readWaldump((event) => void events.push(event))
        let from = 0
        for (const cut of [...cuts.toSorted((a, b) => a - b), text.length]) {
          reader.push(text.slice(from, cut))
          from = cut
        }
        reader.end()
        expect(events).toEqual(expected)
      }),
    )
  })

  it('in another zone are refused', () => {
    const reader = readWaldump(() => undefined)
    expect(() => reader.push(text.replace('348123 UTC', '348123 CET'))).toThrow('not in UTC')
  })
})

describe('minutes', () => {
  it('come back from their packed form, sorted and summed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10_000_000_000 }), { maxLength: 200 }), (times) => {
        const counter = countMinutes()
        const expected = new Map<number, number>()
        for (const time of times) {
          counter.add(time)
          const minute = Math.floor(time / 60_000_000)
          expected.set(minute, (expected.get(minute) ?? 0) + 1)
        }
        const found: [number, number][] = []
        eachMinute(counter.pack(), (minute, count) => void found.push([minute, count]))
        expect(found).toEqual([...expected].toSorted((a, b) => a[0] - b[0]))
        expect(counter.pack()).toEqual(packMinutes(expected))
      }),
    )
  })

  it('times are shown to the microsecond', () => {
    expect(formatWalTime(Date.UTC(2026, 10, 22, 6, 24, 22) * 1000 + 348_007)).toBe('2026-11-22 06:24:22.348007 UTC')
  })
})

describe('the forecast of a full disk', () => {
  const day = 86_400_000
  const now = 100 * day
  it('follows the growth of the last week', () => {
    const files = Array.from({ length: 24 }, (_, hour) => ({ size: 1000, modified: now - (hour + 1) * 3_600_000 }))
    expect(forecastFull(files, 240_000n, now)).toEqual({ bytesPerDay: 24_000, fullAt: now + 10 * day, seen: day })
  })
  it('is silent about an archive that is too young, or does not grow', () => {
    expect(forecastFull([{ size: 1000, modified: now - 1000 }], 1n, now)).toBeNull()
    expect(forecastFull([{ size: 1000, modified: now - 20 * day }], 1n, now)).toBeNull()
  })
})

describe('the archiver’s failure in a log', () => {
  it('is told with what the command wrote', () => {
    const log = [
      '2026-11-26 22:26:52.427 UTC [77] LOG:  checkpoint starting: time',
      'cp: error writing ‘/srv/wal/00’: No space left on device',
      '2026-11-26 22:26:53.427 UTC [78] LOG:  archive command failed with exit code 1',
      '2026-11-26 22:26:53.427 UTC [78] DETAIL:  The failed archive command was: cp pg_wal/00 /srv/wal/00',
    ]
    expect(archiverMessage(log)).toBe(
      'cp: error writing ‘/srv/wal/00’: No space left on device · LOG:  archive command failed with exit code 1',
    )
    expect(archiverMessage(log.slice(0, 2))).toBeNull()
    const tooOften =
      '2026-11-26 10:00:03.000 UTC [12] WARNING:  archiving write-ahead log file "000000010000000000000003" failed too many times, will try again later'
    expect(archiverMessage([...log, tooOften])).toBe(archiverMessage(log))
    expect(archiverMessage([tooOften])).toMatch(/^WARNING: {2}archiving write-ahead log file/)
  })
})
