// Puts a restored database in the place of the one that is there. The old one is renamed, never dropped, and both names
// change in one transaction: whatever happens, the name belongs to a whole database.
import type { Client } from 'pg'
import type { RestoreDanger } from '../../../shared/contracts/restore'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { openServer } from '../../postgres/openServer'
import type { ResolvedConnection, Services } from '../../services'
import { type OwnProperties, ownStatements, readOwnProperties } from './ownProperties'

export type Sessions = RestoreDanger['sessions']

export interface OldDatabase {
  /** Another database of the same name has another one. */
  oid: string
  sessions: Sessions
  own: OwnProperties
}

export interface Swap {
  database: string
  oldOid: string
  /** Where the restored one is until then. */
  restored: string
  /** What the old one is called afterwards. */
  kept: string
  endSessions: boolean
  /** Whose the restored one is, to be given what the old one has of its own; null leaves that with the old one. */
  carryTo: { owner: string } | null
}

export async function readSessions(client: Client, database: string): Promise<Sessions> {
  const { rows } = await client.query<Sessions[number]>(
    `SELECT application_name AS application, coalesce(usename::text, '') AS "user",
            coalesce(pg_catalog.host(client_addr), 'this machine') AS "from", count(*)::int AS count
     FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() AND backend_type = 'client backend'
     GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2`,
    [database],
  )
  return rows
}

export async function readOldDatabase(client: Client, database: string): Promise<OldDatabase | null> {
  const { rows } = await client.query<{ oid: string }>('SELECT oid::text AS oid FROM pg_database WHERE datname = $1', [database])
  const found = rows[0]
  if (!found) return null
  return { oid: found.oid, sessions: await readSessions(client, database), own: await readOwnProperties(client, found.oid) }
}

/**
 * Gives a database what the old one has of its own, and takes it back at once: whether the server lets this role do it shows
 * before hours of restoring, while a setting such as default_transaction_read_only can't stand in the restore's way.
 */
export async function tryOwn(client: Client, own: OwnProperties, database: string, owner: string): Promise<void> {
  await client.query('BEGIN READ WRITE')
  try {
    for (const statement of ownStatements(own, database, owner)) await client.query(statement)
  } finally {
    await client.query('ROLLBACK').catch(() => undefined)
  }
}

export function sessionWords(sessions: Sessions): string {
  const words = sessions.map(
    ({ application, user, from, count }) =>
      `${application === '' ? 'an unnamed program' : application} as ${user} from ${from}${count > 1 ? ` (${count})` : ''}`,
  )
  return words.length > 6 ? `${words.slice(0, 6).join(', ')} and ${words.length - 6} more` : words.join(', ')
}

const attempts = 5

/**
 * Throws AppError; then the old database has its name still, and so has the restored one. Not to be cancelled on the way:
 * nothing in here waits for longer than some seconds.
 */
export async function swapDatabases(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  swap: Swap,
  say: (text: string) => void,
): Promise<void> {
  const client = await openServer(services, connection, undefined, swap.database)
  try {
    for (let attempt = 1; ; attempt += 1) {
      await checkOld(client, swap)
      await freeOfSessions(client, swap, say)
      try {
        await renameBoth(client, swap)
        return
      } catch (error) {
        // 55006: a session came in between.
        if (codeOf(error) !== '55006' || !swap.endSessions || attempt === attempts) throw error
        say(`A new session came in between; trying again (${attempt + 1} of ${attempts}).`)
      }
    }
  } catch (error) {
    const swapped = await isSwapped(services, connection, swap)
    if (swapped === true) {
      say('The answer to the renaming was lost, but it is done.')
      return
    }
    if (swapped === undefined) throw notKnown(swap, error)
    if (error instanceof AppError) throw error
    throw notSwapped(swap, error instanceof Error ? error.message : String(error))
  } finally {
    await client.end()
  }
}

function notSwapped(swap: Swap, why: string): AppError {
  return new AppError('postgres', `${swap.database} was not replaced: ${why}.`, {
    hint:
      `${swap.database} is as it was and keeps its name. The restored database is complete under the name ${swap.restored}: ` +
      'rename it by hand, or drop it and start again.',
    details: { original: why },
  })
}

function notKnown({ database, restored, kept }: Swap, error: unknown): AppError {
  const why = error instanceof Error ? error.message : String(error)
  return new AppError('disconnected', `The server was lost while the names of the databases changed: ${why}.`, {
    hint:
      `Either both names changed or neither did. When it runs again, look for ${kept}: where it exists, ${database} is the ` +
      `restored one; where it does not, ${database} is as it was and the restored one is ${restored}.`,
  })
}

async function checkOld(client: Client, swap: Swap): Promise<void> {
  const { rows } = await client.query<{ oid: string }>('SELECT oid::text AS oid FROM pg_database WHERE datname = $1', [
    swap.database,
  ])
  if (rows[0]?.oid === swap.oldOid) return
  throw notSwapped(swap, rows[0] ? 'another database has taken its name since the start' : 'it was dropped or renamed meanwhile')
}

async function freeOfSessions(client: Client, swap: Swap, say: (text: string) => void): Promise<void> {
  const sessions = await readSessions(client, swap.database)
  if (sessions.length === 0) return
  if (!swap.endSessions) throw notSwapped(swap, `it is in use by ${sessionWords(sessions)}`)
  say(`Ending the sessions on ${swap.database}: ${sessionWords(sessions)}.`)
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = ANY($1::text[]) AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    [[swap.database, swap.restored]],
  )
}

/**
 * Renaming a database is transactional in every version, and so is all that it is given: everything changes, or nothing does.
 * What the old one has is read anew, since it may have changed while the restore ran.
 */
async function renameBoth(client: Client, { database, restored, kept, oldOid, carryTo }: Swap): Promise<void> {
  await client.query('BEGIN READ WRITE')
  try {
    const own = carryTo === null ? null : await readOwnProperties(client, oldOid)
    const statements = own === null || carryTo === null ? [] : ownStatements(own, restored, carryTo.owner || own.owner)
    for (const statement of statements) await client.query(statement)
    await client.query(`ALTER DATABASE ${quoteIdentifier(database)} RENAME TO ${quoteIdentifier(kept)}`)
    await client.query(`ALTER DATABASE ${quoteIdentifier(restored)} RENAME TO ${quoteIdentifier(database)}`)
    await client.query('COMMIT')
  } catch (error) {
    // Where the connection is gone the server has rolled back by itself; isSwapped looks.
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** By the old one's oid, on a connection of its own; undefined when the server can't be asked. */
async function isSwapped(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  { database, oldOid, kept }: Swap,
): Promise<boolean | undefined> {
  try {
    const client = await openServer(services, connection, undefined, database)
    try {
      const { rows } = await client.query<{ name: string; oid: string }>(
        'SELECT datname::text AS name, oid::text AS oid FROM pg_database WHERE datname = ANY($1::text[])',
        [[database, kept]],
      )
      const oidOf = (name: string) => rows.find((row) => row.name === name)?.oid
      return oidOf(kept) === oldOid && oidOf(database) !== undefined
    } finally {
      await client.end()
    }
  } catch {
    return undefined // the first error is the one to tell
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
