// How long each step of a drill took, for its report: a job's context that notes it on the way.
import type { DrillResult } from '../../../../shared/contracts/drill'
import type { JobContext } from '../../../jobs/jobTypes'

export interface PhaseNames {
  /** null: the step is not told of. */
  (id: string): string | null
}

/**
 * Steps go on to the job itself where it has them; those of a restore that runs within one of its steps do not, and stand in
 * the report alone. Several can run at the same time.
 */
export function notePhases(job: JobContext, phases: DrillResult['phases'], nameOf: PhaseNames, own = true): JobContext {
  const open = new Map<string, number>()
  const close = (id: string, detail: string) => {
    const since = open.get(id)
    const name = nameOf(id)
    open.delete(id)
    if (since !== undefined && name !== null) phases.push({ name, seconds: seconds(performance.now() - since), detail })
  }
  return {
    ...job,
    step(id, beside = false) {
      if (!beside) for (const other of open.keys()) close(other, '')
      open.set(id, performance.now())
      if (own) job.step(id, beside)
    },
    endStep(id, state, detail) {
      if (state === 'skipped') open.delete(id)
      else close(id, detail ?? '')
      if (own) job.endStep(id, state, detail)
    },
  }
}

/** To a tenth. */
export function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10
}
