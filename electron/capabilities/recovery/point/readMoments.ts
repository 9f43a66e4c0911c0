// The clusters that can be recovered to a moment, and the moments of one: what the timeline draws.
import type { Moments, MomentsRequest, recoveryPoint } from '../../../../shared/contracts/recoveryPoint'
import { reachableMoments } from '../../../../shared/model/recoveryMoments'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { AppError } from '../../../../shared/rpc/appError'
import type { Handlers } from '../../../../shared/rpc/contract'
import { readArchiveIndex } from '../../../archive/readArchiveIndex'
import { readIndexSoon } from '../../../archive/readIndexSoon'
import { messageOf } from '../../../process/systemError'
import { freshPointFacts, type PointServices, physicalBackups } from './pointFacts'

type Sources = Awaited<ReturnType<Handlers<typeof recoveryPoint, AbortSignal>['sources']>>

export async function readSources(services: PointServices, signal: AbortSignal): Promise<Sources> {
  const clusters = new Map<string, Sources['clusters'][number]>()
  const clusterOf = (systemIdentifier: string, server: string, major: number | null) => {
    const known = clusters.get(systemIdentifier)
    if (known) return known
    const added = { systemIdentifier, server, major, backups: 0, archives: [] }
    clusters.set(systemIdentifier, added)
    return added
  }
  for (const { record } of await physicalBackups(services, signal)) {
    const { systemIdentifier, label } = record.source
    if (systemIdentifier !== null) clusterOf(systemIdentifier, label, record.major).backups += 1
  }
  for (const archive of services.archives.list()) {
    const whose = archive.systemIdentifier ?? (await clusterIn(services, archive, signal))
    if (whose === null) continue
    const { id, label, folder } = archive
    clusterOf(whose, label, null).archives.push({ id, label, folder })
  }
  return { clusters: [...clusters.values()].toSorted((a, b) => (a.server < b.server ? -1 : 1)) }
}

/** null for an archive that can't be read or holds nothing: its own page says why. */
async function clusterIn(services: PointServices, { folder }: WalArchive, signal: AbortSignal): Promise<string | null> {
  try {
    return (await readArchiveIndex(services, folder, { signal, depth: 'headers' })).systemIdentifier
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError) return null
    throw error
  }
}

export async function readMoments(services: PointServices, request: MomentsRequest, signal: AbortSignal): Promise<Moments> {
  const archives = services.archives.list()
  const archiveId =
    'archiveId' in request ? request.archiveId : await furthestArchive(services, request.systemIdentifier, archives, signal)
  const facts = await freshPointFacts(services, { archiveId, salvage: request.salvage }, signal)
  const { index, backups, archive, server, toRead, problems } = facts
  const systemIdentifier = archive.systemIdentifier ?? index.systemIdentifier ?? ''
  return {
    ...{ systemIdentifier, archiveId, server, problems, salvage: request.salvage ?? null },
    archives: archives
      .filter((one) => one.id === archiveId || (one.systemIdentifier !== null && one.systemIdentifier === systemIdentifier))
      .map(({ id, label, folder, kind }) => ({ id, label, folder, kind })),
    major: index.major,
    segmentSize: index.segmentSize,
    backups: backups.map(({ shown }) => shown),
    ...reachableMoments(index, backups),
    toRead: String(toRead),
  }
}

/** Throws AppError not_found for a cluster without any. */
async function furthestArchive(
  services: PointServices,
  systemIdentifier: string,
  archives: readonly WalArchive[],
  signal: AbortSignal,
): Promise<string> {
  const mine = archives.filter((archive) => archive.systemIdentifier === systemIdentifier)
  if (mine.length === 1 && mine[0]) return mine[0].id
  let best: { id: string; number: number } | null = null
  let problem = ''
  for (const archive of mine) {
    try {
      const { index } = await readIndexSoon(services, archive, { signal })
      const number = index.segments.reduce((last, segment) => Math.max(last, segment.number ?? 0), 0)
      if (best === null || number > best.number) best = { id: archive.id, number }
    } catch (error) {
      signal.throwIfAborted()
      problem ||= messageOf(error)
    }
  }
  if (best) return best.id
  throw new AppError('not_found', problem || 'No WAL archive of this cluster is known, so there are no moments to choose from.', {
    hint: 'Set one up or add its folder on the page WAL archives. A backup that holds its WAL can be recovered as it is.',
  })
}
