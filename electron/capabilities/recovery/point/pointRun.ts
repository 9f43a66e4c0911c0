// A recovery to a moment as the run needs it: the plan, the settings and the script that belong to it, and what must come of it.
import type { PointPlan, PointRequest } from '../../../../shared/contracts/recoveryPoint'
import type { TransactionEnd } from '../../../../shared/model/archiveIndex'
import { formatLsn, toLsn } from '../../../../shared/model/lsn'
import type { PreflightRow } from '../../../../shared/model/preflight'
import type { DeepLook } from '../../../../shared/model/recoveryJudge'
import { reachesOf } from '../../../../shared/model/recoveryReach'
import type { Setting } from '../../../../shared/model/recoveryTarget'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import type { WalArchive } from '../../../../shared/model/walArchive'
import { partsTo } from '../../../../shared/model/walChain'
import type { CompressedSuffix } from '../../../../shared/model/walFile'
import { AppError } from '../../../../shared/rpc/appError'
import { row } from '../../../library/preflightRow'
import type { OsAccount, SpawnTool } from '../../../process/processTypes'
import { planWish } from './planWish'
import type { PointServices } from './pointFacts'
import { restoreCommand, restoreScript } from './restoreScript'

export interface PointRun {
  wish: RecoveryWish
  plan: PointPlan
  look: DeepLook
  archive: WalArchive
  segmentSize: number
  /** The text of restore_command's script. */
  script: string
  /** How files on the way are packed. */
  packed: CompressedSuffix[]
  /** Where the way ends, and the last COMMIT or ABORT on it: what a recovery to its end must have reached. */
  reaches: string
  lastEnd: TransactionEnd | null
  /** How far replay has to go from the backup's redo. */
  from: bigint
  to: bigint
}

/** Throws AppError preflight with the blockers' own words and the nearest moment; nothing was written by then. */
export async function planPointRun(services: PointServices, request: PointRequest, signal: AbortSignal): Promise<PointRun> {
  const { plan, facts, backup, look } = await planWish(services, request, { fresh: true, signal })
  const refused = pointRefusal(plan)
  if (refused) throw refused
  if (plan.chain.length > 0) {
    throw new AppError('preflight', `The backup ${plan.backup?.label ?? ''} is incremental: it is no data directory by itself.`, {
      hint: `Combine it first with the ${plan.chain.length - 1} that it builds on, on the page Backups, and recover from the result; or choose a full backup.`,
    })
  }
  const { index, archive } = facts
  const way = backup && partsTo(index, backup.stop, request.wish.timeline)
  const [reach] = backup ? reachesOf(index, [backup], request.wish.timeline) : []
  if (!backup || !way || 'refused' in way || !reach) throw new AppError('internal', 'The plan names no way.')
  const { chain } = reach
  const segmentSize = index.segmentSize ?? 0
  const timelines = way.parts.map(({ timeline }) => timeline)
  const last = plan.stopLsn === null ? chain.reaches : toLsn(plan.stopLsn)
  return {
    ...{ wish: request.wish, plan, look, archive, segmentSize, lastEnd: reach.lastEnd },
    script: restoreScript({ archive: archive.folder, segmentSize, timeline: request.wish.timeline, way: timelines }),
    packed: [...new Set(chain.segments.flatMap(({ entry }) => entry.compressed ?? []))],
    reaches: formatLsn(chain.reaches),
    from: backup.start.lsn,
    to: last,
  }
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

/** The account that runs the server runs the script: it has to get at the archive, and at the programs that unpack it. */
export async function pointRows(
  run: PointRun,
  account: OsAccount | null,
  name: string,
  spawn: SpawnTool,
): Promise<PreflightRow[]> {
  const { archive, plan, packed } = run
  const rows = [row('point', 'pass', 'Moment', plan.stopsAt)]
  for (const warning of plan.warnings) rows.push(row('point', 'warning', 'Moment', warning))
  const trial = async (script: string, argument: string) => {
    const exit = await spawn({
      file: '/bin/sh',
      argv: ['-c', script, 'sh', argument],
      ...(account ? { runAs: account } : {}),
    })
    return exit.code === 0
  }
  const folder = archive.folder
  const first = plan.lastSegment ?? ''
  // Of names that are hexadecimal digits: the segments of the way's end stand for all.
  const readable = `cd "$1" && [ -r . ] && for f in ${first}*; do [ ! -e "$f" ] || [ -r "$f" ] || exit 1; done`
  if (!(await trial(readable, folder))) {
    const text = `The account ${name} may not read the WAL archive ${folder}, and it is the one that fetches the WAL. Let it in, or run Walkback and the server as the account that owns the archive.`
    rows.push(row('archive', 'blocker', 'WAL archive', text))
  } else {
    rows.push(row('archive', 'pass', 'WAL archive', `${folder} is read by ${name}, and nothing is written into it.`))
  }
  for (const suffix of packed) {
    const program = unpackers[suffix]
    if (await trial('command -v "$1" >/dev/null', program)) continue
    const text = `Segments are packed with ${program}, which ${name} does not find. Install it.`
    rows.push(row('unpack', 'blocker', 'Unpacking', text))
  }
  return rows
}
