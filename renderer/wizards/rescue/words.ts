// The words of a rescue: each way with its consequence.
import type { RescueCounts, RescueTable } from '../../../shared/contracts/rescue'
import { plural } from '../../format/numbers'

export const wayWords: Readonly<Record<RescueTable['way'], { label: string; help: string }>> = {
  missing: { label: 'Missing rows only', help: 'Rows whose key is not there any more come back. What is there stays as it is.' },
  new: { label: 'As a new table', help: 'All rows as they were, beside the live table, which is not touched.' },
  replace: {
    label: 'Replace the rows',
    help: 'The live rows are kept in a dated table, then the table gets its rows of then. Views and foreign keys live on.',
  },
  dropped: {
    label: 'Bring the table back',
    help: 'It was dropped: definition, rows, keys, indexes, triggers and rights come back.',
  },
}

/** What was counted, in a line. */
export function countWords(counts: RescueCounts, way: RescueTable['way']): string {
  const { byKey, recovered } = counts
  if (byKey === null)
    return `${plural(recovered, 'row')} then${counts.live === null ? '' : `, ${plural(counts.live, 'row')} now`}`
  const parts = [
    `${plural(byKey.missing, 'row')} missing`,
    `${byKey.different.toLocaleString('en-US')} differ${way === 'replace' ? '' : ' and stay'}`,
    `${byKey.onlyLive.toLocaleString('en-US')} came since${way === 'replace' ? ' and go' : ' and stay'}`,
    `${byKey.same.toLocaleString('en-US')} the same`,
  ]
  return parts.join(', ')
}
