// The checks of each table: is its way open, do its columns and its key cross, is the name free, who will it belong to.
import type { PreflightRow } from '../../../shared/model/preflight'
import { freeName, longestName, nameProblem } from '../../../shared/model/rescueNames'
import { row } from '../../library/preflightRow'
import type { RescuePlan } from './planRescue'
import { keyProblem, wayProblem } from './readPairs'
import { shownName } from './readTable'
import type { TablePlan } from './tablePlan'

const howFix = (label: string) => [{ label, action: { kind: 'go-to-step' as const, step: 'how' } }]

/** What a fix in the review sets: the choice of one table. */
const ofTable = ({ past }: TablePlan, choice: string) => `${choice}:${JSON.stringify([past.schema, past.name])}`

export function wayRows({ open, facts }: RescuePlan, table: TablePlan): PreflightRow[] {
  const { asked, past, now, columns, moved } = table
  const name = shownName(past)
  const problem = wayProblem(table, facts, asked.way, open.past.recovering)
  if (problem !== '') return [row('way', 'blocker', name, problem, howFix('Choose another way'))]
  if (asked.way === 'new') {
    if (table.asTexts.length === 0) return []
    const text = `${table.asTexts.join(', ')}: the live database has not their types, so they become text.`
    return [row('columns', 'warning', `Columns of ${name}`, text)]
  }
  if (asked.way === 'dropped') {
    const absent = [...new Set(past.columns.filter(({ base }) => !facts.types.has(base)).map(({ type }) => type))]
    if (absent.length === 0) return []
    const text = `The live database has no type ${absent.join(', ')}: create it first, or rescue the rows as a new table.`
    return [row('columns', 'blocker', `Columns of ${name}`, text, howFix('Rescue as a new table'))]
  }
  const rows: PreflightRow[] = []
  const gone = columns.filter(({ says }) => says === 'dropped').map((column) => column.name)
  const unsaid = gone.filter((column) => !asked.leaveOut.includes(column))
  if (unsaid.length > 0) {
    const text = `The live table has no ${unsaid.join(', ')} any more. Leave ${unsaid.length === 1 ? 'it' : 'them'} out, or rescue as a new table, which has all columns.`
    const fix = { label: 'Leave out', action: { kind: 'set-option' as const, key: ofTable(table, 'leaveOut'), value: gone } }
    rows.push(row('columns', 'blocker', `Columns of ${name}`, text, [fix]))
  } else {
    const said = columns
      .filter(({ says }) => says !== 'same')
      .map((column) =>
        column.says === 'dropped' ? `${column.name} is left out` : `${column.name}: ${column.note.replace(/\.$/, '')}`,
      )
    const text = said.length === 0 ? `All ${moved.length} are the same.` : `${said.join('; ')}.`
    rows.push(row('columns', gone.length > 0 ? 'warning' : 'pass', `Columns of ${name}`, text))
  }
  if (now && !now.maySelect)
    rows.push(row('rights', 'blocker', name, `The live role may not read it, so rows can't be compared.`))
  if (now && !now.mayInsert) rows.push(row('rights', 'blocker', name, 'The live role may not insert into it.'))
  if (now && asked.way === 'replace' && !now.mayChange) {
    rows.push(row('rights', 'blocker', name, 'The live role may not update and delete its rows.'))
  }
  if (now?.rowSecurity) {
    rows.push(
      row(
        'rights',
        'blocker',
        name,
        'Row security hides rows of it from the live role: use its owner, or a role with BYPASSRLS.',
      ),
    )
  }
  if (now && now.rules.length > 0) {
    rows.push(
      row(
        'rules',
        'blocker',
        name,
        `The rule ${now.rules.join(', ')} rewrites what is written to it.`,
        howFix('Rescue as a new table'),
      ),
    )
  }
  if (now?.inherited) {
    rows.push(row('inherited', 'pass', name, 'Tables inherit from it: only its own rows are compared and written.'))
  }
  return rows
}

/** Of new tables and of those that keep rows. */
export function nameRows(plan: RescuePlan, table: TablePlan): PreflightRow[] {
  const { asked, past } = table
  if (asked.way !== 'new' && asked.way !== 'replace') return []
  const check = asked.way === 'new' ? 'Name of the new table' : 'Name of the table that keeps the rows'
  const problem = nameProblem(asked.newName)
  if (problem !== '') return [row('name', 'blocker', check, problem, howFix('Change the name'))]
  const taken = plan.facts.taken.get(past.schema) ?? new Map<string, string>()
  const what = taken.get(asked.newName)
  const twice = plan.tables.some(
    (other) =>
      other !== table &&
      other.past.schema === past.schema &&
      other.asked.newName === asked.newName &&
      ['new', 'replace'].includes(other.asked.way),
  )
  const comesBack = plan.tables.some(
    (other) => other.asked.way === 'dropped' && other.past.schema === past.schema && other.past.name === asked.newName,
  )
  if (what === undefined && !twice && !comesBack) {
    const from = asked.way === 'new' ? past.name : `${past.name}’s present rows`
    return [row('name', 'pass', check, `${past.schema}.${asked.newName} is free, for ${from}.`)]
  }
  const free = nextFree(asked.newName, new Set([...taken.keys(), ...plan.tables.map((other) => other.asked.newName)]))
  const why = what === undefined ? 'is the name of another chosen table' : `is taken by ${what} of the live database`
  return [
    row('name', 'blocker', check, `${past.schema}.${asked.newName} ${why}. ${free} is free.`, [
      { label: `Use ${free}`, action: { kind: 'set-option', key: ofTable(table, 'newName'), value: free } },
    ]),
  ]
}

/** orders_2026_11_22_1405 goes on as orders_2026_11_22_1405_2. */
export function nextFree(name: string, taken: ReadonlySet<string>): string {
  for (let count = 2; ; count += 1) {
    const base = name.slice(0, longestName)
    const free = freeName(base, String(count), taken)
    if (!taken.has(free)) return free
  }
}

export function keyRows(table: TablePlan): PreflightRow[] {
  const { asked, key, past, now } = table
  if (!now || (asked.way !== 'missing' && asked.way !== 'replace')) return []
  const name = shownName(past)
  if (key === null) {
    if (asked.way === 'replace') {
      return [row('key', 'pass', `Key of ${name}`, 'There is none: every row is replaced, none is told from another.')]
    }
    return [
      row(
        'key',
        'blocker',
        `Key of ${name}`,
        `${name} has no primary key that crosses: choose a unique key.`,
        howFix('Choose a key'),
      ),
    ]
  }
  const problem = keyProblem(table, key)
  if (problem !== '') return [row('key', 'blocker', `Key of ${name}`, problem, howFix('Choose another key'))]
  const kind = key.primary ? 'its primary key' : `the unique key ${key.name}`
  return [row('key', 'pass', `Key of ${name}`, `Rows are told apart by ${kind} (${key.columns.join(', ')}).`)]
}

export function ownerRows({ facts, open }: RescuePlan, table: TablePlan): PreflightRow[] {
  const { asked, past, owner } = table
  if (asked.way !== 'new' && asked.way !== 'dropped') return []
  const name = shownName(table.into)
  if (owner === '' || owner === open.now.user) {
    return [row('owner', 'pass', `Owner of ${name}`, `${open.now.user}, who connects.`)]
  }
  const role = facts.roles.get(owner)
  if (!role) {
    const text = `${past.owner === owner ? 'It belonged to' : 'There is no role'} ${owner}${past.owner === owner ? ', and there is no such role in the live cluster' : ' in the live cluster'}. Choose another owner.`
    const fix = {
      label: `Give it to ${open.now.user}`,
      action: { kind: 'set-option' as const, key: ofTable(table, 'owner'), value: open.now.user },
    }
    return [row('owner', 'blocker', `Owner of ${name}`, text, [fix])]
  }
  if (!role.may && !open.now.superuser) {
    return [
      row(
        'owner',
        'blocker',
        `Owner of ${name}`,
        `${open.now.user} is no member of ${owner}, so it can't give the table away.`,
        howFix('Choose another owner'),
      ),
    ]
  }
  return [row('owner', 'pass', `Owner of ${name}`, owner)]
}

export function replaceRows({ tables }: RescuePlan, table: TablePlan): PreflightRow[] {
  const { asked, past, now, key, moved } = table
  if (asked.way !== 'replace' || !now) return []
  const name = shownName(past)
  const rows: PreflightRow[] = []
  const said = [...now.dependents, ...now.referencedBy.map(({ name: fk, child }) => `foreign key ${fk} of ${child.join('.')}`)]
  const on = said.length === 0 ? 'Nothing depends on it.' : `It stays the same table: ${said.join(', ')} live on.`
  rows.push(
    row(
      'in-place',
      'warning',
      name,
      `Its rows are copied to ${past.schema}.${asked.newName} first, then replaced in place. ${on}`,
    ),
  )
  const fixed = now.columns.filter(({ identity, name: column }) => {
    return identity === 'a' && key !== null && !key.columns.includes(column) && moved.some((each) => each.name === column)
  })
  if (fixed.length > 0) {
    const text = `${fixed.map((column) => column.name).join(', ')} is GENERATED ALWAYS AS IDENTITY and no part of the key: PostgreSQL lets nobody set it in a row that is there.`
    rows.push(row('identity', 'blocker', name, text, howFix('Rescue as a new table')))
  }
  const acting = now.referencedBy.filter(({ onDelete }) => ['c', 'n', 'd'].includes(onDelete))
  for (const { child, name: fk, onDelete, parentColumns } of now.referencedBy) {
    const [schema, childName] = child
    const chosen = tables.some(
      (other) => other.asked.way === 'replace' && other.past.schema === schema && other.past.name === childName,
    )
    if (key !== null && parentColumns.join() !== key.columns.join()) {
      const text = `${fk} of ${child.join('.')} leads to ${parentColumns.join(', ')}, which is not the key (${key.columns.join(', ')}): a change there would reach that table.`
      rows.push(row('children', 'blocker', name, text, howFix('Choose another key')))
    } else if (!chosen) {
      const action = { c: 'deleted', n: 'set to NULL', d: 'set to their default' }[onDelete] ?? ''
      const text = `Rows of ${child.join('.')} that lead to a row which would go stop the rescue${action === '' ? '' : ` (${fk} would have them ${action})`}: nothing happens to them.`
      rows.push(row('children', acting.length > 0 ? 'warning' : 'pass', name, text))
    }
  }
  return rows
}
