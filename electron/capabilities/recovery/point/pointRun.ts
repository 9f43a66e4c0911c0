// A recovery to a moment as the run needs it: the plan, the settings and the script that belong to it, and what must come of it.
import type { PointPlan, PointRequest, SalvageOffer } from '../../../../shared/contracts/recoveryPoint'
import type { ArchiveIndex, TransactionEnd } from '../../../../shared/model/archiveIndex'
import { formatBytes } from '../../../../shared/model/byteCount'
import { formatLsn, type Lsn, toLsn } from '../../../../shared/model/lsn'
import type { PreflightRow } from '../../../../shared/model/preflight'
import type { DeepLook } from '../../../../shared/model/recoveryJudge'
import { type Reach, reachesOf } from '../../../../shared/model/recoveryReach'
import type { Setting } from '../../../../shared/model/recoveryTarget'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import { isSalvaged } from '../../../../shared/model/salvage'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { type ChainSegment, partsTo } from '../../../../shared/model/walChain'
import type { CompressedSuffix } from '../../../../shared/model/walFile'
import { AppError } from '../../../../shared/rpc/appError'
import { row } from '../../../library/preflightRow'
import type { OsAccount, SpawnTool } from '../../../process/processTypes'
import { planWish } from './planWish'
import type { PointServices } from './pointFacts'
import { restoreCommand } from './restoreScript'
import type { Salvage } from './salvage'
import { offerOf } from './salvageOffers'

export interface PointRun {
  wish: RecoveryWish
  plan: PointPlan
  look: DeepLook
  archive: WalArchive
  segmentSize: number
  /** The pinned timeline and all on the way to it. */
  way: number[]
  /**
   * Whether the account that runs the server gets at the archive. staged: it does not, and we do: what is needed is copied into
   * the new data directory. closed: neither.
   */
  access: 'open' | 'staged' | 'closed'
  /** Files of the archive that recovery asks for, in order. */
  needed: NeededFile[]
  /** What the dead cluster has besides; null for nothing. */
  salvage: SalvageRun | null
  /** How files on the way are packed. */
  packed: CompressedSuffix[]
  /** Where the way ends, and the last COMMIT or ABORT on it: what a recovery to its end must have reached. */
  reaches: string
  lastEnd: TransactionEnd | null
  /** How far replay has to go from the backup's redo. */
  from: bigint
  to: bigint
}

export interface SalvageRun {
  /** Data directory of the dead cluster. */
  dataDirectory: string
  offer: SalvageOffer
  /** Those of them that replay up to the stop asks for. */
  used: string[]
  /** The last commit that is kept lies in one of them; null when it does not. */
  lastCommit: TransactionEnd | null
}

export interface NeededFile {
  file: string
  /** Bytes on disk. */
  size: number
}

/** Throws AppError preflight with the blockers' own words and the nearest moment; nothing was written by then. */
export async function planPointRun(services: PointServices, request: PointRequest, signal: AbortSignal): Promise<PointRun> {
  const { plan, facts, backup, look } = await planWish(services, request, { fresh: true, signal })
  const refused = pointRefusal(plan)
  if (refused) throw refused
  const { index, archive, archived, backups, salvage } = facts
  const way = backup && partsTo(index, backup.stop, request.wish.timeline)
  const [reach] = backup ? reachesOf(index, [backup], request.wish.timeline) : []
  if (!backup || !way || 'refused' in way || !reach) throw new AppError('internal', 'The plan names no way.')
  const { chain } = reach
  const segmentSize = index.segmentSize ?? 0
  const timelines = way.parts.map(({ timeline }) => timeline)
  const last = plan.stopLsn === null ? chain.reaches : toLsn(plan.stopLsn)
  return {
    ...{ wish: request.wish, plan, look, archive, segmentSize, lastEnd: reach.lastEnd },
    ...{ way: timelines, access: 'open' },
    needed: neededFiles(index, timelines, chain.segments, last),
    salvage: salvage?.ok ? salvageRun(salvage, offerOf(salvage, archived, backups), plan, look, reach) : null,
    packed: [...new Set(chain.segments.flatMap(({ entry }) => entry.compressed ?? []))],
    reaches: formatLsn(chain.reaches),
    from: backup.start.lsn,
    to: last,
  }
}

/** Segments up to the one with the stop and the next, in which its record may end; histories of its way and above it. */
function neededFiles(index: ArchiveIndex, way: readonly number[], segments: readonly ChainSegment[], stop: Lsn): NeededFile[] {
  const last = segments.findIndex(({ to }) => to > stop)
  const pinned = Math.max(...way)
  return [
    ...index.histories.filter(({ timeline }) => way.includes(timeline) || timeline > pinned),
    ...(last === -1 ? segments : segments.slice(0, last + 2)).map(({ entry }) => entry),
  ]
    .filter((entry) => !isSalvaged(index, entry))
    .map(({ file, size }) => ({ file, size }))
}

/** All of it is taken, also what this moment does not need: a later one may. */
function salvageRun(
  { dataDirectory, wal }: Salvage,
  offer: SalvageOffer,
  { salvaged = [] }: PointPlan,
  { before, transaction }: DeepLook,
  { lastCommit }: Pick<Reach, 'lastCommit'>,
): SalvageRun {
  const kept = before ?? (transaction && !transaction.aborted ? transaction : lastCommit)
  const at = kept ? toLsn(kept.lsn) : 0n
  const holds = wal.segments.some(({ file, header, own, inherited }) => {
    const start = header ? toLsn(header.start) : 0n
    const used = salvaged.includes(file.slice(0, 24))
    // A record counts where it ends: one that begins right before may be this one's first.
    const its = [own, inherited].some(
      (one) => one !== null && [one.firstCommit, one.lastCommit].some((end) => end?.lsn === kept?.lsn),
    )
    return used && kept !== null && (its || (at >= start && at < start + BigInt(header?.segmentSize ?? 0)))
  })
  return { dataDirectory, offer, used: salvaged, lastCommit: holds ? kept : null }
}

export function pointRefusal({ blockers }: PointPlan): AppError | null {
  const [first] = blockers
  if (!first) return null
  return new AppError('preflight', first.says, {
    hint: first.nearestSays === '' ? 'Choose another moment, timeline or backup.' : `The nearest moment: ${first.nearestSays}`,
    details: { reason: first.reason, nearest: first.nearest },
  })
}

/**
 * What is written to postgresql.auto.conf. `limits`: of the backup's own control file; rule 10: with less than the primary had,
 * a hot standby does not start, or stops on the way.
 */
export function pointSettings({ plan }: Pick<PointRun, 'plan'>, limits: Readonly<Record<string, number>>): Setting[] {
  return [
    { name: 'restore_command', value: restoreCommand },
    ...plan.settings,
    ...Object.entries(limits).map(([name, value]) => ({ name, value: String(value) })),
  ]
}

const unpackers: Readonly<Record<CompressedSuffix, string>> = { gz: 'gzip', lz4: 'lz4', zst: 'zstd' }

/** The account that runs the server runs the script. */
export async function archiveAccess(run: PointRun, account: OsAccount | null, spawn: SpawnTool): Promise<PointRun['access']> {
  const readable = 'cd "$1" && [ -r . ] && while IFS= read -r f; do [ -r "$f" ] || exit 1; done'
  const needed = run.needed.map(({ file }) => `${file}\n`).join('')
  const may = (who: OsAccount | null) => trial(spawn, who, { script: readable, argument: run.archive.folder, stdin: needed })
  if (await may(account)) return 'open'
  return account !== null && (await may(null)) ? 'staged' : 'closed'
}

interface Trial {
  script: string
  argument: string
  stdin?: string
}

async function trial(spawn: SpawnTool, account: OsAccount | null, { script, argument, stdin }: Trial): Promise<boolean> {
  const exit = await spawn({
    file: '/bin/sh',
    argv: ['-c', script, 'sh', argument],
    ...(stdin === undefined ? {} : { stdin }),
    ...(account ? { runAs: account } : {}),
  })
  return exit.code === 0
}

/** The account has to get at the archive, or what is needed of it is copied, and at the programs that unpack it. */
export async function pointRows(
  run: PointRun,
  account: OsAccount | null,
  name: string,
  spawn: SpawnTool,
): Promise<PreflightRow[]> {
  const { archive, plan, packed, salvage } = run
  const rows = [row('point', 'pass', 'Moment', plan.stopsAt), ...(salvage ? salvageRows(salvage) : [])]
  // An id of its own each: the page tells its rows apart by them.
  for (const [at, warning] of plan.warnings.entries()) rows.push(row(`point-${at}`, 'warning', 'Moment', warning))
  const { folder } = archive
  if (run.access === 'closed') {
    const text = `The account ${name} may not read the WAL archive ${folder}, and it is the one that fetches the WAL. Let it in, or run Walkback as the account that owns the archive.`
    rows.push(row('archive', 'blocker', 'WAL archive', text))
  } else if (run.access === 'staged') {
    const bytes = formatBytes(run.needed.reduce((sum, { size }) => sum + size, 0))
    const text = `${name} may not read ${folder}: the ${run.needed.length} files that are needed, ${bytes}, are copied into the new data directory. Nothing is written into the archive.`
    rows.push(row('archive', 'warning', 'WAL archive', text))
  } else {
    rows.push(row('archive', 'pass', 'WAL archive', `${folder} is read by ${name}, and nothing is written into it.`))
  }
  for (const suffix of packed) {
    const program = unpackers[suffix]
    if (await trial(spawn, account, { script: 'command -v "$1" >/dev/null', argument: program })) continue
    const text = `Segments are packed with ${program}, which ${name} does not find. Install it.`
    rows.push(row('unpack', 'blocker', 'Unpacking', text))
  }
  return rows
}

function salvageRows({ offer }: SalvageRun): PreflightRow[] {
  const { files, says, warnings, walFolder, name } = offer
  const count = files.length === 1 ? '1 file' : `${files.length} files`
  const text = files.length === 0 ? says : `${count} of ${walFolder} are copied from ${name}, which stays as it is. ${says}`
  return [
    row('salvage', files.length === 0 ? 'warning' : 'pass', 'Salvaged WAL', text),
    ...warnings.map((warning) => row('salvage', 'warning', 'Salvaged WAL', warning)),
  ]
}
