// Every way a connection can fail has its own words, a next step, and the original text; told by codes, in any language.
import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'
import {
  type ConnectAttempt,
  ConnectTimeout,
  explainFailure,
  explainOldServer,
  NotPostgres,
  PasswordNeeded,
} from '../../../electron/postgres/explainFailure'
import { connectFailures } from '../../../shared/contracts/connections'

const attempt: ConnectAttempt = {
  host: 'db.example.com',
  port: 5433,
  user: 'alice',
  database: 'shop',
  sslmode: 'prefer',
  encrypted: true,
  replication: false,
  localAddress: '10.0.0.7',
  passwordFrom: '',
  passfile: '/home/alice/.pgpass',
  passfileProblem: null,
  timeout: 10,
}
const socket = { ...attempt, host: '/var/run/postgresql', encrypted: false }

function system(code: string, message = `connect ${code}`): Error {
  return Object.assign(new Error(message), { code })
}

function server(code: string, routine: string, message: string): DatabaseError {
  return Object.assign(new DatabaseError(message, message.length, 'error'), { code, routine })
}

const rows: [name: string, error: unknown, attempt: ConnectAttempt, failure: string, message: string, hint: string][] = [
  ['unknown name', system('ENOTFOUND'), attempt, 'host', 'The host name db.example.com is not known.', 'spelling'],
  ['name server silent', system('EAI_AGAIN'), attempt, 'host', 'name server did not answer', 'network'],
  [
    'nothing listens',
    system('ECONNREFUSED'),
    attempt,
    'refused',
    'Nothing listens on db.example.com, port 5433.',
    'listen_addresses',
  ],
  [
    'two addresses, both refused',
    new AggregateError([system('ECONNREFUSED', 'one'), system('ECONNREFUSED', 'two')]),
    attempt,
    'refused',
    'Nothing listens',
    'listen_addresses',
  ],
  ['time limit of the system', system('ETIMEDOUT'), attempt, 'timeout', 'did not answer in 10 seconds', 'firewall'],
  ['our time limit', new ConnectTimeout(false), attempt, 'timeout', 'did not answer in 10 seconds', 'firewall'],
  ['mute server', new ConnectTimeout(true), attempt, 'timeout', 'took the connection but did not answer', 'port'],
  ['no route', system('EHOSTUNREACH'), attempt, 'timeout', "can't be reached", 'VPN'],
  ['no network', system('ENETUNREACH'), attempt, 'timeout', "can't be reached", 'VPN'],
  [
    'no socket',
    system('ENOENT'),
    socket,
    'socket',
    'There is no server socket /var/run/postgresql/.s.PGSQL.5433.',
    'unix_socket_directories',
  ],
  ['socket not ours', system('EACCES'), socket, 'socket', 'may not use the socket', 'unix_socket_group'],
  ['dead socket', system('ECONNREFUSED'), socket, 'socket', 'no server listens on it', 'Start it again'],
  [
    'no TLS there',
    new Error('The server does not support SSL connections'),
    { ...attempt, sslmode: 'require' },
    'tls',
    'does not offer TLS, and sslmode require needs it',
    'ssl = on',
  ],
  ['handshake', system('EPROTO'), attempt, 'tls', 'TLS handshake', 'ssl_min_protocol_version'],
  ['self-signed', system('DEPTH_ZERO_SELF_SIGNED_CERT'), attempt, 'certificate', 'signed by itself', 'root certificate'],
  [
    'unknown authority',
    system('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
    attempt,
    'certificate',
    'not signed by an authority',
    'root certificate',
  ],
  ['expired', system('CERT_HAS_EXPIRED'), attempt, 'certificate', 'has expired', 'Renew'],
  ['other name', system('ERR_TLS_CERT_ALTNAME_INVALID'), attempt, 'certificate', 'not made out to db.example.com', 'verify-ca'],
  [
    'our certificate refused',
    system('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'),
    attempt,
    'certificate',
    'does not accept the client certificate',
    'ssl_ca_file',
  ],
  ['our files broken', system('ERR_OSSL_PEM_NO_START_LINE'), attempt, 'certificate', 'not usable', 'PEM'],
  [
    'no password',
    new PasswordNeeded('x'),
    attempt,
    'password-missing',
    'asks for the password of alice, and none is known',
    '/home/alice/.pgpass',
  ],
  [
    'passfile ignored',
    new PasswordNeeded('x'),
    { ...attempt, passfileProblem: { file: '/p', reason: 'can be read by others', fix: 'Run: chmod 0600 /p' } },
    'passfile',
    '/p can be read by others',
    'chmod 0600 /p',
  ],
  [
    'wrong password',
    server('28P01', 'auth_failed', 'Passwort-Authentifizierung fehlgeschlagen'),
    attempt,
    'password-wrong',
    'does not accept the password for alice',
    'again',
  ],
  [
    'wrong password of a passfile',
    server('28P01', 'auth_failed', 'x'),
    { ...attempt, passwordFrom: 'from /home/alice/.pgpass' },
    'password-wrong',
    '(taken from /home/alice/.pgpass)',
    'again',
  ],
  [
    'pg_hba, German',
    server(
      '28000',
      'ClientAuthentication',
      'kein pg_hba.conf-Eintrag für Host »192.0.2.9«, Benutzer »alice«, Datenbank »shop«, SSL-Verschlüsselung',
    ),
    attempt,
    'pg_hba',
    'does not let in alice to the database shop from 192.0.2.9 with TLS',
    'hostssl  shop  alice  192.0.2.9/32  scram-sha-256',
  ],
  [
    'pg_hba, IPv6',
    server(
      '28000',
      'ClientAuthentication',
      'no pg_hba.conf entry for host "2001:db8::7", user "alice", database "shop", no encryption',
    ),
    { ...attempt, encrypted: false },
    'pg_hba',
    'from 2001:db8::7 without TLS',
    'host  shop  alice  2001:db8::7/128  scram-sha-256',
  ],
  [
    'pg_hba without an address in the text',
    server('28000', 'ClientAuthentication', 'alice?'),
    { ...attempt, localAddress: '::ffff:10.0.0.7' },
    'pg_hba',
    'alice',
    'SELECT pg_reload_conf()',
  ],
  [
    'pg_hba of replication',
    server(
      '28000',
      'ClientAuthentication',
      'no pg_hba.conf entry for replication connection from host "10.0.0.7", user "alice", no encryption',
    ),
    { ...attempt, replication: true },
    'pg_hba',
    'alice for replication',
    'hostssl  replication  alice  10.0.0.7/32  scram-sha-256',
  ],
  [
    'pg_hba on a socket, hostile names',
    server('28000', 'ClientAuthentication', 'no pg_hba.conf entry for host "[local]", user "a"b", database "all", no encryption'),
    { ...socket, user: 'a"b', database: 'all' },
    'pg_hba',
    'from this machine (socket)',
    'local  "all"  "a""b"  scram-sha-256',
  ],
  [
    'client certificate wanted',
    server('28000', 'ClientAuthentication', 'connection requires a valid client certificate'),
    attempt,
    'certificate',
    'asks for a client certificate',
    'ssl_ca_file',
  ],
  [
    'peer',
    server('28000', 'auth_failed', 'Peer authentication failed for user "alice"'),
    socket,
    'pg_hba',
    '(peer)',
    'local  shop  alice  scram-sha-256',
  ],
  [
    'no role',
    server('28000', 'InitializeSessionUserId', 'Rolle »alice« existiert nicht'),
    attempt,
    'role',
    'There is no role alice on this server, or it may not log in.',
    'CREATE ROLE alice LOGIN',
  ],
  [
    'no login',
    server('28000', 'InitializeSessionUserId', 'role "alice" is not permitted to log in'),
    attempt,
    'role',
    'may not log in',
    'ALTER ROLE alice LOGIN',
  ],
  [
    'no replication',
    server('42501', 'InitPostgres', 'x'),
    { ...attempt, replication: true },
    'role',
    'may not open replication',
    'ALTER ROLE alice REPLICATION',
  ],
  ['no database', server('3D000', 'InitPostgres', 'x'), attempt, 'database', 'There is no database shop', 'capital letters'],
  [
    'closed database',
    server('55000', 'CheckMyDatabase', 'x'),
    { ...attempt, database: 'My Db' },
    'database',
    'does not accept connections',
    'ALTER DATABASE "My Db" ALLOW_CONNECTIONS',
  ],
  [
    'no CONNECT',
    server('42501', 'CheckMyDatabase', 'x'),
    attempt,
    'database',
    'may not connect to the database shop',
    'GRANT CONNECT ON DATABASE shop TO alice',
  ],
  ['too many', server('53300', 'InitProcess', 'x'), attempt, 'too-many', 'no free connection left', 'max_connections'],
  ['starting', server('57P03', 'x', 'x'), attempt, 'starting', 'does not take connections now', 'moment'],
  ['stopping', server('57P01', 'x', 'x'), attempt, 'starting', 'being shut down', 'Start it again'],
  ['not PostgreSQL', new NotPostgres('x'), attempt, 'other', 'is not PostgreSQL', '5432'],
  [
    'closed without a word',
    new Error('Connection terminated unexpectedly'),
    attempt,
    'other',
    'closed the connection before',
    'tunnel',
  ],
  [
    'GSSAPI',
    new Error('Unknown authenticationOk message type 7'),
    attempt,
    'other',
    'log in by GSSAPI',
    'hostssl  shop  alice  10.0.0.7/32',
  ],
  ['unknown code of the server', server('XX000', 'x', 'odd'), attempt, 'other', 'refused the connection (XX000)', 'log'],
  ['anything else', 'a text', attempt, 'other', 'could not be made', 'original text'],
]

test.each(rows)('%s', (_name, error, at, failure, message, hint) => {
  const words = explainFailure(error, at)
  expect(words.failure).toBe(failure)
  expect(words.message).toContain(message)
  expect(words.hint).toContain(hint)
  expect(words.hint.length).toBeGreaterThan(10)
})

test('the original text is kept, with detail and hint of the server', () => {
  const error = Object.assign(server('53300', 'x', 'sorry'), { detail: 'a detail', hint: 'a hint' })
  expect(explainFailure(error, attempt).original).toBe('sorry\na detail\na hint')
  expect(explainFailure(rows[3]?.[1], attempt).original).toBe('one\ntwo')
})

test('an old server is told with its version', () => {
  expect(explainOldServer(90624)).toMatchObject({ failure: 'version' })
  expect(explainOldServer(120022).message).toBe('The server is PostgreSQL 12.22; Walkback works with 13 and newer.')
})

test('every kind of failure is reached here, in serviceFile.test.ts, or above', () => {
  const reached = new Set([...rows.map(([, , , failure]) => failure), 'version', 'service'])
  expect(connectFailures.filter((failure) => !reached.has(failure))).toEqual([])
})
