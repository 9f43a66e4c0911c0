// Long because every statement of a rescue is in it. The SQL, made in one place for the review, the run and the tests.
// Whatever the session's search path, names are qualified: triggers of the live database run under their own.
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../../shared/model/identifier'
import { copyOptionsSql } from '../../../shared/tools/copyCommand'
import type { Reference, TableFacts } from './readTable'
import { keyColumns, type MovedColumn, type TablePlan } from './tablePlan'

const textFormat = copyOptionsSql({ format: 'text' })
const list = (names: readonly string[]) => names.map(quoteIdentifier).join(', ')
const of = (alias: string, name: string) => `${alias}.${quoteIdentifier(name)}`
const named = ({ schema, name }: { schema: string; name: string }) => qualifiedName(schema, name)

/** ONLY: what inherits from it is another table. A partitioned one has no rows but its partitions'. */
export function relation(facts: Pick<TableFacts, 'schema' | 'name' | 'partitioned'>): string {
  return facts.partitioned ? named(facts) : `ONLY ${named(facts)}`
}

const sourceOf = (plan: TablePlan) => `${relation(plan.past)} AS r`
/** Where the rows go: a new table is a plain one, and one that comes back is what it was. */
function liveOf({ asked, into, now, past }: TablePlan, alias: string): string {
  const target = asked.way === 'new' ? { ...into, partitioned: false } : { ...into, partitioned: (now ?? past).partitioned }
  return `${relation(target)} AS ${alias}`
}

/** Temporary tables, gone with the transaction. */
export const stageName = ({ at }: TablePlan) => `pg_temp.${quoteIdentifier(`walkback_rows_${at}`)}`
const changedName = ({ at }: TablePlan) => `pg_temp.${quoteIdentifier(`walkback_changed_${at}`)}`
const insertedName = ({ at }: TablePlan) => `pg_temp.${quoteIdentifier(`walkback_inserted_${at}`)}`

/** A name for the hash that no column has. */
function hashColumn({ moved }: TablePlan): string {
  let name = 'walkback hash'
  while (moved.some((column) => column.name === name)) name += '_'
  return name
}

/** Of what a row says, as text: the same on both sides when both write values the same way (asText). */
export function rowHash(expressions: readonly string[]): string {
  return `pg_catalog.md5(pg_catalog.convert_to(ROW(${expressions.join(', ')})::pg_catalog.text, 'UTF8'))`
}

const sourceHash = (plan: TablePlan) => rowHash(plan.moved.map(({ out }) => out))
const liveHash = (plan: TablePlan, alias: string) => rowHash(plan.moved.map(({ name }) => of(alias, name)))

/** Adds up in any order: 60 bits of each row's hash. */
const hashSum = (hash: string) =>
  `pg_catalog.sum(('x' || pg_catalog."left"(${hash}, 15))::bit(60)::pg_catalog.int8)::pg_catalog.text`

const isCitext = (root: string) => /(^|\.)"?citext"?$/.test(root)

/** Values of these can be equal and read otherwise: "Anna" and "anna", 1.0 and 1.00, 1 day and 24:00:00. */
const readsOtherwise = ({ root }: MovedColumn) =>
  isCitext(root) || ['numeric', 'double precision', 'real', 'interval', 'jsonb', 'character'].includes(root)

/**
 * A key's value as bytes in hex, so that both sides sort alike whatever their collations. Equal values must read the same:
 * 1.0 and 1.00 are one number, and citext does not see the case.
 */
function keyText({ root }: MovedColumn, expression: string): string {
  const text =
    root === 'numeric'
      ? `pg_catalog.trim_scale(${expression})::pg_catalog.text`
      : isCitext(root)
        ? // Whatever the column's collation: citext compares by that of the database.
          `pg_catalog.lower((${expression})::pg_catalog.text COLLATE pg_catalog."default")`
        : `(${expression})::pg_catalog.text`
  return `pg_catalog.encode(pg_catalog.convert_to(${text}, 'UTF8'), 'hex') COLLATE pg_catalog."C"`
}

const ordinals = (count: number) => Array.from({ length: count }, (_, index) => index + 1).join(', ')

/** Key, hash and columns of every recovered row, by key. `rest`: what follows them, of a foretelling. */
export function sourceByKeySql(plan: TablePlan, rest: readonly string[]): string {
  const keys = keyColumns(plan)
  const columns = [...keys.map((column) => keyText(column, column.out)), sourceHash(plan), ...rest]
  return `COPY (SELECT ${columns.join(', ')} FROM ${sourceOf(plan)} ORDER BY ${ordinals(keys.length)}) TO STDOUT WITH ${textFormat}`
}

/** Key and hash of every live row, by key. */
export function liveByKeySql(plan: TablePlan): string {
  const keys = keyColumns(plan)
  const columns = [...keys.map((column) => keyText(column, of('l', column.name))), liveHash(plan, 'l')]
  return `COPY (SELECT ${columns.join(', ')} FROM ${liveOf(plan, 'l')} ORDER BY ${ordinals(keys.length)}) TO STDOUT WITH ${textFormat}`
}

export const countSourceSql = (plan: TablePlan) => `SELECT pg_catalog.count(*)::pg_catalog.text AS rows FROM ${sourceOf(plan)}`
export const countTableSql = (facts: TableFacts) => `SELECT pg_catalog.count(*)::pg_catalog.text AS rows FROM ${relation(facts)}`
export const countLiveSql = (plan: TablePlan) => `SELECT pg_catalog.count(*)::pg_catalog.text AS rows FROM ${liveOf(plan, 'l')}`

/** Rows and the sum of their hashes. */
export const sumSourceSql = (plan: TablePlan) =>
  `SELECT pg_catalog.count(*)::pg_catalog.text AS rows, ${hashSum(sourceHash(plan))} AS sum FROM ${sourceOf(plan)}`
export const sumLiveSql = (plan: TablePlan) =>
  `SELECT pg_catalog.count(*)::pg_catalog.text AS rows, ${hashSum(liveHash(plan, 'l'))} AS sum FROM ${liveOf(plan, 'l')}`

export const outSql = (plan: TablePlan) =>
  `COPY (SELECT ${plan.moved.map(({ out }) => out).join(', ')} FROM ${sourceOf(plan)}) TO STDOUT WITH ${textFormat}`
export const columnsOutSql = (plan: TablePlan, columns: readonly string[]) =>
  `COPY (SELECT ${columns.join(', ')} FROM ${sourceOf(plan)}) TO STDOUT WITH ${textFormat}`
export const inSql = (plan: TablePlan) =>
  `COPY ${named(plan.into)} (${list(plan.moved.map(({ name }) => name))}) FROM STDIN WITH ${textFormat}`

/** new */
export function createSql(plan: TablePlan, facts: { collations: ReadonlySet<string> }): string {
  const lines = plan.moved.map(({ name, type }) => {
    const column = plan.past.columns.find((each) => each.name === name)
    const collation = column?.collation
    const collate = collation && type === column.type && facts.collations.has(collation) ? ` COLLATE ${collation}` : ''
    return `  ${quoteIdentifier(name)} ${type}${collate}${column?.notNull === true ? ' NOT NULL' : ''}`
  })
  return `CREATE TABLE ${named(plan.into)} (\n${lines.join(',\n')}\n)`
}

/** After the rows. PostgreSQL names it, and takes another name when that one is there. */
export function primaryKeySql(into: { schema: string; name: string }, columns: readonly string[]): string {
  return `ALTER TABLE ${named(into)} ADD PRIMARY KEY (${list(columns)})`
}

export const ownerSql = (into: { schema: string; name: string }, owner: string) =>
  `ALTER TABLE ${named(into)} OWNER TO ${quoteIdentifier(owner)}`

export const commentSql = (into: { schema: string; name: string }, text: string) =>
  `COMMENT ON TABLE ${named(into)} IS ${quoteLiteral(text).trim()}`

/** missing and replace: the rows wait beside the live table, with the hash that the source gave them. */
export function stageSql(plan: TablePlan): string {
  const columns = plan.moved.map(({ name }) => of('l', name))
  const hash = `NULL::pg_catalog.text AS ${quoteIdentifier(hashColumn(plan))}`
  return `CREATE TEMPORARY TABLE ${stageName(plan).replace('pg_temp.', '')} ON COMMIT DROP AS SELECT ${[hash, ...columns].join(', ')} FROM ${liveOf(plan, 'l')} WITH NO DATA`
}

/** The hash comes first, as sourceByKeySql sends it behind the key. */
export function stageInSql(plan: TablePlan): string {
  return `COPY ${stageName(plan)} (${list([hashColumn(plan), ...plan.moved.map(({ name }) => name)])}) FROM STDIN WITH ${textFormat}`
}

/** replace without a key: all rows, in no order. */
export function stageOutSql(plan: TablePlan): string {
  return `COPY (SELECT ${[sourceHash(plan), ...plan.moved.map(({ out }) => out)].join(', ')} FROM ${sourceOf(plan)}) TO STDOUT WITH ${textFormat}`
}

/** By the operators of the live key's index: what they call equal is one row. */
export function sameKey(plan: TablePlan, a: string, b: string): string {
  const { key } = plan
  return (key?.columns ?? []).map((name, index) => `${of(a, name)} ${key?.operators[index] ?? '='} ${of(b, name)}`).join(' AND ')
}

const insertInto = (plan: TablePlan) =>
  `INSERT INTO ${named(plan.into)} (${list(plan.moved.map(({ name }) => name))}) OVERRIDING SYSTEM VALUE`
const stagedColumns = (plan: TablePlan) => plan.moved.map(({ name }) => of('s', name)).join(', ')

export function insertedTableSql(plan: TablePlan): string {
  const columns = (plan.key?.columns ?? []).map((name) => of('s', name)).join(', ')
  return `CREATE TEMPORARY TABLE ${insertedName(plan).replace('pg_temp.', '')} ON COMMIT DROP AS SELECT ${columns} FROM ${stageName(plan)} AS s WITH NO DATA`
}

/**
 * What came to the live table meanwhile stays: a key that is there by now is left alone. Without skipTaken only the key's own
 * conflicts are, and another unique value that is taken is an error.
 */
export function insertMissingSql(plan: TablePlan): string {
  const { key } = plan
  const arbiter = key === null || key.deferrable ? '' : ` (${list(key.columns)})`
  const conflict = plan.asked.skipTaken
    ? '\n    ON CONFLICT DO NOTHING'
    : arbiter === ''
      ? ''
      : `\n    ON CONFLICT${arbiter} DO NOTHING`
  const columns = key?.columns ?? []
  return `WITH inserted AS (
  ${insertInto(plan)}
  SELECT ${stagedColumns(plan)} FROM ${stageName(plan)} AS s
   WHERE NOT EXISTS (SELECT FROM ${liveOf(plan, 'l')} WHERE ${sameKey(plan, 'l', 's')})${conflict}
  RETURNING ${columns.map(quoteIdentifier).join(', ')}
)
INSERT INTO ${insertedName(plan)} SELECT * FROM inserted`
}

/** Of the rows that went in: how many there are, and how many say what the source said. */
export function proveMissingSql(plan: TablePlan): string {
  const hash = of('s', hashColumn(plan))
  return `SELECT pg_catalog.count(*)::pg_catalog.text AS rows,
       pg_catalog.count(*) FILTER (WHERE ${liveHash(plan, 'l')} OPERATOR(pg_catalog.=) ${hash})::pg_catalog.text AS same
  FROM ${insertedName(plan)} AS i
  JOIN ${stageName(plan)} AS s ON ${sameKey(plan, 's', 'i')}
  JOIN ${liveOf(plan, 'l')} ON ${sameKey(plan, 'l', 'i')}`
}

/** Rows that did not go in: those that are there by now, and the others, with the first keys. */
export function leftOutSql(plan: TablePlan): string {
  const shown = (plan.key?.columns ?? []).map((name) => of('s', name)).join(', ')
  const there = `EXISTS (SELECT FROM ${liveOf(plan, 'l')} WHERE ${sameKey(plan, 'l', 's')})`
  return `SELECT pg_catalog.count(*) FILTER (WHERE there)::pg_catalog.text AS there, pg_catalog.count(*) FILTER (WHERE NOT there)::pg_catalog.text AS others,
       COALESCE((pg_catalog.array_agg(shown) FILTER (WHERE NOT there))[1:20], '{}') AS keys
  FROM (SELECT ${there} AS there, ROW(${shown})::pg_catalog.text AS shown FROM ${stageName(plan)} AS s
         WHERE NOT EXISTS (SELECT FROM ${insertedName(plan)} AS i WHERE ${sameKey(plan, 'i', 's')})) AS rest`
}

/** replace: nobody writes to it from here on, so that what is kept is all there was. */
export const lockSql = (target: { schema: string; name: string }) => `LOCK TABLE ${named(target)} IN SHARE ROW EXCLUSIVE MODE`

export function keepSql(plan: TablePlan): string {
  return `CREATE TABLE ${qualifiedName(plan.into.schema, plan.asked.newName)} AS SELECT l.* FROM ${liveOf(plan, 'l')}`
}

/** Rows of another table that lead to rows which are about to go. */
export function childrenSql(plan: TablePlan, reference: Reference): string {
  const [schema, name] = reference.child
  const child = relation({ schema, name, partitioned: reference.childPartitioned })
  const leads = reference.columns
    .map((column, at) => `${of('l', reference.parentColumns[at] ?? '')} ${reference.operators[at] ?? '='} ${of('c', column)}`)
    .join(' AND ')
  return `SELECT pg_catalog.count(*)::pg_catalog.text AS rows FROM ${child} AS c
 WHERE EXISTS (SELECT FROM ${liveOf(plan, 'l')} WHERE ${leads}
                AND NOT EXISTS (SELECT FROM ${stageName(plan)} AS s WHERE ${sameKey(plan, 's', 'l')}))`
}

export function deleteSql(plan: TablePlan): string {
  const all = `DELETE FROM ${liveOf(plan, 'l')}`
  return plan.key === null
    ? all
    : `${all}\n WHERE NOT EXISTS (SELECT FROM ${stageName(plan)} AS s WHERE ${sameKey(plan, 's', 'l')})`
}

/** Keys of rows that read otherwise than then: looked for while both sides write values in the same words. */
export function changedTableSql(plan: TablePlan): string {
  const columns = (plan.key?.columns ?? []).map((name) => of('s', name)).join(', ')
  return `CREATE TEMPORARY TABLE ${changedName(plan).replace('pg_temp.', '')} ON COMMIT DROP AS SELECT ${columns}
  FROM ${stageName(plan)} AS s JOIN ${liveOf(plan, 'l')} ON ${sameKey(plan, 's', 'l')}
 WHERE ${liveHash(plan, 'l')} OPERATOR(pg_catalog.<>) ${of('s', hashColumn(plan))}`
}

/** Columns that an UPDATE can set: of the key, which is equal, those that may read otherwise. null where there are none. */
export function updateSql(plan: TablePlan): string | null {
  const { key } = plan
  if (key === null) return null
  const changed = plan.moved.filter((column) => !key.columns.includes(column.name) || readsOtherwise(column))
  if (changed.length === 0) return null
  const sets = changed.map(({ name }) => `${quoteIdentifier(name)} = ${of('s', name)}`).join(', ')
  return `UPDATE ${liveOf(plan, 'l')} SET ${sets}
  FROM ${stageName(plan)} AS s JOIN ${changedName(plan)} AS d ON ${sameKey(plan, 's', 'd')}
 WHERE ${sameKey(plan, 'l', 's')}`
}

export function insertAllSql(plan: TablePlan): string {
  const all = `${insertInto(plan)}\nSELECT ${stagedColumns(plan)} FROM ${stageName(plan)} AS s`
  return plan.key === null ? all : `${all}\n WHERE NOT EXISTS (SELECT FROM ${liveOf(plan, 'l')} WHERE ${sameKey(plan, 'l', 's')})`
}

/** The live table against what was staged: rows of each, and those that say the same by key. */
export function proveReplacedSql(plan: TablePlan): string {
  const hash = of('s', hashColumn(plan))
  if (plan.key === null) {
    return `SELECT l.rows, l.sum AS same, s.rows AS staged, s.sum AS wanted
  FROM (${sumLiveSql(plan)}) AS l, (SELECT pg_catalog.count(*)::pg_catalog.text AS rows, ${hashSum(hash)} AS sum FROM ${stageName(plan)} AS s) AS s`
  }
  const rows = `(SELECT pg_catalog.count(*)::pg_catalog.text FROM ${stageName(plan)})`
  return `SELECT (${countLiveSql(plan)}) AS rows,
       (SELECT pg_catalog.count(*)::pg_catalog.text FROM ${stageName(plan)} AS s JOIN ${liveOf(plan, 'l')} ON ${sameKey(plan, 's', 'l')}
         WHERE ${liveHash(plan, 'l')} OPERATOR(pg_catalog.=) ${hash}) AS same,
       ${rows} AS staged, ${rows} AS wanted`
}

/** Of a partition too: each has the state of its own. */
export function triggerSql(plan: TablePlan): { off: string[]; on: string[] } {
  const fired = (plan.now?.triggers ?? []).filter(
    ({ onInsert, onChange }) => onInsert || (plan.asked.way === 'replace' && onChange),
  )
  const alter = ([schema, name]: readonly [string, string]) => `ALTER TABLE ONLY ${qualifiedName(schema, name)}`
  return {
    off: fired.map(({ table, name }) => `${alter(table)} DISABLE TRIGGER ${quoteIdentifier(name)}`),
    on: fired.map(
      ({ table, name, enabled }) => `${alter(table)} ENABLE ${enabled === 'A' ? 'ALWAYS ' : ''}TRIGGER ${quoteIdentifier(name)}`,
    ),
  }
}
