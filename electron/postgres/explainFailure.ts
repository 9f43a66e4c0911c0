// Turns whatever stopped a connection into plain words: recognised by error codes and the server's source routine, which no
// language setting changes; by text only where there is no code.
import { isIP } from 'node:net'
import { DatabaseError } from 'pg'
import type { ConnectFailure } from '../../shared/contracts/connections'
import { formatPgVersion, type PgVersion, supportedMajors } from '../../shared/model/pgVersion'
import type { FailureWords } from './connectError'
import { explainNetworkFailure } from './explainNetworkFailure'
import { explainTlsFailure } from './explainTlsFailure'
import { hbaLine } from './hbaLine'
import { isSocketHost } from './socketFolders'

/** What was being tried when it failed. */
export interface ConnectAttempt {
  host: string
  port: number
  user: string
  database: string
  sslmode: string
  /** This attempt used TLS. */
  encrypted: boolean
  replication: boolean
  /** Our end of the connection, as far as there was one: what pg_hba.conf usually sees. */
  localAddress: string
  /** Where the password came from, in words: "from /root/.pgpass"; '' when there was none. */
  passwordFrom: string
  /** A passfile that is there but ignored, with the reason and the command that helps. */
  passfileProblem: { file: string; reason: string; fix: string } | null
  /** Where a password was looked for last. */
  passfile: string
  /** Seconds. */
  timeout: number
}

/** Thrown by our password callback: the server asked, and there is none. */
export class PasswordNeeded extends Error {}
/** The first bytes that came back are not PostgreSQL's. */
export class NotPostgres extends Error {}
export class ConnectTimeout extends Error {
  constructor(readonly connected: boolean) {
    super(connected ? 'no answer after connecting' : 'no connection')
  }
}

export function place(attempt: Pick<ConnectAttempt, 'host' | 'port'>): string {
  return isSocketHost(attempt.host) ? `${attempt.host}/.s.PGSQL.${attempt.port}` : `${attempt.host}, port ${attempt.port}`
}

export function explainFailure(error: unknown, attempt: ConnectAttempt): FailureWords {
  if (error instanceof PasswordNeeded) return explainMissingPassword(attempt)
  if (error instanceof DatabaseError && error.code) return explainServerError(error, attempt)
  const words = explainTlsFailure(error, attempt) ?? explainNetworkFailure(error, attempt)
  if (words) return words
  const original = error instanceof Error ? error.message : String(error)
  const authentication = /^Unknown authenticationOk message type (\d+)/.exec(original)
  if (authentication) {
    const method = { 2: 'Kerberos', 7: 'GSSAPI', 9: 'SSPI' }[Number(authentication[1])] ?? 'a kind of authentication'
    return {
      failure: 'other',
      message: `The server asks ${attempt.user} to log in by ${method}, which Walkback can't do.`,
      hint: `Use a role that logs in with a password or a certificate: in pg_hba.conf, above the line that asks for it, add\n${hbaLine(attempt, attempt.localAddress)}\nthen run SELECT pg_reload_conf();`,
      original,
    }
  }
  return {
    failure: 'other',
    message: `The connection to ${place(attempt)} could not be made.`,
    hint: "Read the original text below; the server's log may say more.",
    original,
  }
}

function explainMissingPassword(attempt: ConnectAttempt): FailureWords {
  const { passfileProblem: problem } = attempt
  if (problem) {
    return {
      failure: 'passfile',
      message: `The server asks for a password, and ${problem.file} ${problem.reason}.`,
      hint: problem.fix,
      original: '',
    }
  }
  return {
    failure: 'password-missing',
    message: `The server asks for the password of ${attempt.user}, and none is known: none is entered for this connection, and ${attempt.passfile} has no line for it.`,
    hint: `Enter the password, or add a line host:port:database:user:password to ${attempt.passfile} (mode 0600).`,
    original: '',
  }
}

interface ServerRule {
  code: string
  /** The function in PostgreSQL's source that raised it, where one code means several things. */
  routine?: string
  /** Further condition, on what is not translated. */
  when?: (error: DatabaseError, attempt: ConnectAttempt) => boolean
  failure: ConnectFailure
  message: (attempt: ConnectAttempt, error: DatabaseError) => string
  hint: (attempt: ConnectAttempt, error: DatabaseError) => string
}

const reload = 'then run SELECT pg_reload_conf(); or: pg_ctl reload'

/** First match counts. */
const serverRules: readonly ServerRule[] = [
  {
    code: '28P01',
    failure: 'password-wrong',
    message: (a) => `The server does not accept the password for ${a.user}${a.passwordFrom && ` (taken ${a.passwordFrom})`}.`,
    hint: () =>
      'Enter the password again. PostgreSQL says the same when the role does not exist, has no password, or its password has expired.',
  },
  {
    code: '28000',
    routine: 'InitializeSessionUserId',
    failure: 'role',
    // "role does not exist" carries no detail either; only the text tells it from "not permitted to log in".
    message: (a, e) =>
      /permitted/.test(e.message)
        ? `The role ${a.user} may not log in.`
        : `There is no role ${a.user} on this server, or it may not log in.`,
    hint: (a, e) =>
      /permitted/.test(e.message)
        ? `Use another role, or as a superuser: ALTER ROLE ${sqlName(a.user)} LOGIN;`
        : `Check the user's name (capital letters count), or as a superuser: CREATE ROLE ${sqlName(a.user)} LOGIN;`,
  },
  {
    code: '28000',
    routine: 'ClientAuthentication',
    when: (error, a) => !error.message.includes(a.user),
    failure: 'certificate',
    message: () => 'The server asks for a client certificate, and none was sent that it accepts.',
    hint: () => "Give the client certificate and its key, signed by the authority that the server's ssl_ca_file names.",
  },
  {
    code: '28000',
    routine: 'ClientAuthentication',
    failure: 'pg_hba',
    message: (a, e) => {
      const who = `${a.user} ${a.replication ? 'for replication' : `to the database ${a.database}`}`
      return `The server's pg_hba.conf does not let in ${who} from ${clientAddress(e, a)}${isSocketHost(a.host) ? '' : a.encrypted ? ' with TLS' : ' without TLS'}.`
    },
    hint: (a, e) =>
      `Above the line that rejects it in pg_hba.conf, or at its end if none does, add\n${hbaLine(a, clientAddress(e, a))}\n${reload}`,
  },
  {
    code: '28000',
    routine: 'auth_failed',
    failure: 'pg_hba',
    message: (a) =>
      isSocketHost(a.host)
        ? `The server did not let in ${a.user}: on this socket it wants the operating system's account to be of that name (peer).`
        : `The server did not let in ${a.user}: the method that pg_hba.conf names for it refused.`,
    hint: (a, e) =>
      `Connect as the role that belongs to the account running Walkback, or by host localhost with a password; or change the method in pg_hba.conf to\n${hbaLine(a, clientAddress(e, a))}\n${reload}`,
  },
  {
    code: '28000',
    failure: 'role',
    message: (a) => `The server did not let in ${a.user}.`,
    hint: () => 'Check the user, and the rules in pg_hba.conf.',
  },
  {
    code: '3D000',
    failure: 'database',
    message: (a) => `There is no database ${a.database} on this server.`,
    hint: () => 'Check the name (capital letters count). Every server has a database named postgres unless it was dropped.',
  },
  {
    code: '55000',
    failure: 'database',
    message: (a) => `The database ${a.database} does not accept connections.`,
    hint: (a) => `Use another database, or: ALTER DATABASE ${sqlName(a.database)} ALLOW_CONNECTIONS true;`,
  },
  {
    code: '42501',
    when: (_, a) => a.replication,
    failure: 'role',
    message: (a) => `${a.user} may not open replication connections.`,
    hint: (a) => `As a superuser: ALTER ROLE ${sqlName(a.user)} REPLICATION;`,
  },
  {
    code: '42501',
    failure: 'database',
    message: (a) => `${a.user} may not connect to the database ${a.database}.`,
    hint: (a) => `As its owner: GRANT CONNECT ON DATABASE ${sqlName(a.database)} TO ${sqlName(a.user)};`,
  },
  {
    code: '53300',
    failure: 'too-many',
    message: () => 'The server has no free connection left for this role or database.',
    hint: () =>
      'Close sessions that are not needed (pg_stat_activity lists them) or raise max_connections, which needs a restart. Superusers have superuser_reserved_connections of their own.',
  },
  {
    code: '57P03',
    failure: 'starting',
    message: () => 'The server is there but does not take connections now: it is starting up, recovering or shutting down.',
    hint: () => "Try again in a moment. After a crash recovery can take minutes; the server's log shows how far it is.",
  },
  {
    code: '57P01',
    failure: 'starting',
    message: () => 'The server closed the connection because it is being shut down.',
    hint: () => 'Start it again, or wait until it is back.',
  },
]

function explainServerError(error: DatabaseError, attempt: ConnectAttempt): FailureWords {
  const original = [error.message, error.detail, error.hint].filter(Boolean).join('\n')
  const rule = serverRules.find(
    (candidate) =>
      candidate.code === error.code &&
      (candidate.routine === undefined || candidate.routine === error.routine) &&
      (candidate.when === undefined || candidate.when(error, attempt)),
  )
  if (rule) return { failure: rule.failure, message: rule.message(attempt, error), hint: rule.hint(attempt, error), original }
  return {
    failure: 'other',
    message: `The server at ${place(attempt)} refused the connection (${error.code}).`,
    hint: "Read the original text below; the server's log may say more.",
    original,
  }
}

/** The server's view if its text holds an address (behind NAT the two differ), else our end; `local` on a socket. */
function clientAddress(error: DatabaseError, attempt: ConnectAttempt): string {
  if (isSocketHost(attempt.host)) return 'this machine (socket)'
  const seen = error.message.split(/[^0-9a-fA-F.:]+/).find((word) => isIP(word) !== 0)
  return seen ?? attempt.localAddress
}

function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** For a server that answers but is too old. */
export function explainOldServer(version: PgVersion): FailureWords {
  return {
    failure: 'version',
    message: `The server is PostgreSQL ${formatPgVersion(version)}; Walkback works with ${supportedMajors[0]} and newer.`,
    hint: `Dump it with the pg_dump of a newer version by hand, or upgrade the server: PostgreSQL ${formatPgVersion(version)} gets no fixes any more.`,
    original: '',
  }
}
