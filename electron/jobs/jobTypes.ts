// What a job's run function is given, and what the job manager offers to the rest of the core.
import type { z } from 'zod'
import type { jobEvent } from '../../shared/contracts/jobs'
import type {
  JobIssue,
  JobOutput,
  JobProgress,
  JobResult,
  JobSnapshot,
  JobStanding,
  LogLevel,
  LogLine,
  ShownCommand,
} from '../../shared/jobs/job'
import type { ProcessExit, SpawnRequest } from '../process/processTypes'
import type { Secret } from '../process/secret'

export interface JobContext {
  readonly id: string
  readonly signal: AbortSignal
  /** A text that must never show: stars replace it in everything this job says from now on. */
  hide(secret: Secret): void
  /** Kept on disk and sent to whoever watches; redacted by the secrets named with `hide`. */
  log(text: string, level?: LogLevel): void
  progress(progress: JobProgress | null): void
  /** Of an endless job: where it is. Shown, and not written to disk each time. */
  standing(standing: JobStanding): void
  /**
   * Marks the step running, and an earlier running one done unless it goes on beside this one. Unknown ids are a
   * programming error and throw.
   */
  step(id: string, beside?: boolean): void
  /** Ends a step with a few words, or marks it skipped, warning or failed. */
  endStep(id: string, state: 'done' | 'warning' | 'failed' | 'skipped', detail?: string): void
  /** Shown on the job's page as soon as it is known. */
  command(command: ShownCommand): void
  /** Persisted before it returns: call before the first byte is written. */
  output(output: JobOutput): void
  issue(issue: JobIssue): void
  /** Runs a program as part of this job: job mark, cancel, log of each stderr line, redaction. Any exit resolves. */
  run(request: Omit<SpawnRequest, 'jobId' | 'signal'> & { logStderr?: boolean }): Promise<ProcessExit>
  /** Runs in reverse order when the job ends in whatever way; a failing one is logged and does not stop the others. */
  onCleanup(label: string, cleanup: () => Promise<void> | void): void
  /** Adds to what an unfinished job left behind. */
  leftover(description: string): void
}

/** The reason of a job's signal when it is not a person who ends it, but Walkback's own end. */
export class Closing extends Error {
  constructor() {
    super('Walkback is closing.')
  }
}

export interface JobDefinition<I> {
  capability: string
  title: string
  /** Stored as it is: secret-free. */
  input: I
  connectionId: string | null
  serverLabel: string
  steps: readonly { id: string; label: string }[]
  /** What a cancel does to the output, in words. */
  onCancel: string
  /** Names such as `path:/srv/x` or `data:/var/lib/...`; a second job with one of them gets `conflict`. */
  locks: readonly string[]
  /** Goes on until it is stopped; takes no place among the jobs that run at the same time. */
  endless?: boolean
  /** Resolves for success; issues with severity error or warning that are not harmless make it succeeded_with_warnings. */
  run(context: JobContext): Promise<JobResult>
}

export interface JobManager {
  /** Throws AppError conflict when a lock is held. Returns once the job is on disk. */
  start<I>(definition: JobDefinition<I>): JobSnapshot
  list(): JobSnapshot[]
  /** Throws AppError not_found. */
  get(id: string): JobSnapshot
  cancel(id: string): JobSnapshot
  remove(id: string): void
  readLog(id: string, from: number, count: number, level: LogLevel): Promise<{ lines: LogLine[]; total: number }>
  searchLog(id: string, text: string): Promise<{ lines: number[]; total: number }>
  watch(signal: AbortSignal): AsyncIterable<z.infer<typeof jobEvent>>
  watchLog(id: string, signal: AbortSignal): AsyncIterable<{ total: number; warnings: number; errors: number }>
  /** Resolves when the job has ended, with its last snapshot. */
  ended(id: string): Promise<JobSnapshot>
  running(): JobSnapshot[]
  /** Cancels what runs, waits for it, closes the logs. */
  shutdown(): Promise<void>
}
