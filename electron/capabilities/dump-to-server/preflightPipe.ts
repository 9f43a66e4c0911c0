// The checks before a database goes to another server, as rows with what was found and how to put it right.
import { formatBytes } from '../../../shared/model/byteCount'
import { qualifiedName } from '../../../shared/model/identifier'
import { formatPgVersion, majorOf } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { isAsked } from '../../../shared/tools/defineTool'
import { blockedSentence, goTo, row, sortRows } from '../../library/preflightRow'
import type { PipePlan, PipeServices } from './planPipe'
import { needRows } from './preflightNeeds'
import { databaseRows, ownerRows } from './preflightTarget'

/** Blockers first, then warnings, then passes. */
export function checkPipe(services: Pick<PipeServices, 'connections'>, plan: PipePlan): PreflightRow[] {
  const rows = [
    writableRow(services, plan),
    ...toolRows(plan),
    ...plan.problems.map(({ key, flag, message }, at) =>
      row(`option:${key}:${at}`, 'blocker', flag === '' ? 'Options' : `Option ${flag}`, message, [
        goTo('Change the options', 'options'),
      ]),
    ),
    ...databaseRows(plan),
    ...sourceRows(plan),
    ...standbyRows(plan),
    ...connectionRows(plan),
    ...needRows(plan),
    ...ownerRows(plan),
    spaceRow(plan),
  ]
  return sortRows(rows)
}

/** Throws AppError preflight naming each blocker, or the reason why no program fits. */
export function refuseBlocked(plan: PipePlan, rows: readonly PreflightRow[]): void {
  const [problem] = plan.toolProblems
  if (problem) throw problem
  const blockers = rows.filter((each) => each.result === 'blocker')
  if (blockers.length === 0) return
  throw new AppError('preflight', `The copy was not started. ${blockedSentence(rows)}.`, {
    hint: blockers.map((each) => `${each.check}: ${each.found}`).join('\n'),
    details: { blockers: blockers.map((each) => each.id) },
  })
}

function writableRow(services: Pick<PipeServices, 'connections'>, plan: PipePlan): PreflightRow {
  const { label } = plan.destination.connection
  if (plan.destination.server.inRecovery) {
    return row(
      'recovery',
      'blocker',
      'Destination takes no writes',
      `${label} is a standby, or still being recovered. Copy to its primary, or promote it first.`,
      [goTo('Change the destination', 'destination')],
    )
  }
  try {
    services.connections.requireWritable(plan.request.destinationId, 'Copying a database to it')
    return row('connection', 'pass', 'Connections', `${plan.source.connection.label} is only read; ${label} takes the copy.`)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'permission') throw error
    return row('connection', 'blocker', 'Connection', [error.message, error.hint].filter(Boolean).join(' '))
  }
}

function toolRows(plan: PipePlan): PreflightRow[] {
  if (plan.toolProblems.length > 0) {
    return plan.toolProblems.map((problem, at) =>
      row(`tool:${at}`, 'blocker', 'Programs', [problem.message, problem.hint].filter(Boolean).join(' ')),
    )
  }
  if (!plan.dump || !plan.restore) return []
  const { serverVersion } = plan.source.facts.record
  const { version } = plan.destination.server
  const found =
    `pg_dump ${formatPgVersion(plan.dump.tool.version)} from PostgreSQL ${formatPgVersion(serverVersion)}, ` +
    `pg_restore ${formatPgVersion(plan.restore.tool.version)} into ${formatPgVersion(version)}.`
  const older = majorOf(serverVersion) > majorOf(version)
  const timeout = majorOf(plan.restore.tool.version) >= 17 && majorOf(version) < 17
  if (!older && !timeout) return [row('tool', 'pass', 'Programs', found)]
  const why = [
    older ? 'The destination is older than the source: what uses newer features can’t be created there, and will be named.' : '',
    timeout ? 'There will be an error about transaction_timeout, which came with 17; it is harmless and marked so.' : '',
  ]
  return [row('tool', 'warning', 'Programs', [found, ...why].filter(Boolean).join(' '))]
}

function sourceRows({ request, source }: PipePlan): PreflightRow[] {
  const tables = source.facts.tables
  const unreadable = tables.filter((table) => !table.readable)
  const hidden = tables.filter((table) => table.rowSecurity)
  const names = (list: typeof tables) =>
    list
      .slice(0, 3)
      .map((table) => qualifiedName(table.schema, table.name))
      .join(', ') + (list.length > 3 ? ` and ${list.length - 3} more` : '')
  // A choice of objects may leave them out; pg_dump says so itself at once.
  const doubt = selects(request) ? 'warning' : 'blocker'
  if (unreadable.length > 0) {
    return [
      row('readable', doubt, 'Privileges at the source', `The role may not read ${names(unreadable)}: pg_dump stops there.`),
    ]
  }
  if (hidden.length > 0 && request.dumpOptions.enableRowSecurity !== true) {
    return [
      row(
        'row-security',
        doubt,
        'Row security',
        `Row security hides rows of ${names(hidden)} from the role: pg_dump stops there.`,
      ),
    ]
  }
  const who = source.facts.superuser ? 'The role is a superuser.' : 'The role may read every table.'
  return [row('readable', 'pass', 'Privileges at the source', who)]
}

function standbyRows({ request, source }: PipePlan): PreflightRow[] {
  if (!source.facts.inRecovery) return []
  if (isAsked(request.dumpOptions.serializableDeferrable)) {
    const found = 'The source is a standby, which can’t wait for a serializable moment.'
    return [row('standby', 'blocker', 'Standby', found, [goTo('Change the options', 'options')])]
  }
  const found =
    'The source is a standby: rows of unlogged tables are not there, and a long copy is ended when it holds up recovery (max_standby_streaming_delay).'
  return [row('standby', 'warning', 'Standby', found)]
}

/** One holds the snapshot, one is pg_dump's. */
function connectionRows({ source }: PipePlan): PreflightRow[] {
  const free = source.facts.freeConnections
  if (free === null || free >= 2) return []
  const found = `The copy opens 2 connections to the source, and it has ${Math.max(0, free)} free.`
  return [row('connections', 'warning', 'Connections', found)]
}

/** A full disk stops the whole server: when less than half is there, the estimate can't be that wrong. */
function spaceRow({ request, source, destination }: PipePlan): PreflightRow {
  const size = source.facts.record.databaseSize
  const needs = size === null ? 'How much it needs is not known' : `Needs about ${formatBytes(size)}`
  const where = `at ${destination.connection.label}; nothing is written on this machine`
  const free = destination.freeBytes
  if (free === null || size === null) {
    return row('disk', 'warning', 'Disk space', `${needs} ${where}. What is free on the server’s machine is not known here.`)
  }
  const found = `${needs}, ${formatBytes(free.toString())} free ${where}.`
  if (free >= BigInt(size)) return row('disk', 'pass', 'Disk space', found)
  const hopeless = free * 2n < BigInt(size) && !selects(request)
  return row('disk', hopeless ? 'blocker' : 'warning', 'Disk space', `${found} A full disk stops the whole server.`)
}

/** Options that leave all rows where they are: owners and the like may go, and how it is done may differ. */
const keepRows = new Set([
  'noOwner',
  'noPrivileges',
  'noComments',
  'noTablespaces',
  'noSecurityLabels',
  'noPublications',
  'noSubscriptions',
  'noPolicies',
  'noTableAccessMethod',
  'noToastCompression',
  'lockWaitTimeout',
  'singleTransaction',
  'exitOnError',
  'serializableDeferrable',
  'quoteAllIdentifiers',
])

/** With any other option the destination may not be meant to hold what the source holds. */
export function selects({ dumpOptions, restoreOptions }: PipePlan['request']): boolean {
  const asked = [...Object.entries(dumpOptions), ...Object.entries(restoreOptions)].filter(([, value]) => isAsked(value))
  return asked.some(([key]) => !keepRows.has(key))
}
