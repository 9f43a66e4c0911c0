// The checks before a base backup, as rows with what was found and how to put it right. Pure: what it needs is asked before.
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import type { BaseBackupRecord } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion, majorOf } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import type { AppError } from '../../../shared/rpc/appError'
import type { CommandProblem } from '../../../shared/tools/buildCommand'
import { goTo, row, setOption, sortRows } from '../../library/preflightRow'
import type { PhysicalSource } from '../../postgres/readPhysicalSource'

export interface BaseBackupFacts {
  request: BaseBackupRequest
  source: PhysicalSource
  host: string
  tool: { version: number } | null
  toolProblem: AppError | null
  verifier: { version: number } | null
  parent: BaseBackupRecord | null
  problems: readonly CommandProblem[]
  /** '' when the library can be written. */
  writeProblem: string
  freeBytes: bigint | null
}

/** Blockers first, then warnings, then passes. */
export function checkBaseBackup(facts: BaseBackupFacts): PreflightRow[] {
  return sortRows([
    ...checkTool(facts),
    ...facts.problems.map((problem) =>
      row(
        `option-${problem.key}`,
        'blocker',
        `Option ${problem.flag}`,
        problem.message,
        problem.key === '' ? [] : [setOption(`Leave ${problem.flag} out`, problem.key, false)],
      ),
    ),
    ...checkLibrary(facts),
    ...checkSpace(facts),
    ...checkWalLevel(facts),
    ...checkSenders(facts),
    ...checkWal(facts),
    ...checkSlot(facts),
    ...checkParent(facts),
    ...checkConfiguration(facts),
    ...checkTrust(facts),
  ])
}

function checkTool({ tool, toolProblem, source }: BaseBackupFacts): PreflightRow[] {
  const server = formatPgVersion(source.version)
  if (toolProblem) {
    return [row('tool', 'blocker', 'Programs', [toolProblem.message, toolProblem.hint].filter(Boolean).join(' '))]
  }
  return tool
    ? [row('tool', 'pass', 'Programs', `pg_basebackup ${formatPgVersion(tool.version)} for a server of ${server}.`)]
    : []
}

function checkLibrary({ request, writeProblem }: BaseBackupFacts): PreflightRow[] {
  if (writeProblem === '') return [row('library', 'pass', 'Library', `${request.library} can be written.`)]
  return [
    row('library', 'blocker', 'Library', `Nothing can be written to ${request.library}: ${writeProblem}.`, [
      goTo('Choose another library', 'options'),
    ]),
  ]
}

/** A plain copy is as large as the cluster; nobody knows how small a compressed or an incremental one will be. */
function checkSpace({ request, source, freeBytes }: BaseBackupFacts): PreflightRow[] {
  if (freeBytes === null) return [row('space', 'warning', 'Disk space', 'The system does not say how much space is free there.')]
  const free = formatBytes(freeBytes)
  if (source.size === null) {
    return [row('space', 'warning', 'Disk space', `${free} are free; the role may not ask how large the cluster is.`)]
  }
  const size = BigInt(source.size)
  const text = `${free} are free, the databases hold ${formatBytes(size)}`
  const exact = request.format === 'plain' && request.parent === null
  if (freeBytes >= size + BigInt(2 * source.segmentSize)) return [row('space', 'pass', 'Disk space', `${text}.`)]
  const another = [goTo('Choose another library', 'options')]
  if (exact) return [row('space', 'blocker', 'Disk space', `${text}: a plain copy can't fit.`, another)]
  return [row('space', 'warning', 'Disk space', `${text}: it fits only if it becomes much smaller.`, another)]
}

function checkWalLevel({ source }: BaseBackupFacts): PreflightRow[] {
  if (source.walLevel !== 'minimal') return []
  return [
    row(
      'wal_level',
      'blocker',
      'wal_level',
      "The server runs with wal_level = minimal: no base backup is possible. ALTER SYSTEM SET wal_level = 'replica', then restart the server.",
    ),
  ]
}

function checkSenders({ request, source }: BaseBackupFacts): PreflightRow[] {
  const needed = request.options.walMethod === 'stream' ? 2 : 1
  if (source.freeSenders >= needed)
    return [row('senders', 'pass', 'WAL senders', `${source.freeSenders} free, ${needed} needed.`)]
  return [
    row(
      'senders',
      'blocker',
      'WAL senders',
      `${source.freeSenders} free, ${needed} needed: another backup or standby uses them. Wait, or raise max_wal_senders and restart the server.`,
    ),
  ]
}

function checkWal({ request, source }: BaseBackupFacts): PreflightRow[] {
  if (request.options.walMethod !== 'none') return []
  if (source.archiving) {
    return [
      row(
        'wal',
        'warning',
        'WAL of the backup',
        'The backup does not hold its WAL: it is worth something only with every archived segment from its start to its end.',
      ),
    ]
  }
  return [
    row(
      'wal',
      'blocker',
      'WAL of the backup',
      'The server archives no WAL, so a backup without WAL could never be started. Stream the WAL, or set up an archive first.',
      [{ label: 'Stream the WAL', action: { kind: 'set-option', key: 'walMethod', value: 'stream' } }],
    ),
  ]
}

function checkSlot({ request, source }: BaseBackupFacts): PreflightRow[] {
  const { slot, createSlot, walMethod, noSlot } = request.options
  if (walMethod !== 'stream' || noSlot === true) return []
  if (typeof slot === 'string' && slot !== '') {
    const exists = source.slots.includes(slot)
    if (createSlot === true && exists) {
      return [
        row('slot', 'blocker', 'Replication slot', `There is a slot ${slot} already.`, [
          setOption('Use that slot', 'createSlot', false),
        ]),
      ]
    }
    if (createSlot !== true && !exists) {
      return [row('slot', 'blocker', 'Replication slot', `There is no slot ${slot}.`, [setOption('Make it', 'createSlot', true)])]
    }
    if (createSlot !== true) return []
    const kept = `The slot ${slot} stays after the backup and keeps WAL until somebody reads from it or drops it.`
    return [
      row('slot', source.freeSlots > 0 ? 'warning' : 'blocker', 'Replication slot', source.freeSlots > 0 ? kept : noFreeSlot),
    ]
  }
  if (source.freeSlots > 0) return []
  return [row('slot', 'blocker', 'Replication slot', noFreeSlot, [setOption('Go without a slot', 'noSlot', true)])]
}

const noFreeSlot =
  'Every replication slot is in use. Drop one that nobody reads, raise max_replication_slots and restart, or go without.'

function checkParent({ request, source, parent }: BaseBackupFacts): PreflightRow[] {
  if (request.parent === null || !parent) return []
  const refuse = (text: string) => [row('parent', 'blocker', 'Builds on', text)]
  if (majorOf(source.version) < 17)
    return refuse(`Incremental backups came with PostgreSQL 17; this server is ${formatPgVersion(source.version)}.`)
  if (!parent.manifest) return refuse('That backup has no manifest: nothing can build on it.')
  if (source.systemIdentifier !== null && parent.source.systemIdentifier !== source.systemIdentifier) {
    return refuse(
      `That backup is of another cluster: system identifier ${parent.source.systemIdentifier ?? 'unknown'}, this server's is ${source.systemIdentifier}.`,
    )
  }
  if (!source.summarizing) {
    return refuse(
      'The server does not summarize its WAL: ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf(); then take a full backup to build on.',
    )
  }
  return [row('parent', 'pass', 'Builds on', `The backup of ${parent.startedAt}, timeline ${parent.start.timeline}.`)]
}

function checkConfiguration({ request, source }: BaseBackupFacts): PreflightRow[] {
  if (source.configuration.length === 0) return []
  const files = source.configuration.join(', ')
  if (!request.configuration) {
    return [row('configuration', 'warning', 'Settings files', `Outside the data directory and not taken along: ${files}.`)]
  }
  if (source.mayReadFiles) return [row('configuration', 'pass', 'Settings files', `Taken along: ${files}.`)]
  return [
    row(
      'configuration',
      'warning',
      'Settings files',
      `Outside the data directory, and the role may not read them: ${files}. A superuser can GRANT pg_read_server_files to it.`,
    ),
  ]
}

function checkTrust({ request, source, verifier }: BaseBackupFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  if (!source.dataChecksums) {
    rows.push(
      row(
        'checksums',
        'warning',
        'Data checksums',
        'The cluster has none: damage that is in its files already can’t be noticed by a backup (pg_checksums --enable turns them on).',
      ),
    )
  }
  if (request.options.noManifest === true) {
    rows.push(
      row('manifest', 'warning', 'Manifest', 'Without one the backup can be checked only from now on, not back to the server.'),
    )
  }
  if (!request.verify) rows.push(row('verify', 'warning', 'Verification', 'The backup will not be checked after it was taken.'))
  else if (verifier)
    rows.push(row('verify', 'pass', 'Verification', `pg_verifybackup ${formatPgVersion(verifier.version)} afterwards.`))
  return rows
}
