// Above the timeline: how much of it is in view, snapping, and what the signs mean.
import { IconButton } from '../components/Button'
import { Switch } from '../components/fields'
import { dayMicro, hourMicro, spanWords } from './view'

const spans = [
  { label: '1 h', name: '1 hour', span: hourMicro },
  { label: '6 h', name: '6 hours', span: 6 * hourMicro },
  { label: '1 d', name: '1 day', span: dayMicro },
  { label: '7 d', name: '7 days', span: 7 * dayMicro },
] as const

export interface TimelineHeadProps {
  span: number
  /** Some are drawn. */
  accidents: boolean
  /** Some of the WAL is salvaged from a dead cluster. */
  salvaged: boolean
  snap: boolean
  onSnap: (snap: boolean) => void
  onSpan: (span: number) => void
  onAll: () => void
}

export function TimelineHead({ span, accidents, salvaged, snap, onSnap, onSpan, onAll }: TimelineHeadProps) {
  return (
    <div className="tl-head">
      <div className="seg tl-zoom" role="group" aria-label="In view">
        {spans.map((one) => (
          <button
            key={one.label}
            type="button"
            aria-label={`${one.label}, ${one.name} in view`}
            aria-pressed={Math.abs(span / one.span - 1) < 0.01}
            onClick={() => onSpan(one.span)}
          >
            {one.label}
          </button>
        ))}
        <button type="button" aria-label="All in view" onClick={onAll}>
          All
        </button>
      </div>
      <IconButton icon="minus" label="Zoom out" className="tl-plus" onClick={() => onSpan(span * 2)} />
      <IconButton icon="plus" label="Zoom in" className="tl-plus" onClick={() => onSpan(span / 2)} />
      <span className="t2 tnum nw tl-span">{spanWords(span)} in view</span>
      <Switch checked={snap} onChange={onSnap}>
        Snap
      </Switch>
      <span className="sp" />
      <ul className="tl-legend" aria-label="Signs">
        <li>
          <i className="full" />
          Full
        </li>
        <li>
          <i className="ring" />
          Incremental
        </li>
        <li>
          <i className="wal" />
          WAL, commits
        </li>
        {salvaged && (
          <li>
            <i className="salvaged" />
            Salvaged
          </li>
        )}
        <li>
          <i className="gap" />
          Missing
        </li>
        <li>
          <i className="dead" />
          Unreachable
        </li>
        <li>
          <i className="flag" />
          Restore point
        </li>
        {accidents && (
          <li>
            <i className="accident" />
            Accident
          </li>
        )}
      </ul>
    </div>
  )
}
