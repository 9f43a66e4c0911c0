// Saved connections that a recovered cluster may be compared with: each is asked who it is, and the source is suggested.
import type { LookLive } from '../../../../shared/contracts/look'
import type { SavedConnection } from '../../../../shared/model/connection'
import { withClient } from '../../../postgres/withClient'
import { messageOf } from '../../../process/systemError'
import type { RecoveryServices } from '../parts'
import { type PhysicalBackup, readBackup } from '../readBackup'
import { askIdentity, type Identity, isItself } from './bothSides'
import { lookRecords } from './listLooks'
import { type LookRecord, readLookRecord, withLook } from './lookRecord'

/** A host that does not answer holds nobody up for longer. */
const patienceMs = 5000

export async function readLives(
  services: RecoveryServices,
  jobId: string,
  signal: AbortSignal,
): Promise<{ connections: LookLive[]; suggested: string | null }> {
  const record = await readLookRecord(services, jobId)
  const own = await withLook(services, record, { signal }, askIdentity).catch((error: unknown) => {
    signal.throwIfAborted()
    if (error instanceof Error) return null // who it is matters only for telling it from the others
    throw error
  })
  const saved = services.connections.list()
  const others = new Set((await lookRecords(services)).flatMap((one) => (one.jobId === jobId ? [] : (one.connectionId ?? []))))
  const backup = await readBackup(services, record.backup, signal).catch(() => null) // moved away since: then its label tells nothing
  const connections = await Promise.all(saved.map((one) => askOne(services, record, one, { own, others }, signal)))
  const sources = connections.filter(({ is }) => is === 'source')
  const named = sources.find(({ id }) => saved.some((one) => one.id === id && isNamed(one, backup)))
  return { connections, suggested: (named ?? sources[0])?.id ?? null }
}

async function askOne(
  services: RecoveryServices,
  record: LookRecord,
  { id, label }: SavedConnection,
  { own, others }: { own: Identity | null; others: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<LookLive> {
  if (id === record.connectionId) return { id, label, is: 'itself', says: 'the recovered cluster itself' }
  if (others.has(id)) return { id, label, is: 'other', says: 'another recovered copy' }
  const { connections } = services
  try {
    const connection = await connections.resolve(id)
    const limited = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
    const found = await withClient({ connections, connection, signal: limited }, askIdentity)
    if (found === null) return { id, label, is: 'unknown', says: 'it does not say which cluster it is' }
    if (isItself(own, found)) return { id, label, is: 'itself', says: 'the recovered cluster itself' }
    const wanted = record.systemIdentifier ?? own?.systemIdentifier
    if (found.systemIdentifier === wanted) return { id, label, is: 'source', says: 'the cluster of the backup' }
    return { id, label, is: 'other', says: 'another cluster' }
  } catch (error) {
    signal.throwIfAborted()
    return { id, label, is: 'unknown', says: messageOf(error) }
  }
}

/** The one that the backup was taken through, by its label. */
function isNamed({ label }: SavedConnection, backup: PhysicalBackup | null): boolean {
  return backup?.record?.source.label === label
}
