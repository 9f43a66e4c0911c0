// Opens one connection with node-postgres the way libpq would: TLS attempts, time limit, password looked up when asked for.
import { Socket, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import { Client, type ClientConfig, DatabaseError } from 'pg'
import { AppError } from '../../shared/rpc/appError'
import type { ResolvedConnection } from '../services'
import { ConnectError } from './connectError'
import { type ConnectAttempt, ConnectTimeout, explainFailure, NotPostgres, PasswordNeeded } from './explainFailure'
import { askPassfile, passfilePath } from './passfile'
import { type TlsAttempt, tlsAttempts } from './tls'

const timeoutSeconds = 10

export interface ConnectOptions {
  database?: string
  signal?: AbortSignal
  /** A walsender for physical replication: understands only replication commands. */
  replication?: boolean
}

/** node-postgres sends it in the start packet; its types don't name it. */
type Config = ClientConfig & { replication?: string }

/**
 * A connected client in the server's default session settings. Throws ConnectError, or AppError cancelled.
 * A connection lost later rejects what is in flight.
 */
export async function connect(connection: ResolvedConnection, options: ConnectOptions = {}): Promise<Client> {
  const { settings } = connection
  if (settings.host.startsWith('@')) throw abstractSocket(settings.host)
  refuseCutNames(settings.user, options.database ?? settings.database)
  const attempts = tlsAttempts(settings)
  let first: ConnectError | undefined
  for (const [index, tls] of attempts.entries()) {
    const attempt = describeAttempt(connection, options, tls)
    try {
      return await connectOnce(connection, options, tls, attempt)
    } catch (error) {
      if (error instanceof AppError) throw error
      const words = new ConnectError(explainFailure(error, attempt), error)
      const last = index === attempts.length - 1
      if (last) throw chooseError(first, words)
      if (!worthOtherAttempt(error, words)) throw words
      first = words
    }
  }
  throw new Error('unreachable: there is always an attempt')
}

/** Another attempt with or without TLS helps only against missing TLS and against pg_hba.conf, whose rules know of TLS. */
function worthOtherAttempt(error: unknown, words: ConnectError): boolean {
  if (error instanceof DatabaseError) return words.words.failure === 'pg_hba' || words.words.failure === 'certificate'
  return words.words.failure === 'tls' || words.words.failure === 'certificate'
}

/** When both are rejected by pg_hba.conf the first, which the mode prefers, is the one to mend. */
function chooseError(first: ConnectError | undefined, last: ConnectError): ConnectError {
  return first !== undefined && first.words.failure === last.words.failure ? first : last
}

function describeAttempt(connection: ResolvedConnection, options: ConnectOptions, tls: TlsAttempt): ConnectAttempt {
  const { settings } = connection
  return {
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: options.database ?? settings.database,
    sslmode: settings.sslmode,
    encrypted: tls !== null,
    replication: options.replication === true,
    localAddress: '',
    passwordFrom: '',
    passfile: passfilePath(settings.passfile),
    passfileProblem: null,
    timeout: timeoutSeconds,
  }
}

async function connectOnce(
  connection: ResolvedConnection,
  options: ConnectOptions,
  tls: TlsAttempt,
  attempt: ConnectAttempt,
): Promise<Client> {
  const { signal } = options
  if (signal?.aborted) throw new AppError('cancelled', 'Connecting was cancelled.')
  // Node tries several addresses of a name 250 ms each by default, too short for a far server.
  setDefaultAutoSelectFamilyAttemptTimeout(3000)
  const socket = new Socket()
  let connected = false
  socket.once('connect', () => {
    connected = true
    attempt.localAddress = socket.localAddress ?? ''
  })
  const config: Config = {
    host: attempt.host,
    port: attempt.port,
    user: attempt.user,
    database: attempt.database,
    // Always a function, so that neither PGPASSWORD nor the driver's own passfile reader is asked.
    password: () => passwordFor(connection, attempt),
    ssl: tls ?? false,
    sslnegotiation: 'postgres',
    stream: () => socket,
    keepAlive: true,
    application_name: 'walkback',
    // The driver would take PGOPTIONS and PGREPLICATION of the shell for what is empty here.
    ...(process.env.PGOPTIONS ? { options: ' ' } : {}),
    ...(options.replication ? { replication: 'true' } : process.env.PGREPLICATION ? { replication: 'false' } : {}),
  }
  const client = new Client(config)
  // Without a listener a lost connection would end the process; queries in flight are rejected with the same error.
  client.on('error', () => undefined)
  let stopped: Error | undefined
  const stop = (reason: Error) => {
    stopped ??= reason
    client.connection.stream.destroy(reason)
    socket.destroy(reason)
  }
  const onAbort = () => stop(new AppError('cancelled', 'Connecting was cancelled.'))
  const timer = setTimeout(() => stop(new ConnectTimeout(connected)), timeoutSeconds * 1000)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('close', () => setImmediate(() => reject(stopped ?? new Error('Connection terminated unexpectedly'))))
      if (tls) watchTlsAnswer(socket, stop)
      client.connect().then(() => resolve(), reject)
      if (tls) client.connection.once('sslconnect', () => guard(client.connection.stream, stop))
      else guard(socket, stop)
    })
    if (stopped) throw stopped
    return client
  } catch (error) {
    socket.destroy()
    throw stopped ?? error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** The answer to a request for TLS is S or N and nothing more; E begins an error of a server out of memory. */
function watchTlsAnswer(socket: Socket, stop: (reason: Error) => void): void {
  socket.prependOnceListener('data', (chunk: Buffer) => {
    if (!/^[SNE]$/.test(chunk.subarray(0, 1).toString('latin1')) || (chunk[0] !== 0x45 && chunk.length > 1)) {
      stop(new NotPostgres('The answer to the request for TLS was neither yes nor no.'))
    }
  })
}

/**
 * The driver's parser throws inside the socket's event on what it doesn't know, which would end the process, and waits for
 * gigabytes when the first bytes of something else read like a length. So its listener is called from here.
 */
function guard(stream: NodeJS.EventEmitter, stop: (reason: Error) => void): void {
  const parsers = stream.listeners('data')
  stream.removeAllListeners('data')
  let first = true
  stream.on('data', (chunk: Buffer) => {
    if (first && !couldBePostgres(chunk)) {
      stop(new NotPostgres('The first bytes of the answer are not those of PostgreSQL.'))
      return
    }
    first = false
    try {
      for (const parse of parsers) Reflect.apply(parse, stream, [chunk])
    } catch (error) {
      stop(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

/** The first message is about authentication (R), an error (E), a notice (N) or the protocol (v); libpq allows 30,000 bytes. */
function couldBePostgres(chunk: Buffer): boolean {
  if (!/^[RENv]$/.test(chunk.subarray(0, 1).toString('latin1'))) return false
  return chunk.length < 5 || (chunk.readInt32BE(1) >= 4 && chunk.readInt32BE(1) <= 30_000)
}

/** Called when the server asks. A line of a passfile is for one database, so it is looked up for the one being opened. */
function passwordFor(connection: ResolvedConnection, attempt: ConnectAttempt): string {
  if (connection.password !== null && connection.passwordFrom !== 'passfile') {
    attempt.passwordFrom = connection.passwordFrom === 'service' ? `from the service ${connection.settings.service}` : ''
    return connection.password.reveal()
  }
  const answer = askPassfile(attempt.passfile, attempt)
  if (answer.kind === 'found') {
    attempt.passwordFrom = `from ${answer.file}`
    return answer.password.reveal()
  }
  if (answer.kind === 'ignored' && answer.wouldMatch !== false) attempt.passfileProblem = answer
  throw new PasswordNeeded('a password is asked for and none is known')
}

/** The server would cut a longer name to 63 bytes without a word, and so open another database than the one that was meant. */
function refuseCutNames(user: string, database: string): void {
  const failure = Buffer.byteLength(database) > 63 ? 'database' : Buffer.byteLength(user) > 63 ? 'role' : undefined
  if (!failure) return
  throw new ConnectError({
    failure,
    message: `There is no ${failure} ${failure === 'database' ? database : user}: the name is longer than the 63 bytes PostgreSQL keeps.`,
    hint: 'Give the name as the server shows it, shortened to 63 bytes.',
    original: '',
  })
}

function abstractSocket(host: string): ConnectError {
  return new ConnectError({
    failure: 'socket',
    message: `${host} is an abstract socket, which Walkback can't open.`,
    hint: 'Give the folder of a socket file, or a host name.',
    original: '',
  })
}
