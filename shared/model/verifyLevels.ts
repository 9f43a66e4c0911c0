// How far a backup can be verified: which levels make sense for its kind, and what its results so far come to.
import { type BackupRecord, isPhysical, type Verification } from './backupRecord'

/** In the order in which they run. A drill is a restore of its own. */
export const verifyLevels = ['checksums', 'read', 'manifest', 'wal'] as const
export type VerifyLevel = (typeof verifyLevels)[number]

/** Why a level can't be run for this backup, in a sentence; '' when it can. */
export function levelProblem(record: BackupRecord, level: VerifyLevel): string {
  if (level === 'checksums') return ''
  if (!isPhysical(record)) return level === 'read' ? '' : 'A dump has no manifest and no WAL.'
  if (level === 'wal') return ''
  if (level === 'manifest') {
    if (record.kind === 'cold-backup') return 'A cold backup has no manifest: its record lists every file.'
    return record.manifest === null ? 'It was taken without a manifest: its record lists every file.' : ''
  }
  if (record.kind === 'base-backup') return 'The pages of a running server’s copy are whole only after recovery.'
  if (record.source.dataChecksums !== true) return 'The cluster has no data checksums.'
  // pg_checksums refuses a cluster that was not shut down cleanly.
  return wasShutDown(record.state) ? '' : `The cluster was not shut down cleanly ("${record.state}").`
}

export function levelsFor(record: BackupRecord): VerifyLevel[] {
  return verifyLevels.filter((level) => levelProblem(record, level) === '')
}

function wasShutDown(state: string): boolean {
  return state === 'shut down' || state === 'shut down in recovery'
}

/** Whether its WAL up to where it is consistent came along. */
export function holdsItsWal(record: BackupRecord): boolean {
  return record.kind === 'cold-backup' || (record.kind === 'base-backup' && record.walMethod !== 'none')
}

/** What its checks come to: the newest result of each level counts, and one that failed outweighs all. */
export function standingVerification(record: Pick<BackupRecord, 'verifications'>): Verification | undefined {
  const latest = new Map<Verification['level'], Verification>()
  for (const one of record.verifications) {
    const known = latest.get(one.level)
    if (known === undefined || one.at >= known.at) latest.set(one.level, one)
  }
  const newest = (found: readonly Verification[]) =>
    found.reduce<Verification | undefined>((best, one) => (best === undefined || one.at >= best.at ? one : best), undefined)
  const all = [...latest.values()]
  return newest(all.filter(({ ok }) => !ok)) ?? newest(all)
}
