// The order in which tables are filled: parents before the tables whose foreign keys lead to them.

export interface Ordered {
  /** "schema\0name" */
  id: string
  /** Of its foreign keys to others, itself left out. */
  parents: readonly { id: string; constraint: string; deferrable: boolean }[]
}

export interface TableOrder {
  ids: string[]
  /** Tables that lead to each other, where every foreign key among them can wait for the end of the transaction. */
  deferred: boolean
  /** Foreign keys that can't, in a circle that leaves no first table. */
  stuck: { id: string; constraint: string }[]
}

export function orderTables(tables: readonly Ordered[]): TableOrder {
  const ids: string[] = []
  const left = new Map(tables.map((table) => [table.id, table]))
  const waitsFor = (table: Ordered, among: ReadonlyMap<string, Ordered>, all: boolean) =>
    table.parents.filter(({ id, deferrable }) => id !== table.id && among.has(id) && (all || !deferrable))
  const takeFree = (all: boolean): boolean => {
    const free = [...left.values()].filter((table) => waitsFor(table, left, all).length === 0)
    for (const { id } of free) {
      ids.push(id)
      left.delete(id)
    }
    return free.length > 0
  }
  let deferred = false
  while (left.size > 0) {
    if (takeFree(true)) continue
    // A circle: only those foreign keys count that can't be checked later.
    deferred = true
    if (takeFree(false)) continue
    const stuck = [...left.values()].flatMap((table) =>
      waitsFor(table, left, false).map(({ constraint }) => ({ id: table.id, constraint })),
    )
    return { ids: [...ids, ...left.keys()], deferred, stuck }
  }
  return { ids, deferred, stuck: [] }
}
