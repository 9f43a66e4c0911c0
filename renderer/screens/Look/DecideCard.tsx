// What now: rescue tables, go later, start again earlier, promote, throw away; each with what it would do.
import { type ReactNode, useState } from 'react'
import type { LookHolds, LookStanding, LookTable } from '../../../shared/contracts/look'
import { formatBytes } from '../../../shared/model/byteCount'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Icon, type IconName } from '../../components/Icon'
import { formatRoughDuration } from '../../format/duration'
import { momentText, type ZoneName } from '../../format/zone'
import { placeLink } from '../../stores/navigation'
import { reachOf } from '../../timeline/reach'
import { PromoteDialog, ThrowAwayDialog } from './DecideDialogs'
import { tickedWords } from './lookWords'
import { MoveDialog } from './MoveDialog'
import type { LookFacts } from './useLook'

export interface DecideCardProps {
  facts: LookFacts
  standing: LookStanding
  database: string
  live: string
  zone: ZoneName
  ticked: readonly LookTable[]
}

type Asking = 'later' | 'earlier' | 'promote' | 'away' | null

export function DecideCard({ facts, standing, database, live, zone, ticked }: DecideCardProps) {
  const [asking, setAsking] = useState<Asking>(null)
  const { jobId, state, promoted, bound, busy, problem } = standing
  const close = () => setAsking(null)
  const holds = facts.holds.data
  const lane = facts.moments.data?.lanes.find(({ timeline }) => timeline === standing.wish.timeline)
  const last = reachOf(lane).at(-1)?.to
  const timelines = facts.moments.data?.lanes.map(({ timeline }) => timeline) ?? []
  const next = timelines.length === 0 ? null : Math.max(...timelines) + 1
  // One reason stands for all that it holds back.
  const held = busy ? 'A job works on it.' : promoted ? 'It was promoted: it is a cluster of its own.' : bound
  const asleep = held || (state === 'stopped' ? 'Its server does not run.' : problem === '' ? '' : 'Nobody can log in to it.')
  const chosen = tickedWords(ticked)
  const pairs = ticked.map(({ schema, table }) => [schema, table])
  const rescue =
    state === 'stopped' || problem !== ''
      ? asleep || 'It can not be read.'
      : live === ''
        ? 'Choose the live server to bring them into.'
        : chosen === ''
          ? 'Tick the tables that should come back.'
          : ''
  const size = holds ? `, ${formatBytes(holds.bytes)}` : ''
  return (
    <Card title="What now?" className="look-decide">
      <Decision
        primary
        icon="rescue"
        title="Rescue tables into live…"
        button={
          <Button
            kind="primary"
            disabled={rescue !== ''}
            {...(rescue === ''
              ? {
                  href: placeLink(`/rescue/${encodeURIComponent(jobId)}`, { database, live, tables: JSON.stringify(pairs) }),
                }
              : {})}
          >
            Rescue…
          </Button>
        }
      >
        {rescue === '' ? `${chosen}: new, or in place of the live ones.` : rescue}
      </Decision>
      <Decision
        icon="fwd"
        title="Go later…"
        button={
          <Button disabled={asleep !== ''} onClick={() => setAsking('later')} aria-haspopup="dialog">
            Go later…
          </Button>
        }
      >
        {asleep ||
          `Replay on from here${last === undefined ? '' : `, up to ${momentText(last, zone).clock}`}. Nothing is copied again.`}
      </Decision>
      <Decision
        icon="back"
        title="Start again earlier…"
        button={
          <Button disabled={held !== ''} onClick={() => setAsking('earlier')} aria-haspopup="dialog">
            Earlier…
          </Button>
        }
      >
        {held || <span title={holds?.earlier}>{earlierWords(holds)}</span>}
      </Decision>
      <Decision
        icon="promote"
        title="Promote"
        button={
          <Button
            disabled={asleep !== '' && !(bound !== '' && asleep === bound)}
            onClick={() => setAsking('promote')}
            aria-haspopup="dialog"
          >
            Promote…
          </Button>
        }
      >
        {asleep !== '' && asleep !== bound
          ? asleep
          : `A cluster of its own, timeline ${next ?? 'of its own'}. There is no going later after that.`}
      </Decision>
      <Decision
        danger
        icon="trash"
        title="Throw away"
        button={
          <Button kind="danger" disabled={held !== ''} onClick={() => setAsking('away')} aria-haspopup="dialog">
            Throw away…
          </Button>
        }
      >
        {held || `Stops it and deletes its directory${size}. Asks for its name first.`}
      </Decision>
      {(asking === 'later' || asking === 'earlier') && (
        <MoveDialog key={asking} way={asking} standing={standing} onClose={close} />
      )}
      {asking === 'promote' && <PromoteDialog {...{ standing }} timeline={next} onClose={close} />}
      {asking === 'away' && <ThrowAwayDialog {...{ standing, holds }} onClose={close} />}
    </Card>
  )
}

function earlierWords(holds: LookHolds | undefined): string {
  const forward = 'WAL only runs forward'
  if (holds === undefined) return `${forward}: it begins again from the base backup.`
  if (!holds.copies) return `${forward}. Its base files are kept by reflink: nothing is copied again.`
  const { copySeconds } = holds
  // The figure stays with its unit.
  const about = copySeconds === null ? '' : `, about ${formatRoughDuration(copySeconds * 1000).replace(' ', '\u00A0')}`
  return `${forward}: the backup is copied again${about}.`
}

interface DecisionProps {
  icon: IconName
  title: string
  children: ReactNode
  button: ReactNode
  primary?: boolean
  danger?: boolean
}

function Decision({ icon, title, children, button, primary = false, danger = false }: DecisionProps) {
  return (
    <div className={`look-decision${primary ? ' primary' : ''}${danger ? ' danger' : ''}`}>
      <span className="look-decision-icon">
        <Icon name={icon} size={20} />
      </span>
      <div className="sp">
        <h3>{title}</h3>
        <div className="t2 sm">{children}</div>
      </div>
      {button}
    </div>
  )
}
