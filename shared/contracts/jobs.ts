// jobs: everything that runs or ran, and its log.
import { z } from 'zod'
import { jobSnapshot, logLevels, logLine } from '../jobs/job'
import { call, contract, stream } from '../rpc/contract'

export const jobRef = z.object({ jobId: z.string().min(1).max(100) })
export const jobStarted = jobRef

export const jobEvent = z.discriminatedUnion('type', [
  /** The first event: every job known, newest first. */
  z.object({ type: z.literal('all'), jobs: z.array(jobSnapshot) }),
  z.object({ type: z.literal('job'), job: jobSnapshot }),
  z.object({ type: z.literal('removed'), jobId: z.string() }),
])

/** Snapshots in lists leave out what only the job's page shows: `issues` is empty there. */
export const jobs = contract('jobs', {
  watch: stream(z.object({}), jobEvent),
  get: call(jobRef, jobSnapshot),
  cancel: call(jobRef, jobSnapshot),
  /** Removes an ended job's record and log; never what the job made. */
  remove: call(jobRef, z.object({})),
  /** The same request again, as a new job. */
  runAgain: call(jobRef, jobStarted),
  /** Writes the outcome of an ended job as text into a file of the core's machine; refused where one is there. */
  saveReport: call(jobRef.extend({ path: z.string().min(1).max(4096) }), z.object({ path: z.string() })),
  /** `count` lines from `from` (0 is the first); shorter at the end. With a level, only lines of that level or worse count. */
  log: call(
    jobRef.extend({ from: z.int().nonnegative(), count: z.int().min(1).max(2000), level: z.enum(logLevels) }),
    z.object({ lines: z.array(logLine), total: z.int() }),
  ),
  /** Says how long the log is, each time it grew, at most five times a second; ends with the job. */
  watchLog: stream(jobRef, z.object({ total: z.int(), warnings: z.int(), errors: z.int() })),
  /** Line numbers that hold the text (not case-sensitive), the first 10,000; `total` counts all. */
  searchLog: call(jobRef.extend({ text: z.string().min(1).max(500) }), z.object({ lines: z.array(z.int()), total: z.int() })),
})
