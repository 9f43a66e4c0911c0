// The checks before WAL is streamed: rights, slot, what the slot may keep, the folder and what it holds, a real connection.
import { readdir } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { holdsControl } from '../../../../shared/model/archiveCommand'
import { formatBytes } from '../../../../shared/model/byteCount'
import type { PreflightRow } from '../../../../shared/model/preflight'
import { parseWalFile } from '../../../../shared/model/walFile'
import { AppError } from '../../../../shared/rpc/appError'
import { freeBytes, nearestExisting, writeProblem } from '../../../library/freeSpace'
import { row, setOption } from '../../../library/preflightRow'
import { connect } from '../../../postgres/connect'
import { errorCode } from '../../../process/systemError'
import type { ResolvedConnection } from '../../../services'
import { identifySegments } from '../identifySegments'
import { limitFix } from './limitSlots'
import type { StreamPlan, StreamServices, StreamSource } from './planStream'

type Draft = Omit<StreamPlan, 'preflight'>

export function serverRows({ source }: Draft): PreflightRow[] {
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

export function slotRows({ request, source, known }: Draft): PreflightRow[] {
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
  else
    rows.push(
      row(
        'slot',
        'pass',
        check,
        `${request.slot} is made, and keeps WAL from the beginning of the last checkpoint on: there the archive begins. A base backup from before needs other WAL as well`,
      ),
    )
  if (source.keep === '-1') {
    const limit = limitFix(source.limit)
    const what =
      'max_slot_wal_keep_size is -1: while nothing is received the slot keeps WAL without a limit, until the server’s disk is full and it stops.'
    rows.push(
      request.unlimited
        ? row('keep', 'warning', 'WAL kept for the slot', what, limit ? [limit] : [])
        : row(
            'keep',
            'blocker',
            'WAL kept for the slot',
            limit
              ? `${what} Set a limit, or agree.`
              : `${what} Agree, or have a limit set: ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf();`,
            [...(limit ? [limit] : []), setOption('Keep without a limit', 'unlimited', true)],
          ),
    )
  } else
    rows.push(
      row('keep', 'pass', 'WAL kept for the slot', `at most ${source.keep}; what is further behind is lost to the archive`),
    )
  return rows
}

export async function folderRows(
  services: StreamServices,
  { request, source, known }: Draft,
  signal: AbortSignal,
): Promise<PreflightRow[]> {
  const check = 'Folder'
  const { folder } = request
  if (!isAbsolute(folder) || holdsControl(folder))
    return [row('folder', 'blocker', check, 'The folder must be an absolute path without line breaks.')]
  const other = services.archives.list().find((archive) => archive.folder === folder && archive.id !== known?.id)
  if (other && !(other.kind === 'folder' && other.connectionId === request.connectionId))
    return [row('folder', 'blocker', check, `${folder} is the archive of ${other.label} already. Choose another folder.`)]
  const problem = await writeProblem(folder)
  if (problem !== '') return [row('folder', 'blocker', check, `${problem}. Choose another folder.`)]
  const rows = await holdsRows(services, folder, source, signal)
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
async function holdsRows(
  services: StreamServices,
  folder: string,
  source: StreamSource,
  signal: AbortSignal,
): Promise<PreflightRow[]> {
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
  const system = await identifySegments(
    folder,
    found.map(({ name }) => name),
    services.spawn,
    signal,
  )
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
export async function replicationRow(connection: ResolvedConnection, signal: AbortSignal): Promise<PreflightRow> {
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
