// Preflight rows about a script of pg_dumpall: what of it this server has already, and what it does to the connection's own role.
import type { PreflightRow } from '../../../shared/model/preflight'
import { row, setOption } from '../../library/preflightRow'
import { type Globals, parseGlobals } from '../../library/readGlobals'
import { isWord, sqlTokens } from '../../library/sqlText'
import { withServer } from '../../postgres/openServer'
import { passwordMatches } from '../../postgres/passwordMatches'
import { readContent } from '../../postgres/serverState'
import { readTablespaces, type TablespaceFacts } from '../../postgres/tablespaceFacts'
import type { RestorePlan, RestoreServices } from './planRestore'
import { openScript, type ScriptFacts } from './scanScript'

interface ClusterFacts {
  plan: RestorePlan
  script: ScriptFacts
  globals: Globals
  /** Of the script's: those that are missing here, with what is wrong with their folders. */
  tablespaces: readonly TablespaceFacts[]
  /** Databases that the script goes to and that hold something, with what. */
  full: readonly { name: string; held: string }[]
}

const largestHead = 16 * 1024 * 1024
/** Databases that are looked into, each by a connection of its own. */
const mostOpened = 50

export async function clusterRows(services: RestoreServices, plan: RestorePlan, signal?: AbortSignal): Promise<PreflightRow[]> {
  if (plan.archive.kind !== 'script' || plan.archive.script.kind !== 'cluster') return []
  const { script, gzip, source } = plan.archive
  const globals = parseGlobals(await readHead(source.archive, gzip, signal))
  const wanted = [...globals.locations]
    .filter(([name]) => !plan.server.tablespaces.has(name))
    .map(([name, location]) => ({ name, location }))
  const tablespaces =
    wanted.length === 0
      ? []
      : await withServer(
          services,
          plan.connection,
          (client) => readTablespaces(client, plan.server, plan.connection.settings.host, wanted),
          signal,
        )
  const facts = { plan, script, globals, tablespaces, full: await lookInside(services, plan, script, signal) }
  return [...ownRoleRows(facts), ...roleRows(facts), ...tablespaceRows(facts), ...databaseRows(facts)]
}

/** Up to the first \connect: pg_dumpall writes roles and tablespaces before all databases. */
export async function readHead(path: string, gzip: boolean, signal?: AbortSignal): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  const stream = openScript(path, gzip)
  try {
    for await (const chunk of stream) {
      signal?.throwIfAborted()
      parts.push(chunk as Buffer) // a stream without an encoding gives buffers
      size += parts.at(-1)?.length ?? 0
      const text = Buffer.concat(parts)
      const end = text.indexOf('\n\\connect ')
      if (end >= 0) return text.toString('utf8', 0, end)
      if (size > largestHead) break
    }
  } finally {
    stream.destroy()
  }
  return Buffer.concat(parts).toString('utf8')
}

async function lookInside(services: RestoreServices, plan: RestorePlan, script: ScriptFacts, signal?: AbortSignal) {
  const names = [...new Set([...script.createsDatabases, ...script.connects])].filter(
    (name) => plan.server.databases.get(name)?.allowsConnections && !script.dropsDatabases.includes(name),
  )
  const full: { name: string; held: string }[] = []
  for (const name of names.slice(0, mostOpened)) {
    const client = await services.connections.open(plan.connection, name, signal)
    try {
      const { tables, otherObjects } = await readContent(client)
      if (tables > 0) full.push({ name, held: tables === 1 ? '1 table' : `${tables} tables` })
      else if (otherObjects > 0) full.push({ name, held: otherObjects === 1 ? '1 object' : `${otherObjects} objects` })
    } finally {
      await client.end()
    }
  }
  return full
}

/** ALTER ROLE of the role we are connected as takes effect while the script still runs. */
function ownRoleRows({ plan, script, globals }: ClusterFacts): PreflightRow[] {
  const { user, superuser } = plan.server
  const tokens = (globals.roleStatements.get(user) ?? []).map(sqlTokens)
  if (tokens.length === 0) return []
  const connects = script.connects.length > 0
  const check = `Your role ${user}`
  const says = (word: string) => tokens.some((some) => some.some((token) => isWord(token, word)))
  const loses = [superuser && says('nosuperuser') ? 'SUPERUSER' : '', connects && says('nologin') ? 'LOGIN' : ''].filter(Boolean)
  if (loses.length > 0) {
    const found = `The script takes ${loses.join(' and ')} from ${user}, whom this connection uses: what comes after fails. Connect as a superuser that the script does not name.`
    return [row('own-role', 'blocker', check, found)]
  }
  const hash = tokens
    .map((some) => some[some.findIndex((token) => isWord(token, 'password')) + 1])
    .find((token) => token?.kind === 'string')?.text
  if (hash === undefined) return [row('own-role', 'pass', check, `The script leaves the password of ${user} as it is.`)]
  const password = plan.connection.password?.reveal()
  if (password === undefined) {
    return [row('own-role', 'pass', check, `The script sets a password for ${user}; this connection gets in without one.`)]
  }
  if (passwordMatches(password, user, hash) === true) {
    return [row('own-role', 'pass', check, `The script gives ${user} the password that this connection uses.`)]
  }
  const another = `The script gives ${user}, whom this connection uses, another password: the one from where it was made.`
  const found = connects
    ? `${another} At its first \\connect psql is then refused and stops halfway, unless pg_hba.conf lets it in without a password. Connect as a superuser that the script does not name, or dump again without passwords of roles.`
    : `${another} Put that one into this connection afterwards, or dump again without passwords of roles.`
  return [row('own-role', 'warning', check, found)]
}

/** The role that restores is told of above. */
function roleRows({ plan, script, globals }: ClusterFacts): PreflightRow[] {
  const there = [...globals.roles].filter((name) => plan.server.roles.has(name))
  if (there.length === 0) return []
  const others = there.filter((name) => name !== plan.server.user)
  const change = script.drops
    ? 'The script drops them where nothing depends on them, and makes them anew.'
    : 'They get the attributes, passwords, settings and memberships of the script.'
  if (!plan.request.continueOnError && !script.drops) {
    const found = `${some(there)}: the script’s CREATE ROLE fails there and would end it. That error does no harm. ${others.length === 0 ? '' : change}`
    return [
      row('script-roles', 'blocker', 'Roles that exist', found.trim(), [
        setOption('Go on after errors', 'continueOnError', true),
      ]),
    ]
  }
  if (others.length === 0) return []
  return [row('script-roles', 'warning', 'Roles that exist', `${some(others)}: on this server already. ${change}`)]
}

function tablespaceRows({ plan, script, globals, tablespaces }: ClusterFacts): PreflightRow[] {
  const rows: PreflightRow[] = []
  const there = [...globals.tablespaces].filter((name) => plan.server.tablespaces.has(name))
  if (there.length > 0 && !script.drops) {
    const found = `${some(there)}: on this server already. CREATE TABLESPACE fails there, and the ${there.length === 1 ? 'one' : 'ones'} here ${there.length === 1 ? 'is' : 'are'} used.`
    rows.push(
      plan.request.continueOnError
        ? row('script-tablespaces', 'warning', 'Tablespaces that exist', found)
        : row('script-tablespaces', 'blocker', 'Tablespaces that exist', found, [
            setOption('Go on after errors', 'continueOnError', true),
          ]),
    )
  }
  for (const { name, location, problem, unknown } of tablespaces) {
    const check = `Tablespace ${name}`
    if (problem !== '') {
      const found = `${problem} The script creates ${name} there and nowhere else; the tablespaces of a parallel set can go elsewhere.`
      rows.push(row(`place:${name}`, 'blocker', check, found))
    } else if (unknown) rows.push(row(`place:${name}`, 'warning', check, `${location} could not be looked at.`))
    else rows.push(row(`place:${name}`, 'pass', check, `Created in ${location}.`))
  }
  return rows
}

/** A script that finds its database there goes on inside it: rows would be added to what is there. */
function databaseRows({ plan, script, full }: ClusterFacts): PreflightRow[] {
  const { databases } = plan.server
  const rows: PreflightRow[] = []
  const there = script.createsDatabases.filter((name) => databases.has(name) && !script.dropsDatabases.includes(name))
  const held = full.filter(({ name }) => there.includes(name))
  const words = held.map(({ name, held: what }) => `${name} (${what})`)
  if (held.length > 0) {
    const found = `${some(words)}: on this server already. CREATE DATABASE fails there, and the script would go on inside, adding objects and rows to what is there. Rename or drop ${held.length === 1 ? 'it' : 'them'} first.`
    rows.push(row('script-databases', 'blocker', 'Databases that exist', found))
  } else if (there.length > 0) {
    const found = `${some(there)}: on this server already, empty. CREATE DATABASE fails there, and the script fills ${there.length === 1 ? 'it' : 'them'}.`
    rows.push(
      plan.request.continueOnError
        ? row('script-databases', 'warning', 'Databases that exist', found)
        : row('script-databases', 'blocker', 'Databases that exist', found, [
            setOption('Go on after errors', 'continueOnError', true),
          ]),
    )
  }
  const added = full.filter(({ name }) => !script.createsDatabases.includes(name))
  if (added.length > 0) {
    const found = `${some(added.map(({ name, held: what }) => `${name} (${what})`))}: what the script has for ${added.length === 1 ? 'it' : 'them'} is added to what is there.`
    rows.push(row('script-added', 'warning', 'Databases that are not empty', found))
  }
  const missing = script.connects.filter((name) => !databases.has(name) && !script.createsDatabases.includes(name))
  if (missing.length > 0) {
    const found = `${some(missing)}: the script connects there without creating ${missing.length === 1 ? 'it' : 'them'}, and psql stops. Create ${missing.length === 1 ? 'it' : 'them'} first.`
    rows.push(row('script-missing', 'blocker', 'Databases that are missing', found))
  }
  return rows
}

function some(names: readonly string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '')
}
