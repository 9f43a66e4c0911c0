// Recovered clusters that are still there: what each holds, since when it waits, and the way to look.
import type { LookListed } from '../../../shared/contracts/look'
import { wishWords } from '../../../shared/model/recoveryTarget'
import { Button } from '../../components/Button'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { said } from '../../format/said'
import { formatAgo } from '../../format/time'
import { fullMoment, type ZoneName } from '../../format/zone'
import { useLooks } from '../../stores/looks'
import { placeLink } from '../../stores/navigation'
import { useZone } from '../../stores/zone'

/** Promoted ones live on their own: they are servers like others. */
const waits = ({ promoted }: LookListed) => !promoted

export function LooksCard({ now }: { now: number }) {
  const looks = useLooks((state) => state.looks).filter(waits)
  const zone = useZone()
  if (looks.length === 0) return null
  return (
    <Card title="Recovered, and waiting for you" className="looks">
      <ul>
        {looks.map((one) => (
          <li key={one.jobId} className="row looks-row">
            {one.state === 'paused' ? (
              <Chip tone="accent" icon="pause">
                Paused, waits for you
              </Chip>
            ) : (
              <Chip tone="warning" icon="stop">
                Its server does not run
              </Chip>
            )}
            <span className="sp el">
              <span className="b">{one.server}</span> as it was at {momentWords(one, zone)}
              <span className="t3">
                {' '}
                on port {one.port}, in <span className="mono">{one.dataDirectory}</span>
                {one.stoppedAt === null ? '' : `, ${formatAgo(one.stoppedAt, new Date(now))}`}
              </span>
            </span>
            <Button
              size="s"
              icon="eye"
              href={placeLink(`/look/${encodeURIComponent(one.jobId)}`)}
              aria-label={`Look at ${one.name}`}
            >
              Look
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function momentWords({ lastCommit, wish }: LookListed, zone: ZoneName): string {
  if (lastCommit !== null) return fullMoment(lastCommit.time, zone)
  return wish.kind === 'time' ? fullMoment(wish.value, zone) : said(wishWords(wish))
}
