// Everything that is known before WAL is streamed: program, command, slot, folder, and what stands in the way.
import { mkdir, readdir } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import type { StreamArchiveRequest } from '../../../../shared/contracts/walArchiveStream'
import type { ShownCommand } from '../../../../shared/jobs/job'
import { formatBytes } from '../../../../shared/model/byteCount'
import { quoteLiteral } from '../../../../shared/model/identifier'
import type { PreflightRow } from '../../../../shared/model/preflight'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { parseWalFile } from '../../../../shared/model/walFile'
import { AppError } from '../../../../shared/rpc/appError'
import { type BuiltCommand, buildCommand } from '../../../../shared/tools/buildCommand'
import { pgReceivewal } from '../../../../shared/tools/pgReceivewal'
import { shownWords } from '../../../../shared/tools/showCommand'
import { freeBytes, nearestExisting, writeProblem } from '../../../library/freeSpace'
import { row, setOption, sortRows } from '../../../library/preflightRow'
import { slug } from '../../../library/slug'
import { connect } from '../../../postgres/connect'
import { withServer } from '../../../postgres/openServer'
import { errorCode } from '../../../process/systemError'
import type { ResolvedConnection, Services } from '../../../services'
import { identifySegments } from '../identifySegments'

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
  oldest: z.string().nullable(),
})

const slotRow = z.object({ name: z.string(), active: z.boolean(), physical: z.boolean() })

export type StreamSource = z.infer<typeof sourceRow> & { slots: z.infer<typeof slotRow>[] }

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
         CASE WHEN has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE')
              THEN (SELECT min(substr(name, 9)) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$') END AS oldest`

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
      return { ...source, slots: z.array(slotRow).parse(rows) }
    },
    signal,
  )
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
    ...(await folderRows(services, draft)),
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

type Draft = Omit<StreamPlan, 'preflight'>

function serverRows({ source }: Draft): PreflightRow[] {
  return [
    source.may_replicate
      ? row('role', 'pass', 'Role may replicate', source.role)
      : row(
          'role',
          'blocker',
          'Role may replicate',
          `${source.role} may not. As a superuser: ALTER ROLE ${source.role} REPLICATION;`,
        ),
    source.wal_level === 'minimal'
      ? row(
          'wal-level',
          'blocker',
          'wal_level',
          "It is minimal, which is not enough. ALTER SYSTEM SET wal_level = 'replica'; then restart the server",
        )
      : row('wal-level', 'pass', 'wal_level', source.wal_level),
    source.senders >= 1
      ? row('senders', 'pass', 'Free WAL senders', `${source.senders} free`)
      : row('senders', 'blocker', 'Free WAL senders', 'None is free. Raise max_wal_senders and restart the server.'),
  ]
}

function slotRows({ request, source, known }: Draft): PreflightRow[] {
  const check = 'Replication slot'
  const rows: PreflightRow[] = []
  const there = source.slots.find(({ name }) => name === request.slot)
  if (!/^[a-z0-9_]{1,63}$/.test(request.slot))
    rows.push(
      row(
        'slot',
        'blocker',
        check,
        `${JSON.stringify(request.slot)} is no slot's name: lower case letters, digits and underscores only.`,
      ),
    )
  else if (there && known && there.physical && !there.active)
    rows.push(row('slot', 'pass', check, `${request.slot} is there, and is this archive's own`))
  else if (there)
    rows.push(
      row(
        'slot',
        'blocker',
        check,
        `A slot ${request.slot} is there already${there.active ? ', and in use' : ''}. Choose another name: two receivers never share a slot.`,
      ),
    )
  else if (known)
    rows.push(
      row(
        'slot',
        'blocker',
        check,
        `The slot ${request.slot} of this archive is gone, so WAL may be missing. Choose a new folder, and take a full base backup.`,
      ),
    )
  else if (source.free_slots < 1)
    rows.push(
      row(
        'slot',
        'blocker',
        check,
        'No slot is free. Raise max_replication_slots and restart the server, or drop one nobody reads.',
      ),
    )
  else rows.push(row('slot', 'pass', check, `${request.slot} is made, and keeps WAL from that moment on`))
  if (source.keep === '-1') {
    const what =
      'max_slot_wal_keep_size is -1: while nothing is received the slot keeps WAL without a limit, until the server’s disk is full and it stops.'
    rows.push(
      request.unlimited
        ? row('keep', 'warning', 'WAL kept for the slot', what)
        : row(
            'keep',
            'blocker',
            'WAL kept for the slot',
            `${what} Agree, or set a limit: ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf();`,
            [setOption('Keep without a limit', 'unlimited', true)],
          ),
    )
  } else
    rows.push(
      row('keep', 'pass', 'WAL kept for the slot', `at most ${source.keep}; what is further behind is lost to the archive`),
    )
  return rows
}

async function folderRows(services: StreamServices, { request, source, known }: Draft): Promise<PreflightRow[]> {
  const check = 'Folder'
  const { folder } = request
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (!isAbsolute(folder) || /[\u0000-\u001f\u007f]/.test(folder))
    return [row('folder', 'blocker', check, 'The folder must be an absolute path without line breaks.')]
  const other = services.archives.list().find((archive) => archive.folder === folder && archive.id !== known?.id)
  if (other && !(other.kind === 'folder' && other.connectionId === request.connectionId))
    return [row('folder', 'blocker', check, `${folder} is the archive of ${other.label} already. Choose another folder.`)]
  const problem = await writeProblem(folder)
  if (problem !== '') return [row('folder', 'blocker', check, `${problem}. Choose another folder.`)]
  const rows = await holdsRows(folder, source)
  const free = await freeBytes(folder)
  if (free !== null) {
    const few = free < BigInt(source.segment) * 64n
    rows.push(
      row(
        'space',
        few ? 'warning' : 'pass',
        'Free space',
        `${formatBytes(free)} free in ${nearestExisting(folder)}${few ? '. Once it is full the slot makes the server keep its WAL' : ''}`,
      ),
    )
  }
  return rows
}

/** pg_receivewal goes on after the newest segment of the folder: the server must still have what follows. */
async function holdsRows(folder: string, source: StreamSource): Promise<PreflightRow[]> {
  const check = 'What the folder holds'
  const names = await namesIn(folder)
  const found = names.flatMap((name) => {
    const file = parseWalFile(name)
    return file?.kind === 'segment' ? [{ name, segment: file.name, partial: file.partial }] : []
  })
  if (found.length === 0) {
    const others = names.filter((name) => !name.startsWith('.')).length
    return [
      others === 0
        ? row('holds', 'pass', check, 'Nothing yet')
        : row('holds', 'warning', check, `${others} other files. A folder of its own is easier to look after.`),
    ]
  }
  const system = await identifySegments(found.map(({ name }) => join(folder, name)))
  if (system !== null && source.system !== null && system !== source.system)
    return [
      row(
        'holds',
        'blocker',
        check,
        `It holds WAL of another cluster (system identifier ${system}, this server has ${source.system}). Another server starts a new chain: choose a new folder, and take a full base backup for it.`,
      ),
    ]
  // FindStreamingStart in pg_receivewal.c: on with the one after the newest, or anew with the newest when it is unfinished.
  const newest =
    found
      .map(({ segment }) => segment.slice(8))
      .toSorted()
      .at(-1) ?? ''
  const whole = found.some(({ segment, partial }) => !partial && segment.slice(8) === newest)
  if (source.oldest !== null && (whole ? nextName(newest) : newest) < source.oldest) {
    const last = found.find(({ segment }) => segment.slice(8) === newest)?.segment ?? ''
    return [
      row(
        'holds',
        'blocker',
        check,
        `It ends ${whole ? 'with' : 'within'} ${last}, and the server no longer has what follows. Choose a new folder, and take a full base backup for it.`,
      ),
    ]
  }
  return [
    row('holds', 'pass', check, `${found.length} segments${system === null ? '' : ' of this server'}: it goes on after them`),
  ]
}

/** For comparing only: one after, whatever the segment size. */
function nextName(digits: string): string {
  return (BigInt(`0x${digits}`) + 1n).toString(16).toUpperCase().padStart(16, '0')
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** The proof is a replication connection that opens. */
async function replicationRow(connection: ResolvedConnection, signal: AbortSignal): Promise<PreflightRow> {
  const check = 'Replication connection'
  try {
    const client = await connect(connection, { replication: true, signal })
    try {
      await client.query('IDENTIFY_SYSTEM')
    } finally {
      await client.end()
    }
    return row('replication', 'pass', check, 'Opened just now')
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'cancelled') throw error
    return row('replication', 'blocker', check, [error.message, error.hint ?? ''].filter(Boolean).join(' '))
  }
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
