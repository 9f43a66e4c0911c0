// What the server's machine has where tablespaces are to be: CREATE TABLESPACE wants an empty folder of the server's account.
import { stat } from 'node:fs/promises'
import type { Client } from 'pg'
import { isThisMachine } from './sameMachine'
import type { ServerState } from './serverState'

export interface TablespaceFacts {
  name: string
  location: string
  /** What is wrong there, in a sentence; '' when nothing is known to be. */
  problem: string
  /** The folder could not be looked at: only a superuser may, through the server. */
  unknown: boolean
}

/** Each is looked at by the server itself, whose machine it is about. */
export async function readTablespaces(
  client: Client,
  server: ServerState,
  host: string,
  wanted: readonly { name: string; location: string }[],
): Promise<TablespaceFacts[]> {
  const found: TablespaceFacts[] = []
  for (const { name, location } of wanted) {
    const problem = server.superuser ? await problemOf(client, server, host, location) : ''
    const twice = found.some((other) => other.location === location)
    found.push({
      name,
      location,
      problem: twice ? `${location} is the folder of another tablespace as well.` : problem,
      unknown: !server.superuser,
    })
  }
  return found
}

async function problemOf(client: Client, server: ServerState, host: string, location: string): Promise<string> {
  if (!/^(\/|[A-Za-z]:[\\/])/.test(location)) return `${JSON.stringify(location)} is not an absolute path.`
  if (location.includes("'")) return `${location} holds a single quote, which CREATE TABLESPACE does not take.`
  const { rows } = await client.query<{ folder: boolean | null }>('SELECT isdir AS folder FROM pg_stat_file($1, true)', [
    location,
  ])
  const folder = rows[0]?.folder ?? null
  if (folder === null) return `There is no folder ${location} on the server’s machine: make it, owned by the server’s account.`
  if (!folder) return `${location} is a file, not a folder.`
  const owner = await ownerProblem(server, host, location)
  if (owner !== '') return owner
  return contentProblem(client, location)
}

/** Several majors may share a folder, one below the other (PG_17_..., PG_18_...); this one's own must not be there. */
async function contentProblem(client: Client, location: string): Promise<string> {
  try {
    const own = await client.query<{ name: string }>(
      `SELECT name FROM pg_ls_dir($1) AS name WHERE name LIKE 'PG\\_' ||
         (current_setting('server_version_num')::int / 10000)::text || '\\_%'`,
      [location],
    )
    return own.rows.length === 0 ? '' : `${location} is the folder of a tablespace of this version already.`
  } catch (error) {
    return `The server can’t read ${location}: ${error instanceof Error ? error.message : String(error)}.`
  }
}

/** Only where the server's files are on this machine can their owners be compared. */
async function ownerProblem(server: ServerState, host: string, location: string): Promise<string> {
  if (!isThisMachine(host) || server.dataDirectory === null || process.platform === 'win32') return ''
  try {
    const [data, folder] = await Promise.all([stat(server.dataDirectory), stat(location)])
    return data.uid === folder.uid ? '' : `${location} belongs to another account than the server’s: change its owner (chown).`
  } catch {
    return '' // not to be seen from here; CREATE TABLESPACE will say it
  }
}
