// Which column of the file (or of the source) goes into which column of the table: guessed by name, changed by hand. Pure.

export interface TargetColumn {
  name: string
  type: string
  notNull: boolean
  hasDefault: boolean
  generated: boolean
  identity: boolean
}

/** One entry for each column that is read: the table's column, or null to leave it out. */
export type Mapping = (string | null)[]

const plain = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** COPY does not read generated columns. */
export function takers(table: readonly TargetColumn[]): TargetColumn[] {
  return table.filter(({ generated }) => !generated)
}

/** By name: exactly, else apart from case and signs. Where the names say nothing, in order. */
export function guessMapping(columns: readonly string[], table: readonly TargetColumn[], named: boolean): Mapping {
  const open = takers(table).map(({ name }) => name)
  if (!named) return columns.map((_column, index) => open[index] ?? null)
  const left = new Set(open)
  const take = (found: string | undefined) => {
    if (found !== undefined) left.delete(found)
    return found ?? null
  }
  const exact = columns.map((column) => take([...left].find((name) => name === column)))
  return exact.map(
    (found, index) => found ?? take([...left].find((name) => plain(name) !== '' && plain(name) === plain(columns[index] ?? ''))),
  )
}

/** Columns of the table that nothing goes into: they get their default, or NULL. */
export function unmapped(mapping: Mapping, table: readonly TargetColumn[]): TargetColumn[] {
  return takers(table).filter(({ name }) => !mapping.includes(name))
}

/** What a column gets that nothing goes into, in words. */
export function fillWords(column: TargetColumn): string {
  if (column.identity) return 'gets the next number'
  if (column.hasDefault) return 'gets its default'
  return column.notNull ? 'has no default and takes no NULL' : 'gets NULL'
}

/** '' when rows can go this way; else what is wrong, in words. */
export function mappingProblem(mapping: Mapping, table: readonly TargetColumn[]): string {
  const used = mapping.filter((name) => name !== null)
  if (used.length === 0) return 'Choose a column of the table for at least one column'
  const twice = used.find((name, index) => used.indexOf(name) !== index)
  if (twice !== undefined) return `Two columns go into ${twice}: choose another for one of them`
  const gone = used.find((name) => !takers(table).some((column) => column.name === name))
  if (gone !== undefined) return `The table has no column ${gone} to fill: choose another`
  return ''
}

/** The columns are the table's own, in its order: then COPY needs no list of them. */
export function isWhole(mapping: Mapping, table: readonly TargetColumn[]): boolean {
  const own = takers(table)
  return mapping.length === own.length && own.every(({ name }, index) => mapping[index] === name)
}
