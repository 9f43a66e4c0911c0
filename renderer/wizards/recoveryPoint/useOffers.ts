// What dead clusters hold that the archive does not: asked of the core, which tells how far it reads, and can be called off.
import { useState } from 'react'
import type { SalvageOffer, SalvageReading } from '../../../shared/contracts/recoveryPoint'
import { api } from '../../rpc/api'
import { type Asked, useAsk } from '../../wizard/useAsk'

export interface AskedOffers extends Asked<{ offers: SalvageOffer[] }> {
  /** A pg_wal that takes its time; null while none does. */
  reading: SalvageReading | null
  /** It was called off; `again` looks anew. */
  stopped: boolean
  stop: () => void
}

/** `archiveId` undefined asks nothing. `ended`: jobs that ended since may have changed the answer. */
export function useOffers(archiveId: string | undefined, folders: readonly string[], ended: number): AskedOffers {
  const [reading, setReading] = useState<SalvageReading | null>(null)
  const which = archiveId === undefined ? undefined : { archiveId, folders: [...folders] }
  const key = which && JSON.stringify(which)
  const [stoppedAt, setStoppedAt] = useState<string>()
  const stopped = key !== undefined && stoppedAt === key
  const asked = useAsk(
    which && !stopped ? { which, ended } : undefined,
    async (input, { signal }) => {
      setReading(null)
      let offers: SalvageOffer[] = []
      for await (const event of api.recoveryPoint.salvage(input.which, { signal })) {
        if (signal.aborted) break
        if (event.kind === 'offers') offers = event.offers
        else setReading(event)
      }
      return { offers, archiveId: input.which.archiveId }
    },
    { keep: true },
  )
  return {
    ...asked,
    data: asked.data?.archiveId === archiveId ? asked.data : undefined,
    reading: asked.busy ? reading : null,
    stopped,
    stop: () => setStoppedAt(key),
    again: () => {
      setStoppedAt(undefined)
      asked.again()
    },
  }
}
