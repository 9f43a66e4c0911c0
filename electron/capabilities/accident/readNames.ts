// Names for what commits removed, from a server that still knows the relation or its file: the live one, or a recovered one.
import type { Client } from 'pg'
import { z } from 'zod'
import type { RelationChange } from '../../../shared/model/relationChanges'
import { partsOfFile } from '../../../shared/model/relationRecords'
import { AppError } from '../../../shared/rpc/appError'
import { withServer } from '../../postgres/openServer'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'
import type { Walk } from './readPieces'

export interface NamesOf {
  /** By OID. */
  databases: ReadonlyMap<number, string>
  /** Tables among what it removed or locked, and whether all that is known of it is indexes. */
  of(change: RelationChange): { tables: string[]; indexesAlone: boolean }
}

/** More databases are not asked. */
const mostDatabases = 20
const mostAsked = 20_000
const mostNames = 20

const databaseRow = z.object({ oid: z.coerce.number(), name: z.string(), open: z.boolean() })
const relationRow = z.object({ oid: z.coerce.number(), file: z.coerce.number(), kind: z.string(), name: z.string() })

const relationsSql = `
  SELECT c.oid::text AS oid, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::text AS file, c.relkind::text AS kind,
         pg_catalog.format('%s.%s', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY ($1::oid[]) OR c.relfilenode = ANY ($1::oid[])`

interface Known {
  kind: string
  name: string
}

/** A server that can't be asked leaves everything without a name, and a note. */
export async function readNames(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  changes: readonly RelationChange[],
  { signal, note }: Pick<Walk, 'signal' | 'note'>,
): Promise<NamesOf> {
  const databases = new Map<number, string>()
  const byOid = new Map<string, Known>()
  const byFile = new Map<string, Known>()
  try {
    const found = await withServer(services, connection, readDatabases, signal)
    for (const { oid, name } of found) databases.set(oid, name)
    const asked = numbersByDatabase(changes)
    for (const { oid, name } of found.filter((one) => one.open && asked.has(one.oid)).slice(0, mostDatabases)) {
      const numbers = [...(asked.get(oid) ?? [])].slice(-mostAsked)
      const work = { connections: services.connections, connection, database: name, signal }
      const rows = await withClient(work, (client) => readRelations(client, numbers))
      for (const row of rows) {
        byOid.set(`${oid}/${row.oid}`, row)
        byFile.set(`${oid}/${row.file}`, row)
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    note(`${connection.label} could not be asked for names: ${error.message}`)
  }
  return {
    databases,
    of(change) {
      const files = change.removed.map((file) => {
        const { database, number } = partsOfFile(file)
        // A file with the number of a relation's OID is that relation's first one.
        return byFile.get(`${database}/${number}`) ?? byOid.get(`${database}/${number}`)
      })
      const known = [...files, ...change.locked.map((lock) => byOid.get(lock))].filter((one) => one !== undefined)
      const tables = known.filter(({ kind }) => 'rpm'.includes(kind)).map(({ name }) => name)
      return {
        tables: [...new Set(tables)].toSorted().slice(0, mostNames),
        indexesAlone: known.length > 0 && known.every(({ kind }) => kind === 'i' || kind === 'I'),
      }
    },
  }
}

async function readDatabases(client: Client) {
  const { rows } = await client.query(
    'SELECT oid::text AS oid, datname::text AS name, datallowconn AS open FROM pg_catalog.pg_database ORDER BY datname',
  )
  return z.array(databaseRow).parse(rows)
}

async function readRelations(client: Client, numbers: readonly number[]) {
  return z.array(relationRow).parse((await client.query(relationsSql, [numbers])).rows)
}

function numbersByDatabase(changes: readonly RelationChange[]): Map<number, Set<number>> {
  const asked = new Map<number, Set<number>>()
  const add = (database: number, number: number) => {
    const known = asked.get(database)
    if (known) known.add(number)
    else asked.set(database, new Set([number]))
  }
  for (const { removed, locked } of changes) {
    for (const file of removed) {
      const { database, number } = partsOfFile(file)
      add(database, number)
    }
    for (const lock of locked) {
      const [database = 0, relation = 0] = lock.split('/').map(Number)
      add(database, relation)
    }
  }
  return asked
}
