// Rows of every table, counted on both sides: the answer, and until then where each side is.
import { useState } from 'react'
import type { LookCounting, LookRowCounts } from '../../../shared/contracts/look'
import { api } from '../../rpc/api'
import { type Asked, useAsk } from '../../wizard/useAsk'

export interface Counting {
  recovered: LookCounting | null
  live: LookCounting | null
}

interface CountRequest {
  jobId: string
  database: string
  live: string
}

export function useCounts(request: CountRequest | undefined): Asked<LookRowCounts> & { counting: Counting | null } {
  const [counting, setCounting] = useState<Counting | null>(null)
  const asked = useAsk(request, async (input, options) => {
    setCounting(null)
    for await (const event of api.look.compare(input, options)) {
      if (event.kind === 'counted') return event.counts
      if (!options.signal.aborted) setCounting(event)
    }
    throw new Error('The counting ended without an answer.')
  })
  return { ...asked, counting: asked.busy ? counting : null }
}
