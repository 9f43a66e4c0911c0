// The checks before a set: databases that can't be dumped, what each one's own checks say, connections and processors. Pure.
import { availableParallelism } from 'node:os'
import type { ClusterSetRequest } from '../../../shared/contracts/clusterDump'
import type { PreflightRow } from '../../../shared/model/preflight'
import type { CommandProblem } from '../../../shared/tools/buildCommand'
import { goTo, row, setOption, someNames } from './commonRows'
import type { Checked } from './parts'
import type { Cluster } from './readCluster'

export interface SetFacts {
  request: ClusterSetRequest
  cluster: Cluster
  answered: readonly { name: string; check: PromiseSettledResult<Checked> }[]
  problems: readonly CommandProblem[]
}

/** Rows of one database's checks that are the same for all: said once, by the set itself. */
const saidOnce = ['tool', 'library', 'space', 'globals', 'connections', 'standby']

export function setRows(facts: SetFacts): PreflightRow[] {
  return [
    ...facts.problems.map(({ key, flag, message }) => row(`globals-${key}`, 'blocker', `Option ${flag}`, message)),
    ...missingRows(facts),
    ...leftOutRows(facts),
    ...passwordRows(facts),
    ...databaseRows(facts),
    ...parallelRows(facts),
    row('moment', 'pass', 'Moment', 'Each database is as it is when its own dump begins, not all at one moment.'),
  ]
}

function missingRows({ request, cluster }: SetFacts): PreflightRow[] {
  const known = new Map(cluster.databases.map((each) => [each.name, each]))
  const change = goTo('Choose the databases', 'what')
  return request.databases.flatMap((name) => {
    const database = known.get(name)
    if (!database) return [row(`missing:${name}`, 'blocker', name, `There is no database ${name} on this server.`, [change])]
    if (!database.allowsConnections) {
      return [row(`shut:${name}`, 'blocker', name, `The database ${name} allows no connections.`, [change])]
    }
    if (database.mayConnect) return []
    return [row(`closed:${name}`, 'blocker', name, `${cluster.user} may not connect to ${name}.`, [change])]
  })
}

/** What a person may think is in a dump of the cluster and is not. */
function leftOutRows({ request, cluster }: SetFacts): PreflightRow[] {
  const left = cluster.databases.filter(({ name }) => name !== 'template0' && !request.databases.includes(name))
  const shut = left.filter(({ allowsConnections }) => !allowsConnections).map(({ name }) => name)
  const unticked = left.filter(({ allowsConnections }) => allowsConnections).map(({ name }) => name)
  const rows: PreflightRow[] = []
  if (shut.length > 0) {
    const found = `${someNames(shut)}: no dump can hold what allows no connections (ALTER DATABASE … ALLOW_CONNECTIONS true).`
    rows.push(row('shut', 'warning', 'Left out', found))
  }
  if (unticked.length > 0) rows.push(row('left', 'pass', 'Not chosen', `${someNames(unticked)}: not in this set.`))
  return rows
}

function passwordRows({ request, cluster }: SetFacts): PreflightRow[] {
  if (!request.rolePasswords) {
    return [row('passwords', 'warning', 'Passwords', 'Roles come without their passwords: they need new ones after a restore.')]
  }
  if (cluster.superuser) {
    return [row('passwords', 'pass', 'Passwords', 'The globals hold the password hashes of all roles: keep the set from others.')]
  }
  return [
    row(
      'passwords',
      'blocker',
      'Passwords',
      `${cluster.user} is no superuser and may not read the passwords of roles (pg_authid).`,
      [setOption('Leave passwords out', 'rolePasswords', false)],
    ),
  ]
}

/** What stands in the way of one database by name; what is well is one row for all. */
function databaseRows({ answered }: SetFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  const seen = new Set<string>()
  const well: string[] = []
  for (const { name, check } of answered) {
    if (check.status === 'rejected') {
      const why = check.reason instanceof Error ? check.reason.message : String(check.reason)
      rows.push(row(`ask:${name}`, 'blocker', name, why, [goTo('Choose the databases', 'what')]))
      continue
    }
    const own = check.value.preflight.filter(({ id, result }) => result !== 'pass' && !saidOnce.includes(id))
    if (own.length === 0) well.push(name)
    for (const each of own) {
      // An option that does not fit is the same for every database.
      if (each.id.startsWith('option-')) {
        if (!seen.has(each.id)) rows.push(each)
        seen.add(each.id)
      } else rows.push({ ...each, id: `${each.id}:${name}`, check: `${name}: ${each.check}`, found: `${name}: ${each.found}` })
    }
  }
  if (well.length > 0) rows.push(row('databases', 'pass', 'Databases', `${someNames(well)}: every table can be read.`))
  return rows
}

function parallelRows({ request, cluster }: SetFacts): PreflightRow[] {
  const jobs = Math.max(1, Number(request.options.jobs ?? 1))
  const together = Math.min(request.atOnce, request.databases.length)
  const needed = together * (jobs > 1 ? jobs + 1 : 1) + 1
  const rows: PreflightRow[] = []
  if (cluster.freeConnections !== null && cluster.freeConnections < needed) {
    const found = `The set opens up to ${needed} connections, and the server has ${Math.max(0, cluster.freeConnections)} free.`
    const fixes = together > 1 ? [setOption('One database at a time', 'atOnce', 1)] : []
    rows.push(row('connections', cluster.freeConnections < 2 ? 'blocker' : 'warning', 'Connections', found, fixes))
  }
  const cores = availableParallelism()
  if (together * jobs > cores) {
    const found = `${together} databases at once by ${jobs} ${jobs === 1 ? 'job' : 'jobs'} each: more than the ${cores} processors of this machine.`
    rows.push(row('cores', 'warning', 'Processors', found))
  }
  return rows
}
