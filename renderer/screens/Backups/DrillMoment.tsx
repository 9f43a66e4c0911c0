// The moment that a drill recovers to: the fields of the recovery's own page, and its plan's blockers before the start.
import { useEffect, useState } from 'react'
import type { RecoveryWish } from '../../../shared/model/recoveryWish'
import { ErrorNote, Loading } from '../../components/Feedback'
import { emptyPointDraft, type PointDraft, wishOf } from '../../wizards/recoveryPoint/draft'
import { FieldsCard } from '../../wizards/recoveryPoint/steps/FieldsCard'
import { usePoint } from '../../wizards/recoveryPoint/usePoint'
import '../../wizards/recoveryPoint/recoveryPoint.css'

export interface DrillPoint {
  /** undefined: it can't be reached, or that is not known yet. */
  wish: RecoveryWish | undefined
  /** Why not, in a sentence; '' while it is planned. */
  problem: string
}

interface DrillMomentProps {
  archiveId: string
  /** The plan begins with this very backup. */
  backup: string
  onPoint: (point: DrillPoint) => void
}

export function DrillMoment({ archiveId, backup, onPoint }: DrillMomentProps) {
  const [draft, setDraft] = useState<PointDraft>({
    ...emptyPointDraft,
    ...{ archiveId, backup, step: 'moment', action: 'promote' },
  })
  const [typed, setTyped] = useState('')
  const facts = usePoint(draft)
  const { moments, plan } = facts
  const planned = plan.data !== undefined && !plan.stale
  const [blocker] = plan.data?.blockers ?? []
  const wish = moments.data && planned && typed === '' && !blocker ? wishOf(draft, moments.data) : undefined
  const problem = typed !== '' ? `${typed}.` : planned && blocker ? 'This moment can not be reached.' : ''
  const key = JSON.stringify(wish)
  useEffect(() => {
    onPoint({ wish: key === undefined ? undefined : (JSON.parse(key) as RecoveryWish), problem }) // as it was a line above
  }, [onPoint, key, problem])
  if (moments.error) return <ErrorNote error={moments.error} onRetry={moments.again} />
  if (!moments.data) return <Loading>Looking at the backups and the archive…</Loading>
  return (
    <div className="col g8">
      <FieldsCard {...{ draft, setDraft, facts }} moments={moments.data} onTyped={setTyped} bare />
      {plan.error && <ErrorNote error={plan.error} onRetry={plan.again} />}
      {wish !== undefined && plan.data && plan.data.warnings.length > 0 && <p className="warn">{plan.data.warnings.join(' ')}</p>}
    </div>
  )
}
