// The same question to a recovered cluster and to a live one, at the same time; never to one cluster twice.
import type { ClientBase } from 'pg'
import type { z } from 'zod'
import type { lookCompareRequest } from '../../../../shared/contracts/look'
import { AppError } from '../../../../shared/rpc/appError'
import { withClient } from '../../../postgres/withClient'
import type { RecoveryServices } from '../parts'
import { readLookRecord, withLook } from './lookRecord'

export type CompareRequest = z.output<typeof lookCompareRequest>

export type Side = 'recovered' | 'live'

export interface Identity {
  systemIdentifier: string
  /** Tells two servers of one cluster's copies apart. */
  startedAt: string
  /** By its own clock. */
  now: string
}

const identityOf = `SELECT system_identifier::pg_catalog.text AS "systemIdentifier",
  pg_catalog.to_char(pg_catalog.pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS "startedAt",
  pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now
  FROM pg_catalog.pg_control_system()`

/** null where the role may not ask: pg_control_system is everybody's unless somebody took it away. */
export async function askIdentity(client: ClientBase): Promise<Identity | null> {
  const { rows } = await client.query<Identity>(identityOf).catch(() => ({ rows: [] }))
  return rows[0] ?? null
}

/** One copy of a cluster, and one server. */
export function isItself(one: Identity | null, other: Identity | null): boolean {
  return one !== null && one.systemIdentifier === other?.systemIdentifier && one.startedAt === other.startedAt
}

export async function bothSides<T>(
  services: RecoveryServices,
  { jobId, database, live }: CompareRequest,
  signal: AbortSignal,
  work: (client: ClientBase, side: Side) => Promise<T>,
) {
  const record = await readLookRecord(services, jobId)
  const began = performance.now()
  const { connections } = services
  const connection = await connections.resolve(live)
  // The live one says who it is before either is asked for more.
  const now = await withClient({ connections, connection, database, signal }, askIdentity)
  const then = await withLook(services, record, { database, signal }, askIdentity)
  if (isItself(then, now)) {
    throw new AppError('bad_input', `${connection.label} is the recovered cluster itself.`, {
      hint: 'Choose the connection of the live server to compare with.',
    })
  }
  const other = new AbortController()
  const either = AbortSignal.any([signal, other.signal])
  /** When one side fails, the other's answer is of no use. */
  const stopOther = (error: unknown): never => {
    other.abort()
    throw error
  }
  const [recovered, today] = await Promise.allSettled([
    withLook(services, record, { database, signal: either }, (client) => work(client, 'recovered')).catch(stopOther),
    withClient({ connections, connection, database, signal: either }, (client) => work(client, 'live')).catch(stopOther),
  ])
  const failed = [recovered, today].filter((one) => one.status === 'rejected')
  signal.throwIfAborted()
  for (const { reason } of failed.toSorted((a, b) => cancelled(a.reason) - cancelled(b.reason))) throw reason
  if (recovered.status === 'rejected' || today.status === 'rejected') throw new AppError('internal', 'One side did not answer.')
  return {
    recovered: recovered.value,
    live: today.value,
    about: {
      live: { id: live, label: connection.label },
      sameCluster: then && now ? then.systemIdentifier === now.systemIdentifier : null,
      readAt: { recovered: then?.now ?? new Date().toISOString(), live: now?.now ?? new Date().toISOString() },
      seconds: Math.round((performance.now() - began) / 100) / 10,
    },
  }
}

/** The one that was called off comes last. */
const cancelled = (error: unknown) => (error instanceof AppError && error.code === 'cancelled' ? 1 : 0)
