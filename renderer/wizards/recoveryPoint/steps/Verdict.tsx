// Whether the moment can be reached: where recovery will stop, or why not and which moment is the nearest.
import type { PointPlan } from '../../../../shared/contracts/recoveryPoint'
import { Button } from '../../../components/Button'
import { Severity } from '../../../components/Chip'
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
          <span className="t2 wrap">{blocker.says}</span>
          {blocker.nearest && (
            <Nearest label={blocker.nearestSays} onTake={() => blocker.nearest && setDraft(takeWish(draft, blocker.nearest))} />
          )}
        </div>
      ) : (
        <div className={`pt-says${plan.stale ? ' stale' : ''}`}>
          <Severity level="pass">Reachable</Severity>
          <span className="t2 wrap">{plan.data.stopsAt}</span>
        </div>
      )}
    </div>
  )
}

function Nearest({ label, onTake }: { label: string; onTake: () => void }) {
  return (
    <Button size="xs" onClick={onTake}>
      Take the nearest{label === '' ? '' : `: ${label}`}
    </Button>
  )
}
