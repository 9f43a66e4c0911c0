// Counts the rows that transactions touch, and hands the sums on when they commit. What is rolled back is forgotten.
import type { EndRecord, FileKey, RowsRecord } from './relationRecords'

export interface RowCounts {
  deleted: number
  inserted: number
  updated: number
}

export interface TallyOptions {
  /** A row that an UPDATE moved from one partition to another counts as updated: both are of the table. */
  wholeTable: boolean
  /** Rows that were written into a table's new file by the transaction that rewrote it are not inserted. */
  copied(file: FileKey, xid: number): boolean
}

export interface RowTally {
  rows(record: RowsRecord): void
  /** The sums of the transaction and its subtransactions; null when it touched nothing, or did not commit. */
  end(record: EndRecord): RowCounts | null
  wanted(xid: number): boolean
  /** Transactions that had not ended. */
  open(): RowCounts & { transactions: number }
}

/** Holds what is open: rows of a transaction come before its end. */
export function rowTally({ wholeTable, copied }: TallyOptions): RowTally {
  const counts = new Map<number, RowCounts>()
  const of = (xid: number): RowCounts => {
    let found = counts.get(xid)
    if (!found) {
      found = { deleted: 0, inserted: 0, updated: 0 }
      counts.set(xid, found)
    }
    return found
  }
  return {
    rows({ xid, file, op, rows }) {
      if (op === 'insert' && copied(file, xid)) return
      const count = of(xid)
      if (op === 'insert') count.inserted += rows
      else if (op === 'update') count.updated += rows
      else if (op === 'withdrawn') count.inserted -= rows
      else if (op === 'moved' && wholeTable) {
        count.updated += rows
        count.inserted -= rows
      } else count.deleted += rows
    },
    end({ committed, xid, subxacts }) {
      let sum: RowCounts | null = null
      const add = (one: number) => {
        const found = counts.get(one)
        if (!found) return
        counts.delete(one)
        sum = sum === null ? found : plus(sum, found)
      }
      add(xid)
      for (const one of subxacts) add(one)
      return committed ? sum : null
    },
    wanted: (xid) => counts.has(xid),
    open() {
      let sum: RowCounts = { deleted: 0, inserted: 0, updated: 0 }
      for (const one of counts.values()) sum = plus(sum, one)
      return { ...sum, transactions: counts.size }
    },
  }
}

export function plus(a: RowCounts, b: RowCounts): RowCounts {
  return { deleted: a.deleted + b.deleted, inserted: a.inserted + b.inserted, updated: a.updated + b.updated }
}
