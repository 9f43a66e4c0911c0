// What taking a recovered cluster to another moment would do: replay on, or begin again, and then by which base files.
import { existsSync } from 'node:fs'
import type { LookMove, LookMoveRequest } from '../../../../shared/contracts/look'
import type { PointPlan } from '../../../../shared/contracts/recoveryPoint'
import { formatBytes } from '../../../../shared/model/byteCount'
import { toLsn } from '../../../../shared/model/lsn'
import type { RecoveryWish } from '../../../../shared/model/recoveryWish'
import { AppError } from '../../../../shared/rpc/appError'
import type { RecoveryServices } from '../parts'
import { planWish } from '../point/planWish'
import { pointRefusal } from '../point/pointRun'
import { pristineProblem } from '../pristine'
import { readStanding, requirePaused } from './askLook'
import { copySecondsOf } from './listLooks'
import { type LookRecord, readLookRecord, requireIdle, requireOwn } from './lookRecord'
import { holdsAlready, notForward } from './moveOn'

const nothing: Omit<LookMove, 'how' | 'refused'> = { says: [], estimate: null, plan: null }

export async function planMove(
  services: RecoveryServices,
  { jobId, way, wish }: LookMoveRequest,
  signal: AbortSignal,
): Promise<LookMove> {
  try {
    const record = await readLookRecord(services, jobId)
    if (way === 'later') return await planLater(services, record, wish, signal)
    const { move } = await planEarlier(services, record, wish, { fresh: false, signal })
    return move
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AppError) || error.code === 'not_found') throw error
    return { ...nothing, how: way === 'later' ? 'replay' : 'copy', refused: wordsOf(error) }
  }
}

const wordsOf = ({ message, hint }: AppError) => ({ message, hint: hint ?? '' })

async function planLater(
  services: RecoveryServices,
  record: LookRecord,
  wish: RecoveryWish,
  signal: AbortSignal,
): Promise<LookMove> {
  requireOwn(record)
  requireIdle(services, record)
  const standing = await readStanding(services, record.jobId, signal)
  requirePaused(standing, record)
  const { plan } = await planWish(
    services,
    { archiveId: record.archiveId, salvage: record.salvage, backup: record.backup, wish },
    { fresh: false, signal },
  )
  const move = { ...nothing, how: 'replay' as const, plan }
  const now = standing.replayed?.lsn ?? null
  const refused =
    pointRefusal(plan) ?? (plan.stopLsn === null ? null : notForward(toLsn(plan.stopLsn), now)) ?? holdsAlready(wish, standing)
  if (refused) return { ...move, refused: wordsOf(refused) }
  const bytes = plan.stopLsn === null || now === null ? null : toLsn(plan.stopLsn) - toLsn(now)
  return {
    ...move,
    refused: null,
    says: [
      `Nothing is copied: the server is stopped, gets the later target, and replays ${bytes === null ? 'on' : `${formatBytes(bytes)} of WAL`} from where it stands.`,
      plan.stopsAt,
    ],
    estimate: plan.estimate && {
      copySeconds: 0,
      replaySeconds: bytes === null ? plan.estimate.replaySeconds : shareOf(plan, bytes, plan.estimate.replaySeconds),
    },
  }
}

function shareOf(plan: PointPlan, bytes: bigint, seconds: number): number {
  const all = Number(plan.bytes)
  return all === 0 ? 1 : Math.max(1, Math.round((seconds * Number(bytes)) / all))
}

export interface EarlierPlan {
  move: LookMove
  /** The folder of the backup to begin with; '' when it is refused. */
  backup: string
}

/** The same backup where it leads there, since its files may be kept; else the one that does. `own`: the job that asks. */
export async function planEarlier(
  services: RecoveryServices,
  record: LookRecord,
  wish: RecoveryWish,
  { fresh, signal, own }: { fresh: boolean; signal: AbortSignal; own?: string },
): Promise<EarlierPlan> {
  requireOwn(record)
  requireIdle(services, record, own)
  const { archiveId, salvage } = record
  const same = await planWish(services, { archiveId, salvage, backup: record.backup, wish }, { fresh, signal })
  const { plan } =
    same.plan.blockers.length === 0
      ? same
      : await planWish(services, { archiveId, salvage, backup: null, wish }, { fresh: false, signal })
  const refuse = (error: AppError): EarlierPlan => ({
    backup: '',
    move: { ...nothing, how: 'copy', plan, refused: wordsOf(error) },
  })
  const refused = pointRefusal(plan)
  if (refused) return refuse(refused)
  const later = plan.stopLsn !== null && record.evidence?.lsn != null && toLsn(plan.stopLsn) > toLsn(record.evidence.lsn)
  if (later && wish.timeline === record.wish.timeline) {
    return refuse(
      new AppError('preflight', `That moment, at ${plan.stopLsn}, is after where it stands, at ${record.evidence?.lsn}.`, {
        hint: 'Go later instead: nothing is copied for it.',
      }),
    )
  }
  const backup = plan.backup?.path ?? ''
  const problem =
    backup === record.backup ? await pristineProblem(record.pristine, backup) : 'that moment needs another backup than before'
  const how = problem === '' ? 'pristine' : 'copy'
  const measured = backup === record.backup ? copySecondsOf(services, record.jobId) : null
  const former = existsSync(record.dataDirectory)
    ? `The former one, in ${record.dataDirectory}, is set aside meanwhile, and removed once the new one stands.`
    : ''
  return {
    backup,
    move: {
      ...{ refused: null, how, plan },
      says: [
        how === 'pristine'
          ? 'The base files come from those kept beside it, by reflink: nothing is copied.'
          : plan.chain.length > 0
            ? `The backup ${plan.backup?.label ?? ''} is combined again from the ${plan.chain.length} of its chain: ${problem}.`
            : `The backup ${plan.backup?.label ?? ''}, ${formatBytes(plan.backup?.size ?? '0')}, is copied again: ${problem}.`,
        `Then ${plan.segments === 1 ? '1 segment is' : `${plan.segments} segments are`} replayed, ${formatBytes(plan.bytes)}.`,
        plan.stopsAt,
        ...(former === '' ? [] : [former]),
      ],
      estimate: plan.estimate && {
        copySeconds: how === 'pristine' ? 1 : (measured ?? plan.estimate.copySeconds),
        replaySeconds: plan.estimate.replaySeconds,
      },
    },
  }
}
