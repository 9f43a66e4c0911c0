// A table's columns then and now: which values go across as they are, which by a cast, and what has come or gone since.
import type { Client } from 'pg'
import { z } from 'zod'
import type { RescueColumn } from '../../../shared/contracts/rescue'
import type { TableColumn } from './readTable'

/** From one type's name (without modifier) to another's: those that PostgreSQL casts by itself, as a set of "from\0to". */
export type ImplicitCasts = ReadonlySet<string>

const castPair = (from: string, to: string) => `${from}\0${to}`

/** Of pg_catalog alone: another type's cast may do anything. */
export async function readImplicitCasts(live: Client): Promise<ImplicitCasts> {
  const { rows } = await live.query(
    `SELECT format_type(castsource, NULL) AS source, format_type(casttarget, NULL) AS target FROM pg_cast
      WHERE castcontext = 'i' AND castsource <> casttarget AND oid < 16384`,
  )
  return new Set(
    z
      .array(z.object({ source: z.string(), target: z.string() }))
      .parse(rows)
      .map(({ source, target }) => castPair(source, target)),
  )
}

/** What crosses between with and without a time zone depends on the zone of whoever casts. */
const zoned = (type: string) => /with time zone/.test(type)
const timed = (type: string) => /^(timestamp|time|date)\b/.test(type)

/** A modifier that holds every value of the other: longer, or more digits on both sides of the point. */
function widens(base: string, from: number, to: number): boolean {
  if (to === -1 || from === to) return true
  if (from === -1) return false
  if (base === 'numeric') {
    // numeric_typmod: precision in the upper half, scale in the lower 11 bits, signed from 15 on.
    const parts = (typmod: number) => ({
      precision: ((typmod - 4) >> 16) & 0xffff,
      scale: (((typmod - 4) & 0x7ff) ^ 1024) - 1024,
    })
    const [past, now] = [parts(from), parts(to)]
    return now.scale >= past.scale && now.precision - now.scale >= past.precision - past.scale
  }
  if (base === 'character varying' || base === 'bit varying' || /^(timestamp|time|interval)/.test(base)) return to > from
  return false
}

function compareOne(past: TableColumn, now: TableColumn, casts: ImplicitCasts): Pick<RescueColumn, 'says' | 'note'> {
  if (now.generated !== '') return { says: 'generated', note: 'The live table computes it.' }
  if (past.type === now.type) return { says: 'same', note: '' }
  if (past.base === now.base) {
    if (widens(past.base, past.typmod, now.typmod)) return { says: 'cast', note: 'Every value fits.' }
    return { says: 'refused', note: `Values of ${past.type} may not fit into ${now.type}.` }
  }
  if (timed(past.base) && timed(now.base) && zoned(past.base) !== zoned(now.base)) {
    return { says: 'refused', note: `What ${past.type} means as ${now.type} depends on the time zone.` }
  }
  if (past.builtIn && now.builtIn && casts.has(castPair(past.base, now.base)) && now.typmod === -1) {
    return { says: 'cast', note: `PostgreSQL casts ${past.type} to ${now.type} by itself.` }
  }
  return { says: 'refused', note: `There is no implicit cast from ${past.type} to ${now.type}.` }
}

/** In the order of the live table, what it has no longer at the end. */
export function compareColumns(past: readonly TableColumn[], now: readonly TableColumn[], casts: ImplicitCasts): RescueColumn[] {
  const rows = now.map((column): RescueColumn => {
    const before = past.find(({ name }) => name === column.name)
    const types = { name: column.name, recovered: before?.type ?? null, live: column.type }
    if (before) return { ...types, ...compareOne(before, column, casts) }
    return { ...types, says: 'added', note: addedNote(column) }
  })
  const gone = past
    .filter(({ name }) => now.every((column) => column.name !== name))
    .map(({ name, type }): RescueColumn => {
      return { name, recovered: type, live: null, says: 'dropped', note: 'The live table has no such column any more.' }
    })
  return [...rows, ...gone]
}

function addedNote(column: TableColumn): string {
  if (column.generated !== '') return 'Added since; the live table computes it.'
  if (column.identity !== '' || column.hasDefault) return 'Added since: filled by its default.'
  return column.notNull ? 'Added since, NOT NULL and without a default.' : 'Added since: NULL.'
}

/** Added since, and nothing says what to put there. */
export function unfilled(now: readonly TableColumn[], columns: readonly RescueColumn[]): string[] {
  return now
    .filter(({ name, notNull, hasDefault, generated, identity }) => {
      const added = columns.some((column) => column.name === name && column.says === 'added')
      return added && notNull && !hasDefault && generated === '' && identity === ''
    })
    .map(({ name }) => name)
}
