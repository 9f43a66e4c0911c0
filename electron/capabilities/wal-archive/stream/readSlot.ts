// What a server says of a replication slot and of the program that receives through it.
import type { Client } from 'pg'
import { z } from 'zod'
import type { StreamStatus } from '../../../../shared/contracts/walArchiveStream'
import { toLsn } from '../../../../shared/model/lsn'
import { segmentName, segmentOf } from '../../../../shared/model/walFile'

/** On a standby the end of what it has replayed counts. Positions of other roles' senders need pg_read_all_stats. */
const slotSql = `
  SELECT c.lsn::text AS current, c.timeline, c.segment, r.slot_name::text AS name, r.slot_type AS type, r.active, r.active_pid AS pid,
         r.restart_lsn::text AS restart, r.wal_status AS status, r.safe_wal_size::text AS safe,
         greatest(pg_wal_lsn_diff(c.lsn, r.restart_lsn), 0)::text AS kept,
         s.state, s.write_lsn::text AS written, s.flush_lsn::text AS flushed,
         greatest(pg_wal_lsn_diff(c.lsn, s.write_lsn), 0)::text AS lag
    FROM (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END AS lsn,
                 CASE WHEN pg_is_in_recovery() THEN NULL ELSE ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int END AS timeline,
                 (SELECT setting::int FROM pg_settings WHERE name = 'wal_segment_size') AS segment) c
    LEFT JOIN pg_replication_slots r ON r.slot_name = $1
    LEFT JOIN pg_stat_replication s ON s.pid = r.active_pid`

const slotRow = z.object({
  current: z.string().nullable(),
  timeline: z.int().nullable(),
  segment: z.int(),
  name: z.string().nullable(),
  type: z.string().nullable(),
  active: z.boolean().nullable(),
  pid: z.int().nullable(),
  restart: z.string().nullable(),
  status: z.string().nullable(),
  safe: z.string().nullable(),
  kept: z.string().nullable(),
  state: z.string().nullable(),
  written: z.string().nullable(),
  flushed: z.string().nullable(),
  lag: z.string().nullable(),
})

export type SlotReading = z.infer<typeof slotRow>

/** `name` is null when there is no such slot. Throws the driver's errors. */
export async function readSlot(client: Client, slot: string): Promise<SlotReading> {
  return slotRow.parse((await client.query(slotSql, [slot])).rows[0])
}

export function statusOf(reading: SlotReading): NonNullable<StreamStatus['server']> {
  return {
    current: reading.current ?? '',
    written: reading.written,
    flushed: reading.flushed,
    lagBytes: reading.lag,
    segment: segmentAt(reading),
    slot:
      reading.name === null
        ? null
        : {
            active: reading.active === true,
            restartLsn: reading.restart,
            walStatus: reading.status,
            safeWalSize: reading.safe,
            keptBytes: reading.kept,
          },
  }
}

/** The segment that is being received. */
export function segmentAt({ written, timeline, segment }: SlotReading): string | null {
  if (written === null || timeline === null) return null
  return segmentName({ timeline, number: segmentOf(toLsn(written), segment) }, segment)
}
