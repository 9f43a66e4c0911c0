// What the labs do to the practice cluster main: each exercise with its statements, and the positions of the WAL around them.
import type { Client } from 'pg'
import type { Exercise, ExerciseDone } from '../../../shared/contracts/practice'
import { AppError } from '../../../shared/rpc/appError'
import { readControlData } from '../../postgres/localClusterState'
import { explainSqlError } from '../../postgres/sqlError'
import { withClient } from '../../postgres/withClient'
import type { Services } from '../../services'
import { practiceFolder, requireMarker } from './practiceFolder'
import { localClusterOf } from './practiceHost'
import { connectionIdOf, requireThisCluster } from './practiceServer'
import { courseDatabase } from './sample/course'
import { shopDatabase } from './sample/shopTables'

interface Work {
  database: string
  /** Counted before: a table that is not there stops the exercise before it does anything. */
  counted: readonly string[]
  /** The number of rows written, changed or deleted. */
  run(client: Client): Promise<number>
}

const laterDatabase = 'lab_later'
/** The oldest go: a wrong WHERE, and most of the table stays. */
const lostOrders = 10_000

const works: Readonly<Record<Exercise, Work>> = {
  table: {
    database: courseDatabase,
    counted: [],
    run: async (client) => {
      await client.query(`CREATE SCHEMA IF NOT EXISTS lab; DROP TABLE IF EXISTS lab.t1;
        CREATE TABLE lab.t1 (id int PRIMARY KEY, colour text NOT NULL)`)
      return changed(client, "INSERT INTO lab.t1 VALUES (1, 'red'), (2, 'blue'), (3, 'green')")
    },
  },
  change: {
    database: courseDatabase,
    counted: ['lab.t1'],
    run: (client) =>
      changed(client, "UPDATE lab.t1 SET colour = (ARRAY['crimson', 'navy', 'olive'])[id] WHERE id BETWEEN 1 AND 3"),
  },
  database: {
    database: 'postgres',
    counted: [],
    // Neither may stand in a transaction; the rows go in from the new database.
    run: async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${laterDatabase}`)
      await client.query(`CREATE DATABASE ${laterDatabase}`)
      return 0
    },
  },
  accident: {
    database: shopDatabase,
    counted: ['sales.payments', 'crm.notes'],
    // Both or none: a DROP that is refused must not leave rows deleted that the lab knows nothing of.
    run: async (client) => {
      await client.query('BEGIN')
      const rows = await changed(
        client,
        `DELETE FROM sales.payments WHERE order_id < (SELECT min(order_id) + ${lostOrders} FROM sales.payments)`,
      )
      await client.query('DROP TABLE crm.notes; COMMIT')
      return rows
    },
  },
}

/** Throws AppError not_found when the sample data is not there, postgres with the server's words for the rest. */
export async function runExercise(services: Services, exercise: Exercise, signal: AbortSignal): Promise<ExerciseDone> {
  // It deletes and drops: its connection may have come to lead to another server.
  const folder = practiceFolder(services.paths, 'main')
  const cluster = await localClusterOf(services, folder, await requireMarker(folder))
  const control = await readControlData(services.spawn, cluster, signal)
  await requireThisCluster(services, 'main', control.systemIdentifier, signal)
  const connection = await services.connections.resolve(connectionIdOf('main'))
  const work = works[exercise]
  const on = <T>(database: string, run: (client: Client) => Promise<T>) =>
    withClient({ connections: services.connections, connection, database, signal }, run)
  try {
    const first = await on(work.database, async (client) => {
      const before = await countAll(client, work.counted)
      const { lsn: from, at: begun } = await standing(client)
      return { before, from, begun, rows: await work.run(client), ...(await standing(client)) }
    })
    const later = exercise === 'database' ? await on(laterDatabase, fillLater) : first
    // An archive that gets whole segments only would have to wait for the next one to be full.
    if (exercise === 'accident') await on('postgres', (client) => client.query('SELECT pg_catalog.pg_switch_wal()'))
    const { before, from, begun } = first
    return {
      exercise,
      before,
      from,
      begun,
      systemIdentifier: later.systemIdentifier,
      at: later.at,
      to: later.lsn,
      rows: later.rows,
    }
  } catch (error) {
    throw error instanceof AppError ? error : explainSqlError(error, 'The exercise')
  }
}

async function fillLater(client: Client) {
  await client.query('CREATE TABLE public.t (n int PRIMARY KEY)')
  return { rows: await changed(client, 'INSERT INTO public.t VALUES (1), (2), (3)'), ...(await standing(client)) }
}

async function changed(client: Client, sql: string): Promise<number> {
  return (await client.query(sql)).rowCount ?? 0
}

async function countAll(client: Client, tables: readonly string[]): Promise<Record<string, string>> {
  const counts: Record<string, string> = {}
  for (const table of tables) {
    const { rows: found } = await client.query<{ there: boolean }>('SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there', [
      table,
    ])
    if (!found[0]?.there) {
      throw new AppError('not_found', `There is no table ${table} on main.`, {
        hint: table === 'lab.t1' ? 'Create it first.' : 'Rescue it, or fill main with the sample data again.',
      })
    }
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table}`)
    counts[table] = rows[0]?.count ?? '0'
  }
  return counts
}

async function standing(client: Client): Promise<{ systemIdentifier: string; at: string; lsn: string }> {
  const { rows } = await client.query<{ systemIdentifier: string; at: string; lsn: string }>(
    `SELECT system_identifier::text AS "systemIdentifier", pg_catalog.pg_current_wal_insert_lsn()::text AS lsn,
            pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
       FROM pg_catalog.pg_control_system()`,
  )
  const [row] = rows
  if (!row) throw new AppError('internal', 'The server did not say where its WAL stands.')
  return row
}
