// The plan in words: which backup, what is replayed, where it stops and what then; and the settings as they will be written.

import type { MomentBackup, Moments, PointPlan } from '../../../../shared/contracts/recoveryPoint'
import { formatBytes } from '../../../../shared/model/byteCount'
import type { TargetAction } from '../../../../shared/model/recoveryWish'
import { Button } from '../../../components/Button'
import { Card } from '../../../components/Card'
import { CopyButton } from '../../../components/CopyButton'
import { formatDuration } from '../../../format/duration'
import { plural } from '../../../format/numbers'
import { said } from '../../../format/said'
import { momentText, type ZoneName } from '../../../format/zone'
import { useZone } from '../../../stores/zone'
import type { Asked } from '../../../wizard/useAsk'
import { actionOf, type PointDraft } from '../draft'

interface PlanCardProps {
  plan: Asked<PointPlan>
  draft: PointDraft
  moments: Moments
  onBackup: (path: string | null) => void
}

const about = (seconds: number) => (seconds < 1 ? 'about a second' : `about ${formatDuration(Math.round(seconds) * 1000)}`)

const actionWords: Readonly<Record<TargetAction, string>> = {
  pause: 'Then it pauses, and lets you look.',
  promote: 'Then it is promoted: a new timeline begins.',
  shutdown: 'Then it shuts down.',
}

export function PlanCard({ plan, draft, moments, onBackup }: PlanCardProps) {
  const { data } = plan
  // A blocked one still names a backup; words and settings for what can't be are left out.
  const backup = data && data.blockers.length === 0 ? data.backup : null
  const seconds = backup && data?.estimate ? data.estimate.copySeconds + data.estimate.replaySeconds : null
  const text = data ? settingsText(data) : ''
  return (
    <Card
      title="Plan"
      className={`pt-plan${plan.stale ? ' stale' : ''}`}
      actions={
        backup && (
          <>
            {seconds !== null && <span className="t2 m nw">{about(seconds)}</span>}
            <CopyButton text={text}>Copy</CopyButton>
          </>
        )
      }
    >
      {data && backup ? (
        <div className="pt-plan-body">
          <PlanSteps plan={data} backup={backup} {...{ draft, moments, onBackup }} />
          <Settings text={text} />
        </div>
      ) : (
        <p className="t2 card-body">
          {data ? 'There is no plan for this moment: take one that can be reached.' : plan.error ? '' : 'Planning…'}
        </p>
      )}
    </Card>
  )
}

function PlanSteps(props: { plan: PointPlan; backup: MomentBackup } & Omit<PlanCardProps, 'plan'>) {
  const zone = useZone()
  const { plan, backup, draft, moments, onBackup } = props
  const { estimate, segments, timeline } = plan
  const short = (name: string | null) => (name === null ? '' : `…${name.slice(-10)}`)
  return (
    <div className="pt-scroll" tabIndex={0} role="region" aria-label="Plan in words">
      <ol>
        <li>
          <i>1</i>
          <span>
            {plan.chain.length > 1 ? `Combine ${plural(plan.chain.length, 'backup')} into the ` : 'Copy the '}
            <b>base backup of {whenShort(backup.stopTime, zone)}</b>: {backup.kind}, {formatBytes(backup.size)},{' '}
            {backup.verified === null ? 'not verified' : 'verified'}
            {estimate ? `; ${about(estimate.copySeconds)}` : ''}.
          </span>
        </li>
        <li>
          <i>2</i>
          <span>
            On <b>timeline {timeline}</b>, replay{' '}
            <b>
              {plural(segments, 'segment')}, {formatBytes(plan.bytes)}
            </b>
            {plan.firstSegment !== null && (
              <>
                , from <span className="mono">{short(plan.firstSegment)}</span>
                {plan.lastSegment !== plan.firstSegment && (
                  <>
                    {' '}
                    to <span className="mono">{short(plan.lastSegment)}</span>
                  </>
                )}
              </>
            )}
            {estimate ? `; ${about(estimate.replaySeconds)}` : ''}.
          </span>
        </li>
        <li>
          <i>3</i>
          <span>
            {said(plan.stopsAt)} {actionWords[actionOf(draft)]}
          </span>
        </li>
        {plan.warnings.map((warning) => (
          <li key={warning}>
            <i className="warns">!</i>
            <span className="warn">{said(warning)}</span>
          </li>
        ))}
        {plan.alternatives.map((other) => (
          <li key={other.backup}>
            <i className="aside">i</i>
            <span className="t2">
              {said(other.says)}{' '}
              <Button
                kind="ghost"
                size="xs"
                onClick={() => onBackup(other.backup)}
                aria-label={`Use it: begin with ${other.label}`}
              >
                Use it
              </Button>
            </span>
          </li>
        ))}
        {draft.backup !== null && moments.backups.length > 1 && (
          <li>
            <i className="aside">i</i>
            <span className="t2">
              This backup was chosen by hand.{' '}
              <Button kind="ghost" size="xs" onClick={() => onBackup(null)}>
                Choose the best
              </Button>
            </span>
          </li>
        )}
      </ol>
    </div>
  )
}

function whenShort(time: number, zone: ZoneName): string {
  const { day, minute } = momentText(time, zone)
  return `${day} ${minute}`
}

/** As in the file; restore_command names a script that is written with the destination. */
export function settingsText({ settings }: Pick<PointPlan, 'settings'>): string {
  return [
    '# postgresql.auto.conf',
    '# port, restore_command: next step',
    ...settings.map(({ name, value }) => `${name} = ${quoted(value)}`),
    '# and an empty recovery.signal',
  ].join('\n')
}

const quoted = (value: string) => (/^(on|off|\d+)$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`)

function Settings({ text }: { text: string }) {
  return (
    <pre tabIndex={0} role="region" aria-label="Settings as they will be written">
      {text.split('\n').map((line, index) => {
        const [, name, value] = /^(\w+) = ([\s\S]*)$/.exec(line) ?? []
        return (
          <span key={`${index}-${line}`}>
            {name === undefined ? (
              <span className="c">{line}</span>
            ) : (
              <>
                <span className="k">{name}</span> = {(value ?? '').length > 18 ? `\n  ${value}` : value}
              </>
            )}
            {'\n'}
          </span>
        )
      })}
    </pre>
  )
}
