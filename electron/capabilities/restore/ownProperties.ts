// What belongs to a database itself and is in no archive of its tables: owner, tablespace, settings, grants, connection limit,
// comment, security labels; read from the catalogs, and written as the SQL that gives the same to another database.
import type { Client } from 'pg'
import { quoteIdentifier, quoteLiteral } from '../../../shared/model/identifier'
import { one } from '../../postgres/serverState'

export interface DatabaseGrant {
  grantor: string
  /** null is PUBLIC. */
  grantee: string | null
  privilege: string
  grantable: boolean
}

export interface OwnProperties {
  owner: string
  tablespace: string
  /** -1 is no limit. */
  limit: number
  comment: string | null
  /** null where nobody ever granted or revoked anything: the server's defaults hold. */
  grants: DatabaseGrant[] | null
  /** `role` is null for ALTER DATABASE ... SET; `value` as the catalog keeps it. */
  settings: { role: string | null; name: string; value: string }[]
  labels: { provider: string; label: string }[]
}

export async function readOwnProperties(client: Client, oid: string): Promise<OwnProperties> {
  const facts = await one<Omit<OwnProperties, 'grants' | 'settings' | 'labels'> & { granted: boolean }>(
    client,
    `SELECT pg_get_userbyid(d.datdba)::text AS owner, t.spcname::text AS tablespace, d.datconnlimit AS limit,
            shobj_description(d.oid, 'pg_database') AS comment, d.datacl IS NOT NULL AS granted
     FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.oid = $1::oid`,
    [oid],
  )
  const grants = await client.query<DatabaseGrant>(
    `SELECT pg_get_userbyid(a.grantor)::text AS grantor, CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee)::text END AS grantee,
            a.privilege_type AS privilege, a.is_grantable AS grantable
     FROM pg_database d, aclexplode(d.datacl) a WHERE d.oid = $1::oid`,
    [oid],
  )
  const settings = await client.query<{ role: string | null; item: string }>(
    `SELECT CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole)::text END AS role, u.item
     FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY u(item, place)
     WHERE s.setdatabase = $1::oid ORDER BY s.setrole, u.place`,
    [oid],
  )
  const labels = await client.query<OwnProperties['labels'][number]>(
    `SELECT provider, label FROM pg_shseclabel WHERE objoid = $1::oid AND classoid = 'pg_database'::regclass ORDER BY 1`,
    [oid],
  )
  const { granted, ...rest } = facts
  return { ...rest, grants: granted ? grants.rows : null, settings: settings.rows.flatMap(splitSetting), labels: labels.rows }
}

function splitSetting({ role, item }: { role: string | null; item: string }): OwnProperties['settings'] {
  const at = item.indexOf('=')
  return at <= 0 ? [] : [{ role, name: item.slice(0, at), value: item.slice(at + 1) }]
}

/** One statement each, to run in one transaction as a role that may; `owner` takes the place of the owner in every grant. */
export function ownStatements(own: OwnProperties, database: string, owner: string): string[] {
  const name = quoteIdentifier(database)
  return [
    `ALTER DATABASE ${name} OWNER TO ${quoteIdentifier(owner)}`,
    ...(own.limit >= 0 ? [`ALTER DATABASE ${name} CONNECTION LIMIT ${own.limit}`] : []),
    ...own.settings.map((setting) => settingStatement(setting, name)),
    ...(own.grants === null ? [] : grantStatements(own.grants, own.owner, owner, name)),
    ...(own.comment === null ? [] : [`COMMENT ON DATABASE ${name} IS ${quoteLiteral(own.comment)}`]),
    ...own.labels.map(
      ({ provider, label }) => `SECURITY LABEL FOR ${quoteIdentifier(provider)} ON DATABASE ${name} IS ${quoteLiteral(label)}`,
    ),
  ]
}

/** GUC_LIST_QUOTE of guc_tables.c, 13 to 18; extensions can't have more of them (variable_is_guc_list_quote in dumputils.c). */
const quotedLists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

/** As makeAlterConfigCommand of pg_dump: a list is taken apart and each element given as a literal, anything else is one. */
function settingStatement({ role, name, value }: OwnProperties['settings'][number], database: string): string {
  const list = quotedLists.has(name.toLowerCase()) ? splitGucList(value) : null
  const words = list === null ? quoteLiteral(value) : list.map((each) => quoteLiteral(each).trim()).join(', ')
  const whose = role === null ? `DATABASE ${database}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${database}`
  return `ALTER ${whose} SET ${quoteIdentifier(name)} TO ${words}`
}

/** SplitGUCList of dumputils.c; null where it is no list in these rules, so that the server judges the text itself. */
export function splitGucList(text: string): string[] | null {
  const elements: string[] = []
  const element = /\s*(?:"((?:[^"]|"")*)"|([^",\s]+))\s*(,|$)/y
  for (let more = true; more; ) {
    const found = element.exec(text)
    if (!found) return null
    elements.push(found[1] === undefined ? (found[2] ?? '') : found[1].replaceAll('""', '"'))
    more = found[3] === ','
  }
  return elements
}

/** From nothing, since a new database has the defaults; who may pass a privilege on gets it before the grants made by it. */
function grantStatements(grants: readonly DatabaseGrant[], oldOwner: string, owner: string, database: string): string[] {
  const now = (role: string) => (role === oldOwner ? owner : role)
  const all = grants.map((grant) => ({
    ...grant,
    grantor: now(grant.grantor),
    grantee: grant.grantee === null ? null : now(grant.grantee),
  }))
  const statements = ['PUBLIC', quoteIdentifier(owner)].map((role) => `REVOKE ALL ON DATABASE ${database} FROM ${role}`)
  const may = new Set<string>()
  let left = all
  while (left.length > 0) {
    const able = left.filter(({ grantor, privilege }) => grantor === owner || may.has(`${privilege} ${grantor}`))
    const ready = able.length > 0 ? able : left
    for (const grant of ready) if (grant.grantable) may.add(`${grant.privilege} ${grant.grantee ?? ''}`)
    left = left.filter((grant) => !ready.includes(grant))
    statements.push(...grantedTogether(ready).flatMap((group) => grantStatement(group, owner, database)))
  }
  return statements
}

function grantedTogether(grants: readonly DatabaseGrant[]): DatabaseGrant[][] {
  const groups = new Map<string, DatabaseGrant[]>()
  for (const grant of grants) {
    const key = JSON.stringify([grant.grantor, grant.grantee, grant.grantable])
    groups.set(key, [...(groups.get(key) ?? []), grant])
  }
  return [...groups.values()]
}

/** A grant is made by the role that made it: GRANTED BY came with 14, and takes the current role alone. */
function grantStatement(group: readonly DatabaseGrant[], owner: string, database: string): string[] {
  const [first] = group
  if (!first) return []
  const { grantor, grantee, grantable } = first
  const privileges = group.map(({ privilege }) => privilege).join(', ')
  const to = grantee === null ? 'PUBLIC' : quoteIdentifier(grantee)
  const grant = `GRANT ${privileges} ON DATABASE ${database} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`
  return grantor === owner ? [grant] : [`SET LOCAL ROLE ${quoteIdentifier(grantor)}`, grant, 'RESET ROLE']
}

/** For the preflight: `2 settings (work_mem; for bob: search_path), its grants`. */
export function ownWords(own: OwnProperties, chosen: { owner: string; tablespace: string }): string {
  const roles = [...new Set(own.settings.map(({ role }) => role))]
  const names = roles.map((role) => {
    const of = own.settings.filter((setting) => setting.role === role).map(({ name }) => name)
    return role === null ? of.join(', ') : `for ${role}: ${of.join(', ')}`
  })
  const count = own.settings.length === 1 ? '1 setting' : `${own.settings.length} settings`
  const words = [
    chosen.owner === '' ? `owner ${own.owner}` : '',
    chosen.tablespace === '' ? `tablespace ${own.tablespace}` : '',
    own.settings.length > 0 ? `${count} (${names.join('; ')})` : '',
    own.grants === null ? '' : 'its grants',
    own.limit >= 0 ? `connection limit ${own.limit}` : '',
    own.comment === null ? '' : 'its comment',
    ...own.labels.map(({ provider }) => `its security label of ${provider}`),
  ]
  return words.filter((word) => word !== '').join(', ')
}
