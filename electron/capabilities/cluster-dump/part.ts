// The restore of a set for those who do it as a part of a job of their own.
import type { ClusterRestoreRequest } from '../../../shared/contracts/clusterDump'
import type { JobResult } from '../../../shared/jobs/job'
import type { JobContext } from '../../jobs/jobTypes'
import type { ClusterServices, Parts } from './parts'
import { readSet } from './readSet'
import { runSetRestore, setRestoreSteps } from './runSetRestore'

export function clusterRestorePart(services: ClusterServices, parts: Parts) {
  return {
    /** Throws AppError for what is no set, or not as its record says. */
    look: readSet,
    steps: setRestoreSteps,
    run: (request: ClusterRestoreRequest, job: JobContext): Promise<JobResult> => runSetRestore(request, job, services, parts),
  }
}
