// Words for what stops a connection before PostgreSQL is reached: names, ports, sockets, time, and servers that are no PostgreSQL.
import type { FailureWords } from './connectError'
import { type ConnectAttempt, ConnectTimeout, NotPostgres, place } from './explainFailure'
import { isSocketHost } from './socketFolders'

type Words = Omit<FailureWords, 'original'>

const unreachable = (a: ConnectAttempt): Words => ({
  failure: 'timeout',
  message: `${a.host} can't be reached from this machine.`,
  hint: 'Check the network, VPN or tunnel, and that the address is right.',
})

const unknownHost = (a: ConnectAttempt): Words => ({
  failure: 'host',
  message: `The host name ${a.host} is not known.`,
  hint: 'Check its spelling, or give the IP address; if the name is known only inside a network, check the VPN.',
})

const silence = (a: ConnectAttempt): Words => ({
  failure: 'timeout',
  message: `${place(a)} did not answer in ${a.timeout} seconds.`,
  hint: 'Check host and port. A firewall that drops packets looks like this; so does an address where no machine is.',
})

const noSocket = (a: ConnectAttempt): Words => ({
  failure: 'socket',
  message: `There is no server socket ${place(a)}.`,
  hint: "Check that the server runs, its port, and its unix_socket_directories; or connect by host localhost. pg_lsclusters shows Debian's clusters.",
})

const closed = (a: ConnectAttempt): Words => ({
  failure: 'other',
  message: `${place(a)} closed the connection before PostgreSQL answered.`,
  hint: 'A tunnel or proxy whose other end is down looks like this; so does a server that crashes. Look into its log.',
})

const byCode: Readonly<Record<string, (attempt: ConnectAttempt) => Words>> = {
  ENOTFOUND: unknownHost,
  EAI_AGAIN: (a) => ({
    failure: 'host',
    message: `The host name ${a.host} could not be looked up: the name server did not answer.`,
    hint: 'Check the network, or give the IP address.',
  }),
  EAI_NONAME: unknownHost,
  EAI_FAIL: unknownHost,
  ECONNREFUSED: (a) =>
    isSocketHost(a.host)
      ? {
          failure: 'socket',
          message: `The socket ${place(a)} is there, but no server listens on it.`,
          hint: 'The server was probably killed. Start it again.',
        }
      : {
          failure: 'refused',
          message: `Nothing listens on ${place(a)}.`,
          hint: 'Check that the server runs, its port, and that listen_addresses covers this address (default: localhost only).',
        },
  ETIMEDOUT: silence,
  EHOSTUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENETUNREACH: unreachable,
  EADDRNOTAVAIL: unreachable,
  EINVAL: unreachable,
  ENOENT: noSocket,
  ENOTDIR: noSocket,
  ENOTSOCK: noSocket,
  EACCES: (a) => ({
    failure: 'socket',
    message: `The account that runs Walkback may not use the socket ${place(a)}.`,
    hint: 'Connect by host localhost, or add the account to the group that unix_socket_group names.',
  }),
  EPERM: (a) => ({
    failure: 'refused',
    message: `This machine does not allow a connection to ${place(a)}.`,
    hint: 'Check its firewall.',
  }),
  ECONNRESET: closed,
  EPIPE: closed,
}

export function explainNetworkFailure(error: unknown, attempt: ConnectAttempt): FailureWords | undefined {
  const original = describe(error)
  if (error instanceof ConnectTimeout) {
    if (!error.connected) return { ...silence(attempt), original }
    return {
      failure: 'timeout',
      message: `${place(attempt)} took the connection but did not answer in ${attempt.timeout} seconds.`,
      hint: 'Check that it is the port of PostgreSQL and not of something else. A server that is stuck or overloaded looks like this too.',
      original,
    }
  }
  if (error instanceof NotPostgres || original.startsWith('received invalid response')) {
    return {
      failure: 'other',
      message: `What answers on ${place(attempt)} is not PostgreSQL.`,
      hint: 'Check the port: PostgreSQL listens on 5432 unless set otherwise (SHOW port).',
      original,
    }
  }
  const words = byCode[codeOf(error)]
  if (words) return { ...words(attempt), original }
  if (original === 'Connection terminated unexpectedly') return { ...closed(attempt), original }
  return undefined
}

/** Of several addresses tried, the first failure stands for all. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('\n')
  return error instanceof Error ? error.message : String(error)
}
