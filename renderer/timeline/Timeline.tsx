// The recovery timeline: a strip of all there is, the lanes in view, and a cursor that moves only where recovery is possible.
import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import type { MomentBackup, Moments, Neighbours } from '../../shared/contracts/recoveryPoint'
import { shownError } from '../format/errors'
import { fullMoment, momentText, type ZoneName } from '../format/zone'
import type { AccidentFlag } from './Accidents'
import { aroundWords } from './around'
import { bubbleAt, Cursor } from './Cursor'
import { cardLeft, cardWidth, HoverCard } from './HoverCard'
import { hoverHead } from './hoverHead'
import { edge, Lanes } from './Lanes'
import { gutter, rowAt, rowsOf } from './layoutRows'
import type { ReplayAmount } from './layoutWords'
import { laneOf, modelOf, type TimelineModel } from './model'
import { confine, lineOf, reachOf, replayParts, snap, snapTargets } from './reach'
import { Strip } from './Strip'
import { summaryOf } from './summary'
import { TimelineHead } from './TimelineHead'
import { useHover } from './useHover'
import { snapPixels, useSettle } from './useSettle'
import { type AskNeighbours, type Moment, useSteps } from './useSteps'
import { useView } from './useView'
import { useWidth } from './useWidth'
import { dayMicro, firstView, scaleOf, showing, spanOf, type View, wholeView, withSpan, worldOf } from './view'
import './timeline.css'

export interface TimelineProps {
  moments: Moments
  zone: ZoneName
  /** Where the cursor is; null where nothing can be reached. */
  moment: Moment | null
  /** What is typed in the fields can't be reached: the cursor shows where it would be. */
  refused?: boolean
  onMove: (moment: Moment) => void
  inclusive: boolean
  /** The backup that recovery will begin with, and what it will replay, once that is known. */
  backup: MomentBackup | null
  amount: ReplayAmount | null
  /** Of the cursor; undefined while they are looked for, null where they can't be known. */
  around: Neighbours | null | undefined
  neighbours: AskNeighbours
  /** What a search found, kept from one drawing to the next as it is. */
  accidents?: readonly AccidentFlag[]
}

export function Timeline(props: TimelineProps) {
  const { moments, accidents } = props
  const model = useMemo(() => modelOf(moments, accidents), [moments, accidents])
  if (model.extent === null) return <p className="t2 card-body">There is neither a base backup nor WAL here yet.</p>
  return <Drawing {...props} model={model} extent={model.extent} />
}

function Drawing(props: TimelineProps & { model: TimelineModel; extent: View }) {
  const { model, extent, zone, moment, refused = false, onMove, inclusive, backup, amount, around, neighbours } = props
  const plot = useRef<HTMLDivElement>(null)
  const cursor = useRef<HTMLDivElement>(null)
  const width = useWidth(plot)
  const [snapping, setSnapping] = useState(true)
  const world = useMemo(() => worldOf(extent), [extent])
  const first = useMemo(() => firstView(extent, newestFull(model)), [extent, model])
  const { view, show } = useView(plot, world, first, gutter, width - gutter - edge)
  const scale = scaleOf(view, gutter, width - gutter - edge)
  const pinned = moment?.timeline ?? model.moments.mainTimeline ?? 1
  const rows = useMemo(() => rowsOf(model, pinned), [model, pinned])
  const lane = laneOf(model, pinned)
  const reach = useMemo(() => reachOf(lane?.lane), [lane])
  const targets = useMemo(() => snapTargets(model.moments, pinned, model.accidents), [model, pinned])

  const zoomBy = (factor: number) => show(withSpan(view, spanOf(view) * factor, world, inView(view, moment?.time)))
  const { onKeyDown, busy, failure } = useSteps({ moment, reach, ask: neighbours, onMove, onZoom: zoomBy })

  // Wherever the cursor is sent, it is seen; dragging the view away from it is left alone.
  const cursorTime = moment?.time
  const seen = useRef({ view, world, show, extent })
  seen.current = { view, world, show, extent }
  useEffect(() => {
    const { view, world, show, extent } = seen.current
    // What is typed may lie where nothing is to be seen.
    if (cursorTime === undefined || cursorTime < extent.from || cursorTime > extent.to) return
    const wanted = showing(view, cursorTime, world)
    if (wanted !== view) show(wanted)
  }, [cursorTime])

  const perPixel = spanOf(view) / (width - gutter - edge)
  /** Rounded to what a pixel can tell. */
  const timeAt = (x: number) => {
    const unit = [60_000_000, 1_000_000, 1000, 1].find((one) => one <= perPixel) ?? 1
    return Math.round(scale.invert(x) / unit) * unit
  }
  /** The moment meant by a place: reachable, and snapped. */
  const meant = (x: number, timeline: number): Moment | undefined => {
    const raw = timeAt(x)
    const spans = timeline === pinned ? reach : reachOf(laneOf(model, timeline)?.lane)
    const own = timeline === pinned ? targets : snapTargets(model.moments, timeline, model.accidents)
    const wanted = snapping ? (snap(raw, own, perPixel * snapPixels)?.time ?? raw) : raw
    const time = confine(wanted, spans)
    return time === undefined ? undefined : { timeline, time }
  }
  // After a click or a drag the nearest commit is asked for: the histogram knows minutes only.
  const settle = useSettle({ snapping, perPixel, neighbours, reach, targets, onMove })
  const dragged = useRef<Moment | null>(null)
  const place = (x: number, timeline: number) => {
    const found = meant(x, timeline)
    if (!found) return
    dragged.current = found
    onMove(found)
  }

  const hover = useHover(neighbours)
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    const [x, y] = [event.clientX - box.left, event.clientY - box.top]
    const own = event.target instanceof Element && event.target.closest('[data-own-gesture]') !== null
    const row = rowAt(rows, y)
    if (own || event.buttons !== 0 || x < gutter || x > width - edge || y < 40 || !row) return hover.leave()
    const { timeline } = row.model.lane
    hover.over({ x, timeline, time: timeAt(x), known: row.model.covered.length > 0 })
  }

  const x = cursorTime === undefined ? null : scale(cursorTime)
  const outside = x === null ? null : x < gutter ? 'left' : x > width - edge ? 'right' : null
  const dotRow = moment === null ? undefined : rows.rows.find(({ model: one }) => one.lane.timeline === bandOf(model, moment))
  const cursorX = x === null ? gutter : Math.min(Math.max(x, gutter), width - edge)
  const cardX = cardLeft(cursorX, width)
  const cardTop = (row = dotRow) => (row ? row.band.top + row.band.height + 8 : 100)
  const replay = useMemo(
    () => (backup === null || moment === null ? [] : replayParts(model.moments.lanes, backup, moment)),
    [backup, moment, model],
  )
  const card = useMemo(
    () => (cursorTime === undefined || outside !== null || refused ? null : { from: cardX - 8, to: cardX + cardWidth + 8 }),
    [cursorTime, outside, refused, cardX],
  )
  const text = momentText(cursorTime ?? 0, zone)
  const bubble = `${outside !== null ? `${text.date} ` : spanOf(view) > 2 * dayMicro ? `${text.day} ` : ''}${text.time}`
  const bubblePlace = bubbleAt(cursorX, bubble, width)
  const [bubbleFrom, bubbleTo] = [Math.round(bubblePlace.from), Math.round(bubblePlace.to)]
  const under = useMemo(
    () => (cursorTime === undefined ? null : { from: bubbleFrom, to: bubbleTo }),
    [cursorTime, bubbleFrom, bubbleTo],
  )
  const { height } = rows
  return (
    <div className="tl">
      <TimelineHead
        span={spanOf(view)}
        accidents={model.accidents.length > 0}
        salvaged={model.lanes.some(({ lane }) => lane.salvaged !== undefined)}
        snap={snapping}
        onSnap={setSnapping}
        onSpan={(span) => show(withSpan(view, span, world, inView(view, cursorTime)))}
        onAll={() => show(wholeView(extent))}
      />
      <p className="sr">{summaryOf(model, zone)}</p>
      <Strip {...{ model, extent, view, width, zone }} cursor={cursorTime ?? null} onShow={show} />
      <div className="tl-scroll">
        {/* For the mouse alone: the slider in it does all of this by keys. */}
        <div
          role="presentation"
          className="tl-plot"
          ref={plot}
          style={{ height }}
          onPointerMove={point}
          onPointerLeave={hover.leave}
          onPointerDown={hover.leave}
          onClick={(event) => {
            if (event.target instanceof Element && event.target.closest('[data-own-gesture]')) return
            const box = event.currentTarget.getBoundingClientRect()
            const row = rowAt(rows, event.clientY - box.top)
            const at = event.clientX - box.left
            if (!row || at < gutter || event.clientY - box.top < 40) return
            place(at, row.model.lane.timeline)
            settle(dragged.current)
            cursor.current?.focus()
          }}
        >
          <Lanes {...{ model, rows, view, width, zone, pinned, replay, amount, card }} bubble={under} />
          {moment !== null && (
            <Cursor
              ref={cursor}
              x={cursorX}
              width={width}
              height={height}
              dot={dotRow ? dotRow.band.top + dotRow.band.height / 2 : 100}
              bubble={bubble}
              outside={outside}
              refused={refused}
              now={moment.time}
              min={reach[0]?.from ?? moment.time}
              max={reach.at(-1)?.to ?? moment.time}
              valueText={`${fullMoment(moment.time, zone)}, timeline ${moment.timeline}${around ? `; ${aroundWords(around, moment.time, inclusive, zone)}` : ''}`}
              busy={busy}
              onKeyDown={onKeyDown}
              onDrag={(at) => place(at, pinned)}
              onDrop={() => settle(dragged.current)}
            />
          )}
          {dotRow &&
            commitPlaces(around, cursorX, scale, width).map((left) => (
              <span key={left} className="tl-commit" style={{ left, ...dotRow.band }} />
            ))}
          {hover.at && <span className="tl-ghost" style={{ left: hover.at.x, height: height - 66 }} />}
          {hover.at ? (
            <HoverCard
              place={{ left: cardLeft(hover.at.x, width), top: cardTop(rowOf(rows, hover.at.timeline)) }}
              time={hover.at.time}
              zone={zone}
              inclusive={inclusive}
              around={hover.around}
              head={hoverHead(model, hover.at, perPixel * snapPixels)}
            />
          ) : (
            moment !== null &&
            card !== null && (
              <HoverCard place={{ left: cardX, top: cardTop() }} time={moment.time} {...{ zone, inclusive, around }} />
            )
          )}
        </div>
      </div>
      <span className="sr" role="status">
        {failure === null ? '' : `The commits around it can not be read: ${shownError(failure).message}`}
      </span>
    </div>
  )
}

/** Zooming keeps the cursor in its place while it is in view. */
const inView = (view: View, time: number | undefined): number | undefined =>
  time !== undefined && time >= view.from && time <= view.to ? time : undefined

/** The two commits beside the cursor, once the zoom holds them apart. */
function commitPlaces(around: Neighbours | null | undefined, cursor: number, scale: (time: number) => number, width: number) {
  return [around?.before, around?.after]
    .flatMap((commit) => (commit ? [scale(commit.time)] : []))
    .filter((x) => Math.abs(x - cursor) > 3 && x > gutter && x < width - edge)
}

const rowOf = (rows: ReturnType<typeof rowsOf>, timeline: number) =>
  rows.rows.find(({ model }) => model.lane.timeline === timeline)

function newestFull(model: TimelineModel): number | null {
  const usable = model.moments.backups.filter(({ problem, kind }) => problem === '' && kind === 'full')
  return usable.length === 0 ? null : Math.max(...usable.map(({ stopTime }) => stopTime))
}

/** In whose band a moment lies: before a fork, in that of the parent. */
function bandOf(model: TimelineModel, { timeline, time }: Moment): number {
  const part = lineOf(model.moments.lanes, timeline).find(({ until }) => until === null || time <= until)
  return part?.timeline ?? timeline
}
