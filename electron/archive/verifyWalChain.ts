// Proves the WAL from a backup to the end of an archive: every file of the way read anew, whatever the index says.
import type { ArchiveIndex } from '../../shared/model/archiveIndex'
import type { PhysicalRecord, Verification } from '../../shared/model/backupRecord'
import { formatBytes } from '../../shared/model/byteCount'
import { formatLsn, toLsn } from '../../shared/model/lsn'
import { chainFiles, longestWay, type WalChain, type WalPosition, walChain } from '../../shared/model/walChain'
import { formatWalTime } from '../../shared/model/walTime'
import { type IndexOptions, type IndexServices, readArchiveIndex } from './readArchiveIndex'

/** What of a backup's record tells where its WAL begins. */
export type ChainStart = Pick<PhysicalRecord, 'start' | 'stop' | 'source'> & { kind: string; walMethod?: string }

export interface ChainRequest extends Pick<IndexOptions, 'signal' | 'onProgress' | 'report'> {
  folder: string
  backup: ChainStart
  /** null: the timeline on which the archive goes furthest. */
  timeline?: number | null
}

export interface ChainVerdict {
  verification: Verification
  chain: WalChain
  index: ArchiveIndex
}

/** Damage is an answer, not an error. Throws AppError when the archive can't be read at all. */
export async function verifyWalChain(services: IndexServices, request: ChainRequest): Promise<ChainVerdict> {
  const { folder, backup, signal } = request
  const from = firstNeeded(backup)
  const options: IndexOptions = { ...request, systemIdentifier: backup.source.systemIdentifier }
  // New files first, so that the way is known; then those on the way once more.
  const known = await readArchiveIndex(services, folder, options)
  const timeline = request.timeline ?? longestWay(known, from)
  const again = new Set(chainFiles(known, from, timeline).map(({ file }) => file))
  const index = await readArchiveIndex(services, folder, { ...options, again })
  signal.throwIfAborted()
  const chain = walChain(index, from, timeline)
  const problem = chainProblem(chain, toLsn(backup.stop.lsn))
  const verification: Verification = {
    at: new Date().toISOString(),
    level: 'wal',
    ok: problem === null,
    detail: problem ?? soundWords(chain, from),
  }
  return { verification, chain, index }
}

/** A backup that holds its WAL needs the archive from its end on; one without needs it from its beginning. */
export function firstNeeded(backup: ChainStart): WalPosition {
  const place = backup.walMethod === 'none' ? backup.start : backup.stop
  return { timeline: place.timeline, lsn: toLsn(place.lsn) }
}

function soundWords(chain: WalChain, from: WalPosition): string {
  const { length } = chain.segments
  if (length === 0) return `Nothing was archived yet after ${formatLsn(from.lsn)}, where the backup ends.`
  const last = chain.lastCommit ? `; the last commit is of ${formatWalTime(chain.lastCommit.time)}` : '; no commit is in it'
  const count = `${length.toLocaleString('en-US')} ${length === 1 ? 'segment' : 'segments'}`
  const way = `${formatLsn(from.lsn)} to ${formatLsn(chain.reaches)} on timeline ${chain.timeline}`
  return `All WAL from ${way} is there and sound: ${count}, ${formatBytes(chain.bytes)}${last}.`
}

/** What breaks the way, by file; null when it is whole up to the archive's end. */
export function chainProblem(chain: WalChain, stop: bigint): string | null {
  const reaches = `Nothing after ${formatLsn(chain.reaches)} can be reached.`
  if (chain.refused !== null) return `The archive can’t be used with this backup: ${chain.refused}.`
  if (chain.damagedAt) {
    const { files, lsn, words } = chain.damagedAt
    const where = files.length > 1 ? `${files.join(' or ')} is damaged, the record between them` : `${files[0]} is damaged`
    return `${where} at ${formatLsn(lsn)}: ${words}. ${reaches}`
  }
  if (chain.unread) return `${chain.unread.file} could not be read: ${chain.unread.why}. ${reaches}`
  if (chain.missing?.odd) return `${chain.missing.odd.file} ${chain.missing.odd.says}. ${reaches}`
  if (chain.missing?.gap) return `${chain.missing.name} is missing. ${reaches}`
  if (chain.reaches < stop)
    return `${chain.missing?.name ?? 'WAL'} is missing, and the backup itself needs WAL up to ${formatLsn(stop)}.`
  return null
}
