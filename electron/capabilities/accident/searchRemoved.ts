// Every commit that removed files of tables, for a table that nobody knows the file of any more; named as far as a server can.
import type { AccidentFinding } from '../../../shared/contracts/accident'
import { toLsn } from '../../../shared/model/lsn'
import { bestFindings } from '../../../shared/model/rankFindings'
import { givenFiles, type RelationChange, tablesMadeAndGone } from '../../../shared/model/relationChanges'
import { partsOfFile, pathOfFile } from '../../../shared/model/relationRecords'
import type { WalSpan } from '../../../shared/model/walSpan'
import type { ResolvedConnection, Services } from '../../services'
import { type NamesOf, readNames } from './readNames'
import { readChanges, type Walk } from './readPieces'
import { type Found, mostFiles, mostFindings } from './searchTable'

export async function searchRemoved(
  walk: Walk,
  services: Pick<Services, 'connections'>,
  connection: ResolvedConnection | null,
  span: WalSpan,
): Promise<Found> {
  const changes = (await readChanges(walk)).filter(({ lsn }) => toLsn(lsn) >= span.from)
  const names = connection === null ? null : await readNames(services, connection, changes, walk)
  const best = bestFindings(mostFindings)
  let indexes = 0
  for (const change of changes) {
    const finding = findingOf(change, names, span)
    if (finding) best.add(finding)
    else indexes += 1
  }
  const findings = best.list()
  if (findings.some(({ kind, tables }) => tables.length === 0 && kind !== 'database dropped')) walk.note(howToName(connection))
  const totals = { transactions: changes.length, deleted: 0, inserted: 0, updated: 0 }
  return { findings, others: indexes + best.left(), totals }
}

function howToName(connection: ResolvedConnection | null): string {
  const where = connection === null ? '' : `${connection.label} knows no name for some of these files. `
  return `${where}A cluster that is recovered to just before such a commit still knows its tables: recover there, then search again with the connection to it.`
}

/** null: only indexes were built anew. */
function findingOf(change: RelationChange, names: NamesOf | null, { olderThan }: WalSpan): AccidentFinding | null {
  const kind = kindOf(change)
  const { tables, indexesAlone } = names?.of(change) ?? { tables: [], indexesAlone: false }
  if (indexesAlone && kind === 'truncated') return null
  const databaseOid = change.database ?? databaseOf(change)
  return {
    ...{
      kind,
      xid: change.xid,
      lsn: change.lsn,
      time: change.time,
      lockedAt: change.lockedAt,
      deleted: 0,
      inserted: 0,
      updated: 0,
      rowsBefore: null,
    },
    beganEarlier: olderThan !== null && ((change.xid - olderThan) | 0) <= 0,
    partitions: null,
    ...{ databaseOid, database: names?.databases.get(databaseOid) ?? null, tables },
    files: change.removed.slice(0, mostFiles).map(pathOfFile),
    fileCount: change.removed.length,
  }
}

function databaseOf({ removed }: RelationChange): number {
  const [first] = removed
  return first === undefined ? 0 : partsOfFile(first).database
}

/**
 * Without a name a removed file may have been a table's, an index's or a TOAST table's. Files given for files: TRUNCATE, or
 * REINDEX. Tables made, and gone again: rewritten; before 15 that can't be told from one that was dropped and made anew.
 */
function kindOf(change: RelationChange): AccidentFinding['kind'] {
  const { removed, gone, database } = change
  if (database !== null) return 'database dropped'
  if (tablesMadeAndGone(change).length > 0) return gone === null ? 'replaced' : 'rewritten'
  const given = givenFiles(change).length
  return given > 0 && given === removed.length ? 'truncated' : 'dropped'
}
