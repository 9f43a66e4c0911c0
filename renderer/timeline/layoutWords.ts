// The words below and beside the lanes, each where it has room: gaps, what is replayed, forks, the last commit. Pure.
import { formatBytes } from '../../shared/model/byteCount'
import { plural } from '../format/numbers'
import { fullMoment, momentText, type ZoneName } from '../format/zone'
import type { Frame, LaneDrawing } from './layoutLane'
import { monoWidth, sansWidth } from './layoutMarks'
import type { Row, Rows } from './layoutRows'

export interface Words {
  x: number
  y: number
  anchor: 'start' | 'middle' | 'end'
  text: string
  tone: 'warn' | 'accent' | 'plain' | 'strong'
  /** Set in the monospace font, after the text. */
  mono?: string
}

export interface GapWords {
  /** A bracket from the gap to where it is reachable again. */
  bracket: { from: number; to: number; y: number }
  lines: Words[]
}

/** Lines below a band begin here. */
const first = 21
const second = 37

/** Words that the card would cover in part are left out; the sign stays. */
const covered = (from: number, to: number, card: { from: number; to: number } | null) =>
  card !== null && from < card.to && to > card.from

export function gapWords(
  row: Row,
  drawing: LaneDrawing,
  frame: Frame,
  zone: ZoneName,
  card: { from: number; to: number } | null,
): GapWords[] {
  const bottom = row.band.top + row.band.height
  const words: GapWords[] = []
  for (const gap of drawing.gaps) {
    const again = gap.to === null ? undefined : row.model.reach.find(({ to }) => to > (gap.to ?? 0))
    const lines = [
      `${plural(gap.segments, 'segment')} missing${again ? ',' : ''}`,
      ...(again
        ? [`unreachable until ${momentText(Math.max(again.from, gap.to ?? 0), zone).clock}`]
        : ['not reachable after it']),
    ]
    const wide = Math.max(...lines.map(sansWidth))
    const x = Math.min(gap.x - 2, frame.right - wide)
    const before = words.at(-1)
    const free = before === undefined || x > Math.max(before.bracket.to, (before.lines[0]?.x ?? 0) + 190)
    if (!free || !row.tall) continue
    const to = Math.min(frame.right, again ? frame.scale(again.from) : gap.x + gap.width)
    words.push({
      bracket: { from: gap.x, to: Math.max(gap.x + gap.width, to), y: bottom },
      lines: (covered(x, x + wide, card) ? [] : lines).map((text, line) => ({
        x,
        y: bottom + (line === 0 ? first : second),
        anchor: 'start',
        text,
        tone: 'warn',
      })),
    })
  }
  return words
}

export interface ReplayAmount {
  segments: number
  bytes: string
}

/** In the middle of the line, or to the side of what is there already; null without room. */
export function replayWords(
  row: Row,
  drawing: LaneDrawing,
  { segments, bytes }: ReplayAmount,
  taken: readonly { from: number; to: number }[],
): Words | null {
  if (drawing.replay === null) return null
  const text = `replay ${plural(segments, 'segment')}, ${formatBytes(bytes)}`
  const wide = sansWidth(text)
  const { x, width } = drawing.replay
  const edges = taken.filter(({ from, to }) => to > x && from < x + width).toSorted((a, b) => a.from - b.from)
  const free: { from: number; to: number }[] = []
  let from = x
  for (const edge of edges) {
    if (edge.from > from) free.push({ from, to: edge.from })
    from = Math.max(from, edge.to)
  }
  free.push({ from, to: x + width })
  const [best] = free.toSorted((a, b) => b.to - b.from - (a.to - a.from))
  if (!best || best.to - best.from < wide + 8) return null
  return {
    ...{ x: (best.from + best.to) / 2, y: row.band.top + row.band.height + first },
    ...{ anchor: 'middle', text, tone: 'accent' },
  }
}

export interface ForkDrawing {
  /** Where the parent is left. */
  x: number
  top: number
  /** Into the middle of the child's band. */
  to: { x: number; y: number }
  words: Words[]
  title: string
}

export function drawFork(
  rows: Rows,
  row: Row,
  drawing: LaneDrawing,
  frame: Frame,
  zone: ZoneName,
  card: { from: number; to: number } | null,
): ForkDrawing | null {
  const { lane } = row.model
  const parent = rows.rows.find((other) => other.model.lane.timeline === lane.parent)
  if (!parent || lane.forkTime === null) return null
  const x = frame.scale(lane.forkTime)
  if (x < frame.left || x > frame.right) return null
  const y = row.band.top + row.band.height / 2
  const starts = Math.max(x, Math.min(...drawing.bands.map((box) => box.x), ...drawing.dead.map((box) => box.x)))
  const at = lane.forkAt ?? ''
  const line = `forked ${momentText(lane.forkTime, zone).clock} at `
  const wide = Math.max(sansWidth(line) + monoWidth(at), sansWidth(lane.reason))
  const lines = (wordX: number, anchor: 'start' | 'end'): Words[] => [
    { x: wordX, y: y - 2, anchor, text: line, mono: at, tone: 'strong' },
    ...(lane.reason === '' ? [] : [{ x: wordX, y: y + 14, anchor, text: lane.reason, tone: 'plain' as const }]),
  ]
  const end = Math.max(x, ...[...drawing.bands, ...drawing.dead].map((box) => box.x + box.width))
  const free = (from: number, to: number) => from > frame.left && to < frame.right && !covered(from, to, card)
  const words = free(x - 10 - wide, x - 10)
    ? lines(x - 10, 'end')
    : free(end + 12, end + 12 + wide)
      ? lines(end + 12, 'start')
      : []
  return {
    ...{
      x,
      top: parent.band.top + parent.band.height,
      to: { x: Number.isFinite(starts) ? Math.min(starts, frame.right) : x, y },
    },
    words,
    title: `Timeline ${lane.timeline} forked off timeline ${lane.parent} at ${at}, ${fullMoment(lane.forkTime, zone)}. ${lane.reason}`,
  }
}

export interface EdgeDrawing {
  x: number
  words: Words[]
}

/** The last commit of a lane; its words at the right where there is room, else below at the left. */
export function drawEdge(row: Row, frame: Frame, zone: ZoneName): EdgeDrawing | null {
  const { lastCommit } = row.model.lane
  if (lastCommit === null || !row.tall) return null
  const x = frame.scale(lastCommit.time)
  if (x < frame.left || x > frame.right) return null
  const { clock } = momentText(lastCommit.time, zone)
  const { top, height } = row.band
  if (frame.right - x > 84) {
    return {
      x,
      words: ['last commit', row.model.lane.salvaged ? 'salvaged' : 'in archive', clock].map((text, line) => ({
        ...{ x: x + 8, y: top + 14 + line * 16, anchor: 'start', text, tone: 'strong' },
      })),
    }
  }
  return { x, words: [{ x: x - 8, y: top + height + second, anchor: 'end', text: `last commit ${clock}`, tone: 'strong' }] }
}
