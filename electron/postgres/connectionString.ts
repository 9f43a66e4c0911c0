// Reads a postgresql:// URL or a key=value string into settings, as libpq does; what it can't use it lists.
// Rules: "Connection Strings" in the libpq chapter, and conninfo_uri_parse_options() and conninfo_parse() in fe-connect.c.
import { type ConnectionSettings, emptyConnectionSettings, sslModes } from '../../shared/model/connection'
import { AppError } from '../../shared/rpc/appError'

export interface ParsedConnection {
  settings: ConnectionSettings
  /** There was one in the text; it is not returned. */
  hasPassword: boolean
  /** Keywords that have no place in a connection here. */
  ignored: string[]
}

/** Throws AppError bad_input; its words never repeat the text, which may hold a password. */
export function parseConnectionString(text: string): ParsedConnection {
  const trimmed = text.trim()
  const scheme = /^postgres(?:ql)?:\/\//.exec(trimmed)?.[0]
  if (scheme) return toSettings(readUrl(trimmed.slice(scheme.length)))
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)) {
    throw bad('This URL is not for PostgreSQL.', 'It begins with postgresql:// (or postgres://).')
  }
  if (!trimmed.includes('=')) {
    throw bad('This is neither a postgresql:// URL nor a list of key=value.', 'For example: postgresql://user@host:5432/database')
  }
  return toSettings(readKeyValue(trimmed))
}

type Pairs = [keyword: string, value: string][]

function bad(message: string, hint: string): AppError {
  return new AppError('bad_input', message, { hint })
}

/** What stands after the scheme. */
function readUrl(text: string): Pairs {
  const pairs: Pairs = []
  let rest = text
  // As libpq: credentials are looked for before the first slash, and end at the first @.
  const at = /^[^@/]*@/.exec(text)?.[0].length
  if (at !== undefined) {
    const credentials = text.slice(0, at - 1)
    const colon = credentials.indexOf(':')
    pairs.push(['user', decode(colon < 0 ? credentials : credentials.slice(0, colon))])
    if (colon >= 0) pairs.push(['password', decode(credentials.slice(colon + 1))])
    rest = text.slice(at)
  }
  const netloc = rest.slice(0, indexOrEnd(rest, /[/?]/))
  rest = rest.slice(netloc.length)
  pairs.push(...readHosts(netloc))
  if (rest.startsWith('/')) {
    const end = indexOrEnd(rest, /\?/)
    pairs.push(['dbname', decode(rest.slice(1, end))])
    rest = rest.slice(end)
  }
  if (rest.startsWith('?')) pairs.push(...readQuery(rest.slice(1)))
  return pairs
}

function readHosts(netloc: string): Pairs {
  if (netloc === '') return []
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::([^:]*))?$/.exec(netloc)
  if (netloc.includes(',')) throw severalServers()
  if (!match) {
    throw bad('The host of this URL can not be read.', 'An IPv6 address stands in brackets: postgresql://[::1]:5432/database')
  }
  const pairs: Pairs = [['host', decode(match[1] ?? match[2] ?? '')]]
  if (match[3]) pairs.push(['port', decode(match[3])])
  return pairs
}

function readQuery(query: string): Pairs {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part): [string, string] => {
      const equals = part.indexOf('=')
      if (equals < 0 || part.indexOf('=', equals + 1) >= 0) {
        throw bad('One of the parameters after the ? is not of the form key=value.', 'An = inside a value is written %3D.')
      }
      const [keyword, value] = [decode(part.slice(0, equals)), decode(part.slice(equals + 1))]
      // For JDBC's sake libpq reads ssl=true so.
      return keyword === 'ssl' && value === 'true' ? ['sslmode', 'require'] : [keyword, value]
    })
}

/** Percent-encoding only: a plus is a plus. */
function decode(text: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) {
    throw bad('A % in this URL is not followed by two hexadecimal digits.', 'A % itself is written %25.')
  }
  if (/%00/.test(text)) throw bad('%00 is not allowed in a connection URL.', 'Remove it.')
  try {
    return decodeURIComponent(text)
  } catch {
    throw bad('The percent-encoded characters of this URL are not UTF-8.', 'Encode them as UTF-8.')
  }
}

function indexOrEnd(text: string, pattern: RegExp): number {
  const at = text.search(pattern)
  return at < 0 ? text.length : at
}

/** `key = 'va\'lue' key2=value2`, with spaces allowed around the equals sign. */
function readKeyValue(text: string): Pairs {
  const pairs: Pairs = []
  const pattern =
    /[ \t-\r]*([^ \t-\r=]+)[ \t-\r]*=[ \t-\r]*(?:'((?:[^'\\]|\\[\s\S])*)'|((?:[^ \t-\r'\\]|\\[\s\S])(?:[^ \t-\r\\]|\\[\s\S])*)?\\?(?=[ \t-\r]|$))/y
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text)
    if (!match) {
      throw bad(
        'This list of key=value can not be read to its end.',
        "Each keyword has an =, and a value with spaces stands in '...'.",
      )
    }
    const value = match[2] ?? match[3] ?? ''
    pairs.push([match[1] ?? '', value.replace(/\\([\s\S])/g, '$1')])
  }
  return pairs
}

function severalServers(): AppError {
  return bad(
    'This names several hosts or ports, and a connection here means exactly one server.',
    'Make one connection for each server.',
  )
}

const places: Readonly<Record<string, Exclude<keyof ConnectionSettings, 'port' | 'sslmode'>>> = {
  host: 'host',
  dbname: 'database',
  user: 'user',
  sslrootcert: 'sslrootcert',
  sslcert: 'sslcert',
  sslkey: 'sslkey',
  service: 'service',
  passfile: 'passfile',
}

/** Of a keyword given twice the last counts. */
function toSettings(pairs: Pairs): ParsedConnection {
  const given = new Map(pairs)
  const settings: ConnectionSettings = { ...emptyConnectionSettings }
  const ignored: string[] = []
  if (!given.get('host') && given.get('hostaddr')) {
    given.set('host', given.get('hostaddr') ?? '')
    given.delete('hostaddr')
  }
  for (const [keyword, value] of given) {
    const place = Object.hasOwn(places, keyword) ? places[keyword] : undefined
    if (value.includes('\0')) throw bad('The text holds a NUL byte.', 'Remove it.')
    if (place) settings[place] = value
    else if (keyword === 'port') settings.port = readPort(value)
    else if (keyword === 'sslmode') settings.sslmode = readSslMode(value)
    else if (keyword !== 'password') ignored.push(keyword)
  }
  if (settings.host.includes(',')) throw severalServers()
  return { settings, hasPassword: (given.get('password') ?? '') !== '', ignored }
}

function readPort(text: string): number | null {
  if (text === '') return null
  if (text.includes(',')) throw severalServers()
  const port = /^\s*\d+\s*$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65535) {
    throw bad(
      'The port is not a number from 1 to 65535.',
      'In a URL a slash, an @ or a colon inside the password is percent-encoded: %2F, %40, %3A.',
    )
  }
  return port
}

function readSslMode(text: string): ConnectionSettings['sslmode'] {
  if (text === '') return emptyConnectionSettings.sslmode
  const mode = sslModes.find((candidate) => candidate === text)
  if (!mode) throw bad('This sslmode is not known.', `It is one of ${sslModes.join(', ')}.`)
  return mode
}
