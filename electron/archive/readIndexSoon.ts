// The index of an archive within a call: what is new is read when that takes seconds; else its size is told, for a job.
import type { ArchiveIndex } from '../../shared/model/archiveIndex'
import type { WalArchive } from '../../shared/model/walArchive'
import { type IndexOptions, type IndexServices, readArchiveIndex, unreadBytes } from './readArchiveIndex'

/** Records of up to so many bytes of WAL are read within a call: a second or two. */
const readAtOnce = 512 * 1024 * 1024

export interface SoonIndex {
  index: ArchiveIndex
  /** Bytes of WAL that were not read yet. */
  toRead: bigint
}

export async function readIndexSoon(
  services: IndexServices,
  { folder, systemIdentifier }: Pick<WalArchive, 'folder' | 'systemIdentifier'>,
  { signal, report }: Pick<IndexOptions, 'signal' | 'report'>,
): Promise<SoonIndex> {
  const options: IndexOptions = { signal, systemIdentifier, atMost: readAtOnce, ...(report ? { report } : {}) }
  const index = await readArchiveIndex(services, folder, options)
  const unread = unreadBytes(index)
  return { index, toRead: unread > readAtOnce ? BigInt(unread) : 0n }
}
