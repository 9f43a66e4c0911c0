// Every commit that took rows from one table, or the table away: its files through time first, then the rows in each of them.
import type { AccidentFinding } from '../../../shared/contracts/accident'
import { type FileHistory, type FileLink, fileHistory } from '../../../shared/model/fileHistory'
import { toLsn } from '../../../shared/model/lsn'
import { bestFindings } from '../../../shared/model/rankFindings'
import { lsnOf, type RelationChange } from '../../../shared/model/relationChanges'
import { type EndRecord, type FileKey, partsOfFile, pathOfFile } from '../../../shared/model/relationRecords'
import { rowsThrough } from '../../../shared/model/rowsThrough'
import { type RowCounts, rowTally } from '../../../shared/model/rowTally'
import type { WalSpan } from '../../../shared/model/walSpan'
import { formatWalTime } from '../../../shared/model/walTime'
import { readChanges, readRows, type Walk } from './readPieces'
import type { TableFacts } from './readTable'

export type Found = Pick<
  { findings: AccidentFinding[]; others: number; totals: RowCounts & { transactions: number } },
  'findings' | 'others' | 'totals'
>

/** More than these are not listed: each is smaller than all that are. */
export const mostFindings = 200
export const mostFiles = 20

/** Whether the files that the table had before have to be looked for: a table that was never rewritten has its OID's number. */
export function hasHistory({ leaves, replayed }: TableFacts): boolean {
  return replayed !== null || leaves.some(({ oid, file }) => partsOfFile(file).number !== oid)
}

export async function searchTable(walk: Walk, table: TableFacts, span: WalSpan): Promise<Found> {
  const changes = hasHistory(table) ? await readChanges(walk) : []
  const after = (change: RelationChange) => table.replayed !== null && toLsn(change.lsn) >= table.replayed
  const sides = { before: changes.filter((change) => !after(change)), after: changes.filter(after) }
  const histories = table.leaves.map((leaf) => fileHistory(leaf, sides))
  for (const text of unknownFiles(histories)) walk.note(text)
  const events = eventsOf(histories)
  const copies = copiesOf(histories)
  const files = new Set(histories.flatMap((history) => history.files))
  const tally = rowTally({
    wholeTable: table.partitioned,
    copied: (file, xid) => copies.get(file)?.has(xid) === true,
  })
  const anchor = { rows: table.rows, at: table.replayed }
  const through = rowsThrough(anchor)
  const best = bestFindings(mostFindings)
  const totals = { transactions: 0, deleted: 0, inserted: 0, updated: 0 }
  let plain = 0
  const none: RowCounts = { deleted: 0, inserted: 0, updated: 0 }

  await readRows(walk, files, tally, (record) => {
    const counts = tally.end(record)
    const lsn = lsnOf(record)
    const event = record.committed ? events.get(lsn) : undefined
    if ((counts === null && !event) || toLsn(lsn) < span.from) return
    const sums = counts ?? none
    totals.transactions += 1
    totals.deleted += sums.deleted
    totals.inserted += sums.inserted
    totals.updated += sums.updated
    const emptied = event !== undefined && event.kind !== 'rewritten' && event.links.length === table.leaves.length
    const standing = through.pass(
      toLsn(lsn),
      sums,
      event === undefined || event.kind === 'rewritten' ? 'kept' : emptied ? 'emptied' : 'unknown',
    )
    const kind = kindOf(event?.kind, sums)
    if (kind === null) {
      plain += 1
      return
    }
    best.add(
      through.remember(
        {
          ...{
            kind,
            xid: record.xid,
            lsn,
            time: record.time,
            lockedAt: event?.change.lockedAt ?? null,
            ...sums,
            rowsBefore: null,
          },
          beganEarlier: beganEarlier(record, span.olderThan),
          partitions: table.partitioned && event ? { touched: event.links.length, of: table.leaves.length } : null,
          ...{ databaseOid: table.databaseOid, database: table.database, tables: [table.name] },
          files: (event?.change.removed ?? []).slice(0, mostFiles).map(pathOfFile),
          fileCount: event?.change.removed.length ?? 0,
        },
        standing,
      ),
    )
  })

  const open = tally.open()
  if (open.deleted + open.updated > 0) walk.note(openWords(open))
  const findings = best.list().map((finding) => through.settle(finding))
  return { findings, others: plain + best.left(), totals }
}

interface RelationEvent {
  kind: FileLink['kind']
  change: RelationChange
  links: FileLink[]
}

const weight: Readonly<Record<FileLink['kind'], number>> = { dropped: 3, truncated: 2, replaced: 1, rewritten: 0 }

/** By the position of the COMMIT; of several partitions the worst that happened to one counts. */
function eventsOf(histories: readonly FileHistory[]): Map<string, RelationEvent> {
  const events = new Map<string, RelationEvent>()
  for (const link of histories.flatMap(({ links }) => links)) {
    const known = events.get(link.change.lsn)
    if (!known) events.set(link.change.lsn, { kind: link.kind, change: link.change, links: [link] })
    else {
      known.links.push(link)
      if (weight[link.kind] > weight[known.kind]) known.kind = link.kind
    }
  }
  return events
}

/** New files whose rows were copied by the transaction that made them. */
function copiesOf(histories: readonly FileHistory[]): Map<FileKey, Set<number>> {
  const copies = new Map<FileKey, Set<number>>()
  for (const { kind, after, change } of histories.flatMap(({ links }) => links)) {
    if (after !== null && kind === 'rewritten') copies.set(after, new Set([change.xid, ...change.subxacts]))
  }
  return copies
}

function kindOf(event: FileLink['kind'] | undefined, { deleted, updated }: RowCounts): AccidentFinding['kind'] | null {
  if (event !== undefined && !(event === 'rewritten' && deleted > 0)) return event
  return deleted > 0 ? 'deleted' : updated > 0 ? 'updated' : null
}

/** Numbers of transactions go round: the distance tells which is the older one. */
function beganEarlier({ xid, subxacts }: EndRecord, olderThan: number | null): boolean {
  return olderThan !== null && [xid, ...subxacts].some((one) => ((one - olderThan) | 0) <= 0)
}

function unknownFiles(histories: readonly FileHistory[]): string[] {
  return histories
    .flatMap(({ links }) => links)
    .filter(({ before }) => before === null)
    .map(
      ({ change, kind }) =>
        `Which file the table had before it was ${kind} at ${formatWalTime(change.time)} can’t be told: what was done to its rows before that is not listed.`,
    )
}

function openWords({ transactions, deleted, updated }: RowCounts & { transactions: number }): string {
  const who =
    transactions === 1
      ? '1 transaction that touched it has'
      : `${transactions.toLocaleString('en-US')} transactions that touched it have`
  const rows = `${deleted.toLocaleString('en-US')} deleted and ${updated.toLocaleString('en-US')} updated rows`
  return `${who} not ended where the archive ends, with ${rows}: nothing of that counts unless it commits.`
}
