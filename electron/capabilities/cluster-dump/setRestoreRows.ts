// The checks before a set is restored: rights, roles, tablespaces, names, and what each database's own checks say. Pure.
import type { ClusterRestoreRequest } from '../../../shared/contracts/clusterDump'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatPgVersion } from '../../../shared/model/pgVersion'
import type { PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import type { ServerState } from '../../postgres/serverState'
import type { TablespaceFacts } from '../../postgres/tablespaceFacts'
import { goTo, row, setOption, someNames } from './commonRows'
import type { Checked, ClusterServices } from './parts'
import type { PlannedDatabase } from './planSetRestore'
import type { DumpSet } from './readSet'

export interface SetRestoreFacts {
  services: Pick<ClusterServices, 'connections'>
  request: ClusterRestoreRequest
  set: DumpSet
  server: ServerState
  roles: readonly string[]
  tablespaces: readonly TablespaceFacts[]
  databases: readonly PlannedDatabase[]
  checks: readonly PromiseSettledResult<Checked>[]
  /** What the server's disk has left; null where it can't be seen from here. */
  free: bigint | null
}

export function setRestoreRows(facts: SetRestoreFacts): PreflightRow[] {
  return [
    ...writableRows(facts),
    ...versionRows(facts),
    ...roleRows(facts),
    ...tablespaceRows(facts),
    ...nameRows(facts),
    ...diskRows(facts),
    ...databaseRows(facts),
  ]
}

function writableRows({ services, request, server }: SetRestoreFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  try {
    services.connections.requireWritable(request.connectionId, 'Restoring')
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    rows.push(row('writable', 'blocker', 'Connection', [error.message, error.hint].filter(Boolean).join(' ')))
  }
  if (server.inRecovery) {
    rows.push(row('recovery', 'blocker', 'Server takes no writes', 'It is a standby, or still being recovered.'))
  }
  return rows
}

function versionRows({ set, server }: SetRestoreFacts): PreflightRow[] {
  const from = set.record.source.serverVersion
  const words = `From PostgreSQL ${formatPgVersion(from)} into ${formatPgVersion(server.version)}`
  if (Math.floor(from / 10000) <= Math.floor(server.version / 10000)) return [row('version', 'pass', 'Versions', `${words}.`)]
  const found = `${words}: what uses newer features can’t be created, and will be named.`
  return [row('version', 'warning', 'Versions', found)]
}

/** The role that the cluster was made with is in every cluster: it is nothing to look at. */
function roleRows({ request, set, server, roles }: SetRestoreFacts): PreflightRow[] {
  if (!request.globals)
    return [row('roles', 'warning', 'Roles and tablespaces', 'None is created: what the databases need must be there.')]
  const there = set.roles.filter((name) => server.roles.has(name) && name !== server.user && name !== 'postgres')
  const rows: PreflightRow[] = []
  if (set.roles.includes(server.user)) {
    const found = `${server.user}, whom you are connected as, keeps its password of this server; the one in the set is not applied.`
    rows.push(row('own-role', 'pass', 'Your role', found))
  }
  if (there.length > 0) {
    const found = `${someNames(there)}: on this server already, and left as ${there.length === 1 ? 'it is' : 'they are'}, passwords and attributes included.`
    rows.push(row('roles-there', 'warning', 'Roles that exist', found))
  }
  if (roles.length > 0 && !server.superuser) {
    const found = `${server.user} is no superuser: creating ${someNames(roles)} with attributes and passwords is not for it.`
    rows.push(row('roles', 'blocker', 'Roles', found, [setOption('Create no roles', 'globals', false)]))
  } else if (roles.length > 0) {
    const words = set.record.globals?.rolePasswords ? 'with their passwords' : 'WITHOUT passwords, which the set does not hold'
    rows.push(row('roles', 'pass', 'Roles', `${someNames(roles)}: created ${words}.`))
  }
  return rows
}

function tablespaceRows({ request, server, tablespaces }: SetRestoreFacts): PreflightRow[] {
  if (tablespaces.length === 0 || request.options.noTablespaces === true) return []
  const leave = setOption('Use pg_default', 'noTablespaces', true)
  const change = goTo('Change the folder', 'globals')
  return tablespaces.map(({ name, location, problem, unknown }) => {
    const check = `Tablespace ${name}`
    if (!server.superuser) {
      return row(`tablespace:${name}`, 'blocker', check, `Only a superuser creates tablespaces; ${server.user} is none.`, [leave])
    }
    if (problem !== '') return row(`tablespace:${name}`, 'blocker', check, problem, [change, leave])
    if (unknown) return row(`tablespace:${name}`, 'warning', check, `${location} could not be looked at.`, [change, leave])
    return row(`tablespace:${name}`, 'pass', check, `Created in ${location}.`)
  })
}

function nameRows({ databases }: SetRestoreFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  const free: string[] = []
  for (const { database, request, content } of databases) {
    if (request.target.kind === 'new') free.push(database.name)
    else if (content && content.tables + content.otherObjects > 0) {
      const found = `${database.name} is on this server already and holds ${content.tables} tables and ${content.otherObjects} other objects. A set is only restored where its databases are not.`
      rows.push(
        row(`taken:${database.name}`, 'blocker', `Database ${database.name}`, found, [
          { label: 'Leave it out', action: { kind: 'set-option', key: 'leaveOut', value: database.name } },
        ]),
      )
    } else {
      rows.push(
        row(`empty:${database.name}`, 'pass', `Database ${database.name}`, `Is on this server already, empty: it is filled.`),
      )
    }
  }
  if (free.length > 0) rows.push(row('names', 'pass', 'Names of databases', `${someNames(free)}: free on this server.`))
  return rows
}

/** The databases together: each by itself may fit where all do not. */
function diskRows({ databases, free, set, request }: SetRestoreFacts): PreflightRow[] {
  const sizes = databases.map(({ database }) => database.source.databaseSize)
  const known = sizes.every((size) => size !== null)
  // Without the sizes of the source: its dumps are packed about that well.
  const need = databases.reduce((sum, { database }) => {
    const { databaseSize } = database.source
    return sum + (databaseSize === null ? BigInt(database.size) * 6n : BigInt(databaseSize))
  }, 0n)
  const spread = set.tablespaces.length > 0 && request.options.noTablespaces !== true
  const needs = `Needs ${known ? 'about' : 'roughly'} ${formatBytes(need)}${spread ? ', part of it in tablespaces' : ''}`
  if (free === null) {
    return [row('disk', 'warning', 'Disk space', `${needs}. What is free on the server’s machine is not known here.`)]
  }
  const found = `${needs}; ${formatBytes(free)} free in the data directory.`
  if (free >= need) return [row('disk', 'pass', 'Disk space', found)]
  // A full disk stops the whole server: when less than half is there, the estimate can't be that wrong.
  const result = known && !spread && free * 2n < need ? 'blocker' : 'warning'
  const fewer = databases.length > 1 ? [goTo('Choose fewer databases', 'set')] : []
  return [row('disk', result, 'Disk space', `${found} A full disk stops the whole server.`, fewer)]
}

/** Rows of one database's checks that are the set's own to say. */
const ownWords = ['database', 'disk', 'writable', 'recovery', 'roles', 'privileges']

function databaseRows(facts: SetRestoreFacts): PreflightRow[] {
  const created = new Set<string>(facts.request.globals ? facts.roles : [])
  const places = new Set(facts.tablespaces.map(({ name }) => name))
  return facts.checks.flatMap((check, at) => {
    const planned = facts.databases[at]
    const name = planned?.database.name ?? ''
    if (check.status === 'rejected') {
      const why = check.reason instanceof Error ? check.reason.message : String(check.reason)
      return [row(`check:${name}`, 'blocker', name, why)]
    }
    return check.value.preflight
      .filter(({ id, result }) => {
        if (result === 'pass' || ownWords.includes(id)) return false
        if (id.startsWith('role:')) return !created.has(id.slice('role:'.length))
        if (id.startsWith('tablespace:')) return !places.has(id.slice('tablespace:'.length))
        const { target } = planned?.request ?? {}
        if (id === 'owner') return !(target?.kind === 'new' && created.has(target.owner))
        if (id === 'tablespace') return !(target?.kind === 'new' && places.has(target.tablespace))
        return true
      })
      .map((each) => ({
        ...each,
        id: `${each.id}@${name}`,
        check: `${name}: ${each.check}`,
        found: `${name}: ${each.found}`,
        // What mends one database alone has no place in the form of a set.
        fixes: each.fixes.filter(({ action }) => action.kind === 'set-option' && action.key.startsWith('no')),
      }))
  })
}
