// The checks before a backup is deployed: may it go there, will it start there, is all of it there, does anybody get in.
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import type { StandaloneRequest } from '../../../shared/contracts/recovery'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import { countedSegments } from '../../../shared/model/recoveryPlan'
import { goTo, row, setOption, sortRows } from '../../library/preflightRow'
import type { OsAccount } from '../../process/processTypes'
import type { Held, Place } from './destination'
import type { BackupListing } from './listBackup'
import type { ChainPlan } from './planChain'
import type { Programs } from './planRecovery'
import type { PointRun } from './point/pointRun'
import { accountRows, elsewhere, folderRows, portRows, spaceRows, targetRows } from './preflightDestination'
import type { PhysicalBackup } from './readBackup'
import type { PlacedFile, SettingsFacts } from './settingsText'

export interface RecoveryFacts {
  request: StandaloneRequest
  backup: PhysicalBackup
  target: LocalClusterInfo | null
  account: OsAccount | null
  accountName: string
  /** '' when there is an account that can run it. */
  accountProblem: string
  /** The first folder that the account may not enter. */
  barrier: string | null
  programs: Programs | null
  chain: ChainPlan | null
  listing: BackupListing | null
  settings: SettingsFacts
  placed: readonly PlacedFile[]
  /** What is at each path, finished and unfinished. */
  held: ReadonlyMap<string, Held>
  data: Place
  spaces: Place[]
  kept: string | null
  hostname: string
  writeProblem: string
  free: bigint | null
  mountPoint: boolean
  /** Where the pg_wal of the cluster leads whose place it takes; null when it is no link. */
  walLink: string | null
  /** Its own settings files, in its data directory, that are not those of the backup. */
  differing: string[]
  later: { start: string; stop: string }
  portFree: boolean
  coldProblems: string[]
  logins: string[]
  point: PointRun | null
  /** Of a recovery to a moment: the moment, and the way to its WAL. */
  pointRows: PreflightRow[]
}

export function checkRecovery(facts: RecoveryFacts): PreflightRow[] {
  return sortRows([
    ...facts.pointRows,
    ...(facts.target ? targetRows(facts, facts.target) : folderRows(facts)),
    ...spaceRows(facts),
    ...versionRows(facts),
    ...accountRows(facts),
    ...portRows(facts),
    ...(facts.chain ? chainRows(facts.chain) : []),
    ...backupRows(facts),
    ...settingsRows(facts),
    ...loginRows(facts),
    ...diskRows(facts),
  ])
}

function versionRows({ backup, target, programs }: RecoveryFacts): PreflightRow[] {
  if (target && target.major !== null && target.major !== backup.major) {
    const text = `${target.name} is of PostgreSQL ${target.major}, the backup of PostgreSQL ${backup.major}: files start under their own major version only.`
    return [row('version', 'blocker', 'Version', text, elsewhere)]
  }
  if (!programs) {
    const text = `The backup is of PostgreSQL ${backup.major}, whose server is not on this machine. Install it (apt install postgresql-${backup.major}), or add its folder in Settings.`
    return [row('version', 'blocker', 'Version', text)]
  }
  return [
    row(
      'version',
      'pass',
      'Version',
      `PostgreSQL ${backup.major} on both sides; ${formatPgVersion(programs.version)} in ${programs.bin}.`,
    ),
  ]
}

function chainRows({ links, problem, copyOfLast, tool, verifier }: ChainPlan): PreflightRow[] {
  const another = [goTo('Choose another backup', 'source')]
  if (problem !== '') return [row('chain', 'blocker', 'Chain', problem, another)]
  const rows: PreflightRow[] = []
  const count = links.length - 1
  const what = `The full backup ${links[0]?.name ?? ''} and ${count === 1 ? '1 incremental one' : `${count} incremental ones`}, each building on the one before`
  const looked =
    copyOfLast === null
      ? `pg_combinebackup ${formatPgVersion(tool?.version ?? 0)} --dry-run takes them.`
      : 'pg_combinebackup looks at their files when it starts.'
  rows.push(row('chain', 'pass', 'Chain', `${what}; ${looked}`))
  if (verifier === null) {
    const text = 'There is no pg_verifybackup here: the combined files are not compared with their manifest.'
    rows.push(row('proof', 'warning', 'Verification', text))
  }
  return rows
}

function backupRows({ backup, chain, listing, request, coldProblems, point }: RecoveryFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  const problems =
    listing?.problems ??
    chain?.links.flatMap(({ name, listing: { problems: own } }) =>
      own.map(({ file, what }) => ({ file: `${name}/${file}`, what })),
    ) ??
    []
  if (problems.length > 0) {
    const said = problems.slice(0, 3).map(({ file, what }) => `${file} ${what}`)
    const more = problems.length > 3 ? `; and ${problems.length - 3} more` : ''
    rows.push(
      row('files', 'blocker', 'Files', `The backup is damaged: ${said.join('; ')}${more}.`, [
        goTo('Choose another backup', 'source'),
      ]),
    )
  } else {
    const count = listing ? `${listing.files.length} files` : `${backup.tars.length} tars`
    const text = chain
      ? `${chain.links.length} backups are combined into about ${formatBytes(backup.size)}.`
      : `${count}, ${formatBytes(listing?.bytes ?? backup.size)}.`
    rows.push(row('files', 'pass', 'Files', text))
  }
  if (coldProblems.length > 0) {
    const text = `The copy can't start without the WAL of its latest checkpoint: ${coldProblems.join(' ')}`
    rows.push(row('wal', 'blocker', 'WAL', text, [goTo('Choose another backup', 'source')]))
  } else {
    const to = backup.stop ? ` to ${backup.stop.lsn}` : ''
    const text =
      backup.kind === 'cold-backup'
        ? 'The WAL of its start is in the backup.'
        : point
          ? `${countedSegments(point.plan.segments)} on timeline ${point.plan.timeline}, ${formatBytes(point.plan.bytes)}, from ${backup.start?.lsn ?? 'the start'} on.`
          : `All WAL from ${backup.start?.lsn ?? 'its start'}${to} is in the backup: no archive is needed.`
    rows.push(row('wal', 'pass', 'WAL', text))
  }
  if (backup.manifest === null && backup.record === null) {
    rows.push(
      row('verify', 'warning', 'Verification', 'It has neither manifest nor record: nothing says what its files should hold.'),
    )
  } else if (chain) {
    const text =
      'Each backup of the chain is read and compared before anything is written, since pg_combinebackup compares nothing; and so is the result.'
    rows.push(row('verify', 'pass', 'Verification', text))
  } else if (!request.verify) {
    const text = 'Not before the copy. Every file is compared with its checksum while it is copied.'
    rows.push(row('verify', 'warning', 'Verification', text, [setOption('Verify first', 'verify', true)]))
  } else
    rows.push(
      row(
        'verify',
        'pass',
        'Verification',
        'Every file is read and compared before anything is written, and again while it is copied.',
      ),
    )
  const standby = (listing ?? chain?.last.listing)?.left.filter(({ name }) => name.endsWith('.signal')) ?? []
  for (const { name, why } of standby) rows.push(row(`left-${name}`, 'warning', 'Left out', `${name}: ${why}.`))
  return rows
}

function settingsRows({ placed, settings, backup, target, differing, kept }: RecoveryFacts): PreflightRow[] {
  if (settings.kind === 'debian') {
    return [
      row(
        'settings',
        'pass',
        'Settings files',
        `Those of ${target?.name ?? ''} in ${target?.configDirectory ?? ''} stay as they are.`,
      ),
    ]
  }
  const rows: PreflightRow[] = []
  if (backup.configuration.length > 0) {
    rows.push(
      row(
        'settings',
        'pass',
        'Settings files',
        `${backup.configuration.length} saved ones are put into the data directory, with their paths adapted.`,
      ),
    )
  } else if (placed.length > 0) {
    const names = placed.map(({ path: name }) => name).join(', ')
    const text = `The backup holds no ${names}: they lay outside its data directory. Plain ones are written, with everything at its default.`
    rows.push(row('settings', 'warning', 'Settings files', text))
  } else rows.push(row('settings', 'pass', 'Settings files', 'Those of the backup, in the data directory.'))
  if (differing.length > 0) {
    const compared = backup.format === 'tar' ? 'What a tar holds shows when it is unpacked' : 'They are not the same'
    const text = `Those of the backup are used, not those in ${target?.dataDirectory ?? ''}: ${differing.join(', ')}. ${compared}; the old ones stay in ${kept ?? ''}.`
    rows.push(row('own-settings', 'warning', 'Its own settings', text))
  }
  if (settings.sslOff) {
    rows.push(
      row(
        'ssl',
        'warning',
        'TLS',
        'Turned off: its key lies outside the data directory and is closed to the account that runs the server.',
      ),
    )
  }
  return rows
}

function loginRows({ request, logins, target, backup }: RecoveryFacts): PreflightRow[] {
  if (target?.origin === 'practice') {
    if (backup.server.startsWith('practice '))
      return [row('login', 'pass', 'Login', `${target.name} logs in as before: the practice clusters share one password.`)]
    const text = `Roles and passwords come with the backup, and ${target.name} logs in as postgres with the practice clusters' password. If the backup has another one, the recovery fails and what was there is put back.`
    return [row('login', 'warning', 'Login', text)]
  }
  if (request.login !== null && logins.includes(request.login)) {
    return [row('login', 'pass', 'Login', 'Logs in with the user and password of a saved connection.')]
  }
  const text =
    'Roles and passwords come with the backup. Without one that is known, the server is only asked as the account that runs it, which its pg_hba.conf may refuse.'
  return [row('login', 'warning', 'Login', text, [goTo('Choose a login', 'options')])]
}

function diskRows({ backup, chain, listing, free, data }: RecoveryFacts): PreflightRow[] {
  const needed = chain?.bytes ?? BigInt(listing?.bytes ?? backup.size)
  if (free === null)
    return [row('space', 'pass', 'Free space', `${formatBytes(needed)} are needed; the file system does not say what is free.`)]
  const packed = backup.format === 'tar' && backup.tars.some((name) => !name.endsWith('.tar'))
  const text = `${formatBytes(free)} free for ${data.final}, ${chain ? 'about ' : packed ? 'more than ' : ''}${formatBytes(needed)} needed`
  if (free < needed) return [row('space', 'blocker', 'Free space', `${text}.`, elsewhere)]
  return [row('space', 'pass', 'Free space', `${text}.`)]
}
