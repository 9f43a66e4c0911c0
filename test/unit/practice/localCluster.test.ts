// What is read from a data directory and a server's log, and the words handed to pg_ctl's shell.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { initArguments, serverOptions } from '../../../electron/postgres/localCluster'
import {
  failureLines,
  readLogFrom,
  saysPortTaken,
  saysReady,
  saysRecovered,
  startHint,
} from '../../../electron/postgres/localClusterLog'
import {
  findPostmaster,
  isCleanState,
  parseControlData,
  parsePostmasterFile,
  removeStaleLock,
} from '../../../electron/postgres/localClusterState'
import { tempFolder } from '../../support/tempFolder'

describe('parseControlData', () => {
  const lines = [
    'pg_control version number:            1300',
    'Catalog version number:               202209061',
    'Database system identifier:           7437650218439278641',
    'Database cluster state:               shut down',
    'pg_control last modified:             Sun Nov 22 08:00:12 2026',
    'Latest checkpoint location:           0/1529730',
    "Latest checkpoint's REDO location:    0/1529700",
    "Latest checkpoint's TimeLineID:       3",
    'Time of latest checkpoint:            Sun Nov 22 08:00:11 2026',
    'Minimum recovery ending location:     0/0',
    'max_connections setting:              100',
    'max_worker_processes setting:         8',
    'max_wal_senders setting:              10',
    'max_prepared_xacts setting:           2',
    'max_locks_per_xact setting:           64',
    'Bytes per WAL segment:                16777216',
    'Data page checksum version:           1',
  ]

  it('reads state, identifier, checkpoint and timeline', () => {
    expect(parseControlData(lines)).toEqual({
      state: 'shut down',
      systemIdentifier: '7437650218439278641',
      checkpoint: '0/1529730',
      redo: '0/1529700',
      timeline: 3,
      checkpointAt: new Date('2026-11-22T08:00:11Z'),
      minRecoveryEnd: '0/0',
      segmentSize: 16777216,
      dataChecksums: true,
      limits: {
        max_connections: 100,
        max_worker_processes: 8,
        max_wal_senders: 10,
        max_prepared_transactions: 2,
        max_locks_per_transaction: 64,
      },
    })
  })

  it('refuses output without the two lines that matter', () => {
    expect(parseControlData([])).toBeNull()
    expect(parseControlData(lines.filter((line) => !line.includes('state')))).toBeNull()
    expect(parseControlData(['Database system identifier: none', 'Database cluster state: shut down'])).toBeNull()
  })

  it.each([
    ['shut down', true],
    ['shut down in recovery', true],
    ['shutting down', false],
    ['in production', false],
    ['in crash recovery', false],
    ['in archive recovery', false],
    ['starting up', false],
  ])('"%s" counts as clean: %s', (state, clean) => {
    expect(isCleanState(state)).toBe(clean)
  })
})

describe('postmaster.pid', () => {
  it('is read with and without the lines a starting server has not written yet', () => {
    const full = '4711\n/srv/data\n1795334412\n54320\n/srv/s\n127.0.0.1\n  5432001         3\nready   \n'
    expect(parsePostmasterFile(full)).toEqual({
      pid: 4711,
      socketFolder: '/srv/s',
      startedAt: new Date(1795334412_000),
      port: 54320,
      status: 'ready',
    })
    expect(parsePostmasterFile('4711\n/srv/data\n1795334412\n')).toMatchObject({ pid: 4711, port: null, status: '' })
    for (const text of ['', '\n', '4711', 'x\n/srv\n1\n', '0\n/srv\n1795334412\n', '1\n/srv\n1795334412\n']) {
      expect(parsePostmasterFile(text)).toBeNull()
    }
  })

  it('proves nothing when its process works elsewhere: no server, and the lock may go', async () => {
    const folder = tempFolder('stale')
    const file = path.join(folder, 'postmaster.pid')
    fs.writeFileSync(file, `${process.pid}\n${folder}\n1795334412\n54320\n`)
    expect(await findPostmaster(folder)).toBeNull()
    expect(await removeStaleLock(folder)).toBe(process.pid)
    expect(fs.existsSync(file)).toBe(false)
    expect(await removeStaleLock(folder)).toBeNull()
  })

  it('takes the lock of its socket with it, and no other', async () => {
    const folder = tempFolder('stale')
    const lock = path.join(folder, '.s.PGSQL.54320.lock')
    for (const [pid, there] of [
      [process.pid, false],
      [process.ppid, true],
    ] as const) {
      fs.writeFileSync(path.join(folder, 'postmaster.pid'), `${process.pid}\n${folder}\n1795334412\n54320\n${folder}\n`)
      fs.writeFileSync(lock, `${pid}\n${folder}\n1795334412\n54320\n${folder}\n`)
      expect(await removeStaleLock(folder)).toBe(process.pid)
      expect(fs.existsSync(lock)).toBe(there)
    }
  })

  it('stays while any process works in the data directory', async () => {
    const folder = tempFolder('live')
    const file = path.join(folder, 'postmaster.pid')
    fs.writeFileSync(file, `${process.pid}\n${folder}\n1795334412\n54320\n`)
    const before = process.cwd()
    try {
      process.chdir(folder)
      expect(await findPostmaster(folder)).toMatchObject({ pid: process.pid, port: 54320 })
      fs.writeFileSync(file, `${process.ppid}\n${folder}\n1795334412\n54320\n`)
      expect(await findPostmaster(folder)).toBeNull()
      expect(await removeStaleLock(folder)).toBeNull()
      expect(fs.existsSync(file)).toBe(true)
    } finally {
      process.chdir(before)
    }
  })
})

describe("the server's log", () => {
  const taken = [
    '2026-11-22 08:00:00.000 UTC [12] LOG:  could not bind IPv4 address "127.0.0.1": Address already in use',
    '2026-11-22 08:00:00.000 UTC [12] HINT:  Is another postmaster already running on port 54320? If not, wait a few seconds and retry.',
    '2026-11-22 08:00:00.000 UTC [12] WARNING:  could not create listen socket for "127.0.0.1"',
    '2026-11-22 08:00:00.001 UTC [12] FATAL:  could not create any TCP/IP sockets',
    '2026-11-22 08:00:00.001 UTC [12] LOG:  database system is shut down',
  ]

  it('tells a taken port, and what the server gave up on', () => {
    expect(saysPortTaken(taken)).toBe(true)
    expect(saysReady(taken)).toBe(false)
    expect(failureLines(taken)).toEqual(['FATAL:  could not create any TCP/IP sockets'])
    expect(startHint(taken, '/l')).toBe('Another program listens on this port. Stop it, or choose another port.')
  })

  it('keeps DETAIL and HINT with their FATAL line, and the last lines when there is none', () => {
    const wrongVersion = [
      'x [1] LOG:  before',
      'x [1] FATAL:  database files are incompatible with server',
      'x [1] DETAIL:  The data directory was initialized by PostgreSQL version 13, which is not compatible with this version 18.6.',
      'x [1] LOG:  after',
    ]
    expect(failureLines(wrongVersion)).toEqual([
      'FATAL:  database files are incompatible with server',
      'DETAIL:  The data directory was initialized by PostgreSQL version 13, which is not compatible with this version 18.6.',
    ])
    expect(startHint(wrongVersion, '/l')).toContain('of another major version')
    expect(failureLines(['a', 'b', 'c', 'd'])).toEqual(['b', 'c', 'd'])
    expect(startHint(['a'], '/srv/server.log')).toBe("The server's log says more: /srv/server.log")
  })

  it.each([
    'LOG:  database system is ready to accept connections',
    'LOG:  database system is ready to accept read-only connections',
    'LOG:  database system is ready to accept read only connections',
  ])('%s', (line) => {
    expect(saysReady([line])).toBe(true)
    expect(saysRecovered([line])).toBe(false)
  })

  it('is read from a position on, whole lines only', async () => {
    const file = path.join(tempFolder('log'), 'server.log')
    expect(await readLogFrom(file, 0)).toEqual([])
    fs.writeFileSync(file, 'old\nnew\nhalf')
    expect(await readLogFrom(file, 4)).toEqual(['new'])
  })
})

describe('words for the programs', () => {
  it('whole argument list of initdb', () => {
    const options = { superuser: 'postgres', passwordFile: '/p/pw', locale: 'C.UTF-8', dataChecksums: true }
    expect(initArguments({ dataDirectory: '/p/data' }, options)).toEqual([
      '--pgdata=/p/data',
      '--username=postgres',
      '--pwfile=/p/pw',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--data-checksums',
    ])
  })

  it('settings come through a real shell as they were', () => {
    const value = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('port', 'unix_socket_directories', 'log_line_prefix'), value), (settings) => {
        const printed = execFileSync('sh', ['-c', `for word in ${serverOptions(settings)}; do printf '%s\\0' "$word"; done`])
        const words = Object.entries(settings).flatMap(([name, text]) => ['-c', `${name}=${text}`])
        expect(printed.toString('utf8').split('\0').slice(0, -1)).toEqual(words)
      }),
      { numRuns: process.env.WALKBACK_LONG === '1' ? 1000 : 40 },
    )
  })
})
