// Another moment for a recovered cluster: chosen on the timeline or typed, with what it takes to get there.

import { useState } from 'react'
import type { LookMove, LookStanding } from '../../../shared/contracts/look'
import { Button } from '../../components/Button'
import { Dialog } from '../../components/Dialog'
import { ErrorNote, Loading } from '../../components/Feedback'
import { formatRoughDuration } from '../../format/duration'
import { type ShownError, shownError } from '../../format/errors'
import { said } from '../../format/said'
import { api } from '../../rpc/api'
import { navigate, placeLink } from '../../stores/navigation'
import { useZone } from '../../stores/zone'
import { reachable, reachOf } from '../../timeline/reach'
import { Timeline } from '../../timeline/Timeline'
import { type Asked, useAsk } from '../../wizard/useAsk'
import { emptyPointDraft, type PointDraft, takeWish, timelineOf, wishOf } from '../../wizards/recoveryPoint/draft'
import { FieldsCard } from '../../wizards/recoveryPoint/steps/FieldsCard'
import { usePoint } from '../../wizards/recoveryPoint/usePoint'
import { lastCommitOf } from './lookWords'
import '../../wizards/recoveryPoint/recoveryPoint.css'

export interface MoveDialogProps {
  way: 'later' | 'earlier'
  standing: LookStanding
  onClose: () => void
}

const words = {
  later: { title: 'Go later', action: 'Go later' },
  earlier: { title: 'Start again earlier', action: 'Start again' },
} as const

/** Where it stands; a later one begins with the same backup. */
function draftOf({ archiveId, backup, wish }: LookStanding, last: number | null, way: MoveDialogProps['way']): PointDraft {
  const draft = { ...takeWish(emptyPointDraft, wish), archiveId, step: 'moment' as const, action: 'pause' as const }
  return {
    ...{ ...draft, inclusive: true, backup: way === 'later' ? backup : null },
    ...(last === null ? {} : { target: 'time' as const, time: last }),
  }
}

export function MoveDialog({ way, standing, onClose }: MoveDialogProps) {
  const { jobId } = standing
  const [draft, setDraft] = useState(() => draftOf(standing, lastCommitOf(standing)?.time ?? null, way))
  const zone = useZone()
  const [typed, setTyped] = useState('')
  const [starting, setStarting] = useState(false)
  const [error, setError] = useState<ShownError | null>(null)
  const facts = usePoint(draft)
  const { moments, cursor, around, neighbours } = facts
  const wish = moments.data && wishOf(draft, moments.data)
  const move = useAsk(wish && { jobId, way, wish }, (input, options) => api.look.move(input, options), { delay: 150, keep: true })
  const refused = move.data?.refused ?? null
  const ready = typed === '' && wish !== undefined && move.data !== undefined && !move.stale && refused === null
  const start = async () => {
    if (!ready || wish === undefined) return
    setStarting(true)
    setError(null)
    try {
      const job = await (way === 'later' ? api.look.resume({ jobId, wish }) : api.look.earlier({ jobId, wish }))
      navigate(placeLink(`/jobs/${encodeURIComponent(job.jobId)}`))
    } catch (cause) {
      setError(shownError(cause))
      setStarting(false)
    }
  }
  const pinned = moments.data && timelineOf(draft, moments.data)
  const spans = reachOf(moments.data?.lanes.find(({ timeline }) => timeline === pinned))
  const plan = move.data?.refused === null ? move.data.plan : null
  return (
    <Dialog
      open
      title={words[way].title}
      width={1240}
      onClose={onClose}
      locked={starting}
      footNote={
        <span role="status" className={refused ? 'err' : ''}>
          {typed !== '' ? typed : refused ? said(`${refused.message} ${refused.hint}`) : move.stale && wish ? 'Planning…' : ''}
        </span>
      }
      actions={
        <>
          <Button onClick={onClose} disabled={starting}>
            Cancel
          </Button>
          <Button kind="primary" disabled={!ready} busy={starting} onClick={() => void start()}>
            {words[way].action}
          </Button>
        </>
      }
    >
      <div className="look-move">
        {moments.error && <ErrorNote error={moments.error} onRetry={moments.again} />}
        {!moments.data && !moments.error && <Loading>Looking at the backups and the archive…</Loading>}
        {moments.data && (
          <>
            <section className="card pt-timeline" aria-label="Timeline">
              <Timeline
                moments={moments.data}
                zone={zone}
                moment={cursor}
                refused={draft.target === 'time' && cursor !== null && !reachable(cursor.time, spans)}
                onMove={({ timeline, time }) => setDraft({ ...draft, target: 'time', timeline, time })}
                inclusive={draft.inclusive}
                backup={plan?.backup ?? null}
                amount={plan ? { segments: plan.segments, bytes: plan.bytes } : null}
                around={around.error ? null : around.data}
                neighbours={neighbours}
              />
            </section>
            <div className="look-move-low">
              <FieldsCard {...{ draft, setDraft, facts }} moments={moments.data} onTyped={setTyped} search={false} />
              <Happens way={way} move={move} />
            </div>
          </>
        )}
        {error && <ErrorNote error={error} />}
      </div>
    </Dialog>
  )
}

function Happens({ way, move }: { way: MoveDialogProps['way']; move: Asked<LookMove> }) {
  const { data } = move
  const seconds = data?.estimate ? data.estimate.copySeconds + data.estimate.replaySeconds : null
  return (
    <section className={`card look-happens${move.stale ? ' stale' : ''}`} aria-label="What happens">
      <div className="card-head">
        <h3>What happens</h3>
        <span className="sp" />
        {seconds !== null && <span className="t2 m nw">about {formatRoughDuration(Math.max(1, seconds) * 1000)}</span>}
      </div>
      <div className="card-body col g8">
        {move.error && <ErrorNote error={move.error} onRetry={move.again} />}
        {data?.refused && (
          <p className="t2">
            {way === 'later'
              ? 'Choose a moment after the one where it stands.'
              : 'Choose a moment before the one where it stands.'}
          </p>
        )}
        {data && !data.refused && (
          <ol className="look-says">
            {data.says.map((sentence, index) => (
              <li key={sentence}>
                <span className="step-number">{index + 1}</span>
                <span>{said(sentence)}</span>
              </li>
            ))}
          </ol>
        )}
        {!data && !move.error && <p className="t3">Planning…</p>}
      </div>
    </section>
  )
}
