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
  start: { lsn: Lsn; timeline: number }
  stop: Lsn
}

/**
 * `labelText` is null where it could not be read (a tar in a compression that nothing here unpacks). Throws AppError tool_failed
 * when two sources differ: then something other than this backup is in the folder.
 */
export function readPositions(said: SaidPositions, labelText: string | null, manifest: BackupManifest | null): BasePositions {
  const label = labelText === null ? null : parseBackupLabel(labelText)
  if (label === undefined) throw disagree('its backup_label is not what PostgreSQL writes')
  if (label && (label.startLsn !== said.start.lsn || label.startTimeline !== said.start.timeline)) {
    throw disagree(`backup_label begins at ${formatLsn(label.startLsn)}, pg_basebackup said ${formatLsn(said.start.lsn)}`)
  }
  const first = manifest?.walRanges.at(-1)
  // Timelines are listed from the newest back; a backup on one timeline has one range.
  const ranges = manifest?.walRanges ?? []
  const last = ranges.reduce((newest, range) => (newest && newest.timeline >= range.timeline ? newest : range), first)
  const oldest = ranges.reduce((old, range) => (old && old.timeline <= range.timeline ? old : range), first)
  if (oldest && oldest.start !== said.start.lsn) {
    throw disagree(`its manifest begins at ${formatLsn(oldest.start)}, pg_basebackup said ${formatLsn(said.start.lsn)}`)
  }
  if (last && last.end !== said.stop) {
    throw disagree(`its manifest ends at ${formatLsn(last.end)}, pg_basebackup said ${formatLsn(said.stop)}`)
  }
  return {
    start: { timeline: said.start.timeline, lsn: formatLsn(said.start.lsn) },
    stop: { timeline: last?.timeline ?? said.start.timeline, lsn: formatLsn(said.stop) },
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
