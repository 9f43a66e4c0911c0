// Fills a practice cluster with the sample databases: under a name of their own first, and in place of the old ones at the end.
import type { Client } from 'pg'
import { formatBytes } from '../../../shared/model/byteCount'
import { quoteIdentifier, quoteLiteral } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import type { JobContext } from '../../jobs/jobTypes'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { ResolvedConnection, Services } from '../../services'
import { courseDatabase, courseSql } from './sample/course'
import { pickFunctionsSql, shopRows } from './sample/shopRows'
import {
  shopFunctionsSql,
  shopKeysSql,
  shopManualsSql,
  shopRightsSql,
  shopSalesKeysSql,
  shopTrigramSql,
  shopViewsSql,
} from './sample/shopRules'
import { shopDatabase, shopRolesSql, shopTablesSql, shopTypesSql } from './sample/shopTables'

export const fillSteps = [
  { id: 'tables', label: 'Create the sample tables' },
  { id: 'rows', label: 'Make the rows' },
  { id: 'keys', label: 'Add keys, indexes and foreign keys' },
  { id: 'extras', label: 'Add functions, triggers, views, rights and large objects' },
  { id: 'check', label: 'Count the rows and gather statistics' },
  { id: 'swap', label: 'Put the new databases in place' },
] as const

export interface Filled {
  rows: number
  tables: number
  bytes: string
  seconds: number
}

const partial = (database: string) => `${database}.partial`
const extensions = ['pgcrypto', 'pg_trgm'] as const

/**
 * Until the last step the databases of an earlier fill stay as they are; a cancel or failure removes the new ones.
 * Throws AppError postgres with the server's words, cancelled after the running statement was cancelled on the server.
 */
export async function fillSample(services: Services, context: JobContext, connectionId: string): Promise<Filled> {
  const started = performance.now()
  const connection = await services.connections.resolve(connectionId)
  const work = <T>(database: string, what: string, run: (client: Client) => Promise<T>) =>
    runOnServer(services, context, connection, database, what, run)
  let swapped = false
  context.onCleanup('remove the unfinished sample databases', async () => {
    if (!swapped) await dropDatabases(services, connection, [shopDatabase, courseDatabase].map(partial))
  })

  context.step('tables')
  await dropDatabases(services, connection, [shopDatabase, courseDatabase].map(partial))
  await work('postgres', 'Creating the sample databases', async (client) => {
    await client.query(shopRolesSql)
    await client.query(`CREATE DATABASE ${quoteIdentifier(partial(shopDatabase))} OWNER shop_owner`)
    await client.query(`CREATE DATABASE ${quoteIdentifier(partial(courseDatabase))}`)
  })
  await work(partial(courseDatabase), "Making the course's table", (client) => client.query(courseSql))
  const filled = await work(partial(shopDatabase), 'Making the sample shop', (client) => fillShop(client, context))

  context.step('swap')
  if (context.signal.aborted) throw new AppError('cancelled', 'Cancelled.')
  await dropDatabases(services, connection, [shopDatabase, courseDatabase])
  await withClient({ connections: services.connections, connection, database: 'postgres' }, async (client) => {
    for (const name of [shopDatabase, courseDatabase]) {
      await client.query(`ALTER DATABASE ${quoteIdentifier(partial(name))} RENAME TO ${quoteIdentifier(name)}`)
    }
    await client.query(`COMMENT ON DATABASE ${shopDatabase} IS ${quoteLiteral("Walkback's sample: an invented shop")}`)
  }).catch((error: unknown) => {
    throw explainSqlError(error, 'Putting the sample databases in place')
  })
  swapped = true
  context.endStep('swap', 'done', `${shopDatabase} and ${courseDatabase}`)
  context.progress(null)
  return { ...filled, seconds: (performance.now() - started) / 1000 }
}

async function fillShop(client: Client, context: JobContext): Promise<Omit<Filled, 'seconds'>> {
  // Loss of the last moments in a crash does no harm here: the fill would be unfinished anyway.
  await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '64MB'; SET TimeZone = 'UTC'")
  const there = await createExtensions(client, context)
  await client.query(shopTypesSql)
  await client.query(shopTablesSql)
  context.endStep('tables', 'done', there.length > 0 ? `with the extensions ${there.join(', ')}` : 'without extensions')

  context.step('rows')
  const total = shopRows.reduce((sum, { rows }) => sum + rows, 0)
  await client.query(`RESET ROLE; ${pickFunctionsSql} SET ROLE shop_owner`)
  let done = 0
  for (const { table, rows, batch, insert } of shopRows) {
    for (let from = 1; from <= rows; from += batch) {
      context.progress({ done, total, unit: 'rows', label: table })
      const to = Math.min(rows, from + batch - 1)
      await client.query(insert(from, to))
      done += to - from + 1
    }
    context.log(`${table}: ${rows.toLocaleString('en')} rows`)
  }
  context.progress({ done, total, unit: 'rows', label: '' })
  context.endStep('rows', 'done', `${total.toLocaleString('en')} rows in ${shopRows.length} tables`)

  context.step('keys')
  await client.query(shopKeysSql)
  if (there.includes('pg_trgm')) await client.query(shopTrigramSql)
  await client.query(shopSalesKeysSql)
  context.step('extras')
  await client.query(shopFunctionsSql)
  await client.query(shopViewsSql)
  await client.query(shopRightsSql)
  await client.query(shopManualsSql)

  context.step('check')
  for (const { table, rows } of shopRows) {
    const counted = await client.query<{ n: string }>(`SELECT count(*)::text AS n FROM ${table}`)
    if (counted.rows[0]?.n !== String(rows)) {
      throw new AppError('internal', `${table} holds ${counted.rows[0]?.n} rows, ${rows} were made.`)
    }
  }
  await client.query('ANALYZE')
  const facts = await client.query<{ bytes: string; tables: number }>(`
    SELECT pg_database_size(current_database())::text AS bytes,
           (SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') AS tables`)
  const { bytes, tables } = facts.rows[0] ?? { bytes: '0', tables: 0 }
  context.endStep('check', 'done', `${total.toLocaleString('en')} rows, ${formatBytes(bytes)}`)
  return { rows: total, tables, bytes }
}

/** Those that this installation has; the shop goes without the others. */
async function createExtensions(client: Client, context: JobContext): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM pg_available_extensions WHERE name = ANY ($1)', [
    extensions,
  ])
  const there = extensions.filter((name) => rows.some((row) => row.name === name))
  for (const name of there) await client.query(`CREATE EXTENSION ${name} SCHEMA public`)
  for (const name of extensions.filter((candidate) => !there.includes(candidate))) {
    context.log(`The extension ${name} is not installed with this PostgreSQL: the sample goes without it.`, 'warning')
  }
  return there
}

/** Cancel reaches the server: the statement that runs ends there too, before the databases are dropped. */
async function runOnServer<T>(
  services: Services,
  context: JobContext,
  connection: ResolvedConnection,
  database: string,
  what: string,
  run: (client: Client) => Promise<T>,
): Promise<T> {
  const { signal } = context
  if (signal.aborted) throw new AppError('cancelled', 'Cancelled.')
  return withClient({ connections: services.connections, connection, database }, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const stop = () => {
      void withClient({ connections: services.connections, connection, database: 'postgres' }, (other) =>
        other.query('SELECT pg_cancel_backend($1)', [rows[0]?.pid]),
      ).catch((error: unknown) =>
        context.log(`The running statement could not be cancelled: ${error instanceof Error ? error.message : error}`, 'warning'),
      )
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await run(cancellable(client, signal))
    } catch (error) {
      if (signal.aborted) throw new AppError('cancelled', 'Cancelled.', { cause: error })
      throw explainSqlError(error, what)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  })
}

/** A cancel that comes between two statements has nothing to cancel on the server: the next one is not sent then. */
function cancellable(client: Client, signal: AbortSignal): Client {
  return new Proxy(client, {
    get(target, key) {
      if (key === 'query' && signal.aborted) throw new AppError('cancelled', 'Cancelled.')
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function dropDatabases(services: Services, connection: ResolvedConnection, names: readonly string[]): Promise<void> {
  await withClient({ connections: services.connections, connection, database: 'postgres' }, async (client) => {
    for (const name of names) await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
  }).catch((error: unknown) => {
    throw explainSqlError(error, 'Removing the earlier sample databases')
  })
}
