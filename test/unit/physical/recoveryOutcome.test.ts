// What servers of 13 to 18 say when a recovery ends, well or badly: recognised, explained, and compared with the wish.
import { describe, expect, it } from 'vitest'
import { explainRecoveryFailure } from '../../../electron/capabilities/recovery/point/explainRecoveryFailure'
import { outcomeProblem, readOutcome } from '../../../electron/capabilities/recovery/point/judgeOutcome'
import { recoveryFailure } from '../../../electron/capabilities/recovery/point/replay'
import { formatLsn } from '../../../shared/model/lsn'
import { at, wishFor } from './archiveSamples'

const stamp = '2026-11-27 03:00:00.123 UTC [42] '
const log = (...lines: string[]) => lines.map((line) => stamp + line)

describe('explainRecoveryFailure knows', () => {
  const failures: [line: string, reason: string, says: string][] = [
    ['FATAL:  multiple recovery targets specified', 'two-targets', 'The settings name more than one recovery target.'],
    [
      'LOG:  invalid value for parameter "recovery_target_time": "2026-11-22T06:24:22.348Z"',
      'bad-target',
      'The server does not understand recovery_target_time = "2026-11-22T06:24:22.348Z".',
    ],
    [
      'FATAL:  requested recovery stop point is before consistent recovery point',
      'before-backup',
      'The moment lies before the end of the backup: nothing before that can be reached from it.',
    ],
    [
      'FATAL:  recovery ended before configured recovery target was reached',
      'target-not-reached',
      'The WAL in the archive ended before the moment was reached.',
    ],
    ['FATAL:  recovery target timeline 7 does not exist', 'timeline', 'The archive has no history of timeline 7.'],
    [
      "FATAL:  requested timeline 2 is not a child of this server's history",
      'timeline',
      'Timeline 2 left this cluster’s history before the backup, or is of another one.',
    ],
    [
      'FATAL:  requested timeline 2 does not contain minimum recovery point 0/5000100 on timeline 1',
      'fork',
      'Timeline 2 begins before the end of the backup, at 0/5000100 on timeline 1.',
    ],
    // 13
    [
      'FATAL:  hot standby is not possible because max_connections = 10 is a lower setting than on the master server (its value was 100)',
      'settings',
      'max_connections is 10 here, and was 100 on the server: a hot standby needs at least as much.',
    ],
    // 14 and later
    [
      'FATAL:  recovery aborted because of insufficient parameter settings',
      'settings',
      'A setting is lower here than it was on the server.',
    ],
    [
      'DETAIL:  max_connections = 10 is a lower setting than on the primary server, where its value was 100.',
      'settings',
      'max_connections is 10 here, and was 100 on the server: a hot standby needs at least as much.',
    ],
    [
      'WARNING:  hot standby is not possible because of insufficient parameter settings',
      'settings',
      'A setting is lower here than it was on the server.',
    ],
    [
      'FATAL:  archive file "000000010000000000000003" has wrong size: 8388608 instead of 16777216',
      'short-segment',
      'The segment 000000010000000000000003 in the archive has 8388608 of 16777216 bytes.',
    ],
    [
      'FATAL:  could not restore file "000000010000000000000003" from archive: child process exited with exit code 200',
      'archive-read',
      'The segment 000000010000000000000003 could not be fetched from the archive: child process exited with exit code 200.',
    ],
    [
      'LOG:  WAL file is from different database system: WAL file database system identifier is 7, pg_control database system identifier is 8',
      'foreign-segment',
      'A segment in the archive is of another cluster: WAL file database system identifier is 7, pg_control database system identifier is 8.',
    ],
    [
      'FATAL:  WAL ends before end of online backup',
      'wal-missing',
      'The WAL ends before the end of the backup, so it never becomes consistent.',
    ],
    [
      'FATAL:  WAL ends before consistent recovery point',
      'wal-missing',
      'The WAL ends before the end of the backup, so it never becomes consistent.',
    ],
    // 13 to 16, then 17
    [
      'FATAL:  could not locate required checkpoint record',
      'checkpoint',
      'The WAL with the checkpoint that the backup begins with is not there, or damaged.',
    ],
    [
      'FATAL:  could not locate required checkpoint record at 0/2000060',
      'checkpoint',
      'The WAL with the checkpoint that the backup begins with is not there, or damaged.',
    ],
    [
      'PANIC:  could not locate a valid checkpoint record',
      'checkpoint',
      'The WAL with the checkpoint that the backup begins with is not there, or damaged.',
    ],
    [
      'FATAL:  could not find redo location referenced by checkpoint record',
      'checkpoint',
      'The WAL with the checkpoint that the backup begins with is not there, or damaged.',
    ],
    [
      'FATAL:  this is an incremental backup, not a data directory',
      'incremental',
      'This is an incremental backup, not a data directory.',
    ],
    [
      'FATAL:  database files are incompatible with server',
      'version',
      'The backup is of another major version than the server’s programs.',
    ],
    [
      'FATAL:  data directory "/srv/it" has wrong ownership',
      'ownership',
      'The data directory /srv/it does not belong to the account that starts the server, or is open to others.',
    ],
    ['FATAL:  lock file "postmaster.pid" already exists', 'running', 'A server already runs in this data directory.'],
    [
      'FATAL:  could not open directory "pg_tblspc/16390/PG_13_202007201": No such file or directory',
      'tablespace',
      'A tablespace is not where its link leads: pg_tblspc/16390/PG_13_202007201.',
    ],
    [
      "walkback: 000000010000000000000003: the archive /archive can't be read",
      'archive-read',
      "The archive could not be read: 000000010000000000000003: the archive /archive can't be read.",
    ],
    [
      'LOG:  incorrect resource manager data checksum in record at 0/3000100',
      'damage',
      'The WAL can’t be read on after 0/3000100.',
    ],
    // 13 to 15, then later ones
    [
      'FATAL:  WAL was generated with wal_level=minimal, cannot continue recovering',
      'wal-level',
      'The server ran with wal_level = minimal for a time: its WAL has not everything.',
    ],
  ]

  it.each(failures)('%s', (line, reason, says) => {
    const found = explainRecoveryFailure(log('LOG:  database system was interrupted', line))
    expect(found).toMatchObject({ reason, says })
    expect(found?.advice).toMatch(/\.$/)
    expect(`${found?.says}${found?.advice}`).not.toMatch(/\$\d/)
  })

  it('nothing of what it does not know, and the cause before what it leads to', () => {
    expect(explainRecoveryFailure(log('LOG:  redo starts at 0/2000028', 'FATAL:  something new'))).toBeNull()
    expect(
      explainRecoveryFailure(
        log(
          'FATAL:  archive file "000000010000000000000003" has wrong size: 8388608 instead of 16777216',
          'FATAL:  recovery ended before configured recovery target was reached',
        ),
      )?.reason,
    ).toBe('short-segment')
  })

  it('and says it with the server’s own words and the next step', () => {
    const error = recoveryFailure(
      log(
        'LOG:  starting point-in-time recovery to XID 9',
        'FATAL:  recovery ended before configured recovery target was reached',
      ),
      'The server ended',
      '/srv/log',
    )
    expect(error.message).toBe(
      'The WAL in the archive ended before the moment was reached. The server said: FATAL:  recovery ended before configured recovery target was reached',
    )
    expect(error.hint).toBe(
      'Choose an earlier moment. What is at the last commit or after it is asked for by its position, or as the end of the WAL.',
    )
    expect(recoveryFailure(log('FATAL:  something new'), 'The server ended', '/srv/log')).toMatchObject({
      message: 'The server ended. The server said: FATAL:  something new',
      hint: 'Its log says more: /srv/log',
    })
  })
})

describe('readOutcome', () => {
  it('of a pause, a promotion, a shutdown, and of none yet', () => {
    const stop = 'LOG:  recovery stopping before commit of transaction 8412907, time 2026-11-22 09:14:32.871604+01'
    const restored = 'LOG:  restored log file "000000010000000000000003" from archive'
    expect(readOutcome(log(restored, stop))).toMatchObject({ state: 'replaying', lastFile: '000000010000000000000003' })
    expect(readOutcome(log(restored, stop, 'LOG:  pausing at the end of recovery'))).toMatchObject({
      state: 'paused',
      which: 'before',
      xid: 8_412_907,
      newTimeline: null,
    })
    expect(readOutcome(log(stop, 'LOG:  recovery has paused')).state).toBe('paused')
    const ended = [
      ...[stop, 'LOG:  redo done at 0/3000100 system usage: CPU', 'LOG:  selected new timeline ID: 2'],
      'LOG:  archive recovery complete',
    ]
    // Until it takes connections it still says that it is in recovery.
    expect(readOutcome(log(...ended))).toMatchObject({ state: 'replaying', newTimeline: null })
    expect(readOutcome(log(...ended, 'LOG:  database system is ready to accept connections'))).toMatchObject({
      state: 'promoted',
      newTimeline: 2,
      redoDone: '0/3000100',
    })
    expect(readOutcome(log(stop, 'LOG:  shutdown at recovery target')).state).toBe('shutdown')
    expect(readOutcome(log('LOG:  recovery stopping after WAL location (LSN) "0/3000028"'))).toMatchObject({
      which: 'after',
      lsn: '0/3000028',
    })
    expect(readOutcome(log('LOG:  recovery stopping at restore point "a \\"b", time 2026-11-22 09:14:32+01')).name).toBe('a \\"b')
    // A pause because of settings is no stop.
    expect(readOutcome(log('LOG:  recovery has paused')).state).toBe('replaying')
  })
})

describe('outcomeProblem', () => {
  const run = { look: {}, lastEnd: { lsn: formatLsn(at(8, 100)), time: 8_000_000, xid: 8 }, reaches: formatLsn(at(9)) }
  const stopped = (line: string) => readOutcome(log(`LOG:  ${line}`))
  const transaction = (which: string, xid: number) =>
    stopped(`recovery stopping ${which} commit of transaction ${xid}, time 2026-11-22 09:14:32+00`)

  it('is none when the stop is the one that was asked for', () => {
    const after = { lsn: formatLsn(at(8, 100)), time: 8_000_000, xid: 8, aborted: false }
    expect(outcomeProblem(transaction('before', 8), { ...run, wish: wishFor.time(7_500_000), look: { after } })).toBe('')
    expect(outcomeProblem(transaction('after', 8), { ...run, wish: wishFor.xid(8) })).toBe('')
    expect(outcomeProblem(transaction('before', 8), { ...run, wish: wishFor.xid(8, { inclusive: false }) })).toBe('')
    const location = stopped(`recovery stopping after WAL location (LSN) "${formatLsn(at(5, 200))}"`)
    expect(outcomeProblem(location, { ...run, wish: wishFor.lsn(at(5, 100)) })).toBe('')
    expect(
      outcomeProblem(stopped('recovery stopping at restore point "x", time 2026'), { ...run, wish: wishFor.name('x') }),
    ).toBe('')
    expect(outcomeProblem(stopped('recovery stopping after reaching consistency'), { ...run, wish: wishFor.immediate() })).toBe(
      '',
    )
    expect(outcomeProblem(stopped(`redo done at ${formatLsn(at(8, 100))}`), { ...run, wish: wishFor.end() })).toBe('')
  })

  it('names what differs', () => {
    const after = { lsn: formatLsn(at(8, 100)), time: 8_000_000, xid: 8, aborted: false }
    expect(outcomeProblem(transaction('before', 9), { ...run, wish: wishFor.time(7_500_000), look: { after } })).toBe(
      'The server says "recovery stopping before commit of transaction 9, time 2026-11-22 09:14:32+00", and asked for was transaction 8.',
    )
    expect(outcomeProblem(transaction('before', 8), { ...run, wish: wishFor.xid(8) })).toMatch(/asked for was a stop after it\.$/)
    expect(outcomeProblem(transaction('after', 9), { ...run, wish: wishFor.xid(8) })).toMatch(/asked for was transaction 8\.$/)
    const location = stopped(`recovery stopping after WAL location (LSN) "${formatLsn(at(5, 99))}"`)
    expect(outcomeProblem(location, { ...run, wish: wishFor.lsn(at(5, 100)) })).toMatch(
      /asked for was the position 0\/5000064\.$/,
    )
    expect(
      outcomeProblem(stopped('recovery stopping at restore point "y", time 2026'), { ...run, wish: wishFor.name('x') }),
    ).toMatch(/asked for was the restore point x\.$/)
    expect(outcomeProblem(readOutcome([]), { ...run, wish: wishFor.time(1) })).toBe(
      'The log does not say where the recovery stopped.',
    )
    // Rule 12: a promotion without a word of what is lost.
    expect(outcomeProblem(stopped(`redo done at ${formatLsn(at(4, 20))}`), { ...run, wish: wishFor.end() })).toBe(
      `The redo ended at ${formatLsn(at(4, 20))}, and the last transaction in the archive ended at ${formatLsn(at(8, 100))}: WAL up to ${formatLsn(at(9))} was not replayed.`,
    )
  })
})
