// The checks of the destination: nothing that is there is written into, and the account that will run the server gets to it.
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import type { PreflightRow } from '../../../shared/model/preflight'
import { goTo, row } from '../../library/preflightRow'
import { isThisMachine } from '../../postgres/sameMachine'
import type { Place } from './destination'
import { startedByHand } from './folderCluster'
import type { RecoveryFacts } from './preflightRecovery'

export const elsewhere = [goTo('Choose another destination', 'destination')]

export function folderRows({ held, data }: RecoveryFacts): PreflightRow[] {
  if (held.get(data.final) === 'something') {
    return [
      row(
        'folder',
        'blocker',
        'Folder',
        `${data.final} is there and not empty. Walkback writes into nothing that is there.`,
        elsewhere,
      ),
    ]
  }
  return [
    row('folder', 'pass', 'Folder', `${data.final} ${held.get(data.final) === 'empty' ? 'is empty' : 'does not exist yet'}.`),
    ...unfinished(held, data),
  ]
}

function unfinished(held: RecoveryFacts['held'], place: Place): PreflightRow[] {
  const found = held.get(place.partial)
  if (found === 'ours') {
    const text = `${place.partial} is left of a recovery that was interrupted. It is removed first.`
    return [row('unfinished', 'warning', 'Left unfinished', text)]
  }
  if (found !== 'something') return []
  return [
    row('folder', 'blocker', 'Folder', `${place.partial} is there, and Walkback did not leave it. Move it away.`, elsewhere),
  ]
}

export function targetRows(facts: RecoveryFacts, target: LocalClusterInfo): PreflightRow[] {
  const { hostname, held, data, kept, request, mountPoint, settings } = facts
  const byHand = startedByHand(target)
  const port = byHand ? settings.port : (target.port ?? 0)
  const where = `${target.name} on ${hostname}${port === 0 ? '' : `, port ${port}`}`
  if (target.running) {
    const text = `${target.name} runs on ${hostname} (process ${target.running.pid}${target.port === null ? '' : `, port ${target.port}`}). Stop it first: files are never put under a running server.`
    return [row('running', 'blocker', 'Cluster is stopped', text, elsewhere)]
  }
  if (target.problem) return [row('cluster', 'blocker', 'Cluster', `${target.problem.message} ${target.problem.hint}`, elsewhere)]
  if (mountPoint) {
    const text = `${target.dataDirectory} is a mount point, which can't be renamed. Deploy to a new folder.`
    return [row('cluster', 'blocker', 'Cluster', text, elsewhere)]
  }
  const state = target.control?.state ?? ''
  const rows = [
    row(
      'running',
      state.startsWith('shut down') ? 'pass' : 'warning',
      'Cluster is stopped',
      state.startsWith('shut down')
        ? `${where} is stopped: pg_controldata says "${state}".`
        : `No server runs in ${target.dataDirectory}, but pg_controldata says "${state}": it was not shut down. It is kept as it is.`,
    ),
    row('kept', 'warning', 'What is there', `${target.dataDirectory} is renamed to ${kept ?? ''} and kept. Nothing is deleted.`),
    ...linkRows(facts, target),
    ...(byHand ? [serviceRow(facts, target)] : []),
    ...unfinished(held, data),
  ]
  const { confirm } = request
  if (confirm?.name !== target.name || confirm.systemIdentifier !== (target.control?.systemIdentifier ?? '')) {
    const text = `Type ${target.name}: that is ${where}, system identifier ${target.control?.systemIdentifier ?? ''}, in ${target.dataDirectory}.`
    rows.push(row('confirm', 'blocker', 'Confirmation', text))
  }
  return rows
}

/** Only the data directory gets another name: what it leads to is where it was, and the kept one goes on leading there. */
function linkRows({ walLink, kept }: RecoveryFacts, { tablespaces }: LocalClusterInfo): PreflightRow[] {
  const leads = [
    ...(walLink === null ? [] : [`pg_wal leads to ${walLink}`]),
    ...tablespaces.map(({ oid, location }) => `tablespace ${oid} to ${location}`),
  ]
  if (leads.length === 0) return []
  const text = `Its ${leads.join(', its ')}. What is there is not touched, and belongs to ${kept ?? ''} from then on: keep them together.${walLink === null ? '' : ' The new pg_wal lies in the new data directory.'}`
  return [row('links', 'warning', 'What it leads to', text)]
}

/** What starts it is not known here: a unit of its own, a container, a line in somebody's script. */
function serviceRow({ settings, later }: RecoveryFacts, { dataDirectory }: LocalClusterInfo): PreflightRow {
  const text = `What started the cluster in ${dataDirectory} so far, a service or a script, is not known here and does not know the new server. Walkback starts it with pg_ctl, on port ${settings.port} of 127.0.0.1. To have it run the old way: stop it (${later.stop}), put port and listen_addresses at the end of postgresql.auto.conf right, and start it as before.`
  return row('service', 'warning', 'How it is started', text)
}

export function spaceRows({ held, spaces, backup, data }: RecoveryFacts): PreflightRow[] {
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
    rows.push(
      row('tablespaces', 'pass', 'Tablespaces', `${spaces.length} go to folders of their own; the originals are not touched.`),
    )
  }
  return rows
}

export function accountRows({
  accountProblem,
  account,
  accountName,
  barrier,
  writeProblem,
  data,
}: RecoveryFacts): PreflightRow[] {
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
  return [
    row('account', 'pass', 'Account', `The files belong to ${accountName}, mode 0700, and ${accountName} runs the server${why}.`),
  ]
}

export function portRows({ request, backup, portFree, target, settings }: RecoveryFacts): PreflightRow[] {
  if (target?.running) return []
  const { destination } = request
  const host = backup.record?.source.host
  if (
    destination.kind === 'new' &&
    backup.record?.source.port === destination.port &&
    host !== undefined &&
    isThisMachine(host)
  ) {
    return [
      row('port', 'blocker', 'Port', `Port ${destination.port} is that of ${backup.server} itself. Take another one.`, elsewhere),
    ]
  }
  // A practice cluster takes another port by itself.
  if (!portFree && target?.origin !== 'practice') {
    const port = destination.kind === 'new' ? destination.port : settings.port
    return [row('port', 'blocker', 'Port', `Port ${port} is taken by another program. Choose another one.`, elsewhere)]
  }
  const port = destination.kind === 'new' ? destination.port : settings.port
  if (port === 0 && target && startedByHand(target)) {
    const text = `Neither postmaster.pid nor the settings in ${target.dataDirectory} say on which port it listened. Give one.`
    return [row('port', 'blocker', 'Port', text, elsewhere)]
  }
  return port === 0 ? [] : [row('port', 'pass', 'Port', `Port ${port} is free${portFree ? '' : ' or another one is taken'}.`)]
}
