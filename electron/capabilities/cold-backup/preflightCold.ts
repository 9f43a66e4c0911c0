// The checks before a cold backup: is it stopped, will the copy start, is everything there, is there room.
import path from 'node:path'
import type { ColdBackupRequest } from '../../../shared/contracts/coldBackup'
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import { formatBytes } from '../../../shared/model/byteCount'
import type { PreflightRow } from '../../../shared/model/preflight'
import { goTo, row, setOption, sortRows } from '../../library/preflightRow'
import { type ControlData, isCleanState, needsCrashRecovery } from '../../postgres/localClusterState'
import type { OutsideSettings } from '../../postgres/outsideSettings'
import type { WalEnd, WalPresence } from '../../postgres/walPresence'
import type { SourceListing } from './listSource'

export interface ColdFacts {
  request: ColdBackupRequest
  info: LocalClusterInfo
  hostname: string
  control: ControlData
  listing: SourceListing
  outside: OutsideSettings
  wal: WalPresence & WalEnd
  checksPages: boolean
  /** '' when the library can be written. */
  writeProblem: string
  freeBytes: bigint | null
  sharesBlocks: boolean
}

export function checkCold(facts: ColdFacts): PreflightRow[] {
  return sortRows([
    ...(facts.info.running ? [runningRow(facts)] : stateRows(facts)),
    ...completeRows(facts),
    ...settingsRows(facts),
    ...pageRows(facts),
    ...placeRows(facts),
  ])
}

function runningRow({ info, hostname }: ColdFacts): PreflightRow {
  const port = info.port === null ? '' : `, port ${info.port}`
  return row(
    'running',
    'blocker',
    'Cluster is stopped',
    `${info.name} runs on ${hostname} (process ${info.running?.pid}${port}): files that a server writes to can't be copied into a usable backup.`,
    [goTo('Stop it, or take a base backup', 'source')],
  )
}

/** "shut down", or what a start would have to go through. */
function stateRows({ info, control, wal, listing }: ColdFacts): PreflightRow[] {
  const label = labelFile(listing)
  if (label) {
    return [
      row(
        'state',
        'blocker',
        'State',
        `${info.dataDirectory} holds ${label}: it is a base backup whose recovery has not ended yet. Start it and let it recover, or copy the base backup itself.`,
      ),
    ]
  }
  const { state } = control
  if (isCleanState(state)) {
    const standby = state === 'shut down in recovery' ? ' It is a standby: its copy starts as one.' : ''
    const said = row('state', 'pass', 'State', `pg_controldata says "${state}".${standby}`)
    if (wal.problems.length === 0) return [said]
    return [
      said,
      row(
        'wal',
        'blocker',
        'WAL of its start',
        `It can't start without the WAL of its latest checkpoint: ${wal.problems.join(' ')}`,
      ),
    ]
  }
  if (!needsCrashRecovery(state)) {
    return [
      row(
        'state',
        'blocker',
        'State',
        `pg_controldata says "${state}": a standby or a recovery that was not shut down. ${startAndStop(info)}`,
      ),
    ]
  }
  const missing = [...wal.problems, ...(wal.problem === null ? [] : [wal.problem])]
  if (missing.length > 0) {
    return [
      row(
        'wal',
        'blocker',
        'Not shut down cleanly',
        `pg_controldata says "${state}" and no server runs: the copy would need all WAL from ${control.redo} on. ${missing.join(' ')} ${startAndStop(info)}`,
      ),
    ]
  }
  return [
    row(
      'state',
      'warning',
      'Not shut down cleanly',
      `pg_controldata says "${state}" and no server runs. All WAL from ${control.redo} to ${wal.end} is there: the copy will go through crash recovery when it starts, and what was committed is in it.`,
    ),
  ]
}

function startAndStop(info: LocalClusterInfo): string {
  return `Start ${info.name}, let it recover, and stop it again.`
}

/** backup_label sends a start to another checkpoint than pg_control's. */
function labelFile(listing: SourceListing): string | undefined {
  return listing.files.some(({ path: name }) => name === 'data/backup_label') ? 'backup_label' : undefined
}

function completeRows({ listing }: ColdFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  if (listing.problems.length > 0) rows.push(row('files', 'blocker', 'Files', listing.problems.join(' ')))
  else {
    const spaces = listing.tablespaces.map(({ oid, location, bytes }) => `${oid} in ${location} (${formatBytes(bytes)})`)
    const along = spaces.length === 0 ? '' : `, with tablespaces ${spaces.join(', ')}`
    rows.push(row('files', 'pass', 'Files', `${listing.files.length} files, ${formatBytes(listing.bytes)}${along}.`))
  }
  if (listing.followed.length > 0) {
    const links = listing.followed.map(({ path: name, target }) => `${name.replace(/^data\//, '')} leads to ${target}`)
    rows.push(row('links', 'pass', 'Links', `What they lead to comes along as plain files: ${links.join('; ')}.`))
  }
  const foreign = listing.left.filter(({ why }) => why.startsWith('a link') || why.startsWith('a socket'))
  if (foreign.length > 0) {
    const left = foreign.map(({ path: name, why }) => `${name.replace(/^data\//, '')} (${why})`)
    rows.push(row('foreign', 'warning', 'Left out', `${left.join('; ')}.`))
  }
  if (listing.slots.length > 0) {
    rows.push(
      row(
        'slots',
        'warning',
        'Replication slots',
        `Left out: ${listing.slots.join(', ')}. In a copy they would keep WAL for clients that never come. Make them anew where they are needed.`,
      ),
    )
  }
  return rows
}

function settingsRows({ request, outside }: ColdFacts): PreflightRow[] {
  if (!request.configuration) {
    if (outside.files.length === 0) return []
    const text = `${outside.files.length} settings files outside the data directory stay behind: without them the copy can't start as it did.`
    return [row('configuration', 'warning', 'Settings files', text, [setOption('Take them along', 'configuration', true)])]
  }
  if (outside.problems.length > 0) {
    return [
      row('configuration', 'blocker', 'Settings files', outside.problems.join(' '), [
        setOption('Leave settings files out', 'configuration', false),
      ]),
    ]
  }
  if (outside.files.length === 0) return [row('configuration', 'pass', 'Settings files', 'All are in the data directory.')]
  return [row('configuration', 'pass', 'Settings files', `Taken along: ${outside.files.join(', ')}.`)]
}

function pageRows({ request, control, checksPages }: ColdFacts): PreflightRow[] {
  if (!control.dataChecksums) {
    const text = 'The cluster has no data checksums, so damaged pages can’t be told. The copy’s files get SHA-256 checksums.'
    return [row('pages', 'pass', 'Data checksums', text)]
  }
  if (checksPages) return [row('pages', 'pass', 'Data checksums', 'pg_checksums reads every page before the copy.')]
  if (!request.pageChecksums) {
    return [
      row('pages', 'warning', 'Data checksums', 'Not checked: a page that is damaged already is copied as it is.', [
        setOption('Check them', 'pageChecksums', true),
      ]),
    ]
  }
  return [row('pages', 'warning', 'Data checksums', 'pg_checksums takes only a cluster that was shut down cleanly: not checked.')]
}

function placeRows(facts: ColdFacts): PreflightRow[] {
  const { request, listing, writeProblem, freeBytes: free, info } = facts
  if (writeProblem !== '') {
    return [row('library', 'blocker', 'Library', `${capital(writeProblem)}.`, [goTo('Choose another folder', 'destination')])]
  }
  const folders = [info.dataDirectory, ...listing.tablespaces.map(({ location }) => location)]
  const inside = folders.find((folder) => isWithin(request.library, folder))
  if (inside !== undefined) {
    return [
      row('library', 'blocker', 'Library', `${request.library} lies inside ${inside}, which is to be copied.`, [
        goTo('Choose another folder', 'destination'),
      ]),
    ]
  }
  const needed = BigInt(listing.bytes)
  if (free === null)
    return [row('space', 'pass', 'Free space', `${formatBytes(needed)} are needed; the file system does not say what is free.`)]
  const text = `${formatBytes(free)} free in ${request.library}, ${formatBytes(needed)} needed`
  if (facts.sharesBlocks) {
    return [
      row('space', 'pass', 'Free space', `${text} at most: this file system can share the blocks with the original (reflinks).`),
    ]
  }
  if (free < needed) return [row('space', 'blocker', 'Free space', `${text}.`, [goTo('Choose another folder', 'destination')])]
  return [row('space', 'pass', 'Free space', `${text}.`)]
}

function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, path.resolve(inner))
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative))
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
