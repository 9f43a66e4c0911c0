// jobs: answers what runs or ran, from the job manager.
import type { jobs } from '../../../shared/contracts/jobs'
import { isEnded } from '../../../shared/jobs/transitions'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import type { JobManager } from '../../jobs/jobTypes'
import { saveReport } from '../../jobs/saveReport'

/** Starts a capability's job again from its stored request, which it checks like a new one. By the job's `capability`. */
export type Restarters = Readonly<Record<string, (input: unknown) => Promise<{ jobId: string }>>>

/** `version` is the application's, for what it writes. */
export function jobsHandlers(manager: JobManager, restarters: Restarters, version = ''): Handlers<typeof jobs, AbortSignal> {
  return {
    watch: (_input, { signal }) => manager.watch(signal),
    get: async ({ jobId }) => manager.get(jobId),
    cancel: async ({ jobId }) => manager.cancel(jobId),
    remove: async ({ jobId }) => {
      manager.remove(jobId)
      return {}
    },
    runAgain: async ({ jobId }) => {
      const job = manager.get(jobId)
      if (!isEnded(job.state)) {
        throw new AppError('conflict', `"${job.title}" has not ended yet.`, { hint: 'Wait until it has, or cancel it first.' })
      }
      const restart = Object.hasOwn(restarters, job.capability) ? restarters[job.capability] : undefined
      if (!restart) {
        throw new AppError('bad_input', `"${job.title}" can't be run again from here.`, { hint: 'Start it from its own page.' })
      }
      return restart(job.input)
    },
    saveReport: async ({ jobId, path }) => {
      await saveReport(manager.get(jobId), path, version)
      return { path }
    },
    log: ({ jobId, from, count, level }) => manager.readLog(jobId, from, count, level),
    watchLog: ({ jobId }, { signal }) => manager.watchLog(jobId, signal),
    searchLog: ({ jobId, text }) => manager.searchLog(jobId, text),
  }
}
