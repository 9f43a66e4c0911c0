// The chain that a base backup of a library ends, from the records of all libraries.
import { type BackupChain, chainOf } from '../../shared/model/backupChain'
import type { BaseBackupRecord } from '../../shared/model/backupRecord'
import { type FoundBackup, scanLibraries } from './scanLibrary'

/** Also of a backup that lies in none of them. */
export async function findChain(
  libraries: readonly string[],
  folder: string,
  record: BaseBackupRecord,
  signal?: AbortSignal,
): Promise<BackupChain<FoundBackup>> {
  if (record.incremental === null) return { links: [{ path: folder, library: '', size: record.size, record }], problem: '' }
  const { backups } = await scanLibraries(libraries, signal)
  const library = backups.find(({ path }) => path === folder)?.library ?? ''
  return chainOf({ path: folder, library, size: record.size, record }, backups)
}
