// Timeline history files: from which timeline another branched off, and where.
import { type Lsn, parseLsn } from './lsn'

export interface TimelineSwitch {
  /** The timeline that was left. */
  parent: number
  /** Where it was left: records from here on belong to the next one. */
  at: Lsn
  reason: string
}

export type HistoryReading = { ok: true; switches: TimelineSwitch[] } | { ok: false; reason: string }

/**
 * Lines as readTimeLineHistory reads them: parent timeline, switch position, reason, by tabs; # begins a comment.
 * Timelines increase from line to line, and all are below `timeline`, the one that the file is named after.
 */
export function parseTimelineHistory(text: string, timeline: number): HistoryReading {
  const switches: TimelineSwitch[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim()
    if (content === '' || content.startsWith('#')) continue
    const match = /^(\d+)\s+([0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8})(?:\s+(.*))?$/.exec(content)
    const at = match?.[2] === undefined ? undefined : parseLsn(match[2])
    if (!match || at === undefined) return { ok: false, reason: `line ${index + 1} is not a timeline and a position` }
    const parent = Number(match[1])
    const last = switches.at(-1)
    if (last && parent <= last.parent) return { ok: false, reason: `line ${index + 1} goes back to timeline ${parent}` }
    if (parent >= timeline)
      return { ok: false, reason: `line ${index + 1} names timeline ${parent}, which is not before ${timeline}` }
    switches.push({ parent, at, reason: match[3] ?? '' })
  }
  return { ok: true, switches }
}

/** What of each timeline leads to the last one: from the fork before it to the fork after it; null: as far as there is WAL. */
export interface TimelinePart {
  timeline: number
  from: Lsn
  to: Lsn | null
}

/** The way from the beginning to `timeline`. */
export function timelineParts(timeline: number, switches: readonly TimelineSwitch[]): TimelinePart[] {
  const parts: TimelinePart[] = []
  let from = 0n
  for (const { parent, at } of switches) {
    parts.push({ timeline: parent, from, to: at })
    from = at
  }
  return [...parts, { timeline, from, to: null }]
}
