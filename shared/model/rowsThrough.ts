// How many rows a table had before each transaction, counted back from what a server says, or up from where it was empty.
import type { AccidentFinding } from '../contracts/accident'
import type { Lsn } from './lsn'
import type { RowCounts } from './rowTally'

export interface RowAnchor {
  /** About how many rows there are; null where that is not known. */
  rows: number | null
  /** At this position; null: after everything that was read. */
  at: Lsn | null
}

/** Where a transaction stands: rows more (or fewer) than at the beginning, and in which life of the table. */
export interface Standing {
  net: number
  life: number
}

export interface RowsThrough {
  /**
   * In the order of the commits. emptied: the table began anew; unknown: nothing can be said across it, as for one partition of
   * several.
   */
  pass(lsn: Lsn, counts: RowCounts, what: 'kept' | 'emptied' | 'unknown'): Standing
  remember(finding: AccidentFinding, standing: Standing): AccidentFinding
  /** With `rowsBefore`, once all has passed. */
  settle(finding: AccidentFinding): AccidentFinding
}

export function rowsThrough({ rows, at }: RowAnchor): RowsThrough {
  const standings = new WeakMap<AccidentFinding, Standing>()
  /** What the table's lives began with, as net; null: not known. */
  const begins: (number | null)[] = [null]
  let net = 0
  /** early: before all that was read; until the position is passed, it is after it. */
  let anchor: Standing | 'early' | null = null
  let first = true
  const here = (): Standing => ({ net, life: begins.length - 1 })
  return {
    pass(lsn, { inserted, deleted }, what) {
      // A position before the first transaction says nothing of what was between them.
      if (at !== null && anchor === null && lsn >= at) anchor = first ? 'early' : here()
      first = false
      const before = here()
      if (what !== 'kept') begins.push(what === 'emptied' ? net : null)
      net += inserted - deleted
      return before
    },
    remember(finding, standing) {
      standings.set(finding, standing)
      return finding
    },
    settle(finding) {
      const standing = standings.get(finding)
      if (!standing) return finding
      const begin = begins[standing.life] ?? null
      const known = anchor === 'early' ? null : (anchor ?? here())
      const back = rows !== null && known?.life === standing.life ? rows + standing.net - known.net : null
      const count = begin === null ? back : standing.net - begin
      // What was not logged as a row (or a table that changed since) makes nonsense: better to say nothing.
      const sense = count !== null && count >= 0 && count >= finding.deleted - finding.inserted
      return { ...finding, rowsBefore: sense ? count : null }
    },
  }
}
