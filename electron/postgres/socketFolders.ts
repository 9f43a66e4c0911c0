// Folders in which a local server's socket is looked for when no host is given.
import { existsSync, readdirSync } from 'node:fs'

/** Debian's and Red Hat's packages use the first, PostgreSQL's own build and macOS the second. */
const folders = process.platform === 'win32' ? [] : ['/var/run/postgresql', '/tmp']

/**
 * libpq's default is the one folder it was built with. We can't ask it, so: the folder that has a socket for this port,
 * else /var/run/postgresql where it exists. undefined: connect to localhost.
 */
export function defaultSocketFolder(port: number): string | undefined {
  return (
    folders.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? folders.slice(0, 1).find((folder) => existsSync(folder))
  )
}

/** Every socket that is there now, whether or not a server still answers on it. */
export function listSockets(): { folder: string; port: number }[] {
  return folders.flatMap((folder) => {
    if (!existsSync(folder)) return []
    return readdirSync(folder).flatMap((name) => {
      const port = /^\.s\.PGSQL\.(\d+)$/.exec(name)?.[1]
      return port === undefined ? [] : [{ folder, port: Number(port) }]
    })
  })
}

/** As libpq decides: a path, or @ for Linux' abstract sockets. */
export function isSocketHost(host: string): boolean {
  return host.startsWith('/') || host.startsWith('@') || /^[a-zA-Z]:[\\/]/.test(host)
}
