// In which databases live has lost rows: those that are not looked at are counted one after the other, beside the one that is.
import { useEffect, useState } from 'react'
import { api } from '../../rpc/api'
import { isLost } from './lookWords'

/** By database: tables that have lost rows; null where it can't be compared, such as one that live has no more. */
export type Losses = Readonly<Record<string, number | null>>

interface LossesProps {
  jobId: string
  live: string
  databases: readonly string[]
  /** The one that is looked at: its count comes from its own card, and before the others. */
  database: string
  /** Counting reads every table of both servers. */
  enabled: boolean
}

export function useLosses({ jobId, live, databases, database, enabled }: LossesProps) {
  const [known, setKnown] = useState<{ live: string; losses: Losses }>({ live, losses: {} })
  const losses = known.live === live ? known.losses : {}
  const note = (name: string, lost: number | null) =>
    setKnown((before) => {
      const kept = before.live === live ? before.losses : {}
      return kept[name] === lost && name in kept ? before : { live, losses: { ...kept, [name]: lost } }
    })
  const next = enabled && live !== '' && database in losses ? databases.find((name) => !(name in losses)) : undefined
  useEffect(() => {
    if (next === undefined) return
    const leaving = new AbortController()
    const count = async () => {
      const lost = await lostIn({ jobId, database: next, live }, leaving.signal).catch(() => null)
      if (!leaving.signal.aborted) {
        setKnown((before) => ({ live, losses: { ...(before.live === live ? before.losses : {}), [next]: lost } }))
      }
    }
    void count()
    return () => leaving.abort()
  }, [jobId, live, next])
  return { losses, note }
}

async function lostIn(request: { jobId: string; database: string; live: string }, signal: AbortSignal): Promise<number | null> {
  for await (const event of api.look.compare(request, { signal })) {
    if (event.kind === 'counted') return event.counts.tables.filter(isLost).length
  }
  return null
}
