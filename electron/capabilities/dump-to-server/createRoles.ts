// Makes roles that the destination lacks as they are at the source: with their attributes, settings and memberships, never
// with a password. What can't be given here is said; a role that may not be made so is made bare, so that objects can be its.
import type { Client } from 'pg'
import type { RolesMade } from '../../../shared/contracts/pipe'
import { quoteIdentifier } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { adaptGlobals } from '../../library/adaptGlobals'
import { createGlobals } from '../../library/createGlobals'
import type { Globals } from '../../library/readGlobals'
import { describeRoles } from '../../postgres/describeRoles'
import { withServer } from '../../postgres/openServer'
import { readServer } from '../../postgres/serverState'
import { withClient } from '../../postgres/withClient'
import type { PipeServices } from './planPipe'
import { readSourceRoles, type SourceRoles } from './sourceRoles'

export interface RolesWanted {
  connectionId: string
  database: string
  destinationId: string
  roles: readonly string[]
}

/** Throws AppError permission for a read-only destination. */
export async function createRoles(
  services: Pick<PipeServices, 'connections' | 'tools' | 'spawn'>,
  wanted: RolesWanted,
  signal?: AbortSignal,
): Promise<RolesMade> {
  services.connections.requireWritable(wanted.destinationId, 'Creating roles')
  const connection = await services.connections.resolve(wanted.destinationId)
  const source = await askSource(services, wanted, signal)
  return withServer(services, connection, (client) => make(client, source, wanted.roles), signal)
}

/** A source that does not answer keeps nobody from making a bare role. */
async function askSource(
  services: Pick<PipeServices, 'connections' | 'tools' | 'spawn'>,
  { connectionId, database }: RolesWanted,
  signal?: AbortSignal,
): Promise<SourceRoles> {
  try {
    const connection = await services.connections.resolve(connectionId)
    const work = { connections: services.connections, connection, database, ...(signal ? { signal } : {}) }
    const version = await withClient(work, async (client) => {
      const { rows } = await client.query<{ v: number }>("SELECT pg_catalog.current_setting('server_version_num')::int AS v")
      return rows[0]?.v ?? 0
    })
    return await readSourceRoles(services, connection, database, version, signal)
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'cancelled') throw error
    return { globals: null, problem: error.message }
  }
}

async function make(client: Client, source: SourceRoles, names: readonly string[]): Promise<RolesMade> {
  const server = await readServer(client)
  const made: RolesMade = { created: [], failed: [], notes: [] }
  const bare = async (name: string, why: string) => {
    try {
      await client.query(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`)
      made.created.push({ name, how: 'bare', words: why })
    } catch (error) {
      made.failed.push({ name, message: error instanceof Error ? error.message : String(error) })
    }
  }
  const known = names.filter((name) => source.globals?.roles.has(name) === true)
  for (const name of names.filter((each) => !known.includes(each))) {
    await bare(
      name,
      source.problem === '' ? 'The source has no such role any more.' : `The source was not asked: ${source.problem}`,
    )
  }
  if (source.globals === null || known.length === 0) return made
  const { globals, notes } = adaptGlobals(source.globals, server.version, new Set([...server.roles, ...names]))
  made.notes.push(...notes, ...leftOut(source.globals, known, new Set([...server.roles, ...names])))
  const { created, failed } = await createGlobals(client, globals, { roles: known, tablespaces: [] })
  const words = await describeRoles(client, created)
  for (const name of created) made.created.push({ name, how: 'as-source', words: words.get(name) ?? '' })
  for (const { name, message } of failed) {
    if (!known.includes(name) || created.includes(name)) made.notes.push(`${name}: ${message}`)
    else if (server.roles.has(name)) made.failed.push({ name, message })
    else await bare(name, `Its attributes could not be given: ${message}`)
  }
  return made
}

/** Memberships in roles that the destination does not have. */
function leftOut({ memberships }: Globals, made: readonly string[], there: ReadonlySet<string>): string[] {
  const missing = memberships.filter(({ granted, member }) => made.includes(member) && !there.has(granted))
  return [
    ...new Set(
      missing.map(({ granted, member }) => `${member} is a member of ${granted} at the source; there is no ${granted} here.`),
    ),
  ]
}
