// The checks before a base backup, as rows with what was found and how to put it right. Pure: what it needs is asked before.
import type { BaseBackupRequest } from '../../../shared/contracts/baseBackup'
import type { ReadinessRow } from '../../../shared/contracts/connections'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import type { WalArchive } from '../../../shared/model/walArchive'
import type { AppError } from '../../../shared/rpc/appError'
import type { CommandProblem } from '../../../shared/tools/buildCommand'
import { goTo, row, setOption, sortRows } from '../../library/preflightRow'
import type { PhysicalSource } from '../../postgres/readPhysicalSource'
import type { BaseParentPlan } from './planBaseBackup'
import type { VerifyPlan } from './planVerify'
import { checkParent, checkSenders, checkSlot, checkWal, checkWalLevel } from './preflightWal'

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
  return key === 'target' ? [setOption('Fetch the WAL at the end', 'walMethod', 'fetch'), out] : [out]
}

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
  if (request.options.noManifest === true && request.options.walMethod === 'none') {
    const text =
      'Without a manifest and without WAL nothing in the backup says where it ends, so nobody could tell whether it is usable.'
    rows.push(row('manifest', 'blocker', 'Manifest', text, [setOption('Write the manifest', 'noManifest', false)]))
  } else if (request.options.noManifest === true) {
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
