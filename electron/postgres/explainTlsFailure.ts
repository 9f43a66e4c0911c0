// Words for what goes wrong in TLS: a server without it, a certificate that doesn't convince, one of ours that is refused.
import type { FailureWords } from './connectError'
import type { ConnectAttempt } from './explainFailure'

type Words = Omit<FailureWords, 'original'>

const notTrusted = (a: ConnectAttempt): Words => ({
  failure: 'certificate',
  message: `The certificate of ${a.host} is not signed by an authority that this connection trusts.`,
  hint: `Give the certificate of the authority that signed it as root certificate. (sslmode require without a root certificate encrypts without checking who answers.)`,
})

const byCode: Readonly<Record<string, (attempt: ConnectAttempt) => Words>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: (a) => ({
    failure: 'certificate',
    message: `The certificate of ${a.host} is signed by itself, and it is not the one this connection trusts.`,
    hint: "Give the server's own certificate (its ssl_cert_file) as root certificate, got from its administrator and not from the network.",
  }),
  SELF_SIGNED_CERT_IN_CHAIN: notTrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: notTrusted,
  CERT_SIGNATURE_FAILURE: notTrusted,
  CERT_UNTRUSTED: notTrusted,
  INVALID_CA: notTrusted,
  CERT_HAS_EXPIRED: (a) => ({
    failure: 'certificate',
    message: `The certificate of ${a.host} has expired.`,
    hint: "Renew the server's certificate (ssl_cert_file), then SELECT pg_reload_conf(). If it is new, check this machine's clock.",
  }),
  CERT_NOT_YET_VALID: (a) => ({
    failure: 'certificate',
    message: `The certificate of ${a.host} is not valid yet.`,
    hint: "Check this machine's clock and the server's.",
  }),
  CERT_REVOKED: (a) => ({
    failure: 'certificate',
    message: `The certificate of ${a.host} has been revoked.`,
    hint: 'Ask its administrator; do not connect meanwhile.',
  }),
  ERR_TLS_CERT_ALTNAME_INVALID: (a) => ({
    failure: 'certificate',
    message: `The server's certificate is not made out to ${a.host}.`,
    hint: 'Connect by the name that is in the certificate (below), or use verify-ca, which checks the signature but not the name.',
  }),
}

/** Alerts with which a server answers our certificate or its absence; OpenSSL's names, the same in every language. */
const clientCertificateAlerts =
  /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_(REQUIRED|EXPIRED|REVOKED|UNKNOWN)|UNSUPPORTED_CERTIFICATE)/

export function explainTlsFailure(error: unknown, attempt: ConnectAttempt): FailureWords | undefined {
  if (!(error instanceof Error) || !attempt.encrypted) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const original = error.message
  const words = byCode[code]
  if (words) return { ...words(attempt), original }
  // node-postgres' own sentence, for the byte N with which a server says no.
  if (original === 'The server does not support SSL connections') {
    return {
      failure: 'tls',
      message: `${attempt.host} does not offer TLS, and sslmode ${attempt.sslmode} needs it.`,
      hint: 'Turn ssl on at the server (ssl = on, with ssl_cert_file and ssl_key_file), or choose sslmode prefer or disable if the network is safe.',
      original,
    }
  }
  if (clientCertificateAlerts.test(code)) {
    return {
      failure: 'certificate',
      message: 'The server does not accept the client certificate.',
      hint: "It must be valid now and signed by the authority in the server's ssl_ca_file.",
      original,
    }
  }
  if (/^ERR_(SSL|OSSL)|^EPROTO$|^ERR_TLS|^ERR_CRYPTO/.test(code)) {
    const ours = code.startsWith('ERR_OSSL')
    return {
      failure: ours ? 'certificate' : 'tls',
      message: ours
        ? 'A certificate or key file of this connection is not usable.'
        : `The TLS handshake with ${attempt.host} failed.`,
      hint: ours
        ? 'Root certificate, client certificate and key must be PEM files, and the key must belong to the certificate.'
        : 'The server may allow only TLS older than 1.2 (ssl_min_protocol_version), or something between changes the traffic.',
      original,
    }
  }
  return undefined
}
