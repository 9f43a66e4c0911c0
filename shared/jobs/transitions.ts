// The one table of a job's life: which state may follow which.
import type { JobState } from './job'

const after: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'cancelled', 'interrupted'],
  running: ['cancelling', 'succeeded', 'succeeded_with_warnings', 'failed', 'interrupted'],
  // A job that finished before the cancel reached it says so: what it made is whole.
  cancelling: ['cancelled', 'succeeded', 'succeeded_with_warnings', 'failed', 'interrupted'],
  succeeded: [],
  succeeded_with_warnings: [],
  failed: [],
  cancelled: [],
  interrupted: [],
}

export function mayFollow(from: JobState, to: JobState): boolean {
  return after[from].includes(to)
}

/** No state follows: the job's record is final. */
export function isEnded(state: JobState): boolean {
  return after[state].length === 0
}
