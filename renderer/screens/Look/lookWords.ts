// Row counts in order and in words, and the moments of a recovered cluster as numbers. Pure.
import type { LookStanding, LookTable } from '../../../shared/contracts/look'
import { formatBytes } from '../../../shared/model/byteCount'
import { microOfIso } from '../../../shared/model/walTime'
import type { IconName } from '../../components/Icon'
import { formatDuration } from '../../format/duration'
import { formatCount, plural } from '../../format/numbers'
import type { Losses } from './useLosses'

export type RowOrder = 'all' | 'different'

/** Live has fewer rows than the recovered one, or not even the table. */
export const isLost = ({ says }: Pick<LookTable, 'says'>): boolean => says === 'fewer' || says === 'only recovered'

/** Rows in live minus rows recovered; null where a side was not counted. A table that is not there has none. */
export function differenceOf({ says, recovered, live }: LookTable): number | null {
  if (says === 'unknown') return null
  return (live ?? 0) - (recovered ?? 0)
}

const weight = (table: LookTable) => (isLost(table) ? 0 : table.says === 'unknown' ? 1 : table.says === 'same' ? 3 : 2)

/** The largest loss first; then what was not counted, what is new, and what has the same count. */
export function orderTables(tables: readonly LookTable[], order: RowOrder): LookTable[] {
  const shown = order === 'all' ? tables : tables.filter(({ says }) => says !== 'same')
  return shown.toSorted((a, b) => {
    const [one, other] = [differenceOf(a) ?? 0, differenceOf(b) ?? 0]
    return weight(a) - weight(b) || (isLost(a) ? one - other : other - one) || (keyOf(a) < keyOf(b) ? -1 : 1)
  })
}

export const keyOf = ({ schema, table }: Pick<LookTable, 'schema' | 'table'>): string => JSON.stringify([schema, table])

/** −4,812,166 with a true minus; +31; 0. */
export function signed(difference: number | null): string {
  if (difference === null) return '?'
  if (difference === 0) return '0'
  return `${difference < 0 ? '−' : '+'}${formatCount(Math.abs(difference))}`
}

export const verdicts: Readonly<Record<LookTable['says'], { words: string; icon: IconName; tone: string }>> = {
  fewer: { words: 'Fewer in live', icon: 'warn', tone: 'warn m' },
  'only recovered': { words: 'Gone from live', icon: 'warn', tone: 'warn m' },
  more: { words: 'New since then', icon: 'plus', tone: 't2' },
  'only live': { words: 'Made since then', icon: 'plus', tone: 't2' },
  same: { words: 'Same count', icon: 'check', tone: 't3' },
  unknown: { words: 'Not counted', icon: 'help', tone: 't2' },
}

/** "2 tables, 4,961,279 rows, 937 MB"; '' for none. */
export function tickedWords(tables: readonly LookTable[]): string {
  if (tables.length === 0) return ''
  const rows = tables.reduce((sum, { recovered }) => sum + (recovered ?? 0), 0)
  const bytes = tables.reduce((sum, table) => sum + BigInt(table.bytes ?? '0'), 0n)
  const uncounted = tables.some(({ recovered }) => recovered === null)
  return `${plural(tables.length, 'table')}, ${uncounted ? 'at least ' : ''}${plural(rows, 'row')}, ${formatBytes(bytes)}`
}

/** How the counts came about: "exact, 214 tables in 3.1 s". */
export function countWords(tables: readonly LookTable[], seconds: number): string {
  const not = tables.filter(({ says }) => says === 'unknown').length
  const how = not === 0 ? 'exact' : `exact but for ${plural(not, 'table')}`
  return `${how}, ${plural(tables.length, 'table')} in ${seconds.toFixed(1)} s`
}

/** The last commit that it holds: by what its job left, unless it moved since; else by the server. xid null: not known. */
export function lastCommitOf({ evidence, replayed, asAsked }: LookStanding): { time: number; xid: number | null } | null {
  const known = asAsked.yes === false ? null : (evidence?.lastCommit ?? null)
  if (known) return { time: known.time, xid: known.xid }
  const asked = replayed?.lastTransaction ?? null
  return asked === null ? null : { time: microOfIso(asked), xid: null }
}

/** "39 s: copy 26 s, replay 13 s" */
export function tookWords({ all, copy, replay }: LookStanding['took']): string {
  const parts = [
    ...(copy === null ? [] : [`copy ${formatDuration(copy)}`]),
    ...(replay === null ? [] : [`replay ${formatDuration(replay)}`]),
  ]
  return parts.length === 0 ? formatDuration(all) : `${formatDuration(all)}: ${parts.join(', ')}`
}

/** As typed in a shell of its own machine. */
export function connectWords({ port, user }: Pick<LookStanding, 'port' | 'user'>, database: string): string {
  const plain = (word: string) => (/^[\w.@%+=:,/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
  return `psql -h localhost -p ${port}${user === '' ? '' : ` -U ${plain(user)}`} ${plain(database)}`
}

/** OIDs of types whose values stand at the right: int8, int2, int4, oid, float4, float8, money, numeric. */
const numericTypes = new Set([20, 21, 23, 26, 700, 701, 790, 1700])
export const isNumericOid = (oid: number): boolean => numericTypes.has(oid)

/** The one to look at first: the first of the person's own; where that has lost nothing, one that has, or can't be compared. */
export function firstDatabase(databases: readonly string[], losses: Losses = {}): string {
  const own = databases.find((name) => name !== 'postgres') ?? databases[0] ?? ''
  if (losses[own] !== 0) return own
  return databases.find((name) => (losses[name] ?? 0) > 0) ?? databases.find((name) => losses[name] === null) ?? own
}

/** "2 tables have lost rows"; without a loss, what that rests on: a table that was not counted may have lost some. */
export function tableLosses(database: string, tables: readonly LookTable[]): string {
  const lost = tables.filter(isLost).length
  if (lost > 0) return `${plural(lost, 'table')} ${lost === 1 ? 'has' : 'have'} lost rows`
  const not = tables.filter(({ says }) => says === 'unknown').length
  return not === 0 ? `no table of ${database} has lost rows` : `no loss seen in ${database}, ${plural(not, 'table')} not counted`
}

/** Beside its name: "shop: 2 tables have lost rows". */
export function lossWords(name: string, losses: Losses): string {
  const lost = losses[name]
  if (lost === null) return `${name}: can’t be compared`
  return lost === undefined || lost === 0 ? name : `${name}: ${plural(lost, 'table')} ${lost === 1 ? 'has' : 'have'} lost rows`
}
