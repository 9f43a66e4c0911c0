// Find the accident: in the plan's place, a table is chosen, and what was done to it is listed; a click puts the cursor before it.

import type { Moments } from '../../../../shared/contracts/recoveryPoint'
import { Button, IconButton } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { setAccidentSearch } from '../../../stores/accident'
import { useZone } from '../../../stores/zone'
import { type PointDraft, takeWish, timelineOf } from '../draft'
import { ChooseTable } from './ChooseTable'
import { Findings } from './Findings'
import { wishBefore } from './findingWords'
import type { Accident } from './useAccident'
import './accident.css'

interface FindCardProps {
  accident: Accident
  draft: PointDraft
  setDraft: (draft: PointDraft) => void
  moments: Moments
}

export function FindCard({ accident, draft, setDraft, moments }: FindCardProps) {
  const zone = useZone()
  const { request } = accident
  return (
    <Card
      title="Find the accident"
      className="pt-find"
      actions={
        <>
          {request !== null && (
            <Button kind="ghost" size="xs" icon="search" onClick={() => setAccidentSearch({ request: null, chosen: null })}>
              Another table
            </Button>
          )}
          <IconButton icon="x" label="Back to the plan" size="s" onClick={() => setAccidentSearch({ open: false })} />
        </>
      }
    >
      {request === null ? (
        <ChooseTable archiveId={moments.archiveId} timeline={timelineOf(draft, moments)} />
      ) : (
        <Findings
          accident={accident}
          request={request}
          zone={zone}
          onChoose={(finding) => {
            setAccidentSearch({ chosen: finding.lsn })
            setDraft(takeWish(draft, wishBefore(finding, request.timeline, draft.action)))
          }}
        />
      )}
    </Card>
  )
}
