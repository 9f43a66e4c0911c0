// The checks of what was counted: how many rows come back, which stay as they are, and which could not go in.
import type { RescueCounts } from '../../../shared/contracts/rescue'
import type { PreflightFix, PreflightRow } from '../../../shared/model/preflight'
import { countOf } from '../../jobs/pace'
import { row } from '../../library/preflightRow'
import { shownValues } from './foretell'
import type { RescuePlan } from './planRescue'
import { shownName } from './readTable'
import type { TablePlan } from './tablePlan'

export function countRows({ tables }: RescuePlan, counts: readonly RescueCounts[]): PreflightRow[] {
  return tables.flatMap((table) => {
    const found = counts.find(({ schema, name }) => schema === table.past.schema && name === table.past.name)
    return found ? [...foretold(table, found), ...orphans(tables, table, found), ...taken(table, found)] : []
  })
}

/** Each value once, and no more than are kept. */
const first = (values: readonly string[]) => `${values.join(', ')}${values.length < shownValues ? '' : ' and others'}`

/** The verb of one row or of several. */
const one = (count: number, singular: string, plural: string) => (count === 1 ? singular : plural)

const some = (values: readonly string[], of: number) => `${values.join(', ')}${of > values.length ? ' and others' : ''}`

function foretold(table: TablePlan, counts: RescueCounts): PreflightRow[] {
  const check = `Rows of ${shownName(table.past)}`
  const { byKey } = counts
  const all = countOf(counts.recovered, 'row')
  if (byKey === null) {
    const there = counts.live === null ? '' : ` The live table has ${countOf(counts.live, 'row')}.`
    const verb = table.asked.way === 'replace' ? 'take their place' : 'come back'
    return [row('rows', 'pass', check, `${all} ${verb}.${there}`)]
  }
  const rows: PreflightRow[] = []
  if (byKey.unkeyed > 0) {
    const text = `${countOf(byKey.unkeyed, 'row')} of the recovered table ${one(byKey.unkeyed, 'has', 'have')} no key, or one that comes twice: they can't be told apart by it.`
    rows.push(row('rows', 'blocker', check, text, [{ label: 'Choose another key', action: { kind: 'go-to-step', step: 'how' } }]))
  }
  const { missing, same, different, onlyLive, differing } = byKey
  if (table.asked.way === 'missing') {
    const differ =
      different === 0
        ? ''
        : ` ${countOf(different, 'row')} ${one(different, 'differs and stays as it is', 'differ and stay as they are')} now: ${some(differing, different)}.`
    const since = onlyLive === 0 ? '' : ` ${countOf(onlyLive, 'row')} came since and ${one(onlyLive, 'stays', 'stay')}.`
    const text = `${countOf(missing, 'row')} of ${counts.recovered.toLocaleString('en-US')} ${one(missing, 'is', 'are')} missing in the live table and ${one(missing, 'comes', 'come')} back.${differ}${since}`
    rows.push(row('rows', missing === 0 ? 'warning' : 'pass', check, text))
  } else {
    const text = `${countOf(missing, 'row')} come back, ${different.toLocaleString('en-US')} become what they were, ${onlyLive.toLocaleString('en-US')} that came since go (and are kept), ${same.toLocaleString('en-US')} are the same.`
    rows.push(row('rows', 'pass', check, text))
  }
  return rows
}

/** Where the parents come along, they are there before the rows that lead to them. */
function orphans(tables: readonly TablePlan[], table: TablePlan, counts: RescueCounts): PreflightRow[] {
  return counts.orphans.map(({ constraint, parent, rows, values }) => {
    const check = `Foreign key ${constraint}`
    const lead = `${countOf(rows, 'row')} of ${shownName(table.past)} ${one(rows, 'leads', 'lead')} to rows that ${parent.join('.')} has not: ${first(values)}.`
    const chosen = tables.find(({ past, asked }) => past.schema === parent[0] && past.name === parent[1] && asked.way !== 'new')
    if (chosen) return row('orphans', 'pass', check, `${lead} They come along, before these.`)
    const fix: PreflightFix = {
      label: `Rescue ${parent.join('.')} too`,
      action: { kind: 'set-option', key: 'addTable', value: [...parent] },
    }
    return row('orphans', 'blocker', check, lead, [fix])
  })
}

function taken(table: TablePlan, counts: RescueCounts): PreflightRow[] {
  return counts.taken.map(({ constraint, rows, values }) => {
    const check = `Unique key ${constraint}`
    const text = `${countOf(rows, 'row')} of ${shownName(table.past)} ${one(rows, 'has', 'have')} a value that another row has by now: ${first(values)}.`
    if (table.asked.skipTaken) return row('taken', 'warning', check, `${text} They are left out, and named.`)
    const key = `skipTaken:${JSON.stringify([table.past.schema, table.past.name])}`
    return row('taken', 'blocker', check, text, [{ label: 'Leave those out', action: { kind: 'set-option', key, value: true } }])
  })
}
