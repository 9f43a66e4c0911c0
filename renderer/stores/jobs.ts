// Every job the core knows, kept up to date by its stream of events, and the pace of those that run.

import type { z } from 'zod'
import { create } from 'zustand'
import type { jobEvent } from '../../shared/contracts/jobs'
import type { JobSnapshot } from '../../shared/jobs/job'
import { isEnded } from '../../shared/jobs/transitions'
import { api, connectionState, subscribeConnection } from '../rpc/api'
import { type Pace, updatePace } from './jobPace'

export type JobEvent = z.infer<typeof jobEvent>

export interface JobsState {
  /** Newest first. */
  jobs: readonly JobSnapshot[]
  loaded: boolean
  paces: Readonly<Record<string, Pace>>
  /** When each unfinished job was last seen to move, by this machine's clock: the core's may differ. Milliseconds. */
  moves: Readonly<Record<string, number>>
}

export const useJobs = create<JobsState>(() => ({ jobs: [], loaded: false, paces: {}, moves: {} }))

const newestFirst = (a: JobSnapshot, b: JobSnapshot) => b.createdAt.localeCompare(a.createdAt)

function without<T>(record: Readonly<Record<string, T>>, id: string): Record<string, T> {
  const { [id]: _gone, ...rest } = record
  return rest
}

function withPace(paces: JobsState['paces'], job: JobSnapshot, at: number): JobsState['paces'] {
  const pace = isEnded(job.state) ? undefined : updatePace(paces[job.id], job.progress, at)
  return pace ? { ...paces, [job.id]: pace } : without(paces, job.id)
}

/** A first sight has only the core's own time to go by; after that a changed `movedAt` means it moved just now. */
function withMove(moves: JobsState['moves'], before: JobSnapshot | undefined, job: JobSnapshot, at: number): JobsState['moves'] {
  if (isEnded(job.state) || job.movedAt === null) return without(moves, job.id)
  if (before === undefined || moves[job.id] === undefined) return { ...moves, [job.id]: Math.min(at, Date.parse(job.movedAt)) }
  return before.movedAt === job.movedAt ? moves : { ...moves, [job.id]: at }
}

function withJob(state: JobsState, job: JobSnapshot, at: number): JobsState {
  const index = state.jobs.findIndex((each) => each.id === job.id)
  const moves = withMove(state.moves, state.jobs[index], job, at)
  const jobs = index === -1 ? [job, ...state.jobs].sort(newestFirst) : state.jobs.with(index, job)
  return { ...state, jobs, paces: withPace(state.paces, job, at), moves }
}

/** Pure: what an event makes of the list. `at` is now in milliseconds. */
export function applyJobEvent(state: JobsState, event: JobEvent, at: number): JobsState {
  if (event.type === 'job') return withJob(state, event.job, at)
  if (event.type === 'removed') {
    const jobs = state.jobs.filter((job) => job.id !== event.jobId)
    return { ...state, jobs, paces: without(state.paces, event.jobId), moves: without(state.moves, event.jobId) }
  }
  const known = new Set(event.jobs.map((job) => job.id))
  const kept: JobsState = { ...state, jobs: state.jobs.filter((job) => known.has(job.id)) }
  return { ...event.jobs.reduce<JobsState>((sum, job) => withJob(sum, job, at), kept), loaded: true }
}

/** Resolves when the connection stands (again); at once when it does. */
function connected(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      if (connectionState() !== 'ready' && !signal.aborted) return
      stop()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const stop = subscribeConnection(done)
    signal.addEventListener('abort', done)
    done()
  })
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Follows the core's jobs until `signal` aborts, over every loss of the connection. `onEnded` once for each job that ends. */
export async function followJobs(signal: AbortSignal, onEnded: (job: JobSnapshot) => void): Promise<void> {
  while (!signal.aborted) {
    await connected(signal)
    if (signal.aborted) return
    try {
      for await (const event of api.jobs.watch({}, { signal })) {
        const before = event.type === 'job' ? useJobs.getState().jobs.find((job) => job.id === event.job.id) : undefined
        useJobs.setState((state) => applyJobEvent(state, event, Date.now()))
        if (event.type === 'job' && isEnded(event.job.state) && before && !isEnded(before.state)) onEnded(event.job)
      }
    } catch (error) {
      // A lost connection is shown by the frame; anything else must be seen by whoever looks for it.
      if (connectionState() === 'ready' && !signal.aborted) console.error('the list of jobs broke off', error)
    }
    await pause(500)
  }
}

export function useJob(id: string): JobSnapshot | undefined {
  return useJobs((state) => state.jobs.find((job) => job.id === id))
}
