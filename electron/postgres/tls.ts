// What libpq's sslmode, sslrootcert, sslcert and sslkey mean for Node's TLS: which attempts are made, and with which options.
// Rules: "SSL Support" in the libpq chapter, and initialize_SSL() in fe-secure-openssl.c.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, rootCertificates } from 'node:tls'
import type { ConnectionSettings } from '../../shared/model/connection'
import { ConnectError } from './connectError'
import { isSocketHost } from './socketFolders'

/** null is a connection without TLS. */
export type TlsAttempt = ConnectionOptions | null

/**
 * The attempts in order. The second is made when the first finds no TLS where it wants it, or is rejected by pg_hba.conf;
 * a wrong password is not tried twice (libpq does), since it would be wrong again.
 * Throws ConnectError 'certificate' for files that can't be used.
 */
export function tlsAttempts(settings: ConnectionSettings): TlsAttempt[] {
  // A unix socket never carries TLS, whatever the mode: libpq says so, and so do the server's rules.
  if (isSocketHost(settings.host) || settings.sslmode === 'disable') return [null]
  const options = tlsOptions(settings)
  if (settings.sslmode === 'allow') return [null, options]
  if (settings.sslmode === 'prefer') return [options, null]
  return [options]
}

function tlsOptions(settings: ConnectionSettings): ConnectionOptions {
  const { sslmode } = settings
  const ca = rootCertificate(settings)
  const common: ConnectionOptions = { minVersion: 'TLSv1.2', ...clientCertificate(settings) }
  // A root certificate is checked against in every mode that uses TLS, as libpq does; without one only verify-* insist.
  if (ca === undefined) return { ...common, rejectUnauthorized: false }
  const verified: ConnectionOptions = { ...common, ca, rejectUnauthorized: true, ...revocationList() }
  return sslmode === 'verify-full' ? verified : { ...verified, checkServerIdentity: () => undefined }
}

function inHome(name: string): string {
  return process.platform === 'win32'
    ? join(process.env.APPDATA ?? homedir(), 'postgresql', name)
    : join(process.env.HOME || homedir(), '.postgresql', name)
}

function rootCertificate(settings: ConnectionSettings): string | string[] | undefined {
  const { sslmode, sslrootcert } = settings
  if (sslrootcert === 'system') {
    if (sslmode !== 'verify-full') {
      throw certificateProblem(
        `sslrootcert=system can't be used with sslmode ${sslmode}.`,
        'Choose verify-full: a public authority gives certificates to anyone, so the name must be checked too.',
      )
    }
    return systemRoots()
  }
  const file = sslrootcert || inHome('root.crt')
  if (existsSync(file)) return readFile(file, 'root certificate')
  if (sslrootcert === '' && !sslmode.startsWith('verify')) return undefined
  throw certificateProblem(
    `The root certificate file ${file} does not exist.`,
    sslmode.startsWith('verify')
      ? `sslmode ${sslmode} needs the certificate of the authority that signed the server's: give its file, or "system" for the public ones.`
      : 'Give the right file, or leave the field empty.',
  )
}

/** OpenSSL's own settings first, then where the systems keep their bundle; Node's built-in list where there is none. */
function systemRoots(): string | string[] {
  const bundles = [
    process.env.SSL_CERT_FILE ?? '',
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/cert.pem',
  ]
  const file = bundles.find((bundle) => bundle !== '' && existsSync(bundle))
  return file === undefined ? [...rootCertificates] : readFile(file, 'root certificate')
}

function revocationList(): ConnectionOptions {
  const file = inHome('root.crl')
  return existsSync(file) ? { crl: readFile(file, 'certificate revocation list') } : {}
}

function clientCertificate(settings: ConnectionSettings): ConnectionOptions {
  const certFile = settings.sslcert || inHome('postgresql.crt')
  if (!existsSync(certFile)) {
    if (settings.sslcert === '') return {}
    throw certificateProblem(
      `The client certificate file ${certFile} does not exist.`,
      'Give the right file, or leave the field empty.',
    )
  }
  const keyFile = settings.sslkey || inHome('postgresql.key')
  if (!existsSync(keyFile)) {
    throw certificateProblem(
      `There is a client certificate (${certFile}), but not its private key: ${keyFile} does not exist.`,
      "Give the key's file.",
    )
  }
  checkKeyPermissions(keyFile)
  const key = readFile(keyFile, 'private key')
  if (/ENCRYPTED/.test(key)) {
    throw certificateProblem(
      `The private key ${keyFile} is locked with a passphrase, which can't be entered here.`,
      `Make an unlocked copy that only you can read: openssl pkey -in <locked key> -out <new file>; chmod 0600 <new file>.`,
    )
  }
  return { cert: readFile(certFile, 'client certificate'), key }
}

/** libpq: no access for group and others; a key owned by root may be readable by its group. Not checked on Windows. */
function checkKeyPermissions(file: string): void {
  const stat = statSync(file)
  if (!stat.isFile()) throw certificateProblem(`The private key ${file} is not a plain file.`, "Give the key's file.")
  if (process.platform === 'win32') return
  if ((stat.mode & (stat.uid === 0 ? 0o037 : 0o077)) === 0) return
  throw certificateProblem(
    `The private key ${file} can be read by other accounts of this machine, so PostgreSQL programs refuse it.`,
    'Run: chmod 0600 on the key (0640 is allowed when root owns it).',
  )
}

function readFile(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw certificateProblem(
      `The ${what} ${file} can't be read.`,
      'Make it readable for the account that runs Walkback.',
      error instanceof Error ? error.message : String(error),
    )
  }
}

function certificateProblem(message: string, hint: string, original = ''): ConnectError {
  return new ConnectError({ failure: 'certificate', message, hint, original })
}
