// Which jobs the list shows: by how they stand and by text. Pure.
import type { JobSnapshot, JobState } from '../../../shared/jobs/job'

export const jobFilters = ['all', 'active', 'succeeded', 'problems', 'cancelled'] as const
export type JobFilter = (typeof jobFilters)[number]

const states: Readonly<Record<Exclude<JobFilter, 'all'>, readonly JobState[]>> = {
  active: ['queued', 'running', 'cancelling'],
  succeeded: ['succeeded'],
  problems: ['succeeded_with_warnings', 'failed', 'interrupted'],
  cancelled: ['cancelled'],
}

export function hasFilter(job: Pick<JobSnapshot, 'state'>, filter: JobFilter): boolean {
  return filter === 'all' || states[filter].includes(job.state)
}

/** Every word must occur in the title, the server or the kind. */
export function hasText(job: Pick<JobSnapshot, 'title' | 'serverLabel' | 'capability'>, text: string): boolean {
  const hay = `${job.title} ${job.serverLabel} ${job.capability}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word))
}

/** What runs or waits first, then the newest. */
export function sortJobs(jobs: readonly JobSnapshot[]): JobSnapshot[] {
  const rank = (job: JobSnapshot) => (states.active.includes(job.state) ? 0 : 1)
  return [...jobs].sort((a, b) => rank(a) - rank(b) || b.createdAt.localeCompare(a.createdAt))
}
