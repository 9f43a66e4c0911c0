// A limit for the WAL that slots keep (max_slot_wal_keep_size): how much is sensible, and setting it.
import type { Client } from 'pg'
import { formatBytes } from '../../../../shared/model/byteCount'
import type { PreflightFix } from '../../../../shared/model/preflight'
import { AppError } from '../../../../shared/rpc/appError'
import { explainSqlError } from '../../../postgres/sqlError'
import { withClient } from '../../../postgres/withClient'
import type { Services } from '../../../services'

const setting = 'max_slot_wal_keep_size'
const megabyte = 1024n * 1024n
const gigabyte = 1024n * megabyte
/** Where the server's disk can't be seen from here. */
const unseen = 10n * gigabyte
/** Less is soon reached by a pause. */
const least = 256n * megabyte

export interface LimitFacts {
  /** Bytes free where the server keeps its data; null where that can't be seen from here. */
  free: bigint | null
  /** Bytes that the slot which is furthest behind keeps by now. */
  kept: bigint
  /** ALTER SYSTEM and a reload. */
  mayLimit: boolean
}

/** Half of what is free, in whole gigabytes; null where that would be too little to help, or less than a slot keeps already. */
export function limitFix({ free, kept, mayLimit }: LimitFacts): PreflightFix | null {
  if (!mayLimit) return null
  const half = free === null ? unseen : free / 2n
  const unit = half >= gigabyte ? gigabyte : megabyte
  const bytes = (half / unit) * unit
  if (bytes < least || bytes <= kept * 2n) return null
  const megabytes = Number(bytes / megabyte)
  const why =
    free === null
      ? 'The free space of the server’s disk can’t be seen from here: look that it has this much.'
      : `Half of the ${formatBytes(free.toString())} that are free on the server’s disk.`
  return {
    label: `Set a limit of ${sizeText(megabytes)}…`,
    action: { kind: 'limit-slots', megabytes, statements: limitStatements(megabytes), why },
  }
}

export function limitStatements(megabytes: number): string[] {
  return [`ALTER SYSTEM SET ${setting} = '${sizeText(megabytes)}';`, 'SELECT pg_reload_conf();']
}

/** As PostgreSQL itself shows it. */
function sizeText(megabytes: number): string {
  return megabytes % 1024 === 0 ? `${megabytes / 1024}GB` : `${megabytes}MB`
}

/** Returns once the server says that it is in force. Throws AppError; a slot that keeps more already would lose its WAL. */
export async function limitSlots(
  services: Pick<Services, 'connections'>,
  connectionId: string,
  megabytes: number,
  signal: AbortSignal,
): Promise<{ statements: string[] }> {
  services.connections.requireWritable(connectionId, 'Changing a setting of the server')
  const connection = await services.connections.resolve(connectionId)
  const statements = limitStatements(megabytes)
  await withClient({ connections: services.connections, connection, signal }, async (client) => {
    await refuseLoss(client, megabytes)
    try {
      // ALTER SYSTEM can't run in a transaction, so each goes by itself.
      for (const statement of statements) await client.query(statement)
      for (let look = 0; look < 50; look += 1) {
        const { rows } = await client.query<{ now: string }>('SELECT setting AS now FROM pg_settings WHERE name = $1', [setting])
        if (rows[0]?.now === String(megabytes)) return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    } catch (error) {
      throw explainSqlError(error, `Setting ${setting}`)
    }
    throw new AppError('postgres', `${setting} was set, and the server has not taken it over.`, {
      hint: 'A setting on its command line may stand above it: look into pg_settings (source) and the server’s log.',
    })
  })
  return { statements }
}

/** What slots keep, for a query over pg_replication_slots. On a standby the end of what it has replayed counts. */
export const keptSql = `pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)`

async function refuseLoss(client: Client, megabytes: number): Promise<void> {
  const { rows } = await client.query<{ name: string; kept: string }>(
    `SELECT slot_name::text AS name, ${keptSql}::bigint::text AS kept FROM pg_replication_slots
      WHERE ${keptSql} >= $1::numeric ORDER BY 2 DESC LIMIT 1`,
    [(BigInt(megabytes) * megabyte).toString()],
  )
  const [slot] = rows
  if (!slot) return
  throw new AppError(
    'conflict',
    `The slot ${slot.name} keeps ${formatBytes(slot.kept)} already: with a limit of ${sizeText(megabytes)} the server would let go of WAL that it needs.`,
    { hint: 'Choose a higher limit, let its reader catch up, or drop the slot if nobody reads from it.' },
  )
}
