// For an error about a constraint: its rows to look at, and the constraint added without looking at them.
import { useState } from 'react'
import type { FailedConstraint } from '../../../shared/contracts/restoreOutcome'
import type { JobSnapshot } from '../../../shared/jobs/job'
import { Button } from '../../components/Button'
import { NotValidDialog } from './NotValidDialog'
import { RowsInTheWayDialog } from './RowsInTheWayDialog'

export interface ConstraintButtonsProps {
  job: JobSnapshot
  constraint: FailedConstraint
  /** It was, since this page was opened. */
  added: boolean
  onAdded: () => void
}

export function ConstraintButtons({ job, constraint, added, onAdded }: ConstraintButtonsProps) {
  const [open, setOpen] = useState<'rows' | 'notValid' | null>(null)
  const { issue, notValid } = constraint
  const close = () => setOpen(null)
  return (
    <>
      <Button size="xs" aria-haspopup="dialog" onClick={() => setOpen('rows')}>
        Show the rows in the way
      </Button>
      {notValid && (
        <Button size="xs" aria-haspopup="dialog" onClick={() => setOpen('notValid')}>
          {added ? 'How to validate it' : 'Add as NOT VALID…'}
        </Button>
      )}
      {open === 'rows' && <RowsInTheWayDialog jobId={job.id} issue={issue} constraint={constraint} onClose={close} />}
      {open === 'notValid' && <NotValidDialog job={job} constraint={constraint} onAdded={onAdded} onClose={close} />}
    </>
  )
}
