// The lanes below each other: which are tall, where their bands lie, and how high the drawing becomes. Pixels.
import type { LaneModel, TimelineModel } from './model'

export const gutter = 108
const axisBottom = 60
const markersHeight = 40
const tallBand = 56
const smallBand = 36
const leastHeight = 240
/** Below each band: two lines of words. */
const below = 34

export interface Row {
  model: LaneModel
  band: { top: number; height: number }
  /** Flags and backups stand above the band of a tall lane: the upper edge of the flags. */
  marks: number | null
  tall: boolean
}

export interface Rows {
  rows: Row[]
  height: number
}

/** Tall: the chosen timeline, those on the main line, and every one with a backup or a restore point of its own. */
export function rowsOf(model: TimelineModel, pinned: number): Rows {
  const { moments } = model
  const marked = new Set([...moments.backups, ...moments.restorePoints].map(({ timeline }) => timeline))
  let top = axisBottom
  const rows = model.lanes.map((lane): Row => {
    const { timeline } = lane.lane
    const tall = timeline === pinned || lane.role === 'main' || marked.has(timeline)
    const marks = tall ? top + 4 : null
    const band = { top: tall ? top + markersHeight : top, height: tall ? tallBand : smallBand }
    top = band.top + band.height + below
    return { model: lane, band, marks, tall }
  })
  const last = rows.at(-1)
  // Words below the last band need their room where it is a tall one; and below a single lane lies the card of the cursor.
  const bottom = last === undefined ? 0 : last.band.top + last.band.height + (last.tall ? 48 : 14)
  return { rows, height: Math.max(leastHeight, bottom) }
}

/** The lane at this height: the one whose band and marks are nearest. */
export function rowAt({ rows }: Rows, y: number): Row | undefined {
  return rows.find(({ band }) => y < band.top + band.height + below / 2) ?? rows.at(-1)
}
