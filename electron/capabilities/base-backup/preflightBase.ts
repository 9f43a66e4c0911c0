// The checks before a base backup, as rows with what was found and how to put it right. Pure: what it needs is asked before.
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import type { ReadinessRow } from '../../../shared/contracts/connections'
import { formatBytes } from '../../../shared/model/byteCount'
import { parseLsn } from '../../../shared/model/lsn'
import { formatPgVersion, majorOf } from '../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import type { WalArchive } from '../../../shared/model/walArchive'
import type { AppError } from '../../../shared/rpc/appError'
import type { CommandProblem } from '../../../shared/tools/buildCommand'
import { isAsked } from '../../../shared/tools/defineTool'
import { goTo, row, setOption, sortRows } from '../../library/preflightRow'
import type { PhysicalSource } from '../../postgres/readPhysicalSource'
import type { BaseParentPlan } from './planBaseBackup'
import type { VerifyPlan } from './planVerify'
import { summarizeStatements } from './summarize'

export interface BaseBackupFacts {
  request: BaseBackupRequest
  source: PhysicalSource
  readiness: readonly ReadinessRow[]
  /** blackhole, or server: and a path; null for a library. */
  target: string | null
  tool: { version: number } | null
  toolProblem: AppError | null
  verify: VerifyPlan
  parent: BaseParentPlan | null
  archives: readonly WalArchive[]
  problems: readonly CommandProblem[]
  /** '' when the library can be written. */
  writeProblem: string
  freeBytes: bigint | null
}

/** Blockers first, then warnings, then passes. */
export function checkBaseBackup(facts: BaseBackupFacts): PreflightRow[] {
  const here = facts.target === null
  return sortRows([
    ...checkTool(facts),
    ...facts.problems.map((problem) =>
      row(`option-${problem.key}`, 'blocker', `Option ${problem.flag}`, problem.message, fixesOf(problem)),
    ),
    ...checkReplication(facts),
    ...(here ? [...checkLibrary(facts), ...checkSpace(facts)] : checkTarget(facts)),
    ...checkWalLevel(facts),
    ...checkSenders(facts),
    ...checkWal(facts),
    ...checkSlot(facts),
    ...checkParent(facts),
    ...(here ? checkConfiguration(facts) : []),
    ...checkTrust(facts),
  ])
}

function fixesOf({ key, flag }: CommandProblem): PreflightFix[] {
  if (key === '') return []
  const out = setOption(`Leave ${flag} out`, key, false)
  return key === 'target' ? [setText('Fetch the WAL at the end', 'walMethod', 'fetch'), out] : [out]
}

const setText = (label: string, key: string, value: string): PreflightFix => ({
  label,
  action: { kind: 'set-option', key, value },
})

/** As the server's page says it: the role's attribute, and a replication connection that was really opened. */
function checkReplication({ readiness }: BaseBackupFacts): PreflightRow[] {
  return readiness
    .filter(({ id }) => id === 'role' || id === 'hba')
    .map(({ id, state, check, now, needed, howToChange }) => {
      if (state === 'ready') return row(id, 'pass', check, `${now}.`)
      const text = [`${now.replace(/[.]$/, '')}; needed: ${needed}.`, howToChange].filter((part) => part !== '').join(' ')
      return row(id, state === 'blocked' ? 'blocker' : 'warning', check, text)
    })
}

function checkTarget({ target, source, request }: BaseBackupFacts): PreflightRow[] {
  const what =
    target === 'blackhole'
      ? 'Everything is read and nothing is kept: there will be no backup, and no record. It shows how long a backup takes, and whether every page of the server has its checksum.'
      : `The backup will lie on the server's own disk (${target?.replace(/^server:/, '') ?? ''}), as tar. Walkback does not see it there: it is not verified, it has no record in a library, and settings files outside the data directory do not come along.`
  const rows = [row('target', 'warning', 'Where it goes', what, [setOption('Into the library', 'target', false)])]
  if (target !== 'blackhole' && !source.mayWriteFiles) {
    rows.push(
      row(
        'target-role',
        'blocker',
        'Files on the server',
        'The role may not write files on the server: it must be superuser, or a member of pg_write_server_files.',
      ),
    )
  }
  if (request.verify) {
    rows.push(row('target-verify', 'warning', 'Verification', 'What does not arrive here can’t be checked here.'))
  }
  return rows
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
  // pg_basebackup streams when it is not told otherwise.
  const needed = (request.options.walMethod ?? 'stream') === 'stream' ? 2 : 1
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

function checkWal({ request, source, archives }: BaseBackupFacts): PreflightRow[] {
  const { walMethod, waldir } = request.options
  if (isAsked(waldir)) {
    const text = `The WAL will lie in ${String(waldir)}, outside the backup’s folder: who copies or deletes the backup must think of both.`
    return [row('waldir', 'warning', 'WAL of the backup', text, [setText('Keep it inside', 'waldir', '')])]
  }
  if (walMethod !== 'none') return []
  const stream = setText('Stream the WAL', 'walMethod', 'stream')
  if (source.archiving) {
    const text =
      'The backup does not hold its WAL: it is worth something only with every archived segment from its start to its end. pg_basebackup waits until the server has archived them.'
    return [row('wal', 'warning', 'WAL of the backup', text, [stream])]
  }
  const archive = archives.find(
    (each) =>
      each.kind === 'stream' &&
      each.stream !== null &&
      each.systemIdentifier !== null &&
      each.systemIdentifier === source.systemIdentifier &&
      source.slots.includes(each.stream.slot),
  )
  if (archive?.stream) {
    const { slot } = archive.stream
    const text = source.activeSlots.includes(slot)
      ? `The backup does not hold its WAL: it can be started only together with the streaming archive ${archive.folder}, which receives it now through the slot ${slot}. Nothing else has it: archive_mode is off.`
      : `The backup does not hold its WAL, and the streaming archive ${archive.folder} is not receiving now. Its slot ${slot} keeps the WAL until it goes on: start it again, or this backup can never be started.`
    return [row('wal', 'warning', 'WAL of the backup', text, [stream])]
  }
  return [
    row(
      'wal',
      'blocker',
      'WAL of the backup',
      'The server archives no WAL, and no streaming archive of it is known, so a backup without WAL could never be started. Stream the WAL, or set up an archive first.',
      [stream],
    ),
  ]
}

function checkSlot({ request, source, target }: BaseBackupFacts): PreflightRow[] {
  const { slot, createSlot, walMethod, noSlot } = request.options
  if ((walMethod ?? 'stream') !== 'stream' || noSlot === true || target !== null) return []
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
    const failing = request.keepSlot ? 'It stays also when the backup fails.' : 'It is dropped when the backup fails.'
    const kept = `The slot ${slot} stays after the backup and keeps WAL until somebody reads from it or drops it. ${failing}`
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
  const { record } = parent
  const full = setText('Take a full backup', 'parent', '')
  const refuse = (text: string, fixes: PreflightFix[] = [full]) => [row('parent', 'blocker', 'Builds on', text, fixes)]
  if (majorOf(source.version) < 17)
    return refuse(`Incremental backups came with PostgreSQL 17; this server is ${formatPgVersion(source.version)}.`)
  if (!record.manifest) return refuse('That backup has no manifest: nothing can build on it.')
  if (!parent.manifest) return refuse(`The manifest ${record.manifest.path} of that backup is missing: nothing can build on it.`)
  if (source.systemIdentifier !== null && record.source.systemIdentifier !== source.systemIdentifier) {
    return refuse(
      `That backup is of another cluster: system identifier ${record.source.systemIdentifier ?? 'unknown'}, this server's is ${source.systemIdentifier}.`,
    )
  }
  if (source.summarizing !== true) {
    const statements = [...summarizeStatements]
    return refuse(
      `The server does not summarize its WAL (summarize_wal = off): ${statements.join(' ')} An older backup can be built on only as far as the server still has the WAL since it.`,
      [{ label: 'Turn summarize_wal on…', action: { kind: 'summarize-wal', statements } }, full],
    )
  }
  return [summariesRow(source, record.start, record.startedAt, full)]
}

function summariesRow(
  source: PhysicalSource,
  start: { timeline: number; lsn: string },
  startedAt: string,
  full: PreflightFix,
): PreflightRow {
  const from = source.summaries.find(({ timeline }) => timeline === start.timeline)?.from
  const [begins, needed] = [parseLsn(from ?? ''), parseLsn(start.lsn)]
  if (begins !== undefined && needed !== undefined && begins > needed) {
    const text = `The summaries of the WAL begin at ${from ?? ''}, after that backup did (${start.lsn}): what changed in between is not known any more.`
    return row('parent', 'blocker', 'Builds on', text, [full])
  }
  const text = `The backup of ${startedAt}, timeline ${start.timeline}, ${start.lsn}.`
  if (begins !== undefined) return row('parent', 'pass', 'Builds on', text)
  return row('parent', 'warning', 'Builds on', `${text} The server has not summarized any WAL yet: the backup waits for it.`)
}

function checkConfiguration({ request, source }: BaseBackupFacts): PreflightRow[] {
  if (source.dataDirectory === null) {
    const text =
      'The role may not see data_directory, so nobody knows whether settings files lie outside of it. A member of pg_read_all_settings sees it.'
    return [row('configuration', 'warning', 'Settings files', text)]
  }
  if (source.configuration.length === 0) return []
  const files = source.configuration.join(', ')
  if (!request.configuration) {
    const text = `Outside the data directory and not taken along: ${files}.`
    return [row('configuration', 'warning', 'Settings files', text, [setOption('Take them along', 'configuration', true)])]
  }
  if (source.mayReadFiles) return [row('configuration', 'pass', 'Settings files', `Taken along: ${files}.`)]
  return [
    row(
      'configuration',
      'warning',
      'Settings files',
      `Outside the data directory, and the role may not read them: ${files}. A superuser can GRANT pg_read_server_files to it, and EXECUTE on pg_read_binary_file(text).`,
    ),
  ]
}

function checkTrust({ request, source, verify, target }: BaseBackupFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  const add = (id: string, check: string, text: string, fixes: PreflightFix[] = []) =>
    rows.push(row(id, 'warning', check, text, fixes))
  if (!source.dataChecksums) {
    add(
      'checksums',
      'Data checksums',
      'The cluster has none: damage that is in its files already can’t be noticed by a backup (pg_checksums --enable turns them on).',
    )
  }
  if (request.options.writeRecoveryConf === true) {
    add(
      'standby',
      'Standby',
      'primary_conninfo will name a passfile of Walkback that is gone afterwards: give the standby a password of its own before it is started.',
    )
  }
  if (target !== null) return rows
  if (request.options.noManifest === true) {
    add(
      'manifest',
      'Manifest',
      'Without one the backup can be checked only from now on, not back to the server, and no incremental backup can follow it.',
    )
  }
  if (!request.verify) {
    add('verify', 'Verification', 'The backup will not be checked after it was taken.', [setOption('Check it', 'verify', true)])
    return rows
  }
  const without = [setOption('Do without the check', 'verify', false)]
  if (verify.problem !== '') rows.push(row('verify', 'blocker', 'Verification', verify.problem, without))
  else if (verify.walProblem !== '') add('verify', 'Verification', verify.walProblem)
  else rows.push(row('verify', 'pass', 'Verification', verifyWords(request, verify)))
  return rows
}

function verifyWords({ options }: BaseBackupRequest, { command, ownCheck, waldump }: VerifyPlan): string {
  const wal = options.walMethod === 'none' ? '' : waldump ? ', its WAL by pg_waldump' : ', with its WAL'
  if (command) return `Every file against the manifest, by pg_verifybackup ${formatPgVersion(command.tool.version)}${wal}.`
  return ownCheck ? `Every file in the tars against the manifest${wal}.` : `Checksums of every file${wal}.`
}
