// Fills in what a connection leaves open, as libpq would: the connection's own setting, then its service, then defaults.
import { userInfo } from 'node:os'
import { type ConnectionSettings, sslModes } from '../../shared/model/connection'
import { AppError } from '../../shared/rpc/appError'
import { Secret } from '../process/secret'
import { ConnectError } from './connectError'
import { findService } from './serviceFile'
import { defaultSocketFolder } from './socketFolders'

/*
 * The environment variables PGHOST, PGUSER, PGPASSWORD, PGSSLMODE and so on of the shell that started Walkback are
 * deliberately not used: a connection saved under a name must not point to another server depending on the terminal the
 * application was opened from. PGSERVICEFILE, PGPASSFILE and PGSYSCONFDIR are used, since they only say where files are.
 */

export interface ResolvedSettings {
  settings: ConnectionSettings & { port: number }
  /** Written in the service file. */
  password: Secret | null
}

const listHint = 'Make one connection for each server.'

/** Throws ConnectError 'service', or AppError bad_input for what no single server can be reached by. */
export function resolveSettings(given: ConnectionSettings): ResolvedSettings {
  const service = given.service === '' ? undefined : findService(given.service)
  const from = (keyword: string): string => service?.values[keyword] ?? ''
  const refuse = (message: string, hint: string): ConnectError =>
    new ConnectError({ failure: 'service', message: `Service "${given.service}": ${message}`, hint, original: '' })

  if (from('service') !== '') throw refuse('a service inside a service is not allowed.', 'Remove the line service=... from it.')
  if (given.host === '' && from('hostaddr') !== '' && from('host') !== '' && from('host') !== from('hostaddr')) {
    throw refuse(
      'it gives both host and hostaddr, and Walkback takes one of them.',
      'Enter the host to connect to in the connection itself.',
    )
  }
  const portText = given.port === null ? from('port') : String(given.port)
  const host = given.host || from('host') || from('hostaddr')
  if (host.includes(',') || portText.includes(',')) {
    throw new AppError('bad_input', 'The host or the port is a list, and a connection here means exactly one server.', {
      hint: listHint,
    })
  }
  const port = portText === '' ? 5432 : Number(portText)
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw refuse(`the port "${portText}" is not a number from 1 to 65535.`, 'Correct the port in the service file.')
  }
  const sslmode = resolveSslMode(given, from('sslmode'), from('sslrootcert'), refuse)
  const user = given.user || from('user') || userInfo().username
  const settings = {
    host: host || (defaultSocketFolder(port) ?? 'localhost'),
    port,
    user,
    database: given.database || from('dbname') || user,
    sslmode,
    sslrootcert: given.sslrootcert || from('sslrootcert'),
    sslcert: given.sslcert || from('sslcert'),
    sslkey: given.sslkey || from('sslkey'),
    service: given.service,
    passfile: given.passfile || from('passfile'),
  }
  refuseNul(settings)
  return { settings, password: from('password') === '' ? null : new Secret(from('password')) }
}

/** `prefer` is what a connection has when nobody chose: then the service's mode counts. */
function resolveSslMode(
  given: ConnectionSettings,
  fromService: string,
  rootFromService: string,
  refuse: (message: string, hint: string) => ConnectError,
): ConnectionSettings['sslmode'] {
  if (given.sslmode !== 'prefer') return given.sslmode
  if (fromService !== '') {
    const mode = sslModes.find((candidate) => candidate === fromService)
    if (!mode) throw refuse(`sslmode "${fromService}" is not known.`, `Use one of ${sslModes.join(', ')}.`)
    return mode
  }
  // libpq 16: sslrootcert=system makes verify-full the default.
  return (given.sslrootcert || rootFromService) === 'system' ? 'verify-full' : given.sslmode
}

/** The start of a session is a list of NUL-ended texts: a NUL inside one would begin another setting. */
function refuseNul(settings: Readonly<Record<string, string | number>>): void {
  const bad = Object.entries(settings).find(([, value]) => typeof value === 'string' && value.includes('\0'))
  if (bad) throw new AppError('bad_input', `The ${bad[0]} holds a NUL byte.`, { hint: 'Type it again.' })
}
