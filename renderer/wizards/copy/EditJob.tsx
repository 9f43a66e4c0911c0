// "Edit and run": makes a past job's request the draft of its server, then shows that.
import { type ReactNode, useEffect } from 'react'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { ErrorNote, Loading } from '../../components/Feedback'
import { api } from '../../rpc/api'
import { selectConnection } from '../../stores/connections'
import { replacePlace } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'

export interface EditJobProps<D> {
  jobId: string
  /** What the job is not: "This job is no export". */
  refusal: string
  /** The draft of the job's request; undefined when this wizard did not make it. */
  read: (job: JobSnapshot, options: { signal: AbortSignal }) => Promise<{ connectionId: string; draft: D } | undefined>
  keep: (connectionId: string, draft: D) => void
  place: string
}

export function EditJob<D>({ jobId, refusal, read, keep, place }: EditJobProps<D>): ReactNode {
  const made = useAsk(jobId, async (id, options) => {
    const found = await read(await api.jobs.get({ jobId: id }, options), options)
    if (found === undefined) throw new Error(`${refusal}, so it can not be edited here.`)
    return found
  })
  const { data } = made
  useEffect(() => {
    if (data === undefined) return
    keep(data.connectionId, data.draft)
    selectConnection(data.connectionId)
    replacePlace(place)
  }, [data, keep, place])
  if (made.error) {
    return (
      <div className="page">
        <ErrorNote error={made.error} onRetry={made.again} />
      </div>
    )
  }
  return <Loading>Reading the job…</Loading>
}
