// Each chosen table as it was and as it is: the differences, the keys that tell rows apart, and which ways are open.
import type { RescueColumn, RescueFacts, RescueWay } from '../../../shared/contracts/rescue'
import { rescueWays } from '../../../shared/contracts/rescue'
import { AppError } from '../../../shared/rpc/appError'
import { compareColumns, unfilled } from './compareColumns'
import { unloggedProblem } from './listTables'
import { type LiveFacts, readLiveFacts } from './liveFacts'
import type { OpenSides } from './openSides'
import { readTable, shownName, type TableFacts, type TableKey } from './readTable'

export interface Pair {
  past: TableFacts
  now: TableFacts | null
  /** What else has its name in the live database: "a view"; '' for nothing. */
  other: string
  /** Empty where there is no live table. */
  columns: RescueColumn[]
}

export interface Pairs {
  pairs: Pair[]
  facts: LiveFacts
}

export async function readPairs(
  { source, target }: Pick<OpenSides, 'source' | 'target'>,
  tables: readonly (readonly [string, string])[],
): Promise<Pairs> {
  const past: TableFacts[] = []
  for (const [schema, name] of tables) {
    const found = await readTable(source.client, schema, name)
    if (!found) {
      throw new AppError('not_found', `There is no table ${schema}.${name} in the recovered database.`, {
        hint: 'Choose the tables again.',
      })
    }
    past.push(found)
  }
  const columns = past.flatMap((table) => table.columns)
  const facts = await readLiveFacts(target.client, {
    schemas: [...new Set(past.map(({ schema }) => schema))],
    types: [...new Set(columns.map(({ base }) => base))],
    collations: [...new Set(columns.flatMap(({ collation }) => (collation === null ? [] : [collation])))],
  })
  const pairs: Pair[] = []
  for (const table of past) {
    const now = await readTable(target.client, table.schema, table.name)
    pairs.push({
      past: table,
      now,
      other: now ? '' : (facts.taken.get(table.schema)?.get(table.name) ?? ''),
      columns: now ? compareColumns(table.columns, now.columns, facts.casts) : [],
    })
  }
  return { pairs, facts }
}

/** Why the key can't tell these rows apart, in a sentence; '' when it can. */
export function keyProblem(pair: Pair, key: TableKey): string {
  if (key.nondeterministic !== null) {
    return `Its collation ${key.nondeterministic} is nondeterministic: it calls values equal that are written otherwise, so rows can’t be told apart by what they say.`
  }
  for (const name of key.columns) {
    const column = pair.columns.find((each) => each.name === name)
    if (column?.says === 'added') return `${name} was added since.`
    if (column?.says === 'refused') return `${name}: ${column.note}`
    if (column?.says === 'generated') return `${name} is computed by the live table.`
  }
  return key.operators.length === key.columns.length ? '' : 'Its columns can’t be compared.'
}

const neverNull = ({ now }: Pair, key: TableKey) =>
  key.columns.every((name) => now?.columns.find((column) => column.name === name)?.notNull === true)

/** The primary key, else a unique one without NULLs; null when there is none that fits. */
export function defaultKey(pair: Pair): TableKey | null {
  const fit = (pair.now?.keys ?? []).filter((key) => keyProblem(pair, key) === '')
  return fit.find(({ primary }) => primary) ?? fit.find((key) => neverNull(pair, key)) ?? null
}

/** The one that was asked for. Throws AppError for one that is not there. */
export function keyOf(pair: Pair, name: string | null): TableKey | null {
  if (name === null) return defaultKey(pair)
  const found = pair.now?.keys.find((key) => key.name === name)
  if (found) return found
  throw new AppError('not_found', `${shownName(pair.past)} has no unique key ${name} in the live database.`, {
    hint: 'Choose the key again.',
  })
}

/** Why this way is not open, in a sentence; '' when it is. */
export function wayProblem(pair: Pair, facts: LiveFacts, way: RescueWay, recovering: boolean): string {
  const { past, now, other } = pair
  const table = shownName(past)
  if (past.unlogged && recovering) return unloggedProblem
  if (!past.maySelect) return `The login of the recovered cluster may not read ${table}.`
  const schema = facts.schemas.get(past.schema)
  if (way === 'dropped' && now) return `${table} is there: its rows can be brought back into it.`
  if (way === 'dropped' && other !== '') return `${table} is ${other} in the live database.`
  if (way === 'new' || way === 'dropped') {
    if (!schema) return `The live database has no schema ${past.schema}.`
    return schema.mayCreate ? '' : `The live role may not create a table in the schema ${past.schema}.`
  }
  if (!now) return other === '' ? `${table} is not in the live database.` : `${table} is ${other} in the live database.`
  const refused = pair.columns.find(({ says }) => says === 'refused')
  if (refused) return `Column ${refused.name} has another type now: ${refused.note}`
  const empty = unfilled(now.columns, pair.columns)
  if (empty.length > 0)
    return `${empty.join(', ')} was added since, is NOT NULL and has no default: nothing says what to put there.`
  if (way === 'replace') return schema?.mayCreate ? '' : `The live role may not create the table that keeps the rows of ${table}.`
  if ((now.keys ?? []).some((key) => keyProblem(pair, key) === '')) return ''
  const [only] = now.keys.length === 1 ? now.keys : []
  if (only && only.nondeterministic !== null) return `The key ${only.name}: ${keyProblem(pair, only)}`
  return 'It has no primary key and no unique key in the live database, so its rows can’t be told apart.'
}

export function waysOf(pair: Pair, facts: LiveFacts, recovering: boolean): RescueFacts['ways'] {
  return rescueWays.map((way) => ({ way, problem: wayProblem(pair, facts, way, recovering) }))
}
