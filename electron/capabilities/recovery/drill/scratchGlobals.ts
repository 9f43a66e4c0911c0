// Roles and tablespaces of a scratch cluster: from the globals that were saved, and where those are missing made for the names.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { quoteIdentifier, quoteLiteral } from '../../../../shared/model/identifier'
import { majorOf } from '../../../../shared/model/pgVersion'
import { adaptGlobals } from '../../../library/adaptGlobals'
import { createGlobals } from '../../../library/createGlobals'
import type { DumpNeeds } from '../../../library/dumpNeeds'
import { openServer } from '../../../postgres/openServer'
import { readServer } from '../../../postgres/serverState'
import type { OsAccount } from '../../../process/processTypes'
import type { ResolvedConnection } from '../../../services'
import { own } from '../destination'
import type { RecoveryServices } from '../parts'

export interface MadeGlobals {
  /** From the saved globals. */
  restored: string[]
  /** Roles that only their names were known of: without login. */
  roles: string[]
  /** Tablespaces that only their names were known of. */
  tablespaces: string[]
  failed: { name: string; message: string }[]
  /** Extensions that this server can't be given. */
  missingExtensions: string[]
}

/** Folders within the scratch folder, never where the tablespaces were. */
export async function tablespaceFolders(
  folder: string,
  names: readonly string[],
  account: OsAccount | null,
): Promise<Record<string, string>> {
  const places: Record<string, string> = {}
  for (const [at, name] of names.entries()) {
    const place = path.join(folder, `tablespace-${at + 1}`)
    await mkdir(place, { mode: 0o700 })
    await own(place, account)
    places[name] = place
  }
  return places
}

/** `script` of pg_dumpall makes its roles itself; its tablespaces must be there before, or it would make them where they were. */
export async function makeGlobals(
  services: Pick<RecoveryServices, 'connections'>,
  connection: ResolvedConnection,
  needs: DumpNeeds,
  source: number,
  scratch: { folder: string; account: OsAccount | null },
  signal: AbortSignal,
): Promise<MadeGlobals> {
  const { globals, ofCluster } = needs
  const client = await openServer(services, connection, signal)
  try {
    const server = await readServer(client)
    const missing = (names: Iterable<string>, there: ReadonlySet<string>) =>
      [...new Set(names)].filter((name) => !there.has(name))
    const made: MadeGlobals = { restored: [], roles: [], tablespaces: [], failed: [], missingExtensions: [] }
    made.missingExtensions = needs.extensions.filter((name) => !server.extensions.has(name))
    const spaces = missing([...needs.tablespaces, ...(globals?.tablespaces ?? [])], server.tablespaces)
    const locations = await tablespaceFolders(scratch.folder, spaces, scratch.account)
    const known = globals && !ofCluster ? missing(globals.roles, server.roles).filter((name) => !name.startsWith('pg_')) : []
    const bare = missing(needs.roles, new Set([...server.roles, ...known]))
    for (const name of bare) await client.query(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`)
    made.roles = bare
    if (globals && !ofCluster) {
      const roles = new Set([...server.roles, ...known, ...bare])
      const fitting = majorOf(source) === majorOf(server.version) ? globals : adaptGlobals(globals, server.version, roles).globals
      const tablespaces = spaces.filter((name) => globals.tablespaces.has(name))
      const outcome = await createGlobals(client, fitting, { roles: known, tablespaces, locations })
      made.restored = outcome.created
      made.failed = outcome.failed
    }
    for (const name of spaces) {
      if (made.restored.includes(name) && globals?.tablespaces.has(name)) continue
      if (made.failed.some((each) => each.name === name)) continue
      await client.query(`CREATE TABLESPACE ${quoteIdentifier(name)} LOCATION ${quoteLiteral(locations[name] ?? '')}`)
      if (!globals?.tablespaces.has(name)) made.tablespaces.push(name)
    }
    return made
  } finally {
    await client.end()
  }
}
