// Starts jobs for a practice cluster and tells which one is at work on it.
import { useState } from 'react'
import { type PracticeCluster, practiceRef } from '../../../shared/contracts/practice'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { type ShownError, shownError } from '../../format/errors'
import { useJobs } from '../../stores/jobs'

export interface PracticeJob {
  /** At work on the cluster now. */
  running: JobSnapshot | undefined
  /** The newest one, when it did not succeed. */
  failed: JobSnapshot | undefined
  busy: boolean
  error: ShownError | null
  run: (start: () => Promise<unknown>) => Promise<boolean>
}

export function usePracticeJob(name: PracticeCluster['name'], onChanged: () => void): PracticeJob {
  const [starting, setStarting] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const newest = useJobs((state) =>
    state.jobs.find((job) => job.capability === 'practice' && practiceRef.safeParse(job.input).data?.name === name),
  )
  const running = newest && !isEnded(newest.state) ? newest : undefined
  const run = async (start: () => Promise<unknown>) => {
    setStarting(true)
    setError(null)
    try {
      await start()
      return true
    } catch (cause) {
      setError(shownError(cause))
      return false
    } finally {
      setStarting(false)
      onChanged()
    }
  }
  return { running, failed: newest?.state === 'failed' ? newest : undefined, busy: starting || running !== undefined, error, run }
}
