// What the core found: an answer at once, or a job whose result is asked for when it has ended.
import type { AccidentRequest, AccidentResult } from '../../../../shared/contracts/accident'
import type { Moments } from '../../../../shared/contracts/recoveryPoint'
import type { JobSnapshot } from '../../../../shared/jobs/job'
import { isEnded } from '../../../../shared/jobs/transitions'
import type { ShownError } from '../../../format/errors'
import { api } from '../../../rpc/api'
import { useAccidentSearch } from '../../../stores/accident'
import { useJobs } from '../../../stores/jobs'
import { useAsk } from '../../../wizard/useAsk'

export interface Accident {
  request: AccidentRequest | null
  result: AccidentResult | undefined
  /** Of a long search. */
  job: JobSnapshot | undefined
  error: ShownError | null
  again: () => void
}

/** Of this archive alone: a search in another one is none of this drawing's. With the same WAL besides as is drawn. */
export function useAccident(moments: Pick<Moments, 'archiveId' | 'salvage'> | undefined): Accident {
  const stored = useAccidentSearch((state) => state.request)
  const request =
    stored !== null && stored.archiveId === moments?.archiveId ? { ...stored, salvage: moments.salvage ?? null } : null
  const found = useAsk(request ?? undefined, (input, options) => api.accident.find(input, options))
  const jobId = found.data?.jobId ?? null
  const job = useJobs((state) => (jobId === null ? undefined : state.jobs.find(({ id }) => id === jobId)))
  const done = job?.state === 'succeeded' || job?.state === 'succeeded_with_warnings'
  const late = useAsk(jobId !== null && done ? { jobId } : undefined, (input, options) => api.accident.result(input, options))
  const failed = job !== undefined && isEnded(job.state) && !done
  return {
    request,
    result: found.data?.result ?? late.data,
    job: failed || late.data ? undefined : job,
    error: found.error ?? late.error ?? (failed ? endWords(job) : null),
    again: found.error || failed ? found.again : late.again,
  }
}

function endWords({ state, error }: JobSnapshot): ShownError {
  if (error !== null) return { code: error.code, message: error.message, hint: error.hint ?? '' }
  return { code: 'cancelled', message: `The search was ${state}.`, hint: '' }
}
