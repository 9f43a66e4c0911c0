// The card beside the cursor or the pointer: the commits before and after, kept or left out, and how far away.
import type { Neighbours } from '../../shared/contracts/recoveryPoint'
import { Icon } from '../components/Icon'
import { momentText, type ZoneName } from '../format/zone'
import { aroundRows } from './around'

export interface CardPlace {
  left: number
  top: number
}

export const cardWidth = 292

/** At the right of `x`, or at its left where there is no room. */
export function cardLeft(x: number, width: number): number {
  return x + 11 + cardWidth <= width - 4 ? x + 11 : Math.max(4, x - 11 - cardWidth)
}

export interface HoverCardProps {
  place: CardPlace
  time: number
  zone: ZoneName
  inclusive: boolean
  /** undefined while they are looked for; null when they can't be known. */
  around: Neighbours | null | undefined
  /** Of the pointer, not of the cursor: it has a head with its time. */
  head?: { commits: string; note: string; reachable: boolean }
}

export function HoverCard({ place, time, zone, inclusive, around, head }: HoverCardProps) {
  return (
    <div className="tl-card" style={place} role="presentation" data-hover={head !== undefined}>
      {head && (
        <div className="tl-card-head">
          <span className="mono b">{momentText(time, zone).time}</span>
          <span className="t3">{head.commits}</span>
        </div>
      )}
      {head && head.note !== '' && (
        <div className={`row g4 ${head.reachable ? 't2' : 'warn'}`}>
          {!head.reachable && <Icon name="warn" size={14} />}
          {head.note}
        </div>
      )}
      {around === undefined && <div className="t3">Looking into the WAL…</div>}
      {around === null && !head && <div className="t3">The commits around it are not known.</div>}
      {around &&
        aroundRows(around, time, inclusive, zone).map(({ side, xid, time: at, kept, distance }) => (
          <div className="tl-around" key={side}>
            <span className="t3">{side}</span>
            {xid === null ? (
              <span className="t2">no commit is known</span>
            ) : (
              <>
                <span className="mono">{at}</span>
                <span className={kept ? 'ok m' : 'warn m'}>{kept ? 'kept' : 'left out'}</span>
                <span className="t2 xid">
                  transaction <span className="mono">{xid}</span>
                </span>
                <span className="t3">{distance}</span>
              </>
            )}
          </div>
        ))}
    </div>
  )
}
