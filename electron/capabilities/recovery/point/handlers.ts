// Answers the calls of the recoveryPoint contract.
import type { PointRequest, PointRunRequest, recoveryPoint, SalvageReading } from '../../../../shared/contracts/recoveryPoint'
import { AppError } from '../../../../shared/rpc/appError'
import type { Handlers } from '../../../../shared/rpc/contract'
import { tellThenResult } from '../../../rpc/tellThenResult'
import { prepareRecovery, startRecovery } from '../handlers'
import type { Parts, RecoveryServices } from '../parts'
import { planRecovery, type RecoveryRequest } from '../planRecovery'
import { previewOf } from '../preview'
import { readBackup } from '../readBackup'
import { readNeighbours } from './lookDeeper'
import { planWish } from './planWish'
import { recentPointFacts } from './pointFacts'
import { pointRefusal } from './pointRun'
import { readMoments, readSources } from './readMoments'
import { readOffers } from './salvageOffers'

export function recoveryPointHandlers(services: RecoveryServices, parts: Parts): Handlers<typeof recoveryPoint, AbortSignal> {
  return {
    sources: (_input, { signal }) => readSources(services, signal),
    moments: (request, { signal }) => readMoments(services, request, signal),
    salvage: ({ archiveId, folders = [] }, { signal }) =>
      tellThenResult(async (tell: (reading: SalvageReading) => void, left) => ({
        kind: 'offers' as const,
        offers: await readOffers(services, { archiveId, folders }, AbortSignal.any([signal, left]), tell),
      })),
    neighbours: async (request, { signal }) =>
      readNeighbours(services, await recentPointFacts(services, request, signal), request, signal),
    plan: async (request, { signal }) => (await planWish(services, request, { fresh: false, signal })).plan,
    prepare: async (request, { signal }) =>
      prepareRecovery(services, await readBackup(services, await backupFor(services, request, signal), signal, true), signal),
    preview: async (request, { signal }) => {
      const asked = await asRecovery(services, request, signal)
      const plan = await planRecovery(services, asked, new Date(), signal)
      if (!plan.point) throw new AppError('internal', 'The recovery has no moment.')
      return { ...previewOf(plan), plan: plan.point.plan, salvage: plan.point.salvage?.offer ?? null }
    },
    start: async (request, { signal }) => startRecovery(services, parts, await asRecovery(services, request, signal), signal),
  }
}

/** Throws AppError preflight with the blocker where no backup leads to it. */
async function backupFor(services: RecoveryServices, request: PointRequest, signal: AbortSignal, fresh = false): Promise<string> {
  const { plan } = await planWish(services, request, { fresh, signal })
  const refused = pointRefusal(plan)
  if (refused) throw refused
  if (plan.backup) return plan.backup.path
  throw new AppError('internal', 'The plan names no backup.')
}

/** With the backup that the plan chose: the run, and "run again", begin with the same one. */
async function asRecovery(services: RecoveryServices, request: PointRunRequest, signal: AbortSignal): Promise<RecoveryRequest> {
  const backup = request.point.backup ?? (await backupFor(services, request.point, signal, true))
  return { ...request, source: { path: backup }, point: { ...request.point, backup } }
}
