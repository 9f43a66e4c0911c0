// Where an endless job is: its position, since when it goes without a break, or what keeps it.
import type { JobSnapshot } from '../../../shared/jobs/job'
import { Card } from '../../components/Card'
import { Chip } from '../../components/Chip'
import { KeyValues } from '../../components/KeyValues'
import { formatAgo, formatWhen } from '../../format/time'
import { useNow } from '../../stores/useNow'
import { PhaseBar } from './PhasesCard'

export function StandingCard({ job }: { job: JobSnapshot }) {
  const now = useNow(1000)
  const { standing } = job
  const going = standing?.state === 'going'
  return (
    <Card
      title="Goes on until it is stopped"
      actions={
        standing && (
          <Chip tone={going ? 'pass' : 'warning'} icon={going ? 'check' : 'warn'}>
            {going ? 'Streaming' : 'Trying again'}
          </Chip>
        )
      }
    >
      <div className="card-body">
        <KeyValues
          labelWidth={128}
          rows={[
            { label: 'Position', value: standing?.position || 'not known yet', mono: Boolean(standing?.position) },
            ...(standing?.words ? [{ label: going ? 'Lag, segment' : 'What keeps it', value: standing.words }] : []),
            ...(standing?.since ? [{ label: 'Without a break', value: `since ${formatWhen(standing.since)}` }] : []),
            ...(job.movedAt === null ? [] : [{ label: 'Last heard of', value: formatAgo(job.movedAt, new Date(now)) }]),
          ]}
        />
      </div>
      <PhaseBar steps={job.steps} />
    </Card>
  )
}
