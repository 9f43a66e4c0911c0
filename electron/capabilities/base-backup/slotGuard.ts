// A replication slot that the backup itself makes: dropped again when the backup does not succeed, named when that can't be done.
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import { quoteLiteral } from '../../../shared/model/identifier'
import { AppError } from '../../../shared/rpc/appError'
import { isAsked } from '../../../shared/tools/defineTool'
import type { JobContext } from '../../jobs/jobTypes'
import { withClient } from '../../postgres/withClient'
import { messageOf } from '../../process/systemError'
import type { ResolvedConnection, Services } from '../../services'
import type { BaseBackupPlan } from './planBaseBackup'

/** The name of the slot that pg_basebackup will make and leave; null when it makes none but a temporary one. */
export function createdSlot({ options }: Pick<BaseBackupRequest, 'options'>): string | null {
  return options.createSlot === true && isAsked(options.slot) ? String(options.slot) : null
}

export function dropStatement(slot: string): string {
  return `SELECT pg_drop_replication_slot(${quoteLiteral(slot).trim()});`
}

export interface SlotGuard {
  /** From here on it belongs to the finished backup. */
  keep(): void
}

/** Call before pg_basebackup starts: the name was free then, so a slot of that name afterwards is ours. */
export function guardSlot(
  job: JobContext,
  services: Pick<Services, 'connections'>,
  { connection, source }: Pick<BaseBackupPlan, 'connection' | 'source'>,
  request: BaseBackupRequest,
): SlotGuard | null {
  const slot = createdSlot(request)
  if (slot === null) return null
  let finished = false
  const left = `the replication slot ${slot} on ${connection.label}, if it was made: it keeps WAL until ${dropStatement(slot)}`
  // Persisted now: when the application is killed, the next start names it.
  job.output({
    ...{ partial: null, final: `slot ${slot}`, left },
    slot: { name: slot, systemIdentifier: source.systemIdentifier },
  })
  job.onCleanup('the replication slot', async () => {
    if (finished) return
    if (request.keepSlot) return job.log(`The replication slot ${slot} is kept, as asked for.`, 'warning')
    try {
      const dropped = await dropWhenReachable(services, connection, slot)
      job.log(dropped ? `Dropped the replication slot ${slot}.` : `The replication slot ${slot} had not been made.`)
    } catch (error) {
      job.leftover(left)
      job.log(`The replication slot ${slot} could not be dropped: ${messageOf(error)}`, 'error')
    }
  })
  return {
    keep: () => {
      finished = true
    },
  }
}

const waitMs = 15_000

/** A server that was restarted is not there for a moment. */
async function dropWhenReachable(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  slot: string,
): Promise<boolean> {
  const until = Date.now() + waitMs
  for (;;) {
    try {
      return await dropSlot(services, connection, slot)
    } catch (error) {
      if ((error instanceof AppError && error.code === 'permission') || Date.now() > until) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** false when there is none. The walsender of a killed program may hold it for a moment, and is ended after that. */
async function dropSlot(services: Pick<Services, 'connections'>, connection: ResolvedConnection, slot: string): Promise<boolean> {
  return withClient({ connections: services.connections, connection }, async (client) => {
    const until = Date.now() + waitMs
    for (;;) {
      const { rows } = await client.query<{ active: boolean; pid: number | null }>(
        'SELECT active, active_pid AS pid FROM pg_catalog.pg_replication_slots WHERE slot_name = $1',
        [slot],
      )
      const [found] = rows
      if (!found) return false
      if (!found.active) {
        await client.query('SELECT pg_catalog.pg_drop_replication_slot($1)', [slot])
        return true
      }
      if (Date.now() > until) {
        if (found.pid === null) throw new Error('somebody reads from it')
        await client.query('SELECT pg_catalog.pg_terminate_backend($1)', [found.pid])
      }
      if (Date.now() > until + waitMs) throw new Error('somebody reads from it')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  })
}
