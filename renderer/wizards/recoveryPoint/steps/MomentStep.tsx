// Step 2: the moment, on the timeline and in exact fields that go with each other, and the plan that follows from it.

import { useMemo } from 'react'
import { Card } from '../../../components/Card'
import { ErrorNote, Loading } from '../../../components/Feedback'
import { setAccidentSearch, useAccidentSearch } from '../../../stores/accident'
import { useZone } from '../../../stores/zone'
import { reachable, reachOf } from '../../../timeline/reach'
import { Timeline } from '../../../timeline/Timeline'
import type { Moment } from '../../../timeline/useSteps'
import { FindCard } from '../accident/FindCard'
import { accidentFlags } from '../accident/findingWords'
import { useAccident } from '../accident/useAccident'
import { timelineOf } from '../draft'
import type { PointStepProps } from '../Wizard'
import { FieldsCard } from './FieldsCard'
import { PlanCard } from './PlanCard'

export function MomentStep({ draft, setDraft, facts, onTyped }: PointStepProps & { onTyped: (problem: string) => void }) {
  const zone = useZone()
  const { moments, plan, cursor, around, neighbours } = facts
  const accident = useAccident(moments.data)
  const { open, chosen } = useAccidentSearch()
  const { result } = accident
  const flags = useMemo(() => (result === undefined ? [] : accidentFlags(result, chosen)), [result, chosen])
  if (!moments.data) return moments.error ? null : <Loading>Looking at the backups and the archive…</Loading>
  const pinned = timelineOf(draft, moments.data)
  const lane = moments.data.lanes.find(({ timeline }) => timeline === pinned)
  const spans = reachOf(lane)
  const replayed = plan.data && plan.data.blockers.length === 0 ? plan.data : undefined
  const onMove = ({ timeline, time }: Moment) => {
    setAccidentSearch({ chosen: null })
    setDraft({ ...draft, target: 'time', timeline, time })
  }
  return (
    <div className="pt-step">
      <Card label="Timeline" className="pt-timeline">
        <Timeline
          moments={moments.data}
          zone={zone}
          moment={cursor}
          refused={draft.target === 'time' && cursor !== null && !reachable(cursor.time, spans)}
          onMove={onMove}
          inclusive={draft.inclusive}
          backup={replayed?.backup ?? null}
          amount={replayed ? { segments: replayed.segments, bytes: replayed.bytes } : null}
          around={around.error ? null : around.data}
          neighbours={neighbours}
          accidents={flags}
        />
      </Card>
      {plan.error && <ErrorNote error={plan.error} onRetry={plan.again} />}
      <div className="pt-low">
        <FieldsCard {...{ draft, setDraft, facts, onTyped }} moments={moments.data} />
        {open ? (
          <FindCard {...{ accident, draft, setDraft }} moments={moments.data} />
        ) : (
          <PlanCard plan={plan} draft={draft} moments={moments.data} onBackup={(backup) => setDraft({ ...draft, backup })} />
        )}
      </div>
    </div>
  )
}
