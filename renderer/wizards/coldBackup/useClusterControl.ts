// Stops and starts a cluster of this machine by a job, and says when that has ended.
import { useEffect, useState } from 'react'
import type { LocalClusterInfo } from '../../../shared/contracts/localClusters'
import { isEnded } from '../../../shared/jobs/transitions'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { useJobs } from '../../stores/jobs'

export interface ClusterControl {
  /** A word for what is going on: "Stopping"; '' when nothing is. */
  busy: string
  error: ShownError | null
  /** The last job, when it failed. */
  failed: { id: string; message: string } | null
  stop: (cluster: LocalClusterInfo, confirm: string) => Promise<boolean>
  start: (cluster: LocalClusterInfo) => Promise<boolean>
}

export function useClusterControl(onChanged: () => void): ClusterControl {
  const [started, setStarted] = useState<{ jobId: string; word: string }>()
  const [asking, setAsking] = useState('')
  const [error, setError] = useState<ShownError | null>(null)
  const job = useJobs((state) => (started ? state.jobs.find(({ id }) => id === started.jobId) : undefined))
  const ended = job !== undefined && isEnded(job.state)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the job has ended
  useEffect(() => {
    if (ended) onChanged()
  }, [ended, started?.jobId])

  const run = async (word: string, ask: () => Promise<{ jobId: string }>) => {
    setAsking(word)
    setError(null)
    try {
      const { jobId } = await ask()
      setStarted({ jobId, word })
      return true
    } catch (cause) {
      setError(shownError(cause))
      return false
    } finally {
      setAsking('')
    }
  }
  return {
    busy: asking || (started !== undefined && !ended ? started.word : ''),
    error,
    failed: ended && job.state === 'failed' ? { id: job.id, message: job.error?.message ?? '' } : null,
    stop: ({ dataDirectory, control }, confirm) =>
      run('Stopping', () =>
        api.localClusters.stop({ dataDirectory, confirm, systemIdentifier: control?.systemIdentifier ?? '' }),
      ),
    start: ({ dataDirectory }) => run('Starting', () => api.localClusters.start({ dataDirectory })),
  }
}
