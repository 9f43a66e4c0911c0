// backup_label and the .backup history file: where a base backup begins and ends.
import { type Lsn, parseLsn } from './lsn'

export interface BackupLabel {
  startLsn: Lsn
  startSegment: string
  checkpointLsn: Lsn | null
  /** `streamed`, or the exclusive method of old. */
  method: string | null
  /** primary or standby. */
  from: string | null
  /** As written, in the server's log_timezone, to the second: for showing; decide by positions. */
  startTime: string | null
  label: string
  startTimeline: number
  /** Present in the label of an incremental backup [17]. */
  incrementalFrom: { lsn: Lsn; timeline: number } | null
  /** The history file alone has these. */
  stop: { lsn: Lsn; segment: string; time: string | null; timeline: number | null } | null
}

function line(text: string, key: string): string | null {
  const match = new RegExp(`^${key}: (.*)$`, 'm').exec(text)
  return match?.[1]?.trimEnd() ?? null
}

function position(text: string | null): { lsn: Lsn; segment: string } | null {
  const match = text === null ? null : /^([0-9A-F]+\/[0-9A-F]+)(?: \(file ([0-9A-F]{24})\))?$/.exec(text)
  const lsn = match?.[1] === undefined ? undefined : parseLsn(match[1])
  return lsn === undefined ? null : { lsn, segment: match?.[2] ?? '' }
}

/** undefined when the text is neither of the two. Written by build_backup_content (15+; do_pg_start_backup before). */
export function parseBackupLabel(text: string): BackupLabel | undefined {
  const start = position(line(text, 'START WAL LOCATION'))
  const timeline = line(text, 'START TIMELINE')
  if (!start || start.segment === '') return undefined
  const stop = position(line(text, 'STOP WAL LOCATION'))
  const stopTimeline = line(text, 'STOP TIMELINE')
  const parent = parseLsn(line(text, 'INCREMENTAL FROM LSN') ?? '')
  return {
    startLsn: start.lsn,
    startSegment: start.segment,
    checkpointLsn: parseLsn(line(text, 'CHECKPOINT LOCATION') ?? '') ?? null,
    method: line(text, 'BACKUP METHOD'),
    from: line(text, 'BACKUP FROM'),
    startTime: line(text, 'START TIME'),
    label: line(text, 'LABEL') ?? '',
    // Labels of 11 and later always have it; the segment's name says the same.
    startTimeline: timeline === null ? Number.parseInt(start.segment.slice(0, 8), 16) : Number(timeline),
    incrementalFrom: parent === undefined ? null : { lsn: parent, timeline: Number(line(text, 'INCREMENTAL FROM TLI') ?? '0') },
    stop:
      stop === null
        ? null
        : { ...stop, time: line(text, 'STOP TIME'), timeline: stopTimeline === null ? null : Number(stopTimeline) },
  }
}
