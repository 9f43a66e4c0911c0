// What the core says of the moments, made ready for drawing once: spans, densities, and where each timeline is reachable.
import type { MomentLane, Moments } from '../../shared/contracts/recoveryPoint'
import type { AccidentFlag } from './Accidents'
import { type Density, densityOf } from './density'
import { lineOf, reachOf, type Span, union, without } from './reach'
import type { View } from './view'

export interface LaneModel {
  lane: MomentLane
  density: Density
  /** Where WAL is, by time. */
  covered: Span[]
  /** Of this lane itself: covered, but behind a gap and before the next backup's end, or before the first one's. */
  dead: Span[]
  /** Of the whole way along this timeline. */
  reach: Span[]
  /** main: leads to the latest commit; before: on the way there; stray: neither. */
  role: 'main' | 'before' | 'stray'
}

export interface TimelineModel {
  moments: Moments
  lanes: LaneModel[]
  /** From the first to the last moment that anything is known of; null when nothing is. */
  extent: View | null
  /** What a search found. */
  accidents: readonly AccidentFlag[]
}

export function modelOf(moments: Moments, accidents: readonly AccidentFlag[] = []): TimelineModel {
  const main = moments.mainTimeline === null ? [] : lineOf(moments.lanes, moments.mainTimeline).map(({ timeline }) => timeline)
  const lanes = moments.lanes.map((lane): LaneModel => {
    const covered = union(
      lane.ranges.flatMap(({ fromTime, toTime }) =>
        fromTime === null || toTime === null ? [] : [{ from: fromTime, to: toTime }],
      ),
    )
    // A descendant's backups may reach what the timeline's own do not, so that all ways count.
    const reach = reachOf(lane)
    const anyReach = union(
      moments.lanes
        .filter((other) => lineOf(moments.lanes, other.timeline).some(({ timeline }) => timeline === lane.timeline))
        .flatMap(reachOf),
    )
    const role = lane.timeline === moments.mainTimeline ? 'main' : main.includes(lane.timeline) ? 'before' : 'stray'
    return { lane, density: densityOf(lane.minutes), covered, dead: without(covered, anyReach), reach, role }
  })
  return { moments, lanes, extent: extentOf(moments, lanes), accidents }
}

function extentOf(moments: Moments, lanes: readonly LaneModel[]): View | null {
  const times = [
    ...lanes.flatMap(({ covered, lane }) => [
      ...covered.flatMap(({ from, to }) => [from, to]),
      ...(lane.lastEnd === null ? [] : [lane.lastEnd.time]),
    ]),
    ...moments.backups.map(({ stopTime }) => stopTime),
  ]
  if (times.length === 0) return null
  return times.reduce((view, time) => ({ from: Math.min(view.from, time), to: Math.max(view.to, time) }), {
    from: Number.POSITIVE_INFINITY,
    to: Number.NEGATIVE_INFINITY,
  })
}

export const laneOf = (model: TimelineModel, timeline: number): LaneModel | undefined =>
  model.lanes.find(({ lane }) => lane.timeline === timeline)
