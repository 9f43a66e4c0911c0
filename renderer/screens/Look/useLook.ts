// Everything the core says of one recovered cluster, asked again while the page is looked at.
import { useEffect } from 'react'
import type { LookHolds, LookLive, LookStanding } from '../../../shared/contracts/look'
import type { Moments } from '../../../shared/contracts/recoveryPoint'
import { AppError } from '../../../shared/rpc/appError'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'
import { loadLooks } from '../../stores/looks'
import { placeLink, replacePlace } from '../../stores/navigation'
import { type Asked, useAsk } from '../../wizard/useAsk'

/** It may be promoted or ended from elsewhere meanwhile. */
const everyMs = 10_000

export interface LookFacts {
  status: Asked<LookStanding>
  holds: Asked<LookHolds>
  lives: Asked<{ connections: LookLive[]; suggested: string | null }>
  /** Of its archive: how far later it could go. */
  moments: Asked<Moments>
}

export const lookLink = (jobId: string): string => placeLink(`/look/${encodeURIComponent(jobId)}`)

export function useLook(jobId: string): LookFacts {
  const ended = useJobs((state) => state.jobs.filter((job) => job.endedAt !== null).length)
  const status = useAsk({ jobId }, async (input, options) => {
    try {
      return await api.look.status(input, options)
    } catch (error) {
      // Taken on to another moment since: that one's page.
      const next = error instanceof AppError && error.code === 'not_found' ? error.details?.jobId : undefined
      if (typeof next === 'string') replacePlace(lookLink(next))
      throw error
    }
  })
  const { again } = status
  useEffect(() => {
    if (ended > 0) again()
  }, [ended, again])
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') again()
    }, everyMs)
    return () => clearInterval(timer)
  }, [again])
  const found = status.data
  // The strip and the overview say the same.
  const state = found?.state
  useEffect(() => {
    if (state !== undefined) void loadLooks()
  }, [state])
  const holds = useAsk(found && { jobId }, (input, options) => api.look.holds(input, options))
  const asks = found !== undefined && found.state !== 'stopped' && found.problem === ''
  const lives = useAsk(asks ? { jobId } : undefined, (input, options) => api.look.lives(input, options), { keep: true })
  const archiveId = found?.archiveId
  const moments = useAsk(archiveId === undefined ? undefined : { archiveId }, (input, options) =>
    api.recoveryPoint.moments(input, options),
  )
  return { status, holds, lives, moments }
}
