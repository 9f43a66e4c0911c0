// Both sides of a rescue: the recovered cluster, only read, and the live one, which must be another.
import type { Client } from 'pg'
import { z } from 'zod'
import type { RescueSides } from '../../../shared/contracts/rescue'
import { AppError } from '../../../shared/rpc/appError'
import { openStoppable, type Stoppable } from '../../postgres/stoppable'
import type { ResolvedConnection } from '../../services'
import type { Parts, Recovered, RescueServices } from './parts'

const serverRow = z.object({
  version: z.int(),
  encoding: z.string(),
  user: z.string(),
  superuser: z.boolean(),
  recovering: z.boolean(),
  systemIdentifier: z.string(),
  port: z.string(),
  /** null where the role may not see it. */
  dataDirectory: z.string().nullable(),
  startedAt: z.string(),
  mayTemp: z.boolean(),
  readOnly: z.boolean(),
})

export type SideServer = z.infer<typeof serverRow>

const serverSql = `
  SELECT current_setting('server_version_num')::int4 AS version, current_setting('server_encoding') AS encoding,
         current_user::text AS user, current_setting('is_superuser') = 'on' AS superuser, pg_is_in_recovery() AS recovering,
         (SELECT system_identifier::text FROM pg_control_system()) AS "systemIdentifier",
         current_setting('port') AS port, (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS "dataDirectory",
         extract(epoch FROM pg_postmaster_start_time())::text AS "startedAt",
         has_database_privilege(current_database(), 'TEMPORARY') AS "mayTemp",
         current_setting('default_transaction_read_only') = 'on' AS "readOnly"`

export async function readSide(client: Client): Promise<SideServer> {
  return serverRow.parse((await client.query(serverSql)).rows[0])
}

/**
 * A recovered cluster has the system identifier of the one it was made of, and may even be on the same port of another host.
 * Only a server that is itself started in the same microsecond.
 */
export function isSameCluster(a: SideServer, b: SideServer): boolean {
  return a.systemIdentifier === b.systemIdentifier && a.port === b.port && a.startedAt === b.startedAt
}

/** Why nothing can be rescued into it, in a sentence; '' when it can. */
export function liveProblem(recovered: Recovered, past: SideServer, now: SideServer, live: ResolvedConnection): string {
  if (live.readOnly) return `${live.label} is marked read-only: nothing is rescued into it.`
  if (isSameCluster(past, now)) {
    const where = `system identifier ${now.systemIdentifier}, port ${now.port}, data directory ${now.dataDirectory ?? recovered.dataDirectory}`
    return `${live.label} is the recovered cluster itself (${where}): choose the live one.`
  }
  if (now.recovering) return `${live.label} is in recovery, so nothing can be written there.`
  if (now.readOnly) return `Sessions of ${now.user} on ${live.label} begin read-only (default_transaction_read_only).`
  return ''
}

export interface Sides {
  recovered: Recovered
  live: ResolvedConnection
}

export async function findSides(services: RescueServices, parts: Parts, asked: RescueSides, signal: AbortSignal): Promise<Sides> {
  const live = await services.connections.resolve(asked.live)
  return { recovered: await parts.look.find(asked.jobId, signal), live }
}

export interface OpenSides extends Sides {
  source: Stoppable
  target: Stoppable
  past: SideServer
  now: SideServer
}

/** `work` gets a connection to each database, closed afterwards. An abort stops what runs on both. */
export async function withSides<T>(
  services: RescueServices,
  sides: Sides,
  asked: RescueSides,
  signal: AbortSignal,
  work: (open: OpenSides) => Promise<T>,
): Promise<T> {
  const source = await openStoppable(services.connections, sides.recovered.connection, asked.database, signal)
  try {
    const target = await openStoppable(services.connections, sides.live, asked.liveDatabase, signal)
    const stop = () => {
      source.cancel()
      target.cancel()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      const past = await readSide(source.client)
      const now = await readSide(target.client)
      requireRecovered(sides.recovered, past)
      return await work({ ...sides, source, target, past, now })
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** Something else may have taken the port since it was looked at. */
export function requireRecovered({ systemIdentifier, port }: Recovered, past: SideServer): void {
  if (systemIdentifier === null || past.systemIdentifier === systemIdentifier) return
  throw new AppError('conflict', `Another cluster answers on port ${port}.`, { hint: 'Something else took the port.' })
}

/**
 * Both sides write values in the same words, whatever their settings: then text can be compared. row_security off: an error
 * instead of fewer rows. xmloption and lc_monetary decide how xml and money read.
 */
export const asText = `
  SET LOCAL search_path TO ''; SET LOCAL "DateStyle" TO 'ISO, YMD'; SET LOCAL "IntervalStyle" TO 'postgres'; SET LOCAL "TimeZone" TO 'UTC';
  SET LOCAL extra_float_digits TO 1; SET LOCAL bytea_output TO 'hex'; SET LOCAL lc_monetary TO 'C'; SET LOCAL xmloption TO 'content';
  SET LOCAL row_security TO off; SET LOCAL statement_timeout TO 0; SET LOCAL idle_in_transaction_session_timeout TO 0`

/** As the role's own sessions are: what triggers, defaults and constraints of the live database are made for. */
export const asRole = `
  SET LOCAL search_path TO DEFAULT; SET LOCAL "DateStyle" TO DEFAULT; SET LOCAL "IntervalStyle" TO DEFAULT; SET LOCAL "TimeZone" TO DEFAULT;
  SET LOCAL extra_float_digits TO DEFAULT; SET LOCAL bytea_output TO DEFAULT; SET LOCAL lc_monetary TO DEFAULT; SET LOCAL xmloption TO DEFAULT`

/** One picture for all tables, and nothing can be written. */
export async function beginReading(client: Client, version: number): Promise<void> {
  await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${asText}`)
  // It came with 17.
  if (version >= 170_000) await client.query('SET LOCAL transaction_timeout TO 0')
}
