// Where a finished base backup begins and ends: from its own backup_label and manifest, which must agree with each other and
// with what pg_basebackup said.
import { parseBackupLabel } from '../../../shared/model/backupLabel'
import type { BackupManifest } from '../../../shared/model/backupManifest'
import { formatLsn, type Lsn } from '../../../shared/model/lsn'
import { AppError } from '../../../shared/rpc/appError'

export interface BasePositions {
  start: { timeline: number; lsn: string }
  stop: { timeline: number; lsn: string }
  label: string
  fromStandby: boolean
  incrementalFrom: { timeline: number; lsn: string } | null
}

export interface SaidPositions {
  start: { lsn: Lsn; timeline: number } | null
  stop: Lsn | null
}

/**
 * `labelText` is null where it could not be read (a tar in a compression that nothing here unpacks). Throws AppError tool_failed
 * when two sources differ: then something other than this backup is in the folder.
 */
export function readPositions(said: SaidPositions, labelText: string | null, manifest: BackupManifest | null): BasePositions {
  const label = labelText === null ? null : parseBackupLabel(labelText)
  if (label === undefined) throw disagree('its backup_label is not what PostgreSQL writes')
  // One range for each timeline that the backup went through; nearly always one.
  const ranges = (manifest?.walRanges ?? []).toSorted((a, b) => a.timeline - b.timeline)
  const [first, last] = [ranges[0], ranges.at(-1)]
  const starts = [
    { who: 'pg_basebackup', at: said.start },
    { who: 'backup_label', at: label && { lsn: label.startLsn, timeline: label.startTimeline } },
    { who: 'its manifest', at: first ? { lsn: first.start, timeline: first.timeline } : null },
  ].flatMap(({ who, at }) => (at ? [{ who, ...at }] : []))
  const [start] = starts
  for (const other of starts) {
    if (start && (other.lsn !== start.lsn || other.timeline !== start.timeline)) {
      throw disagree(`it begins at ${formatLsn(start.lsn)} by ${start.who}, and at ${formatLsn(other.lsn)} by ${other.who}`)
    }
  }
  if (last && said.stop !== null && last.end !== said.stop) {
    throw disagree(`it ends at ${formatLsn(said.stop)} by pg_basebackup, and at ${formatLsn(last.end)} by its manifest`)
  }
  const stop = said.stop ?? last?.end
  if (!start || stop === undefined) throw disagree('nothing in it says where it begins and ends')
  return {
    start: { timeline: start.timeline, lsn: formatLsn(start.lsn) },
    stop: { timeline: last?.timeline ?? start.timeline, lsn: formatLsn(stop) },
    label: label?.label ?? '',
    fromStandby: label?.from === 'standby',
    incrementalFrom: label?.incrementalFrom
      ? { timeline: label.incrementalFrom.timeline, lsn: formatLsn(label.incrementalFrom.lsn) }
      : null,
  }
}

/** The first eight bytes of pg_control, on the platforms whose bytes lie as ours do. */
export function readSystemIdentifier(control: Buffer | null): string | null {
  return control && control.length >= 8 ? control.readBigUInt64LE(0).toString() : null
}

/** Something else than the server that was asked may have answered: a failover, or another server behind the same address. */
export function requireSameCluster(expected: string | null, found: (string | null)[]): void {
  const known = [expected, ...found].filter((id) => id !== null)
  const other = known.find((id) => id !== known[0])
  if (other === undefined) return
  throw disagree(`it is of the cluster ${other}, not of ${known[0] ?? ''}`)
}

function disagree(why: string): AppError {
  return new AppError('tool_failed', `The backup is not what it should be: ${why}.`, {
    hint: 'Another server may have answered meanwhile (a failover). Look at the connection, then take the backup again.',
  })
}
