// The lanes as SVG: axis, bands, hatched parts, bars, backups, flags, forks and their words. Only what the view shows.
import { memo, useId } from 'react'
import { plural } from '../format/numbers'
import { momentText, type ZoneName } from '../format/zone'
import { Accidents } from './Accidents'
import { drawLane, type Frame, type LaneDrawing } from './layoutLane'
import { gutter, type Row, type Rows } from './layoutRows'
import { drawFork, gapWords, type ReplayAmount, replayWords } from './layoutWords'
import { Marks } from './Marks'
import type { TimelineModel } from './model'
import type { ReplayPart } from './reach'
import { Text } from './Text'
import { scaleOf, ticksOf, type View, withRoom } from './view'

export interface LanesProps {
  model: TimelineModel
  rows: Rows
  view: View
  width: number
  zone: ZoneName
  pinned: number
  replay: readonly ReplayPart[]
  amount: ReplayAmount | null
  /** Where the card beside the cursor lies: words keep clear of it. */
  card: { from: number; to: number } | null
  /** Where the cursor's bubble lies over the axis. */
  bubble: { from: number; to: number } | null
}

export const edge = 12
/** For the word in its part of a band. */
const salvagedRoom = 70

export const Lanes = memo(function Lanes(props: LanesProps) {
  const { model, rows, view, width, zone, pinned, replay, amount, card, bubble } = props
  const id = useId()
  const right = width - edge
  const frame: Frame = { left: gutter, right, view, scale: scaleOf(view, gutter, right - gutter) }
  const bottom = rows.height - 4
  const ticks = ticksOf(view, right - gutter, zone)
  const drawn = rows.rows.map((row) => ({
    row,
    drawing: drawLane(row, frame, replay.find(({ timeline }) => timeline === row.model.lane.timeline) ?? null),
  }))
  const last = replay.at(-1)
  return (
    <svg width={width} height={rows.height} aria-hidden="true" className="tl-lanes">
      <defs>
        <Hatch id={`${id}gap`} back="var(--warn-soft)" line="var(--warn-fill)" width={3} />
        <Hatch id={`${id}salvaged`} back="transparent" line="var(--ok)" width={1.4} />
        <Hatch id={`${id}dead`} back="var(--surface-2)" line="var(--border-2)" width={1.6} />
        <clipPath id={`${id}clip`}>
          <rect x={gutter} y={0} width={right - gutter + edge} height={rows.height} />
        </clipPath>
      </defs>
      <text x={12} y={54} className="tl-ax">
        {momentText((view.from + view.to) / 2, zone).offset}
      </text>
      <g clipPath={`url(#${id}clip)`}>
        {ticks.minor.map((time) => (
          <path key={time} d={`M${frame.scale(time)} 56v4`} stroke="var(--border-2)" />
        ))}
        {withRoom(ticks.major, frame.scale, width, bubble).map(({ time, label, strong }) => (
          <g key={time}>
            <path
              d={`M${frame.scale(time)} ${strong ? 40 : 48}V${bottom}`}
              stroke="var(--border)"
              strokeWidth={strong ? 1.5 : 1}
            />
            <text x={frame.scale(time) + 4} y={54} className={strong ? 'tl-ax b2' : 'tl-ax'}>
              {label}
            </text>
          </g>
        ))}
        <path d={`M${gutter} 60.5H${right}`} stroke="var(--border-2)" />
      </g>
      {drawn.map(({ row, drawing }) => (
        <LaneName key={row.model.lane.timeline} row={row} model={model} pinned={pinned} none={drawing.bands.length === 0} />
      ))}
      <g clipPath={`url(#${id}clip)`}>
        {drawn.map(({ row, drawing }) => {
          const gaps = gapWords(row, drawing, frame, zone, card)
          const taken = [
            ...gaps.map(({ lines, bracket }) => ({
              from: Math.min(bracket.from, lines[0]?.x ?? 0) - 8,
              to: Math.max(bracket.to, (lines[0]?.x ?? 0) + 180),
            })),
            ...drawn.flatMap(({ row: other }) => {
              const { parent, forkTime } = other.model.lane
              if (parent !== row.model.lane.timeline || forkTime === null) return []
              const x = frame.scale(forkTime)
              return [{ from: x - 8, to: x + 8 }]
            }),
            ...(card === null ? [] : [card]),
          ]
          const words =
            amount !== null && last?.timeline === row.model.lane.timeline ? replayWords(row, drawing, amount, taken) : null
          return (
            <g key={row.model.lane.timeline}>
              <LaneShapes row={row} drawing={drawing} id={id} pinned={pinned} />
              {gaps.map(({ bracket, lines }) => (
                <g key={bracket.from}>
                  <path
                    d={`M${bracket.from} ${bracket.y + 4}v4H${bracket.to}v-4`}
                    fill="none"
                    stroke="var(--warn)"
                    strokeWidth={1.2}
                  />
                  {lines.map((line) => (
                    <Text key={line.y} words={line} />
                  ))}
                </g>
              ))}
              {words && <Text words={words} />}
            </g>
          )
        })}
        {drawn.map(({ row, drawing }) => {
          const fork = drawFork(rows, row, drawing, frame, zone, card)
          if (!fork) return null
          const { x, top, to } = fork
          return (
            <g key={row.model.lane.timeline}>
              <title>{fork.title}</title>
              <path
                d={`M${x} ${top}V${to.y - 10}q0 10 10 10H${Math.max(to.x, x + 10)}`}
                fill="none"
                stroke="var(--text-2)"
                strokeWidth={2}
              />
              <circle cx={x} cy={top} r={4} fill="var(--surface)" stroke="var(--text-2)" strokeWidth={2} />
              {fork.words.map((line) => (
                <Text key={line.y} words={line} />
              ))}
            </g>
          )
        })}
        {model.accidents.length > 0 &&
          drawn.map(({ row }) => <Accidents key={row.model.lane.timeline} {...{ row, model, frame, zone }} />)}
        {drawn.map(({ row }) => (
          <Marks key={row.model.lane.timeline} {...{ row, model, frame, zone, bottom }} />
        ))}
      </g>
    </svg>
  )
})

function Hatch({ id, back, line, width }: { id: string; back: string; line: string; width: number }) {
  return (
    <pattern id={id} width={7} height={7} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect width={7} height={7} fill={back} />
      <path d="M0 0V7" stroke={line} strokeWidth={width} />
    </pattern>
  )
}

const roleWords = { main: 'main line', before: 'up to the fork', stray: 'stray, ended' } as const

function LaneName({ row, model, pinned, none }: { row: Row; model: TimelineModel; pinned: number; none: boolean }) {
  const { lane, role } = row.model
  const y = row.band.top + row.band.height / 2
  const chosen = lane.timeline === pinned && model.lanes.length > 1
  return (
    <>
      <text x={12} y={y - 4} className="tl-name">
        Timeline {lane.timeline}
      </text>
      <text x={12} y={y + 13} className="tl-ax">
        {chosen && role !== 'main' ? 'chosen' : roleWords[role]}
        {none && row.model.covered.length === 0 ? ', no WAL' : ''}
      </text>
    </>
  )
}

function LaneShapes({ row, drawing, id, pinned }: { row: Row; drawing: LaneDrawing; id: string; pinned: number }) {
  const { top, height } = row.band
  const grey = row.model.role === 'stray' && row.model.lane.timeline !== pinned
  return (
    <>
      {drawing.bands.map((box) => (
        <rect
          key={box.x}
          {...box}
          y={top}
          height={height}
          {...(grey ? { fill: 'var(--surface-3)', stroke: 'var(--border-2)', rx: 2 } : { fill: 'var(--band)' })}
        />
      ))}
      {drawing.dead.map((box) => (
        <rect key={box.x} {...box} y={top} height={height} fill={`url(#${id}dead)`} />
      ))}
      {drawing.salvaged.map(({ x, width }) => (
        <g key={x} className="tl-salvaged">
          <title>WAL salvaged from the dead cluster: it is not in the archive</title>
          <rect {...{ x, width }} y={top} height={height} fill={`url(#${id}salvaged)`} />
          <path d={`M${x} ${top + 1.5}h${width}`} />
          {width > salvagedRoom && (
            <text x={x + 6} y={top + 16} className="tl-ax">
              salvaged
            </text>
          )}
        </g>
      ))}
      <path d={drawing.bars.dead} fill="var(--text-3)" opacity={0.4} />
      <path d={drawing.bars.plain} fill={grey ? 'var(--text-3)' : 'var(--bar)'} opacity={grey ? 0.55 : 0.5} />
      <path d={drawing.bars.replayed} fill="var(--bar)" opacity={0.88} />
      {drawing.gaps.map(({ x, width, segments }) => (
        <rect key={x} {...{ x, width }} y={top} height={height} fill={`url(#${id}gap)`} stroke="var(--warn-fill)">
          <title>{plural(segments, 'segment')} missing</title>
        </rect>
      ))}
      {drawing.replay && (
        <rect x={drawing.replay.x} width={drawing.replay.width} y={top + height + 1.5} height={3} fill="var(--accent)" />
      )}
    </>
  )
}
