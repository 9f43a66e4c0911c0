// The pure parts of both archive set-ups: what a server's process tells, systemd's quoting, and what pg_receivewal's words mean.
import { describe, expect, it } from 'vitest'
import { explainReceive } from '../../../electron/capabilities/wal-archive/stream/explainReceive'
import { quoteForSystemd } from '../../../electron/capabilities/wal-archive/stream/systemdUnit'
import { commandLineSettings, restartCommand, unitOf } from '../../../electron/postgres/localServer'

describe('a server is started again as it was', () => {
  it('by the settings of its command line', () => {
    expect(
      commandLineSettings(['-D', '/srv/data', '-c', 'port=5433', '--shared-buffers=1GB', '-p', '5434', '-k', "/run/a b's"]),
    ).toEqual({
      port: '5434',
      shared_buffers: '1GB',
      unix_socket_directories: "/run/a b's",
    })
  })

  it('and not at all with options that are not understood', () => {
    expect(commandLineSettings(['-D', '/srv/data', '-F'])).toBeNull()
    expect(commandLineSettings(['-D', '/srv/data', '-B', '100'])).toBeNull()
    expect(commandLineSettings(['-D', '/srv/data', '--single'])).toBeNull()
  })

  it('by its service where systemd runs it', () => {
    expect(unitOf('0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n')).toBe('postgresql@15-main.service')
    expect(unitOf('0::/system.slice/postgresql-16.service\n')).toBe('postgresql-16.service')
    expect(unitOf('0::/user.slice/user-1000.slice/session-3.scope\n')).toBeNull()
    expect(unitOf('0::/\n')).toBeNull()
  })

  it('or by hand, with what its system has for that', () => {
    const place = { host: 'db', port: 5432, major: 15, dataDirectory: '/data', configFile: null, systemIdentifier: null }
    expect(restartCommand({ ...place, configFile: '/etc/postgresql/15/main/postgresql.conf' })).toBe(
      'sudo pg_ctlcluster 15 main restart',
    )
    expect(restartCommand({ ...place, dataDirectory: '/var/lib/pgsql/15/data' })).toBe('sudo systemctl restart postgresql-15')
    expect(restartCommand(place)).toBe('pg_ctl restart --pgdata=/data --mode=fast')
  })
})

describe('a word of a systemd unit', () => {
  it.each([
    ['--slot=walback', '--slot=walback'],
    ['/srv/with space', '"/srv/with space"'],
    ['100 %', '"100 %%"'],
    ['$HOME', '$$HOME'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['line\nbreak', '"line\\nbreak"'],
    ["it's", '"it\'s"'],
  ])('%j is %s', (word, quoted) => expect(quoteForSystemd(word)).toBe(quoted))
})

describe('explainReceive', () => {
  const said = (line: string) =>
    explainReceive(['pg_receivewal: starting log streaming at 0/1000000 (timeline 1)', line], 'walback')

  it('ends the chain where it is broken', () => {
    expect(
      said(
        'pg_receivewal: error: unexpected termination of replication stream: ERROR:  requested WAL segment 000000010000000000000003 has already been removed',
      ),
    ).toMatchObject({
      final: true,
      message: 'The server no longer has segment 000000010000000000000003, which the archive needs next.',
    })
    expect(
      said(
        `pg_receivewal: error: could not send replication command "START_REPLICATION": ERROR:  requested starting point 0/5000000 on timeline 1 is not in this server's history`,
      ),
    ).toMatchObject({
      final: true,
      message:
        "Position 0/5000000, where the archive ends, is not in this server's history: it was restored to an earlier moment, or promoted on another branch.",
    })
    expect(
      said('ERROR:  requested starting point 0/9000000 is ahead of the WAL flush position of this server 0/3000148'),
    ).toMatchObject({
      final: true,
      message:
        'The archive ends at 0/9000000, and the server is only at 0/3000148: it has lost WAL, or was restored to an earlier moment.',
    })
    expect(said('ERROR:  replication slot "walback" does not exist')?.final).toBe(true)
    expect(said('ERROR:  cannot read from replication slot "walback"')?.message).toBe(
      'The replication slot walback has lost its WAL: it was further behind than max_slot_wal_keep_size allows.',
    )
  })

  it('goes on with what passes or can be put right', () => {
    expect(said('ERROR:  replication slot "walback" is active for PID 4711')).toMatchObject({
      final: false,
      message: 'The slot walback is in use by process 4711 of the server.',
    })
    expect(said('pg_receivewal: error: could not write 8192 bytes to WAL file "x": No space left on device')).toMatchObject({
      final: false,
      slow: true,
      message: 'The disk of the archive is full.',
    })
    expect(said('FATAL:  password authentication failed for user "backup"')).toMatchObject({
      final: false,
      slow: true,
      message: 'The server refuses the password.',
    })
    expect(
      said('pg_receivewal: error: could not receive data from WAL stream: server closed the connection unexpectedly'),
    ).toBeNull()
  })
})
