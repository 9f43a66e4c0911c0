// The SQL of a rescue to be read before it runs: the statements themselves, in their order, each side by itself.
import type { ShownCommand } from '../../../shared/jobs/job'
import { majorOf } from '../../../shared/model/pgVersion'
import { momentOf } from './moment'
import type { RescuePlan } from './planRescue'
import { shownName } from './readTable'
import * as sql from './rescueSql'
import type { TablePlan } from './tablePlan'

function command(title: string, statements: readonly string[]): ShownCommand {
  return { title, program: 'SQL', version: null, words: [statements.map((statement) => `${statement};`).join('\n')], kind: 'sql' }
}

/** In a comment of the new table, so that it is known for what it is. */
export function newComment(plan: Pick<RescuePlan, 'open'>, table: TablePlan): string {
  return `Rows of ${shownName(table.past)} as they were at ${momentOf(plan.open.recovered).words}, rescued by Walkback`
}

export function keptComment(table: TablePlan): string {
  return `Rows that ${shownName(table.past)} had before Walkback replaced them`
}

/** The primary key of a new table: where its columns came across as they were. */
export function newKey({ past, asTexts }: TablePlan): string[] | null {
  const primary = past.keys.find(({ primary: is }) => is)
  return primary && primary.columns.every((name) => !asTexts.includes(name)) ? primary.columns : null
}

export function newSql(plan: Pick<RescuePlan, 'open' | 'facts'>, table: TablePlan): { before: string[]; after: string[] } {
  const key = newKey(table)
  return {
    before: [sql.createSql(table, plan.facts)],
    after: [
      ...(key === null ? [] : [sql.primaryKeySql(table.into, key)]),
      ...(table.owner === '' ? [] : [sql.ownerSql(table.into, table.owner)]),
      sql.commentSql(table.into, newComment(plan, table)),
    ],
  }
}

export function keptSql(table: TablePlan): string[] {
  const kept = { schema: table.into.schema, name: table.asked.newName }
  return [
    sql.keepSql(table),
    ...(table.key === null || !table.key.primary ? [] : [sql.primaryKeySql(kept, table.key.columns)]),
    ...(table.now ? [sql.ownerSql(kept, table.now.owner)] : []),
    sql.commentSql(kept, keptComment(table)),
  ]
}

export function settingsSql({ request }: Pick<RescuePlan, 'request'>): string {
  return `SET LOCAL lock_timeout = '${request.lockSeconds}s'`
}

export function showRescue(plan: Omit<RescuePlan, 'shown'>): ShownCommand[] {
  const { tables, dropped, order, request } = plan
  const by = (way: TablePlan['asked']['way']) => tables.filter(({ asked }) => asked.way === way)
  const staged = [...by('missing'), ...by('replace')]
  const quiet = (table: TablePlan) => (request.triggers === 'quiet' ? sql.triggerSql(table) : { off: [], on: [] })
  const replaced = tables.filter(({ asked }) => asked.way === 'replace')
  const source = tables.map((table) => {
    if (table.asked.way === 'missing')
      return sql.sourceByKeySql(
        table,
        table.moved.map(({ out }) => out),
      )
    return table.asked.way === 'replace' ? sql.stageOutSql(table) : sql.outSql(table)
  })
  const live = [
    'BEGIN',
    settingsSql(plan),
    ...dropped.before,
    ...by('new').flatMap((table) => newSql(plan, table).before),
    ...[...by('dropped'), ...by('new')].map(sql.inSql),
    ...staged.flatMap((table) => [sql.stageSql(table), sql.stageInSql(table)]),
    ...by('new').flatMap((table) => newSql(plan, table).after),
    ...(order.deferred ? ['SET CONSTRAINTS ALL DEFERRED'] : []),
    ...replaced.map(({ into }) => sql.lockSql(into)),
    ...replaced.flatMap(keptSql),
    ...replaced.filter((table) => sql.updateSql(table) !== null).map(sql.changedTableSql),
    ...staged.flatMap((table) => quiet(table).off),
    ...replaced.toReversed().map(sql.deleteSql),
    ...tables.flatMap((table) => {
      if (table.asked.way === 'missing') return [sql.insertedTableSql(table), sql.insertMissingSql(table)]
      if (table.asked.way !== 'replace') return []
      const update = sql.updateSql(table)
      return [...(update === null ? [] : [update]), sql.insertAllSql(table)]
    }),
    'SET CONSTRAINTS ALL IMMEDIATE',
    ...(plan.largeObjects.length > 0
      ? ['SELECT lo_create(oid), lo_put(oid, 0, contents) /* each large object that is missing, then its rights and owner */']
      : []),
    ...staged.flatMap((table) => quiet(table).on),
    ...staged.map((table) => (table.asked.way === 'missing' ? sql.proveMissingSql(table) : sql.proveReplacedSql(table))),
    ...[...by('dropped'), ...by('new')].map(sql.sumLiveSql),
    ...dropped.after,
    'COMMIT',
  ]
  const where = `${request.liveDatabase} on ${plan.open.live.label}, PostgreSQL ${majorOf(plan.open.now.version)}`
  return [
    ...(dropped.command ? [dropped.command] : []),
    command(`Out of ${request.database} of the recovered cluster, read-only`, source),
    command(`Into ${where}, one transaction`, live),
  ]
}
