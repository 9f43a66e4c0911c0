// The checks before a backup is deployed: may it go there, will it start there, is all of it there, does anybody get in.
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import type { StandaloneRequest } from '../../../shared/contracts/recovery'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import { goTo, row, setOption, sortRows } from '../../library/preflightRow'
import type { OsAccount } from '../../process/processTypes'
import { isThisMachine } from '../../postgres/sameMachine'
import type { Held, Place } from './destination'
import type { BackupListing } from './listBackup'
import type { Programs } from './planRecovery'
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
  portFree: boolean
  coldProblems: string[]
  logins: string[]
}

export function checkRecovery(facts: RecoveryFacts): PreflightRow[] {
  return sortRows([
    ...(facts.target ? targetRows(facts, facts.target) : folderRows(facts)),
    ...spaceRows(facts),
    ...versionRows(facts),
    ...accountRows(facts),
    ...portRows(facts),
    ...backupRows(facts),
    ...settingsRows(facts),
    ...loginRows(facts),
    ...diskRows(facts),
  ])
}

const elsewhere = [goTo('Choose another destination', 'destination')]

function folderRows({ held, data }: RecoveryFacts): PreflightRow[] {
  if (held.get(data.final) === 'something') {
    return [row('folder', 'blocker', 'Folder', `${data.final} is there and not empty. Walkback writes into nothing that is there.`, elsewhere)]
  }
  return [row('folder', 'pass', 'Folder', `${data.final} ${held.get(data.final) === 'empty' ? 'is empty' : 'does not exist yet'}.`), ...unfinished(held, data)]
}

function unfinished(held: RecoveryFacts['held'], place: Place): PreflightRow[] {
  const found = held.get(place.partial)
  if (found === 'ours') {
    const text = `${place.partial} is left of a recovery that was interrupted. It is removed first.`
    return [row('unfinished', 'warning', 'Left unfinished', text)]
  }
  if (found !== 'something') return []
  return [row('folder', 'blocker', 'Folder', `${place.partial} is there, and Walkback did not leave it. Move it away.`, elsewhere)]
}

function targetRows(facts: RecoveryFacts, target: LocalClusterInfo): PreflightRow[] {
  const { hostname, held, data, kept, request, mountPoint } = facts
  const where = `${target.name} on ${hostname}${target.port === null ? '' : `, port ${target.port}`}`
  if (target.running) {
    const text = `${target.name} runs on ${hostname} (process ${target.running.pid}${target.port === null ? '' : `, port ${target.port}`}). Stop it first: files are never put under a running server.`
    return [row('running', 'blocker', 'Cluster is stopped', text, elsewhere)]
  }
  if (target.problem) return [row('cluster', 'blocker', 'Cluster', `${target.problem.message} ${target.problem.hint}`, elsewhere)]
  if (target.origin !== 'practice' && target.origin !== 'debian') {
    const text = `Walkback does not know how ${target.name} is started on this machine. Deploy to a new folder, and start it the way that cluster was.`
    return [row('cluster', 'blocker', 'Cluster', text, elsewhere)]
  }
  if (mountPoint) {
    const text = `${target.dataDirectory} is a file system of its own, which can't be renamed. Deploy to a new folder.`
    return [row('cluster', 'blocker', 'Cluster', text, elsewhere)]
  }
  const state = target.control?.state ?? ''
  const rows = [
    row(
      'running',
      /^shut down/.test(state) ? 'pass' : 'warning',
      'Cluster is stopped',
      /^shut down/.test(state)
        ? `${where} is stopped: pg_controldata says "${state}".`
        : `No server runs in ${target.dataDirectory}, but pg_controldata says "${state}": it was not shut down. It is kept as it is.`,
    ),
    row('kept', 'warning', 'What is there', `${target.dataDirectory} is renamed to ${kept ?? ''} and kept. Nothing is deleted.`),
    ...unfinished(held, data),
  ]
  const { confirm } = request
  if (confirm?.name !== target.name || confirm.systemIdentifier !== (target.control?.systemIdentifier ?? '')) {
    const text = `Type ${target.name}: that is ${where}, system identifier ${target.control?.systemIdentifier ?? ''}, in ${target.dataDirectory}.`
    rows.push(row('confirm', 'blocker', 'Confirmation', text))
  }
  return rows
}

function spaceRows({ held, spaces, backup, data }: RecoveryFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  for (const place of spaces) {
    const original = backup.tablespaces.find(({ oid }) => oid === place.name)
    const called = original && original.name !== '' ? original.name : place.name
    const bad =
      held.get(place.final) === 'something'
        ? `${place.final}, the folder for the tablespace ${called}, is there and not empty.`
        : place.final === original?.location || place.final === original?.source
          ? `The tablespace ${called} can't go to ${place.final}: its original is there.`
          : place.final === data.final || spaces.some((other) => other !== place && other.final === place.final)
            ? `The tablespace ${called} needs a folder of its own: ${place.final} has another use.`
            : ''
    if (bad !== '') rows.push(row('folder', 'blocker', 'Tablespaces', bad, [goTo('Choose other folders', 'options')]))
    rows.push(...unfinished(held, place))
  }
  if (spaces.length > 0 && rows.every(({ result }) => result !== 'blocker')) {
    rows.push(row('tablespaces', 'pass', 'Tablespaces', `${spaces.length} go to folders of their own; the originals are not touched.`))
  }
  return rows
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
  return [row('version', 'pass', 'Version', `PostgreSQL ${backup.major} on both sides; ${formatPgVersion(programs.version)} in ${programs.bin}.`)]
}

function accountRows({ accountProblem, account, accountName, barrier, writeProblem, data }: RecoveryFacts): PreflightRow[] {
  if (accountProblem !== '') return [row('account', 'blocker', 'Account', accountProblem)]
  if (barrier !== null) {
    const text = `The account ${accountName} can't enter ${barrier}, so it can't run a server below it. Choose another folder, or run: chmod o+x ${barrier}`
    return [row('account', 'blocker', 'Account', text, elsewhere)]
  }
  if (writeProblem !== '') {
    return [row('account', 'blocker', 'Account', `${writeProblem.charAt(0).toUpperCase()}${writeProblem.slice(1)}.`, elsewhere)]
  }
  // pg_ctl puts its paths between double quotes of a shell command.
  const unfit = /["$`\\]/.exec(data.final)
  if (unfit) {
    const text = `The path ${data.final} holds ${JSON.stringify(unfit[0])}, which pg_ctl would hand to a shell.`
    return [row('account', 'blocker', 'Account', text, elsewhere)]
  }
  const why = account ? ', since PostgreSQL does not run as root' : ''
  return [row('account', 'pass', 'Account', `The files belong to ${accountName}, mode 0700, and ${accountName} runs the server${why}.`)]
}

function portRows({ request, backup, portFree, target, settings }: RecoveryFacts): PreflightRow[] {
  const { destination } = request
  const host = backup.record?.source.host
  if (destination.kind === 'new' && backup.record?.source.port === destination.port && host !== undefined && isThisMachine(host)) {
    return [row('port', 'blocker', 'Port', `Port ${destination.port} is that of ${backup.server} itself. Take another one.`, elsewhere)]
  }
  // A practice cluster takes another port by itself.
  if (!portFree && target?.origin !== 'practice') {
    const port = destination.kind === 'new' ? destination.port : (target?.port ?? settings.port)
    return [row('port', 'blocker', 'Port', `Port ${port} is taken by another program. Choose another one.`, elsewhere)]
  }
  const port = destination.kind === 'new' ? destination.port : target?.port
  return port === null || port === undefined ? [] : [row('port', 'pass', 'Port', `Port ${port} is free${portFree ? '' : ' or another one is taken'}.`)]
}

function backupRows({ backup, listing, request, coldProblems }: RecoveryFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  const problems = listing?.problems ?? []
  if (problems.length > 0) {
    const said = problems.slice(0, 3).map(({ file, what }) => `${file} ${what}`)
    const more = problems.length > 3 ? `; and ${problems.length - 3} more` : ''
    rows.push(row('files', 'blocker', 'Files', `The backup is damaged: ${said.join('; ')}${more}.`, [goTo('Choose another backup', 'source')]))
  } else {
    const count = listing ? `${listing.files.length} files` : `${backup.tars.length} tars`
    rows.push(row('files', 'pass', 'Files', `${count}, ${formatBytes(listing?.bytes ?? backup.size)}.`))
  }
  if (coldProblems.length > 0) {
    const text = `The copy can't start without the WAL of its latest checkpoint: ${coldProblems.join(' ')}`
    rows.push(row('wal', 'blocker', 'WAL', text, [goTo('Choose another backup', 'source')]))
  } else {
    const to = backup.stop ? ` to ${backup.stop.lsn}` : ''
    const text = backup.kind === 'cold-backup' ? 'The WAL of its start is in the backup.' : `All WAL from ${backup.start?.lsn ?? 'its start'}${to} is in the backup: no archive is needed.`
    rows.push(row('wal', 'pass', 'WAL', text))
  }
  if (backup.manifest === null && backup.record === null) {
    rows.push(row('verify', 'warning', 'Verification', 'It has neither manifest nor record: nothing says what its files should hold.'))
  } else if (!request.verify) {
    const text = 'Not before the copy. Every file is compared with its checksum while it is copied.'
    rows.push(row('verify', 'warning', 'Verification', text, [setOption('Verify first', 'verify', true)]))
  } else rows.push(row('verify', 'pass', 'Verification', 'Every file is read and compared before anything is written, and again while it is copied.'))
  const standby = listing?.left.filter(({ name }) => name.endsWith('.signal')) ?? []
  for (const { name, why } of standby) rows.push(row('standby', 'warning', 'Left out', `${name}: ${why}.`))
  return rows
}

function settingsRows({ placed, settings, backup, target }: RecoveryFacts): PreflightRow[] {
  if (settings.kind === 'debian') {
    return [row('settings', 'pass', 'Settings files', `Those of ${target?.name ?? ''} in ${target?.configDirectory ?? ''} stay as they are.`)]
  }
  const rows: PreflightRow[] = []
  if (backup.configuration.length > 0) {
    rows.push(row('settings', 'pass', 'Settings files', `${backup.configuration.length} saved ones are put into the data directory, with their paths adapted.`))
  } else if (placed.length > 0) {
    const names = placed.map(({ path: name }) => name).join(', ')
    const text = `The backup holds no ${names}: they lay outside its data directory. Plain ones are written, with everything at its default.`
    rows.push(row('settings', 'warning', 'Settings files', text))
  } else rows.push(row('settings', 'pass', 'Settings files', 'Those of the backup, in the data directory.'))
  if (settings.sslOff) {
    rows.push(row('ssl', 'warning', 'TLS', 'Turned off: its key lies outside the data directory and is closed to the account that runs the server.'))
  }
  return rows
}

function loginRows({ request, logins, target, backup }: RecoveryFacts): PreflightRow[] {
  if (target?.origin === 'practice') {
    if (/^practice /.test(backup.server)) return [row('login', 'pass', 'Login', `${target.name} logs in as before: the practice clusters share one password.`)]
    const text = `Roles and passwords come with the backup, and ${target.name} logs in as postgres with the practice clusters' password. If the backup has another one, the recovery fails and what was there is put back.`
    return [row('login', 'warning', 'Login', text)]
  }
  if (request.login !== null && logins.includes(request.login)) {
    return [row('login', 'pass', 'Login', 'Logs in with the user and password of a saved connection.')]
  }
  const text = 'Roles and passwords come with the backup. Without one that is known, the server is only asked as the account that runs it, which its pg_hba.conf may refuse.'
  return [row('login', 'warning', 'Login', text, [goTo('Choose a login', 'options')])]
}

function diskRows({ backup, listing, free, data }: RecoveryFacts): PreflightRow[] {
  const needed = BigInt(listing?.bytes ?? backup.size)
  if (free === null) return [row('space', 'pass', 'Free space', `${formatBytes(needed)} are needed; the file system does not say what is free.`)]
  const packed = backup.format === 'tar' && backup.tars.some((name) => !name.endsWith('.tar'))
  const text = `${formatBytes(free)} free for ${data.final}, ${packed ? 'more than ' : ''}${formatBytes(needed)} needed`
  if (free < needed) return [row('space', 'blocker', 'Free space', `${text}.`, elsewhere)]
  return [row('space', 'pass', 'Free space', `${text}.`)]
}
