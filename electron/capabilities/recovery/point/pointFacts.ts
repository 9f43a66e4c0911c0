// What a recovery to a moment is planned from: an archive's index, and the base backups of its cluster in the libraries.
import path from 'node:path'
import type { MomentBackup } from '../../../../shared/contracts/recoveryPoint'
import type { ArchiveIndex } from '../../../../shared/model/archiveIndex'
import { type BackupChain, chainOf, isBase, nameOf } from '../../../../shared/model/backupChain'
import { isPhysical, type PhysicalRecord } from '../../../../shared/model/backupRecord'
import { toLsn } from '../../../../shared/model/lsn'
import type { BackupFacts } from '../../../../shared/model/recoveryReach'
import { withSalvage } from '../../../../shared/model/salvage'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { AppError } from '../../../../shared/rpc/appError'
import { readIndexSoon } from '../../../archive/readIndexSoon'
import { chainProblems, chooseCombineTool } from '../../../library/combineChain'
import { type FoundBackup, scanLibraries } from '../../../library/scanLibrary'
import { isCleanState } from '../../../postgres/localClusterState'
import type { Services } from '../../../services'
import { type SalvageAnswer, salvageFrom } from './salvage'

export type PointServices = Pick<Services, 'archives' | 'connections' | 'tools' | 'paths' | 'spawn' | 'settings' | 'jobs'>

type Physical = FoundBackup & { record: PhysicalRecord }

export interface PointFacts {
  archive: WalArchive
  index: ArchiveIndex
  /** Of the archive alone. */
  archived: ArchiveIndex
  toRead: bigint
  /** Oldest first. */
  backups: BackupFacts[]
  problems: string[]
  server: string
  readAt: number
  /** What was asked to be salvaged; null for nothing. `index` has it, unless it can't be. */
  salvage: SalvageAnswer | null
}

/** An archive, and the data directory of the dead cluster whose pg_wal is taken besides; absent or null for none. */
export interface WalSource {
  archiveId: string
  salvage?: string | null | undefined
}

export async function physicalBackups(services: PointServices, signal: AbortSignal): Promise<Physical[]> {
  const libraries = [...services.settings.get().libraries, services.paths.defaultLibrary].map((one) => path.resolve(one))
  const { backups } = await scanLibraries([...new Set(libraries)], signal)
  return backups.filter((found): found is Physical => isPhysical(found.record))
}

/** Throws AppError not_found for an archive that is not known, and the disk's own words for one that can't be read. */
export async function readPointFacts(
  services: PointServices,
  { archiveId, salvage: dead }: WalSource,
  signal: AbortSignal,
): Promise<PointFacts> {
  const archive = services.archives.get(archiveId)
  const problems: string[] = []
  const report = (text: string) => void problems.push(text)
  const { index: archived, toRead } = await readIndexSoon(services, archive, { signal, report })
  const salvage = dead ? await salvageFrom(services, dead, archived, signal) : null
  const index = withSalvage(archived, salvage?.ok ? salvage.wal : null)
  if (salvage) problems.push(...(salvage.ok ? salvage.warnings : [salvage.says]))
  const all = await physicalBackups(services, signal)
  const cluster = archive.systemIdentifier ?? index.systemIdentifier
  const mine = all.filter(({ record }) => cluster !== null && record.source.systemIdentifier === cluster)
  const chained = mine.find(({ record }) => record.kind === 'base-backup' && record.incremental !== null)
  const program = chained ? (await chooseCombineTool(services, chained.record.source.serverVersion)).problem : null
  const facts = mine
    .map((found) => factsOf(found, all, program?.message ?? ''))
    .toSorted((a, b) => (a.stop.lsn < b.stop.lsn ? -1 : 1))
  if (index.segments.length === 0) problems.push(`${archive.folder} holds no WAL segment of this cluster.`)
  return {
    ...{ archive, index, archived, toRead, backups: facts, problems, salvage, readAt: Date.now() },
    server: mine[0]?.record.source.label ?? archive.label,
  }
}

/** How old facts may be while the cursor moves; a start reads them anew. */
const freshMs = 15_000
const recent = new Map<string, Promise<PointFacts>>()

/** Those of a moment ago, where there are some. */
export async function recentPointFacts(services: PointServices, source: WalSource, signal: AbortSignal): Promise<PointFacts> {
  const known = await recent.get(keyOf(services, source))?.catch(() => null)
  if (known && Date.now() - known.readAt < freshMs) return known
  return freshPointFacts(services, source, signal)
}

function keyOf({ paths }: PointServices, { archiveId, salvage }: WalSource): string {
  return [paths.data, archiveId, salvage ?? ''].join('\n')
}

export async function freshPointFacts(services: PointServices, source: WalSource, signal: AbortSignal): Promise<PointFacts> {
  const key = keyOf(services, source)
  const reading = readPointFacts(services, source, signal)
  recent.set(key, reading)
  try {
    return await reading
  } catch (error) {
    if (recent.get(key) === reading) recent.delete(key)
    throw error
  }
}

/** `program`: why there is no pg_combinebackup for them; ''. */
function factsOf(found: Physical, all: readonly Physical[], program: string): BackupFacts {
  const { record } = found
  const chain = isBase(found) ? chainOf(found, all) : null
  const links = chain && chain.links.length > 1 ? chain.links : []
  const incremental = record.kind === 'base-backup' && record.incremental !== null
  return {
    shown: { ...shownBackup(found, chain, incremental), problem: problemOf(record, chain) || (incremental ? program : '') },
    start: { timeline: record.start.timeline, lsn: toLsn(record.start.lsn) },
    stop: { timeline: record.stop.timeline, lsn: toLsn(record.stop.lsn) },
    holdsWal: record.kind === 'cold-backup' || record.walMethod !== 'none',
    chain: incremental ? links.map((link) => link.path) : [],
  }
}

function shownBackup(
  { path: folder, record, size }: Physical,
  chain: BackupChain<Physical> | null,
  incremental: boolean,
): MomentBackup {
  const parent = chain?.links.at(-2)
  return {
    path: folder,
    label: record.label || path.basename(folder),
    kind: incremental ? 'incremental' : 'full',
    parentPath: incremental ? (parent?.path ?? null) : null,
    timeline: record.stop.timeline,
    start: record.start.lsn,
    stop: record.stop.lsn,
    stopTime: microseconds(record.stopTime),
    size,
    verified: record.verifications.findLast(({ ok, level }) => ok && level !== 'wal')?.at ?? null,
    problem: '',
  }
}

function problemOf(record: PhysicalRecord, chain: BackupChain<Physical> | null): string {
  if (chain?.problem) return chain.problem
  if (chain && chain.links.length > 1) {
    const [tar] = chainProblems(chain.links)
    if (tar) return tar.text
    for (const parent of chain.links.slice(0, -1)) {
      const why = lastCheck(parent.record)
      if (why !== '') return `It builds on ${nameOf(parent)}. ${why}`
    }
  }
  const checked = lastCheck(record)
  if (checked !== '') return checked
  if (record.kind === 'cold-backup' && !isCleanState(record.state)) {
    return `The cluster had not been shut down when it was copied ("${record.state}"): WAL of an archive can’t be added to that.`
  }
  return ''
}

/** What its last check found, in a sentence; '' when nothing. */
function lastCheck({ verifications }: PhysicalRecord): string {
  const last = verifications.findLast(({ level }) => level !== 'wal' && level !== 'drill')
  return last && !last.ok ? `Its last check, of ${last.at.slice(0, 16).replace('T', ' ')} UTC, found: ${last.detail}` : ''
}

/** Of an ISO time with six digits. */
export function microseconds(iso: string): number {
  const fraction = /\.(\d{1,6})/.exec(iso)?.[1] ?? ''
  return Math.floor(Date.parse(iso) / 1000) * 1_000_000 + Number(fraction.padEnd(6, '0'))
}

export function requireSegments({ index, archive }: PointFacts): void {
  if (index.segments.length > 0) return
  throw new AppError('not_found', `${archive.folder} holds no WAL segment of this cluster.`, {
    hint: 'Is it the right archive? Look at its page: files that do not fit are named there.',
  })
}
