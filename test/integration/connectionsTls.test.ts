// TLS on real servers: every sslmode, with psql of the same settings as the oracle, and each failure in its own words.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConnectError } from '../../electron/postgres/connectError'
import { type ConnectionSettings, sslModes } from '../../shared/model/connection'
import { endMajors, startCluster, type TestCluster } from '../support/clusters'
import { tempFolder } from '../support/tempFolder'
import { type Certificates, draft, makeCertificates, newStore, useServerCertificate } from './connectionsSetup'

const run = promisify(execFile)
const hba = [
  'hostssl all tlsonly 127.0.0.1/32 scram-sha-256',
  'host all tlsonly all reject',
  'hostnossl all plainonly 127.0.0.1/32 scram-sha-256',
  'host all plainonly all reject',
  'hostssl all certuser 127.0.0.1/32 cert',
  'host all certuser all reject',
]

const as = (pair: { cert: string; key: string } | null) => ({
  host: 'localhost',
  user: 'certuser',
  sslmode: 'require' as const,
  ...(pair ? { sslcert: pair.cert, sslkey: pair.key } : {}),
})

let certificates: Certificates
const home = process.env.HOME
beforeAll(() => {
  certificates = makeCertificates()
  // ~/.postgresql of whoever runs the tests must not matter.
  process.env.HOME = tempFolder('home')
})
afterAll(() => {
  process.env.HOME = home
})

describe.each(endMajors())('PostgreSQL %i', (major) => {
  let cluster: TestCluster
  const { store } = newStore()

  beforeAll(async () => {
    cluster = await startCluster({ major, hba, prefix: `tls${major}` })
    for (const role of ['tlsonly', 'plainonly', 'certuser'])
      await cluster.sql(`CREATE ROLE ${role} LOGIN PASSWORD '${cluster.password}'`)
    await useServerCertificate(cluster, certificates, certificates.server)
  })
  afterAll(() => cluster?.remove())

  const open = async (settings: Partial<ConnectionSettings>) => store.open(await store.resolveDraft(draft(cluster, settings)))

  /** Whether the session is encrypted, or the failure. */
  async function ours(settings: Partial<ConnectionSettings>): Promise<string> {
    try {
      const client = await store.open(await store.resolveDraft(draft(cluster, settings)))
      const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
      await client.end()
      return rows[0].ssl ? 'TLS' : 'plain'
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      if (error.words.hint === '') throw new Error('no hint', { cause: error })
      return error.words.failure
    }
  }

  async function psql(settings: Partial<ConnectionSettings>): Promise<string> {
    const tools = await store.toolEnvironment(await store.resolveDraft(draft(cluster, settings)))
    const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
    try {
      const { stdout } = await run(path.join(cluster.bin, 'psql'), ['--no-psqlrc', '--no-password', '-Atc', sql, 'postgres'], {
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...tools.env },
      })
      return stdout.trim() === 't' ? 'TLS' : 'plain'
    } catch {
      return 'refused' // its exit code says so; the words are compared nowhere
    } finally {
      await tools.remove()
    }
  }

  test('every mode, role and root certificate ends as it does for psql', async () => {
    const roots = { none: '', right: certificates.ca, wrong: certificates.otherCa }
    const outcomes: string[] = []
    for (const sslmode of sslModes) {
      for (const user of ['postgres', 'tlsonly', 'plainonly']) {
        for (const [root, sslrootcert] of Object.entries(roots)) {
          const settings = { host: 'localhost', sslmode, user, sslrootcert }
          const name = `${sslmode} ${user} ${root}`
          const [we, they] = [await ours(settings), await psql(settings)]
          expect(`${name}: ${['TLS', 'plain'].includes(we) ? we : 'refused'}`).toBe(`${name}: ${they}`)
          outcomes.push(we)
        }
      }
    }
    expect(outcomes).toHaveLength(54)
    expect(new Set(outcomes)).toEqual(new Set(['TLS', 'plain', 'pg_hba', 'certificate']))
  })

  test('verify-full: right authority and name; a wrong name and a wrong authority are told apart', async () => {
    const sslrootcert = certificates.ca
    expect(await ours({ host: 'localhost', sslmode: 'verify-full', sslrootcert })).toBe('TLS')
    expect(await ours({ host: '127.0.0.1', sslmode: 'verify-ca', sslrootcert })).toBe('TLS')
    await expect(open({ host: '127.0.0.1', sslmode: 'verify-full', sslrootcert })).rejects.toThrow(
      "The server's certificate is not made out to 127.0.0.1.",
    )
    for (const sslmode of ['require', 'verify-ca', 'verify-full'] as const) {
      await expect(open({ host: 'localhost', sslmode, sslrootcert: certificates.otherCa })).rejects.toThrow(
        'The certificate of localhost is not signed by an authority that this connection trusts.',
      )
    }
    await expect(open({ host: 'localhost', sslmode: 'verify-full', sslrootcert: 'system' })).rejects.toThrow(
      'not signed by an authority',
    )
    await expect(open({ host: 'localhost', sslmode: 'verify-full' })).rejects.toThrow(/root certificate file .* does not exist/)
    await expect(open({ host: 'localhost', sslmode: 'require', sslrootcert: 'system' })).rejects.toThrow(
      "sslrootcert=system can't be used with sslmode require.",
    )
  })

  test('a client certificate lets in; without one, with a stranger’s, or with an open key it is refused in words', async () => {
    const { client, strangeClient } = certificates
    expect(await ours(as(client))).toBe('TLS')
    expect(await psql(as(client))).toBe('TLS')
    await expect(open(as(null))).rejects.toThrow('The server asks for a client certificate')
    await expect(open(as(strangeClient))).rejects.toThrow('The server does not accept the client certificate.')
    const openKey = path.join(certificates.folder, `open${major}.key`)
    fs.copyFileSync(client.key, openKey)
    fs.chmodSync(openKey, 0o644)
    await expect(open(as({ cert: client.cert, key: openKey }))).rejects.toThrow('can be read by other accounts')
    expect(await psql(as({ cert: client.cert, key: openKey }))).toBe('refused')
    await expect(open(as({ cert: client.cert, key: '/nowhere.key' }))).rejects.toThrow('/nowhere.key does not exist')
    await expect(open(as({ cert: client.cert, key: strangeClient.key }))).rejects.toThrow('is not usable')
  })

  test('pg_hba says what to add, with the kind of connection that was preferred', async () => {
    const opening = store.resolveDraft(draft(cluster, { user: 'plainonly', sslmode: 'require' })).then((it) => store.open(it))
    await expect(opening).rejects.toMatchObject({
      message: "The server's pg_hba.conf does not let in plainonly to the database postgres from 127.0.0.1 with TLS.",
      hint: expect.stringContaining('hostssl  postgres  plainonly  127.0.0.1/32  scram-sha-256'),
    })
  })

  test('self-signed, then no TLS at all', async () => {
    await useServerCertificate(cluster, certificates, certificates.selfSigned)
    await expect(open({ host: 'localhost', sslmode: 'verify-full', sslrootcert: certificates.ca })).rejects.toThrow(
      'is signed by itself',
    )
    expect(await ours({ host: 'localhost', sslmode: 'verify-full', sslrootcert: certificates.selfSigned.cert })).toBe('TLS')
    await useServerCertificate(cluster, certificates, null)
    await expect(open({ sslmode: 'require' })).rejects.toThrow('127.0.0.1 does not offer TLS, and sslmode require needs it.')
    expect(await ours({ sslmode: 'prefer' })).toBe('plain')
    expect(await ours({ sslmode: 'allow' })).toBe('plain')
    expect(await ours({ host: cluster.socketDir, sslmode: 'verify-full', sslrootcert: certificates.ca })).toBe('plain')
  })
})
