// From a request to a plan with everything the segments say, for the form while it changes and for the run itself.
import type { PointPlan, PointRequest } from '../../../../shared/contracts/recoveryPoint'
import type { DeepLook } from '../../../../shared/model/recoveryJudge'
import { planPoint } from '../../../../shared/model/recoveryPlan'
import type { BackupFacts } from '../../../../shared/model/recoveryReach'
import { lookDeeper } from './lookDeeper'
import { freshPointFacts, type PointFacts, type PointServices, recentPointFacts } from './pointFacts'

export interface PlannedWish {
  plan: PointPlan
  facts: PointFacts
  /** The backup of the plan; null where a blocker leaves none. */
  backup: BackupFacts | null
  look: DeepLook
}

/** `fresh`: the archive and the libraries are looked at anew, as before a start. */
export async function planWish(
  services: PointServices,
  request: PointRequest,
  { fresh, signal }: { fresh: boolean; signal: AbortSignal },
): Promise<PlannedWish> {
  const facts = await (fresh ? freshPointFacts : recentPointFacts)(services, request, signal)
  const { index, backups, toRead, salvage } = facts
  const asked = { index, backups, toRead, wish: request.wish, backup: request.backup }
  const backupOf = ({ backup }: PointPlan) => backups.find(({ shown }) => shown.path === backup?.path) ?? null
  const first = planPoint(asked)
  if (salvage?.ok === false) {
    const blocker = { reason: 'salvage' as const, says: salvage.says, nearest: null, nearestSays: '' }
    return { plan: { ...first, blockers: [blocker] }, facts, backup: backupOf(first), look: {} }
  }
  if (first.blockers.length > 0) return { plan: first, facts, backup: backupOf(first), look: {} }
  // The one of the first plan; a transaction's place decides which backup it is.
  const about = request.wish.kind === 'xid' && request.backup === null ? null : backupOf(first)
  const look = await lookDeeper(services, facts, request.wish, about, signal)
  const plan = planPoint({ ...asked, look })
  return { plan, facts, backup: backupOf(plan), look }
}
