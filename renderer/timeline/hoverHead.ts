// What the card says first of the place under the pointer: its timeline, the mark beside it, and why it can't be reached.
import { plural } from '../format/numbers'
import { laneOf, type TimelineModel } from './model'
import { reachable, snap, snapTargets } from './reach'
import type { Moment } from './useSteps'

/** `tolerance` in microseconds: how near a mark has to be to be named. */
export function hoverHead(model: TimelineModel, at: Moment, tolerance: number) {
  const lane = laneOf(model, at.timeline)
  const ok = lane !== undefined && reachable(at.time, lane.reach)
  const gap = lane?.lane.gaps.find(({ fromTime, toTime }) => at.time >= (fromTime ?? 0) && at.time <= (toTime ?? 0))
  const near = snap(at.time, snapTargets(model.moments, at.timeline, model.accidents), tolerance)
  const words = gap
    ? `${plural(gap.segments, 'segment')} missing: ${gap.names[0]}${gap.segments > 1 ? ' and on' : ''}`
    : ok
      ? ''
      : 'Not reachable'
  return {
    commits: `timeline ${at.timeline}`,
    note: near && near.kind !== 'edge' ? [near.label, words].filter(Boolean).join('. ') : words,
    reachable: ok,
  }
}
