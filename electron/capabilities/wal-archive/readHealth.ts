// How well an archive is: what its server says of archiving and slots, and what its folder says of growth and reach.
import type { Client } from 'pg'
import { z } from 'zod'
import type { ArchiveHealth } from '../../../shared/contracts/walArchive'
import { archiveDangers } from '../../../shared/model/archiveDangers'
import { forecastFull } from '../../../shared/model/archiveForecast'
import type { ArchiveIndex } from '../../../shared/model/archiveIndex'
import { walRanges } from '../../../shared/model/archiveRanges'
import { formatLsn, toLsn } from '../../../shared/model/lsn'
import { majorOf } from '../../../shared/model/pgVersion'
import type { WalArchive } from '../../../shared/model/walArchive'
import { AppError } from '../../../shared/rpc/appError'
import { readArchiveIndex } from '../../archive/readArchiveIndex'
import { freeBytes } from '../../library/freeSpace'
import { readArchiverWords } from '../../postgres/archiverLog'
import { withServer } from '../../postgres/openServer'
import { isThisMachine } from '../../postgres/sameMachine'
import type { Services } from '../../services'

type Needs = Pick<Services, 'connections' | 'paths' | 'spawn' | 'tools'>
type ServerHealth = NonNullable<ArchiveHealth['server']>

const time = z.iso.datetime({ precision: 6 }).nullable()

const archiverRow = z.object({
  version: z.int(),
  now: z.iso.datetime({ precision: 6 }),
  system: z.string().nullable(),
  recovery: z.boolean(),
  timeline: z.int().nullable(),
  lsn: z.string(),
  mode: z.string(),
  command: z.string().nullable(),
  library: z.string().nullable(),
  keep: z.string(),
  queue: z.boolean(),
  archived: z.string(),
  failed: z.string(),
  lastArchived: z.string().nullable(),
  archivedAt: time,
  lastFailed: z.string().nullable(),
  failedAt: time,
})

const utc = (what: string) => `to_char(${what} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

const archiverSql = `
  SELECT current_setting('server_version_num')::int4 AS version, ${utc('clock_timestamp()')} AS now,
         CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
              THEN (SELECT system_identifier::text FROM pg_control_system()) END AS system,
         pg_is_in_recovery() AS recovery,
         CASE WHEN pg_is_in_recovery() THEN NULL
              ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int4 END AS timeline,
         (CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
               ELSE pg_current_wal_lsn() END)::text AS lsn,
         current_setting('archive_mode') AS mode,
         (SELECT setting FROM pg_settings WHERE name = 'archive_command') AS command,
         (SELECT setting FROM pg_settings WHERE name = 'archive_library') AS library,
         current_setting('max_slot_wal_keep_size') AS keep,
         has_function_privilege('pg_catalog.pg_ls_archive_statusdir()', 'EXECUTE') AS queue,
         archived_count::text AS archived, failed_count::text AS failed,
         last_archived_wal AS "lastArchived", ${utc('last_archived_time')} AS "archivedAt",
         last_failed_wal AS "lastFailed", ${utc('last_failed_time')} AS "failedAt"
    FROM pg_stat_archiver`

/** Never throws for a server that can't be reached or a folder that can't be seen: that is part of the answer. */
export async function readHealth(services: Needs, archive: WalArchive, signal: AbortSignal): Promise<ArchiveHealth> {
  const [folder, server] = await Promise.all([readFolder(services, archive, signal), readServerHealth(services, archive, signal)])
  signal.throwIfAborted()
  const behind = server.facts && folder.newest && behindBytes(server.facts, folder.newest)
  const known = { ...folder, server: server.facts, serverProblem: server.problem, behind }
  return { ...known, dangers: archiveDangers(archive, known) }
}

function behindBytes(server: ServerHealth, newest: NonNullable<ArchiveHealth['newest']>): string | null {
  // On another timeline positions say nothing about each other.
  if (server.timeline !== null && server.timeline !== newest.timeline) return null
  const bytes = toLsn(server.currentLsn) - toLsn(newest.reaches)
  return String(bytes > 0n ? bytes : 0n)
}

async function readFolder(services: Needs, archive: WalArchive, signal: AbortSignal) {
  const nothing = { freeBytes: null, forecast: null, newest: null }
  let index: ArchiveIndex
  try {
    const { systemIdentifier } = archive
    index = await readArchiveIndex(services, archive.folder, { signal, systemIdentifier, depth: 'headers' })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError) return nothing
    throw error
  }
  const free = await freeBytes(archive.folder)
  const forecast = free === null ? null : forecastFull(index.segments, free, Date.now())
  return {
    freeBytes: free === null ? null : String(free),
    forecast: forecast && {
      bytesPerDay: String(Math.round(forecast.bytesPerDay)),
      // A date that no calendar has says as much as "never".
      fullAt: new Date(Math.min(forecast.fullAt, Date.UTC(9999, 0, 1))).toISOString(),
      seenMs: forecast.seen,
    },
    newest: newestOf(index),
  }
}

/** The end of the last range of the newest timeline: what came last into the archive. */
export function newestOf(index: ArchiveIndex): ArchiveHealth['newest'] {
  const last = walRanges(index.segments).at(-1)
  const end = last?.segments.at(-1)
  const whole = end?.partial ? (last?.segments.at(-2) ?? end) : end
  if (!last || !end || !whole || index.segmentSize === null) return null
  const boundary = BigInt((whole.number ?? 0) + (whole.partial ? 0 : 1)) * BigInt(index.segmentSize)
  const reaches = end.partial && end.end !== null ? end.end : formatLsn(boundary)
  const lastCommit = last.segments.findLast(({ own }) => own?.lastCommit)?.own?.lastCommit ?? null
  return { file: whole.file, at: new Date(whole.modified).toISOString(), timeline: last.timeline, reaches, lastCommit }
}

async function readServerHealth(services: Needs, archive: WalArchive, signal: AbortSignal) {
  if (archive.connectionId === null) return { facts: null, problem: 'No saved connection belongs to this archive.' }
  try {
    const connection = await services.connections.resolve(archive.connectionId)
    const here = isThisMachine(connection.settings.host)
    return { facts: await withServer(services, connection, (client) => readServer(client, here), signal), problem: '' }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError) return { facts: null, problem: error.message }
    throw error
  }
}

async function readServer(client: Client, here: boolean): Promise<ServerHealth> {
  const row = archiverRow.parse((await client.query(archiverSql)).rows[0])
  const known = row.command !== null
  const archiving = row.mode === 'off' ? false : known ? row.command !== '' || (row.library ?? '') !== '' : null
  return {
    ...{ now: row.now, systemIdentifier: row.system, timeline: row.timeline, inRecovery: row.recovery },
    ...{ currentLsn: row.lsn, archiveMode: row.mode, archiving, archivedCount: row.archived, failedCount: row.failed },
    queue: row.queue ? await readQueue(client) : null,
    lastArchived: row.lastArchived !== null && row.archivedAt !== null ? { file: row.lastArchived, at: row.archivedAt } : null,
    lastFailed:
      row.lastFailed !== null && row.failedAt !== null
        ? { file: row.lastFailed, at: row.failedAt, ...(await readArchiverWords(client, here)) }
        : null,
    slots: await readSlots(client, row.version),
    keepSize: row.keep,
  }
}

async function readQueue(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int4 AS count FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'`,
  )
  return rows[0]?.count ?? 0
}

const slotRow = z.object({
  name: z.string(),
  active: z.boolean(),
  restartLsn: z.string().nullable(),
  walStatus: z.string().nullable(),
  safeWalSize: z.string().nullable(),
  keptBytes: z.string().nullable(),
  inactiveSince: time,
})

/** Physical ones: those of logical replication are no business of an archive, though they too keep WAL. */
async function readSlots(client: Client, version: number): Promise<ServerHealth['slots']> {
  const since = majorOf(version) >= 17 ? utc('inactive_since') : 'NULL::text'
  const { rows } = await client.query(`
    SELECT slot_name::text AS name, active, restart_lsn::text AS "restartLsn", wal_status AS "walStatus",
           safe_wal_size::text AS "safeWalSize", ${since} AS "inactiveSince",
           greatest(0, (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END) - restart_lsn)::text
             AS "keptBytes"
      FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary ORDER BY 1`)
  return z.array(slotRow).parse(rows)
}
