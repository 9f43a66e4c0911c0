// Chains of base backups: which full backup an incremental one needs, what builds on a backup, and why a chain is broken.
import type { BackupRecord, BaseBackupRecord } from './backupRecord'

/** What of a catalog entry is needed here. */
export interface Linked {
  path: string
  library: string
  record: BackupRecord
}

export type LinkedBase<E extends Linked> = E & { record: BaseBackupRecord }

export interface BackupChain<E extends Linked> {
  /** The full backup first, the asked one last; as far as it is known. */
  links: LinkedBase<E>[]
  /** Why it can't be restored or combined, in a sentence; ''. */
  problem: string
}

export function isBase<E extends Linked>(entry: E): entry is LinkedBase<E> {
  return entry.record.kind === 'base-backup'
}

/** A library can be copied, so one id may be there twice: the copy in the same library counts first. */
export function findById<E extends Linked>(all: readonly E[], id: string, library: string): LinkedBase<E> | undefined {
  const copies = all.filter(isBase).filter(({ record }) => record.id === id)
  return copies.find((entry) => entry.library === library) ?? copies[0]
}

/** The chain that ends in this backup; of one link for a full one. */
export function chainOf<E extends Linked>(entry: LinkedBase<E>, all: readonly E[]): BackupChain<E> {
  const links: LinkedBase<E>[] = [entry]
  for (let at = entry; at.record.incremental !== null; ) {
    const { parent, from } = at.record.incremental
    const found = findById(all, parent, at.library)
    if (!found) {
      const where = `${from.lsn} on timeline ${from.timeline}`
      return { links, problem: `${nameOf(at)} builds on a backup from ${where} that is in none of the libraries.` }
    }
    const changed = linkProblem(at, found)
    if (changed !== '') return { links: [found, ...links], problem: changed }
    if (links.some(({ record }) => record.id === found.record.id)) {
      return { links, problem: `The records of ${nameOf(at)} and ${nameOf(found)} build on each other.` }
    }
    links.unshift(found)
    at = found
  }
  return { links, problem: '' }
}

/** Why `child` does not build on `parent` as it is there now; ''. PostgreSQL compares the same: check_backup_label_files [17]. */
export function linkProblem<E extends Linked>(child: LinkedBase<E>, parent: LinkedBase<E>): string {
  const { incremental, source } = child.record
  if (incremental === null) return `${nameOf(child)} is a full backup: it builds on nothing.`
  if (source.systemIdentifier !== parent.record.source.systemIdentifier) {
    return `${nameOf(child)} is of the cluster ${source.systemIdentifier ?? 'unknown'}, and ${nameOf(parent)} of ${parent.record.source.systemIdentifier ?? 'unknown'}.`
  }
  const { start } = parent.record
  if (start.lsn === incremental.from.lsn && start.timeline === incremental.from.timeline) return ''
  const needed = `${incremental.from.lsn} on timeline ${incremental.from.timeline}`
  return `${nameOf(child)} builds on a backup that began at ${needed}, but ${nameOf(parent)} began at ${start.lsn} on timeline ${start.timeline}.`
}

/** Everything that needs this backup, directly or through others, the nearest first. Another copy of it in the libraries serves them too. */
export function dependentsOf<E extends Linked>(entry: E, all: readonly E[]): LinkedBase<E>[] {
  if (!isBase(entry)) return []
  const gone = new Set([entry.path])
  const found: LinkedBase<E>[] = []
  for (let more = true; more; ) {
    more = false
    for (const candidate of all.filter(isBase)) {
      const parent = candidate.record.incremental?.parent
      if (parent === undefined || gone.has(candidate.path)) continue
      const copies = all.filter((other) => isBase(other) && other.record.id === parent)
      if (copies.length === 0 || copies.some(({ path }) => !gone.has(path))) continue
      gone.add(candidate.path)
      found.push(candidate)
      more = true
    }
  }
  return found
}

/** The folder's own name, which holds the time and the kind. */
export function nameOf({ path }: Pick<Linked, 'path'>): string {
  return path.split(/[\\/]/).findLast(Boolean) ?? path
}
