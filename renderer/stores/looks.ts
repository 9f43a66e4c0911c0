// The recovered clusters that are there, for the strip, the overview and the pages of their jobs.
import { useEffect } from 'react'
import { create } from 'zustand'
import type { LookListed } from '../../shared/contracts/look'
import { api } from '../rpc/api'
import { useJobs } from './jobs'

export const useLooks = create<{ looks: readonly LookListed[] }>(() => ({ looks: [] }))

/** What can't be read now is asked again with the next job that ends: what is known stays. */
export async function loadLooks(signal?: AbortSignal): Promise<void> {
  try {
    const { looks } = await api.look.list({}, signal === undefined ? {} : { signal })
    useLooks.setState({ looks })
  } catch {
    // shown by the page that asks for one of them
  }
}

/** Asked when the window opens, when a job has ended, and when the window is looked at again. */
export function useLooksFollowed(connected: boolean): void {
  const ended = useJobs((state) => state.jobs.filter((job) => job.endedAt !== null).length)
  const loaded = useJobs((state) => state.loaded)
  useEffect(() => {
    if (!connected || !loaded) return
    const leaving = new AbortController()
    void loadLooks(leaving.signal)
    const seen = () => {
      if (document.visibilityState === 'visible') void loadLooks(leaving.signal)
    }
    document.addEventListener('visibilitychange', seen)
    return () => {
      leaving.abort()
      document.removeEventListener('visibilitychange', seen)
    }
  }, [connected, loaded, ended])
}

export function useLookOf(jobId: string): LookListed | undefined {
  return useLooks((state) => state.looks.find((one) => one.jobId === jobId))
}
