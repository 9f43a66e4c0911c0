// What of an archive is restored: ticks as ranges of ids, which entry belongs under which, and why one needs another.

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

/** `1-5,9`: sorted, each once. Hundreds of thousands of ids take a few bytes where most are ticked. */
export function packIds(ids: Iterable<number>): string {
  const sorted = Float64Array.from(ids).sort()
  const parts: string[] = []
  for (let at = 0; at < sorted.length; ) {
    const first = sorted[at] ?? 0
    let last = first
    let end = at
    for (; (sorted[end + 1] ?? Number.NaN) - last <= 1; end += 1) last = sorted[end + 1] ?? last
    parts.push(first === last ? String(first) : `${first}-${last}`)
    at = end + 1
  }
  return parts.join(',')
}

/** undefined for a text that `packIds` does not write. `most` bounds what a few bytes can make. */
export function unpackIds(text: string, most = 10_000_000): number[] | undefined {
  const ranges = unpackRanges(text)
  if (ranges === undefined) return undefined
  const ids: number[] = []
  for (const { first, last } of ranges) {
    if (ids.length + last - first >= most) return undefined
    for (let id = first; id <= last; id += 1) ids.push(id)
  }
  return ids
}

export interface IdRange {
  first: number
  last: number
}

/** undefined for a text that `packIds` does not write; in order, without overlaps. */
export function unpackRanges(text: string): IdRange[] | undefined {
  if (text === '') return []
  const ranges: IdRange[] = []
  let before = 0
  for (const part of text.split(',')) {
    const match = /^([1-9]\d{0,9})(?:-([1-9]\d{0,9}))?$/.exec(part)
    if (!match) return undefined
    const first = Number(match[1])
    const last = match[2] === undefined ? first : Number(match[2])
    if (first <= before || last < first) return undefined
    ranges.push({ first, last })
    before = last
  }
  return ranges
}

/** Settings of the session, and the database itself, which --create alone makes: no person chooses them. */
export function isChoosable(entry: Pick<ArchiveEntry, 'kind' | 'tag'>): boolean {
  if (ofSession.has(entry.kind)) return false
  return !(attached.has(entry.kind) && entry.tag.startsWith('DATABASE '))
}

const ofSession = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH', 'DATABASE', 'DATABASE PROPERTIES'])
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

/** The one of `needs`, the entries it depends on, that it is shown under; undefined where it stands by itself. */
export function parentOf(entry: ArchiveEntry, needs: readonly ArchiveEntry[]): ArchiveEntry | undefined {
  if (needs.length === 0) return undefined
  if (attached.has(entry.kind)) return needs[0]
  if (tagged.has(entry.kind)) return tableOfTag(entry, needs)
  if (sameTag.has(entry.kind)) return needs.find((need) => need.tag === entry.tag && need.schema === entry.schema)
  const kinds = under[entry.kind]
  return kinds && needs.find((need) => kinds.includes(need.kind))
}

/** Both parts of a tag may hold spaces: the longest table name that fits. */
export function tableOfTag(entry: ArchiveEntry, needs: readonly ArchiveEntry[]): ArchiveEntry | undefined {
  let found: ArchiveEntry | undefined
  for (const need of needs) {
    if (!tables.has(need.kind) || need.schema !== entry.schema || entry.tag[need.tag.length] !== ' ') continue
    if (entry.tag.startsWith(need.tag) && (found === undefined || need.tag.length > found.tag.length)) found = need
  }
  return found
}

/** The id of the table of the index, or of the constraint's index, that is attached. */
export function attachedTable(entry: ArchiveEntry, known: (id: number) => ArchiveEntry | undefined): number | undefined {
  for (const need of entry.needs) {
    const index = known(need)
    if (index === undefined || (index.tag !== entry.tag && !index.tag.endsWith(` ${entry.tag}`))) continue
    return index.needs.find((id) => known(id)?.kind === 'TABLE')
  }
  return undefined
}

/** What it means for the person that `needs` is not ticked, without its name. */
export function needWords(entry: ArchiveEntry, needed: ArchiveEntry, why: 'requires' | 'rows'): string {
  if (why === 'rows') return 'its rows point to rows that are not ticked'
  if (entry.kind === 'FK CONSTRAINT' && needed.kind === 'TABLE') return 'the foreign key needs a table that is not ticked'
  if (dataKinds.has(entry.kind)) return 'the rows need their table, here or in the destination'
  if (entry.kind === 'INDEX') return 'the index needs its table'
  if (entry.kind === 'TRIGGER' && needed.kind === 'FUNCTION') return 'the trigger calls a function that is not ticked'
  return `it needs the ${needed.kind.toLowerCase()} that is not ticked`
}
