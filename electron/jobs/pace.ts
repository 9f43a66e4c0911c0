// How far a job is, shown no more often than a person can read it, and the words for rows.
import type { JobProgress } from '../../shared/jobs/job'
import type { JobContext } from './jobTypes'

const everyMs = 500

export interface Pace {
  /** Called as often as one likes; shown twice a second. */
  show(progress: JobProgress): void
  end(): void
}

export function startPace(job: Pick<JobContext, 'progress'>): Pace {
  let last = 0
  return {
    show: (progress) => {
      const now = performance.now()
      if (now - last < everyMs) return
      last = now
      job.progress(progress)
    },
    end: () => job.progress(null),
  }
}

export function countOf(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : `${one}s`}`
}

export function rate(rows: number, startedAt: number): string {
  const seconds = (performance.now() - startedAt) / 1000
  return `${seconds.toFixed(1)} s, ${Math.round(rows / Math.max(seconds, 0.001)).toLocaleString('en-US')} rows/s`
}
