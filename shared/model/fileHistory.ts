// A table's files through time: which one it had before a TRUNCATE or a rewrite, and which after, told by the commits themselves.
import { givenFiles, type RelationChange, tablesMadeAndGone } from './relationChanges'
import { type FileKey, partsOfFile } from './relationRecords'

/** One table, as a server knows it at one position of the WAL. */
export interface KnownFile {
  /** The relation's OID. */
  oid: number
  file: FileKey
}

export interface FileLink {
  change: RelationChange
  kind: 'truncated' | 'rewritten' | 'replaced' | 'dropped'
  /** The table's file up to this commit; null where it can't be told. */
  before: FileKey | null
  /** From this commit on; null for a dropped table. */
  after: FileKey | null
}

export interface FileHistory {
  /** Every file that the table had, as far as it is known. */
  files: FileKey[]
  /** In the order of the commits. */
  links: FileLink[]
}

/** `before` and `after`: changes on each side of the position at which the file is known, both in the order of the WAL. */
export function fileHistory(
  known: KnownFile,
  { before, after }: { before: readonly RelationChange[]; after: readonly RelationChange[] },
): FileHistory {
  const links: FileLink[] = []
  const files = new Set([known.file])
  const back = (from: FileKey, changes: readonly RelationChange[]) => {
    let current: FileKey | null = from
    for (const change of changes.toReversed()) {
      if (current === null || !change.created.some(({ file }) => file === current)) continue
      const former = formerFile(change, current, known.oid)
      links.unshift({ change, kind: kindOf(change, former, current), before: former, after: current })
      if (former !== null) files.add(former)
      current = former
    }
    return current
  }
  const first = back(known.file, before)
  // Its present file may be newer than the archive: then the last commit that gave the locked table a file leads to the others.
  if (links.length === 0) {
    const made = unseenFile(known, before)
    if (made !== null) {
      files.add(made)
      back(made, before)
    }
  }
  // A table that was never rewritten has the number of its OID; one file of that number is its first one.
  const { tablespace, database } = partsOfFile(known.file)
  if (first !== null || links.length === 0) files.add(`${tablespace}/${database}/${known.oid}`)

  let current = known.file
  for (const change of after) {
    if (!change.removed.includes(current)) continue
    const next = nextFile(change, current, known.oid)
    const kind = next === null ? 'dropped' : kindOf(change, current, next)
    // Before 15 a table that was dropped and made anew in one transaction looks like one that was rewritten.
    const sure = kind !== 'rewritten' || change.gone !== null
    links.push({ change, kind: sure ? kind : 'replaced', before: current, after: next })
    if (next === null) break
    files.add(next)
    current = next
  }
  return { files: [...files], links }
}

function kindOf(change: RelationChange, before: FileKey | null, after: FileKey): FileLink['kind'] {
  // Another tablespace: the pages were copied.
  if (before !== null && partsOfFile(before).tablespace !== partsOfFile(after).tablespace) return 'rewritten'
  return givenFiles(change).includes(after) ? 'truncated' : 'rewritten'
}

/** Which of the removed files this one took the place of; null where that can't be told. */
function formerFile(change: RelationChange, file: FileKey, oid: number): FileKey | null {
  const { database } = partsOfFile(file)
  const own = change.removed.find((one) => partsOfFile(one).database === database && partsOfFile(one).number === oid)
  if (own !== undefined) return own
  const pairs = givenFiles(change).includes(file) ? truncatedPairs(change) : rewrittenPairs(change)
  return pairs.find(({ after }) => after === file)?.before ?? null
}

/** null: the table is gone. */
function nextFile(change: RelationChange, file: FileKey, oid: number): FileKey | null {
  if (change.gone?.has(oid)) return null
  const found = [...truncatedPairs(change), ...rewrittenPairs(change)].find(({ before }) => before === file)
  return found?.after ?? null
}

interface FilePair {
  before: FileKey
  after: FileKey
}

/** Each relation's old file is noted for removal right before its new one is made; none where others were removed besides. */
function truncatedPairs(change: RelationChange): FilePair[] {
  const given = givenFiles(change)
  const removed = change.removed.toReversed()
  if (given.length !== removed.length) return []
  return removed.map((before, index) => ({ before, after: given[index] ?? before }))
}

/**
 * Each table is rewritten for itself, and then its old files go: those of indexes, the TOAST table's, its own as the last one.
 * Of several tables each is taken to have equally many, as partitions do.
 */
function rewrittenPairs(change: RelationChange): FilePair[] {
  const built = tablesMadeAndGone(change)
  const removed = change.removed.toReversed()
  const each = removed.length / built.length
  if (!Number.isInteger(each) || each === 0) return []
  return built.flatMap((after, index) => {
    const before = removed[(index + 1) * each - 1]
    return before === undefined ? [] : [{ before, after }]
  })
}

/** The file that the last commit gave the table that it locked first. */
function unseenFile({ oid, file }: KnownFile, changes: readonly RelationChange[]): FileKey | null {
  const lock = `${partsOfFile(file).database}/${oid}`
  const change = changes.findLast(({ locked, created }) => created.length > 0 && locked[0] === lock)
  return change ? (tablesMadeAndGone(change)[0] ?? givenFiles(change)[0] ?? null) : null
}
