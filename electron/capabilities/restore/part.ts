// The restore of one database for those who restore several: the same checks, the same work within a job of theirs.
import type { RestoreRequest } from '../../../shared/contracts/restore'
import type { JobResult, ShownCommand } from '../../../shared/jobs/job'
import type { PreflightRow } from '../../../shared/model/preflight'
import type { JobContext } from '../../jobs/jobTypes'
import { planRestore, type RestoreServices } from './planRestore'
import { checkRestore } from './preflight'
import { runRestore } from './runRestore'

export function restorePart(services: RestoreServices) {
  return {
    async check(request: RestoreRequest, signal: AbortSignal): Promise<{ preflight: PreflightRow[]; commands: ShownCommand[] }> {
      const plan = await planRestore(services, request, signal)
      const preflight = await checkRestore(services, plan, false, signal)
      return {
        preflight,
        commands: [plan.restore.shown, ...plan.analyze.flatMap(({ planned }) => (planned ? [planned.shown] : []))],
      }
    },
    run: (request: RestoreRequest, job: JobContext): Promise<JobResult> => runRestore(request, job, services),
  }
}
