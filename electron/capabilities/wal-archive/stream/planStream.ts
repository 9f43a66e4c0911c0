// Everything that is known before WAL is streamed: program, command, slot, folder, and what stands in the way.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from 'pg'
import { z } from 'zod'
import type { StreamArchiveRequest } from '../../../../shared/contracts/walArchiveStream'
import type { ShownCommand } from '../../../../shared/jobs/job'
import { quoteLiteral } from '../../../../shared/model/identifier'
import { majorOf } from '../../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../../shared/model/preflight'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { AppError } from '../../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../../shared/tools/buildCommand'
import { pgReceivewal } from '../../../../shared/tools/pgReceivewal'
import { shownWords } from '../../../../shared/tools/showCommand'
import { row, sortRows } from '../../../library/preflightRow'
import { slug } from '../../../library/slug'
import { mayAlter } from '../../../postgres/mayAlter'
import { withServer } from '../../../postgres/openServer'
import { freeOnServer } from '../../../postgres/sameMachine'
import type { ResolvedConnection, Services } from '../../../services'
import { keptSql, type LimitFacts } from './limitSlots'
import { folderRows, replicationRow, serverRows, slotRows } from './preflightStream'

export type StreamServices = Pick<Services, 'connections' | 'archives' | 'jobs' | 'spawn' | 'paths' | 'tools'>

const sourceRow = z.object({
  version: z.int(),
  system: z.string().nullable(),
  keep: z.string(),
  segment: z.coerce.number().int(),
  wal_level: z.string(),
  senders: z.int(),
  free_slots: z.int(),
  may_replicate: z.boolean(),
  role: z.string(),
  may_look: z.boolean(),
  superuser: z.boolean(),
  reload: z.boolean(),
  alter_system: z.string().nullable(),
  data: z.string().nullable(),
  kept: z.coerce.bigint(),
})

const slotRow = z.object({ name: z.string(), active: z.boolean(), physical: z.boolean() })

export type StreamSource = z.infer<typeof sourceRow> & {
  slots: z.infer<typeof slotRow>[]
  /** Of the segments that the server has, without the timeline; null where this role may not look. */
  oldest: string | null
  limit: LimitFacts
}

const sourceSql = `
  SELECT current_setting('server_version_num')::int AS version,
         CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
              THEN (SELECT system_identifier::text FROM pg_control_system()) END AS system,
         current_setting('max_slot_wal_keep_size') AS keep,
         (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment,
         current_setting('wal_level') AS wal_level,
         current_setting('max_wal_senders')::int - (SELECT count(*)::int FROM pg_stat_replication) AS senders,
         current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots) AS free_slots,
         (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user) AS may_replicate,
         current_user::text AS role,
         has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE') AS may_look,
         current_setting('is_superuser') = 'on' AS superuser,
         has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE') AS reload,
         current_setting('allow_alter_system', true) AS alter_system,
         (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data,
         (SELECT coalesce(max(greatest(${keptSql}, 0)), 0)::bigint::text FROM pg_replication_slots) AS kept`

export async function readStreamSource(
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection,
  signal: AbortSignal,
): Promise<StreamSource> {
  return withServer(
    services,
    connection,
    async (client) => {
      const source = sourceRow.parse((await client.query(sourceSql)).rows[0])
      const { rows } = await client.query(
        `SELECT slot_name::text AS name, active, slot_type = 'physical' AS physical FROM pg_replication_slots ORDER BY 1`,
      )
      const alter = source.superuser || (majorOf(source.version) >= 15 && (await mayAlter(client, ['max_slot_wal_keep_size'])))
      const limit: LimitFacts = {
        free: await freeOnServer(source.data, connection.settings.host),
        kept: source.kept,
        mayLimit: alter && source.reload && source.alter_system !== 'off' && !connection.readOnly,
      }
      return {
        ...source,
        slots: z.array(slotRow).parse(rows),
        oldest: source.may_look ? await oldestSegment(client) : null,
        limit,
      }
    },
    signal,
  )
}

/** A query by itself: a function in FROM asks for the right even where a CASE goes around it. */
async function oldestSegment(client: Client): Promise<string | null> {
  const { rows } = await client.query<{ oldest: string | null }>(
    "SELECT min(substr(name, 9)) AS oldest FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'",
  )
  return rows[0]?.oldest ?? null
}

export interface StreamPlan {
  request: StreamArchiveRequest
  connection: ResolvedConnection
  source: StreamSource
  tool: { path: string; version: number; program: string } | null
  command: BuiltCommand | null
  /** The archive that has the folder already, of this very stream. */
  known: WalArchive | null
  shown: ShownCommand[]
  preflight: PreflightRow[]
}

export async function planStream(
  services: StreamServices,
  request: StreamArchiveRequest,
  signal: AbortSignal,
): Promise<StreamPlan> {
  const connection = await services.connections.resolve(request.connectionId)
  const source = await readStreamSource(services, connection, signal)
  const { tool, problem } = await chooseReceiver(services, source.version)
  const command = tool && receiveCommand(connection, request, tool.version, source.version)
  const here = services.archives.list().find((archive) => archive.folder === request.folder)
  const known = here?.kind === 'stream' && here.connectionId === connection.id && here.stream?.slot === request.slot ? here : null
  const draft = { request, connection, source, tool, command, known, shown: shownOf(request, tool, command) }
  const rows: PreflightRow[] = [
    ...serverRows(draft),
    ...slotRows(draft),
    ...(problem ? [row('tool', 'blocker', 'pg_receivewal', `${problem.message} ${problem.hint ?? ''}`)] : []),
    ...(command?.problems ?? []).map(({ key, message }) => row(`option-${key}`, 'blocker', 'Options', message)),
    ...(await folderRows(services, draft, signal)),
    await replicationRow(connection, signal),
  ]
  return { ...draft, preflight: sortRows(rows) }
}

export async function chooseReceiver(services: Pick<Services, 'tools'>, version: number) {
  try {
    return { tool: await services.tools.forServer('pg_receivewal', version), problem: null }
  } catch (error) {
    if (error instanceof AppError) return { tool: null, problem: error }
    throw error
  }
}

/** The server hears every two seconds how far it is, since that is what the status shows. */
const statusSeconds = 2

/** `--no-loop`: before each new start Walkback looks whether it is still the same cluster, and takes a new password along. */
export function receiveCommand(
  { settings }: ResolvedConnection,
  stream: Pick<StreamArchiveRequest, 'folder' | 'slot' | 'compress' | 'synchronous'>,
  tool: number,
  server: number,
  loop = false,
): BuiltCommand {
  const values = {
    host: settings.host,
    port: settings.port,
    username: settings.user,
    noPassword: true,
    directory: stream.folder,
    slot: stream.slot,
    ...(stream.compress === '' ? {} : { compress: stream.compress }),
    synchronous: stream.synchronous,
    statusInterval: statusSeconds,
    noLoop: !loop,
    verbose: true,
  }
  return buildCommand(pgReceivewal, values, { tool, server })
}

function shownOf({ slot }: StreamArchiveRequest, tool: StreamPlan['tool'], command: BuiltCommand | null): ShownCommand[] {
  return [
    { title: 'Slot', program: 'psql', version: null, words: [createSlotSql(slot)], kind: 'sql' },
    ...(tool && command
      ? [
          {
            title: 'Receive WAL',
            program: command.program,
            version: tool.version,
            words: shownWords(command.argv),
            kind: 'program' as const,
          },
        ]
      : []),
  ]
}

/** true: WAL is kept from now on, not only once somebody has connected. */
export function createSlotSql(slot: string): string {
  return `SELECT pg_create_physical_replication_slot(${quoteLiteral(slot).trim()}, true);`
}

export async function makeStreamFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

export function suggestStream(
  services: Pick<Services, 'paths' | 'archives'>,
  label: string,
  source: StreamSource,
): { folder: string; slot: string } {
  const plain = `walkback_${
    label
      .toLowerCase()
      .normalize('NFKD')
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '') || 'archive'
  }`.slice(0, 55)
  const taken = (slot: string) => source.slots.some(({ name }) => name === slot)
  const slot = [plain, ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${plain}_${n}`)].find((name) => !taken(name)) ?? plain
  const base = join(services.paths.data, 'wal', `${slug(label)}-stream`)
  const used = (folder: string) => services.archives.list().some((archive) => archive.folder === folder)
  const folder = [base, ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${base}-${n}`)].find((path) => !used(path)) ?? base
  return { folder, slot }
}
