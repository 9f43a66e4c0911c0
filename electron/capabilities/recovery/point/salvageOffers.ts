// What is gained by salvaging the WAL of a dead cluster: how far recovery reaches without it and with it, in a sentence.
import path from 'node:path'
import type { LocalClusterInfo } from '../../../../shared/contracts/localClusters'
import type { SalvageOffer, SalvageReading } from '../../../../shared/contracts/recoveryPoint'
import type { ArchiveIndex } from '../../../../shared/model/archiveIndex'
import { formatLsn } from '../../../../shared/model/lsn'
import { type BackupFacts, reachesOf } from '../../../../shared/model/recoveryReach'
import { withSalvage } from '../../../../shared/model/salvage'
import { formatWalTime } from '../../../../shared/model/walTime'
import { AppError } from '../../../../shared/rpc/appError'
import type { SalvageProgress } from '../../../archive/readSalvage'
import { findLocalClusters, inspectCluster } from '../../../postgres/findLocalClusters'
import { type PointServices, recentPointFacts } from './pointFacts'
import { type Salvage, type SalvageAnswer, salvageOf } from './salvage'

export interface OffersWanted {
  archiveId: string
  /** Data directories besides those that are found: each gets an offer, if only to say what is wrong with it. */
  folders: readonly string[]
}

/** Of every cluster of this machine that is the archive's own, running ones too: these say so. */
export async function readOffers(
  services: PointServices,
  { archiveId, folders }: OffersWanted,
  signal: AbortSignal,
  tell?: (reading: SalvageReading) => void,
): Promise<SalvageOffer[]> {
  const { archived: index, backups, archive } = await recentPointFacts(services, { archiveId }, signal)
  const whose = archive.systemIdentifier ?? index.systemIdentifier
  const { clusters } = await findLocalClusters(services, signal)
  const offers: SalvageOffer[] = []
  const offer = async (info: LocalClusterInfo, named = false) => {
    const known = offers.find(({ dataDirectory }) => dataDirectory === info.dataDirectory)
    if (known) {
      if (named) known.named = true
      return
    }
    const onProgress = (progress: SalvageProgress) => tell?.({ kind: 'reading', name: info.name, ...progress })
    const answer = await salvageOf(services, info, index, signal, onProgress).catch((error: unknown): SalvageAnswer => {
      signal.throwIfAborted()
      if (!(error instanceof AppError)) throw error
      return { ok: false, says: wordsOf(error) }
    })
    const { name, dataDirectory } = info
    offers.push({
      ...(answer.ok
        ? offerOf(answer, index, backups)
        : { ...nothing, name, dataDirectory, running: info.running !== null, problem: answer.says }),
      ...(named ? { named } : {}),
    })
  }
  for (const info of clusters) if (whose !== null && info.control?.systemIdentifier === whose) await offer(info)
  for (const folder of folders) {
    try {
      await offer(await inspectCluster(services, folder, signal), true)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof AppError)) throw error
      const shown = { name: path.basename(folder), dataDirectory: folder, running: false, named: true }
      offers.push({ ...nothing, ...shown, problem: wordsOf(error) })
    }
  }
  return offers
}

function wordsOf({ message, hint }: AppError): string {
  return `${message} ${hint ?? ''}`.trim()
}

const nothing: Omit<SalvageOffer, 'name' | 'dataDirectory' | 'running' | 'problem'> = {
  ...{ walFolder: '', files: [], left: [], warnings: [], timeline: null, without: null, with: null, says: '' },
}

/** `index`: of the archive alone. */
export function offerOf(salvage: Salvage, index: ArchiveIndex, backups: readonly BackupFacts[]): SalvageOffer {
  const { name, dataDirectory, walFolder, files, left, warnings, wal } = salvage
  const timeline = wal.segments.reduce<number | null>((most, one) => Math.max(most ?? 0, one.timeline), null)
  const usable = backups.filter(({ shown }) => shown.problem === '')
  const without = timeline === null ? null : furthest(index, usable, timeline)
  const reached = timeline === null ? null : furthest(withSalvage(index, wal), usable, timeline)
  return {
    ...{ name, dataDirectory, walFolder, running: false, problem: '', files, left, warnings, timeline, without, with: reached },
    says: gainWords(without, reached, files.length),
  }
}

type End = SalvageOffer['with']

function furthest(index: ArchiveIndex, backups: readonly BackupFacts[], timeline: number): End {
  let best: { at: bigint; end: End } | null = null
  for (const { refused, chain, backup, lastCommit } of reachesOf(index, backups, timeline)) {
    if (refused || chain.refused !== null || chain.reaches < backup.stop.lsn || (best && best.at >= chain.reaches)) continue
    best = { at: chain.reaches, end: { reaches: formatLsn(chain.reaches), lastCommit } }
  }
  return best?.end ?? null
}

function gainWords(without: End, reached: End, files: number): string {
  if (files === 0) return 'The archive has all of its WAL: there is nothing to salvage.'
  if (reached === null) return 'No backup leads to it: nothing is gained by it.'
  if (without?.reaches === reached.reaches) return `Recovery reaches to ${reached.reaches} without it: nothing is gained by it.`
  const instead = without === null ? 'to no moment at all' : placeWords(without)
  return `With it recovery reaches ${placeWords(reached)}, instead of ${instead}.`
}

function placeWords({ reaches, lastCommit }: NonNullable<End>): string {
  const commit = lastCommit ? `last commit ${formatWalTime(lastCommit.time)}` : 'with no commit after the backup'
  return `to ${reaches}, ${commit}`
}
