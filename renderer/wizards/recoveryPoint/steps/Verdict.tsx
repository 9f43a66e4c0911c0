// Whether the moment can be reached: where recovery will stop, or why not and which moment is the nearest.

import type { PointPlan } from '../../../../shared/contracts/recoveryPoint'
import { Button } from '../../../components/Button'
import { Severity } from '../../../components/Chip'
import { said } from '../../../format/said'
import type { Asked } from '../../../wizard/useAsk'
import { type PointDraft, takeWish } from '../draft'

interface VerdictProps {
  plan: Asked<PointPlan>
  draft: PointDraft
  setDraft: (draft: PointDraft) => void
  /** What is typed is no target. */
  wrong: string
}

export function Verdict({ plan, draft, setDraft, wrong }: VerdictProps) {
  const [blocker] = plan.data?.blockers ?? []
  return (
    <div className="sp" role="status">
      {wrong !== '' ? (
        <div className="pt-says">
          <Severity level="blocker">Not a target</Severity>
          <span className="t2">{wrong}.</span>
        </div>
      ) : plan.data === undefined ? (
        <span className="t3">{plan.error ? '' : 'Planning…'}</span>
      ) : blocker ? (
        <div className="pt-says">
          <Severity level="blocker">Not reachable</Severity>
          <div className="col g4">
            <span className="t2 wrap">{said(blocker.says)}</span>
            {blocker.nearest && (
              <span className="t2 wrap">
                {blocker.nearestSays !== '' && `Nearest: ${said(blocker.nearestSays)} `}
                <Button size="xs" onClick={() => blocker.nearest && setDraft(takeWish(draft, blocker.nearest))}>
                  Take the nearest
                </Button>
              </span>
            )}
          </div>
        </div>
      ) : (
        <div className={`pt-says${plan.stale ? ' stale' : ''}`}>
          <Severity level="pass">Reachable</Severity>
          <span className="t2 wrap">{said(firstSentence(plan.data.stopsAt))}</span>
        </div>
      )}
    </div>
  )
}

/** The plan beside it says all of them. */
function firstSentence(text: string): string {
  const end = text.indexOf('. ')
  return end === -1 ? text : text.slice(0, end + 1)
}
