// Everything the core says about the draft: moments, the commits around the cursor, the plan, and this machine.
import { useCallback } from 'react'
import type { RecoveryTarget } from '../../../shared/contracts/recovery'
import type { Moments, Neighbours, PointPlan } from '../../../shared/contracts/recoveryPoint'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import type { AskNeighbours } from '../../timeline/useSteps'
import { type Asked, useAsk } from '../../wizard/useAsk'
import type { Prepared } from '../recovery/placementSteps'
import { useTarget } from '../recovery/useTarget'
import { type PointDraft, pointRequestOf, timelineOf, timeOf } from './draft'
import { type AskedOffers, useOffers } from './useOffers'

export interface PointFacts {
  moments: Asked<Moments>
  offers: AskedOffers
  /** Of a data directory that is typed as the destination. */
  other: Asked<RecoveryTarget>
  plan: Asked<PointPlan>
  /** Where the cursor stands: the time of the wish, or where another target will stop. */
  cursor: { timeline: number; time: number } | null
  around: Asked<Neighbours>
  neighbours: AskNeighbours
  prepared: Asked<Prepared>
}

/** Of the plan's time only what belongs to the wish of now. */
function cursorOf(draft: PointDraft, moments: Moments | undefined, plan: Asked<PointPlan>): PointFacts['cursor'] {
  if (moments === undefined) return null
  const time = draft.target === 'time' ? timeOf(draft, moments) : (plan.data?.stopTime ?? timeOf(draft, moments))
  return time === undefined ? null : { timeline: timelineOf(draft, moments), time }
}

export function usePoint(draft: PointDraft): PointFacts {
  // What a job that reads the archive, or takes a backup, has brought.
  const ended = useJobs((state) => state.jobs.filter((job) => job.endedAt !== null).length)
  const { archiveId, systemIdentifier, salvage } = draft
  const dead = salvage === '' ? {} : { salvage }
  const which = archiveId !== '' ? { archiveId, ...dead } : systemIdentifier !== '' ? { systemIdentifier, ...dead } : undefined
  const moments = useAsk(which && { which, ended }, (input, options) => api.recoveryPoint.moments(input.which, options), {
    keep: true,
  })
  const found = fits(moments.data, draft) ? moments.data : undefined
  const request = pointRequestOf(draft, found)
  const plan = useAsk(request, (input, options) => api.recoveryPoint.plan(input, options), { delay: 120, keep: true })
  const cursor = cursorOf(draft, found, plan)
  const archive = found?.archiveId
  const around = useAsk(
    cursor === null || archive === undefined ? undefined : { archiveId: archive, ...dead, ...cursor },
    (input, options) => api.recoveryPoint.neighbours(input, options),
    { delay: 120 },
  )
  const neighbours = useCallback<AskNeighbours>(
    (moment, options) => api.recoveryPoint.neighbours({ archiveId: archive ?? '', salvage: salvage || null, ...moment }, options),
    [archive, salvage],
  )
  const other = useTarget(draft, plan.data?.backup?.path)
  // What a dead cluster of this machine holds besides: looked at where it can be chosen.
  const offering = archive !== undefined && (draft.step === 'source' || draft.step === 'destination')
  // Whose place is taken may be another cluster: nothing is expected of it then.
  const itsPlace = other.data?.systemIdentifier === found?.systemIdentifier ? other.data?.dataDirectory : undefined
  const folders = [...new Set([draft.dead, salvage, itsPlace].filter((one): one is string => one != null && one !== ''))]
  const offers = useOffers(offering ? archive : undefined, folders, ended)
  const mayPrepare = request !== undefined && plan.data?.backup != null && plan.data.blockers.length === 0 && !plan.stale
  const prepared = useAsk(
    mayPrepare && draft.step !== 'source' && draft.step !== 'moment' ? request : undefined,
    (input, options) => api.recoveryPoint.prepare(input, options),
  )
  return {
    ...{ moments: { ...moments, data: found }, offers, other },
    ...{ plan, cursor, around, neighbours, prepared },
  }
}

/** The answer kept from before may be of another cluster. */
function fits(moments: Moments | undefined, { archiveId, systemIdentifier, salvage }: PointDraft): boolean {
  if (moments === undefined || (moments.salvage ?? '') !== salvage) return false
  return archiveId !== '' ? moments.archiveId === archiveId : moments.systemIdentifier === systemIdentifier
}
