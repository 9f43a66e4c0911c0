// What of readiness is about keeping WAL: the archive, the slots that hold it back, and wal_keep_size.
import type { Client } from 'pg'
import { z } from 'zod'
import type { ReadinessRow } from '../../shared/contracts/connections'
import { formatBytes } from '../../shared/model/byteCount'
import { quoteLiteral } from '../../shared/model/identifier'

const keptRow = z.object({
  archiveMode: z.string(),
  archiveCommand: z.string(),
  archiveLibrary: z.string(),
  /** The last try failed, and none succeeded since. */
  failing: z.boolean(),
  walKeep: z.string(),
  maxSlots: z.number(),
  slots: z.number(),
  idle: z.array(z.object({ name: z.string(), kept: z.string().nullable() })),
})

export type Kept = z.infer<typeof keptRow>

const keptSql = `
  SELECT current_setting('archive_mode') AS "archiveMode",
         current_setting('archive_command') AS "archiveCommand",
         COALESCE(current_setting('archive_library', true), '') AS "archiveLibrary",
         (SELECT last_failed_time IS NOT NULL AND last_failed_time >= COALESCE(last_archived_time, '-infinity')
            FROM pg_stat_archiver) AS failing,
         current_setting('wal_keep_size') AS "walKeep",
         current_setting('max_replication_slots')::int4 AS "maxSlots",
         (SELECT count(*)::int4 FROM pg_replication_slots) AS slots,
         COALESCE((SELECT json_agg(json_build_object('name', slot_name, 'kept', pg_wal_lsn_diff(
                     CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                     restart_lsn)::text) ORDER BY restart_lsn)
                     FROM pg_replication_slots WHERE NOT active), '[]') AS idle`

export async function readKept(client: Client): Promise<Kept> {
  return keptRow.parse((await client.query(keptSql)).rows[0])
}

/** For a backup that holds its own WAL none is needed; for any later moment there must be one. */
export function archiveRow(kept: Kept): ReadinessRow {
  const row = {
    id: 'archive_mode',
    check: 'WAL archive',
    needed: 'On, or streamed by Walkback, to reach any moment after a backup; one that holds its own WAL does without',
  }
  if (kept.archiveMode === 'off') {
    return {
      ...row,
      state: 'check',
      now: 'archive_mode off',
      howToChange: "ALTER SYSTEM SET archive_mode = 'on'; with an archive_command; then restart the server",
    }
  }
  if (kept.archiveCommand === '' && kept.archiveLibrary === '') {
    return {
      ...row,
      state: 'blocked',
      now: `archive_mode ${kept.archiveMode}, no archive_command: WAL piles up`,
      howToChange: 'ALTER SYSTEM SET archive_command = ...; SELECT pg_reload_conf();',
    }
  }
  if (kept.failing) {
    return {
      ...row,
      state: 'blocked',
      now: `archive_mode ${kept.archiveMode}, but the last try failed`,
      howToChange: "The server's log holds what the archive_command said. WAL is kept until it succeeds.",
    }
  }
  return { ...row, state: 'ready', now: `archive_mode ${kept.archiveMode}`, howToChange: '' }
}

export function slotsRow({ maxSlots, slots, idle }: Kept): ReadinessRow {
  const free = maxSlots - slots
  const holding = idle.filter(({ kept }) => kept !== null)
  const names = holding.map(({ name, kept }) => `${name} (keeps ${formatBytes(BigInt(kept ?? '0'))} of WAL)`)
  const drops = holding.map(({ name }) => `SELECT pg_drop_replication_slot(${quoteLiteral(name).trim()});`)
  const row = {
    id: 'max_replication_slots',
    check: 'Free replication slots',
    now: `${slots} of ${maxSlots} used${names.length === 0 ? '' : `; idle: ${names.join(', ')}`}`,
    needed: '1 free: it keeps the WAL that the backup still needs',
  }
  if (free < 1) {
    const drop = drops[0] ?? 'SELECT pg_drop_replication_slot(...);'
    const raise = `ALTER SYSTEM SET max_replication_slots = ${slots + 10}; then restart the server`
    return { ...row, state: 'blocked', howToChange: `Drop a slot nobody reads (${drop}), or ${raise}` }
  }
  if (drops.length === 0) return { ...row, state: 'ready', howToChange: '' }
  return { ...row, state: 'check', howToChange: `Where nobody will come back to read it: ${drops.join(' ')}` }
}

/** Only a fetch without slot and archive depends on it. */
export function walKeepRow({ walKeep, maxSlots, slots, archiveMode }: Kept): ReadinessRow {
  const safe = walKeep !== '0' || maxSlots > slots || archiveMode !== 'off'
  return {
    id: 'wal_keep_size',
    state: safe ? 'ready' : 'check',
    check: 'WAL kept without a slot',
    now: `wal_keep_size ${walKeep}`,
    needed: 'Any with a slot or an archive; else enough for the WAL of a whole backup',
    howToChange: safe ? '' : "For example: ALTER SYSTEM SET wal_keep_size = '1GB'; SELECT pg_reload_conf();",
  }
}
