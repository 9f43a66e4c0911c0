// Moments one often wants: the last commit, ten minutes ago, and the one that is restored fastest; and what the keys do.

import type { MomentBackup, MomentLane, Moments } from '../../../../shared/contracts/recoveryPoint'
import { Button } from '../../../components/Button'
import { momentText } from '../../../format/zone'
import { setAccidentSearch, useAccidentSearch } from '../../../stores/accident'
import { useNow } from '../../../stores/useNow'
import { useZone } from '../../../stores/zone'
import { reachable, reachOf } from '../../../timeline/reach'
import { minuteMicro } from '../../../timeline/view'
import { type PointDraft, timelineOf } from '../draft'

interface GoToProps {
  draft: PointDraft
  setDraft: (draft: PointDraft) => void
  moments: Moments
  /** Without the search for the accident, and without a timeline that keys move on. */
  bare?: boolean
  /** The search for the accident has its card on the page. */
  search?: boolean
}

/** The first moment after a full backup, with little to copy: of those that are about the smallest, the newest. */
export function fastestMoment(lane: MomentLane, backups: readonly MomentBackup[]): number | undefined {
  const starts = lane.reach.flatMap(({ backup, fromTime }) => {
    const found = backups.find(({ path }) => path === backup)
    return found && found.kind === 'full' && found.problem === '' && fromTime !== null
      ? [{ size: Number(found.size), fromTime }]
      : []
  })
  const least = Math.min(...starts.map(({ size }) => size))
  const near = starts.filter(({ size }) => size <= least * 1.25)
  return near.length === 0 ? undefined : Math.max(...near.map(({ fromTime }) => fromTime))
}

export function GoTo({ draft, setDraft, moments, bare = false, search = true }: GoToProps) {
  const zone = useZone()
  const now = useNow(30_000)
  const open = useAccidentSearch((state) => state.open)
  const timeline = timelineOf(draft, moments)
  const lane = moments.lanes.find((one) => one.timeline === timeline)
  if (!lane) return null
  const spans = reachOf(lane)
  const tenAgo = now * 1000 - 10 * minuteMicro
  const fastest = fastestMoment(lane, moments.backups)
  const at = (time: number) => setDraft({ ...draft, target: 'time', timeline, time, inclusive: true })
  const { lastCommit } = lane
  return (
    <div className="row pt-goto">
      <span className="t3 sm">Go to</span>
      {/* Only its position keeps the last commit: a time that nothing follows does not stop recovery. */}
      <Button
        size="xs"
        disabled={lastCommit === null}
        onClick={() => lastCommit && setDraft({ ...draft, target: 'lsn', timeline, lsn: lastCommit.lsn, inclusive: true })}
      >
        Last commit
      </Button>
      <Button size="xs" disabled={!reachable(tenAgo, spans)} onClick={() => at(tenAgo)}>
        10 min ago
      </Button>
      {fastest !== undefined && (
        <Button size="xs" onClick={() => at(fastest)}>
          Fastest: {momentText(fastest, zone).clock}
        </Button>
      )}
      {!bare && (
        <>
          {search && (
            <Button size="xs" icon="search" aria-expanded={open} onClick={() => setAccidentSearch({ open: !open })}>
              The accident…
            </Button>
          )}
          <span className="sp" />
          <span className="t3 sm nw row g4 pt-keys" aria-hidden="true">
            <span className="kbd">←</span>
            <span className="kbd">→</span> commit, with <span className="kbd">Shift</span> minute
          </span>
        </>
      )}
    </div>
  )
}
