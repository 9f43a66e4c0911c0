// The commits before and after a moment in words: which is kept, which is left out, and how far away each is.
import type { Neighbours } from '../../shared/contracts/recoveryPoint'
import { distanceText, momentText, type ZoneName } from '../format/zone'

export interface AroundRow {
  side: 'Before' | 'At' | 'After'
  /** null: there is none. */
  xid: number | null
  time: string
  kept: boolean
  distance: string
}

/** A commit at the very moment is kept by an inclusive target alone. */
export function aroundRows({ before, after }: Neighbours, time: number, inclusive: boolean, zone: ZoneName): AroundRow[] {
  const day = momentText(time, zone).date
  const row = (side: AroundRow['side'], commit: Neighbours['before'], kept: boolean): AroundRow => {
    if (commit === null) return { side, xid: null, time: '', kept, distance: '' }
    const text = momentText(commit.time, zone)
    const distance = commit.time - time
    return {
      ...{ side, xid: commit.xid, kept },
      time: text.date === day ? text.time : `${text.day} ${text.time}`,
      distance: distance === 0 ? 'at it' : `${distance < 0 ? '−' : '+'}${distanceText(distance)}`,
    }
  }
  const at = before !== null && before.time === time
  return [row(at ? 'At' : 'Before', before, !at || inclusive), row('After', after, false)]
}

/** For screen readers: "keeps transaction 8412906, leaves out transaction 8412907". */
export function aroundWords(neighbours: Neighbours, time: number, inclusive: boolean, zone: ZoneName): string {
  return aroundRows(neighbours, time, inclusive, zone)
    .map(({ side, xid, kept, distance }) => {
      if (xid === null) return side === 'After' ? 'no commit after it in the archive' : 'no commit before it in the archive'
      return `${kept ? 'keeps' : 'leaves out'} transaction ${xid}, ${distance}`
    })
    .join('; ')
}
