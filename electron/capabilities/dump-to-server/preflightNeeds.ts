// Rows about what the database needs and the destination lacks: roles, tablespaces, extensions.
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import { extensionRows as rowsOfExtensions } from '../../library/extensionRows'
import { row, setOption } from '../../library/preflightRow'
import type { PipePlan } from './planPipe'

export function needRows(plan: PipePlan): PreflightRow[] {
  const rows = [...roleRows(plan), ...tablespaceRows(plan), ...extensionRows(plan)]
  if (rows.length > 0) return rows
  const { roles, tablespaces, extensions } = plan.source.needs
  const counts = [count(roles.length, 'role'), count(tablespaces.length, 'tablespace'), count(extensions.length, 'extension')]
  return [row('needs', 'pass', 'Roles, tablespaces, extensions', `What it needs is there or left out: ${counts.join(', ')}.`)]
}

function roleRows(plan: PipePlan): PreflightRow[] {
  const { restoreOptions: options, dumpOptions } = plan.request
  const off = (key: string) => options[key] === true || dumpOptions[key] === true
  const missing = plan.source.needs.roles.filter(
    ({ name, owns, grants, policies }) =>
      !plan.destination.server.roles.has(name) &&
      ((owns > 0 && !off('noOwner')) || (grants > 0 && !off('noPrivileges')) || (policies > 0 && !off('noPolicies'))),
  )
  const all = missing.map(({ name }) => name)
  return missing.map(({ name, owns, grants, policies, words }) => {
    const parts = [
      owns > 0 && !off('noOwner') ? `owns ${count(owns, 'object')}` : '',
      grants > 0 && !off('noPrivileges') ? `has ${count(grants, 'grant')}` : '',
      policies > 0 && !off('noPolicies') ? `is named by ${policies === 1 ? '1 policy' : `${policies} policies`}` : '',
    ].filter(Boolean)
    const create = (label: string, roles: string[]): PreflightFix => {
      return { label, action: { kind: 'apply-globals', roles, tablespaces: [] } }
    }
    const fixes: PreflightFix[] = [create('Create it as at the source', [name])]
    if (all.length > 1) fixes.push(create(`Create all ${all.length} missing roles`, all))
    if (owns > 0 && !off('noOwner')) fixes.push(setOption('No owners', 'noOwner', true))
    if (grants > 0 && !off('noPrivileges')) fixes.push(setOption('No privileges', 'noPrivileges', true))
    const password = /\bLOGIN\b/.test(words) ? ' Its password is not taken along.' : ''
    const found = `It ${parts.join(', ')}. At the source: ${words}.${password}`
    return needed(plan, `role:${name}`, `Role ${name} is missing`, found, fixes)
  })
}

function tablespaceRows(plan: PipePlan): PreflightRow[] {
  if (plan.request.restoreOptions.noTablespaces === true || plan.request.dumpOptions.noTablespaces === true) return []
  return plan.source.needs.tablespaces
    .filter(({ name }) => !plan.destination.server.tablespaces.has(name))
    .map(({ name, objects }) =>
      needed(plan, `tablespace:${name}`, `Tablespace ${name} is missing`, `${count(objects, 'object')} there.`, [
        setOption('Use pg_default', 'noTablespaces', true),
      ]),
    )
}

function extensionRows(plan: PipePlan): PreflightRow[] {
  const { server, content } = plan.destination
  const there = new Map([...server.extensions, ...(content?.extensions ?? [])])
  return rowsOfExtensions({ needed: plan.source.needs.extensions, there, server: server.version }, (id, check, found) =>
    needed(plan, id, check, found, []),
  ).filter(({ result }) => result !== 'pass')
}

/** What is missing makes errors for certain: a blocker, until the person says to go on with errors. */
function needed(plan: PipePlan, id: string, check: string, found: string, fixes: PreflightFix[]): PreflightRow {
  if (plan.request.continueOnError) {
    return row(id, 'warning', check, `${found} The copy goes on after each error that makes.`, fixes)
  }
  return row(id, 'blocker', check, found, [...fixes, setOption('Copy with errors', 'continueOnError', true)])
}

function count(n: number, one: string): string {
  return `${n} ${n === 1 ? one : `${one}s`}`
}
