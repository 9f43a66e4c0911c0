// What a person may ask of a recovery: one moment, on one timeline, and what happens when it is reached.
import { z } from 'zod'
import { walTime } from './archiveIndex'
import { lsnText } from './lsn'

/** Pause needs hot_standby; shutdown leaves recovery.signal, so that the next start would shut down again. */
export const targetActions = ['pause', 'promote', 'shutdown'] as const
export type TargetAction = (typeof targetActions)[number]

const how = {
  /** recovery_target_timeline, always a number: `latest` follows strays of earlier test restores. */
  timeline: z.int().min(1).max(0x7fff_ffff),
  /** Of time, LSN and transaction alone: what is exactly at the target is replayed too. */
  inclusive: z.boolean(),
  action: z.enum(targetActions),
}

export const recoveryWish = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('time'), value: walTime, ...how }),
  z.object({ kind: z.literal('lsn'), value: lsnText, ...how }),
  z.object({ kind: z.literal('xid'), value: z.int().min(3).max(0xffff_ffff), ...how }),
  /** The name of a restore point: at most 63 bytes, as pg_create_restore_point allows. */
  z.object({ kind: z.literal('name'), value: z.string().min(1).max(63), ...how }),
  /** As soon as the backup is consistent. */
  z.object({ kind: z.literal('immediate'), ...how }),
  /** All WAL there is. */
  z.object({ kind: z.literal('end'), ...how }),
])

export type RecoveryWish = z.infer<typeof recoveryWish>
export type WishKind = RecoveryWish['kind']
