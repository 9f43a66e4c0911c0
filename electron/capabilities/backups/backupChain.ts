// The backups that an incremental one builds on, back to the full one, found in the libraries by their ids.
import { type BaseBackupRecord, isPhysical } from '../../../shared/model/backupRecord'
import { scanLibrary } from '../../library/scanLibrary'
import type { Subject } from './levelResult'

export interface BackupChain {
  /** The full backup first; without the one that was asked for. */
  parents: Subject<BaseBackupRecord>[]
  /** Why the chain does not hold, in a sentence; '' when it does. */
  problem: string
}

export async function findChain(
  libraries: readonly string[],
  { folder, record }: Subject<BaseBackupRecord>,
  signal?: AbortSignal,
): Promise<BackupChain> {
  if (record.incremental === null) return { parents: [], problem: '' }
  const scans = await Promise.all(libraries.map((library) => scanLibrary(library, signal)))
  const bases = new Map<string, Subject<BaseBackupRecord>>()
  for (const found of scans.flatMap((scan) => scan.backups)) {
    if (isPhysical(found.record) && found.record.kind === 'base-backup' && found.path !== folder && !bases.has(found.record.id))
      bases.set(found.record.id, { folder: found.path, record: found.record })
  }
  const parents: Subject<BaseBackupRecord>[] = []
  let child: Subject<BaseBackupRecord> = { folder, record }
  while (child.record.incremental) {
    const { parent: id, from } = child.record.incremental
    const parent = bases.get(id)
    if (!parent) {
      return { parents, problem: `${child.folder} builds on a backup that is in none of the libraries: it began at ${from.lsn}` }
    }
    // Each id once: a record that was edited to lead back to itself must not keep us here.
    bases.delete(id)
    const { start, source } = parent.record
    if (start.lsn !== from.lsn || start.timeline !== from.timeline) {
      const begins = `begins at ${start.lsn} on timeline ${start.timeline}`
      return {
        parents,
        problem: `${child.folder} builds on ${from.lsn} of timeline ${from.timeline}, and ${parent.folder} ${begins}`,
      }
    }
    if (source.systemIdentifier !== record.source.systemIdentifier) {
      return { parents, problem: `${parent.folder} is of another cluster than ${child.folder}` }
    }
    parents.unshift(parent)
    child = parent
  }
  return { parents, problem: '' }
}
