// Accidents that were found, as marks within the band: a pole with an octagon, its words where they have room.

import { fullMoment, type ZoneName } from '../format/zone'
import type { Frame } from './layoutLane'
import { sansWidth } from './layoutMarks'
import type { Row } from './layoutRows'
import { drawEdge } from './layoutWords'
import type { TimelineModel } from './model'
import { lineOf } from './reach'

/** A commit that took something away. */
export interface AccidentFlag {
  /** The timeline that it was looked for along. */
  timeline: number
  time: number
  /** Short, beside the mark. */
  label: string
  /** For the tooltip and the card. */
  words: string
  /** The table was lost as a whole. */
  grave: boolean
  chosen: boolean
}

export interface AccidentMark {
  flag: AccidentFlag
  x: number
  label: string
  side: 'right' | 'left'
}

/** On whose band it lies: before a fork on that of the parent. */
export function flagsOn(model: TimelineModel, timeline: number): AccidentFlag[] {
  return model.accidents.filter(({ timeline: along, time }) => {
    const part = lineOf(model.moments.lanes, along).find(({ until }) => until === null || time <= until)
    return part?.timeline === timeline
  })
}

/** Of a label beside its mark: the mark's half, a gap, and the round ends. */
const besides = 22

/**
 * The chosen one and grave ones first: of those that would lie upon each other the others are left out. `edge`: from where on
 * words of the lane's own stand at the right. A label that has no room at the right of its mark goes to the left, or stays away.
 */
export function drawAccidents(flags: readonly AccidentFlag[], { left, right, scale }: Frame, edge = right): AccidentMark[] {
  const kept: AccidentMark[] = []
  const order = flags.toSorted((a, b) => Number(b.chosen) - Number(a.chosen) || Number(b.grave) - Number(a.grave))
  for (const flag of order) {
    const x = Math.round(scale(flag.time) * 10) / 10
    if (x < left || x > right || kept.some((mark) => Math.abs(mark.x - x) < 12)) continue
    kept.push({ flag, x, label: flag.label, side: 'right' })
  }
  const marks: AccidentMark[] = []
  let taken = left
  const inOrder = kept.toSorted((a, b) => a.x - b.x)
  for (const [index, mark] of inOrder.entries()) {
    const width = sansWidth(mark.label)
    const end = Math.min(inOrder[index + 1]?.x ?? right, mark.x <= edge ? edge : right)
    const side = width <= end - mark.x - besides ? 'right' : 'left'
    const fits = side === 'right' || width <= mark.x - taken - besides
    marks.push({ ...mark, side, label: fits ? mark.label : '' })
    taken = fits && side === 'right' ? mark.x + width + besides : mark.x + 6
  }
  return marks
}

interface AccidentsProps {
  row: Row
  model: TimelineModel
  frame: Frame
  zone: ZoneName
}

export function Accidents({ row, model, frame, zone }: AccidentsProps) {
  const { top, height } = row.band
  const edge = drawEdge(row, frame, zone)?.x
  return drawAccidents(flagsOn(model, row.model.lane.timeline), frame, edge).map(({ flag, x, label, side }) => {
    const colour = flag.grave ? 'var(--err)' : 'var(--warn)'
    const y = top + 11
    return (
      <g key={`${flag.time} ${flag.words}`}>
        <title>
          {flag.words}, {fullMoment(flag.time, zone)}
        </title>
        {/* On a light ground of its own: bars may stand behind it. */}
        <path d={`M${x} ${top}v${height}`} stroke="var(--surface)" strokeWidth={flag.chosen ? 5.5 : 4} />
        <path d={`M${x} ${top}v${height}`} stroke={colour} strokeWidth={flag.chosen ? 2.5 : 1.5} />
        {label !== '' && (
          <rect
            x={side === 'right' ? x : x - sansWidth(label) - 17}
            y={y - 9}
            width={sansWidth(label) + 17}
            height={18}
            rx={9}
            fill="var(--surface)"
            stroke={colour}
            strokeWidth={1.2}
          />
        )}
        <path
          d={`M${x - 3} ${y - 7}h6l4 4v6l-4 4h-6l-4-4v-6z`}
          fill={flag.chosen ? colour : 'var(--surface)'}
          stroke={colour}
          strokeWidth={1.5}
        />
        <path d={`M${x - 2.5} ${y - 2.5}l5 5m0-5l-5 5`} stroke={flag.chosen ? 'var(--surface)' : colour} strokeWidth={1.5} />
        {label !== '' && (
          <text
            x={side === 'right' ? x + 11 : x - 11}
            y={y + 4}
            textAnchor={side === 'right' ? 'start' : 'end'}
            className={flag.grave ? 'tl-accident grave' : 'tl-accident'}
          >
            {label}
          </text>
        )}
      </g>
    )
  })
}
