// The checks of a rescue: what would stop it is a blocker with its way out, what others feel of it is said before.
import type { RescueCounts } from '../../../shared/contracts/rescue'
import { formatPgVersion, majorOf } from '../../../shared/model/pgVersion'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import { AppError } from '../../../shared/rpc/appError'
import { blockedSentence, row, sortRows } from '../../library/preflightRow'
import { largeObjectRows } from './largeObjects'
import type { RescuePlan } from './planRescue'
import { countRows } from './preflightCounts'
import { keyRows, nameRows, ownerRows, replaceRows, wayRows } from './preflightTables'
import { shownName } from './readTable'
import type { TablePlan } from './tablePlan'

export const stepFix = (label: string, step: 'tables' | 'how'): PreflightFix => ({ label, action: { kind: 'go-to-step', step } })

/** `counts`: empty where nothing was counted yet. */
export function checkRescue(plan: RescuePlan, counts: readonly RescueCounts[]): PreflightRow[] {
  return sortRows(
    numbered([
      ...sideRows(plan),
      ...plan.tables.flatMap((table) => [
        ...wayRows(plan, table),
        ...nameRows(plan, table),
        ...keyRows(table),
        ...ownerRows(plan, table),
        ...replaceRows(plan, table),
      ]),
      ...orderRows(plan),
      ...droppedRows(plan),
      ...largeObjectRows(plan.largeObjects),
      ...triggerRows(plan),
      ...lockRows(plan),
      ...countRows(plan, counts),
      ...confirmRows(plan),
    ]),
  )
}

/** Several tables have rows of one kind: `rows`, `rows:2`. */
function numbered(rows: readonly PreflightRow[]): PreflightRow[] {
  const counts = new Map<string, number>()
  return rows.map((each) => {
    const count = (counts.get(each.id) ?? 0) + 1
    counts.set(each.id, count)
    return count === 1 ? each : { ...each, id: `${each.id}:${count}` }
  })
}

/** Throws AppError preflight with every blocker. */
export function refuseBlocked(rows: readonly PreflightRow[]): void {
  const blocked = blockedSentence(rows)
  if (blocked === '') return
  const blockers = rows.filter(({ result }) => result === 'blocker')
  throw new AppError('preflight', blockers[0]?.found ?? blocked, {
    hint: 'Put it right in the wizard’s review.',
    details: { blockers: blockers.map(({ check, found }) => `${check}: ${found}`) },
  })
}

function sideRows({ problem, open }: RescuePlan): PreflightRow[] {
  const { past, now, live, recovered } = open
  if (problem !== '') return [row('live', 'blocker', 'Live cluster', problem, [stepFix('Choose another server', 'tables')])]
  const rows = [
    row(
      'live',
      'pass',
      'Live cluster',
      `${live.label}, port ${live.settings.port}, is another one than that in ${recovered.dataDirectory}, port ${recovered.port}.`,
    ),
  ]
  if (!now.mayTemp) {
    rows.push(
      row(
        'temp',
        'blocker',
        'Temporary tables',
        `${now.user} may not make temporary tables in this database. Let its owner GRANT TEMPORARY.`,
      ),
    )
  }
  if (majorOf(now.version) < majorOf(past.version)) {
    const text = `The live cluster is of PostgreSQL ${formatPgVersion(now.version)}, older than the recovered one's ${formatPgVersion(past.version)}: a definition may hold what it does not know. Then nothing is changed.`
    rows.push(row('version', 'warning', 'Versions', text))
  }
  if (now.encoding !== past.encoding) {
    rows.push(row('encoding', 'pass', 'Encodings', `${past.encoding} there, ${now.encoding} here: the servers convert.`))
  }
  return rows
}

function orderRows({ order }: RescuePlan): PreflightRow[] {
  const shown = (id: string) => id.replace('\0', '.')
  if (order.stuck.length > 0) {
    const keys = order.stuck.map(({ id, constraint }) => `${constraint} of ${shown(id)}`).join(', ')
    const text = `These foreign keys lead in a circle and are checked at once, so no table can be filled first: ${keys}. Rescue the tables one by one, as new tables, or make one of the keys DEFERRABLE.`
    return [row('order', 'blocker', 'Order of tables', text, [stepFix('Choose other tables', 'tables')])]
  }
  if (order.ids.length < 2) return []
  const later = order.deferred ? ' Foreign keys that lead in a circle are checked at the end (DEFERRABLE).' : ''
  return [row('order', 'pass', 'Order of tables', `${order.ids.map(shown).join(', ')}: parents first.${later}`)]
}

function droppedRows({ dropped, tables, offered }: RescuePlan): PreflightRow[] {
  if (tables.every(({ asked: { way } }) => way !== 'dropped')) return []
  const rows = dropped.collisions.map((text) =>
    row('names', 'blocker', 'Names', `${text}: it would have to have that name.`, [stepFix('Rescue as a new table', 'how')]),
  )
  if (dropped.leftOut.length > 0) {
    rows.push(row('left-out', 'warning', 'Does not come back', `${dropped.leftOut.join('; ')}.`))
  }
  if (offered.length > 0) {
    const text = `${offered.map(({ what }) => what).join('; ')}: they belong to others, and are not made here. Their statements are below.`
    rows.push(row('offered', 'warning', 'Gone with it', text))
  }
  if (dropped.parents.length > 0) {
    const text = `Foreign keys to ${dropped.parents.join(', ')} are made at the end: whoever writes there waits for the COMMIT.`
    rows.push(row('parents', 'warning', 'Foreign keys', text))
  }
  return rows
}

function firing(tables: readonly TablePlan[]): TablePlan[] {
  return tables.filter(({ asked: { way }, now }) =>
    (now?.triggers ?? []).some(({ onInsert, onChange }) =>
      way === 'replace' ? onInsert || onChange : way === 'missing' && onInsert,
    ),
  )
}

/** Not session_replication_role: that needs a superuser, and leaves foreign keys unchecked. */
function triggerRows({ request, tables }: RescuePlan): PreflightRow[] {
  const found = firing(tables)
  if (found.length === 0) return []
  const names = found
    .flatMap(({ now }) => (now?.triggers ?? []).map(({ table, name }) => `${name} on ${table.join('.')}`))
    .join(', ')
  if (request.triggers === 'fire') {
    const text = `${names} fire for each row, as for any other. What they change in a rescued row is said afterwards.`
    return [
      row('triggers', 'warning', 'Triggers', text, [
        { label: 'Keep them quiet', action: { kind: 'set-option', key: 'triggers', value: 'quiet' } },
      ]),
    ]
  }
  const strange = found.filter(({ now }) => now?.isOwner === false).map(({ past }) => shownName(past))
  const fire: PreflightFix = { label: 'Let them fire', action: { kind: 'set-option', key: 'triggers', value: 'fire' } }
  if (strange.length > 0) {
    return [
      row('triggers', 'blocker', 'Triggers', `Only its owner can keep the triggers of ${strange.join(', ')} quiet (${names}).`, [
        fire,
      ]),
    ]
  }
  const text = `${names}: kept quiet, so that rows come back as they were. From the first row on until the COMMIT, whoever writes to ${found.map(({ past }) => shownName(past)).join(', ')} waits.`
  return [row('triggers', 'warning', 'Triggers', text, [fire])]
}

function lockRows({ request, tables }: RescuePlan): PreflightRow[] {
  const text = `All of it is one transaction. It waits for a lock for ${request.lockSeconds} s at the most (lock_timeout), and then gives up with nothing changed.`
  const replaced = tables.filter(({ asked: { way } }) => way === 'replace').map(({ past }) => shownName(past))
  const rows = [row('lock', 'pass', 'Waiting for locks', text)]
  if (replaced.length > 0) {
    const found = `While rows are replaced, whoever writes to ${replaced.join(', ')} waits for the COMMIT; reading goes on.`
    rows.push(row('writers', 'warning', 'Others who write', found))
  }
  return rows
}

function confirmRows({ confirmText, request, open }: RescuePlan): PreflightRow[] {
  if (confirmText === '') return []
  const { live, now } = open
  const where = `${request.liveDatabase} on ${live.label}, ${live.settings.host === '' ? 'this machine' : live.settings.host}:${live.settings.port}, system identifier ${now.systemIdentifier}`
  if (request.confirm === confirmText) return [row('confirm', 'pass', 'Confirmation', `Typed: ${confirmText} in ${where}.`)]
  return [row('confirm', 'blocker', 'Confirmation', `Type ${confirmText}: its rows in ${where} are replaced.`)]
}
