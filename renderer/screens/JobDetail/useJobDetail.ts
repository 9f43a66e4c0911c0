// One job with its issues: the live snapshot from the stream, and what only `jobs.get` tells.
import { useEffect, useState } from 'react'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { isCancelled, type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useJob, useJobs } from '../../stores/jobs'

export interface JobDetailState {
  job: JobSnapshot | undefined
  error: ShownError | null
}

export function useJobDetail(id: string): JobDetailState {
  const live = useJob(id)
  const loaded = useJobs((state) => state.loaded)
  const [full, setFull] = useState<JobSnapshot | null>(null)
  const [error, setError] = useState<ShownError | null>(null)
  // Issues come with these; everything else is in the stream.
  const occasion = live === undefined ? String(loaded) : `${live.state} ${live.errorCount} ${live.warningCount}`
  useEffect(() => {
    const leaving = new AbortController()
    const ask = () =>
      api.jobs.get({ jobId: id }, { signal: leaving.signal }).then(
        (job) => {
          setFull(job)
          setError(null)
        },
        (cause: unknown) => {
          if (!isCancelled(cause)) setError(shownError(cause))
        },
      )
    // A tool that fails on every row would otherwise have the page ask many times a second.
    const timer = setTimeout(() => void ask(), occasion === '' ? 0 : 150)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [id, occasion])
  if (live) return { job: { ...live, issues: full?.issues ?? live.issues }, error: null }
  return { job: full ?? undefined, error }
}
