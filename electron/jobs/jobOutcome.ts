// How a job ended, told honestly: its state, its error, and what became of its steps.

import type { JobSnapshot, JobState } from '../../shared/jobs/job'
import { AppError, type WireError } from '../../shared/rpc/appError'
import { fromSystemError } from '../process/systemError'

/** What a run function's end means. `unexpected` is for our own log: nobody foresaw this error. */
export interface Outcome {
  state: JobState
  error: WireError | null
  unexpected: boolean
}

function isPostgresError(error: unknown): error is Error & { severity: string; detail?: string; hint?: string } {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.severity === 'string'
}

export function failureOf(error: unknown, cancelled: boolean): Outcome {
  const known = error instanceof AppError ? error : fromSystemError(error)
  if (cancelled) return { state: 'cancelled', error: null, unexpected: false }
  if (known) return { state: 'failed', error: known.toWire(), unexpected: false }
  const message = error instanceof Error ? error.message : String(error)
  if (isPostgresError(error)) {
    const hint = [error.detail, error.hint].filter(Boolean).join(' ')
    return { state: 'failed', error: { code: 'postgres', message, ...(hint ? { hint } : {}) }, unexpected: false }
  }
  const hint =
    'This is a fault in Walkback. What it did until then is in the log; the details are on the console it was started from.'
  return {
    state: 'failed',
    error: { code: 'internal', message: `Something unexpected went wrong: ${message}`, hint },
    unexpected: true,
  }
}

/** Issues that are known to be harmless don't count. */
export function successOf(snapshot: JobSnapshot): Outcome {
  const clean = snapshot.warningCount === 0 && snapshot.errorCount === 0
  return { state: clean ? 'succeeded' : 'succeeded_with_warnings', error: null, unexpected: false }
}

/** A running step ends as the job does; one that never began was skipped. */
export function settleSteps(snapshot: JobSnapshot, state: JobState, at: string): void {
  const succeeded = state === 'succeeded' || state === 'succeeded_with_warnings'
  for (const step of snapshot.steps) {
    if (step.state === 'pending') step.state = 'skipped'
    if (step.state !== 'running') continue
    step.state = succeeded ? 'done' : state === 'cancelled' ? 'skipped' : 'failed'
    step.endedAt = at
    if (state === 'cancelled' || state === 'interrupted') step.detail ||= state
  }
}
