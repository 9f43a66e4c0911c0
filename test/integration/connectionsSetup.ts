// What the tests of connections share: a store in a folder of its own, drafts for a cluster, certificates.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createConnectionStore } from '../../electron/postgres/connectionStore'
import type { ConnectionDraft, ConnectionStore, SecretVault } from '../../electron/services'
import type { PasswordInput } from '../../shared/contracts/connections'
import { type ConnectionSettings, emptyConnectionSettings } from '../../shared/model/connection'
import type { TestCluster } from '../support/clusters'
import { testAccount } from '../support/clusterTemplate'
import { tempFolder } from '../support/tempFolder'

export const noVault: SecretVault = {
  canRemember: false,
  reason: 'There is no keyring in this test.',
  encrypt: () => Promise.reject(new Error('must not be called')),
  decrypt: () => Promise.reject(new Error('must not be called')),
}

export interface StoreInFolder {
  store: ConnectionStore
  folder: string
}

export function newStore(): StoreInFolder {
  const folder = tempFolder('connections')
  const paths = { data: path.join(folder, 'data'), scratch: path.join(folder, 'scratch') }
  return { store: createConnectionStore({ paths, vault: noVault }), folder }
}

/** Nothing of the account that runs the tests is used: the passfile named is not there. */
export function draft(
  cluster: Pick<TestCluster, 'port' | 'password'>,
  settings: Partial<ConnectionSettings> = {},
  password: PasswordInput = { kind: 'set', password: cluster.password, remember: false },
): ConnectionDraft {
  const base = { host: '127.0.0.1', port: cluster.port, user: 'postgres', database: 'postgres', passfile: '/nowhere/pgpass' }
  return { id: null, settings: { ...emptyConnectionSettings, ...base, ...settings }, password }
}

export interface Certificates {
  folder: string
  ca: string
  otherCa: string
  /** Owned by the server's account; names localhost, not 127.0.0.1. */
  server: Pair
  selfSigned: Pair
  /** For the role certuser, signed by `ca`. */
  client: Pair
  strangeClient: Pair
}

export interface Pair {
  cert: string
  key: string
}

export function makeCertificates(): Certificates {
  const folder = tempFolder('certificates')
  fs.chmodSync(folder, 0o755)
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const file = (name: string) => path.join(folder, name)
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    )
  const signed = (name: string, by: string, subject: string, extension: string): Pair => {
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    fs.writeFileSync(file(`${name}.ext`), extension)
    const from = ['-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`]
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...from)
    return { cert: file(`${name}.crt`), key: file(`${name}.key`) }
  }
  authority('ca')
  authority('other')
  const server = signed('server', 'ca', '/CN=localhost', 'subjectAltName=DNS:localhost')
  const client = signed('client', 'ca', '/CN=certuser', 'extendedKeyUsage=clientAuth')
  const strangeClient = signed('strange', 'other', '/CN=certuser', 'extendedKeyUsage=clientAuth')
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
    '-keyout',
    'self.key',
    '-out',
    'self.crt',
  )
  const selfSigned = { cert: file('self.crt'), key: file('self.key') }
  const account = testAccount()
  for (const { key } of [server, selfSigned]) {
    fs.chownSync(key, account.uid, account.gid)
    fs.chmodSync(key, 0o600)
  }
  for (const { key } of [client, strangeClient]) fs.chmodSync(key, 0o600)
  return { folder, ca: file('ca.crt'), otherCa: file('other.crt'), server, selfSigned, client, strangeClient }
}

/** Takes effect for the next connection; waits until the server has read it. */
export async function useServerCertificate(cluster: TestCluster, certificates: Certificates, pair: Pair | null): Promise<void> {
  if (pair) {
    await cluster.sql(`ALTER SYSTEM SET ssl_cert_file = '${pair.cert}'`)
    await cluster.sql(`ALTER SYSTEM SET ssl_key_file = '${pair.key}'`)
    await cluster.sql(`ALTER SYSTEM SET ssl_ca_file = '${certificates.ca}'`)
  }
  await cluster.sql(`ALTER SYSTEM SET ssl = ${pair ? 'on' : 'off'}`)
  const [before] = await cluster.sql('SELECT pg_conf_load_time()::text AS at, pg_reload_conf()')
  for (let tries = 0; tries < 200; tries += 1) {
    const [now] = await cluster.sql(
      "SELECT pg_conf_load_time()::text AS at, current_setting('ssl') AS ssl, current_setting('ssl_cert_file') AS cert",
    )
    const done = now?.ssl === (pair ? 'on' : 'off') && (!pair || now.cert === pair.cert)
    if (done && now?.at !== before?.at) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`the server did not take the certificate:\n${cluster.log()}`)
}
