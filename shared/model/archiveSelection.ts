// What of an archive is restored: ticks as ranges of ids, which entry belongs under which, and what a ticked one still needs.

/** One entry of an archive's table of contents, as far as choosing goes. */
export interface ArchiveEntry {
  id: number
  /** TABLE, TABLE DATA, FK CONSTRAINT ... as the archive names it. */
  kind: string
  schema: string | null
  tag: string
  /** Ids of the entries it depends on, some of which may not be in the archive. */
  needs: readonly number[]
}

/** `needs` is not ticked although `id`, which is, can't do without it; `rows`: rows that a foreign key points to. */
export interface MissingNeed {
  id: number
  needs: number
  why: 'requires' | 'rows'
}

/** `1-5,9`: sorted, each once. Hundreds of thousands of ids take a few bytes where most are ticked. */
export function packIds(ids: Iterable<number>): string {
  const sorted = [...new Set(ids)].toSorted((a, b) => a - b)
  const parts: string[] = []
  for (let at = 0; at < sorted.length; ) {
    const first = sorted[at] ?? 0
    let end = at
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1
    const last = sorted[end] ?? first
    parts.push(first === last ? String(first) : `${first}-${last}`)
    at = end + 1
  }
  return parts.join(',')
}

/** undefined for a text that `packIds` does not write. `most` bounds what a few bytes can make. */
export function unpackIds(text: string, most = 10_000_000): number[] | undefined {
  if (text === '') return []
  const ids: number[] = []
  let before = 0
  for (const part of text.split(',')) {
    const match = /^([1-9]\d{0,9})(?:-([1-9]\d{0,9}))?$/.exec(part)
    if (!match) return undefined
    const first = Number(match[1])
    const last = match[2] === undefined ? first : Number(match[2])
    if (first <= before || last < first || ids.length + last - first >= most) return undefined
    for (let id = first; id <= last; id += 1) ids.push(id)
    before = last
  }
  return ids
}

/** Settings of the session, and the database itself, which --create alone makes: no person chooses them. */
export function isChoosable(entry: Pick<ArchiveEntry, 'kind' | 'tag'>): boolean {
  if (['ENCODING', 'STDSTRINGS', 'SEARCHPATH', 'DATABASE', 'DATABASE PROPERTIES'].includes(entry.kind)) return false
  return !(['ACL', 'COMMENT', 'SECURITY LABEL'].includes(entry.kind) && entry.tag.startsWith('DATABASE '))
}

/** Kinds whose tag is `<table> <own name>`. */
const tagged = new Set(['CONSTRAINT', 'CHECK CONSTRAINT', 'FK CONSTRAINT', 'TRIGGER', 'RULE', 'POLICY', 'DEFAULT'])
/** Kinds whose tag is that of what they belong to. */
const sameTag = new Set([
  'TABLE DATA',
  'MATERIALIZED VIEW DATA',
  'SEQUENCE SET',
  'SEQUENCE OWNED BY',
  'STATISTICS DATA',
  'ROW SECURITY',
  'TABLE ATTACH',
  'INDEX ATTACH',
])
/** Kinds that belong to the first thing of one of these kinds that they depend on. */
const under: Readonly<Record<string, readonly string[]>> = {
  INDEX: ['TABLE', 'MATERIALIZED VIEW'],
  STATISTICS: ['TABLE', 'MATERIALIZED VIEW', 'FOREIGN TABLE'],
  'PUBLICATION TABLE': ['PUBLICATION'],
  'PUBLICATION TABLES IN SCHEMA': ['PUBLICATION'],
  'SUBSCRIPTION TABLE': ['SUBSCRIPTION'],
  'USER MAPPING': ['SERVER'],
}
const attached = new Set(['ACL', 'COMMENT', 'SECURITY LABEL'])
const tables = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE'])
const dataKinds = new Set(['TABLE DATA', 'STATISTICS DATA'])

export function byId<T extends ArchiveEntry>(entries: readonly T[]): Map<number, T> {
  return new Map(entries.map((entry) => [entry.id, entry]))
}

/** The id of the entry that this one is shown under; null where it stands by itself. */
export function parentOf(entry: ArchiveEntry, known: ReadonlyMap<number, ArchiveEntry>): number | null {
  const kinds = under[entry.kind]
  const belongs = attached.has(entry.kind) || tagged.has(entry.kind) || sameTag.has(entry.kind) || kinds !== undefined
  if (!belongs || entry.needs.length === 0) return null
  const needs = entry.needs.flatMap((id) => known.get(id) ?? []).filter((need) => need.id !== entry.id)
  if (attached.has(entry.kind)) return needs[0]?.id ?? null
  if (tagged.has(entry.kind)) return tableOfTag(entry, needs)?.id ?? null
  const near = needs.filter((need) => need.schema === entry.schema)
  if (sameTag.has(entry.kind)) return near.find((need) => need.tag === entry.tag)?.id ?? null
  return kinds ? (needs.find((need) => kinds.includes(need.kind))?.id ?? null) : null
}

/** Both parts of a tag may hold spaces: the longest table name that fits. */
function tableOfTag(entry: ArchiveEntry, needs: readonly ArchiveEntry[]): ArchiveEntry | undefined {
  let found: ArchiveEntry | undefined
  for (const need of needs) {
    const fits = tables.has(need.kind) && need.schema === entry.schema && entry.tag.startsWith(`${need.tag} `)
    if (fits && (found === undefined || need.tag.length > found.tag.length)) found = need
  }
  return found
}

/** In the archive's order; each pair once. */
export function missingNeeds(entries: readonly ArchiveEntry[], ticked: ReadonlySet<number>): MissingNeed[] {
  const known = byId(entries)
  const rows = rowsOf(entries)
  const attaches = attachesOf(entries, known)
  const missing: MissingNeed[] = []
  for (const entry of entries) {
    if (!ticked.has(entry.id)) continue
    for (const need of new Set(entry.needs)) {
      const needed = known.get(need)
      if (!needed || ticked.has(need) || !isChoosable(needed)) continue
      missing.push({ id: entry.id, needs: need, why: 'requires' })
    }
    if (entry.kind === 'INDEX ATTACH') {
      const table = attachedTable(entry, known)
      const attach = table === undefined ? undefined : attaches.get(table)
      if (attach !== undefined && !ticked.has(attach)) missing.push({ id: entry.id, needs: attach, why: 'requires' })
    }
    if (entry.kind !== 'FK CONSTRAINT') continue
    const needs = entry.needs.flatMap((id) => known.get(id) ?? [])
    const from = tableOfTag(entry, needs)
    const fromRows = from && rows.get(from.id)
    if (fromRows === undefined || !ticked.has(fromRows)) continue
    for (const to of needs) {
      const toRows = to.kind === 'TABLE' && to !== from ? rows.get(to.id) : undefined
      if (toRows !== undefined && !ticked.has(toRows)) missing.push({ id: entry.id, needs: toRows, why: 'rows' })
    }
  }
  return missing
}

/** By the id of a partition, the id of what makes it one. Archives do not say that its indexes depend on that. */
function attachesOf(entries: readonly ArchiveEntry[], known: ReadonlyMap<number, ArchiveEntry>): Map<number, number> {
  const attaches = new Map<number, number>()
  for (const entry of entries) {
    const table = entry.kind === 'TABLE ATTACH' ? parentOf(entry, known) : null
    if (table !== null) attaches.set(table, entry.id)
  }
  return attaches
}

/** The table of the index, or of the constraint's index, that is attached. */
function attachedTable(entry: ArchiveEntry, known: ReadonlyMap<number, ArchiveEntry>): number | undefined {
  for (const need of entry.needs) {
    const index = known.get(need)
    if (index === undefined || (index.tag !== entry.tag && !index.tag.endsWith(` ${entry.tag}`))) continue
    return index.needs.find((id) => known.get(id)?.kind === 'TABLE')
  }
  return undefined
}

/** By the id of the table, the id of its rows. */
function rowsOf(entries: readonly ArchiveEntry[]): Map<number, number> {
  const rows = new Map<number, number>()
  for (const entry of entries) {
    if (entry.kind === 'TABLE DATA') for (const need of entry.needs) rows.set(need, entry.id)
  }
  return rows
}

/** The ticks with everything that they need, and what that needs in turn. */
export function withNeeds(entries: readonly ArchiveEntry[], ticked: ReadonlySet<number>): Set<number> {
  const all = new Set(ticked)
  for (;;) {
    const missing = missingNeeds(entries, all)
    if (missing.length === 0) return all
    for (const { needs } of missing) all.add(needs)
  }
}

/** What it means for the person that `needs` is not ticked, without its name. */
export function needWords(entry: ArchiveEntry, needed: ArchiveEntry, why: MissingNeed['why']): string {
  if (why === 'rows') return 'its rows point to rows that are not ticked'
  if (entry.kind === 'FK CONSTRAINT' && needed.kind === 'TABLE') return 'the foreign key needs a table that is not ticked'
  if (dataKinds.has(entry.kind)) return 'the rows need their table, here or in the destination'
  if (entry.kind === 'INDEX') return 'the index needs its table'
  if (entry.kind === 'TRIGGER' && needed.kind === 'FUNCTION') return 'the trigger calls a function that is not ticked'
  return `it needs the ${needed.kind.toLowerCase()} that is not ticked`
}
