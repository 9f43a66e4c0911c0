// The moment that the data is as of: time, last transaction, position and timeline, and whether that is what was asked for.

import type { LookStanding } from '../../../shared/contracts/look'
import { wishWords } from '../../../shared/model/recoveryTarget'
import { Card } from '../../components/Card'
import { Icon } from '../../components/Icon'
import { Tooltip } from '../../components/Tooltip'
import { said } from '../../format/said'
import { momentText, type ZoneName } from '../../format/zone'
import { api } from '../../rpc/api'
import { useAsk } from '../../wizard/useAsk'
import { lastCommitOf } from './lookWords'

export function AsOfCard({ standing, zone }: { standing: LookStanding; zone: ZoneName }) {
  const { archiveId, evidence, replayed, wish } = standing
  const last = lastCommitOf(standing)
  const timeline = evidence?.timeline ?? wish.timeline
  // The plan of some wishes does not name it: then the WAL does.
  const ask = last !== null && last.xid === null ? { archiveId, timeline: wish.timeline, time: last.time } : undefined
  const around = useAsk(ask, (input, options) => api.recoveryPoint.neighbours(input, options))
  const xid = last?.xid ?? around.data?.before?.xid ?? null
  const text = last && momentText(last.time, zone)
  return (
    <Card label="As of" className="look-asof">
      <span className="look-asof-icon">
        <Icon name="clock" size={20} />
      </span>
      <div>
        <div className="sm t3">The data is as it was at</div>
        <div className="look-moment">
          {text ? (
            <>
              {text.day} {text.year === new Date().getFullYear() ? '' : `${text.year} `}
              {text.time} <span className="t3 w4">{text.offset}</span>
            </>
          ) : (
            <span>{said(wishWords(wish))}</span>
          )}
        </div>
      </div>
      <span className="sp" />
      <Fact label="Last transaction">
        <span className="mono">{xid ?? 'not known'}</span>
      </Fact>
      <Fact label={`LSN on timeline ${timeline}`}>
        <span className="mono">{replayed?.lsn ?? evidence?.lsn ?? 'not known'}</span>
      </Fact>
      <Fact label="As asked for">
        <AsAsked {...standing.asAsked} />
      </Fact>
    </Card>
  )
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="look-fact">
      <div className="sm t3">{label}</div>
      {children}
    </div>
  )
}

function AsAsked({ yes, says }: LookStanding['asAsked']) {
  const [word, icon, tone] =
    yes === null
      ? (['Not known', 'help', 't3'] as const)
      : yes
        ? (['Yes', 'pass', 'ok'] as const)
        : (['No', 'block', 'err'] as const)
  return (
    <Tooltip title={said(says)}>
      <span className={`row g4 m ${tone}`} tabIndex={0} role="note" aria-label={`${word}. ${said(says)}`}>
        <Icon name={icon} />
        {word}
      </span>
    </Tooltip>
  )
}
