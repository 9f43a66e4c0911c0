// pg_service.conf as libpq reads it: where it is looked for, its sections, and one section by name.
// Rules: "The Connection Service File" in the libpq chapter, and parseServiceFile() in fe-connect.c.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConnectError } from './connectError'

export interface Service {
  name: string
  file: string
  /** libpq keywords and their values; of a keyword given twice the first counts. */
  values: Readonly<Record<string, string>>
  /** A line of the section that libpq would refuse; other sections of the file stay usable. */
  problem?: ConnectError
}

/** Debian's folder, PGDG's for Red Hat, and what a build from source has. libpq knows only the one it was built with. */
const systemFolders = ['/etc/postgresql-common', '/etc/sysconfig/pgsql', '/usr/local/pgsql/etc', '/usr/local/etc/postgresql']

/** In the order they are asked; a file need not exist. PGSERVICEFILE stands in for the person's own file. */
export function serviceFiles(env: NodeJS.ProcessEnv = process.env): string[] {
  const own =
    env.PGSERVICEFILE ||
    (process.platform === 'win32'
      ? join(env.APPDATA ?? homedir(), 'postgresql', '.pg_service.conf')
      : join(env.HOME || homedir(), '.pg_service.conf'))
  const folders = env.PGSYSCONFDIR ? [env.PGSYSCONFDIR] : process.platform === 'win32' ? [] : systemFolders
  return [own, ...folders.map((folder) => join(folder, 'pg_service.conf'))]
}

export function parseServiceFile(text: string, file: string): Service[] {
  const services: (Service & { values: Record<string, string> })[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const header = /^\[([^\]]*)\]/.exec(line)
    if (header) {
      services.push({ name: header[1] ?? '', file, values: Object.create(null) })
      continue
    }
    const current = services.at(-1)
    if (!current) continue // before the first section: libpq passes over it
    const equals = line.indexOf('=')
    if (equals < 1 || line.startsWith('ldap')) {
      current.problem ??= unreadableLine(file, index + 1, line.startsWith('ldap'))
      continue
    }
    const keyword = line.slice(0, equals)
    current.values[keyword] ??= line.slice(equals + 1)
  }
  return services
}

function unreadableLine(file: string, line: number, ldap: boolean): ConnectError {
  return new ConnectError({
    failure: 'service',
    message: ldap
      ? `Line ${line} of ${file} asks an LDAP server for the settings, which Walkback does not do.`
      : `Line ${line} of ${file} is neither a [section] nor keyword=value.`,
    hint: ldap ? 'Enter host, port, user and database in the connection itself.' : 'Correct the line; psql refuses it too.',
    original: '',
  })
}

/** undefined when the file isn't there. */
function readServiceFile(file: string): Service[] | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new ConnectError({
      failure: 'service',
      message: `The service file ${file} can't be read.`,
      hint: 'Make it readable for the account that runs Walkback.',
      original: error instanceof Error ? error.message : String(error),
    })
  }
  return parseServiceFile(text, file)
}

/** Every section that a name could mean; a name in an earlier file hides the same name in a later one. */
export function listServices(files: readonly string[] = serviceFiles()): Service[] {
  const found = new Map<string, Service>()
  for (const file of files) {
    for (const service of readServiceFile(file) ?? []) {
      if (!found.has(service.name)) found.set(service.name, service)
    }
  }
  return [...found.values()]
}

export function findService(name: string, files: readonly string[] = serviceFiles()): Service {
  for (const file of files) {
    const service = readServiceFile(file)?.find((candidate) => candidate.name === name)
    if (service?.problem) throw service.problem
    if (service) return service
  }
  throw new ConnectError({
    failure: 'service',
    message: `The service "${name}" is in none of the service files: ${files.join(', ')}.`,
    hint: `Add a section [${name}] to one of them, or leave the service empty and enter host, port, user and database.`,
    original: '',
  })
}
