// Which of many transactions were the accident: the greatest loss first, and no more kept than a person reads.
import type { AccidentFinding } from '../contracts/accident'

const order: Readonly<Record<AccidentFinding['kind'], number>> = {
  'database dropped': 0,
  dropped: 1,
  truncated: 1,
  replaced: 2,
  deleted: 3,
  updated: 4,
  rewritten: 5,
}

/** Rows that were there and are not any more, as far as the kind tells. */
export function lossOf({ kind, deleted, inserted, rowsBefore }: AccidentFinding): number {
  if (kind === 'deleted') return Math.max(0, deleted - inserted)
  return kind === 'updated' || kind === 'rewritten' ? 0 : (rowsBefore ?? 0)
}

/**
 * A table that is gone or empty comes before any number of rows; among those the known loss, then the removed files, decides.
 * Of equal ones the later comes first.
 */
export function byLoss(a: AccidentFinding, b: AccidentFinding): number {
  return (
    order[a.kind] - order[b.kind] ||
    lossOf(b) - lossOf(a) ||
    b.deleted - a.deleted ||
    b.updated - a.updated ||
    b.fileCount - a.fileCount ||
    b.time - a.time
  )
}

export interface BestFindings {
  add(finding: AccidentFinding): void
  /** Ranked. */
  list(): AccidentFinding[]
  /** How many were left out. */
  left(): number
}

/** Keeps `most` of however many come. */
export function bestFindings(most: number): BestFindings {
  let kept: AccidentFinding[] = []
  let left = 0
  const cut = () => {
    kept.sort(byLoss)
    left += Math.max(0, kept.length - most)
    kept = kept.slice(0, most)
  }
  return {
    add(finding) {
      kept.push(finding)
      if (kept.length >= 4 * most) cut()
    },
    list() {
      cut()
      return kept
    },
    left: () => left,
  }
}
