// Preflight rows about what the archive needs and the server must have: roles, tablespaces, extensions.
import { majorOf } from '../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import { extensionRows as rowsOfExtensions } from '../../library/extensionRows'
import { row, setOption } from '../../library/preflightRow'
import { type ArchiveNeeds, archiveNeeds, type RoleNeed } from './archiveNeeds'
import type { RestorePlan } from './planRestore'
import type { PreflightFacts } from './preflightFacts'

/** Of the entries that the options select, without what the options leave out. */
export function neededBy(plan: RestorePlan): ArchiveNeeds {
  const { archive, selected } = plan
  if (archive.kind === 'script' || selected === null) return archive.needs
  return archiveNeeds(archive.toc.entries.filter((entry) => selected.has(entry.id)))
}

export function roleRows({ plan, globals }: PreflightFacts): PreflightRow[] {
  const { request, server, archive } = plan
  const { options } = request
  const needs = neededBy(plan)
  const rows: PreflightRow[] = []
  for (const [name, all] of needs.roles) {
    if (server.roles.has(name)) continue
    const need: RoleNeed = {
      owns: options.noOwner === true ? 0 : all.owns,
      grants: options.noPrivileges === true ? 0 : all.grants,
      policies: options.noPolicies === true ? 0 : all.policies,
    }
    if (need.owns + need.grants + need.policies === 0) continue
    const fixes: PreflightFix[] = []
    if (globals?.roles.has(name)) {
      fixes.push({ label: 'Create from saved globals', action: { kind: 'apply-globals', roles: [name], tablespaces: [] } })
    }
    if (archive.kind === 'archive') {
      if (need.owns > 0) fixes.push(setOption('No owners', 'noOwner', true))
      if (need.grants > 0) fixes.push(setOption('No privileges', 'noPrivileges', true))
      if (need.policies > 0 && majorOf(plan.restore.tool.version) >= 18) fixes.push(setOption('No policies', 'noPolicies', true))
    }
    rows.push(needed(plan, `role:${name}`, `Role ${name} is missing`, `${describe(need)}.`, fixes))
  }
  if (rows.length === 0 && needs.roles.size > 0) {
    const left = [options.noOwner === true ? 'owners' : '', options.noPrivileges === true ? 'privileges' : ''].filter(Boolean)
    const count = needs.roles.size === 1 ? '1 role' : `${needs.roles.size} roles`
    const found =
      left.length === 0
        ? `${count} of the archive ${needs.roles.size === 1 ? 'exists' : 'exist'} here.`
        : `Without ${left.join(' and ')}, no role is missing.`
    rows.push(row('roles', 'pass', 'Roles', found))
  }
  return rows
}

function describe(need: RoleNeed): string {
  const parts = [
    need.owns > 0 ? `owns ${count(need.owns, 'object')}` : '',
    need.grants > 0 ? `has ${count(need.grants, 'grant')}` : '',
    need.policies > 0 ? `is named by ${count(need.policies, 'policy', 'policies')}` : '',
  ].filter(Boolean)
  const text = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? '')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function tablespaceRows({ plan, globals }: PreflightFacts): PreflightRow[] {
  if (plan.request.options.noTablespaces === true) return []
  const rows: PreflightRow[] = []
  for (const [name, objects] of neededBy(plan).tablespaces) {
    if (plan.server.tablespaces.has(name)) continue
    const fixes: PreflightFix[] = []
    if (globals?.tablespaces.has(name)) {
      fixes.push({ label: 'Create from saved globals', action: { kind: 'apply-globals', roles: [], tablespaces: [name] } })
    }
    if (plan.archive.kind === 'archive') fixes.push(setOption('Use pg_default', 'noTablespaces', true))
    rows.push(needed(plan, `tablespace:${name}`, `Tablespace ${name} is missing`, `${count(objects, 'object')} there.`, fixes))
  }
  return rows
}

export function extensionRows({ plan, content }: PreflightFacts): PreflightRow[] {
  const versions = plan.archive.source.record?.source.extensions ?? {}
  return rowsOfExtensions(
    {
      needed: neededBy(plan).extensions.map((name) => ({ name, version: versions[name] ?? null })),
      there: new Map([...plan.server.extensions, ...(content?.extensions ?? [])]),
      server: plan.server.version,
    },
    (id, check, found) => needed(plan, id, check, found, []),
  )
}

/** What is missing makes errors for certain: a blocker, until the person says to go on with errors. */
function needed(plan: RestorePlan, id: string, check: string, found: string, fixes: PreflightFix[]): PreflightRow {
  if (plan.request.continueOnError) {
    return row(id, 'warning', check, `${found} The restore goes on after each error that makes.`, fixes)
  }
  return row(id, 'blocker', check, found, [...fixes, setOption('Restore with errors', 'continueOnError', true)])
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
