// Everything that is known before rows are rescued: both sides, each table's way, the order, and the SQL as it will run.
import type { RescueRequest } from '../../../shared/contracts/rescue'
import type { ShownCommand } from '../../../shared/jobs/job'
import { AppError } from '../../../shared/rpc/appError'
import { type LargeObjectColumn, readLargeObjectColumns } from './largeObjects'
import type { LiveFacts } from './liveFacts'
import { liveProblem, type OpenSides } from './openSides'
import type { RescueServices } from './parts'
import { type DroppedPlan, planDropped, readLost } from './planDropped'
import { readPairs } from './readPairs'
import { shownName } from './readTable'
import { showRescue } from './showRescue'
import { orderTables, type TableOrder } from './tableOrder'
import { planTable, type TablePlan } from './tablePlan'

export interface RescuePlan {
  request: RescueRequest
  open: OpenSides
  facts: LiveFacts
  /** Why nothing can be written, in a sentence; '' when it can. */
  problem: string
  /** Parents before their children. */
  tables: TablePlan[]
  order: TableOrder
  dropped: DroppedPlan
  offered: { what: string; statement: string }[]
  largeObjects: LargeObjectColumn[]
  shown: ShownCommand[]
  /** What is typed before rows are replaced; '' when none are. */
  confirmText: string
}

export const tableId = ({ schema, name }: { schema: string; name: string }) => `${schema}\0${name}`

export async function planRescue(
  services: RescueServices,
  open: OpenSides,
  request: RescueRequest,
  signal: AbortSignal,
): Promise<RescuePlan> {
  const { tables: asked } = request
  const names = new Set(asked.map(tableId))
  if (names.size < asked.length) throw new AppError('bad_input', 'A table is chosen twice.')
  const { pairs, facts } = await readPairs(
    open,
    asked.map(({ schema, name }) => [schema, name]),
  )
  const plans = asked.map((each, index) => {
    const pair = pairs[index]
    if (!pair) throw new AppError('internal', `${each.schema}.${each.name} was not read.`)
    return planTable(each, pair, facts, index + 1)
  })
  // New and returning tables have no foreign key while rows go in; live ones have those of now.
  const filled = plans.filter(({ asked: { way } }) => way === 'missing' || way === 'replace')
  const order = orderTables(
    filled.map((plan) => ({
      id: tableId(plan.past),
      parents: (plan.now?.foreignKeys ?? [])
        .filter(({ parent: [schema, name] }) => tableId({ schema, name }) !== tableId(plan.past))
        .map(({ name: constraint, parent: [schema, name], deferrable }) => ({
          id: tableId({ schema, name }),
          constraint,
          deferrable,
        })),
    })),
  )
  const others = plans.filter((plan) => !filled.includes(plan))
  const ordered = order.ids.flatMap((id) => filled.filter((plan) => tableId(plan.past) === id))
  const dropped = await planDropped(services, open, { database: request.database, facts, plans }, signal)
  const lost = []
  for (const {
    past,
    asked: { way },
  } of plans)
    if (way === 'dropped') lost.push(...(await readLost(open, past.schema, past.name)))
  const offered = [...new Map(lost.map((each) => [each.what, each])).values()]
  const replaced = plans.filter(({ asked: { way } }) => way === 'replace').map(({ past }) => shownName(past))
  const plan = {
    ...{ request, open, facts, order, dropped, offered },
    largeObjects: await readLargeObjectColumns(open, plans),
    problem: liveProblem(open.recovered, open.past, open.now, open.live),
    tables: [...others, ...ordered],
    confirmText:
      replaced.length === 0
        ? ''
        : replaced.length === 1
          ? (replaced[0] ?? '')
          : `${replaced.length} tables in ${request.liveDatabase}`,
  }
  return { ...plan, shown: showRescue(plan) }
}
