// The index of an archive within a call: what is new is read when that takes seconds; else its size is told, for a job.
import type { ArchiveIndex } from '../../shared/model/archiveIndex'
import type { WalArchive } from '../../shared/model/walArchive'
import { type IndexOptions, type IndexServices, readArchiveIndex } from './readArchiveIndex'

/** Records of up to so many bytes of WAL are read within a call: a second or two. */
const readAtOnce = 512n * 1024n * 1024n

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
  const options: IndexOptions = { signal, systemIdentifier, ...(report ? { report } : {}) }
  const headers = await readArchiveIndex(services, folder, { ...options, depth: 'headers' })
  const unread = headers.segments.filter((segment) => segment.end === null && segment.unread === null).length
  const toRead = BigInt(unread) * BigInt(headers.segmentSize ?? 0)
  if (toRead > readAtOnce) return { index: headers, toRead }
  return { index: await readArchiveIndex(services, folder, options), toRead: 0n }
}
