// How far each physical backup can be taken by the WAL in the archives of its cluster.
import type { RestoreWindow } from '../../../shared/contracts/backups'
import type { ArchiveIndex } from '../../../shared/model/archiveIndex'
import { isPhysical, type PhysicalRecord } from '../../../shared/model/backupRecord'
import { formatBytes } from '../../../shared/model/byteCount'
import { formatLsn, toLsn } from '../../../shared/model/lsn'
import type { WalArchive } from '../../../shared/model/walArchive'
import { longestWay, walChain } from '../../../shared/model/walChain'
import { readIndexSoon } from '../../archive/readIndexSoon'
import { chainProblem, firstNeeded } from '../../archive/verifyWalChain'
import type { FoundBackup } from '../../library/scanLibrary'
import { messageOf } from '../../process/systemError'
import type { Services } from '../../services'

type Needs = Pick<Services, 'archives' | 'paths' | 'spawn' | 'tools'>
type Physical = FoundBackup & { record: PhysicalRecord }

export async function readWindows(
  services: Needs,
  backups: readonly FoundBackup[],
  signal: AbortSignal,
): Promise<RestoreWindow[]> {
  const physical = backups.filter((found): found is Physical => isPhysical(found.record))
  const windows: RestoreWindow[] = []
  for (const archive of services.archives.list()) {
    const mine = physical.filter(({ record }) => belongs(record, archive))
    if (mine.length === 0) continue
    try {
      const { index, toRead } = await readIndexSoon(services, archive, { signal })
      for (const backup of mine) {
        signal.throwIfAborted()
        if (archive.systemIdentifier === null && index.systemIdentifier !== backup.record.source.systemIdentifier) continue
        windows.push(windowOf(backup, archive, index, toRead))
        // Thousands of segments for each of many backups: others get their turn in between.
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (error) {
      signal.throwIfAborted()
      for (const backup of mine) windows.push(unknown(backup, archive, messageOf(error)))
    }
  }
  return windows
}

function belongs({ source }: PhysicalRecord, archive: WalArchive): boolean {
  if (source.systemIdentifier === null) return false
  return archive.systemIdentifier === null || archive.systemIdentifier === source.systemIdentifier
}

function windowOf(backup: Physical, archive: WalArchive, index: ArchiveIndex, toRead: bigint): RestoreWindow {
  const from = firstNeeded(backup.record)
  const chain = walChain(index, from, longestWay(index, from))
  if (toRead > 0n && chain.unread) {
    return unknown(
      backup,
      archive,
      `${formatBytes(toRead)} of WAL in the archive were not read yet: its page offers to read them.`,
    )
  }
  const stop = toLsn(backup.record.stop.lsn)
  return {
    ...unknown(backup, archive, chain.refused === null ? '' : `The archive can’t be used with this backup: ${chain.refused}.`),
    reaches: { timeline: chain.timeline, lsn: formatLsn(chain.reaches) },
    lastCommit: chain.lastCommit,
    gap: chain.refused === null ? (chainProblem(chain, stop) ?? '') : '',
  }
}

function unknown({ path, record }: Physical, archive: WalArchive, problem: string): RestoreWindow {
  const { timeline, lsn } = firstNeeded(record)
  return {
    ...{ path, archiveId: archive.id, archive: archive.label, problem, gap: '', lastCommit: null },
    reaches: { timeline, lsn: formatLsn(lsn) },
  }
}
