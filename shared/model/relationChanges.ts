// Commits that removed files of relations, put together from their records: what each made, removed and had locked.
import { formatLsn } from './lsn'
import { type EndRecord, type FileKey, type Place, partsOfFile, type RelationRecord } from './relationRecords'

export interface RelationChange {
  /** The top transaction, and its committed subtransactions. */
  xid: number
  subxacts: readonly number[]
  lsn: string
  time: number
  /** In the order of the WAL. */
  created: CreatedFile[]
  /** In the order of the COMMIT record: the last one removed comes first. */
  removed: readonly FileKey[]
  /** Relations that it held ACCESS EXCLUSIVE, as `database/OID`, in the order in which they were locked. */
  locked: string[]
  /** Where it took the first of these locks; null without any. */
  lockedAt: string | null
  /** Relations that are gone with it, by OID [15]; null where the WAL does not tell. */
  gone: ReadonlySet<number> | null
  /** The database that it dropped. */
  database: number | null
}

export interface CreatedFile {
  file: FileKey
  /**
   * relation: it came with a relation of its own, whose OID is its number (heap_create). Else an existing relation was given
   * it: by TRUNCATE or REINDEX (RelationSetNewRelfilenumber), whose numbers are nobody's OIDs.
   */
  fresh: 'table' | 'index' | null
}

interface Open {
  created: { file: FileKey; at: Place }[]
  locked: Map<string, Place>
  dropped: number[]
  made: number[]
}

export interface ChangeCollector {
  /** What a transaction did comes before its end; other than that each kind of record only has to be in order for itself. */
  take(record: RelationRecord): void
  /** Whether the end of a transaction is of interest although it carries nothing. */
  wanted(xid: number): boolean
}

/** `on` gets the commits that removed a file or a database, in their order. Bounded by what is open at one time. */
export function collectChanges(on: (change: RelationChange) => void): ChangeCollector {
  const open = new Map<number, Open>()
  const of = (xid: number): Open => {
    let found = open.get(xid)
    if (!found) {
      found = { created: [], locked: new Map(), dropped: [], made: [] }
      open.set(xid, found)
    }
    return found
  }
  const finish = (end: EndRecord) => {
    const xids = [end.xid, ...end.subxacts]
    const parts = xids.flatMap((xid) => open.get(xid) ?? [])
    for (const xid of xids) open.delete(xid)
    const made = parts.flatMap((part) => part.made)
    const database = parts.flatMap((part) => part.dropped).find((one) => !made.includes(one)) ?? null
    if (!end.committed || (end.removed.length === 0 && database === null)) return
    const locks = new Map(parts.flatMap((part) => [...part.locked]))
    const inOrder = [...locks].toSorted(([, a], [, b]) => compare(a, b))
    const relations = new Set(end.relations)
    on({
      ...{ xid: end.xid, subxacts: end.subxacts, lsn: lsnOf(end), time: end.time, removed: end.removed, database },
      created: parts
        .flatMap((part) => part.created)
        .toSorted((a, b) => compare(a.at, b.at))
        .map(({ file, at }) => ({ file, fresh: freshness(file, at, relations, locks) })),
      locked: inOrder.map(([relation]) => relation),
      lockedAt: inOrder[0] ? lsnOf(inOrder[0][1]) : null,
      gone: end.gone === null ? null : new Set(end.gone),
    })
  }
  return {
    take(record) {
      if (record.kind === 'created') of(record.xid).created.push({ file: record.file, at: record })
      else if (record.kind === 'database') of(record.xid)[record.made ? 'made' : 'dropped'].push(record.database)
      else if (record.kind === 'end') finish(record)
      else if (record.kind === 'locks') {
        // Those that are held are told again with each checkpoint.
        for (const { xid, database, relation } of record.locks) {
          const { locked } = of(xid)
          const name = `${database}/${relation}`
          if (!locked.has(name) && locked.size < mostLocks) locked.set(name, record)
        }
      }
    },
    wanted: (xid) => open.has(xid),
  }
}

/** Of one transaction that is kept: a DROP SCHEMA can lock very many. */
const mostLocks = 100_000

function compare(a: Place, b: Place): number {
  return a.hi - b.hi || a.lo - b.lo
}

/** A new relation's cache entry is invalidated. A table is locked before its file is made, an index after (13 to 18). */
function freshness(
  file: FileKey,
  at: Place,
  relations: ReadonlySet<number>,
  locks: ReadonlyMap<string, Place>,
): CreatedFile['fresh'] {
  const { database, number } = partsOfFile(file)
  if (!relations.has(number)) return null
  const lock = locks.get(`${database}/${number}`)
  return lock && compare(lock, at) < 0 ? 'table' : 'index'
}

export function lsnOf({ hi, lo }: Place): string {
  return formatLsn((BigInt(hi) << 32n) | BigInt(lo))
}

/** Files that existing relations were given, in order. */
export function givenFiles({ created }: RelationChange): FileKey[] {
  return created.filter(({ fresh }) => fresh === null).map(({ file }) => file)
}

/**
 * Tables that were made, in order, without the TOAST tables: each of those is followed by its index at once. VACUUM FULL, CLUSTER
 * and ALTER TABLE make one beside the table that they rewrite, change files with it, and drop it again (make_new_heap).
 */
export function tablesMade({ created }: RelationChange): FileKey[] {
  return created.filter(({ fresh }, index) => fresh === 'table' && created[index + 1]?.fresh !== 'index').map(({ file }) => file)
}

/** Of those, the ones that were gone again at the end; before 15 the WAL does not tell, and all of them are meant. */
export function tablesMadeAndGone(change: RelationChange): FileKey[] {
  const { gone } = change
  return tablesMade(change).filter((file) => gone === null || gone.has(partsOfFile(file).number))
}
