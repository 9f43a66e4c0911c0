// What the three wizards do alike: ask for the preview as the draft changes, look anew at the review, start the job.
import { useEffect, useState } from 'react'
import type { CopyRequest } from '../../../shared/contracts/copy'
import { type ShownError, shownError } from '../../format/errors'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'
import { useAsk } from '../../wizard/useAsk'

export interface CopyRunInput {
  request: CopyRequest | undefined
  step: string
  /** Why the step can't be left, from the draft alone. */
  problem: string
  /** Called after the job was started, before its page opens. */
  onStarted: () => void
}

export function useCopyRun({ request, step, problem, onStarted }: CopyRunInput) {
  const [starting, setStarting] = useState(false)
  const [startError, setStartError] = useState<ShownError | null>(null)
  const wanted = ['target', 'options', 'review'].includes(step)
  const preview = useAsk(wanted ? request : undefined, (input, options) => api.copy.preview(input, options), {
    delay: 300,
    keep: true,
  })
  // On arriving at the review everything is looked at anew: minutes may have passed since.
  const { again } = preview
  useEffect(() => {
    if (step === 'review') again()
    setStartError(null)
  }, [step, again])

  const checking = preview.busy || preview.stale
  const review = preview.error ? preview.error.message : checking ? 'Checking…' : (preview.data?.blocked ?? '')
  const reason = problem !== '' ? problem : step === 'review' ? review : ''
  const start = async () => {
    if (request === undefined) return
    setStarting(true)
    setStartError(null)
    try {
      const { jobId } = await api.copy.start(request)
      onStarted()
      navigate(placeLink(`/jobs/${encodeURIComponent(jobId)}`))
    } catch (error) {
      setStartError(shownError(error))
      again()
    } finally {
      setStarting(false)
    }
  }
  return { preview, reason, blocked: reason !== '' && problem === '' && !checking, starting, startError, start }
}
