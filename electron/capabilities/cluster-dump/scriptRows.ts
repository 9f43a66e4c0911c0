// The checks before a script of pg_dumpall: databases it can't name, rights it needs, options that do not fit. Pure.
import type { ClusterScriptRequest } from '../../../shared/contracts/clusterDump'
import { quoteIdentifier } from '../../../shared/model/identifier'
import type { PreflightRow } from '../../../shared/model/preflight'
import type { CommandProblem } from '../../../shared/tools/buildCommand'
import { isAsked } from '../../../shared/tools/defineTool'
import { row, setOption, someNames } from './commonRows'
import type { Cluster } from './readCluster'

export interface ScriptFacts {
  request: ClusterScriptRequest
  cluster: Cluster
  databases: readonly string[]
  problems: readonly CommandProblem[]
}

/** pg_dumpall takes every database that allows connections but template0; names given exactly to leave out are followed. */
export function databasesOfScript(
  { what, options }: ClusterScriptRequest,
  cluster: Cluster,
): { databases: string[]; uncertain: boolean } {
  if (what !== 'cluster') return { databases: [], uncertain: false }
  const left = typeof options.excludeDatabase === 'object' ? options.excludeDatabase : []
  const exact = left.map(exactName)
  return {
    databases: cluster.databases
      .filter(({ name, allowsConnections }) => allowsConnections && name !== 'template0' && !exact.includes(name))
      .map(({ name }) => name),
    uncertain: exact.includes(undefined) || isAsked(options.filter),
  }
}

/** A name as quoteIdentifier writes it; undefined for a pattern. */
function exactName(text: string): string | undefined {
  const inner = /^"((?:[^"]|"")+)"$/s.exec(text)?.[1]
  return inner?.replaceAll('""', '"')
}

export function scriptRows(facts: ScriptFacts): PreflightRow[] {
  return [
    ...facts.problems.map(({ key, flag, message }) =>
      row(`option-${key}`, 'blocker', `Option ${flag}`, message, key === '' ? [] : [setOption(`Leave ${flag} out`, key, false)]),
    ),
    ...passwordRows(facts),
    ...(facts.request.what === 'cluster' ? [...nameRows(facts), ...rightsRows(facts), ...leftOutRows(facts)] : []),
  ]
}

/** Password hashes are in pg_authid, which only superusers may read. Tablespaces alone need none of it. */
function passwordRows({ request, cluster }: ScriptFacts): PreflightRow[] {
  if (request.what === 'tablespaces') return []
  if (isAsked(request.options.noRolePasswords)) {
    return [row('passwords', 'warning', 'Passwords', 'Roles come without their passwords: they need new ones after a restore.')]
  }
  if (cluster.superuser) {
    return [row('passwords', 'pass', 'Passwords', 'The script holds the password hashes of all roles: keep it from others.')]
  }
  return [
    row(
      'passwords',
      'blocker',
      'Passwords',
      `${cluster.user} is no superuser and may not read the passwords of roles (pg_authid). pg_dumpall stops there.`,
      [setOption('Leave passwords out', 'noRolePasswords', true)],
    ),
  ]
}

/** pg_dumpall passes names through a shell and refuses these (appendShellString, versions 13 to 18). */
function nameRows({ request, cluster, databases }: ScriptFacts): PreflightRow[] {
  const bad = databases.filter((name) => /[\n\r]/.test(name))
  if (bad.length === 0) return []
  const given = typeof request.options.excludeDatabase === 'object' ? request.options.excludeDatabase : []
  const left = [...given, ...bad.map(quoteIdentifier)]
  const shown = bad.filter((name) => cluster.databases.some((each) => each.name === name)).map((name) => JSON.stringify(name))
  return [
    row(
      'names',
      'blocker',
      'Names of databases',
      `pg_dumpall can't dump a database with a line break in its name: ${someNames(shown)}. A parallel set can.`,
      [setOption('Leave them out', 'excludeDatabase', left)],
    ),
  ]
}

function rightsRows({ cluster, databases }: ScriptFacts): PreflightRow[] {
  const closed = cluster.databases
    .filter(({ name, mayConnect }) => databases.includes(name) && !mayConnect)
    .map(({ name }) => name)
  if (closed.length > 0) {
    const found = `${cluster.user} may not connect to ${someNames(closed)}; pg_dumpall stops there. Grant it CONNECT, or use a superuser.`
    return [row('privileges', 'blocker', 'Privileges', found)]
  }
  if (cluster.superuser) return [row('privileges', 'pass', 'Privileges', `${cluster.user} is a superuser.`)]
  const why = cluster.readsAll
    ? `${cluster.user} may read every table, but is no superuser: subscriptions and what row security hides are not for it.`
    : `${cluster.user} is no superuser: pg_dumpall stops at the first table it may not read, in whatever database.`
  return [row('privileges', 'warning', 'Privileges', why)]
}

/** What a person may think is in "the whole cluster" and is not. */
function leftOutRows({ cluster }: ScriptFacts): PreflightRow[] {
  const shut = cluster.databases.filter(({ name, allowsConnections }) => !allowsConnections && name !== 'template0')
  if (shut.length === 0) return []
  const names = someNames(shut.map(({ name }) => name))
  return [row('shut', 'warning', 'Left out', `${names}: pg_dumpall leaves out databases that allow no connections.`)]
}
