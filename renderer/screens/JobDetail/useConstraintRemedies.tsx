// Which of a restore's errors are about a constraint, and the buttons that go with them.
import { useState } from 'react'
import type { FailedConstraint } from '../../../shared/contracts/restoreOutcome'
import type { JobIssue, JobSnapshot } from '../../../shared/jobs/job'
import { isEnded } from '../../../shared/jobs/transitions'
import { api } from '../../rpc/api'
import { useAsk } from '../../wizard/useAsk'
import { ConstraintButtons } from './ConstraintButtons'

export function useConstraintRemedies(job: JobSnapshot) {
  const [added, setAdded] = useState<ReadonlySet<number>>(new Set())
  const wanted = job.capability === 'restore' && isEnded(job.state) && job.issues.some(({ severity }) => severity === 'error')
  const asked = useAsk(wanted ? { jobId: job.id, issues: job.issues.length } : undefined, ({ jobId }, options) =>
    api.restoreOutcome.constraints({ jobId }, options),
  )
  const constraints = new Map<number, FailedConstraint>(asked.data?.constraints.map((each) => [each.issue, each]))
  return (issue: JobIssue) => {
    const place = job.issues.indexOf(issue)
    const constraint = constraints.get(place)
    if (constraint === undefined) return null
    return {
      done: added.has(place) ? 'Added as NOT VALID' : '',
      buttons: (
        <ConstraintButtons
          job={job}
          constraint={constraint}
          added={added.has(place)}
          onAdded={() => setAdded((before) => new Set(before).add(place))}
        />
      ),
    }
  }
}
