// Connections that fail on real servers and on what is none: each in its own words, never a crash, never the password.
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ConnectError } from '../../electron/postgres/connectError'
import type { ConnectFailure } from '../../shared/contracts/connections'
import type { ConnectionSettings } from '../../shared/model/connection'
import { AppError } from '../../shared/rpc/appError'
import { freePort, startCluster, type TestCluster, testMajors } from '../support/clusters'
import { draft, newStore } from './connectionsSetup'

const { store, folder } = newStore()

async function failure(
  cluster: Pick<TestCluster, 'port' | 'password'>,
  settings: Partial<ConnectionSettings>,
  password?: string | null,
) {
  const given =
    password === undefined
      ? undefined
      : password === null
        ? ({ kind: 'none' } as const)
        : ({ kind: 'set', password, remember: false } as const)
  try {
    const client = await store.open(await store.resolveDraft(draft(cluster, settings, given)))
    await client.end()
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    if (JSON.stringify(error.toWire()).includes(password || cluster.password))
      throw new Error('the password is in it', { cause: error })
    if (error.words.hint === '') throw new Error('no hint', { cause: error })
    return error.words
  }
  throw new Error('it connected')
}

describe.each(testMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  beforeAll(async () => {
    const hba = [
      'local all peered peer',
      'host all rejected all reject',
      'host replication norepl all reject',
      'host all trusted all trust',
      'host all oldmd5 all md5',
      'host all clear all password',
    ]
    cluster = await startCluster({ major, hba, prefix: `fail${major}` })
    for (const role of ['peered', 'rejected', 'norepl', 'trusted', 'plain', 'clear'])
      await cluster.sql(`CREATE ROLE ${role} LOGIN PASSWORD '${cluster.password}'`)
    const client = await cluster.client()
    await client.query("SET password_encryption = 'md5'")
    await client.query(`CREATE ROLE oldmd5 LOGIN PASSWORD '${cluster.password}'`)
    await cluster.sql('CREATE ROLE nologin')
    await cluster.sql('CREATE ROLE limited LOGIN CONNECTION LIMIT 0')
    await cluster.sql(`ALTER ROLE limited PASSWORD '${cluster.password}'`)
    await cluster.sql('CREATE DATABASE closed ALLOW_CONNECTIONS false')
    await cluster.sql('CREATE DATABASE mine')
    await cluster.sql('REVOKE CONNECT ON DATABASE mine FROM PUBLIC')
  })
  afterAll(() => cluster?.remove())

  const cases: [what: string, settings: Partial<ConnectionSettings>, failure: ConnectFailure, message: RegExp, hint: RegExp][] = [
    ['unknown host', { host: 'no-such-host.invalid' }, 'host', /no-such-host\.invalid/, /IP address/],
    ['missing database', { database: 'nosuch' }, 'database', /^There is no database nosuch on this server\.$/, /capital/],
    [
      'closed database',
      { database: 'closed' },
      'database',
      /^The database closed does not accept connections\.$/,
      /ALLOW_CONNECTIONS true/,
    ],
    [
      'no CONNECT',
      { database: 'mine', user: 'plain' },
      'database',
      /^plain may not connect to the database mine\.$/,
      /GRANT CONNECT/,
    ],
    [
      'missing role',
      { user: 'nosuch' },
      'password-wrong',
      /^The server does not accept the password for nosuch\.$/,
      /role does not exist/,
    ],
    ['role without login', { user: 'nologin' }, 'password-wrong', /nologin/, /has no password/],
    ['no connection left', { user: 'limited' }, 'too-many', /no free connection left/, /max_connections/],
    [
      'pg_hba',
      { user: 'rejected' },
      'pg_hba',
      /^The server's pg_hba\.conf does not let in rejected to the database postgres from 127\.0\.0\.1 without TLS\.$/,
      /host {2}postgres {2}rejected {2}127\.0\.0\.1\/32 {2}scram-sha-256\nthen run SELECT pg_reload_conf\(\);/,
    ],
  ]
  test.each(cases)('%s', async (_what, settings, kind, message, hint) => {
    const words = await failure(cluster, settings)
    expect(words.failure).toBe(kind)
    expect(words.message).toMatch(message)
    expect(words.hint).toMatch(hint)
    expect(words.original).not.toBe('')
  })

  test('roles that do not exist or may not log in, where no password is asked', async () => {
    await cluster.sql('ALTER ROLE trusted NOLOGIN')
    expect(await failure(cluster, { user: 'trusted' })).toMatchObject({
      failure: 'role',
      message: 'The role trusted may not log in.',
    })
    await cluster.sql('ALTER ROLE trusted RENAME TO gone')
    expect(await failure(cluster, { user: 'trusted' })).toMatchObject({
      failure: 'role',
      message: 'There is no role trusted on this server, or it may not log in.',
      hint: expect.stringContaining('CREATE ROLE trusted LOGIN;'),
    })
  })

  test('scram, md5 and password authentication work', async () => {
    for (const user of ['plain', 'oldmd5', 'clear']) {
      const client = await store.open(await store.resolveDraft(draft(cluster, { user })))
      expect((await client.query('SELECT current_user::text AS name')).rows).toEqual([{ name: user }])
      await client.end()
    }
  })

  test('wrong and missing password', async () => {
    expect(await failure(cluster, {}, 'wrong-password')).toMatchObject({
      failure: 'password-wrong',
      message: 'The server does not accept the password for postgres.',
    })
    expect(await failure(cluster, {}, null)).toMatchObject({
      failure: 'password-missing',
      message:
        'The server asks for the password of postgres, and none is known: none is entered for this connection, and /nowhere/pgpass has no line for it.',
    })
  })

  test('.pgpass: used per database, ignored with the reason when others can read it, named when wrong', async () => {
    const passfile = path.join(folder, `pass${major}`)
    fs.writeFileSync(
      passfile,
      `127.0.0.1:${cluster.port}:postgres:postgres:${cluster.password}\n127.0.0.1:*:template1:postgres:wrong\n`,
      { mode: 0o600 },
    )
    const connection = await store.resolveDraft(draft(cluster, { passfile }, { kind: 'none' }))
    await (await store.open(connection)).end()
    await expect(store.open(connection, 'template1')).rejects.toThrow(
      `The server does not accept the password for postgres (taken from ${passfile}).`,
    )
    await expect(store.open(connection, 'other')).rejects.toMatchObject({ words: { failure: 'password-missing' } })
    fs.chmodSync(passfile, 0o644)
    expect(await failure(cluster, { passfile }, null)).toMatchObject({
      failure: 'passfile',
      message: `The server asks for a password, and ${passfile} can be read or written by other accounts of this machine, so PostgreSQL programs ignore it.`,
      hint: `Run: chmod 0600 ${passfile}`,
    })
  })

  test('sockets: one works, a missing one and one whose server is gone are told apart, peer is explained', async () => {
    const client = await store.open(await store.resolveDraft(draft(cluster, { host: cluster.socketDir })))
    await client.end()
    expect(await failure(cluster, { host: '/nowhere' })).toMatchObject({
      failure: 'socket',
      message: `There is no server socket /nowhere/.s.PGSQL.${cluster.port}.`,
    })
    expect(await failure(cluster, { host: cluster.socketDir, user: 'peered' })).toMatchObject({
      failure: 'pg_hba',
      message: expect.stringContaining('(peer)'),
      hint: expect.stringContaining('local  postgres  peered  scram-sha-256'),
    })
    const dead = path.join(folder, `dead${major}`)
    fs.mkdirSync(dead)
    const server = net.createServer()
    await new Promise<void>((resolve) => server.listen(path.join(dead, `live`), resolve))
    fs.linkSync(path.join(dead, 'live'), path.join(dead, `.s.PGSQL.${cluster.port}`))
    await new Promise((resolve) => server.close(resolve))
    expect(await failure(cluster, { host: dead })).toMatchObject({
      failure: 'socket',
      message: expect.stringContaining('no server listens on it'),
    })
  })

  test('a service file gives the settings, and the password', async () => {
    const services = path.join(folder, `services${major}`)
    fs.writeFileSync(
      services,
      `[s]\nhost=127.0.0.1\nport=${cluster.port}\nuser=postgres\ndbname=template1\npassword=${cluster.password}\nsslmode=disable\n`,
    )
    process.env.PGSERVICEFILE = services
    try {
      const settings = { service: 's', host: '', port: null, user: '', database: '' }
      const client = await store.open(await store.resolveDraft(draft(cluster, settings, { kind: 'none' })))
      expect((await client.query('SELECT current_database()::text AS name')).rows).toEqual([{ name: 'template1' }])
      await client.end()
      await expect(store.resolveDraft(draft(cluster, { ...settings, service: 'none' }))).rejects.toMatchObject({
        words: { failure: 'service', message: expect.stringContaining(services) },
      })
    } finally {
      delete process.env.PGSERVICEFILE
    }
  })

  test('the variables of the shell change nothing', async () => {
    const shell = {
      PGHOST: 'wrong.invalid',
      PGPORT: '1',
      PGUSER: 'wrong',
      PGDATABASE: 'wrong',
      PGPASSWORD: 'wrong',
      PGSSLMODE: 'verify-full',
      PGOPTIONS: '-c nonsense=1',
    }
    Object.assign(process.env, shell, { PGREPLICATION: 'true', PGSSLNEGOTIATION: 'direct' })
    try {
      const client = await store.open(await store.resolveDraft(draft(cluster)))
      await client.end()
      expect(await failure(cluster, {}, null)).toMatchObject({ failure: 'password-missing' })
    } finally {
      for (const name of [...Object.keys(shell), 'PGREPLICATION', 'PGSSLNEGOTIATION']) delete process.env[name]
    }
  })

  test('a session that the server ends fails its next query and does not end the process', async () => {
    const client = await store.open(await store.resolveDraft(draft(cluster)))
    const [{ pid }] = (await client.query('SELECT pg_backend_pid() AS pid')).rows
    await cluster.sql('SELECT pg_terminate_backend($1)', 'postgres', [pid])
    await new Promise((resolve) => setTimeout(resolve, 100))
    await expect(client.query('SELECT 1')).rejects.toThrow(/terminat|not queryable/)
    await client.end()
  })

  test('last: a server shutting down, then nothing on its port, then no socket', async () => {
    const held = await cluster.client()
    const pid = cluster.pid()
    process.kill(pid, 'SIGTERM') // smart: waits for the session that is held
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await failure(cluster, {})).toMatchObject({ failure: 'starting' })
    await held.end()
    await cluster.stop('fast')
    expect(await failure(cluster, {})).toMatchObject({
      failure: 'refused',
      message: `Nothing listens on 127.0.0.1, port ${cluster.port}.`,
    })
    expect(await failure(cluster, { host: 'localhost' })).toMatchObject({ failure: 'refused' })
    expect(await failure(cluster, { host: cluster.socketDir })).toMatchObject({ failure: 'socket' })
  })
})

describe('ports where no PostgreSQL answers', () => {
  const servers: net.Server[] = []
  const sockets: net.Socket[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
  })

  async function listen(onSocket: (socket: net.Socket) => void): Promise<{ port: number; password: string }> {
    const port = await freePort()
    const server = net.createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => socket.destroy()) // the client leaves at any moment
      onSocket(socket)
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    servers.push(server)
    return { port, password: 'pw-not-to-be-seen' }
  }

  const speakers: [string, (socket: net.Socket) => void][] = [
    ['an echo server', (socket) => socket.pipe(socket)],
    ['a web server', (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['an SSH server', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')],
    ['a mail server', (socket) => socket.write('220 mail ESMTP\r\n')],
    ['No then garbage', (socket) => socket.on('data', () => socket.write('NNNNNNNNNNNNNNN'))],
    [
      'a server that begins like PostgreSQL',
      (socket) => socket.on('data', () => socket.write(Buffer.from('R\xff\xff\xff\xffxxxx', 'latin1'))),
    ],
  ]
  for (const sslmode of ['disable', 'prefer', 'require'] as const) {
    test.each(speakers)(`%s, sslmode ${sslmode}`, async (_name, onSocket) => {
      const at = await listen(onSocket)
      const words = await failure(at, { sslmode })
      expect(words).toMatchObject({ failure: 'other', message: `What answers on 127.0.0.1, port ${at.port} is not PostgreSQL.` })
    })
  }

  test('one that closes at once', async () => {
    for (const sslmode of ['disable', 'require'] as const) {
      const at = await listen((socket) => socket.end())
      expect(await failure(at, { sslmode })).toMatchObject({
        failure: 'other',
        message: expect.stringContaining('closed the connection before'),
      })
    }
  })

  test('a server that wants GSSAPI', async () => {
    const at = await listen((socket) => socket.on('data', () => socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 7]))))
    expect(await failure(at, { sslmode: 'disable' })).toMatchObject({
      failure: 'other',
      message: "The server asks postgres to log in by GSSAPI, which Walkback can't do.",
    })
  })

  test('a mute one: given up after 10 seconds, or at once when cancelled', async () => {
    const at = await listen(() => undefined)
    const connection = await store.resolveDraft(draft(at))
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    const begin = Date.now()
    const cancelled: unknown = await store.open(connection, undefined, controller.signal).catch((error: unknown) => error)
    expect(cancelled).toBeInstanceOf(AppError)
    expect(cancelled).toMatchObject({ code: 'cancelled' })
    expect(Date.now() - begin).toBeLessThan(2000)
    expect(await failure(at, {})).toMatchObject({
      failure: 'timeout',
      message: `127.0.0.1, port ${at.port} took the connection but did not answer in 10 seconds.`,
    })
    expect(Date.now() - begin).toBeLessThan(13_000)
  })
})
